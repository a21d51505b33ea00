"""The form with NumPy columns and compiled loops; imported only where both are installed.

Whole numbers have 64 bits here. ``Index`` refuses a ledger whose sums could pass that, so that no
sum wraps; the product of an exchange is taken with 126 bits.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from recoup.core.tracing.fast import kernels
from recoup.core.tracing.fast.columns import LARGEST, Column, Columns, Rest, Start, Step

_SMALL = 2**31 - 1
# A waiting interval: time and row of the next debit, first and last position, label, place, account
_WAITS = 7


def _compiled(function: Any) -> Any:
    """Compile at the first call; keep the outcome beside the module where that may be written."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


class Compiled:
    """Columns as NumPy arrays."""

    name = "compiled"

    def zeros(self, count: int, largest: int) -> Column:
        return np.zeros(count, _kind(largest))

    def filled(self, values: list[int], largest: int) -> Column:
        return np.array(values, _kind(largest))

    def longer(self, column: Column, count: int) -> Column:
        if count <= len(column):
            return column
        more = np.zeros(count + count // 8 + 16, column.dtype)
        more[: len(column)] = column
        return more

    def wider(self, column: Column, largest: int) -> Column:
        return column if largest <= np.iinfo(column.dtype).max else column.astype(_kind(largest))

    def size(self, column: Column) -> int:
        return int(column.nbytes)

    def build(self, columns: Columns, amount: Column) -> None:
        c, accounts = columns, len(columns.opening)
        _build(
            c.payer, c.payee, amount, c.credit, c.opening, c.external, c.may_overdraw,
            c.out_at, c.out_n, c.in_at, c.in_n, np.zeros(accounts, np.int64),
            np.zeros(accounts, np.int64), c.out_row, c.out_end, c.in_row, c.dstpos, c.owed,
        )  # fmt: skip

    def totals(self, columns: Columns, as_of: int | None) -> tuple[Column, Column]:
        c = columns
        came, top, balance, unseen = (np.zeros(len(c.opening), np.int64) for _ in range(4))
        _totals(
            c.payee, c.t, c.dstpos, c.credit, c.out_row, c.out_end, c.out_at, c.out_n,
            c.opening, c.external, c.may_overdraw, _moment(as_of), came, top, balance, unseen,
        )  # fmt: skip
        return balance.tolist(), unseen.tolist()

    def follow(
        self, columns: Columns, starts: list[Start], as_of: int | None
    ) -> tuple[list[Step], list[Rest]]:
        steps, rests = self.follow_columns(columns, np.array(starts, np.int64), as_of)
        return list(map(tuple, steps.tolist())), list(map(tuple, rests.tolist()))

    def follow_columns(
        self, columns: Columns, starts: Column, as_of: int | None
    ) -> tuple[Column, Column]:
        """``follow`` with rows of arrays for steps and rests, for very many seeds."""
        c = columns
        return _follow(  # type: ignore[no-any-return]
            c.payee, c.t, c.dstpos, c.credit, c.owed, c.out_row, c.out_end, c.out_at, c.out_n,
            c.external, starts.reshape(-1, 3), _moment(as_of),
        )  # fmt: skip


def _kind(largest: int) -> Any:
    if largest > LARGEST:
        raise OverflowError
    return np.int32 if largest <= _SMALL else np.int64


def _moment(as_of: int | None) -> int:
    return LARGEST if as_of is None else max(-LARGEST, min(as_of, LARGEST))


_build = _compiled(kernels.build)
_totals = _compiled(kernels.totals)


@_compiled
def _share(units: Any, credit: Any, amount: Any) -> Any:
    """floor(units * credit / amount), units at most amount, by long division bit by bit."""
    if credit == 0 or units <= 9223372036854775807 // credit:
        return units * credit // amount
    whole, part = credit // amount, np.uint64(credit % amount)
    divisor, quotient, rest = np.uint64(amount), np.uint64(0), np.uint64(0)
    one = np.uint64(1)
    for bit in range(62, -1, -1):
        quotient, rest = quotient << one, rest << one
        if rest >= divisor:
            quotient, rest = quotient + one, rest - divisor
        if (units >> bit) & 1:
            rest += part
            if rest >= divisor:
                quotient, rest = quotient + one, rest - divisor
    return units * whole + np.int64(quotient)


@_compiled
def _longer(table: Any) -> Any:
    more = np.empty((2 * table.shape[0], table.shape[1]), np.int64)
    more[: table.shape[0]] = table
    return more


@_compiled
def _is_before(heap: Any, one: int, other: int) -> bool:
    for column in range(3):
        if heap[one, column] != heap[other, column]:
            return bool(heap[one, column] < heap[other, column])
    return False


@_compiled
def _swap(heap: Any, one: int, other: int) -> None:
    for column in range(heap.shape[1]):
        heap[one, column], heap[other, column] = heap[other, column], heap[one, column]


@_compiled
def _rise(heap: Any, at: int) -> None:
    """Move what was put at the end of a heap to where it belongs."""
    while at > 0 and _is_before(heap, at, (at - 1) // 2):
        _swap(heap, at, (at - 1) // 2)
        at = (at - 1) // 2


@_compiled
def _drop_first(heap: Any, count: int) -> None:
    """Take the first of ``count`` out of a heap."""
    last = count - 1
    _swap(heap, 0, last)
    at = 0
    while 2 * at + 1 < last:
        child = 2 * at + 1
        if child + 1 < last and _is_before(heap, child + 1, child):
            child += 1
        if not _is_before(heap, child, at):
            return
        _swap(heap, at, child)
        at = child


@_compiled
def _first_over(ends: Any, position: int, low: int, high: int) -> int:
    """The first place whose debit ends after a position."""
    while low < high:
        middle = (low + high) // 2
        if ends[middle] > position:
            high = middle
        else:
            low = middle + 1
    return low


@_compiled
def _wait(
    heap: Any, waiting: int, rests: Any, n_rests: int, debit: Any, low: int, high: int, label: int,
    place: int, account: int, as_of: int,
) -> Any:  # fmt: skip
    """An interval waits for the debit at a place, or rests; debit: its time and row, if any."""
    if debit[1] >= 0 and debit[0] <= as_of:
        if waiting == len(heap):
            heap = _longer(heap)
        heap[waiting, 0], heap[waiting, 1] = debit[0], debit[1]
        heap[waiting, 2], heap[waiting, 3], heap[waiting, 4] = low, high, label
        heap[waiting, 5], heap[waiting, 6] = place, account
        _rise(heap, waiting)
        return heap, waiting + 1, rests, n_rests
    if n_rests == len(rests):
        rests = _longer(rests)
    rests[n_rests, 0], rests[n_rests, 1], rests[n_rests, 2] = account, label, high - low
    return heap, waiting, rests, n_rests + 1


@_compiled
def _first(heap: Any, waiting: int) -> Any:
    """Take the first interval out, with all that touch it and wait for the same debit."""
    row, low, high = heap[0, 1], heap[0, 2], heap[0, 3]
    label, place, account = heap[0, 4], heap[0, 5], heap[0, 6]
    _drop_first(heap, waiting)
    waiting -= 1
    while waiting and heap[0, 1] == row and heap[0, 2] == high and heap[0, 4] == label:
        high = heap[0, 3]
        _drop_first(heap, waiting)
        waiting -= 1
    return waiting, row, low, high, label, place, account


@_compiled
def _arrive(
    steps: Any, n_steps: int, payee: Any, dstpos: Any, credit: Any, owed: Any, external: Any,
    row: int, first: int, last: int, amount: int, label: int,
) -> Any:  # fmt: skip
    """Note units ``first`` to ``last`` of a row; return the interval they are at its payee."""
    if n_steps == len(steps):
        steps = _longer(steps)
    carried, lost = last - first, np.int64(0)
    if len(credit) and credit[row] != amount:
        first, last = _share(first, credit[row], amount), _share(last, credit[row], amount)
    credited, to, start = last - first, np.int64(payee[row]), np.int64(0)
    if not external[to]:
        start = dstpos[row]
        if len(owed) and first < owed[row]:
            lost = min(last, owed[row]) - first
            first += lost
    upto = np.int64(0) if external[to] else start + last
    steps[n_steps, 0], steps[n_steps, 1], steps[n_steps, 2] = row, label, carried
    steps[n_steps, 3], steps[n_steps, 4], steps[n_steps, 5] = credited, lost, upto
    steps[n_steps, 6] = to
    return steps, n_steps + 1, to, start + first, start + last


@_compiled
def _next_debit(
    t: Any, out_row: Any, out_end: Any, position: int, place: int, stop: int
) -> Any:  # fmt: skip
    """The first place from a place on whose debit ends after a position; its time and row."""
    place = _first_over(out_end, position, place, stop)
    if place == stop:
        return np.int64(place), (np.int64(0), np.int64(-1))
    row = out_row[place]
    return np.int64(place), (np.int64(t[row]), np.int64(row))


@_compiled
def _follow(
    payee: Any, t: Any, dstpos: Any, credit: Any, owed: Any, out_row: Any, out_end: Any,
    out_at: Any, out_n: Any, external: Any, starts: Any, as_of: int,
) -> Any:  # fmt: skip
    """As ``plain._Follower``, with the same steps; starts: row, units, amount of the row."""
    steps, rests = np.empty((32, 7), np.int64), np.empty((32, 3), np.int64)
    heap = np.empty((32, _WAITS), np.int64)
    n_steps, n_rests, waiting, started = 0, 0, 0, 0
    while started < len(starts) or waiting:
        if started < len(starts):
            row, last, amount = starts[started, 0], starts[started, 1], starts[started, 2]
            label, first = np.int64(started), np.int64(0)
            left, high, place, account = last, last, np.int64(0), np.int64(0)
            started += 1
            if not last:
                continue
        else:
            waiting, row, low, high, label, place, account = _first(heap, waiting)
            start = out_end[place - 1] if place > out_at[account] else np.int64(0)
            left = min(high, out_end[place])
            first, last, amount = low - start, left - start, out_end[place] - start
        steps, n_steps, to, low, upto = _arrive(
            steps, n_steps, payee, dstpos, credit, owed, external, row, first, last, amount, label
        )
        if low < upto:
            at, debit = np.int64(0), (np.int64(0), np.int64(-1))
            if not external[to]:
                at = np.int64(out_at[to])
                at, debit = _next_debit(t, out_row, out_end, low, at, at + out_n[to])
            heap, waiting, rests, n_rests = _wait(
                heap, waiting, rests, n_rests, debit, low, upto, label, at, to, as_of
            )
        if left < high:
            stop = out_at[account] + out_n[account]
            place, debit = _next_debit(t, out_row, out_end, left, place + 1, stop)
            heap, waiting, rests, n_rests = _wait(
                heap, waiting, rests, n_rests, debit, left, high, label, place, account, as_of
            )
    return steps[:n_steps], rests[:n_rests]
