"""Positions given one by one are those of an index that was built at once."""

from __future__ import annotations

from random import Random

from recoup.core.tracing.fast import Index
from recoup.core.tracing.fast.numbering import Account, carry_out
from recoup.core.tracing.ledger import Account as Known
from recoup.core.tracing.ledger import in_order

from ..random_ledgers import random_ledger


def numbered(ledger, may_overdraw):
    accounts, places = {}, {}
    for x in in_order(ledger, as_of=None):
        for name in (x.payer, x.payee):
            known = ledger.accounts.get(name, Known())
            accounts.setdefault(name, Account(came=known.opening, external=known.external))
        places[x.id] = carry_out(
            accounts[x.payer], accounts[x.payee], x.amount, x.credited, may_overdraw=may_overdraw
        )
    return accounts, places


def test_ten_thousand_random_ledgers_have_the_positions_of_the_index():
    choose = Random(12)
    outside = 0
    for _ in range(10_000):
        ledger = random_ledger(choose)
        shortfall = choose.choice(["unseen", "overdraft"])
        index = Index.of(ledger, shortfall=shortfall, form="plain")
        c, result = index.columns, index.trace(())
        accounts, places = numbered(ledger, shortfall == "overdraft")
        for row, name in enumerate(index.ids):
            payer, payee = c.payer[row], c.payee[row]
            end = c.out_end[index.place_of(row)]
            srcpos = 0 if c.external[payer] else end - index.amount_of(row)
            dstpos = None if c.external[payee] else c.dstpos[row]
            owed = c.owed[row] if len(c.owed) and not c.external[payee] else 0
            assert places[name] == (srcpos, dstpos, owed), ledger
            outside += dstpos is None
        for name, account in accounts.items():
            if account.external:
                assert (account.gone, account.unseen) == (0, 0)
            else:
                assert account.came - account.gone == result.balances[name], ledger
                assert account.unseen == result.unseen.get(name, 0), ledger
    assert outside > 1_000
