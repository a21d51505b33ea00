"""A sum with the bounds between which it lies: certain where they are one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One sum of the trail, with the bounds between which it lies."""

    amount: int
    low: int
    high: int

    @property
    def is_range(self) -> bool:
        return self.low != self.high


def figure(amount: int, units: int | None, *, most: int) -> Figure:
    """A sum that may be wrong by ``units``, and can be neither below zero nor above ``most``."""
    if units is None:
        return Figure(amount, 0, max(most, amount))
    return Figure(amount, max(amount - units, 0), min(amount + units, max(most, amount)))
