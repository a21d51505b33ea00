"""`./recoup bench ledger-postgres`: a large ledger in PostgreSQL, loaded, asked and booked into.

The ledger is stored in a hub of its own by a process of its own (``bench_postgres_run``), which
compares every answer with the one in memory; an answer that differs is a figure that was missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from recoup.cli import environment, instance, measured
from recoup.cli.bench_figures import p95, short
from recoup.cli.bench_result import Result
from recoup.cli.measured import Line

MOST_SECONDS_ANSWER: Final = 0.005
MOST_SECONDS_LOAD: Final = 600.0
TOLD: Final = """\
Where is one victim's money now, first in, first out, in a ledger that lies in PostgreSQL under
row-level security? One recursive statement (one round trip), one statement a hop, and two ways
without positions there: everything copied out and indexed in memory, and the recursive statement in
DuckDB. An answer is the whole `Result`, its balances not looked at. All ways answer in turns."""
WAYS: Final = {
    "recursive": "one recursive statement",
    "recursive: database": "of it: the statement, there and back",
    "recursive: Python": "of it: the rest, in Python",
    "by hops": "one statement a hop",
    "by hops: database": "of it: the statements, there and back",
    "by hops: Python": "of it: the rest, in Python",
    "busy": "recursive, into the account with the most debits",
    "dated": "recursive, as of a random time",
    "copy": "copied out, indexed in memory, answered",
    "duckdb": "DuckDB, recursive statement on the same positions",
    "append": "a transfer more at the end, committed",
    "late": "a late transfer, committed",
}


def ledger_postgres(options: argparse.Namespace, folder: Path) -> Result:
    """Start a hub, have the ledger stored and asked there, and tell what came of it."""
    with instance.running(folder) as hub:
        databases = hub.databases
        found = measured_in(databases, options, folder)
        postgres = measured.postgres_version(databases.planner)
    return Result(
        title="A ledger in PostgreSQL",
        told=TOLD,
        lines=list(lines(found)),
        options=f" --size {options.size:g} --workloads {options.workloads[0]}",
        notes=list(notes(found)),
        postgres=postgres,
    )


def measured_in(
    databases: environment.Databases, options: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """What the process found that stores and asks; its progress goes to this one's output."""
    out = folder / "found.json"
    done = subprocess.run(
        [sys.executable, "-m", "recoup.cli.bench_postgres_run", str(int(options.size)),
         options.workloads[0], str(options.seed), str(out)],
        env=environment.child_environment(databases, RECOUP_ROLE="app", RECOUP_VAR=str(folder)),
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise instance.NotStarted("The ledger could not be measured; see above.")
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def lines(found: dict[str, Any]) -> Iterator[Line]:
    """The table."""
    rows, seconds = found["rows"], found["seconds"]
    yield Line("ledger", "", f"{rows:,} transfers, {found['accounts']:,} accounts")
    shown = f"{found['differing']} of {found['compared']}"
    yield Line("answers that differ", "0", shown, not found["differing"])
    yield Line(
        "positions are those of the record",
        "yes",
        "yes" if found["right"] else "no",
        found["right"],
    )
    loaded = seconds["load"]
    told = f"{short(loaded)}; {loaded / rows * 1e6:,.1f} µs a transfer"
    yield Line("load, with positions", "10 min at most", told, loaded <= MOST_SECONDS_LOAD)
    for name, words in (
        ("positions", "of it: positions"),
        ("vacuum", "vacuum and analyse"),
        ("verify", "positions worked out again by windows in SQL, and compared"),
    ):
        yield Line(words, "", short(seconds[name]))
    size = found["bytes"]
    told = f"{size['table'] / 2**20:,.0f} / {size['indexes'] / 2**20:,.0f} MiB; "
    told += f"{sum(size.values()) / rows:,.0f} bytes a transfer"
    yield Line("tables / indexes", "", told)
    pieces = sorted(found["pieces"])
    told = f"{pieces[len(pieces) // 2]} / {p95(pieces):.0f} / {pieces[-1]}"
    yield Line("transfers in an answer, median / p95 / largest", "", told)
    for name, words in WAYS.items():
        if times := found["times"].get(name):
            yield line_of(name, words, times)
    if moved := found["moved"]:
        a_row = sum(found["times"]["late"]) / max(sum(moved), 1)
        told = f"{sorted(moved)[len(moved) // 2]:,} / {max(moved):,}; {short(a_row)} each"
        yield Line("bookings that a late one set again, median / largest", "", told)


def line_of(name: str, words: str, times: list[float]) -> Line:
    ordered = sorted(times)
    median = ordered[len(ordered) // 2]
    told = " / ".join(short(x) for x in (median, p95(ordered), ordered[-1]))
    is_asked = name == "recursive"
    asked = "median 5 ms at most" if is_asked else ""
    met = median <= MOST_SECONDS_ANSWER if is_asked else None
    return Line(f"{words}: median / p95 / largest", asked, told, met)


def notes(found: dict[str, Any]) -> Iterator[str]:
    seconds = ", ".join(f"{name} {short(took)}" for name, took in found["steps"].items())
    yield f"The load by its steps: {seconds}."
    yield (
        f"{found['left_out']} was not measured at this size."
        if found["left_out"]
        else ("Each way was measured on the same payments.")
    )
