"""Ledgers of any size for measuring: a year of ordinary payments with thefts planted in them.

The same size, seed and workload give the same ledger. Both ends of a payment are heavy-tailed:
the account is ``accounts * u ** tail`` for a random u, so a larger tail means busier accounts.
Accounts are numbers: the ordinary ones, then what lies outside, the payrolls, and the victims.
This is the form without NumPy; ``bench_arrays`` makes the large ones, with the same thefts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from recoup.core.tracing import Account, Ledger, Seed, Transfer

YEAR: Final = 365 * 86_400
HOUR: Final = 3_600
BEGIN: Final = 1_735_689_600
PAYROLLS: Final = 5
# Means and spreads of logarithms of cents: what accounts open with, payments, salaries, thefts.
OPENINGS: Final = (11.5, 1.2)
PAYMENTS: Final = (8.5, 1.3)
SALARIES: Final = (12.5, 0.5)
THEFTS: Final = (13.5, 1.0)
# time, payer, payee, amount
Row = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Workload:
    """Tails of payers and payees, and how many transfers there are for each account."""

    payers: float
    payees: float
    an_account: int

    def accounts(self, size: int) -> int:
        return max(size // self.an_account, 10)


WORKLOADS: Final = {
    "base": Workload(1.6, 3.0, 20),
    "balanced": Workload(2.2, 2.2, 20),
    "heavy": Workload(3.0, 3.0, 20),
    "fast": Workload(2.2, 2.2, 100),
}


def generate(size: int, *, seed: int, workload: str = "base") -> Ledger:
    """A ledger of this many transfers, in order; its seeds are the planted thefts."""
    choose, kind = Random(seed), WORKLOADS[workload]  # noqa: S311
    count = kind.accounts(size)
    openings = [int(choose.lognormvariate(*OPENINGS)) for _ in range(count)]
    planted = [
        (row, place == 0) for theft in thefts(choose, size, kind) for place, row in enumerate(theft)
    ]
    ordinary = _ordinary(choose, size - len(planted), openings, kind)
    rows = sorted([*((row, False) for row in ordinary), *planted])
    transfers = tuple(
        Transfer(f"{place:09}", t, name_of(payer, count), name_of(payee, count), amount)
        for place, ((t, payer, payee, amount), _) in enumerate(rows)
    )
    seeds = tuple(Seed(transfers[place].id) for place, (_, is_theft) in enumerate(rows) if is_theft)
    accounts = {name_of(number, count): Account(units) for number, units in enumerate(openings)}
    outside = [name_of(number, count) for number in range(count, count + 1 + PAYROLLS)]
    return Ledger(accounts | dict.fromkeys(outside, Account(external=True)), transfers, seeds)


def name_of(number: int, count: int) -> str:
    """What an account is called; count: how many ordinary ones there are."""
    if number < count:
        return f"N{number}"
    beyond = number - count - 1
    if beyond < PAYROLLS:
        return f"payroll{beyond}" if beyond >= 0 else "out"
    return f"victim{beyond - PAYROLLS}"


def thefts(choose: Random, size: int, kind: Workload) -> Iterator[list[Row]]:
    """The planted thefts of a ledger of this size; the victim's payment first in each."""
    for number in range(max(20, size // 10_000)):
        yield list(_theft(choose, kind.accounts(size), kind, number))


def _one(choose: Random, count: int, tail: float) -> int:
    return int(count * choose.random() ** tail)


def _ordinary(choose: Random, size: int, balances: list[int], kind: Workload) -> list[Row]:
    """Payments in order; a payer who is short gets a salary from outside first."""
    balances, count = list(balances), len(balances)
    rows: list[Row] = []
    times = sorted(choose.randrange(YEAR) for _ in range(size))
    while len(rows) < size:
        t = BEGIN + times[len(rows)]
        payer, payee = _one(choose, count, kind.payers), _one(choose, count, kind.payees)
        amount = int(choose.lognormvariate(*PAYMENTS)) + 1
        if balances[payer] < amount and len(rows) + 1 < size:
            salary = amount + int(choose.lognormvariate(*SALARIES))
            rows.append((t, count + 1 + choose.randrange(PAYROLLS), payer, salary))
            balances[payer] += salary
            t = BEGIN + times[len(rows)]
        rows.append((t, payer, payee, amount))
        balances[payer] -= amount
        balances[payee] += amount
    return rows


def _theft(choose: Random, count: int, kind: Workload, number: int) -> Iterator[Row]:
    """A victim pays a mule; two to five layers pass it on in parts, and keep a little."""
    t = BEGIN + choose.randrange(int(YEAR * 0.9))
    holders = [(choose.randrange(count), int(choose.lognormvariate(*THEFTS)) + 1_000)]
    yield t, count + 1 + PAYROLLS + number, *holders[0]
    layers = choose.randint(2, 5)
    for layer in range(layers):
        t += choose.randint(HOUR, 12 * HOUR)
        nexts: list[tuple[int, int]] = []
        for holder, units in holders:
            parts = choose.randint(1, 3)
            passed = int(units * (1 - choose.random() / 10)) // parts
            for part in range(parts):
                to = _next(choose, count, kind, is_last=layer == layers - 1)
                yield t + part * choose.randint(60, HOUR), holder, to, passed
                nexts.append((to, passed))
        holders = nexts


def _next(choose: Random, count: int, kind: Workload, *, is_last: bool) -> int:
    """The next holder: another mule; at the end a busy account, or out."""
    if not is_last:
        return choose.randrange(count)
    return _one(choose, count, kind.payees) if choose.random() < 0.6 else count
