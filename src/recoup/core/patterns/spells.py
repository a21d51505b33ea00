"""A window that slides over moments, and the spells in which what is counted in it is enough.

Every moment enters the window once and leaves it once, however many share one instant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Tally(Protocol):
    """What is counted in the window. ``value`` may only grow by entering."""

    value: int

    def enter(self, place: int) -> None:
        """One more is in the window."""

    def leave(self, place: int) -> None:
        """One has left it."""


class Different:
    """Counts how many different names are in the window."""

    def __init__(self, names: Sequence[Hashable]) -> None:
        self.names = names
        self.times: Counter[Hashable] = Counter()
        self.value = 0

    def enter(self, place: int) -> None:
        self.times[self.names[place]] += 1
        self.value += self.times[self.names[place]] == 1

    def leave(self, place: int) -> None:
        self.times[self.names[place]] -= 1
        self.value -= self.times[self.names[place]] == 0


class Total:
    """Adds up what is in the window."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self.value = 0

    def enter(self, place: int) -> None:
        self.value += self.numbers[place]

    def leave(self, place: int) -> None:
        self.value -= self.numbers[place]


@dataclass(slots=True)
class Spell:
    """From first to last, windows that share a moment are enough; peak is the fullest of them.

    The places are those of the moments; ``peak_first`` to ``peak_last`` is the fullest window, the
    earliest one where several are equally full.
    """

    first: int
    last: int
    peak: int
    peak_first: int
    peak_last: int


def spells(times: Sequence[int], *, window: int, tally: Tally, least: int) -> list[Spell]:
    """Return the spells in which the window holds at least ``least``; times must be in order."""
    found: list[Spell] = []
    first = 0
    for last, at in enumerate(times):
        tally.enter(last)
        while times[first] < at - window:
            tally.leave(first)
            first += 1
        if tally.value < least:
            continue
        if not found or first > found[-1].last:
            found.append(Spell(first, last, tally.value, first, last))
            continue
        spell = found[-1]
        spell.last = last
        if tally.value > spell.peak:
            spell.peak, spell.peak_first, spell.peak_last = tally.value, first, last
    return found
