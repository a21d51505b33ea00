"""Last in, first out by levels of the balance, in the form without any dependency.

Units lie on one another: a credit covers the levels from the balance on, a debit takes all levels
above the balance that it leaves. So units at some level leave with the next debit that leaves less
than that, and an interval of levels is matched to its debits without replaying anything.
"""

from __future__ import annotations

from heapq import heappop, heappush
from operator import add

from recoup.core.tracing.fast import dips
from recoup.core.tracing.fast.bookings import Bookings, Followed, Rest, Start, Step
from recoup.core.tracing.fast.columns import Column


def follow_levels(
    bookings: Bookings, lows: Column, starts: list[Start], limit: int, most: int
) -> Followed:
    return _Levels(bookings, lows, limit).follow(starts, most)


class _Levels:
    """Traced intervals wait in a heap for the next debit that takes of them, in the order of rows.

    Those of one label that touch meet at the debit that takes both, and go on as one.
    """

    def __init__(self, bookings: Bookings, lows: Column, limit: int) -> None:
        self.b, self.lows, self.limit = bookings, lows, limit
        # row of the next debit, label, lowest level and the first above it, place, account
        self.heap: list[tuple[int, int, int, int, int, int]] = []
        self.steps: list[Step] = []
        self.rests: list[Rest] = []

    def follow(self, starts: list[Start], most: int) -> Followed:
        heap, b = self.heap, self.b
        for row, label, units, amount, _ in starts:
            if units:
                self.arrive(row, 0, units, label, amount)
        moved = len(starts)
        while heap and moved <= most:
            moved += 1
            row, label, low, high, place, account = heappop(heap)
            while heap and heap[0][:3] == (row, label, high):
                high = heappop(heap)[3]
            amount, there = int(b.out_amount[place]), int(b.before[place])
            top = max(there, 0) if b.may_overdraw else max(there, amount)
            left = max(low, there - amount)
            self.arrive(row, top - high, top - left, label, amount)
            if low < left:
                self.wait(account, low, left, label, place + 1)
        return Followed(self.steps, self.rests, is_cut=moved > most)

    def arrive(self, row: int, first: int, last: int, label: int, amount: int) -> None:
        """Units ``first`` to ``last`` of a transfer reach its payee, the first of them lowest."""
        b, carried = self.b, last - first
        credit = int(b.credit[row]) if len(b.credit) else amount
        if credit != amount:
            first, last = first * credit // amount, last * credit // amount
        payee, credited, lost = int(b.payee[row]), last - first, 0
        if b.external[payee]:
            self.note(row, label, carried, credited, 0)
            if credited:
                self.rests.append((payee, label, credited))
            return
        base = int(b.base[row])
        if first < -base:
            lost = min(last, -base) - first
            first += lost
        self.note(row, label, carried, credited, lost)
        if first < last:
            self.wait(payee, base + first, base + last, label, int(b.onward[row]))

    def note(self, row: int, label: int, *more: int) -> None:
        """Note a step, or add it to the one before if that is of the same row and label."""
        steps, units = self.steps, more
        if steps and steps[-1][:2] == (row, label):
            units = tuple(map(add, steps.pop()[2:], more))
        steps.append((row, label, *units))  # type: ignore[arg-type]

    def wait(self, account: int, low: int, high: int, label: int, place: int) -> None:
        """Wait for the first debit from a place on that leaves less than the highest level."""
        b, stop = self.b, int(self.b.out_at[account + 1])
        place = dips.first_below(
            False, b.out_amount, b.before, self.lows, b.level_at, place, stop, high
        )
        row = int(b.out_row[place]) if place < stop else self.limit
        if row < self.limit:
            heappush(self.heap, (row, label, low, high, place, account))
        else:
            self.rests.append((account, label, high - low))
