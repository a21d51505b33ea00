"""The compiled loops of late bookings; imported only where Numba is.

All that call each other stand in this one file: what is kept of a compiled function is thrown
away when its own file changes, not when another does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.core.tracing.fast.columns import DONE, LARGEST, NO_ROOM, UNSURE
from recoup.core.tracing.fast.compiling import compiled


@compiled
def _order(t: Any, seq: Any, one: int, other: int, sure: int) -> int:
    """-1: before the other row; 0: the same; 1: after; 2: only their ids can tell.

    sure: of rows of one time and sequence, those below it are in the order of their numbers.
    """
    if one == other:
        return 0
    if t[one] != t[other]:
        return -1 if t[one] < t[other] else 1
    if len(seq) and seq[one] != seq[other]:
        return -1 if seq[one] < seq[other] else 1
    if max(one, other) >= sure:
        return 2
    return -1 if one < other else 1


@compiled
def _place_after(rows: Any, t: Any, seq: Any, low: int, high: int, row: int, sure: int) -> int:
    """The first place of a row that is not before a row; -1 if only ids can tell."""
    while low < high:
        middle = (low + high) // 2
        order = _order(t, seq, np.int64(rows[middle]), row, sure)
        if order == 2:
            return -1
        if order < 0:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _amount_of(
    t: Any, seq: Any, out_row: Any, out_end: Any, at: int, n: int, row: int, sure: int,
    late_from: int,
) -> Any:  # fmt: skip
    """The amount of a row, found among its payer's debits; -1 if only ids can tell where."""
    if late_from == LARGEST:
        place = np.searchsorted(out_row[at : at + n], row) + at
    else:
        place = _place_after(out_row, t, seq, at, at + n, row, sure)
    if place < 0 or out_row[place] != row:
        return -1
    return out_end[place] - (out_end[place - 1] if place > at else 0)


@compiled
def amounts(
    payer: Any, t: Any, seq: Any, out_row: Any, out_end: Any, out_at: Any, out_n: Any, rows: Any,
    sure: int, late_from: int,
) -> Any:  # fmt: skip
    """The amount of each of some rows; -1 where only ids can tell."""
    found = np.empty(len(rows), np.int64)
    for number in range(len(rows)):
        row = rows[number]
        account = payer[row]
        at, n = np.int64(out_at[account]), np.int64(out_n[account])
        found[number] = _amount_of(t, seq, out_row, out_end, at, n, row, sure, late_from)
    return found


# Bundles of what the late bookings need:
# keys: t, seq, sure; outs: out_at, out_n, out_room, out_row, out_end; ins: in_at, in_n, in_room,
# in_row; own: payer, credit, external, may_overdraw, opening, came, gone, dstpos, owed;
# new: its first row, its amounts, its credits, where each debit begins (written).


@compiled
def _merged(keys: Any, old: Any, values: Any, new: Any, new_values: Any) -> Any:
    """Two runs of rows in order, and their values, as one; whether ids were not needed."""
    rows = np.empty(len(old) + len(new), np.int64)
    both = np.empty(len(rows), np.int64)
    one, other = 0, 0
    for place in range(len(rows)):
        order = -1 if other == len(new) else 1
        if one < len(old) and other < len(new):
            order = _order(keys[0], keys[1], old[one], new[other], keys[2])
        if order == 2:
            return rows, both, False
        if order < 0:
            rows[place], both[place] = old[one], values[one]
            one += 1
        else:
            rows[place], both[place] = new[other], new_values[other]
            other += 1
    return rows, both, True


@compiled
def _turns(keys: Any, debits: Any, credits: Any) -> Any:
    """For each booking of an account whether it is a credit; whether ids were not needed."""
    is_credit = np.zeros(len(debits) + len(credits), np.bool_)
    one, other = 0, 0
    while one < len(debits) and other < len(credits):
        order = _order(keys[0], keys[1], debits[one], credits[other], keys[2])
        if order == 2:
            return is_credit, False
        is_credit[one + other] = order > 0
        if order > 0:
            other += 1
        else:
            one += 1
    is_credit[one + other :] = other < len(credits)
    return is_credit, True


@compiled
def _units_of(keys: Any, outs: Any, own: Any, row: int) -> Any:
    """The units that a row credited; -1 if only ids can tell where it stands."""
    if len(own[1]):
        return np.int64(own[1][row])
    account = own[0][row]
    at, n = np.int64(outs[0][account]), np.int64(outs[1][account])
    return _amount_of(keys[0], keys[1], outs[3], outs[4], at, n, row, keys[2], 0)


@compiled
def _bookings(
    account: int, place: int, entry: int, keys: Any, outs: Any, ins: Any, own: Any
) -> Any:  # fmt: skip
    """Debits and credits from two places on, with their units; whether ids were not needed."""
    at = outs[0][account]
    stop, last = at + outs[1][account], ins[0][account] + ins[1][account]
    debits, amounts = outs[3][place:stop].astype(np.int64), np.empty(stop - place, np.int64)
    for number in range(stop - place):
        there = place + number
        amounts[number] = outs[4][there] - (outs[4][there - 1] if there > at else 0)
    credits, units = ins[3][entry:last].astype(np.int64), np.zeros(last - entry, np.int64)
    if not own[2][account]:
        for number in range(len(credits)):
            units[number] = _units_of(keys, outs, own, credits[number])
            if units[number] < 0:
                return debits, amounts, credits, units, False
    return debits, amounts, credits, units, True


@compiled
def _moved(side: Any, ends: Any, account: int, more: int, used: Any, which: int) -> Any:
    """Make room for so many bookings more in a segment; whether there was place for it."""
    at, n, room, rows = side[0], side[1], side[2], side[3]
    count = n[account] + more
    if count <= room[account]:
        return True
    wanted = count + count // 2 + 2
    if used[which] + wanted > len(rows):
        return False
    old, to = np.int64(at[account]), used[which]
    for place in range(n[account]):
        rows[to + place] = rows[old + place]
        if len(ends):
            ends[to + place] = ends[old + place]
    at[account], room[account] = to, wanted
    used[which] = to + wanted
    return True


@compiled
def _set_again(
    account: int, before: int, credits_before: int, arrived: Any, is_credit: Any, debits: Any,
    amounts: Any, credits: Any, units: Any, new: Any, outs: Any, ins: Any, own: Any,
) -> None:  # fmt: skip
    """Carry out bookings of an account again. before: those that stay. arrived: what had come."""
    place, entry = outs[0][account] + before, ins[0][account] + credits_before
    gone = outs[4][place - 1] if before else np.int64(0)
    may_overdraw, dstpos, owed = own[3], own[7], own[8]
    one, other = 0, 0
    for turn in range(len(is_credit)):
        if not may_overdraw:
            arrived = max(arrived, gone)
        if not is_credit[turn]:
            row = debits[one]
            if row >= new[0]:
                new[3][row - new[0]] = gone
            gone += amounts[one]
            outs[3][place + one], outs[4][place + one] = row, gone
            one += 1
            continue
        row = credits[other]
        ins[3][entry + other] = row
        if not own[2][account]:
            dstpos[row] = arrived
            if len(owed):
                owed[row] = min(max(gone - arrived, 0), units[other])
            arrived += units[other]
        other += 1
    outs[1][account], ins[1][account] = before + one, credits_before + other
    own[5][account], own[6][account] = arrived if may_overdraw else max(arrived, gone), gone


@compiled
def _take_in(
    account: int, debits: Any, credits: Any, used: Any, new: Any, keys: Any, outs: Any, ins: Any,
    own: Any,
) -> Any:  # fmt: skip
    """Set one account again from the first of its new debits and credits on.

    What ended it, and how many old bookings were set again. If it did not end well, nothing has
    changed but the place of a segment.
    """
    t, seq, sure = keys
    earliest = debits[0] if len(debits) else credits[0]
    if len(debits) and len(credits):
        order = _order(t, seq, debits[0], credits[0], sure)
        if order == 2:
            return UNSURE, 0
        earliest = debits[0] if order <= 0 else credits[0]
    if not _moved(outs, outs[4], account, len(debits), used, 0):
        return NO_ROOM, 0
    if not _moved(ins, outs[4][:0], account, len(credits), used, 1):
        return NO_ROOM, 0
    at, to = np.int64(outs[0][account]), np.int64(ins[0][account])
    place = _place_after(outs[3], t, seq, at, at + outs[1][account], earliest, sure)
    entry = _place_after(ins[3], t, seq, to, to + ins[1][account], earliest, sure)
    if place < 0 or entry < 0:
        return UNSURE, 0
    arrived = np.int64(own[4][account])
    if entry > to and not own[2][account]:
        row = np.int64(ins[3][entry - 1])
        last = _units_of(keys, outs, own, row)
        if last < 0:
            return UNSURE, 0
        arrived = own[7][row] + last
    old, old_units, kept, kept_units, is_known = _bookings(
        account, place, entry, keys, outs, ins, own
    )
    rows, amounts, is_clear = _merged(keys, old, old_units, debits, new[1][debits - new[0]])
    others, units, is_told = _merged(keys, kept, kept_units, credits, new[2][credits - new[0]])
    if not (is_known and is_clear and is_told):
        return UNSURE, 0
    is_credit, is_told = _turns(keys, rows, others)
    if not is_told:
        return UNSURE, 0
    _set_again(
        account, place - at, entry - to, arrived, is_credit, rows, amounts, others, units, new,
        outs, ins, own,
    )  # fmt: skip
    return DONE, len(old) + (0 if own[2][account] else len(kept))


@compiled
def take_in(
    accounts: Any, debits: Any, debits_upto: Any, credits: Any, credits_upto: Any, number: int,
    used: Any, new: Any, keys: Any, outs: Any, ins: Any, own: Any,
) -> Any:  # fmt: skip
    """Set accounts again, from a number on; the number reached, what ended it, what was moved.

    debits, credits: new rows, of each account in order; ``*_upto`` say where an account's end.
    """
    moved = 0
    while number < len(accounts):
        first = debits_upto[number - 1] if number else 0
        start = credits_upto[number - 1] if number else 0
        why, count = _take_in(
            accounts[number], debits[first : debits_upto[number]],
            credits[start : credits_upto[number]], used, new, keys, outs, ins, own,
        )  # fmt: skip
        moved += count
        if why != DONE:
            return number, why, moved
        number += 1
    return number, DONE, moved
