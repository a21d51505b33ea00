"""`./recoup bench audit`: how fast lines are added to the log, placed, and checked from outside.

Lines are added as the pages add them, each in a transaction in the scope of its actor, while the
hub's own keeper and signer run; the log is then exported and checked by the outside verifier.
"""

from __future__ import annotations

import argparse
import os
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import psycopg

from recoup.cli import instance, log, measured, progress
from recoup.cli.bench_result import Result, percentile_line
from recoup.cli.environment import Databases
from recoup.cli.measured import Line
from recoup_verify.lines import Checked
from recoup_verify.log import check_export, processors
from recoup_verify.note import Key, read_key

RATE: Final = 200
THREADS: Final = 8
STREAMS: Final = 5_000
APPEND_LIMIT: Final = 0.030
LAG_LIMIT: Final = 1.0
LEAVES_A_SECOND: Final = 50_000
LEAVES: Final = 200_000  # in the log that is checked for speed, beside what was added
ROUNDS: Final = 3
TOLD: Final = f"""\
{RATE} lines a second arrive by the clock (open model), each in a transaction of its own in the
scope of its actor, at {STREAMS:,} streams; a delay counts from the moment the line was meant to be
added until its commit. The hub's keeper places them meanwhile and has checkpoints signed: the lag
is the age of the oldest line without a place, looked at ten times a second. Then the log is
exported and checked from outside; so is one of {LEAVES:,} leaves, {ROUNDS} times in one process and
as often in one for each processor, by the clock on the wall.
"""


@dataclass(slots=True)
class Taken:
    """Seconds that each line took from when it was meant; the lags that were seen."""

    appends: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def audit(options: argparse.Namespace, folder: Path) -> Result:
    """Add lines at a rate, then check the log."""
    progress.say("  … a hub of its own")
    with instance.running(folder / "hub", "--without-demo") as hub:
        postgres = measured.postgres_version(hub.databases.planner)
        with progress.ticking(f"{RATE} lines a second for {options.seconds:g} s"):
            taken = append(hub.databases, seconds=options.seconds, seed=options.seed)
        with progress.ticking("placing what was added"):
            wait_until_placed(hub.databases)
        with progress.ticking("checking it from outside"):
            checked = export_and_check(hub, folder / "export")
    with progress.ticking(f"a log of {LEAVES:,} leaves, checked {2 * ROUNDS} times"):
        alone, together = verify_rates(folder / "long", seed=options.seed)
    is_wrong = bool(checked.findings) or bool(taken.faults)
    return Result(
        "The log", TOLD, [
            _appends(taken.appends), _lags(taken.lags),
            Line("alarms in the exported log, and lines that failed", "0",
                 f"{len(checked.findings)} of {checked.size:,}, {len(taken.faults)}", not is_wrong),
            _rates("one process", alone),
            _rates(f"{processors()} processes", together, limit=LEAVES_A_SECOND),
        ],
        options=f" --seconds {options.seconds:g}", postgres=postgres, differs=is_wrong,
    )  # fmt: skip


def _appends(seconds: list[float]) -> Line:
    cuts = quantiles(seconds, n=100)
    values = {"count": len(seconds), "p50": cuts[49], "p95": cuts[94], "p99": cuts[98],
              "max": max(seconds)}  # fmt: skip
    what = f"add a line, {len(seconds):,} of them: median / p95 / p99 / max"
    return percentile_line(what, f"p99 ≤ {APPEND_LIMIT * 1000:.0f} ms", values, APPEND_LIMIT)


def _lags(lags: list[float]) -> Line:
    cuts = quantiles(lags, n=100)
    shown = f"{cuts[49]:.2f} / {cuts[98]:.2f} / {max(lags):.2f} s"
    return Line("oldest line without a place: median / p99 / max", f"p99 ≤ {LAG_LIMIT:.0f} s",
                shown, cuts[98] <= LAG_LIMIT)  # fmt: skip


def _rates(by: str, rates: list[float], *, limit: int | None = None) -> Line:
    return Line(f"checked from outside by {by}, leaves a second: slowest / median / fastest",
                f"≥ {limit:,}" if limit else "",
                f"{min(rates):,.0f} / {median(rates):,.0f} / {max(rates):,.0f}",
                None if limit is None else median(rates) >= limit)  # fmt: skip


# Adding


def append(databases: Databases, *, seconds: float, seed: int) -> Taken:
    """Add lines from several threads, each at its moment, and watch the lag."""
    os.environ.update(databases.as_environment(), RECOUP_ROLE="app",
                      DJANGO_SETTINGS_MODULE="recoup.web.settings")  # fmt: skip
    import django

    django.setup()
    taken, stop = Taken(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(databases, taken, stop))
    watcher.start()
    began = time.monotonic() + 1
    workers = [
        threading.Thread(target=_add, args=(number, began, int(RATE * seconds), seed, taken))
        for number in range(THREADS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stop.set()
    watcher.join()
    return taken


def _add(number: int, began: float, count: int, seed: int, taken: Taken) -> None:
    from django.db import connection

    from recoup.apps.audit import operations
    from recoup.apps.members.queries import public_actor
    from recoup.apps.members.scope import scope

    by, random_ = public_actor(), random.Random(seed * 1000 + number)  # noqa: S311
    for one in range(number, count, THREADS):
        meant = began + one / RATE
        time.sleep(max(0.0, meant - time.monotonic()))
        stream = f"bench:{number}:{random_.randrange(STREAMS // THREADS)}"
        try:
            with scope(by) as at:
                operations.record(what="bench:added", about=stream, by=by, at=at, number=one)
        except Exception as fault:  # noqa: BLE001  (counted: any is a wrong answer)
            taken.faults.append(repr(fault))
        taken.appends.append(time.monotonic() - meant)
    connection.close()


LAG: Final = """
select coalesce(extract(epoch from clock_timestamp() - min(l.recorded_at)), 0)
from audit_auditunplaced u join audit_auditleaf l on l.id = u.leaf_id
"""


def _watch(databases: Databases, taken: Taken, stop: threading.Event) -> None:
    with psycopg.connect(databases.planner, autocommit=True) as connection:
        while not stop.wait(0.1):
            taken.lags.append(float(_one(connection, LAG)))


def wait_until_placed(databases: Databases) -> None:
    """Until every line has its place and is covered by a checkpoint."""
    covered = (
        "select not exists (select from audit_auditunplaced) and (select max(seq) from "
        "audit_auditsequence) = (select max(size) from audit_auditcheckpoint)"
    )
    with psycopg.connect(databases.planner, autocommit=True) as connection:
        limit = time.monotonic() + 150
        while not _one(connection, covered) and time.monotonic() < limit:
            time.sleep(0.5)


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


# Checking


def export_and_check(hub: instance.Instance, folder: Path) -> Checked:
    """Export as the planner, and check as an outsider."""
    from django.db import connections

    from recoup.web.settings import database

    connections["default"].close()
    connections["default"].settings_dict.update(database(hub.databases.planner))
    folder.mkdir(parents=True)
    log.export(folder)
    said = (hub.folder / "log" / "signer.log").read_text().split("signing for ")[1]
    return check_export(folder, key=read_key(said.splitlines()[0]))


def verify_rates(folder: Path, *, seed: int) -> tuple[list[float], list[float]]:
    """Leaves a second of a long log made without a hub: one process, one for each processor."""
    from recoup.cli.bench_audit_log import make

    folder.mkdir(parents=True)
    key = read_key(make(folder, leaves=LEAVES, seed=seed))
    ways = 1, processors()
    rates = [[_rate(folder, key, processes) for processes in ways] for _ in range(ROUNDS)]
    return [one for one, _ in rates], [one for _, one in rates]


def _rate(folder: Path, key: Key, processes: int) -> float:
    began = time.perf_counter()
    checked = check_export(folder, key=key, processes=processes)
    if checked.findings or checked.size != LEAVES:
        raise AssertionError(f"a good log raised an alarm: {checked.findings[:1]}")
    return checked.size / (time.perf_counter() - began)
