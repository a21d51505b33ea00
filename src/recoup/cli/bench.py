"""`./recoup bench`: measure the hub under load, and write the figures into docs/benchmarks.md.

Every measurement starts a whole hub of its own, with its own database, and ends it. The exit code
is 1 if a figure that was asked for was missed.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from recoup.cli import (
    bench_csv,
    bench_ledger,
    bench_lists,
    bench_load,
    bench_tracing,
    environment,
    measured,
)  # fmt: skip
from recoup.cli.bench_result import Result

DOCUMENT: Final = measured.DOCS / "benchmarks.md"
OPENING: Final = """\
# Benchmarks

What was asked, what was measured, and how to measure it again. Each section is written by its
command, `./recoup bench`, with a hub and a database of its own; load generator and banks run on
the same machine and their share is included. Load is an open model: reports arrive by the clock,
and a delay counts from the moment it was meant to begin.
"""
BENCHES: Final[dict[str, Callable[[argparse.Namespace, Path], Result]]] = {
    "hold-latency": bench_load.hold_latency,
    "fan-out": bench_load.fan_out,
    "memory": bench_load.memory,
    "lists": bench_lists.lists,
    "tracing": bench_tracing.tracing,
    "csv": bench_csv.csv,
}


def main(argv: Sequence[str]) -> int:
    """Run one measurement or all; 0 if everything that was asked for was met."""
    options = read_options(argv)
    names = list(BENCHES) if options.bench == "all" else [options.bench]
    met = [run(name, options) for name in names]
    return 0 if all(met) else 1


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup bench", description=__doc__)
    parser.add_argument("bench", choices=[*BENCHES, "all"])
    parser.add_argument("--rate", type=float, default=20, help="reports a second (20)")
    parser.add_argument("--seconds", type=float, default=120, help="how long they arrive (120)")
    parser.add_argument("--cases", type=int, default=50_000, help="cases for the lists (50000)")
    parser.add_argument("--size", type=float, default=1e5, help="transfers for tracing (1e5)")
    parser.add_argument(
        "--workload", choices=bench_ledger.WORKLOADS, default="base", help="for tracing (base)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (1)")
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave docs/benchmarks.md as it is"
    )
    return parser.parse_args(argv)


def run(name: str, options: argparse.Namespace) -> bool:
    """Run one measurement in an empty folder; show its table; write its section."""
    folder = environment.VAR / "bench" / name
    shutil.rmtree(folder, ignore_errors=True)
    load_before = measured.load_average()
    print(f"bench {name}, seed {options.seed}", flush=True)
    result = BENCHES[name](options, folder)
    print("\n" + measured.as_text(result.lines))
    for note in result.notes:
        print(f"  {note}")
    if options.write:
        told = measured.conditions(result.postgres, options.seed, load_before)
        notes = "\n".join(f"- {note}" for note in result.notes)
        text = "\n\n".join(
            [
                result.told,
                f"```\n./recoup bench {name}{result.options} --seed {options.seed}\n```",
                measured.as_markdown(result.lines),
                *([notes] if notes else []),
                told,
            ]
        )
        measured.write_section(DOCUMENT, name, result.title, text, opening=OPENING)
    return measured.is_met(result.lines)
