"""`./recoup drill NAME`: break a hub on purpose. crash kills parts at random; nothing may be lost.

crash is D4: workers (D1), postgres (D2) and web (D3) kill that part only. Others have a module of
their own: restore (D12), clock (D7), disk (D8), locks (D9), poison (D11), upgrade (D13).

Reports arrive while web, worker, PostgreSQL and banks are killed with SIGKILL at seeded moments.
Afterwards everything must be closed, balanced and reconciled, and the same as in a run without
kills. With --fault a fault is planted, and the drill must find it: then finding it is success.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recoup.cli import (
    drill_checks,
    drill_faults,
    drill_frauds,
    drill_parts,
    environment,
    instance,
    load_banks,
    measured,
)
from recoup.cli.drill_checks import Trails
from recoup.cli.drill_parts import Kill
from recoup.cli.drill_told import DOCUMENT, FAULT_TEXT, OPENING, Fault
from recoup.cli.measured import Line

FAULTS: Final = {
    "bank_unique_ticket": Fault(
        "the bank's ledger has no unique key on the ticket", "tickets more than once"
    ),
    "outbox_after_commit": Fault(
        "the out-box is written after the commit, in a transaction of its own", "stuck: "
    ),
}
LAST_REPORTS_SECONDS: Final = 120.0
# As many frauds as lead to 2,000 holds over 120 kills: each reaches a dozen accounts.
FRAUDS_PER_KILL: Final = 5 / 3
MANY_KILLS, MANY_HOLDS = 120, 2_000


@dataclass(slots=True)
class Outcome:
    """What a run came to. problems: everything that is wrong; empty is well."""

    trails: Trails = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    accepted: int = 0
    repeats: int = 0
    tickets: int = 0
    executed: int = 0
    holds: int = 0
    seconds: float = 0.0
    postgres: str = ""


OTHERS: Final = {
    "restore": "recoup.cli.drill_restore",  # D12
    "clock": "recoup.cli.drill_clock",  # D7
    "poison": "recoup.cli.drill_poison",  # D11
    "upgrade": "recoup.cli.drill_upgrade",  # D13
    "locks": "recoup.cli.drill_locks",  # D9
    "disk": "recoup.cli.drill_disk",  # D8
}


def main(argv: Sequence[str]) -> int:
    """Run a drill; 0 if all is well or, with --fault, if the fault was found."""
    if argv and argv[0] in OTHERS:
        main_of: Callable[[Sequence[str]], int] = importlib.import_module(OTHERS[argv[0]]).main
        return main_of(argv[1:])
    return crash(argv)


def crash(argv: Sequence[str]) -> int:
    """Kill parts under load: D1 to D4."""
    options = read_options(argv)
    load_before = measured.load_average()
    print(
        f"{options.drill} drill: {options.kills} kills, {options.frauds} frauds, "
        f"seed {options.seed}"
    )
    if options.fault:
        print(f"planted fault: {FAULTS[options.fault].meaning}")
    folder = environment.VAR / "drill" / options.drill
    shutil.rmtree(folder, ignore_errors=True)
    reference = None if options.fault else run(options, folder / "reference", kills=())
    kills = drill_parts.schedule(
        options.kills, options.seed, fault=options.fault or "", drill=options.drill
    )
    outcome = run(options, folder / "killed", kills=kills, fault=options.fault or "")
    if reference:
        outcome.problems += [f"without kills: {problem}" for problem in reference.problems]
        outcome.problems += drill_checks.compare(outcome.trails, reference.trails)
    lines = table(options, outcome)
    show(outcome, lines)
    if options.write:
        write(options, outcome, lines, load_before)
    if not options.fault:
        return 0 if not outcome.problems and measured.is_met(lines) else 1
    is_found = found_by(options.fault, outcome.problems) > 0
    print(f"\nThe planted fault was {'found' if is_found else 'NOT found'}.")
    return 0 if is_found else 1


def found_by(fault: str, problems: Sequence[str]) -> int:
    """How many of the problems are the planted fault's own; another's do not count as found."""
    return sum(FAULTS[fault].shows in problem for problem in problems)


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup drill", description=__doc__)
    parser.add_argument("drill", choices=["crash", *drill_parts.ONLY], metavar="NAME")
    parser.add_argument("--kills", type=int, default=60, help="how many times SIGKILL (60)")
    parser.add_argument("--frauds", type=int, help="how many reports arrive (5 for 3 kills)")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (1)")
    parser.add_argument("--fault", choices=sorted(FAULTS), help="plant a fault: it must be found")
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave docs/drills.md as it is"
    )
    options = parser.parse_args(argv)
    options.frauds = options.frauds or round(options.kills * FRAUDS_PER_KILL)
    return options


def run(
    options: argparse.Namespace, folder: Path, *, kills: Sequence[Kill], fault: str = ""
) -> Outcome:
    """One whole run in a hub of its own: reports, kills, settling, checks."""
    module = drill_faults.MODULE if fault == "outbox_after_commit" else "recoup"
    outcome, began = Outcome(), time.monotonic()
    with instance.running(folder / "hub", module=module) as hub:
        address, databases = hub.address, hub.databases
        keys = load_banks.enrol(databases, folder / "hub")
        outcome.postgres = measured.postgres_version(databases.planner)
        books = folder / "banks"
        frauds = drill_frauds.write(
            books, count=options.frauds, seed=options.seed, at=datetime.now(UTC)
        )
        reporter = drill_parts.Reporter(address, keys, frauds)
        with drill_parts.banks(address, books, keys, fault=fault) as banks:
            sender = threading.Thread(target=reporter.run, daemon=True)
            sender.start()
            print(f"  {len(frauds)} reports arrive" + (", parts are killed" if kills else ""))
            try:
                outcome.kills = drill_parts.kill_all(kills, hub, banks, reporter)
                sender.join(LAST_REPORTS_SECONDS)
            finally:
                reporter.end()
            print("  everything settles")
            outcome.problems += [f"report refused: {why}" for why in reporter.refused]
            outcome.problems += drill_checks.settle(databases, books)
            outcome.problems += [f"{code} ended badly" for code in banks.stop()]
        outcome.problems += drill_checks.check(databases, address, keys, books, reporter.references)
        outcome.problems += drill_checks.invariants(databases, hub.folder)
        outcome.trails = drill_checks.trails(databases, frauds)
        outcome.tickets = drill_checks.ticket_count(databases)
        outcome.executed = drill_checks.executed_count(books)
        outcome.holds = drill_checks.holds_executed(databases, books)
    outcome.accepted, outcome.repeats = len(reporter.references), reporter.repeats
    if outcome.accepted != len(frauds):
        outcome.problems.append(f"{outcome.accepted} of {len(frauds)} reports were accepted")
    outcome.seconds = time.monotonic() - began
    return outcome


def table(options: argparse.Namespace, outcome: Outcome) -> list[Line]:
    """What is told of a run; a fault's run is judged by being found."""
    killed = Counter(
        "banks" if kill.part.startswith("bank-") else kill.part for kill in outcome.kills
    )
    held = drill_checks.money_held(outcome.trails)
    parts = ", ".join(f"{part} {count}" for part, count in sorted(killed.items()))
    sums = ", ".join(f"{name} {minor / 100:,.2f}" for name, minor in held.items())
    fault, wrong = options.fault, len(outcome.problems)
    verdict = f"“{FAULTS[fault].shows.strip(': ')}”" if fault else "nothing lost, doubled or stuck"
    return [
        Line("kills with SIGKILL", str(options.kills), f"{len(outcome.kills)} ({parts})"),
        Line("reports accepted", str(options.frauds), str(outcome.accepted)),
        Line("reports sent again for want of an answer", "", str(outcome.repeats)),
        Line("tickets", "", str(outcome.tickets)),
        Line("executed by banks, each once", "", str(outcome.executed)),
        of_holds(options, outcome),
        Line("what became of the money, RSD", "", sums),
        Line(
            "problems", verdict, str(wrong),
            found_by(fault, outcome.problems) > 0 if fault else wrong == 0,
        ),
        Line("seconds in all", "", f"{outcome.seconds:.0f}"),
    ]  # fmt: skip


def of_holds(options: argparse.Namespace, outcome: Outcome) -> Line:
    """How many holds; 2,000 over 120 kills, and of fewer kills none are asked for."""
    what = "of these holds, none lost and none doubled"
    if options.kills < MANY_KILLS or options.fault:
        return Line(what, "", f"{outcome.holds:,}")
    return Line(what, f"≥ {MANY_HOLDS:,}", f"{outcome.holds:,}", outcome.holds >= MANY_HOLDS)


def show(outcome: Outcome, lines: Sequence[Line]) -> None:
    print("\nschedule:")
    for kill in outcome.kills:
        print(f"  {kill}")
    print()
    print(measured.as_text(lines))
    for problem in outcome.problems[:40]:
        print(f"  ✘ {problem}", file=sys.stderr)


def write(
    options: argparse.Namespace, outcome: Outcome, lines: Sequence[Line], load_before: float
) -> None:
    """Write the run into docs/drills.md, with its seed and schedule."""
    fault = f" --fault {options.fault}" if options.fault else ""
    of = TITLES[options.drill]
    title = f"{of} with a planted fault: {options.fault}" if options.fault else of
    command = (
        f"./recoup drill {options.drill} --kills {options.kills} --frauds {options.frauds} "
        f"--seed {options.seed}{fault}"
    )
    told = FAULT_TEXT if options.fault else CRASH_TEXT
    found = "\n".join(f"- {problem}" for problem in outcome.problems[:8])
    if options.fault:
        found = f"What was found (the first of {len(outcome.problems)}):\n\n{found}"
    schedule = "\n".join(str(kill) for kill in outcome.kills)
    text = (
        f"{told}\n\n```\n{command}\n```\n\n{measured.as_markdown(lines)}\n\n{found}\n\n"
        f"{measured.conditions(outcome.postgres, options.seed, load_before)}\n\n"
        f"<details><summary>Schedule</summary>\n\n```\n{schedule}\n```\n\n</details>"
    )
    name = f"{options.drill} {options.fault or ''}".strip()
    measured.write_section(DOCUMENT, name, title, text, opening=OPENING)


TITLES: Final = {
    "crash": "Crash (D4)",
    "workers": "Workers killed (D1)",
    "postgres": "PostgreSQL killed (D2)",
    "web": "Pages killed (D3)",
}
CRASH_TEXT: Final = """\
Reports of seeded frauds over up to four hops arrive through the API of five banks, each a process
of its own that answers after up to a second. Meanwhile web, worker, PostgreSQL (the postmaster)
and banks are killed; what was killed starts again, the hub's parts by its own supervisor.
Afterwards: every accepted report has one case, every acknowledged ticket was executed once, every
accepted answer is stored, each bank reconciles with `GET /api/v1/holds`, all invariants hold,
nothing waits any more, and each fraud's trail is, account by account, what it is in a run of the
same frauds without kills."""
