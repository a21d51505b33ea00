"""The other rules: timed on the same ledgers, and compared with plain replays of these.

The replays are of one victim, in plain Python, on balances (pools) or on lots; they share no code
with the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from recoup.cli import bench_index, bench_scan, progress
from recoup.cli.bench_arrays import Arrays
from recoup.cli.bench_scan import Tables
from recoup.cli.bench_ways import Plan, Way
from recoup.core.tracing import LedgerRefused

# Units that move of a balance, traced units in it, and the debit.
Moved = Callable[[int, int, int], int]
POOLS: Final[dict[str, Moved]] = {
    "libr": lambda balance, traced, debit: max(0, traced - (balance - debit)),
    "prorata": lambda balance, traced, debit: traced * debit // balance if balance else 0,
    "tiho": lambda balance, traced, debit: min(traced, debit),
}
NAMES: Final = {"lifo": "LIFO", "libr": "LIBR", "prorata": "pro rata", "tiho": "TIHO"}
ASKED: Final = 100
FEW: Final = 3
# Of the limit, what asking under one rule may take, and what its replays may.
SHARE: Final = 0.1
REPLAYED: Final = 0.3
# Rough seconds of a plain replay of a million transfers.
ROUGH: Final = {"lifo": 3.0, "libr": 0.8, "prorata": 0.8, "tiho": 0.8}
GROWTH: Final = 1.1


def replay(rule: str, arrays: Arrays, row: int) -> Tables:
    """One victim's money under a rule, by carrying out every transfer."""
    if rule == "lifo":
        return bench_scan.lots(arrays, [row], is_youngest=True)
    return _pools(arrays, row, POOLS[rule])


def _pools(arrays: Arrays, seed: int, moved: Moved) -> Tables:
    external, balances = arrays.external.tolist(), arrays.opening.tolist()
    traced: dict[int, int] = {}
    carried: dict[tuple[int, int], int] = {}
    for row, (payer, payee, amount) in enumerate(bench_scan.read(arrays, arrays.rows)):
        units = 0
        if not external[payer]:
            balance = max(balances[payer], amount)
            balances[payer] = balance - amount
            there = traced.get(payer, 0)
            if there:
                units = moved(balance, there, amount)
                traced[payer] = there - units
        if row == seed:
            units = amount
        balances[payee] += amount
        if units:
            carried[row, 0] = units
            traced[payee] = traced.get(payee, 0) + units
    return carried, {(account, 0): units for account, units in traced.items() if units}


@dataclass(slots=True)
class Ruled:
    """One rule on one ledger. replayed: seconds of a plain replay."""

    rule: str
    workload: str
    size: int
    way: Way
    built: float = 0.0
    replayed: float = 0.0
    left_out: str = ""
    asked: int = 0
    compared: int = 0
    differing: int = 0
    unaccounted: int = 0


def measure(arrays: Arrays, workload: str, plan: Plan) -> Iterator[Ruled]:
    """Every rule on one ledger: the first victims one by one, some of them replayed too."""
    started = perf_counter()
    index = bench_index.balances(arrays)
    built = perf_counter() - started
    for rule in NAMES:
        started = perf_counter()
        ask = bench_index.rule_asker(index, rule)
        prepared = built + perf_counter() - started
        try:
            yield _measured(rule, arrays, workload, plan, ask, prepared)
        except LedgerRefused as refused:  # an answer of too many moves: told, not measured
            progress.say(f"    {NAMES[rule]} left out: {refused}")


def _measured(
    rule: str, arrays: Arrays, workload: str, plan: Plan, ask: Callable[[int], Any], built: float
) -> Ruled:
    """Ask for victims one by one, and count the units that nobody can account for."""
    rows = arrays.seeds.tolist()[:ASKED]
    rows = rows[: _in_time(ask, rows[:FEW], plan)]
    count = bench_index.pieces_of_rule
    way = Way(rule, ask, lambda *_: True, count, len(rows), plan.repeats)
    ruled = Ruled(rule, workload, arrays.rows, way, built, asked=len(rows))
    for one in range(plan.repeats):
        way.go_round(one, dict.fromkeys(rows, ({}, {})))
    for row in rows:
        held = sum(bench_index.read_rule(ask(row))[1].values())
        ruled.unaccounted += abs(int(arrays.amount[row]) - held)
    _replay(ruled, arrays, plan, ask, rows)
    return ruled


def _in_time(ask: Callable[[int], Any], rows: list[int], plan: Plan) -> int:
    """How many victims can be asked for in every round within a share of the limit."""
    seconds = []
    for row in rows:
        started = perf_counter()
        ask(row)
        seconds.append(perf_counter() - started)
    each = sum(seconds) / len(seconds) * (plan.repeats + 1)
    return max(FEW, int(plan.limit * SHARE / each))


def _replay(
    ruled: Ruled, arrays: Arrays, plan: Plan, ask: Callable[[int], Any], rows: list[int]
) -> None:
    """Compare with plain replays, as many as end within the limit; one is timed."""
    expected = ROUGH[ruled.rule] * (arrays.rows / 1e6) ** GROWTH
    count = min(plan.repeats, int(plan.limit * REPLAYED / expected))
    if not count:
        ruled.left_out = f"left out: about {expected:.0f} s"
    for row in rows[:: max(1, len(rows) // max(count, 1))][:count]:
        started = perf_counter()
        right = replay(ruled.rule, arrays, row)
        ruled.replayed = perf_counter() - started
        ruled.compared += 1
        ruled.differing += bench_index.read_rule(ask(row)) != right
