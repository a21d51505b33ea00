"""`./recoup bench`: measure the hub under load, and write the figures into docs/benchmarks.md.

Measurements of the hub start a whole one of their own, with its own database, and end it; tracing
needs neither. The exit code is 1 if a figure that was asked for was missed, and 3 if an answer was
wrong.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from recoup.cli import (
    bench_audit,
    bench_clocks,
    bench_csv,
    bench_law,
    bench_ledger,
    bench_lists,
    bench_load,
    bench_papers,
    bench_patterns,
    bench_postgres,
    bench_tracing,
    bench_vault,
    environment,
    measured,
)  # fmt: skip
from recoup.cli.bench_result import Result

DOCUMENT: Final = measured.DOCS / "benchmarks.md"
OPENING: Final = """\
# Benchmarks

What was asked, what was measured, and how to measure it again. Each section is written by its
command, `./recoup bench`; what measures the hub has a hub and a database of its own, load
generator and banks run on the same machine and their share is included. Load is an open model:
reports arrive by the clock, and a delay counts from the moment it was meant to begin.
"""
IMAGES: Final = measured.DOCS / "images"
SMALLEST: Final = 1_000
EPILOG: Final = """\
The whole of tracing, about ten minutes and 8 GiB:
    ./recoup bench tracing --sizes 1e5,1e6,1e7
The packages for `tracing` are not the hub's: ./recoup installs them into .venv-bench, once, from
requirements-bench.lock. With CI set, .venv is used as it is.
"""
BENCHES: Final[dict[str, Callable[[argparse.Namespace, Path], Result]]] = {
    "hold-latency": bench_load.hold_latency,
    "fan-out": bench_load.fan_out,
    "memory": bench_load.memory,
    "audit": bench_audit.audit,
    "law": bench_law.law,
    "clocks": bench_clocks.clocks,
    "lists": bench_lists.lists,
    "tracing": bench_tracing.tracing,
    "csv": bench_csv.csv,
    "papers": bench_papers.papers,
    "ledger-postgres": bench_postgres.ledger_postgres,
    "patterns": bench_patterns.patterns_and_links,
    "vault": bench_vault.vault,
}


# An answer that is wrong is worse than a figure that was missed.
MISSED: Final = 1
WRONG: Final = 3


def main(argv: Sequence[str]) -> int:
    """Run one measurement or all; 0 if everything that was asked for was met."""
    options = read_options(argv)
    names = list(BENCHES) if options.bench == "all" else [options.bench]
    return max(run(name, options) for name in names)


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./recoup bench", description=__doc__, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("bench", choices=[*BENCHES, "all"])
    parser.add_argument("--rate", type=float, default=20, help="reports a second (20)")
    parser.add_argument("--seconds", type=float, default=120, help="how long they arrive (120)")
    parser.add_argument("--cases", type=int, default=50_000, help="cases for the lists (50000)")
    parser.add_argument(
        "--requests", type=int, default=200_000, help="requests for the lists (200000)"
    )
    add_tracing(parser.add_argument_group("tracing"))
    parser.add_argument(
        "--size",
        type=float,
        default=1e5,
        help="transfers in ledger-postgres; transfers, or reports, in patterns (1e5)",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (1)")
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave docs/benchmarks.md as it is"
    )
    return parser.parse_args(argv)


def add_tracing(group: argparse._ArgumentGroup) -> None:
    """What only `tracing` listens to."""
    group.add_argument(
        "--sizes", type=sizes, default="1e5,1e6", help="transfers, up to 1e7 (1e5,1e6)"
    )
    group.add_argument(
        "--workloads", type=workloads, default=",".join(bench_ledger.WORKLOADS),
        help=f"which of {', '.join(bench_ledger.WORKLOADS)} (all)",
    )  # fmt: skip
    group.add_argument("--repeats", type=int, default=3, help="rounds in which all answer (3)")
    group.add_argument(
        "--limit", type=float, default=40, help="seconds for one way on one ledger (40)"
    )
    group.add_argument("--spark", action="store_true", help="PySpark too, if it is installed")


def sizes(text: str) -> list[int]:
    """Sizes of ledgers, each once, the smallest first."""
    try:
        found = sorted({int(float(part)) for part in text.split(",")})
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of numbers such as 1e5,1e6"
        ) from None
    if found[0] < SMALLEST:
        raise argparse.ArgumentTypeError(f"{found[0]} is too small; {SMALLEST} at least")
    return found


def workloads(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in bench_ledger.WORKLOADS:
            known = ", ".join(bench_ledger.WORKLOADS)
            raise argparse.ArgumentTypeError(f"there is no workload {name!r}; there are {known}")
    return names


def run(name: str, options: argparse.Namespace) -> int:
    """Run one measurement in an empty folder; show its tables; write its section."""
    folder = environment.VAR / "bench" / name
    shutil.rmtree(folder, ignore_errors=True)
    load_before = measured.load_average()
    print(f"bench {name}, seed {options.seed}", flush=True)
    result = BENCHES[name](options, folder)
    print("\n" + measured.as_text(result.lines))
    for table in result.tables:
        print(f"\n{table.title}\n{measured.columns([table.head, *table.rows])}")
    for note in result.notes:
        print(f"  {note}")
    if options.write:
        write(name, result, options.seed, load_before)
    if result.differs:
        print("recoup: an answer DIFFERS from what is right; see the table.", file=sys.stderr)
        return WRONG
    return 0 if measured.is_met(result.lines) else MISSED


def write(name: str, result: Result, seed: int, load_before: float) -> None:
    """Write a measurement's section of the document, and its pictures."""
    told = measured.conditions(result.postgres, seed, load_before, result.packages)
    pictures = []
    for file, (words, picture) in result.images.items():
        (IMAGES / file).write_text(picture, encoding="utf-8")
        pictures.append(f"![{words}](images/{file})")
    tables = [
        f"### {table.title}\n\n{measured.markdown(table.head, table.rows)}"
        for table in result.tables
    ]
    text = "\n\n".join(
        [
            result.told,
            f"```\n./recoup bench {name}{result.options} --seed {seed}\n```",
            measured.as_markdown(result.lines),
            *pictures,
            *tables,
            *(["\n".join(f"- {note}" for note in result.notes)] if result.notes else []),
            told,
        ]
    )
    measured.write_section(DOCUMENT, name, result.title, text, opening=OPENING)
