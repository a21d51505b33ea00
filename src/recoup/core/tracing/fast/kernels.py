"""The loops over a whole ledger or batch, written once: run as they stand, or compiled.

They keep to what a compiler of numeric loops understands: columns, whole numbers, no objects.
None calls another, so that what is kept of one after compiling depends on this file alone.
"""

from __future__ import annotations

from recoup.core.tracing.fast.columns import Column


def build(
    turns: Column,
    payer: Column,
    payee: Column,
    amount: Column,
    credit: Column,
    external: Column,
    may_overdraw: bool,
    out_at: Column,
    out_n: Column,
    in_at: Column,
    in_n: Column,
    came: Column,
    gone: Column,
    out_row: Column,
    out_end: Column,
    in_row: Column,
    dstpos: Column,
    owed: Column,
) -> None:
    """Positions of all rows. came: the openings; gone, *_n: zeros; *_at are set."""
    exchanged, ordered = len(credit) > 0, len(turns) == 0
    for turn in range(len(amount)):
        row = turn if ordered else turns[turn]
        account, units = payer[row], amount[row]
        place = out_at[account] + out_n[account]
        out_n[account] += 1
        end = gone[account] + units
        gone[account] = end
        out_row[place] = row
        out_end[place] = end
        if not may_overdraw and came[account] < end:
            came[account] = end
        account = payee[row]
        in_row[in_at[account] + in_n[account]] = row
        in_n[account] += 1
        if external[account]:
            continue
        if exchanged:
            units = credit[row]
        start = came[account]
        dstpos[row] = start
        came[account] = start + units
        if may_overdraw:
            owed[row] = min(max(gone[account] - start, 0), units)


def append(
    turns: Column, done: int, first: int, amount: Column, credited: Column, starts: Column,
    used: Column, payer: Column, payee: Column, external: Column, may_overdraw: bool,
    out_at: Column, out_n: Column, out_room: Column, in_at: Column, in_n: Column, in_room: Column,
    came: Column, gone: Column, out_row: Column, out_end: Column, in_row: Column, dstpos: Column,
    owed: Column,
) -> int:  # fmt: skip
    """Take in rows that come after all others, from a turn on; the turn at which room ran out.

    turns: numbers within the batch, in order; its first row is ``first``. used: places of
    debits and of credits that are used. starts: where each debit begins is written there.
    """
    for turn in range(done, len(turns)):
        number = turns[turn]
        row = first + number
        account, other = payer[row], payee[row]
        at, n = out_at[account], out_n[account]
        if n == out_room[account]:
            room = n + n // 2 + 2
            if used[0] + room > len(out_row):
                return turn
            new = used[0]
            for place in range(n):
                out_row[new + place] = out_row[at + place]
                out_end[new + place] = out_end[at + place]
            out_at[account], out_room[account] = new, room
            used[0] = new + room
            at = new
        to, m = in_at[other], in_n[other]
        if m == in_room[other]:
            room = m + m // 2 + 2
            if used[1] + room > len(in_row):
                return turn
            new = used[1]
            for place in range(m):
                in_row[new + place] = in_row[to + place]
            in_at[other], in_room[other] = new, room
            used[1] = new + room
            to = new
        end = gone[account] + amount[number]
        starts[number] = gone[account]
        gone[account] = end
        out_row[at + n], out_end[at + n] = row, end
        out_n[account] = n + 1
        if not may_overdraw and came[account] < end:
            came[account] = end
        in_row[to + m] = row
        in_n[other] = m + 1
        if external[other]:
            continue
        start, units = came[other], credited[number]
        dstpos[row] = start
        came[other] = start + units
        if may_overdraw:
            owed[row] = min(max(gone[other] - start, 0), units)
    return len(turns)


def pack(
    at: Column,
    n: Column,
    room: Column,
    ends: Column,
    rows: Column,
    new_ends: Column,
    new_rows: Column,
) -> int:
    """Lay segments out anew, with half as much room again; the places used. ends: may be empty."""
    used, ended = 0, len(ends) > 0
    for account in range(len(at)):
        here, count = at[account], n[account]
        for place in range(count):
            new_rows[used + place] = rows[here + place]
            if ended:
                new_ends[used + place] = ends[here + place]
        at[account] = used
        room[account] = count + count // 2 + (count > 0)
        used += room[account]
    return used


def totals(
    payee: Column,
    t: Column,
    dstpos: Column,
    credit: Column,
    out_row: Column,
    out_end: Column,
    out_at: Column,
    out_n: Column,
    opening: Column,
    external: Column,
    may_overdraw: bool,
    as_of: float,
    came: Column,
    top: Column,
    balance: Column,
    unseen: Column,
) -> None:
    """Balances and unseen units up to a time, in any order of rows. The last four: zeros."""
    exchanged = len(credit) > 0
    for account in range(len(opening)):
        top[account] = opening[account]
    for account in range(len(opening)):
        gone = opening[account] * 0
        for place in range(out_at[account], out_at[account] + out_n[account]):
            row = out_row[place]
            if t[row] > as_of:
                break
            units = out_end[place] - gone
            gone = out_end[place]
            if exchanged:
                units = credit[row]
            other = payee[row]
            came[other] += units
            if not external[other]:
                top[other] = max(top[other], dstpos[row] + units)
        balance[account] = gone
    for account in range(len(opening)):
        gone = balance[account]
        if not may_overdraw:
            top[account] = max(top[account], gone)
            unseen[account] = top[account] - opening[account] - came[account]
            balance[account] = top[account] - gone
        else:
            balance[account] = opening[account] + came[account] - gone
