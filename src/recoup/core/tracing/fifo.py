"""First in, first out: a debit takes the oldest units of an account.

The rule in Clayton's case (1816), used by Anderson and others for bitcoin. Units are credited in
the order they were taken, so order survives every transfer. The opening balance is oldest.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from recoup.core.tracing.lots import Lots
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts, by_label


class Queue(Lots):
    """An account's units as lots in the order they came in; neighbours of one label are one lot."""

    __slots__ = ("_lots",)

    def __init__(self) -> None:
        self._lots: deque[tuple[str | None, int]] = deque()

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
            label, there = lots.popleft()
            part = min(there, units)
            taken.append((label, part))
            units -= part
            if part < there:
                lots.appendleft((label, there - part))
        return taken

    def held(self) -> dict[str, int]:
        return by_label(list(self._lots))


RULE: Final = Rule(
    key="fifo",
    name="first in, first out",
    takes="the oldest units first",
    source="Clayton's case (Devaynes v Noble, 1816); Anderson and others for bitcoin",
    purse=Queue,
)
