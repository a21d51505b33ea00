"""What patterns and linking are measured on: ledgers and reports as arrays, from a seed.

A clean ledger is as ``[clean_ledger]`` of the data file describes it: any account pays any other at
any time. A busy one has heavy tails at both ends, as real ones do. Reports name three identifiers
each, two in five of them shared ones, of which a few are named by very many.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from recoup.core.linking import KINDS, Identifier, Mention, Told
from recoup.core.linking.fast.coded import Coded
from recoup.core.money import Money
from recoup.core.patterns import CleanLedger
from recoup.core.patterns.fast import Columns, of_arrays
from recoup.core.patterns.fast.columns import Column
from recoup.core.tracing import Transfer

WEEK: Final = 7 * 86_400
DAY, HOUR = 86_400, 3_600
YEAR: Final = 365 * 86_400
PAYERS, PAYEES, AN_ACCOUNT = 1.6, 3.0, 20
NAMED: Final = 3
SHARED: Final = 0.4
POOL: Final = 0.24
# time, payer, payee, amount
_Row = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Rows:
    """A ledger as columns: time, payer, payee, amount; numbers from 0 to accounts."""

    t: Column
    payer: Column
    payee: Column
    amount: Column
    accounts: int

    def columns(self) -> Columns:
        return of_arrays(self.t, self.payer, self.payee, self.amount, accounts=self.accounts)

    def transfers(self) -> list[Transfer]:
        """The same as objects, called as ``columns`` calls them."""
        rows = zip(self.t.tolist(), self.payer.tolist(), self.payee.tolist(), self.amount.tolist(),
                   strict=True)  # fmt: skip
        return [
            Transfer(f"{n:09}", t, f"N{payer}", f"N{payee}", amount)
            for n, (t, payer, payee, amount) in enumerate(rows)
        ]


def clean(size: int, seed: int, told: CleanLedger) -> Rows:
    """A ledger in which nothing was planted."""
    choose = np.random.default_rng(seed)
    weeks = 10
    accounts = max(2, size // (weeks * told.credits_per_account_week))
    payer, payee = choose.integers(0, accounts, size), choose.integers(0, accounts - 1, size)
    payee += payee >= payer
    amount = np.exp(choose.normal(log(told.median), told.spread / 100, size)).astype(np.int64) + 1
    return Rows(choose.integers(0, weeks * WEEK, size), payer, payee, amount, accounts)


def busy(size: int, seed: int) -> Rows:
    """A year with heavy tails: few accounts have most of the transfers."""
    choose = np.random.default_rng(seed)
    accounts = max(size // AN_ACCOUNT, 10)
    payer = (accounts * choose.random(size) ** PAYERS).astype(np.int64)
    payee = (accounts * choose.random(size) ** PAYEES).astype(np.int64)
    amount = choose.lognormal(8.5, 1.3, size).astype(np.int64) + 1
    return Rows(np.sort(choose.integers(0, YEAR, size)), payer, payee, amount, accounts)


def planted(size: int, seed: int, told: CleanLedger) -> tuple[Rows, dict[str, list[set[str]]]]:
    """A clean ledger with examples of each pattern; returns the ids of each example."""
    ground, choose = clean(size, seed, told), np.random.default_rng(seed + 1)
    rows: list[_Row] = []
    examples: dict[str, list[set[str]]] = {}
    account = ground.accounts
    for _ in range(max(3, size // 10_000)):
        for kind, (example, many) in _examples(choose).items():
            begin = int(choose.integers(0, 8 * WEEK))
            ids = {f"{size + len(rows) + n:09}" for n in range(len(example))}
            examples.setdefault(kind, []).append(ids)
            rows += [(begin + t, account + a, account + b, units) for t, a, b, units in example]
            account += many
    more = np.array(rows, np.int64).T
    t, payer, payee, amount = (
        np.concatenate(x)
        for x in zip((ground.t, ground.payer, ground.payee, ground.amount), more, strict=True)
    )
    return Rows(t, payer, payee, amount, accounts=account), examples


def _examples(choose: np.random.Generator) -> dict[str, tuple[list[_Row], int]]:
    """One example of each kind: time, payer, payee, amount; and how many accounts it has."""
    n, units = int(choose.integers(8, 20)), int(choose.integers(60_000, 600_000))
    hops = int(choose.integers(3, 7))
    fan_in = [(i * 8 * HOUR, i + 1, 0, 3_000 + i) for i in range(n)]
    fan_out = [(i * HOUR, 0, i + 1, 3_000 + i) for i in range(n)]
    through = [(0, 1, 0, units), (9 * HOUR, 0, 2, units * 9 // 10)]
    cycle = [(i * DAY, i, (i + 1) % hops, units * (100 - 3 * i) // 100) for i in range(hops)]
    peel = [(0, hops, 0, units)]
    for i in range(hops):
        rest = units * (90 - 10 * i) // 100
        peel += [(i * DAY + HOUR, i, (i + 1) if i + 1 < hops else hops + 1, rest),
                 (i * DAY + 2 * HOUR, i, hops + 2 + i, units * 5 // 100)]  # fmt: skip
    near = [(i * HOUR, 0, 1, 980_000 - i) for i in range(4)]
    return {
        "fan_in": (fan_in, n + 1),
        "fan_out": (fan_out, n + 1),
        "pass_through": (through, 3),
        "cycle": (cycle, hops),
        "peel_chain": (peel, 2 * hops + 2),
        "structuring": (near, 2),
    }


def reports(size: int, seed: int) -> Coded:
    """Reports that name three identifiers each, as numbers, in the order of the reports."""
    choose, rows, pool = np.random.default_rng(seed), NAMED * size, max(int(POOL * size), 1)
    identifier = np.arange(pool, pool + rows)
    shared = choose.random(rows) < SHARED
    identifier[shared] = (pool * choose.random(int(shared.sum())) ** PAYEES).astype(np.int64)
    _, identifier = np.unique(identifier, return_inverse=True)
    distinct = int(identifier.max()) + 1
    identifier = choose.permutation(distinct)[identifier]
    kind = choose.integers(0, len(KINDS), distinct)
    # As interning numbers them: by kind, so that numbers follow the order of the identifiers.
    names = sorted(range(len(KINDS)), key=lambda n: list(KINDS)[n])
    order = np.lexsort((np.arange(distinct), np.argsort(names)[kind]))
    number = np.empty(distinct, np.int64)
    number[order] = np.arange(distinct)
    return Coded.of(
        np.repeat(np.arange(size), NAMED), number[identifier], kind[order], reports=size
    )


def told(coded: Coded) -> list[Told]:
    """The same reports as objects, whose order is that of the numbers."""
    kinds = list(KINDS)
    named = [Identifier(kinds[k], f"{n:09}") for n, k in enumerate(coded.kind.tolist())]
    rows = coded.identifier.reshape(-1, NAMED).tolist()
    return [
        Told(f"{n:09}", tuple(Mention(named[x], "contact") for x in row), Money(100, "EUR"))
        for n, row in enumerate(rows)
    ]
