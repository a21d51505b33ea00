"""First in, first out: a debit takes the oldest units of an account.

The rule in Clayton's case (1816), used by Anderson and others for bitcoin. Units are credited in
the order they were taken, so order survives every transfer. The opening balance is oldest.
"""

from __future__ import annotations

from typing import Final

from recoup.core.tracing.lots import Lots
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts


class Queue(Lots):
    """Lots of which the oldest leave first."""

    __slots__ = ()

    def take(self, units: int) -> Parts:
        return self.taken(self._lots.popleft, self._lots.appendleft, units)


RULE: Final = Rule(
    key="fifo",
    name="first in, first out",
    takes="the oldest units first",
    source="Clayton's case (Devaynes v Noble, 1816); Anderson and others for bitcoin",
    purse=Queue,
)
