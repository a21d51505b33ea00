"""The form without any dependency: arrays of the standard library, exact beyond 64 bits too."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from heapq import heappop, heappush
from math import inf
from typing import Final

from recoup.core.tracing.fast import kernels
from recoup.core.tracing.fast.columns import LARGEST, Column, Columns, Rest, Start, Step

_SMALL: Final = 2**31 - 1


class Plain:
    """Columns as arrays; as lists where a number needs more than 64 bits."""

    name = "plain"

    def zeros(self, count: int, largest: int) -> Column:
        return self.filled([0], largest) * count

    def filled(self, values: list[int], largest: int) -> Column:
        if largest > LARGEST:
            return list(values)
        return array("i" if largest <= _SMALL else "q", values)

    def longer(self, column: Column, count: int) -> Column:
        missing = count - len(column)
        if missing > 0:
            column.extend([0] * missing)
        return column

    def wider(self, column: Column, largest: int) -> Column:
        is_wide = isinstance(column, list) or largest <= (
            _SMALL if column.typecode == "i" else LARGEST
        )
        return column if is_wide else self.filled(column.tolist(), largest)

    def size(self, column: Column) -> int:
        return len(column) * (8 if isinstance(column, list) else column.itemsize)

    def build(self, columns: Columns, amount: Column) -> None:
        c, accounts = columns, len(columns.opening)
        kernels.build(
            c.payer, c.payee, amount, c.credit, c.opening, c.external, c.may_overdraw,
            c.out_at, c.out_n, c.in_at, c.in_n, [0] * accounts, [0] * accounts,
            c.out_row, c.out_end, c.in_row, c.dstpos, c.owed,
        )  # fmt: skip

    def totals(self, columns: Columns, as_of: int | None) -> tuple[Column, Column]:
        c, accounts = columns, len(columns.opening)
        came, top, balance, unseen = ([0] * accounts for _ in range(4))
        kernels.totals(
            c.payee, c.t, c.dstpos, c.credit, c.out_row, c.out_end, c.out_at, c.out_n,
            c.opening, c.external, c.may_overdraw, _moment(as_of), came, top, balance, unseen,
        )  # fmt: skip
        return balance, unseen

    def follow(
        self, columns: Columns, starts: list[Start], as_of: int | None
    ) -> tuple[list[Step], list[Rest]]:
        return _Follower(columns, as_of).follow(starts)


class _Follower:
    """Traced intervals wait in a heap for the next debit that takes of them, by its time.

    So touching intervals of one label, wherever they came from, meet at the debit that takes
    both, and go on as one. The order is for that only; the answer does not depend on it.
    """

    __slots__ = ("_as_of", "_c", "_heap", "_rests", "_steps")

    def __init__(self, columns: Columns, as_of: int | None) -> None:
        self._c, self._as_of = columns, _moment(as_of)
        # time and row of the next debit, first and last position, label, place, account
        self._heap: list[tuple[int, int, int, int, int, int, int]] = []
        self._steps: list[Step] = []
        self._rests: list[Rest] = []

    def follow(self, starts: list[Start]) -> tuple[list[Step], list[Rest]]:
        for label, (row, units, amount) in enumerate(starts):
            if units:
                self._arrive(row, 0, units, label, amount)
        heap, ends, at = self._heap, self._c.out_end, self._c.out_at
        while heap:
            _, row, low, high, label, place, account = heappop(heap)
            while heap and heap[0][1] == row and heap[0][2] == high and heap[0][4] == label:
                high = heappop(heap)[3]
            end = ends[place]
            start = ends[place - 1] if place > at[account] else 0
            upto = min(high, end)
            self._arrive(row, low - start, upto - start, label, end - start)
            if upto < high:
                self._wait(account, upto, high, label, place + 1)
        return self._steps, self._rests

    def _arrive(self, row: int, first: int, last: int, label: int, amount: int) -> None:
        """Units ``first`` to ``last`` of a transfer reach its payee."""
        c = self._c
        carried = last - first
        if c.credit and (credit := c.credit[row]) != amount:
            first, last = first * credit // amount, last * credit // amount
        payee, credited, lost = c.payee[row], last - first, 0
        if c.external[payee]:
            self._steps.append((row, label, carried, credited, 0, 0, payee))
            if credited:
                self._rests.append((payee, label, credited))
            return
        if c.owed and first < c.owed[row]:
            lost = min(last, c.owed[row]) - first
            first += lost
        position = c.dstpos[row]
        self._steps.append((row, label, carried, credited, lost, position + last, payee))
        if first < last:
            self._wait(payee, position + first, position + last, label, c.out_at[payee])

    def _wait(self, account: int, low: int, high: int, label: int, place: int) -> None:
        c = self._c
        stop = c.out_at[account] + c.out_n[account]
        place = bisect_right(c.out_end, low, place, stop)
        if place < stop and c.t[row := c.out_row[place]] <= self._as_of:
            heappush(self._heap, (c.t[row], row, low, high, label, place, account))
        else:
            self._rests.append((account, label, high - low))


def _moment(as_of: int | None) -> float:
    return inf if as_of is None else as_of


def amount_of(columns: Columns, row: int) -> int:
    """The amount of a row."""
    place = place_of(columns, row)
    return int(columns.out_end[place]) - columns.start_of(place, columns.payer[row])


def place_of(columns: Columns, row: int) -> int:
    """Where a row stands among its payer's debits: found by its number, or by its time."""
    c = columns
    payer = c.payer[row]
    at = int(c.out_at[payer])
    stop = at + int(c.out_n[payer])
    if c.is_in_order:
        return bisect_left(c.out_row, row, at, stop)
    place = bisect_left(c.out_row, c.t[row], at, stop, key=c.t.__getitem__)
    while c.out_row[place] != row:
        place += 1
    return place
