"""Ledgers as columns, for what takes arrays instead of objects."""

from __future__ import annotations

from recoup.core.tracing.fast import Index


def columns_of(ledger, *, shuffled=None):
    """The arguments of ``Index.from_arrays``; the ids of transfers stand in the order of booking.

    shuffled: gives rows another order, which (time, sequence) and then the row must still sort as
    (time, sequence, id) does: so only rows of different time or sequence change places.
    """
    rows = sorted(ledger.transfers, key=lambda x: (x.t, x.seq, x.id))
    if shuffled is not None:
        moments = {(x.t, x.seq): shuffled.random() for x in rows}
        rows.sort(key=lambda x: (moments[x.t, x.seq], x.id))
    names = dict.fromkeys([*ledger.accounts, *(end for x in rows for end in (x.payer, x.payee))])
    number = {name: place for place, name in enumerate(names)}
    listed = [ledger.accounts.get(name) for name in names]
    return {
        "payer": [number[x.payer] for x in rows],
        "payee": [number[x.payee] for x in rows],
        "t": [x.t for x in rows],
        "amount": [x.amount for x in rows],
        "credit": [x.credited for x in rows],
        "seq": [x.seq for x in rows],
        "opening": [x.opening if x else 0 for x in listed],
        "external": [bool(x and x.external) for x in listed],
        "names": list(names),
        "ids": [x.id for x in rows],
    }


def of_columns(columns, first=0, last=None, **more):
    """An index of some of the rows."""
    by_row = ("payer", "payee", "t", "amount", "credit", "seq", "ids")
    cut = {
        name: values[first:last] if name in by_row and values is not None else values
        for name, values in columns.items()
    }
    return Index.from_arrays(**cut, **more)


def positions(index):
    """All positions by row, whatever the segments look like."""
    c, debits = index.columns, {}
    for account in range(len(index.accounts)):
        at, stop = c.debits(account)
        for place in range(at, stop):
            debits[int(c.out_row[place])] = (c.start_of(place, account), int(c.out_end[place]))
    credits = [int(c.dstpos[row]) for row in range(c.rows)]
    owed = [int(c.owed[row]) for row in range(c.rows)] if len(c.owed) else []
    ins = [
        [int(c.in_row[x]) for x in range(*c.credits(account))]
        for account in range(len(index.accounts))
    ]
    ends = [(int(c.came[x]), int(c.gone[x])) for x in range(len(index.accounts))]
    return debits, credits, owed, ins, ends


def as_tuples(pieces):
    steps, rests = pieces
    return sorted(tuple(map(int, x)) for x in steps), sorted(tuple(map(int, x)) for x in rests)
