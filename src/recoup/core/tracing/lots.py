"""What rules share that tell single units apart by their place: units as lots in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from recoup.core.tracing.walk import Parts, by_label


class Lots:
    """An account's units in the order they came in; neighbours of one label are one lot.

    They keep their order inside a transfer. From which end a debit takes is each rule's own.
    """

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

    @staticmethod
    def taken(
        next_lot: Callable[[], tuple[str | None, int]],
        put_back: Callable[[tuple[str | None, int]], None],
        units: int,
    ) -> Parts:
        """Take units from the end that a rule takes from; what is left of a lot goes back there."""
        taken: Parts = []
        while units:
            label, there = next_lot()
            part = min(there, units)
            taken.append((label, part))
            units -= part
            if part < there:
                put_back((label, there - part))
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
    def repay(parts: Parts, units: int, credit: int) -> tuple[Parts, Parts]:
        """The first units to arrive repay."""
        repaid: Parts = []
        rest: Parts = []
        for label, there in parts:
            part = min(there, units)
            units -= part
            repaid.append((label, part))
            rest.append((label, there - part))
        return repaid, rest
