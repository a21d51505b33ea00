"""Last in, first out: a debit takes the youngest units of an account.

A transfer of n units behaves as n transfers of one unit: the youngest leaves first and is credited
first, so that the units of a transfer lie reversed at the next account. The opening balance is
oldest. No court is known to follow it; it is the mirror image of first in, first out.
"""

from __future__ import annotations

from typing import Final

from recoup.core.tracing.lots import Lots
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts, by_label


class Stack(Lots):
    """An account's units as lots, the youngest on top; neighbours of one label are one lot."""

    __slots__ = ("_lots",)

    def __init__(self) -> None:
        self._lots: Parts = []

    def put(self, parts: Parts, credit: int) -> None:
        lots = self._lots
        for label, units in parts:
            if lots and lots[-1][0] == label:
                units += lots.pop()[1]
            if units:
                lots.append((label, units))

    def take(self, units: int) -> Parts:
        lots, taken = self._lots, []
        while units:
            label, there = lots.pop()
            part = min(there, units)
            taken.append((label, part))
            units -= part
            if part < there:
                lots.append((label, there - part))
        return taken

    def held(self) -> dict[str, int]:
        return by_label(self._lots)


RULE: Final = Rule(
    key="lifo",
    name="last in, first out",
    takes="the youngest units first",
    source="a rule of book-keeping, shown for comparison; no court is known to follow it",
    purse=Stack,
)
