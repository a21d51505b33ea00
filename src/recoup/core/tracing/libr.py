"""Lowest intermediate balance: whoever mixed the money spends his own first.

Traced money leaves only where a debit cannot be met out of clean money, so that it is capped by
the lowest balance since; clean money that comes later does not replenish it. Re Hallett's Estate
(1880): own money first. Roscoe v Winder (1915): no replenishing.
"""

from __future__ import annotations

from typing import Final

from recoup.core.tracing.pool import Pool, divide_traced
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts


class OwnFirst(Pool):
    """An account whose clean units leave first, and repay first."""

    __slots__ = ()

    @staticmethod
    def divide(parts: Parts, units: int) -> tuple[Parts, Parts]:
        clean = min(units, parts[-1][1])
        return divide_traced(parts, units - clean, clean)


RULE: Final = Rule(
    key="libr",
    name="lowest intermediate balance",
    takes="the holder's own money first",
    source="Re Hallett's Estate (1880), own money first; Roscoe v Winder (1915), no replenishing",
    purse=OwnFirst,
)
