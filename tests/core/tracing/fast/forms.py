"""Both forms of the index for tests; the compiled one where its packages are installed."""

from __future__ import annotations

import os

import pytest

from recoup.core.tracing.fast.index import is_installed


def _needs_packages():
    if is_installed():
        return ()
    assert os.environ.get("RECOUP_REQUIRE_ALL") != "1", "numpy and numba are required here."
    return (pytest.mark.skip(reason="numpy and numba are not installed"),)


FORMS = ["plain", pytest.param("compiled", marks=_needs_packages())]
both_forms = pytest.mark.parametrize("form", FORMS)
