"""The order in which the bookings of many banks are traced.

Each account keeps its own bank's order (moment, then the bank's sequence); a movement's debit
comes before its credit. Sequences of two banks say nothing about each other, so bookings of one
moment are sorted by these two demands. Where they contradict each other (clocks that differ),
the booking with the lowest sequence goes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import groupby, pairwise

from recoup.core.chain.facts import Side


@dataclass(frozen=True, slots=True)
class Step:
    """One side of a movement at the moment it counts (decision 36)."""

    moment: int
    booked_at: int
    seq: int
    side: Side

    @property
    def key(self) -> tuple[int, int, int, str, bool]:
        return (
            self.moment,
            self.booked_at,
            self.seq,
            self.side.movement,
            self.side.is_credit,
        )


def in_order(steps: list[Step]) -> Iterator[Step]:
    """Yield the steps in the order in which they are traced."""
    for _, group in groupby(sorted(steps, key=lambda s: s.key), key=lambda s: s.moment):
        together = list(group)
        yield from together if len(together) == 1 else _untangled(together)


def _untangled(steps: list[Step]) -> Iterator[Step]:
    """Order steps of one moment: accounts' own order, and debit before credit."""
    after: list[list[int]] = [[] for _ in steps]
    waits = [0] * len(steps)
    for one, other in _demands(steps):
        after[one].append(other)
        waits[other] += 1
    ready = [index for index, count in enumerate(waits) if not count]
    heapify(ready)
    done = [False] * len(steps)
    left = 0
    for _ in steps:
        if not ready:
            while done[left]:
                left += 1
            heappush(ready, left)
        index = heappop(ready)
        done[index] = True
        yield steps[index]
        for other in after[index]:
            waits[other] -= 1
            if not waits[other] and not done[other]:
                heappush(ready, other)


def _demands(steps: list[Step]) -> Iterator[tuple[int, int]]:
    """Yield pairs (before, after) of indexes; the steps are sorted by their key."""
    of_account: dict[str, list[int]] = {}
    debits = {}
    for index, step in enumerate(steps):
        of_account.setdefault(step.side.account, []).append(index)
        if not step.side.is_credit:
            debits[step.side.movement] = index
    for chain in of_account.values():
        yield from pairwise(chain)
    for index, step in enumerate(steps):
        if step.side.is_credit and step.side.movement in debits:
            yield debits[step.side.movement], index
