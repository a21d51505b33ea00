"""The compiled loops that follow traced intervals; imported only where Numba is.

All that call each other stand in this one file: what is kept of a compiled function is thrown
away when its own file changes, not when another does.

A step waits for memory more than it counts, so the walk reads records by their addresses: one of
the row, one of its payee, some of the payee's debits. What the next step will read is asked for
while this one is worked on.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from recoup.core.tracing.fast.addresses import fetch as _fetch
from recoup.core.tracing.fast.addresses import int_at as _int
from recoup.core.tracing.fast.addresses import long_at as _long
from recoup.core.tracing.fast.addresses import pointer as _pointer
from recoup.core.tracing.fast.columns import LARGEST
from recoup.core.tracing.fast.compiling import compiled, inlined, quick

# The table of addresses: of the three records, and of columns; 0 where a column is empty.
_ROWS, _PLACES, _ACCOUNTS, _T, _CREDIT, _OWED, _IS_ORDERED, _IS_WIDE = range(8)
# Then, for a single look-up, of the tables it writes.
_STEPS, _RESTS, _WAITS, _FAR = range(8, 12)
# The records, and where in them what is read lies, as ``columns.TOGETHER`` has them.
_ROW, _PAYEE, _PAYER = 16, 8, 12
_PLACE, _OUT_ROW = 12, 8
_ACCOUNT, _GONE, _OUT_N, _EXTERNAL = 32, 8, 16, 20
# What is noted of a waiting interval: first and last position, label; of the debit it waits for
# the row, the place, where it begins and ends; the account; about where it will arrive, or -1.
# Then a line of the heap, by which the intervals wait: time or row, line; and a free line.
_LOW, _HIGH, _LABEL, _NEXT, _AT, _BEGIN, _END, _HOLDER, _HINT, _KEY, _LINE, _FREE, WAIT = range(13)
# How far a walk is; and the last three lines that came to wait.
STEPS, RESTS, WAITING, STARTED, _FRESH, _LAST, _SECOND, _THIRD, FAR = range(9)
# The steps and rests of a single look-up that is answered at once.
FEW: Final = 8192
SHIFT: Final = 32
# The tables that a single look-up writes: steps, rests, intervals that wait, how far it is.
WIDTHS: Final = (7, 3, WAIT, FAR)
# So many debits are searched without guessing.
_NEAR = 16


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
def _first_over(places: int, position: int, low: int, high: int) -> Any:
    """The first place whose debit ends after a position."""
    while low < high:
        middle = (low + high) >> 1
        if _long(places + _PLACE * middle) > position:
            high = middle
        else:
            low = middle + 1
    return low


@inlined
def _first_near(places: int, position: int, low: int, high: int, guess: int) -> Any:
    """As ``_first_over``, looking around a guess, in ever longer strides."""
    stride = 4
    if _long(places + _PLACE * guess) > position:
        high = guess
        while high - stride >= low:
            if _long(places + _PLACE * (high - stride)) <= position:
                low = high - stride + 1
                break
            high -= stride
            stride *= 2
    else:
        low = guess + 1
        while low + stride < high:
            if _long(places + _PLACE * (low + stride)) > position:
                high = low + stride
                break
            low += stride + 1
            stride *= 2
    return _first_over(places, position, low, high)


@inlined
def _fetch_around(address: int) -> None:
    """Bring near a place and those beside it, but no more: what is near is soon crowded out."""
    _fetch(address - _PLACE)
    _fetch(address + 2 * _PLACE)


@inlined
def _guess(position: int, gone: int, at: int, count: int) -> Any:
    """About where the debit is that takes a position: debits of an account are of a kind."""
    return at + min(int(float(position) * float(count) / float(gone)), count - 1)


@inlined
def _corrected(places: int, position: int, gone: int, at: int, count: int, guess: int) -> Any:
    """The guess, moved by how far off it is."""
    off = float(position - _long(places + _PLACE * guess)) * float(count) / float(gone)
    return max(at, min(guess + int(off), at + count - 1))


@inlined
def _first_of_all(places: int, position: int, at: int, count: int, gone: int, hint: int) -> Any:
    """As ``_first_over``, for all debits of an account; they end at ``gone``, after the position.

    hint: a place near which to look, or -1: then guess, and correct once.
    """
    if count <= _NEAR:
        return _first_over(places, position, at, at + count)
    if hint < 0:
        hint = _guess(position, gone, at, count)
        _fetch_around(places + _PLACE * hint)
        hint = _corrected(places, position, gone, at, count, hint)
        _fetch_around(places + _PLACE * hint)
    return _first_near(places, position, at, at + count, hint)


@inlined
def _is_before(waits: Any, key: int, line: int, at: int) -> bool:
    """Whether a line comes before the one at a place of the heap."""
    if key != waits[at, _KEY]:
        return bool(key < waits[at, _KEY])
    return bool(_is_tied_before(waits, line, waits[at, _LINE]))


@compiled
def _is_tied_before(waits: Any, one: int, other: int) -> bool:
    if waits[one, _NEXT] != waits[other, _NEXT]:
        return bool(waits[one, _NEXT] < waits[other, _NEXT])
    if waits[one, _LABEL] != waits[other, _LABEL]:
        return bool(waits[one, _LABEL] < waits[other, _LABEL])
    return bool(waits[one, _LOW] < waits[other, _LOW])


@inlined
def _push(waits: Any, count: int, key: int, line: int) -> None:
    """Put a line into a heap of so many."""
    at = count
    while at > 0:
        above = (at - 1) >> 1
        if not _is_before(waits, key, line, above):
            break
        waits[at, _KEY], waits[at, _LINE] = waits[above, _KEY], waits[above, _LINE]
        at = above
    waits[at, _KEY], waits[at, _LINE] = key, line


@inlined
def _pop(waits: Any, count: int) -> Any:
    """Take the first line out of a heap of so many, and note that it is free."""
    first, last, at = waits[0, _LINE], count - 1, 0
    waits[last, _FREE] = first
    key, line = waits[last, _KEY], waits[last, _LINE]
    while 2 * at + 1 < last:
        below = 2 * at + 1
        if below + 1 < last and _is_before(
            waits, waits[below + 1, _KEY], waits[below + 1, _LINE], below
        ):
            below += 1
        if _is_before(waits, key, line, below):
            break
        waits[at, _KEY], waits[at, _LINE] = waits[below, _KEY], waits[below, _LINE]
        at = below
    waits[at, _KEY], waits[at, _LINE] = key, line
    return first


@inlined
def _foresee(table: Any, far: Any, waits: Any, line: int) -> None:
    """Bring near what the last ones that came to wait will need, for each the next of it.

    So memory is asked for several at a time, and none of them is waited for.
    """
    places, last, second, third = table[_PLACES], far[_LAST], far[_SECOND], far[_THIRD]
    far[_LAST], far[_SECOND], far[_THIRD] = line, last, second
    _fetch(table[_ROWS] + _ROW * waits[line, _NEXT])
    if last >= 0:
        there = table[_ROWS] + _ROW * waits[last, _NEXT]
        _fetch(table[_ACCOUNTS] + _ACCOUNT * _int(there + _PAYEE))
    if second >= 0:
        there = table[_ROWS] + _ROW * waits[second, _NEXT]
        account = table[_ACCOUNTS] + _ACCOUNT * _int(there + _PAYEE)
        at, gone, count = _long(account), _long(account + _GONE), _int(account + _OUT_N)
        if count > _NEAR and gone > 0:
            position = _long(there) + waits[second, _LOW] - waits[second, _BEGIN]
            waits[second, _HINT] = _guess(position, gone, at, count)
            _fetch_around(places + _PLACE * waits[second, _HINT])
        else:
            _fetch(places + _PLACE * at)
    if third >= 0 and waits[third, _HINT] >= 0:
        there = table[_ROWS] + _ROW * waits[third, _NEXT]
        account = table[_ACCOUNTS] + _ACCOUNT * _int(there + _PAYEE)
        at, gone, count = _long(account), _long(account + _GONE), _int(account + _OUT_N)
        position = _long(there) + waits[third, _LOW] - waits[third, _BEGIN]
        waits[third, _HINT] = _corrected(places, position, gone, at, count, waits[third, _HINT])
        _fetch_around(places + _PLACE * waits[third, _HINT])


@inlined
def _wait(
    table: Any, far: Any, waits: Any, rests: Any, low: int, high: int, label: int, place: int,
    stop: int, begin: int, account: int, as_of: int,
) -> None:  # fmt: skip
    """An interval waits for the debit at a place, which ends after it begins, or rests.

    Where rows stand in order, their numbers will do for times.
    """
    row, key, is_there = np.int64(0), np.int64(0), place < stop
    if is_there:
        row = _int(table[_PLACES] + _PLACE * place + _OUT_ROW)
        key = row
        if as_of < LARGEST or not table[_IS_ORDERED]:
            when = _long(table[_T] + 8 * row) if table[_IS_WIDE] else _int(table[_T] + 4 * row)
            is_there = when <= as_of
            if not table[_IS_ORDERED]:
                key = when
    if not is_there:
        rest = far[RESTS]
        rests[rest, 0], rests[rest, 1], rests[rest, 2] = account, label, high - low
        far[RESTS] = rest + 1
        return
    count = far[WAITING]
    if count == far[_FRESH]:
        waits[count, _FREE] = count
        far[_FRESH] = count + 1
    line = waits[count, _FREE]
    waits[line, _LOW], waits[line, _HIGH], waits[line, _LABEL] = low, high, label
    waits[line, _NEXT], waits[line, _AT], waits[line, _BEGIN] = row, place, begin
    waits[line, _END], waits[line, _HOLDER] = _long(table[_PLACES] + _PLACE * place), account
    waits[line, _HINT] = -1
    _push(waits, count, key, line)
    far[WAITING] = count + 1
    _foresee(table, far, waits, line)


@inlined
def _arrive(
    table: Any, far: Any, waits: Any, steps: Any, rests: Any, row: int, first: int, last: int,
    amount: int, label: int, hint: int, as_of: int,
) -> None:  # fmt: skip
    """Note units ``first`` to ``last`` of a row, and let them wait or rest at its payee."""
    there = table[_ROWS] + _ROW * row
    carried, lost, to = last - first, np.int64(0), _int(there + _PAYEE)
    if table[_CREDIT]:
        credit = _long(table[_CREDIT] + 8 * row)
        if credit != amount:
            first, last = _share(first, credit, amount), _share(last, credit, amount)
    credited, account = last - first, table[_ACCOUNTS] + _ACCOUNT * to
    is_external, start = _int(account + _EXTERNAL) != 0, np.int64(0)
    if not is_external:
        start = _long(there)
        if table[_OWED]:
            owed = _long(table[_OWED] + 8 * row)
            if first < owed:
                lost = min(last, owed) - first
                first += lost
    step = far[STEPS]
    steps[step, 0], steps[step, 1], steps[step, 2], steps[step, 3] = row, label, carried, credited
    steps[step, 4], steps[step, 6] = lost, to
    steps[step, 5] = 0 if is_external else start + last
    far[STEPS] = step + 1
    if first < last:
        low, high = start + first, start + last
        at, gone, count = _long(account), _long(account + _GONE), _int(account + _OUT_N)
        place, begin, stop = at, np.int64(0), at
        if not is_external and low < gone:
            stop = at + count
            place = _first_of_all(table[_PLACES], low, at, count, gone, hint)
            if place > at:
                begin = _long(table[_PLACES] + _PLACE * (place - 1))
        _wait(table, far, waits, rests, low, high, label, place, stop, begin, to, as_of)


@compiled
def _walk(
    table: Any, far: Any, waits: Any, steps: Any, rests: Any, starts: Any, as_of: int
) -> bool:
    """Go on until all is done (True) or a table is full; starts: row, units, amount of the row."""
    while far[STARTED] < len(starts) or far[WAITING]:
        if far[STEPS] == len(steps) or far[RESTS] + 2 > len(rests):
            return False
        if far[WAITING] + 2 > len(waits):
            return False
        if far[STARTED] < len(starts):
            label = far[STARTED]
            row, first, last = starts[label, 0], np.int64(0), starts[label, 1]
            amount, left, high = starts[label, 2], last, last
            place, account, hint = np.int64(0), np.int64(0), np.int64(-1)
            far[STARTED] += 1
            if not last:
                continue
        else:
            line = _pop(waits, far[WAITING])
            far[WAITING] -= 1
            row, low, high = waits[line, _NEXT], waits[line, _LOW], waits[line, _HIGH]
            label, place, account = waits[line, _LABEL], waits[line, _AT], waits[line, _HOLDER]
            begin, end, hint = waits[line, _BEGIN], waits[line, _END], waits[line, _HINT]
            while far[WAITING]:
                line = waits[0, _LINE]
                if waits[line, _NEXT] != row or waits[line, _LABEL] != label:
                    break
                if waits[line, _LOW] != high:
                    break
                high = waits[line, _HIGH]
                _pop(waits, far[WAITING])
                far[WAITING] -= 1
            left = min(high, end)
            first, last, amount = low - begin, left - begin, end - begin
        _arrive(table, far, waits, steps, rests, row, first, last, amount, label, hint, as_of)
        if left < high:
            there = table[_ACCOUNTS] + _ACCOUNT * account
            stop, place = _long(there) + _int(there + _OUT_N), place + 1
            if place < stop:
                place = _first_near(table[_PLACES], left, place, stop, place)
            _wait(table, far, waits, rests, left, high, label, place, stop, left, account, as_of)
    return True


@compiled
def _longer(table: Any) -> Any:
    more = np.empty((2 * table.shape[0], table.shape[1]), np.int64)
    more[: table.shape[0]] = table
    return more


@compiled
def follow(table: Any, starts: Any, as_of: int) -> Any:
    """As ``plain._Follower``, with the same steps; the tables double when they are full."""
    far = np.zeros(FAR, np.int64)
    far[_LAST:] = -1
    steps, rests = np.empty((64, 7), np.int64), np.empty((64, 3), np.int64)
    waits = np.empty((64, WAIT), np.int64)
    while not _walk(table, far, waits, steps, rests, starts, as_of):
        if far[STEPS] == len(steps):
            steps = _longer(steps)
        if far[RESTS] + 2 > len(rests):
            rests = _longer(rests)
        if far[WAITING] + 2 > len(waits):
            waits = _longer(waits)
    return steps[: far[STEPS]].copy(), rests[: far[RESTS]].copy()


@compiled
def _first_row(places: int, row: int, low: int, high: int) -> Any:
    """The place of a row among its payer's debits, which stand in order."""
    while low < high:
        middle = (low + high) >> 1
        if _int(places + _PLACE * middle + _OUT_ROW) >= row:
            high = middle
        else:
            low = middle + 1
    return low


@inlined
def _lines(address: int, width: int) -> Any:
    return carray(_pointer(address), (FEW, width), np.int64)


@quick
def one(address: int, row: int, as_of: int) -> int:
    """One look-up where rows stand in order; address: of the table, its columns and what it writes.

    Whole numbers alone come in and go out, since looking at arrays costs as much as some steps.
    Returns the numbers of steps and, ``SHIFT`` bits higher, of rests; -1 where there are too many.
    """
    table = carray(_pointer(address), (_FAR + 1,), np.int64)
    account = table[_ACCOUNTS] + _ACCOUNT * _int(table[_ROWS] + _ROW * row + _PAYER)
    at = _long(account)
    place = _first_row(table[_PLACES], row, at, at + _int(account + _OUT_N))
    amount = _long(table[_PLACES] + _PLACE * place)
    if place > at:
        amount -= _long(table[_PLACES] + _PLACE * (place - 1))
    when = _long(table[_T] + 8 * row) if table[_IS_WIDE] else _int(table[_T] + 4 * row)
    far, waits = _lines(table[_FAR], FAR)[0], _lines(table[_WAITS], WAIT)
    steps, rests = _lines(table[_STEPS], 7), _lines(table[_RESTS], 3)
    starts = _lines(table[_FAR], FAR)[1:2]
    starts[0, 0], starts[0, 1], starts[0, 2] = row, amount if when <= as_of else 0, amount
    far[:_LAST], far[_LAST:] = 0, -1
    is_done = _walk(table, far, waits, steps, rests, starts, as_of)
    return far[STEPS] + (far[RESTS] << SHIFT) if is_done else -1
