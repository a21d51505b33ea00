"""The loops over a whole ledger, written once: run as they stand, or compiled.

They keep to what a compiler of numeric loops understands: columns, whole numbers, no objects.
"""

from __future__ import annotations

from recoup.core.tracing.fast.columns import Column


def build(
    payer: Column,
    payee: Column,
    amount: Column,
    credit: Column,
    opening: Column,
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
    """Positions of all rows, which stand in order. came, gone, *_n: zeros; *_at are set."""
    exchanged = len(credit) > 0
    for account in range(len(opening)):
        came[account] = opening[account]
    for row in range(len(payer)):
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
        gone = balance[account] * 0
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
