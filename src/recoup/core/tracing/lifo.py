"""Last in, first out: a debit takes the youngest units of an account.

A transfer of n units behaves as n transfers of one unit: the youngest leaves first and is credited
first, so that the units of a transfer lie reversed at the next account. The opening balance is
oldest. No court is known to follow it; it is the mirror image of first in, first out.
"""

from __future__ import annotations

from typing import Final

from recoup.core.tracing.lots import Lots
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts


class Stack(Lots):
    """Lots of which the youngest leave first."""

    __slots__ = ()

    def take(self, units: int) -> Parts:
        return self.taken(self._lots.pop, self._lots.append, units)


RULE: Final = Rule(
    key="lifo",
    name="last in, first out",
    takes="the youngest units first",
    source="a rule of book-keeping, shown for comparison; no court is known to follow it",
    purse=Stack,
)
