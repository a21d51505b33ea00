"""`./recoup bench tracing`: where is one victim's money, answered by everybody in turns.

Ledgers of several sizes and four workloads, one after another in one process; on each all ways
answer in turns, so that only their ratios need to be believed. Every answer is compared.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from recoup.cli import bench_tracing_plain, progress
from recoup.cli.bench_result import Result

if TYPE_CHECKING:
    from recoup.cli.bench_place import Place
    from recoup.cli.bench_rules import Ruled
    from recoup.cli.bench_tracing_tables import Measured
    from recoup.cli.bench_ways import Plan

PACKAGES: Final = ("numpy", "numba", "duckdb", "polars", "networkx", "rustworkx")
TOLD: Final = """\
Where is one victim's money now, first in, first out? Payments of a year with thefts planted in
them, in four workloads: in *base* busy accounts take in more than they pay out, in *balanced* both
ends are alike, in *heavy* busier, and in *fast* an account has five times as many payments. The
look-up goes through positions; replays carry out every transfer, without positions; the databases
get the positions and join. All give the same answer, compared piece by piece, except graph
libraries, which answer less. Times are median / 95th of a hundred / worst over the seeds, each the
median of its rounds and with warm caches; `×` is how many times as long as the look-up took in the
same run."""


def tracing(options: argparse.Namespace, folder: Path) -> Result:
    """Measure every workload at every size, the ledgers made to hurt, and the other rules."""
    if not find_spec("numpy") or not find_spec("numba"):
        print("  NumPy or Numba is not installed: only what plain Python does.", file=sys.stderr)
        return bench_tracing_plain.tracing(options, folder)
    from recoup.cli import bench_tracing_tables as said
    from recoup.cli import bench_worst
    from recoup.cli.bench_figures import machine, versions

    plan = _plan(options)
    compiling = _warm_up(plan)
    places: list[Place] = []
    rules: list[Ruled] = []
    for number, workload in enumerate(options.workloads):
        bounded = replace(plan, limit=plan.limit / (2 if number else 1))
        for size in options.sizes:
            _measure(workload, size, bounded, places, rules)
    with progress.step("ledgers made to hurt") as step:
        worst = list(bench_worst.measure(min(1.0, max(options.sizes) / 1e6), plan.seed))
        step.note = f"{len(worst)}"
    run = said.Measured(places, rules, worst)
    spark = " --spark" if options.spark else ""
    return Result(
        title="Tracing",
        told=TOLD,
        lines=list(said.lines(run)),
        options=f" --sizes {_sizes(options.sizes)} --workloads {','.join(options.workloads)}"
        f" --repeats {options.repeats} --limit {options.limit:g}{spark}",
        notes=list(_notes(run, compiling, plan, versions(PACKAGES), machine())),
        tables=list(said.tables(run)),
        images=said.images(run),
        differs=run.differing > 0,
        packages=("numpy", "numba"),
    )


def _sizes(sizes: list[int]) -> str:
    return ",".join(f"{size:.0e}".replace("e+0", "e") for size in sizes)


def _plan(options: argparse.Namespace) -> Plan:
    from recoup.cli.bench_peers import PEERS, SPARK
    from recoup.cli.bench_ways import Plan

    peers = (*PEERS, SPARK) if options.spark else PEERS
    return Plan(options.seed, options.repeats, options.limit, peers)


def _warm_up(plan: Plan) -> float:
    """Compile what is compiled, or load what was before, and import; the seconds it took."""
    from recoup.cli import bench_index, bench_place, bench_rules, bench_scan

    with progress.ticking("compiling, or loading what was compiled before"):
        started = perf_counter()
        bench_scan.warm_up()
        place, arrays = bench_place.begin("base", 1_000, 1)
        index = bench_place.build(place, arrays)
        positions = bench_index.positions(index, arrays)
        for peer in plan.peers:
            if peer.is_installed:
                peer.prepare(positions)(int(arrays.seeds[0]))
        bench_place.ask_dated(place, arrays, index, 1)
        bench_place.ask_busy(place, arrays, index)
        bench_place.book(place, arrays, index, 1)
        list(bench_rules.measure(arrays, "base", replace(plan, repeats=1, limit=1.0)))
        return perf_counter() - started


def _measure(workload: str, size: int, plan: Plan, places: list[Place], rules: list[Ruled]) -> None:
    """One ledger; the smaller one of the same workload says what will end in time."""
    from recoup.cli import bench_place, bench_rules

    smaller = next((one for one in reversed(places) if one.workload == workload), None)
    with progress.step(f"{workload}, {size:,} transfers") as step:
        place, arrays = bench_place.begin(workload, size, plan.seed)
        step.show()
        index = bench_place.build(place, arrays)
        bench_place.ask_everybody(place, arrays, index, plan, smaller, step.show)
        bench_place.ask_more(place, plan)
        bench_place.ask_dated(place, arrays, index, plan.seed)
        bench_place.ask_busy(place, arrays, index)
        step.show()
        bench_place.book(place, arrays, index, plan.seed)
        del index
        gc.collect()
        places.append(place)
        rules += bench_rules.measure(arrays, workload, plan)
        wrong = f", {place.differing} DIFFER" if place.differing else ""
        step.note = f"{place.compared:,} answers compared{wrong}"
    for name, why in place.left_out.items():
        progress.say(f"    {name} {why}")


def _notes(
    run: Measured, compiling: float, plan: Plan, packages: str, machine: str
) -> Iterator[str]:
    """What the figures rest on."""
    from recoup.cli.bench_figures import peak_mib, short

    yield f"{packages}."
    yield f"{machine}. Compiled, or loaded as compiled before, in {short(compiling)}."
    yield (
        f"The most memory of the whole run: {peak_mib():,.0f} MiB. One way may take "
        f"{plan.limit:.0f} s on one ledger, half of that after the first workload; it has "
        f"{plan.repeats} rounds if they fit in."
    )
    yield (
        "Compared with: a compiled replay that knows no positions, which itself is compared with "
        "the plain Python replays and, up to 1e5, with the engine's plain walk."
    )
