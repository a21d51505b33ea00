"""First in, first out: a debit takes the oldest units of an account.

The rule in Clayton's case (1816), used by Anderson and others for bitcoin. Units are credited in
the order they were taken, so order survives every transfer. The opening balance is oldest.
"""

from __future__ import annotations

from collections import deque
from typing import Self

from recoup.core.tracing.ledger import Ledger
from recoup.core.tracing.result import Result
from recoup.core.tracing.walk import Parts, by_label, walk


def trace(ledger: Ledger, *, shortfall: str, as_of: int | None) -> Result:
    """Trace a ledger first in, first out; raises LedgerRefused."""
    return walk(Queue.make, ledger, rule="fifo", shortfall=shortfall, as_of=as_of)


class Queue:
    """An account's units as lots in the order they came in; neighbours of one label are one lot."""

    __slots__ = ("_lots",)

    def __init__(self) -> None:
        self._lots: deque[tuple[str | None, int]] = deque()

    @classmethod
    def make(cls) -> Self:
        return cls()

    def put(self, parts: Parts) -> None:
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

    @staticmethod
    def exchange(parts: Parts, amount: int, credit: int) -> Parts:
        """Move each boundary between parts from unit p to floor(p * credit / amount)."""
        if not amount:
            return [(None, credit)]
        changed: Parts = []
        passed = 0
        for label, units in parts:
            start = passed * credit // amount
            passed += units
            changed.append((label, passed * credit // amount - start))
        return changed

    @staticmethod
    def repay(parts: Parts, units: int) -> tuple[Parts, Parts]:
        """The first units to arrive repay."""
        repaid: Parts = []
        rest: Parts = []
        for label, there in parts:
            part = min(there, units)
            units -= part
            repaid.append((label, part))
            rest.append((label, there - part))
        return repaid, rest
