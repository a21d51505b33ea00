"""Balances before each booking, and the next debit that digs deep enough: the loops for it.

Written once: run as they stand, or compiled. They keep to what a compiler of numeric loops
understands: columns, whole numbers, no objects.

A *place* is a debit in the segment of its payer. Its depth is what a traced sum is held against:
it matters to the holder of ``bound`` traced units if its depth is below ``bound``.
"""

from __future__ import annotations

from typing import Final

from recoup.core.tracing.fast.columns import Column

FAN: Final = 16


def book(
    payer: Column,
    payee: Column,
    amount: Column,
    credit: Column,
    external: Column,
    may_overdraw: bool,
    used: Column,
    balance: Column,
    out_row: Column,
    out_amount: Column,
    before: Column,
    base: Column,
    onward: Column,
) -> None:
    """Balances of both ends before each row, and the payee's next place; rows stand in order.

    used: where each account's segment begins. balance: the openings. Both are used up.
    """
    exchanged = len(credit) > 0
    for row in range(len(payer)):
        account, units = payer[row], amount[row]
        place = used[account]
        used[account] = place + 1
        out_row[place] = row
        out_amount[place] = units
        if not external[account]:
            there = balance[account]
            before[place] = there
            balance[account] = there - units if may_overdraw else max(there - units, 0)
        account = payee[row]
        onward[row] = used[account]
        if not external[account]:
            if exchanged:
                units = credit[row]
            there = balance[account]
            base[row] = there
            balance[account] = there + units


def totals(
    payee: Column,
    credit: Column,
    external: Column,
    may_overdraw: bool,
    out_at: Column,
    out_row: Column,
    out_amount: Column,
    before: Column,
    limit: int,
    balance: Column,
    unseen: Column,
) -> None:
    """Balances, and units unseen, after the rows below a limit. balance: openings; unseen: 0."""
    exchanged = len(credit) > 0
    for account in range(len(balance)):
        for place in range(out_at[account], out_at[account + 1]):
            row = out_row[place]
            if row >= limit:
                break
            units = out_amount[place]
            if not external[account]:
                balance[account] -= units
                if not may_overdraw and before[place] < units:
                    unseen[account] += units - before[place]
                    balance[account] += units - before[place]
            balance[payee[row]] += credit[row] if exchanged else units


def depth(by_share: bool, units: int, there: int) -> int:
    """The balance that a debit leaves; by_share: the most traced units of which none leaves.

    Of ``bound`` traced units among ``there``, floor(bound * units / there) leave: at least one if
    bound is above (there - 1) // units.
    """
    if by_share and units > 0:
        return max(there - 1, 0) // units
    return max(there - units, 0)


def lowest(
    by_share: bool, out_amount: Column, before: Column, lows: Column, level_at: Column
) -> None:
    """Fill the lowest depth of each block of places, then of each block of blocks, and so on."""
    for place in range(len(out_amount)):
        there, units = before[place], out_amount[place]
        # As ``depth``, which a compiled loop of another file cannot call.
        low = max(there - 1, 0) // units if by_share and units > 0 else max(there - units, 0)
        block = place // FAN
        if place % FAN == 0 or low < lows[block]:
            lows[block] = low
    for level in range(1, len(level_at) - 1):
        below = level_at[level - 1]
        for block in range(level_at[level + 1] - level_at[level]):
            start = below + block * FAN
            low = lows[start]
            for child in range(start + 1, min(start + FAN, level_at[level])):
                low = min(low, lows[child])
            lows[level_at[level] + block] = low


def first_below(
    by_share: bool,
    out_amount: Column,
    before: Column,
    lows: Column,
    level_at: Column,
    start: int,
    stop: int,
    bound: int,
) -> int:
    """The first place from ``start`` on whose depth is below a bound; ``stop`` if there is none.

    Blocks that lie above the bound are passed over whole: the cost grows with the logarithm of
    how far away the place is.
    """
    for place in range(start, min(start - start % FAN + FAN, stop)):
        if depth(by_share, out_amount[place], before[place]) < bound:
            return place
    at, level, width = start // FAN + 1, 0, FAN
    while at * width < stop:
        if at % FAN == 0 and level + 2 < len(level_at):
            at, level, width = at // FAN, level + 1, width * FAN
        elif lows[level_at[level] + at] < bound:
            break
        else:
            at += 1
    if at * width >= stop:
        return stop
    while level > 0:
        level, at = level - 1, at * FAN
        while lows[level_at[level] + at] >= bound:
            at += 1
    place = at * FAN
    while place < stop and depth(by_share, out_amount[place], before[place]) >= bound:
        place += 1
    return place


def levels_of(count: int) -> list[int]:
    """Where the blocks of each level begin among all blocks, and at the end how many there are."""
    level_at = [0]
    while count > 1 or len(level_at) == 1:
        count = -(-count // FAN)
        level_at.append(level_at[-1] + count)
    return level_at
