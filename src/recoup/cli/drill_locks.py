"""`./recoup drill locks` (D9): tables are locked, and the database has no connection left.

Somebody holds a lock on a hot table for a while, then takes every connection. Whoever asks
meanwhile must be answered within bounds, other pages at once; afterwards all goes on.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import psycopg

from recoup.cli import drill_checks, drill_frauds, environment, instance, load_banks, measured
from recoup.cli.drill_frauds import Fraud
from recoup.cli.drill_hub import file_report, rows, status_of, superuser, wait_for
from recoup.cli.drill_told import Drill, Fault, Run, command_of, finish
from recoup.cli.instance import Instance
from recoup.demo.client import HubRefused, HubSilent

BOUND_SECONDS: Final = 12.0
AT_ONCE_SECONDS: Final = 2.0
HELD_SECONDS: Final = 20.0
AFTER_SECONDS: Final = 60.0
CONNECTIONS: Final = 120
REPORTS: Final = 4
DRILL: Final = Drill(
    "locks",
    "Locks, and no connection left (D9)",
    f"""\
Somebody locks the table of tickets, then that of reports, for {HELD_SECONDS:.0f} s each, and then
takes every connection of the database. While tickets are locked, reports are taken at once. While
reports are locked, who files one is answered within {BOUND_SECONDS:.0f} s (503, try again), other
pages at once. Everything that was sent again with the same key is there once, has its tickets
within a minute, and all invariants hold.""",
    {"no_limit": Fault("the pages wait for a lock as long as it takes", "was not answered within")},
)
CASES: Final = """
select count(distinct r.id), count(*) from reports_report r
join cases_case k on k.report_id = r.id
join lawful_requests_ticket t on t.case_id = k.id and t.sent_at is not null
where r.reference = any(%s)
"""


@dataclass(slots=True)
class Sender:
    """Files one report again and again with one key; waits: how long each try took."""

    hub: Instance
    keys: Mapping[str, str]
    fraud: Fraud
    waits: list[float] = field(default_factory=list)
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    reference: str = ""

    def run(self) -> None:
        limit = time.monotonic() + HELD_SECONDS + AFTER_SECONDS
        while not self.reference and time.monotonic() < limit:
            began = time.monotonic()
            with contextlib.suppress(HubSilent, HubRefused):
                self.reference = file_report(
                    self.hub, self.keys, self.fraud, key=self.key, seconds=2 * HELD_SECONDS
                )
            self.waits.append(time.monotonic() - began)
            if not self.reference:
                time.sleep(0.5)


def main(argv: Sequence[str]) -> int:
    """Run the drill; 0 if all is well or, with --fault, if the fault was found."""
    options = DRILL.parser().parse_args(argv)
    run = Run(command_of(DRILL, options))
    folder = environment.VAR / "drill" / "locks"
    shutil.rmtree(folder, ignore_errors=True)
    variables = {"RECOUP_LOCK_SECONDS": "0"} if options.fault else {}
    with instance.running(folder / "hub", variables=variables) as hub:
        run.postgres = measured.postgres_version(hub.databases.planner)
        keys = load_banks.enrol(hub.databases, folder / "hub")
        frauds = drill_frauds.write(
            folder / "banks", count=3 * REPORTS, seed=options.seed, at=datetime.now(UTC)
        )
        senders = [Sender(hub, keys, fraud) for fraud in frauds]
        tickets, reports, none_left = (senders[n * REPORTS : (n + 1) * REPORTS] for n in range(3))
        with locked(hub, "lawful_requests_ticket"):
            phase("tickets are locked", hub, tickets, AT_ONCE_SECONDS, run)
        with locked(hub, "reports_report"):
            phase("reports are locked", hub, reports, BOUND_SECONDS, run)
        with no_connection_left(hub):
            phase("no connection is left", hub, none_left, BOUND_SECONDS, run)
        check_all(hub, senders, run)
        if not options.fault:
            run.problems += drill_checks.invariants(hub.databases, hub.folder)
    shutil.rmtree(folder, ignore_errors=True)
    return finish(DRILL, run, options)


def phase(what: str, hub: Instance, senders: Sequence[Sender], bound: float, run: Run) -> None:
    """File reports meanwhile, and ask for a page; returns when all were taken, or too late."""
    threads = [threading.Thread(target=sender.run, daemon=True) for sender in senders]
    for thread in threads:
        thread.start()
    time.sleep(1)
    status, took, _ = status_of(f"{hub.address}/healthz")
    run.line(f"{what}: another page after, s", f"≤ {AT_ONCE_SECONDS:.0f}", f"{took:.1f} ({status})",
             took <= AT_ONCE_SECONDS)  # fmt: skip
    if took > AT_ONCE_SECONDS:
        run.problems.append(f"{what}: a page was not answered within {AT_ONCE_SECONDS:.0f} s")
    for thread in threads:
        thread.join(HELD_SECONDS + AFTER_SECONDS)
    waits = [wait for sender in senders for wait in sender.waits]
    longest = max(waits, default=0.0)
    run.line(f"{what}: longest wait of a report, s", f"≤ {bound:.0f}", f"{longest:.1f}",
             longest <= bound)  # fmt: skip
    if longest > bound:
        run.problems.append(f"{what}: a report was not answered within {bound:.0f} s")
    if lost := [sender.key for sender in senders if not sender.reference]:
        run.problems.append(f"{what}: {len(lost)} reports were never taken")


def check_all(hub: Instance, senders: Sequence[Sender], run: Run) -> None:
    """Each report is there once, and has its tickets."""
    references = sorted({sender.reference for sender in senders if sender.reference})
    planner = hub.databases.planner

    def planned() -> bool:
        return bool(rows(planner, CASES, references)[0][0] == len(references))

    took = wait_for(planned, AFTER_SECONDS)
    run.line("reports taken, each with its tickets", str(len(senders)),
             f"{rows(planner, CASES, references)[0][0]}", took is not None)  # fmt: skip
    if took is None:
        run.problems.append("reports have no tickets a minute after the locks were gone")
    stored = rows(planner, "select count(*) from reports_report")[0][0]
    if stored != len(references):
        run.problems.append(f"{len(references)} reports were taken, {stored} are stored")


@contextlib.contextmanager
def locked(hub: Instance, table: str) -> Iterator[None]:
    """Hold a table for a while, in a session of its own; what is in the block goes on meanwhile."""
    taken = threading.Event()

    def hold() -> None:
        with psycopg.connect(superuser(hub)) as connection:
            connection.execute(f"lock table {table} in access exclusive mode".encode())
            taken.set()
            time.sleep(HELD_SECONDS)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    taken.wait(30)
    yield
    thread.join(HELD_SECONDS + 10)


@contextlib.contextmanager
def no_connection_left(hub: Instance) -> Iterator[None]:
    """Take every connection, also those that the hub gives back, for a while."""
    held: list[psycopg.Connection] = []

    def let_go() -> None:
        time.sleep(HELD_SECONDS)
        while held:
            held.pop().close()

    for _ in range(CONNECTIONS):
        try:
            held.append(psycopg.connect(superuser(hub), connect_timeout=5))
        except psycopg.Error:
            break
    thread = threading.Thread(target=let_go, daemon=True)
    thread.start()
    yield
    thread.join(HELD_SECONDS + 10)
