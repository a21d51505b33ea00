"""Requests under an invented law, for the tests of this station."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recoup.apps.lawful_requests import request_law
from recoup.apps.lawful_requests.refusals import REFUSALS, code_of
from support.requests import Desk, law_of
from support.world import World


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The invented law instead of the country's; who drafts, decides and is asked."""
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], str]:
    """Call what has to be refused; gives the refusal's code."""

    def call(act: Callable[[], object]) -> str:
        with pytest.raises(REFUSALS) as why:
            act()
        return code_of(why.value)

    return call
