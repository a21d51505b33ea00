"""Measurements under load: a report's way to the held money, a branching fraud, memory."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from recoup.cli import drill_checks, instance, load_banks, measured
from recoup.cli.bench_result import (
    Result,
    cpu_seconds,
    memory_mib,
    milliseconds,
    percentile_line,
)
from recoup.cli.environment import Databases
from recoup.cli.instance import Instance
from recoup.cli.measured import Line
from recoup.demo import load

LATENCY_LIMIT: Final = 1.0
LEVEL_LIMIT: Final = 1.0
MEMORY_LIMIT_MIB: Final = 600
LEVELS, FAN_OUT, HOLDS = 5, 3, 363
SETTLE_SECONDS: Final = 60.0
WARM_UP_SECONDS: Final = 5.0
UNFINISHED: Final = """
select count(*) from lawful_requests_ticket where state not in ('closed', 'refused', 'withdrawn')
"""
TOTALS: Final = """
select coalesce(sum(lost), 0), coalesce(sum(held), 0), coalesce(sum(lying), 0),
  coalesce(sum(gone), 0), coalesce(sum(returned), 0), coalesce(sum(unknown), 0)
from holds_casetotal where rule = 'fifo'
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A hub that was enrolled with the ten banks, ready for load."""

    hub: Instance
    keys: Mapping[str, str]
    databases: Databases
    postgres: str
    books: Path


@contextmanager
def loaded_hub(folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[Measured]:
    with instance.running(folder, variables=variables or {}) as hub:
        databases = hub.databases
        keys = load_banks.enrol(databases, folder)
        postgres = measured.postgres_version(databases.planner)
        yield Measured(hub, keys, databases, postgres, folder / "load")


# --- A report's way to the held money --------------------------------------------------------


def hold_latency(options: argparse.Namespace, folder: Path) -> Result:
    """Reports by the clock; how long until the payee's bank has the ticket in its process."""
    with loaded_hub(folder) as ready:
        found, cost, seconds = _under_load(ready, options)
        settled = _settle(ready.databases)
        problems = drill_checks.invariants(ready.databases, folder)
    reports = max(1, found["reports"])
    lines = [
        Line("reports sent / accepted", f"{reports}", f"{reports} / {found['accepted']}",
             found["accepted"] == reports),
        Line("lost", "0", str(found["lost"]), found["lost"] == 0),
        percentile_line("accepted to ticket in the bank: p50 / p95 / p99 / max",
                        "p99 1,000 ms at most", found["accepted_to_bank"], LATENCY_LIMIT),
        percentile_line("meant to be sent to ticket in the bank", "",
                        found["intended_to_bank"], None),
        percentile_line("meant to be sent to receipt", "", found["accepting"], None),
        Line("tickets", "", f"{found['tickets']:,}"),
        Line("answers refused", "0", str(found["answers_refused"]), found["answers_refused"] == 0),
        Line("all tickets closed afterwards", "yes", settled or "yes", not settled),
        Line("invariants", "all hold", "; ".join(problems[:2]) or "all hold", not problems),
        *_cost_lines(cost, reports, seconds),
    ]  # fmt: skip
    told = (
        f"Reports of payments between different accounts of ten banks, {options.rate:g} a second "
        f"for {options.seconds:g} seconds, as Poisson arrivals. All are sent by the payers' banks "
        "through the API: the public form's caps (three reports an hour from one sender) hold "
        "here as well. Each report opens three tickets, all of which the banks answer at once, "
        "so the hub takes in every answer meanwhile; such an answer acknowledges as well."
    )
    given = f" --rate {options.rate:g} --seconds {options.seconds:g}"
    return Result("From a report to the ticket in the bank", told, lines, given,
                  _busy_note(cost, seconds), ready.postgres)  # fmt: skip


def _under_load(
    ready: Measured, options: argparse.Namespace
) -> tuple[dict[str, Any], dict[str, float], float]:
    """Send the load; gives what it came to, the parts' processor seconds, and how long it was."""
    url, books = ready.hub.address, ready.books
    load.hold_latency(  # so that no first request of a process is in the figures
        url, ready.keys, books / "warm", rate=5, seconds=WARM_UP_SECONDS, seed=options.seed + 1000
    )
    before, began = cpu_seconds(ready.hub.processes), time.monotonic()
    own = time.process_time()
    found = load.hold_latency(
        url, ready.keys, books / "run", rate=options.rate, seconds=options.seconds,
        seed=options.seed,
    )  # fmt: skip
    after = cpu_seconds(ready.hub.processes)
    cost = {part: after[part] - before[part] for part in before}
    cost["generator and banks"] = time.process_time() - own
    return found, cost, time.monotonic() - began


def _cost_lines(cost: Mapping[str, float], reports: int, seconds: float) -> list[Line]:
    each = ", ".join(f"{part} {spent / reports * 1000:.1f}" for part, spent in cost.items())
    total = sum(cost.values()) / reports * 1000
    return [Line("processor time a report, ms", "", f"{total:.1f} ({each})")]


def _busy_note(cost: Mapping[str, float], seconds: float) -> list[str]:
    share = sum(cost.values()) / max(seconds, 1)
    return [f"On average {share:.2f} cores were busy with hub, banks and generator together."]


def _settle(databases: Databases) -> str:
    """Wait until every ticket has ended; says how many have not."""
    end, left = time.monotonic() + SETTLE_SECONDS, -1
    while time.monotonic() < end:
        with psycopg.connect(databases.planner) as connection:
            row = connection.execute(UNFINISHED).fetchone()
        left = int(row[0]) if row else 0
        if left == 0:
            return ""
        time.sleep(0.5)
    return f"{left} are not"


# --- A branching fraud -----------------------------------------------------------------------


def fan_out(options: argparse.Namespace, folder: Path) -> Result:
    """One payment that branches five times threefold; the hub's own time from level to level."""
    with loaded_hub(folder) as ready:
        url = ready.hub.address
        load.hold_latency(
            url, ready.keys, ready.books / "warm", rate=5, seconds=2, seed=options.seed + 1000
        )
        before, own, began = cpu_seconds(ready.hub.processes), time.process_time(), time.monotonic()
        found = load.fan_out_time(
            url, ready.keys, ready.books / "run", levels=LEVELS, fan_out=FAN_OUT, seed=options.seed
        )
        after = cpu_seconds(ready.hub.processes)
        cost = {part: after[part] - before[part] for part in before}
        cost["generator and banks"] = time.process_time() - own
        seconds = time.monotonic() - began
        settled = _settle(ready.databases)
        problems = drill_checks.invariants(ready.databases, folder)
        sums = _totals(ready.databases)
    whole = found["whole_seconds"]
    lines = [
        Line("hold tickets answered", f"{HOLDS} and the first",
             f"{found['answered']} of {found['accounts']}", found["answered"] == HOLDS + 1),
        *(
            percentile_line(f"hub's own time to level {level}: p50 / p95 / p99 / max",
                            "1,000 ms at most", values, LEVEL_LIMIT)
            for level, values in found["hub_per_level"].items()
        ),
        Line("from the report to the last answer", "", milliseconds(whole)),
        Line("answers refused", "0", str(found["answers_refused"]), found["answers_refused"] == 0),
        Line("all tickets closed", "yes", settled or "yes", not settled),
        Line("balanced: lost = held + lying + gone + returned + unknown", "yes", sums[1], sums[0]),
        Line("invariants", "all hold", "; ".join(problems[:2]) or "all hold", not problems),
        Line("processor seconds", "",
             ", ".join(f"{part} {spent:.1f}" for part, spent in cost.items())),
    ]  # fmt: skip
    told = (
        f"One payment of which each receiver passes most on to {FAN_OUT} others, over {LEVELS} "
        f"levels: {HOLDS} accounts behind the first, at ten banks that answer at once. The hub's "
        "own time for an account is from the hub's receipt for its payer's answer until the "
        "account's own ticket is in the bank's process."
    )
    return Result("A fraud that branches", told, lines, "",
                  _busy_note(cost, seconds), ready.postgres)  # fmt: skip


def _totals(databases: Databases) -> tuple[bool, str]:
    with psycopg.connect(databases.planner) as connection:
        row = connection.execute(TOTALS).fetchone() or (0,) * 6
    lost, *parts = (int(value) for value in row)
    names = ("held", "lying", "gone", "returned", "unknown")
    told = ", ".join(f"{name} {part / 100:,.2f}" for name, part in zip(names, parts, strict=True))
    return lost > 0 and lost == sum(parts), f"{lost / 100:,.2f} = {told}"


# --- Memory ----------------------------------------------------------------------------------


def memory(options: argparse.Namespace, folder: Path) -> Result:
    """Resident memory of web (with long poll and events) and worker after the load."""
    with loaded_hub(folder) as ready:
        processes = ready.hub.processes
        fresh = {part: memory_mib(processes[part]) for part in ("web", "worker")}
        found, _, _ = _under_load(ready, options)
        fan = load.fan_out_time(ready.hub.address, ready.keys, ready.books / "fan",
                                levels=LEVELS, fan_out=FAN_OUT,
                                seed=options.seed + 2000)  # fmt: skip
        processes = ready.hub.processes
        loaded = {part: memory_mib(processes[part]) for part in ("web", "worker")}
    together = sum(loaded.values())
    lines = [
        Line("web and worker together, MiB", f"{MEMORY_LIMIT_MIB} at most", f"{together:.0f}",
             together <= MEMORY_LIMIT_MIB),
        *(
            Line(f"{part}, MiB: before / after", "", f"{fresh[part]:.0f} / {loaded[part]:.0f}")
            for part in loaded
        ),
        Line("reports / tickets", "",
             f"{found['accepted'] + 1:,} / {found['tickets'] + fan['tickets']:,}"),
    ]  # fmt: skip
    told = (
        f"After {options.rate:g} reports a second for {options.seconds:g} seconds and one "
        f"branching fraud of {HOLDS} hold tickets. Live events and long polls are served by the "
        "web part. Resident memory of all processes; what two of them share is counted twice."
    )
    given = f" --rate {options.rate:g} --seconds {options.seconds:g}"
    return Result("Memory after the load", told, lines, given, [], ready.postgres)
