"""Pro rata: a debit takes the same share of every victim's money and of the clean money.

Also called haircut. Shares are whole units by cumulative floors, so no unit is lost or made:
with labels in the order of their code points and clean money last, the first i labels together
give floor(their units * debit / balance).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from recoup.core.tracing.ledger import Ledger
from recoup.core.tracing.result import Result
from recoup.core.tracing.walk import Parts, walk


def trace(ledger: Ledger, *, shortfall: str, as_of: int | None) -> Result:
    """Trace a ledger pro rata; raises LedgerRefused."""
    return walk(Pool.make, ledger, rule="prorata", shortfall=shortfall, as_of=as_of)


def cumulative_floors(amounts: Iterable[int], units: int, whole: int) -> list[int]:
    """Split ``units`` over amounts that add up to at most ``whole``, losing no unit.

    The first i shares together are floor(first i amounts together * units / whole).
    """
    shares: list[int] = []
    passed = given = 0
    for amount in amounts:
        passed += amount
        so_far = passed * units // whole
        shares.append(so_far - given)
        given = so_far
    return shares


class Pool:
    """An account's units by label, mixed."""

    __slots__ = ("_clean", "_traced")

    def __init__(self) -> None:
        self._traced: dict[str, int] = {}
        self._clean = 0

    @classmethod
    def make(cls) -> Self:
        return cls()

    def put(self, parts: Parts) -> None:
        for label, units in parts:
            if label is None:
                self._clean += units
            elif units:
                self._traced[label] = self._traced.get(label, 0) + units

    def take(self, units: int) -> Parts:
        there = [*sorted(self._traced.items()), (None, self._clean)]
        if not units:
            return []
        taken, left = _divide(there, units)
        self._traced = {label: rest for label, rest in left if label is not None and rest}
        self._clean = left[-1][1]
        return taken

    def held(self) -> dict[str, int]:
        return dict(self._traced)

    @staticmethod
    def exchange(parts: Parts, amount: int, credit: int) -> Parts:
        """Each label gets its share of the credit; the clean money gets what is left."""
        if not amount:
            return [(None, credit)]
        traced = [(label, units) for label, units in _clean_last(parts) if label is not None]
        shares = cumulative_floors((units for _, units in traced), credit, amount)
        changed: Parts = [(label, share) for (label, _), share in zip(traced, shares, strict=True)]
        return [*changed, (None, credit - sum(shares))]

    @staticmethod
    def repay(parts: Parts, units: int) -> tuple[Parts, Parts]:
        """Every label repays its share."""
        return _divide(_clean_last(parts), units)


def _clean_last(parts: Parts) -> Parts:
    """Add up equal labels and sort them by code points, clean money last."""
    sums: dict[str, int] = {}
    clean = 0
    for label, units in parts:
        if label is None:
            clean += units
        else:
            sums[label] = sums.get(label, 0) + units
    return [*sorted(sums.items()), (None, clean)]


def _divide(parts: Parts, units: int) -> tuple[Parts, Parts]:
    """Divide parts into a proportional slice of ``units`` and the rest."""
    whole = sum(there for _, there in parts)
    if not units:
        return [], parts
    shares = cumulative_floors((there for _, there in parts), units, whole)
    taken: Parts = [(label, share) for (label, _), share in zip(parts, shares, strict=True)]
    left: Parts = [
        (label, there - share) for (label, there), share in zip(parts, shares, strict=True)
    ]
    return taken, left
