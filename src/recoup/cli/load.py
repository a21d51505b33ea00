"""`./recoup load L1|L3`: requests arrive by the clock at a whole hub, and must be answered in time.

An open model: acts begin when they are due, whether or not earlier ones were answered, and their
time counts from that moment. 60 sessions of the invented country's people, each from an address of
its own, read, look at parts of pages and write; banks report through the API, and ten banks' own
programs take the tickets and answer them. L3 adds a flood of files and searches, and more reports,
whose holds must reach the banks all the same.

The figures go into docs/benchmarks.md. The exit code is 0 if everything that was asked for was met.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recoup.cli import (
    bench_lists,
    bench_request_rows,
    bench_rows,
    drill_checks,
    environment,
    instance,
    load_acts,
    load_banks,
    load_run,
    measured,
)  # fmt: skip
from recoup.cli.bench_result import cpu_seconds, milliseconds, percentile_line
from recoup.cli.instance import Instance
from recoup.cli.load_acts import FLOOD, HOLD, LOOK, PART, WRITE, Due
from recoup.cli.load_run import Done, People
from recoup.cli.measured import Line
from recoup.demo import ledger, load

DOCUMENT: Final = measured.DOCS / "benchmarks.md"
OPENING: Final = "# Benchmarks\n"
WARM_UP_SECONDS: Final = 5.0
GRACE_SECONDS: Final = 30.0
GENERATOR_LATE_SECONDS: Final = 0.05
# What is asked of L1: of all acts together, from the moment they were due.
ASKED: Final = {"p50": 0.12, "p95": 0.35, "p99": 0.8}
ACTS_HEAD: Final = ("act", "count", "p50", "p95", "max")
ACCEPT_P99, BANK_P99, BANK_MOST = 1.0, 5.0, 15.0
TOLD: Final = {
    "L1": "People at work (L1)",
    "L3": "Holds during a flood (L3)",
}


@dataclass(slots=True)
class Outcome:
    """What a run came to. bank_at: when a hold's ticket was in the bank's process, by account."""

    done: list[Done]
    bank_at: Mapping[str, float]
    doubled: int
    broken: list[str]
    busy: dict[str, float]
    seconds: float
    counts: Mapping[str, int]
    postgres: str

    def of(self, *groups: str) -> list[Done]:
        return [one for one in self.done if one.due.group in groups]


def main(argv: Sequence[str]) -> int:
    """Run one scenario; 0 if everything that was asked for was met, else 1."""
    options = read_options(argv)
    load_before = measured.load_average()
    folder = environment.VAR / "load" / options.scenario
    shutil.rmtree(folder, ignore_errors=True)
    print(f"load {options.scenario}, {options.rate:g} a second for {options.seconds:g} s, "
          f"seed {options.seed}", flush=True)  # fmt: skip
    try:
        outcome = run(options, folder)
    except (Unfit, instance.NotStarted, load_banks.NotEnrolled) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    lines = table(options, outcome)
    print("\n" + measured.as_text(lines))
    print("\n" + measured.columns([ACTS_HEAD, *by_act(outcome)]))
    for name, count in load_run.errors(outcome.done).most_common(20):
        print(f"  ✘ {count} × {name}", file=sys.stderr)
    for told in outcome.broken[:10]:
        print(f"  ✘ {told}", file=sys.stderr)
    if options.write:
        write(options, outcome, lines, load_before)
    is_met = measured.is_met(lines)
    print(f"\n{options.scenario}: {'MET' if is_met else 'MISSED'}")
    return 0 if is_met else 1


class Unfit(Exception):
    """The hub does not answer the acts of the mix at all; the message says which."""


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./recoup load", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("scenario", choices=sorted(TOLD))
    parser.add_argument("--rate", type=float, default=40, help="acts a second of people (40)")
    parser.add_argument("--seconds", type=float, default=60, help="how long they arrive (60)")
    parser.add_argument("--holds", type=float, default=4, help="L3: more reports a second (4)")
    parser.add_argument("--flood", type=float, default=8, help="L3: flood, acts a second (8)")
    parser.add_argument("--cases", type=int, default=5_000, help="cases that are there (5000)")
    parser.add_argument("--requests", type=int, default=20_000, help="requests there (20000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (1)")
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave docs/benchmarks.md as it is"
    )
    return parser.parse_args(argv)


# --- One run ---------------------------------------------------------------------------------


def run(options: argparse.Namespace, folder: Path) -> Outcome:
    """A hub of its own with data, people and banks; the schedule; what is true afterwards."""
    with instance.running(folder, variables={"RECOUP_BANK_DELAY": "0"}) as hub:
        counts = fill(hub, folder, options)
        keys = load_banks.enrol(hub.databases, folder)
        before = drill_checks.invariants(hub.databases, hub.folder)
        password = json.loads((folder / "demo" / "sign_ins.json").read_text())["password"]
        people = People(hub.address, load_run.sign_in(hub.address, password), keys)
        known = load_acts.known_ids(hub.databases)
        if wrong := load_run.try_each(people, load_acts.one_of_each(known, options.seed)):
            raise Unfit("These acts are not answered as they must be: " + "; ".join(wrong))
        dues = planned(options, known, options.seconds, options.seed)
        warm = planned(options, known, WARM_UP_SECONDS, options.seed + 1000)
        with banks(hub, keys, folder / "load", [*warm, *dues], options.seed) as (seen, reports):
            print(f"  {len(people.sessions)} desks at work, {len(dues)} acts are due", flush=True)
            load_run.run(people, warm, reports, tell=lambda _: None)
            costs, began = cpu_seconds(hub.processes), time.monotonic()
            own = time.process_time()
            done = load_run.run(people, dues, reports)
            seconds = time.monotonic() - began
            busy = {part: spent - costs[part] for part, spent in cpu_seconds(hub.processes).items()}
            busy["generator and banks"] = time.process_time() - own
            taken = [one.account for one in done if one.account and one.is_well]
            load.wait_until(lambda: all(one in seen.hold_at for one in taken), GRACE_SECONDS)
        print("  everything settles", flush=True)
        broken = newly_broken(before, settled(hub))
        postgres = measured.postgres_version(hub.databases.planner)
    doubled = doubled_in(folder / "load")
    return Outcome(done, seen.hold_at, doubled, broken, busy, seconds, counts, postgres)


def fill(hub: Instance, folder: Path, options: argparse.Namespace) -> dict[str, int]:
    """Cases, tickets and requests, so that lists are long: copies of what one report left."""
    began = time.monotonic()
    template = bench_lists.file_one_report(hub, folder)
    counts = bench_rows.fill(hub.databases, template, cases=options.cases)
    counts |= bench_request_rows.fill(hub.databases, requests=options.requests)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    print(f"  filled in {time.monotonic() - began:.0f} s: {told}", flush=True)
    return counts


def planned(
    options: argparse.Namespace, known: load_acts.Known, seconds: float, seed: int
) -> list[Due]:  # fmt: skip
    """The schedule: people's acts; in L3 the flood and further reports among them."""
    dues = load_acts.schedule(known, rate=options.rate, seconds=seconds, seed=seed)
    if options.scenario == "L3":
        for rate, group, more in ((options.flood, FLOOD, 1), (options.holds, HOLD, 2)):
            dues += load_acts.schedule(
                known, rate=rate, seconds=seconds, seed=seed + 10_000 * more, shares={group: 1}
            )
    return sorted(dues, key=lambda due: due.at)


@contextmanager
def banks(
    hub: Instance, keys: Mapping[str, str], folder: Path, dues: Sequence[Due], seed: int
) -> Iterator[tuple[load.Seen, Iterator[load.LoadReport]]]:
    """The ten banks, with as many disputed payments in their ledgers as will be reported."""
    count = sum(due.group == HOLD for due in dues)
    reports = load.prepare_reports(folder, datetime.now(UTC), count=count, seed=seed)
    with load.instant_banks(hub.address, keys, folder) as seen:
        yield seen, load_run.shuffled(reports, seed)


def settled(hub: Instance) -> list[str]:
    """What is broken once the worker has planned what came in."""
    return drill_checks.invariants(hub.databases, hub.folder)


def newly_broken(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """What the load broke: the copies that fill the lists break some from the beginning."""
    names = {told.partition(":")[0] for told in before}
    return [told for told in after if told.partition(":")[0] not in names]


def doubled_in(folder: Path) -> int:
    """How many tickets banks executed more than once, by their own ledgers."""
    with ExitStack() as stack:
        books = [
            stack.enter_context(closing(ledger.open_ledger(folder / f"{code}.sqlite")))
            for code in load.bank_codes()
        ]
        return sum(len(ledger.doubled(book)) for book in books)


# --- What is told ----------------------------------------------------------------------------


def table(options: argparse.Namespace, outcome: Outcome) -> list[Line]:
    """The figures beside what was asked of them."""
    wrong = sum(load_run.errors(outcome.done).values())
    late = load.percentiles([one.began_at - one.due_at for one in outcome.done])
    arrived = len(outcome.done) / options.seconds
    is_l1 = options.scenario == "L1"
    return [
        Line("acts arriving, a second", f"{options.rate:g}" if is_l1 else "",
             f"{arrived:.1f} ({len(outcome.done):,} in all)"),
        *(of_people(outcome) if is_l1 else of_holds(outcome)),
        Line("errors", "0", str(wrong), wrong == 0),
        *(of_holds(outcome, False) if is_l1 else of_people(outcome, False)),
        Line("tickets executed twice by a bank", "0", str(outcome.doubled), outcome.doubled == 0),
        Line("invariants that the load broke", "0", str(len(outcome.broken)), not outcome.broken),
        Line("generator late: p50 / p99 / max", f"p99 {GENERATOR_LATE_SECONDS * 1000:g} ms at most",
             " / ".join(milliseconds(late[name]) for name in ("p50", "p99", "max")),
             late["p99"] <= GENERATOR_LATE_SECONDS),
        Line("cores busy on average", "", f"{sum(outcome.busy.values()) / outcome.seconds:.2f} ("
             + ", ".join(f"{part} {spent / outcome.seconds:.2f}"
                         for part, spent in outcome.busy.items()) + ")"),
    ]  # fmt: skip


def by_act(outcome: Outcome) -> list[tuple[str, ...]]:
    """Each kind of act by itself, the slowest first."""
    found: dict[str, list[float]] = {}
    for one in outcome.done:
        found.setdefault(one.due.name, []).append(one.seconds)
    told = {name: load.percentiles(values) for name, values in found.items()}
    return [
        (name, f"{one['count']:,}", *(milliseconds(one[cut]) for cut in ("p50", "p95", "max")))
        for name, one in sorted(told.items(), key=lambda item: -item[1]["p50"])
    ]


def of_people(outcome: Outcome, asked: bool = True) -> list[Line]:
    """What people waited for, all together and by kind."""
    found = load.percentiles([one.seconds for one in outcome.of(LOOK, PART, WRITE)])
    lines = []
    for name, limit in ASKED.items() if asked and found["count"] else ():
        lines.append(Line(f"people's acts, {name}", f"{milliseconds(limit)} at most",
                          milliseconds(found[name]), found[name] <= limit))  # fmt: skip
    if not asked:
        lines.append(percentile_line("people's acts: p50 / p95 / p99 / max", "", found, None))
    for group in (LOOK, PART, WRITE, FLOOD):
        values = [one.seconds for one in outcome.of(group)]
        if values:
            told = f"{group} ({len(values):,}): p50 / p95 / p99 / max"
            lines.append(percentile_line(told, "", load.percentiles(values), None))
    return lines


def of_holds(outcome: Outcome, asked: bool = True) -> list[Line]:
    """What became of reports: accepted, at the bank, none lost. Counted from when they were due."""
    sent = outcome.of(HOLD)
    taken = [one for one in sent if one.is_well]
    there = [one for one in taken if one.account in outcome.bank_at]
    at_bank = load.percentiles([outcome.bank_at[one.account] - one.due_at for one in there])
    accepted = load.percentiles([one.seconds for one in sent])
    lost = len(taken) - len(there)
    return [
        Line("reports due / accepted", "", f"{len(sent):,} / {len(taken):,}",
             len(sent) == len(taken)),
        percentile_line("due to accepted: p50 / p95 / p99 / max",
                        "p99 1,000 ms at most" if asked else "", accepted,
                        ACCEPT_P99 if asked else None),
        percentile_line("due to ticket in the bank: p50 / p95 / p99 / max",
                        "p99 5,000 ms at most" if asked else "", at_bank,
                        BANK_P99 if asked else None),
        *([Line("longest of these", f"{milliseconds(BANK_MOST)} at most",
                milliseconds(at_bank["max"]), at_bank["max"] <= BANK_MOST)]
          if asked and there else []),
        Line("holds lost", "0", str(lost), lost == 0),
    ]  # fmt: skip


def write(
    options: argparse.Namespace, outcome: Outcome, lines: Sequence[Line], load_before: float
) -> None:
    """Write the run's section of docs/benchmarks.md, with its seed and date."""
    flood = (
        f", {options.flood:g} acts a second of a flood (a file of 256 KiB, searches) and "
        f"{options.holds:g} reports a second more"
        if options.scenario == "L3"
        else ""
    )
    told = (
        f"60 sessions at {outcome.counts['cases']:,} cases, {outcome.counts['tickets']:,} tickets "
        f"and {outcome.counts['requests']:,} requests: {options.rate:g} acts a second arrive for "
        f"{options.seconds:g} seconds (Poisson), of which 70 in a hundred are lists and pages, 20 "
        f"parts of pages, 6 writes and 4 reports by banks through the API{flood}. An act begins "
        "when it is due, whether or not earlier ones were answered, and its time counts from then. "
        "Ten banks take the tickets and answer at once; generator and banks run on the same "
        "machine."
    )
    given = f" --rate {options.rate:g} --seconds {options.seconds:g}"
    if options.scenario == "L3":
        given += f" --holds {options.holds:g} --flood {options.flood:g}"
    given += f" --cases {options.cases} --requests {options.requests} --seed {options.seed}"
    wrong = load_run.errors(outcome.done).most_common(8)
    text = "\n\n".join([
        told, f"```\n./recoup load {options.scenario}{given}\n```", measured.as_markdown(lines),
        "### Each kind of act\n\n" + measured.markdown(ACTS_HEAD, by_act(outcome)),
        *(["\n".join(f"- {count} × {name}" for name, count in wrong)] if wrong else []),
        measured.conditions(outcome.postgres, options.seed, load_before),
    ])  # fmt: skip
    name = f"load {options.scenario}"
    measured.write_section(DOCUMENT, name, TOLD[options.scenario], text, opening=OPENING)
