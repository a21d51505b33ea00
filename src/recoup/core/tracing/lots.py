"""What rules share that tell single units apart by their place: units as lots in a row."""

from __future__ import annotations

from recoup.core.tracing.walk import Parts


class Lots:
    """Units that keep their order inside a transfer; how they are kept is each rule's own."""

    __slots__ = ()

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
