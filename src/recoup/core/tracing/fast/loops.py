"""The compiled loops that follow traced intervals; imported only where Numba is.

All that call each other stand in this one file: what is kept of a compiled function is thrown
away when its own file changes, not when another does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import carray, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from recoup.core.tracing.fast.columns import LARGEST
from recoup.core.tracing.fast.compiling import compiled, inlined, quick

# What is noted of a waiting interval: time and row of the next debit, first and last position,
# label, place, account. Beside them in the same table: the heap, and free lines, by line numbers.
_TIME, _ROW, _LOW, _HIGH, _LABEL, _PLACE, _ACCOUNT, _HEAP, _FREE, _WIDTH = range(10)
# How far a walk is.
_STEPS, _RESTS, _WAITING, _STARTED, _FRESH, _IS_ORDERED, _FAR = range(7)
# The steps and rests of a single look-up that is answered at once.
_FEW = 256
# So many debits are searched without guessing.
_NEAR = 16
# The columns in the table of addresses, each with its length.
BY_ADDRESS = (
    "payer", "payee", "t", "dstpos", "credit", "owed", "out_row", "out_end", "out_at", "out_n",
    "external", "gone",
)  # fmt: skip


@compiled
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


@inlined
def _first_over(ends: Any, position: int, low: int, high: int) -> int:
    """The first place whose debit ends after a position."""
    while low < high:
        middle = (low + high) // 2
        if ends[middle] > position:
            high = middle
        else:
            low = middle + 1
    return low


@inlined
def _first_near(ends: Any, position: int, low: int, high: int, guess: int) -> Any:
    """As ``_first_over``, looking around a guess, in ever longer strides."""
    stride = 4
    if ends[guess] > position:
        high = guess
        while high - stride >= low:
            if ends[high - stride] <= position:
                low = high - stride + 1
                break
            high -= stride
            stride *= 2
    else:
        low = guess + 1
        while low + stride < high:
            if ends[low + stride] > position:
                high = low + stride
                break
            low += stride + 1
            stride *= 2
    return _first_over(ends, position, low, high)


@inlined
def _first_of_all(ends: Any, position: Any, low: Any, high: Any, gone: Any) -> Any:
    """As ``_first_over``, for all debits of an account, which end at ``gone``.

    Debits are of a kind, so a position tells about where its debit is: guess, and correct once.
    """
    if position >= gone:
        return high
    if high - low <= _NEAR:
        return _first_over(ends, position, low, high)
    each = np.float64(high - low) / np.float64(gone)
    guess: Any = min(low + np.int64(np.float64(position) * each), high - 1)
    guess += np.int64(np.float64(position - ends[guess]) * each)
    return _first_near(ends, position, low, high, max(low, min(guess, high - 1)))


@inlined
def _is_before(waits: Any, one: int, other: int) -> bool:
    if waits[one, _TIME] != waits[other, _TIME]:
        return bool(waits[one, _TIME] < waits[other, _TIME])
    if waits[one, _ROW] != waits[other, _ROW]:
        return bool(waits[one, _ROW] < waits[other, _ROW])
    if waits[one, _LABEL] != waits[other, _LABEL]:
        return bool(waits[one, _LABEL] < waits[other, _LABEL])
    return bool(waits[one, _LOW] < waits[other, _LOW])


@inlined
def _push(waits: Any, count: int, line: int) -> None:
    """Put a line into a heap of so many."""
    at = count
    while at > 0:
        above = (at - 1) >> 1
        other = waits[above, _HEAP]
        if not _is_before(waits, line, other):
            break
        waits[at, _HEAP] = other
        at = above
    waits[at, _HEAP] = line


@inlined
def _pop(waits: Any, count: int) -> Any:
    """Take the first line out of a heap of so many, and note that it is free."""
    first, line = waits[0, _HEAP], waits[count - 1, _HEAP]
    waits[count - 1, _FREE] = first
    last, at = count - 1, 0
    while 2 * at + 1 < last:
        below = 2 * at + 1
        if below + 1 < last and _is_before(waits, waits[below + 1, _HEAP], waits[below, _HEAP]):
            below += 1
        other = waits[below, _HEAP]
        if not _is_before(waits, other, line):
            break
        waits[at, _HEAP] = other
        at = below
    waits[at, _HEAP] = line
    return first


@inlined
def _wait(
    far: Any, waits: Any, rests: Any, t: Any, out_row: Any, low: int, high: int,
    label: int, place: int, stop: int, account: int, as_of: int,
) -> None:  # fmt: skip
    """An interval waits for the debit at a place, which ends after it begins, or rests.

    Where rows stand in order, their numbers will do for times.
    """
    when = np.int64(0)
    if place < stop and (as_of < LARGEST or not far[_IS_ORDERED]):
        when = t[out_row[place]]
    if place < stop and when <= as_of:
        count = far[_WAITING]
        if count == far[_FRESH]:
            waits[count, _FREE] = count
            far[_FRESH] = count + 1
        line = waits[count, _FREE]
        row = out_row[place]
        waits[line, _TIME], waits[line, _ROW] = when, row
        waits[line, _LOW], waits[line, _HIGH], waits[line, _LABEL] = low, high, label
        waits[line, _PLACE], waits[line, _ACCOUNT] = place, account
        _push(waits, count, line)
        far[_WAITING] = count + 1
        return
    rest = far[_RESTS]
    rests[rest, 0], rests[rest, 1], rests[rest, 2] = account, label, high - low
    far[_RESTS] = rest + 1


@inlined
def _arrive(
    far: Any, waits: Any, steps: Any, rests: Any, payee: Any, t: Any, dstpos: Any, credit: Any,
    owed: Any, out_row: Any, out_end: Any, out_at: Any, out_n: Any, external: Any, gone: Any,
    row: int, first: int, last: int, amount: int, label: int, as_of: int,
) -> None:  # fmt: skip
    """Note units ``first`` to ``last`` of a row, and let them wait or rest at its payee."""
    carried, lost, start = last - first, np.int64(0), np.int64(0)
    if len(credit) and credit[row] != amount:
        first, last = _share(first, credit[row], amount), _share(last, credit[row], amount)
    credited, to = last - first, np.int64(payee[row])
    is_external = external[to] != 0
    if not is_external:
        start = dstpos[row]
        if len(owed) and first < owed[row]:
            lost = min(last, owed[row]) - first
            first += lost
    step = far[_STEPS]
    steps[step, 0], steps[step, 1], steps[step, 2], steps[step, 3] = row, label, carried, credited
    steps[step, 4], steps[step, 6] = lost, to
    steps[step, 5] = 0 if is_external else start + last
    far[_STEPS] = step + 1
    if first < last:
        at = np.int64(out_at[to])
        stop = at if is_external else at + out_n[to]
        place = at
        if not is_external:
            place = _first_of_all(out_end, start + first, at, stop, gone[to])
        _wait(
            far, waits, rests, t, out_row, start + first, start + last, label, place, stop, to,
            as_of,
        )  # fmt: skip


@compiled
def _walk(
    far: Any, waits: Any, steps: Any, rests: Any, payee: Any, t: Any, dstpos: Any, credit: Any,
    owed: Any, out_row: Any, out_end: Any, out_at: Any, out_n: Any, external: Any, gone: Any,
    starts: Any, as_of: int,
) -> bool:  # fmt: skip
    """Go on until all is done (True) or a table is full; starts: row, units, amount of the row."""
    while far[_STARTED] < len(starts) or far[_WAITING]:
        if far[_STEPS] == len(steps) or far[_RESTS] + 2 > len(rests):
            return False
        if far[_WAITING] + 2 > len(waits):
            return False
        if far[_STARTED] < len(starts):
            label = far[_STARTED]
            row, first, last = starts[label, 0], np.int64(0), starts[label, 1]
            amount, left, high = starts[label, 2], last, last
            place, account = np.int64(0), np.int64(0)
            far[_STARTED] += 1
            if not last:
                continue
        else:
            line = _pop(waits, far[_WAITING])
            far[_WAITING] -= 1
            row, low, high = waits[line, _ROW], waits[line, _LOW], waits[line, _HIGH]
            label, place, account = waits[line, _LABEL], waits[line, _PLACE], waits[line, _ACCOUNT]
            while far[_WAITING]:
                line = waits[0, _HEAP]
                if waits[line, _ROW] != row or waits[line, _LABEL] != label:
                    break
                if waits[line, _LOW] != high:
                    break
                high = waits[line, _HIGH]
                _pop(waits, far[_WAITING])
                far[_WAITING] -= 1
            start = out_end[place - 1] if place > out_at[account] else np.int64(0)
            left = min(high, out_end[place])
            first, last, amount = low - start, left - start, out_end[place] - start
        _arrive(
            far, waits, steps, rests, payee, t, dstpos, credit, owed, out_row, out_end, out_at,
            out_n, external, gone, row, first, last, amount, label, as_of,
        )  # fmt: skip
        if left < high:
            stop, place = np.int64(out_at[account]) + out_n[account], place + 1
            if place < stop:
                place = _first_near(out_end, left, place, stop, place)
            _wait(
                far, waits, rests, t, out_row, left, high, label, place, stop, account, as_of,
            )  # fmt: skip
    return True


@compiled
def _longer(table: Any) -> Any:
    more = np.empty((2 * table.shape[0], table.shape[1]), np.int64)
    more[: table.shape[0]] = table
    return more


@compiled
def follow(
    payee: Any, t: Any, dstpos: Any, credit: Any, owed: Any, out_row: Any, out_end: Any,
    out_at: Any, out_n: Any, external: Any, gone: Any, starts: Any, as_of: int, is_ordered: bool,
) -> Any:  # fmt: skip
    """As ``plain._Follower``, with the same steps; the tables double when they are full."""
    far = np.zeros(_FAR, np.int64)
    far[_IS_ORDERED] = is_ordered
    steps, rests = np.empty((64, 7), np.int64), np.empty((64, 3), np.int64)
    waits = np.empty((64, _WIDTH), np.int64)
    while not _walk(
        far, waits, steps, rests, payee, t, dstpos, credit, owed, out_row, out_end, out_at, out_n,
        external, gone, starts, as_of,
    ):  # fmt: skip
        if far[_STEPS] == len(steps):
            steps = _longer(steps)
        if far[_RESTS] + 2 > len(rests):
            rests = _longer(rests)
        if far[_WAITING] + 2 > len(waits):
            waits = _longer(waits)
    return steps[: far[_STEPS]].copy(), rests[: far[_RESTS]].copy()


@intrinsic
def _pointer(_: Any, address: Any = None) -> Any:
    """An address as a pointer: what was not looked at on the way in costs nothing."""

    def made(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], ir.IntType(8).as_pointer())

    return types.voidptr(address), made


@inlined
def _column(table: Any, number: int, kind: Any) -> Any:
    return carray(_pointer(table[2 * number]), (table[2 * number + 1],), kind)


@compiled
def _one(table: Any, t: Any, row: int, as_of: int) -> Any:
    """``one``, with times of the right width."""
    payee, external = _column(table, 1, np.int32), _column(table, 10, np.int32)
    gone = _column(table, 11, np.int64)
    dstpos, credit = _column(table, 3, np.int64), _column(table, 4, np.int64)
    owed, out_row = _column(table, 5, np.int64), _column(table, 6, np.int32)
    out_end, out_at = _column(table, 7, np.int64), _column(table, 8, np.int64)
    out_n, account = _column(table, 9, np.int32), _column(table, 0, np.int32)[row]
    at = out_at[account]
    place = _first_over(out_row, row - 1, at, at + out_n[account])
    amount = out_end[place] - (out_end[place - 1] if place > at else np.int64(0))
    starts = np.empty((1, 3), np.int64)
    starts[0, 0], starts[0, 1], starts[0, 2] = row, amount if t[row] <= as_of else 0, amount
    far, steps = np.zeros(_FAR, np.int64), np.empty((_FEW, 7), np.int64)
    far[_IS_ORDERED] = True
    rests, waits = np.empty((_FEW, 3), np.int64), np.empty((_FEW, _WIDTH), np.int64)
    is_done = _walk(
        far, waits, steps, rests, payee, t, dstpos, credit, owed, out_row, out_end, out_at, out_n,
        external, gone, starts, as_of,
    )  # fmt: skip
    count = far[_STEPS]
    found = np.empty((1 + count + far[_RESTS], 7), np.int64)
    found[0, 0], found[0, 1] = count if is_done else -1, far[_RESTS]
    for step in range(count):
        for column in range(7):
            found[1 + step, column] = steps[step, column]
    for rest in range(far[_RESTS]):
        for column in range(3):
            found[1 + count + rest, column] = rests[rest, column]
    return found


@quick
def one(table: Any, row: int, as_of: int) -> Any:
    """One look-up where rows stand in order, without what looking at columns costs on the way in.

    The first line has the numbers of steps and of rests, whose lines follow; -1 where there are
    too many. table: address and length of each column.
    """
    return _one(table, _column(table, 2, np.int32), row, as_of)


@quick
def one_wide(table: Any, row: int, as_of: int) -> Any:
    """As ``one``, where times take 64 bits."""
    return _one(table, _column(table, 2, np.int64), row, as_of)
