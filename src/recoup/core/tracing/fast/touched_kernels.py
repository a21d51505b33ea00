"""The compiled walks by balances; imported only where NumPy and Numba are installed.

All that is compiled into one walk stands in this file, because an outcome that was kept is made
anew only when its own file changes. The sums of a ledger fit 64 bits here (``reading`` sees to
it), so only a product can pass them: it is divided with 126 bits.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from recoup.core.tracing.fast.touched_compiling import compiled, fetch

LIBR, PRORATA, TIHO, POISON = range(4)

# What a walk is handed as ``b``: columns of ``Bookings``, the policy, and how many rows count
PAYEE, CREDIT, BASE, ONWARD, OUT_AT, OUT_ROW, OUT_AMOUNT, BEFORE = range(8)
EXTERNAL, LOWS, LEVEL_AT, MAY_OVERDRAW, LIMIT = range(8, 13)
# What ``count`` counts
SLOTS, NODES, FREE, WAITING, STEPS, RESTS = range(6)
# A slot: an account with traced money, the sum, the first of its nodes, the place of its next debit
ACCOUNT, TOTAL, HEAD, NEXT = range(4)
# A node or a parcel: a label, its units; then the next node, or units credited and of these lost
LABEL, UNITS, LINK, LOST = range(4)
_FAN: Final = 16
# A product estimated below the first fits; up to the second an estimate is at most one off.
_PRODUCT, _NEAR, _ROOM = 9.2e18, 2.0**50, 1 << 61


@compiled
def share(units: Any, part: Any, whole: Any) -> Any:
    """floor(units * part / whole) for units up to whole, though the product may pass 64 bits."""
    if part == whole:
        return units
    product = float(units) * float(part)
    if product < _PRODUCT:
        return units * part // whole
    estimate = product / float(whole)
    if estimate < _NEAR and whole < _ROOM:
        quotient = np.int64(estimate)
        rest = units * part - quotient * whole  # right modulo 2**64, and known to be small
        while rest < 0:
            quotient, rest = quotient - 1, rest + whole
        while rest >= whole:
            quotient, rest = quotient + 1, rest - whole
        return quotient
    return _long_share(units, part, whole)


@compiled
def _long_share(units: Any, part: Any, whole: Any) -> Any:
    """The same by long division, bit by bit."""
    times, beyond, divisor = part // whole, np.uint64(part % whole), np.uint64(whole)
    quotient, rest, one = np.uint64(0), np.uint64(0), np.uint64(1)
    for bit in range(62, -1, -1):
        quotient, rest = quotient << one, rest << one
        if rest >= divisor:
            quotient, rest = quotient + one, rest - divisor
        if (units >> bit) & 1:
            rest += beyond
            if rest >= divisor:
                quotient, rest = quotient + one, rest - divisor
    return units * times + np.int64(quotient)


@compiled
def _room(table: Any, n: int) -> Any:
    """The table, or a longer one, so that row ``n`` is in it."""
    if n < len(table):
        return table
    more = np.empty((2 * table.shape[0], table.shape[1]), np.int64)
    more[: table.shape[0]] = table
    return more


@compiled
def _is_before(heap: Any, one: int, other: int) -> bool:
    for column in range(3):
        if heap[one, column] != heap[other, column]:
            return bool(heap[one, column] < heap[other, column])
    return False


@compiled
def _rise(heap: Any, count: Any) -> None:
    """Move what was put behind a heap to where it belongs."""
    at = count[WAITING]
    count[WAITING] += 1
    while at > 0 and _is_before(heap, at, (at - 1) >> 1):
        above = (at - 1) >> 1
        for column in range(heap.shape[1]):
            heap[at, column], heap[above, column] = heap[above, column], heap[at, column]
        at = above


@compiled
def _drop_first(heap: Any, count: Any) -> None:
    """The gap goes down until the last line, which stays where it is so long, fits into it."""
    last, at = count[WAITING] - 1, 0
    count[WAITING] = last
    while at < last:
        child = 2 * at + 1
        if child + 1 < last and _is_before(heap, child + 1, child):
            child += 1
        if child >= last or not _is_before(heap, child, last):
            child = last
        for column in range(heap.shape[1]):
            heap[at, column] = heap[child, column]
        at = child


@compiled
def _digs(by_share: bool, units: Any, there: Any, bound: int) -> bool:
    """Whether ``dips.depth`` is below a bound, as a rule without a division."""
    if not by_share or units <= 0:
        return bool(max(there - units, 0) < bound)
    if float(units) * float(bound) < _PRODUCT:
        return bool(there <= units * bound)
    return bool(max(there - 1, 0) // units < bound)


@compiled
def _first_below(b: Any, by_share: bool, start: int, stop: int, bound: int) -> Any:
    """As ``dips.first_below``. bound: above zero."""
    amount, before, lows, level_at = b[OUT_AMOUNT], b[BEFORE], b[LOWS], b[LEVEL_AT]
    for place in range(start, min(start - start % _FAN + _FAN, stop)):
        if _digs(by_share, amount[place], before[place], bound):
            return place
    at, level, width = start // _FAN + 1, 0, _FAN
    while at * width < stop:
        if at % _FAN == 0 and level + 2 < len(level_at):
            at, level, width = at // _FAN, level + 1, width * _FAN
        elif lows[level_at[level] + at] < bound:
            break
        else:
            at += 1
    if at * width >= stop:
        return stop
    while level > 0:
        level, at = level - 1, at * _FAN
        while lows[level_at[level] + at] >= bound:
            at += 1
    place = at * _FAN
    while place < stop and not _digs(by_share, amount[place], before[place], bound):
        place += 1
    return place


@compiled
def _slot_of(table: Any, slots: Any, account: int) -> Any:
    """The slot of an account; if it has none, -1 less its place in the table."""
    mask = len(table) - 1
    at = (account * 2654435761) & mask
    while table[at] >= 0:
        if slots[table[at], ACCOUNT] == account:
            return table[at]
        at = (at + 1) & mask
    return -1 - at


@compiled
def _new_slot(table: Any, slots: Any, count: Any, account: int) -> Any:
    if 2 * count[SLOTS] + 2 > len(table):
        table = np.full(2 * len(table), -1, np.int64)
        for slot in range(count[SLOTS]):
            table[-1 - _slot_of(table, slots, slots[slot, ACCOUNT])] = slot
    slots = _room(slots, count[SLOTS])
    slot = count[SLOTS]
    table[-1 - _slot_of(table, slots, account)] = slot
    slots[slot, ACCOUNT], slots[slot, TOTAL], slots[slot, HEAD] = account, 0, -1
    slots[slot, NEXT] = -1
    count[SLOTS] += 1
    return table, slots, slot


@compiled
def _to_parcel(parcel: Any, at: int, label: Any, units: Any) -> Any:
    parcel = _room(parcel, at)
    parcel[at, LABEL], parcel[at, UNITS] = label, units
    return parcel


@compiled
def _leave(
    rule: int, b: Any, slots: Any, nodes: Any, count: Any, parcel: Any, slot: int, place: int
) -> Any:
    """Take a debit's share out of a slot into the parcel; return how many labels it carries."""
    amount, there = b[OUT_AMOUNT][place], b[BEFORE][place]
    units = min(amount, max(there, 0)) if b[MAY_OVERDRAW] else amount
    left, total = max(there - amount, 0), slots[slot, TOTAL]
    part, whole = total - left, total
    if rule == TIHO:
        part = min(total, units)
    elif rule == PRORATA and units < there:
        part, whole = units, there
    elif rule == PRORATA:
        part = whole
    carried, passed, given = 0, np.int64(0), np.int64(0)
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
            parcel = _to_parcel(parcel, carried, nodes[node, LABEL], gone)
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
    return parcel, carried


@compiled
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


@compiled
def _new_node(nodes: Any, count: Any, label: Any, units: Any, following: Any) -> Any:
    node = count[FREE]
    if node >= 0:
        count[FREE] = nodes[node, LINK]
    else:
        nodes = _room(nodes, count[NODES])
        node = count[NODES]
        count[NODES] += 1
    nodes[node, LABEL], nodes[node, UNITS], nodes[node, LINK] = label, units, following
    return nodes, node


@compiled
def _keep(
    rule: int, slots: Any, nodes: Any, count: Any, parcel: Any, carried: int, slot: int
) -> Any:
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
        nodes, new = _new_node(nodes, count, label, units, node)
        if last < 0:
            slots[slot, HEAD] = new
        else:
            nodes[last, LINK] = new
        last = new
    return nodes


@compiled
def _wait(rule: int, b: Any, heap: Any, slots: Any, count: Any, slot: int, place: int) -> Any:
    """A slot waits for its first debit from a place on that can carry traced money."""
    stop, bound = b[OUT_AT][slots[slot, ACCOUNT] + 1], slots[slot, TOTAL]
    if bound == 0:
        place = stop
    elif rule == LIBR or rule == PRORATA:
        place = _first_below(b, rule == PRORATA, place, stop, bound)
    if place >= stop or b[OUT_ROW][place] >= b[LIMIT]:
        slots[slot, NEXT] = -1
    elif slots[slot, NEXT] != place:
        slots[slot, NEXT] = place
        fetch(b[PAYEE], b[OUT_ROW][place])
        heap = _room(heap, count[WAITING])
        at = count[WAITING]
        heap[at, 0], heap[at, 1], heap[at, 2] = b[OUT_ROW][place], place, slot
        _rise(heap, count)
    return heap


@compiled
def _foresee(b: Any, heap: Any, table: Any, count: Any) -> None:
    """Bring near what the next debit will need, one of two, while this one is worked on."""
    for at in range(1, min(count[WAITING], 3)):
        to, onward = np.int64(b[PAYEE][heap[at, 0]]), np.int64(b[ONWARD][heap[at, 0]])
        fetch(b[OUT_AT], to)
        fetch(b[OUT_AMOUNT], onward)
        fetch(b[OUT_ROW], onward)
        fetch(table, (to * 2654435761) & (len(table) - 1))


@compiled
def _note_steps(steps: Any, count: Any, row: int, parcel: Any, carried: int) -> Any:
    for at in range(carried):
        steps = _room(steps, count[STEPS])
        n = count[STEPS]
        steps[n, 0] = row
        steps[n, 1:] = parcel[at]
        count[STEPS] += 1
    return steps


@compiled
def _note_rest(rests: Any, count: Any, account: Any, label: Any, units: Any) -> Any:
    rests = _room(rests, count[RESTS])
    n = count[RESTS]
    rests[n, 0], rests[n, 1], rests[n, 2] = account, label, units
    count[RESTS] += 1
    return rests


@compiled
def _rests(slots: Any, nodes: Any, rests: Any, count: Any, only: int) -> Any:
    """What rests in all slots, or in one alone."""
    count[RESTS] = 0 if only >= 0 else count[RESTS]
    for slot in range(count[SLOTS]):
        node = slots[slot, HEAD]
        while node >= 0 and (only < 0 or slot == only):
            account, label, units = slots[slot, ACCOUNT], nodes[node, LABEL], nodes[node, UNITS]
            rests = _note_rest(rests, count, account, label, units)
            node = nodes[node, LINK]
    return rests[: count[RESTS]]


@compiled
def touched(rule: int, b: Any, starts: Any, most: int) -> Any:
    """As ``touched_plain._Touched``. Poison keeps a unit for each mark, and none of the balance."""
    count = np.zeros(6, np.int64)
    count[FREE] = -1
    slots, nodes = np.empty((16, 4), np.int64), np.empty((32, 3), np.int64)
    table, heap = np.full(64, -1, np.int64), np.empty((16, 3), np.int64)
    parcel, steps = np.empty((8, 4), np.int64), np.empty((32, 5), np.int64)
    rests = np.empty((16, 3), np.int64)
    started, refused, only = 0, np.int64(-1), np.int64(-1)
    while (started < len(starts) or count[WAITING]) and count[STEPS] <= most:
        if started < len(starts) and (count[WAITING] == 0 or starts[started, 0] <= heap[0, 0]):
            row, amount, payer = starts[started, 0], starts[started, 3], starts[started, 4]
            slot = np.int64(-1) if b[EXTERNAL][payer] else _slot_of(table, slots, payer)
            if slot >= 0 and slots[slot, TOTAL] > 0:
                refused, only = row, slot
                break
            parcel[0, LABEL], parcel[0, UNITS] = starts[started, 1], starts[started, 2]
            carried = min(starts[started, 2], 1)
            started += 1
        else:
            row, place, slot = heap[0, 0], heap[0, 1], heap[0, 2]
            _foresee(b, heap, table, count)
            _drop_first(heap, count)
            if slots[slot, NEXT] != place:
                continue
            amount = b[OUT_AMOUNT][place]
            parcel, carried = _leave(rule, b, slots, nodes, count, parcel, slot, place)
            heap = _wait(rule, b, heap, slots, count, slot, place + 1)
        if carried == 0:
            continue
        to, repays = np.int64(b[PAYEE][row]), np.int64(0)
        arrives = b[CREDIT][row] if len(b[CREDIT]) else amount
        if b[MAY_OVERDRAW] and not b[EXTERNAL][to]:
            repays = min(max(-b[BASE][row], np.int64(0)), arrives)
        kept = _arrive(rule, parcel, carried, amount, arrives, repays)
        steps = _note_steps(steps, count, row, parcel, carried)
        if kept == 0:
            continue
        if b[EXTERNAL][to]:
            for at in range(carried):
                if parcel[at, LINK] > 0:
                    rests = _note_rest(rests, count, to, parcel[at, LABEL], parcel[at, LINK])
            continue
        slot = _slot_of(table, slots, to)
        if slot < 0:
            table, slots, slot = _new_slot(table, slots, count, to)
        nodes = _keep(rule, slots, nodes, count, parcel, carried, slot)
        heap = _wait(rule, b, heap, slots, count, slot, np.int64(b[ONWARD][row]))
    return steps[: count[STEPS]], _rests(slots, nodes, rests, count, only), refused


@compiled
def _lie(
    b: Any, heap: Any, rests: Any, count: Any, account: int, label: Any, low: Any, high: Any,
    place: int,
) -> Any:  # fmt: skip
    """An interval of levels waits for the first debit that leaves less, or rests."""
    stop = b[OUT_AT][account + 1]
    place = _first_below(b, False, place, stop, high)
    if place >= stop or b[OUT_ROW][place] >= b[LIMIT]:
        return heap, _note_rest(rests, count, account, label, high - low)
    heap = _room(heap, count[WAITING])
    at = count[WAITING]
    heap[at, 0], heap[at, 1], heap[at, 2] = b[OUT_ROW][place], label, low
    heap[at, 3], heap[at, 4], heap[at, 5] = high, place, account
    _rise(heap, count)
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
    if len(b[CREDIT]) and b[CREDIT][row] != amount:
        first, last = share(first, b[CREDIT][row], amount), share(last, b[CREDIT][row], amount)
    parcel[0, LINK] = last - first
    start = np.int64(0)
    if not b[EXTERNAL][b[PAYEE][row]]:
        start = b[BASE][row]
        if first < -start:
            parcel[0, LOST] = min(last, -start) - first
            first += parcel[0, LOST]
    if is_more:
        for column in range(1, 4):
            steps[n, 1 + column] += parcel[0, column]
    else:
        steps = _note_steps(steps, count, row, parcel, 1)
    return steps, start + first, start + last


@compiled
def levels(b: Any, starts: Any, most: int) -> Any:
    """As ``levels_plain._Levels``."""
    count = np.zeros(6, np.int64)
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
            _drop_first(heap, count)
            while (
                count[WAITING] and heap[0, 0] == row and heap[0, 1] == label and heap[0, 2] == high
            ):
                high = heap[0, 3]
                _drop_first(heap, count)
            amount, there = b[OUT_AMOUNT][place], b[BEFORE][place]
            top = max(there, 0) if b[MAY_OVERDRAW] else max(there, amount)
            left = max(low, there - amount)
            first, last = top - high, top - left
        to = np.int64(b[PAYEE][row])
        steps, bottom, high = _land(b, steps, count, parcel, row, label, first, last, amount)
        if b[EXTERNAL][to] and bottom < high:
            rests = _note_rest(rests, count, to, label, high - bottom)
        elif bottom < high:
            following = np.int64(b[ONWARD][row])
            heap, rests = _lie(b, heap, rests, count, to, label, bottom, high, following)
        if low < left:
            heap, rests = _lie(b, heap, rests, count, account, label, low, left, place + 1)
    return steps[: count[STEPS]], rests[: count[RESTS]], moved > most
