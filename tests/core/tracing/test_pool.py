"""What rules of mixed money share is no rule by itself."""

from __future__ import annotations

import pytest

from recoup.core.tracing.pool import Pool


def test_a_pool_that_does_not_say_how_a_debit_divides_it_cannot_be_made() -> None:
    class Undecided(Pool):
        """Says nothing."""

    with pytest.raises(TypeError, match="divide"):
        Undecided()  # type: ignore[abstract]
