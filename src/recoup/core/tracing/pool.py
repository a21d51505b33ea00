"""What rules share that do not tell single units apart: an account's units by label, mixed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from recoup.core.tracing.walk import Parts


class Pool(ABC):
    """The units of each label and the clean ones; a rule says how a debit divides them."""

    __slots__ = ("_clean", "_traced")

    def __init__(self) -> None:
        self._traced: dict[str, int] = {}
        self._clean = 0

    def put(self, parts: Parts, credit: int) -> None:
        for label, units in parts:
            if label is None:
                self._clean += units
            elif units:
                self._traced[label] = self._traced.get(label, 0) + units

    def take(self, units: int) -> Parts:
        if not units:
            return []
        taken, left = self.divide([*sorted(self._traced.items()), (None, self._clean)], units)
        self._traced = {label: rest for label, rest in left if label is not None and rest}
        self._clean = left[-1][1]
        return taken

    def held(self) -> dict[str, int]:
        return dict(self._traced)

    @classmethod
    def repay(cls, parts: Parts, units: int, credit: int) -> tuple[Parts, Parts]:
        """Units repay an overdraft as they would leave an account that holds them all."""
        return cls.divide(clean_last(parts), units) if units else ([], parts)

    @staticmethod
    @abstractmethod
    def divide(parts: Parts, units: int) -> tuple[Parts, Parts]:
        """Divide parts, clean last, into ``units`` (one at least) that leave and the rest."""

    @staticmethod
    def exchange(parts: Parts, amount: int, credit: int) -> Parts:
        """Each label gets its share of the credit; the clean money gets what is left."""
        if not amount:
            return [(None, credit)]
        *traced, _ = clean_last(parts)
        shares = cumulative_floors((units for _, units in traced), credit, amount)
        changed: Parts = [(label, share) for (label, _), share in zip(traced, shares, strict=True)]
        return [*changed, (None, credit - sum(shares))]


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


def clean_last(parts: Parts) -> Parts:
    """Add up equal labels and sort them by code points, clean money last."""
    sums: dict[str, int] = {}
    clean = 0
    for label, units in parts:
        if label is None:
            clean += units
        elif units:
            sums[label] = sums.get(label, 0) + units
    return [*sorted(sums.items()), (None, clean)]


def leaving(parts: Parts, shares: Iterable[int]) -> tuple[Parts, Parts]:
    """Pair each part's share that leaves with its label, and what is left with it."""
    taken: Parts = [(label, share) for (label, _), share in zip(parts, shares, strict=True)]
    left: Parts = [
        (label, there - share) for (label, there), (_, share) in zip(parts, taken, strict=True)
    ]
    return taken, left


def divide_traced(parts: Parts, traced: int, clean: int) -> tuple[Parts, Parts]:
    """Take so many traced units, split over the labels by cumulative floors, and clean ones."""
    amounts = [units for label, units in parts if label is not None]
    shares = cumulative_floors(amounts, traced, sum(amounts))
    return leaving(parts, [*shares, clean])
