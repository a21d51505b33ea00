"""Ledgers of any size for measuring: a year of ordinary payments with thefts planted in them.

The same size, seed and workload give the same ledger. Both ends of a payment are heavy-tailed:
the account is ``accounts * u ** tail`` for a random u, so a larger tail means busier accounts.
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
OUT: Final = "out"
# time, payer, payee, amount
_Row = tuple[int, str, str, int]


@dataclass(frozen=True, slots=True)
class Workload:
    """Tails of payers and payees, and how many transfers there are for each account."""

    payers: float
    payees: float
    an_account: int


WORKLOADS: Final = {
    "base": Workload(1.6, 3.0, 20),
    "balanced": Workload(2.2, 2.2, 20),
    "heavy": Workload(3.0, 3.0, 20),
    "fast": Workload(2.2, 2.2, 100),
}


def generate(size: int, *, seed: int, workload: str = "base") -> Ledger:
    """A ledger of about this many transfers, in order; its seeds are the planted thefts."""
    choose, kind = Random(seed), WORKLOADS[workload]  # noqa: S311
    count = max(size // kind.an_account, 10)
    openings = [int(choose.lognormvariate(11.5, 1.2)) for _ in range(count)]
    planted: list[tuple[_Row, bool]] = []
    for number in range(max(20, size // 10_000)):
        theft = _theft(choose, count, kind, number)
        planted += [(row, place == 0) for place, row in enumerate(theft)]
    ordinary = _ordinary(choose, size - len(planted), openings, kind)
    rows = sorted([*((row, False) for row in ordinary), *planted])
    transfers = tuple(
        Transfer(f"{place:09}", t, payer, payee, amount)
        for place, ((t, payer, payee, amount), _) in enumerate(rows)
    )
    seeds = tuple(Seed(transfers[place].id) for place, (_, is_theft) in enumerate(rows) if is_theft)
    accounts = {_name(number): Account(opening) for number, opening in enumerate(openings)}
    outside = [OUT, *(f"payroll{number}" for number in range(PAYROLLS))]
    return Ledger(accounts | dict.fromkeys(outside, Account(external=True)), transfers, seeds)


def _name(number: int) -> str:
    return f"N{number}"


def _one(choose: Random, count: int, tail: float) -> int:
    return int(count * choose.random() ** tail)


def _ordinary(choose: Random, size: int, balances: list[int], kind: Workload) -> list[_Row]:
    """Payments in order; a payer who is short gets a salary from outside first."""
    balances, count = list(balances), len(balances)
    rows: list[_Row] = []
    times = sorted(choose.randrange(YEAR) for _ in range(size))
    while len(rows) < size:
        t = BEGIN + times[len(rows)]
        payer, payee = _one(choose, count, kind.payers), _one(choose, count, kind.payees)
        amount = int(choose.lognormvariate(8.5, 1.3)) + 1
        if balances[payer] < amount and len(rows) + 1 < size:
            salary = amount + int(choose.lognormvariate(12.5, 0.5))
            rows.append((t, f"payroll{choose.randrange(PAYROLLS)}", _name(payer), salary))
            balances[payer] += salary
            t = BEGIN + times[len(rows)]
        rows.append((t, _name(payer), _name(payee), amount))
        balances[payer] -= amount
        balances[payee] += amount
    return rows


def _theft(choose: Random, count: int, kind: Workload, number: int) -> Iterator[_Row]:
    """A victim pays a mule; two to five layers pass it on in parts, and keep a little."""
    t = BEGIN + choose.randrange(int(YEAR * 0.9))
    holders = [(choose.randrange(count), int(choose.lognormvariate(13.5, 1.0)) + 1_000)]
    yield t, f"victim{number}", _name(holders[0][0]), holders[0][1]
    layers = choose.randint(2, 5)
    for layer in range(layers):
        t += choose.randint(HOUR, 12 * HOUR)
        nexts: list[tuple[int, int]] = []
        for holder, units in holders:
            parts = choose.randint(1, 3)
            passed = int(units * (1 - choose.random() / 10)) // parts
            for part in range(parts):
                to, name = _next(choose, count, kind, is_last=layer == layers - 1)
                yield t + part * choose.randint(60, HOUR), _name(holder), name, passed
                nexts.append((to, passed))
        holders = nexts


def _next(choose: Random, count: int, kind: Workload, *, is_last: bool) -> tuple[int, str]:
    """The next holder: another mule; at the end a busy account, or out."""
    if not is_last:
        mule = choose.randrange(count)
        return mule, _name(mule)
    if choose.random() < 0.6:
        busy = _one(choose, count, kind.payees)
        return busy, _name(busy)
    return -1, OUT
