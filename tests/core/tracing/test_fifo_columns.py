"""First in, first out over columns: the same answer as the plain walk, on random ledgers."""

from __future__ import annotations

from random import Random

import pytest

from recoup.core.tracing import Account, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.fifo_columns import trace_columns
from recoup.core.tracing.ledger import in_order

LEDGERS = 2_000


def ledger_of(number: int) -> Ledger:
    """A small ledger with ties in time, payments to oneself, rings, exchange, accounts outside."""
    choose = Random(number)
    exchanges = choose.random() < 0.5
    accounts = [f"A{n}" for n in range(choose.randint(2, 6))]
    transfers = tuple(
        Transfer(
            f"T{n:02}", choose.randint(0, 8), choose.choice(accounts), choose.choice(accounts),
            choose.choice([0, 1, 2, 3, 5, 50, 10**17]), choose.randint(0, 2),
            choose.choice([None, 0, 1, 4, 7, 10**17 + 1]) if exchanges else None,
        )
        for n in range(choose.randint(1, 25))
    )  # fmt: skip
    outside = choose.sample(accounts, choose.randint(0, 2))
    paid = choose.sample(transfers, min(len(transfers), choose.randint(1, 3)))
    seeds = tuple(Seed(one.id, choose.choice([None, one.amount // 2])) for one in paid)
    return Ledger({name: Account(external=True) for name in outside}, transfers, seeds)


def by_columns(ledger: Ledger):
    rows = ledger.transfers
    names = sorted({end for x in rows for end in (x.payer, x.payee)} | set(ledger.accounts))
    at = {x.id: n for n, x in enumerate(rows)}
    found = trace_columns(
        [at[x.id] for x in in_order(ledger, as_of=None)],
        payer=[names.index(x.payer) for x in rows], payee=[names.index(x.payee) for x in rows],
        amount=[x.amount for x in rows], accounts=len(names),
        external=frozenset(names.index(x) for x in ledger.accounts),
        seeds={
            at[s.transfer]: rows[at[s.transfer]].amount if s.amount is None else s.amount
            for s in ledger.seeds
        },
        credit=[x.credited for x in rows], ids=[x.id for x in rows], names=names,
    )  # fmt: skip

    def named(table, keys):
        return {keys[k]: {rows[n].id: units for n, units in row.items()}
                for k, row in table.items()}  # fmt: skip

    return (
        named(found.held, names), named(found.carried, [x.id for x in rows]),
        {names[n]: units for n, units in found.unseen.items()},
        {name: found.balances[n] for n, name in enumerate(names)
         if name not in ledger.accounts},
        found.exchanged,
    )  # fmt: skip


def units(table):
    return sum(sum(labels.values()) for labels in table.values())


def test_it_equals_the_plain_walk_on_random_ledgers():
    refusals = 0
    for number in range(LEDGERS):
        ledger = ledger_of(number)
        try:
            right = trace(ledger)
        except LedgerRefused as fault:
            refusals += 1
            with pytest.raises(LedgerRefused) as refused:
                by_columns(ledger)
            assert (str(refused.value), refused.value.value) == (str(fault), fault.value)
            continue
        held, carried, unseen, balances, exchanged = by_columns(ledger)
        assert held == right.held, number
        assert carried == right.transfers, number
        assert unseen == right.unseen, number
        assert balances == right.balances, number
        assert exchanged == units(right.credited) - units(right.transfers), number
    assert 0 < refusals < LEDGERS // 2
