"""The compiled walks by balances; imported only where NumPy and Numba are installed.

What is compiled into a walk stands in this file, because an outcome that was kept is made anew
only when its own file changes; elsewhere stands only what has no reason to change: reading by
address, dividing, heaps. The sums of a ledger fit 64 bits here (``reading`` sees to it).

A step waits for memory more than it counts. So columns are read by their addresses, and what a
debit will need is asked for when it comes to wait.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from recoup.core.tracing.fast.addresses import byte_at, fetch, int_at, long_at
from recoup.core.tracing.fast.compiling import compiled, inlined
from recoup.core.tracing.fast.dividing import share
from recoup.core.tracing.fast.heaps import drop_first, pop, push, rise

LIBR, PRORATA, TIHO, POISON = range(4)

# What a walk is handed as ``b``: where columns of ``Bookings`` begin, or 0 where one is empty; the
# policy, how many rows count, how many levels of blocks there are; and where each of these begins.
_ROWS, _PLACES, _OUT_AT, _EXTERNAL, _CREDIT, _BASE, MAY_OVERDRAW, LIMIT, _LEVELS, _LOWS = range(10)
# The records that lie together, and where in them what is read lies.
_ROW, _ONWARD = 8, 4
_PLACE, _BEFORE, _OUT_ROW = 20, 8, 16
# What ``count`` counts; the row of the debit that came to wait last; what was refused, and whose.
SLOTS, NODES, FREE, WAITING, STEPS, RESTS, STARTED, _LAST, REFUSED, _ONLY, _COUNTS = range(11)
# A slot: an account with traced money, the sum, the first of its nodes, where its debits end, the
# place and the row of the next one that can carry some, or -1
ACCOUNT, TOTAL, HEAD, STOP, NEXT, NEXT_ROW, _SLOT = *range(6), 8
# A node or a parcel: a label, its units; then the next node, or units credited and of these lost
LABEL, UNITS, LINK, LOST = range(4)
_FAN: Final = 16
_HALF: Final = 32
_LOW: Final = 2**32 - 1
# A product estimated below it fits.
_PRODUCT: Final = 9.2e18


@compiled
def _room(table: Any, n: int) -> Any:
    """The table, or a longer one, so that row ``n`` is in it."""
    if n < len(table):
        return table
    more = np.empty((2 * table.shape[0], table.shape[1]), np.int64)
    more[: table.shape[0]] = table
    return more


@inlined
def _digs(by_share: bool, place: int, bound: int) -> Any:
    """Whether the depth of the place at an address is below a bound, without a division as a rule.

    As ``dips.depth``; bound: above zero.
    """
    units, there = long_at(place), long_at(place + _BEFORE)
    if not by_share or units <= 0:
        does = there - units < bound
    elif float(units) * float(bound) < _PRODUCT:
        does = there <= units * bound
    else:
        does = max(there - 1, 0) // units < bound
    return does


@compiled
def _first_below(b: Any, by_share: bool, start: int, stop: int, bound: int) -> int:
    """As ``dips.first_below``. bound: above zero."""
    places, levels = b[_PLACES], b[_LEVELS]
    for place in range(start, min(start - start % _FAN + _FAN, stop)):
        if _digs(by_share, places + _PLACE * place, bound):
            return place
    at, level, width = start // _FAN + 1, np.int64(0), np.int64(_FAN)
    while at * width < stop:
        if at % _FAN == 0 and level + 1 < levels:
            at, level, width = at // _FAN, level + 1, width * _FAN
        elif long_at(b[_LOWS + level] + 8 * at) < bound:
            break
        else:
            at += 1
    if at * width >= stop:
        return stop
    while level > 0:
        level, at = level - 1, at * _FAN
        while long_at(b[_LOWS + level] + 8 * at) >= bound:
            at += 1
    place = at * _FAN
    while place < stop and not _digs(by_share, places + _PLACE * place, bound):
        place += 1
    return place


@inlined
def _place_of(index: Any, slots: Any, account: int) -> Any:
    """Where in the index the slot of an account is noted, or would be."""
    mask = len(index) - 1
    at = (account * 2654435761) & mask
    while index[at] >= 0 and slots[index[at], ACCOUNT] != account:
        at = (at + 1) & mask
    return at


@inlined
def _slot_of(b: Any, index: Any, slots: Any, count: Any, account: int) -> Any:
    """The slot of an account, a new one if it has none."""
    at = _place_of(index, slots, account)
    slot = index[at]
    if slot < 0:
        slot = count[SLOTS]
        count[SLOTS] += 1
        index[at] = slot
        slots[slot, ACCOUNT], slots[slot, TOTAL], slots[slot, HEAD] = account, 0, -1
        slots[slot, STOP] = long_at(b[_OUT_AT] + 8 * account + 8)
        slots[slot, NEXT] = slots[slot, NEXT_ROW] = -1
    return slot


@inlined
def _leave(
    rule: int, b: Any, slots: Any, nodes: Any, count: Any, parcel: Any, slot: int, place: int
) -> Any:
    """Take a debit's share out of a slot into the parcel; return how many labels it carries."""
    amount, there = long_at(place), long_at(place + _BEFORE)
    units = min(amount, max(there, 0)) if b[MAY_OVERDRAW] else amount
    left, total = max(there - amount, 0), slots[slot, TOTAL]
    part, whole = total - left, total
    if rule == TIHO:
        part = min(total, units)
    elif rule == PRORATA and units < there:
        part, whole = units, there
    elif rule == PRORATA:
        part = whole
    carried, passed, given = np.int64(0), np.int64(0), np.int64(0)
    node, last = slots[slot, HEAD], np.int64(-1)
    while node >= 0 and units > 0:
        following = nodes[node, LINK]
        if rule == POISON:
            gone, rest = units, np.int64(left > 0)
            given += 1 - rest
        else:
            passed += nodes[node, UNITS]
            so_far = share(passed, part, whole)
            gone, given = so_far - given, so_far
            rest = nodes[node, UNITS] - gone
        nodes[node, UNITS] = rest
        if gone > 0:
            parcel[carried, LABEL], parcel[carried, UNITS] = nodes[node, LABEL], gone
            carried += 1
        if rest > 0:
            last = node
        else:
            if last < 0:
                slots[slot, HEAD] = following
            else:
                nodes[last, LINK] = following
            nodes[node, LINK], count[FREE] = count[FREE], node
        node = following
    slots[slot, TOTAL] = total - given
    return carried


@inlined
def _arrive(rule: int, parcel: Any, carried: int, amount: Any, credit: Any, repays: Any) -> Any:
    """Set what of each label is credited, and what of that repays; return what is kept."""
    passed, given, total = np.int64(0), np.int64(0), np.int64(0)
    for at in range(carried):
        if rule == POISON:
            parcel[at, LINK] = share(parcel[at, UNITS], credit, amount)
        else:
            passed += parcel[at, UNITS]
            so_far = share(passed, credit, amount)
            parcel[at, LINK], given = so_far - given, so_far
        total += parcel[at, LINK]
    part, whole = max(total - (credit - repays), 0), total
    if rule == PRORATA:
        part, whole = repays, credit
    elif rule == TIHO:
        part = min(total, repays)
    passed, given = np.int64(0), np.int64(0)
    for at in range(carried):
        parcel[at, LOST] = 0
        if rule == POISON:
            parcel[at, LOST] = repays if parcel[at, LINK] > 0 else 0
            given += parcel[at, LINK] if repays == credit else 0
        elif repays > 0 and whole > 0:
            passed += parcel[at, LINK]
            so_far = share(passed, part, whole)
            parcel[at, LOST], given = so_far - given, so_far
    return total - given


@inlined
def _new_node(nodes: Any, count: Any, label: Any, units: Any, following: Any) -> Any:
    node = count[FREE]
    if node >= 0:
        count[FREE] = nodes[node, LINK]
    else:
        node = count[NODES]
        count[NODES] += 1
    nodes[node, LABEL], nodes[node, UNITS], nodes[node, LINK] = label, units, following
    return node


@inlined
def _keep(
    rule: int, slots: Any, nodes: Any, count: Any, parcel: Any, carried: int, slot: int
) -> None:
    """Merge a parcel into the nodes of a slot; both are sorted by label."""
    node, last = slots[slot, HEAD], np.int64(-1)
    for at in range(carried):
        label, units = parcel[at, LABEL], parcel[at, LINK]
        if rule != POISON:
            units -= parcel[at, LOST]
        if units == 0:
            continue
        while node >= 0 and nodes[node, LABEL] < label:
            last, node = node, nodes[node, LINK]
        is_there = node >= 0 and nodes[node, LABEL] == label
        if rule == POISON:
            units = np.int64(0) if is_there else np.int64(1)
        slots[slot, TOTAL] += units
        if is_there:
            nodes[node, UNITS] += units
            continue
        new = _new_node(nodes, count, label, units, node)
        if last < 0:
            slots[slot, HEAD] = new
        else:
            nodes[last, LINK] = new
        last = new


@inlined
def _foresee(b: Any, count: Any, row: int) -> None:
    """Bring near a debit that came to wait, and what the one before it will need.

    So memory is asked for several at a time, and none of them is waited for.
    """
    last = count[_LAST]
    count[_LAST] = row
    fetch(b[_ROWS] + _ROW * row)
    if last >= 0:
        to, onward = int_at(b[_ROWS] + _ROW * last), int_at(b[_ROWS] + _ROW * last + _ONWARD)
        fetch(b[_OUT_AT] + 8 * to)
        fetch(b[_EXTERNAL] + to)
        fetch(b[_PLACES] + _PLACE * onward)
        fetch(b[_PLACES] + _PLACE * onward + 64)
        fetch(b[_LOWS] + 8 * (onward // _FAN + 1))


@inlined
def _wait(rule: int, b: Any, heap: Any, slots: Any, count: Any, slot: int, place: int) -> None:
    """A slot waits for its first debit from a place on that can carry traced money."""
    stop, bound, row = slots[slot, STOP], slots[slot, TOTAL], b[LIMIT]
    if bound == 0:
        place = stop
    elif rule == LIBR or rule == PRORATA:
        place = _first_below(b, rule == PRORATA, place, stop, bound)
    if place < stop:
        row = int_at(b[_PLACES] + _PLACE * place + _OUT_ROW)
    if row >= b[LIMIT]:
        slots[slot, NEXT] = slots[slot, NEXT_ROW] = -1
    elif row != slots[slot, NEXT_ROW]:
        slots[slot, NEXT], slots[slot, NEXT_ROW] = place, row
        push(heap, count[WAITING], (row << _HALF) + slot)
        count[WAITING] += 1
        _foresee(b, count, row)


@inlined
def _note_rest(rests: Any, count: Any, account: Any, label: Any, units: Any) -> None:
    n = count[RESTS]
    rests[n, 0], rests[n, 1], rests[n, 2] = account, label, units
    count[RESTS] += 1


@inlined
def _note_steps(steps: Any, count: Any, row: int, parcel: Any, carried: int) -> None:
    n = count[STEPS]
    for at in range(carried):
        steps[n, 0], steps[n, 1], steps[n, 2] = row, parcel[at, LABEL], parcel[at, UNITS]
        steps[n, 3], steps[n, 4] = parcel[at, LINK], parcel[at, LOST]
        n += 1
    count[STEPS] = n


@compiled
def _rests(slots: Any, nodes: Any, rests: Any, count: Any) -> Any:
    """What rests in all slots, or of what was refused."""
    only = count[_ONLY]
    count[RESTS] = 0 if only >= 0 else count[RESTS]
    for slot in range(count[SLOTS]):
        node = slots[slot, HEAD]
        while node >= 0 and (only < 0 or slot == only):
            rests = _room(rests, count[RESTS])
            account, label, units = slots[slot, ACCOUNT], nodes[node, LABEL], nodes[node, UNITS]
            _note_rest(rests, count, account, label, units)
            node = nodes[node, LINK]
    return rests[: count[RESTS]]


@compiled
def _walk(
    rule: int, b: Any, starts: Any, most: int, count: Any, slots: Any, nodes: Any, index: Any,
    heap: Any, parcel: Any, steps: Any, rests: Any,
) -> bool:  # fmt: skip
    """Go on until all is done (True) or a table may be too short for the next step."""
    labels = len(parcel)
    while (count[STARTED] < len(starts) or count[WAITING]) and count[STEPS] <= most:
        if count[STEPS] + labels > len(steps) or count[RESTS] + labels > len(rests):
            return False
        if count[NODES] + labels > len(nodes) or count[WAITING] + 2 > len(heap):
            return False
        if count[SLOTS] == len(slots):
            return False
        started = count[STARTED]
        if started < len(starts) and (
            count[WAITING] == 0 or starts[started, 0] <= heap[0] >> _HALF
        ):
            row, amount, payer = starts[started, 0], starts[started, 3], starts[started, 4]
            slot = np.int64(-1)
            if not byte_at(b[_EXTERNAL] + payer):
                slot = index[_place_of(index, slots, payer)]
            if slot >= 0 and slots[slot, TOTAL] > 0:
                count[REFUSED], count[_ONLY] = row, slot
                return True
            parcel[0, LABEL], parcel[0, UNITS] = starts[started, 1], starts[started, 2]
            carried = min(starts[started, 2], np.int64(1))
            count[STARTED] += 1
        else:
            row, slot = heap[0] >> _HALF, heap[0] & _LOW
            count[WAITING] -= 1
            pop(heap, count[WAITING])
            if slots[slot, NEXT_ROW] != row:
                continue
            place = slots[slot, NEXT]
            amount = long_at(b[_PLACES] + _PLACE * place)
            there = b[_PLACES] + _PLACE * place
            carried = _leave(rule, b, slots, nodes, count, parcel, slot, there)
            _wait(rule, b, heap, slots, count, slot, place + 1)
        if carried == 0:
            continue
        to, repays, arrives = int_at(b[_ROWS] + _ROW * row), np.int64(0), amount
        is_external = byte_at(b[_EXTERNAL] + to)
        if b[_CREDIT]:
            arrives = long_at(b[_CREDIT] + 8 * row)
        if b[MAY_OVERDRAW] and not is_external:
            repays = min(max(-long_at(b[_BASE] + 8 * row), np.int64(0)), arrives)
        kept = _arrive(rule, parcel, carried, amount, arrives, repays)
        _note_steps(steps, count, row, parcel, carried)
        if is_external:
            for at in range(carried):
                if kept > 0 and parcel[at, LINK] > 0:
                    _note_rest(rests, count, to, parcel[at, LABEL], parcel[at, LINK])
        elif kept > 0:
            slot = _slot_of(b, index, slots, count, to)
            _keep(rule, slots, nodes, count, parcel, carried, slot)
            onward = int_at(b[_ROWS] + _ROW * row + _ONWARD)
            _wait(rule, b, heap, slots, count, slot, onward)
    return True


@compiled
def _longer_index(slots: Any, count: Any, size: int) -> Any:
    index = np.full(size, -1, np.int32)
    for slot in range(count[SLOTS]):
        index[_place_of(index, slots, slots[slot, ACCOUNT])] = slot
    return index


@compiled
def touched(rule: int, b: Any, starts: Any, most: int) -> Any:
    """As ``touched_plain._Touched``. Poison keeps a unit for each mark, and none of the balance.

    The tables double when they are full.
    """
    count = np.zeros(_COUNTS, np.int64)
    count[FREE] = count[_LAST] = count[REFUSED] = count[_ONLY] = -1
    labels = max(len(starts), 1)
    size = labels + 64
    slots, nodes = np.empty((64, _SLOT), np.int64), np.empty((size, 3), np.int64)
    index, heap = _longer_index(slots, count, 128), np.empty(64, np.int64)
    parcel, steps = np.empty((labels, 4), np.int64), np.empty((size, 5), np.int64)
    rests = np.empty((size, 3), np.int64)
    while not _walk(
        rule, b, starts, most, count, slots, nodes, index, heap, parcel, steps, rests
    ):  # fmt: skip
        steps = _room(steps, count[STEPS] + labels)
        rests = _room(rests, count[RESTS] + labels)
        nodes = _room(nodes, count[NODES] + labels)
        if count[WAITING] + 2 > len(heap):
            more = np.empty(2 * len(heap), np.int64)
            more[: len(heap)] = heap
            heap = more
        if count[SLOTS] == len(slots):
            slots = _room(slots, len(slots))
            index = _longer_index(slots, count, 2 * len(slots))
    return steps[: count[STEPS]], _rests(slots, nodes, rests, count), count[REFUSED]


@compiled
def _lie(
    b: Any, heap: Any, rests: Any, count: Any, account: int, label: Any, low: Any, high: Any,
    place: int,
) -> Any:  # fmt: skip
    """An interval of levels waits for the first debit that leaves less, or rests."""
    stop = long_at(b[_OUT_AT] + 8 * account + 8)
    place = _first_below(b, False, place, stop, high)
    row = b[LIMIT]
    if place < stop:
        row = int_at(b[_PLACES] + _PLACE * place + _OUT_ROW)
    if row >= b[LIMIT]:
        rests = _room(rests, count[RESTS])
        _note_rest(rests, count, account, label, high - low)
        return heap, rests
    heap = _room(heap, count[WAITING])
    at = count[WAITING]
    heap[at, 0], heap[at, 1], heap[at, 2] = row, label, low
    heap[at, 3], heap[at, 4], heap[at, 5] = high, place, account
    rise(heap, at)
    count[WAITING] += 1
    return heap, rests


@compiled
def _land(
    b: Any, steps: Any, count: Any, parcel: Any, row: Any, label: Any, first: Any, last: Any,
    amount: Any,
) -> Any:  # fmt: skip
    """Note units ``first`` to ``last`` of a row; return the levels that they are at its payee."""
    n = count[STEPS] - 1
    is_more = n >= 0 and steps[n, 0] == row and steps[n, 1] == label
    parcel[0, LABEL], parcel[0, UNITS], parcel[0, LOST] = label, last - first, 0
    if b[_CREDIT]:
        credit = long_at(b[_CREDIT] + 8 * row)
        first, last = share(first, credit, amount), share(last, credit, amount)
    parcel[0, LINK] = last - first
    start = np.int64(0)
    if not byte_at(b[_EXTERNAL] + int_at(b[_ROWS] + _ROW * row)):
        start = long_at(b[_BASE] + 8 * row)
        if first < -start:
            parcel[0, LOST] = min(last, -start) - first
            first += parcel[0, LOST]
    if is_more:
        for column in range(1, 4):
            steps[n, 1 + column] += parcel[0, column]
    else:
        steps = _room(steps, count[STEPS])
        _note_steps(steps, count, row, parcel, 1)
    return steps, start + first, start + last


@compiled
def levels(b: Any, starts: Any, most: int) -> Any:
    """As ``levels_plain._Levels``."""
    count = np.zeros(_COUNTS, np.int64)
    heap, parcel = np.empty((32, 6), np.int64), np.empty((1, 4), np.int64)
    steps, rests = np.empty((32, 5), np.int64), np.empty((32, 3), np.int64)
    started = moved = 0
    while (started < len(starts) or count[WAITING]) and moved <= most:
        moved += 1
        low, left, place, account = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        if started < len(starts):
            row, label = starts[started, 0], starts[started, 1]
            first, last, amount = np.int64(0), starts[started, 2], starts[started, 3]
            started += 1
            if last == 0:
                continue
        else:
            row, label, low, high = heap[0, 0], heap[0, 1], heap[0, 2], heap[0, 3]
            place, account = heap[0, 4], heap[0, 5]
            count[WAITING] -= 1
            drop_first(heap, count[WAITING])
            while (
                count[WAITING] and heap[0, 0] == row and heap[0, 1] == label and heap[0, 2] == high
            ):
                high = heap[0, 3]
                count[WAITING] -= 1
                drop_first(heap, count[WAITING])
            debit = b[_PLACES] + _PLACE * place
            amount, there = long_at(debit), long_at(debit + _BEFORE)
            top = max(there, 0) if b[MAY_OVERDRAW] else max(there, amount)
            left = max(low, there - amount)
            first, last = top - high, top - left
        to = int_at(b[_ROWS] + _ROW * row)
        steps, bottom, high = _land(b, steps, count, parcel, row, label, first, last, amount)
        if byte_at(b[_EXTERNAL] + to) and bottom < high:
            rests = _room(rests, count[RESTS])
            _note_rest(rests, count, to, label, high - bottom)
        elif bottom < high:
            following = int_at(b[_ROWS] + _ROW * row + _ONWARD)
            heap, rests = _lie(b, heap, rests, count, to, label, bottom, high, following)
        if low < left:
            heap, rests = _lie(b, heap, rests, count, account, label, low, left, place + 1)
    return steps[: count[STEPS]], rests[: count[RESTS]], moved > most
