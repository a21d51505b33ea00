"""The ledgers of ``bench_ledger`` as columns, up to tens of millions of transfers.

Whoever wants objects for a small one asks for ``ledger_of``. What is random is drawn a million at
a time, so that memory stays near what the columns themselves take.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from random import Random
from typing import Any, Final

import numpy as np

from recoup.cli import bench_ledger
from recoup.cli.bench_ledger import BEGIN, PAYROLLS, WORKLOADS, YEAR, Workload
from recoup.core.tracing import Account, Ledger, Seed, Transfer

DRAWN_AT_ONCE: Final = 1_000_000
# A NumPy array.
Array = Any


@dataclass(frozen=True, slots=True)
class Arrays:
    """Rows are transfers in order. seeds: rows of the victims' payments, in order.

    planted: the truth, a row and the number of the theft it belongs to in each line.
    """

    payer: Array
    payee: Array
    t: Array
    amount: Array
    opening: Array
    external: Array
    seeds: Array
    planted: Array

    @property
    def rows(self) -> int:
        return len(self.t)

    @property
    def accounts(self) -> int:
        return len(self.opening)

    @property
    def bytes(self) -> int:
        return sum(getattr(self, name).nbytes for name in self.__slots__)


def compiled(function: Any) -> Any:
    """The function compiled, or as it stands where Numba is not installed."""
    if not find_spec("numba"):
        return function
    import numba

    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:
        return numba.njit(function)


def generate(size: int, *, seed: int, workload: str = "base") -> Arrays:
    """A ledger of this many transfers; the same numbers give the same ledger."""
    kind, random = WORKLOADS[workload], np.random.default_rng(seed)
    count = kind.accounts(size)
    opening = random.lognormal(*bench_ledger.OPENINGS, count).astype(np.int64)
    choose = Random(seed)  # noqa: S311
    stolen = [
        (*row, number, place == 0)
        for number, theft in enumerate(bench_ledger.thefts(choose, size, kind))
        for place, row in enumerate(theft)
    ]
    planted = np.array(stolen, np.int64)
    victims = int(planted[:, 4].max()) + 1
    payer, payee, amount = _ordinary(random, size - len(planted), opening, kind)
    t = np.sort(random.integers(BEGIN, BEGIN + YEAR, size - len(planted)))
    order = np.argsort(np.concatenate([t, planted[:, 0]]), kind="stable")
    place = np.flatnonzero(order >= size - len(planted))
    theft = planted[order[place] - (size - len(planted))]
    outside = np.zeros(count + 1 + PAYROLLS + victims, np.bool_)
    outside[count : count + 1 + PAYROLLS] = True
    return Arrays(
        payer=np.concatenate([payer, planted[:, 1].astype(np.int32)])[order],
        payee=np.concatenate([payee, planted[:, 2].astype(np.int32)])[order],
        t=np.concatenate([t, planted[:, 0]])[order],
        amount=np.concatenate([amount, planted[:, 3]])[order],
        opening=np.concatenate([opening, np.zeros(len(outside) - count, np.int64)]),
        external=outside,
        seeds=place[theft[:, 5] == 1],
        planted=np.stack([place, theft[:, 4]], axis=1),
    )


def _ordinary(random: Any, size: int, opening: Array, kind: Workload) -> tuple[Array, ...]:
    """Payers, payees and amounts of ordinary payments and of the salaries before them."""
    count, balance, row = len(opening), opening.copy(), 0
    payer, payee = np.empty(size, np.int32), np.empty(size, np.int32)
    amount = np.empty(size, np.int64)
    while row < size:
        drawn = min(DRAWN_AT_ONCE, size - row)
        row = _pay(
            (count * random.random(drawn) ** kind.payers).astype(np.int32),
            (count * random.random(drawn) ** kind.payees).astype(np.int32),
            random.lognormal(*bench_ledger.PAYMENTS, drawn).astype(np.int64) + 1,
            random.lognormal(*bench_ledger.SALARIES, drawn).astype(np.int64),
            count + 1 + random.integers(0, PAYROLLS, drawn, np.int32),
            balance, row, payer, payee, amount,
        )  # fmt: skip
    return payer, payee, amount


@compiled
def _pay(
    payers: Any, payees: Any, amounts: Any, salaries: Any, payrolls: Any, balance: Any, row: int,
    payer: Any, payee: Any, amount: Any,
) -> int:  # fmt: skip
    """Write payments from a row on; a payer who is short gets a salary from outside first."""
    for drawn in range(len(payers)):
        if row == len(payer):
            break
        who, to, units = payers[drawn], payees[drawn], amounts[drawn]
        if balance[who] < units and row + 1 < len(payer):
            salary = units + salaries[drawn]
            payer[row], payee[row], amount[row] = payrolls[drawn], who, salary
            balance[who] += salary
            row += 1
        payer[row], payee[row], amount[row] = who, to, units
        balance[who] -= units
        balance[to] += units
        row += 1
    return row


def ledger_of(arrays: Arrays) -> Ledger:
    """The same ledger in objects; accounts are called by their numbers, rows in their order."""
    columns = (arrays.t, arrays.payer, arrays.payee, arrays.amount)
    transfers = tuple(
        Transfer(f"{row:09}", t, str(payer), str(payee), amount)
        for row, (t, payer, payee, amount) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    )
    accounts = {
        str(number): Account(opening, external)
        for number, (opening, external) in enumerate(
            zip(arrays.opening.tolist(), arrays.external.tolist(), strict=True)
        )
    }
    return Ledger(accounts, transfers, tuple(Seed(f"{row:09}") for row in arrays.seeds.tolist()))


def taken(arrays: Arrays, rows: Array, seeds: Array) -> Arrays:
    """These rows in this order, in the same accounts, with other seeds."""
    columns = {name: getattr(arrays, name)[rows] for name in ("payer", "payee", "t", "amount")}
    return replace(arrays, **columns, seeds=seeds, planted=np.zeros((0, 2), np.int64))


def at_times(arrays: Arrays, times: Array) -> Arrays:
    return replace(arrays, t=np.asarray(times, np.int64))


def joined(arrays: Arrays, more: Arrays) -> Arrays:
    """More rows behind those of a ledger; its seeds and accounts stay."""
    columns = {
        name: np.concatenate([getattr(arrays, name), getattr(more, name)])
        for name in ("payer", "payee", "t", "amount")
    }
    return replace(arrays, **columns)
