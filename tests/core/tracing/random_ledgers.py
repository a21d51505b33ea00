"""Small random ledgers: few accounts, ties in time, shortfalls, cycles, exchange, two victims."""

from __future__ import annotations

import os
from random import Random

from hypothesis import strategies as st

from recoup.core.tracing import Account, Ledger, Seed, Transfer

# Fewer where the tests are run thousands of times, to see what each mutant does to them.
RANDOM_LEDGERS = int(os.environ.get("RECOUP_RANDOM_LEDGERS", "10000"))
INSIDE = ["A", "B", "C", "D"]
OUTSIDE = ["V", "W"]


def random_ledger(
    choose: Random, *, exchange: bool = True, odd_seeds: bool = True, batches: bool = True
) -> Ledger:
    """Return a ledger of up to 14 transfers.

    odd_seeds: some victims' payments leave accounts that are known, so that the ledger may
    have to be refused. Without them they come from outside.
    """
    transfers = []
    for number in range(choose.randint(2, 14)):
        transfers.append(
            Transfer(
                id=f"{choose.choice('abc')}{number}",
                t=choose.randint(0, 5),
                payer=choose.choice([*INSIDE, "V"]),
                payee=choose.choice([*INSIDE, *INSIDE, "W"]),
                amount=choose.randint(0, 12),
                seq=choose.randint(0, 2),
                credit=choose.randint(0, 30) if exchange and not choose.randint(0, 7) else None,
                batch=choose.choice([None, "x"]) if batches else None,
            )
        )
    seeds = []
    for transfer in transfers:
        likely = 0.6 if transfer.payer == "V" else 0.05 * odd_seeds
        if choose.random() < likely:
            part = choose.choice([None, choose.randint(0, transfer.amount)])
            seeds.append(Seed(transfer.id, part))
    accounts = {name: Account(opening=choose.choice([0, 0, 3, 9])) for name in INSIDE}
    accounts |= {name: Account(external=True) for name in OUTSIDE}
    return Ledger(accounts, tuple(transfers), tuple(seeds))


def ledgers(*, exchange: bool = True, batches: bool = True) -> st.SearchStrategy[Ledger]:
    """Ledgers that are never refused."""
    return st.randoms(use_true_random=False).map(
        lambda choose: random_ledger(choose, exchange=exchange, odd_seeds=False, batches=batches)
    )
