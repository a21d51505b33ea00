"""What must be true after a drill, asked of the hub's database, the banks' books and the API.

Each check returns a line for everything that is wrong, and nothing where all is well.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from sqlite3 import Connection, connect
from typing import Any, Final

import psycopg

from recoup.cli.drill_frauds import Fraud, codes
from recoup.cli.environment import Databases
from recoup.cli.instance import own_environment
from recoup.cli.invariants import CROSS, TICK
from recoup.demo import bank, ledger
from recoup.demo.client import Hub, HubRefused, HubSilent

SETTLE_SECONDS: Final = 300.0
STANDSTILL_SECONDS: Final = 45.0  # the longest pause before a part starts again is 10
QUIET_SECONDS: Final = 2.0
AT_MOST: Final = 5
Trails = dict[int, tuple[tuple[Any, ...], ...]]

# What still waits in the hub; all of it must come to nothing once everything has been answered.
# Of tickets, those of the chain: what an officer asked for ends when its author has closed it, and
# is not answered by the banks of the drill.
WAITING: Final = """
select
  (select count(*) from reports_report where opened_at is null) as reports,
  (select count(*) from lawful_requests_unplannedanswer) as answers,
  (select count(*) from holds_planwanted) as acts,
  (select count(*) from lawful_requests_dispatch where sent_at is null) as dispatches,
  (select count(*) from lawful_requests_ticket
     where state in ('drafted', 'authorised', 'sent', 'acknowledged', 'answered')
       and of_id is null) as tickets
"""
STUCK: Final = """
select reference, measure, kind, state from lawful_requests_ticket
where state in ('drafted', 'authorised', 'sent', 'acknowledged', 'answered') and of_id is null
limit 5
"""
CASES: Final = """
select r.reference, count(k.id) from reports_report r left join cases_case k on k.report_id = r.id
where r.reference = any(%s) group by 1
"""
TRAILS: Final = """
select r.payment_reference, t.account_ident, t.rule, t.currency,
  t.inn, t.held, t.lying, t.moved, t.spent, t.returned, t.unknown
from holds_trail t join cases_case k on k.id = t.case_id join reports_report r on r.id = k.report_id
order by 1, 2, 3, 4
"""
ACKNOWLEDGED: Final = """
select t.id::text, t.measure, o.code from lawful_requests_ticket t
join members_organisation o on o.id = t.addressee_id where t.acknowledged_at is not null
"""
EXECUTED: Final = "select distinct ticket from executed"
HOLDS: Final = "select id::text from lawful_requests_ticket where measure = 'hold'"
ANSWERS: Final = """
select a.id::text, a.held_minor from lawful_requests_answer a
join lawful_requests_ticket t on t.id = a.ticket_id where t.of_id is null
"""


def settle(databases: Databases, folder: Path) -> list[str]:
    """Wait until nothing waits any more, in the hub or at a bank; says what is stuck otherwise."""
    began = changed_at = time.monotonic()
    waiting = "the hub does not answer"
    while time.monotonic() - began < SETTLE_SECONDS:
        now = what_waits(databases, folder)
        if now is not None and now != waiting:
            waiting, changed_at = now, time.monotonic()
        still = time.monotonic() - changed_at
        if waiting == "" and still > QUIET_SECONDS:
            return []
        if still > STANDSTILL_SECONDS:
            break
        time.sleep(0.25)
    return [f"stuck: {waiting}", *_stuck_tickets(databases)]


def what_waits(databases: Databases, folder: Path) -> str | None:
    """What still waits, in words; nothing if all is done; None if the database is away."""
    try:
        with psycopg.connect(databases.planner, connect_timeout=3) as connection:
            row = connection.execute(WAITING).fetchone()
    except psycopg.Error:
        return None
    names = ("reports", "answers", "acts", "dispatches", "tickets")
    counts = dict(zip(names, row or (), strict=True))
    with _books(folder) as books:
        counts["answers at banks"] = sum(len(ledger.unsettled(db)) for db in books.values())
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _stuck_tickets(databases: Databases) -> list[str]:
    try:
        with psycopg.connect(databases.planner, connect_timeout=3) as connection:
            return [f"stuck: {' '.join(row)}" for row in connection.execute(STUCK).fetchall()]
    except psycopg.Error as trouble:
        return [f"the database is away: {trouble}"]


def _read_only(path: Path) -> Connection:
    """A ledger as its bank left it. The bank's own way to open it would mend a missing key."""
    return connect(f"file:{path}?mode=ro", uri=True, timeout=30, isolation_level=None)


class _books(ExitStack):  # noqa: N801  (used as a function: `with _books(folder) as books`)
    """All banks' ledgers, open."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __enter__(self) -> dict[str, Connection]:  # type: ignore[override]
        return {
            code: self.enter_context(closing(_read_only(self.folder / f"{code}.sqlite")))
            for code in codes()
        }


# --- The checks ------------------------------------------------------------------------------


def check(
    databases: Databases, url: str, keys: Mapping[str, str], folder: Path,
    references: Mapping[int, str],
) -> list[str]:  # fmt: skip
    """What the hub and the banks' own books say of each other; asked beside the invariants."""
    problems: list[str] = []
    with psycopg.connect(databases.planner) as connection, _books(folder) as books:
        problems += _each_report_has_one_case(connection, list(references.values()))
        problems += _nothing_lost(connection, books)
        for code, db in books.items():
            problems += _own_books(code, db)
            problems += _reconcile(code, db, Hub(url, keys[code], timeout_seconds=20))
    return problems


def _each_report_has_one_case(
    connection: psycopg.Connection[Any], references: Sequence[str]
) -> Iterator[str]:
    found = dict(connection.execute(CASES, [list(references)]).fetchall())
    for reference in references:
        if found.get(reference, 0) != 1:
            yield f"report {reference} was accepted and has {found.get(reference, 0)} cases"
    total = connection.execute("select count(*) from reports_report").fetchone()
    if total and total[0] != len(references):
        yield f"{len(references)} reports were accepted, the hub has {total[0]}"


def _nothing_lost(
    connection: psycopg.Connection[Any], books: Mapping[str, Connection]
) -> Iterator[str]:
    """Acknowledged tickets are executed; accepted answers are stored, and stored ones were sent."""
    executed = {
        row[0] for db in books.values() for row in db.execute("select ticket from executed")
    }
    rows = connection.execute(ACKNOWLEDGED).fetchall()
    lost = [t for t, _, code in rows if code in books and t not in executed]
    if lost:
        yield f"{len(lost)} acknowledged tickets were never executed: {', '.join(lost[:AT_MOST])}"
    stored = dict(connection.execute(ANSWERS).fetchall())
    accepted = {
        row[0]
        for db in books.values()
        for row in db.execute("select answer from answer where verdict = 'accepted'")
    }
    if gone := accepted - stored.keys():
        yield f"{len(gone)} accepted answers are not in the hub: {', '.join(sorted(gone)[:5])}"
    if foreign := stored.keys() - accepted:
        yield f"{len(foreign)} answers in the hub have no receipt at the bank"


def _own_books(code: str, db: Connection) -> Iterator[str]:
    if doubled := ledger.doubled(db):
        yield f"{code} executed {len(doubled)} tickets more than once, one {doubled[0][1]} times"
    if broken := ledger.broken(db):
        yield f"{code} holds more than there is on {len(broken)} accounts"
    refused = db.execute("select count(*) from answer where verdict = 'refused'").fetchone()[0]
    if refused:
        yield f"the hub refused {refused} answers of {code}"


def _reconcile(code: str, db: Connection, hub: Hub) -> Iterator[str]:
    try:
        for difference in bank.differences(db, hub):
            yield f"{code} is not reconciled: {difference}"
    except (HubSilent, HubRefused) as trouble:
        yield f"{code} could not reconcile: {trouble}"
    finally:
        hub.close()


def invariants(databases: Databases, folder: Path) -> list[str]:
    """Ask `./recoup invariants` of a hub and its folder; gives the lines of what is broken."""
    done = subprocess.run(
        [sys.executable, "-m", "recoup", "invariants"],
        env=own_environment(folder, databases.as_environment()),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode == 0:
        return []
    return _broken(done.stdout) or [f"invariants: {done.stderr[-600:]}"]


def _broken(told: str) -> list[str]:
    """One line for each invariant that is broken: its name, its meaning, the ids that break it."""
    found: list[list[str]] = []
    for line in told.splitlines():
        if line.startswith((CROSS, TICK)):
            found.append([line])
        elif found and line.startswith("    "):
            found[-1].append(line.strip())
    return [
        f"invariant {title.removeprefix(CROSS).strip()}: {len(ids)} or more, {', '.join(ids)}"
        for title, *ids in found
        if title.startswith(CROSS)
    ]


def trails(databases: Databases, frauds: Sequence[Fraud]) -> Trails:
    """Where each fraud's money ended, account by account, by the number of the fraud."""
    numbers = {fraud.report.reference: fraud.number for fraud in frauds}
    found: dict[int, list[tuple[Any, ...]]] = {fraud.number: [] for fraud in frauds}
    with psycopg.connect(databases.planner) as connection:
        for words, *row in connection.execute(TRAILS).fetchall():
            found[numbers[words]].append(tuple(row))
    return {number: tuple(rows) for number, rows in found.items()}


def compare(found: Trails, reference: Trails) -> Iterator[str]:
    """Where two runs ended differently, fraud by fraud."""
    for number in sorted(found.keys() | reference.keys()):
        ours, theirs = found.get(number, ()), reference.get(number, ())
        if ours != theirs:
            ours_only, theirs_only = set(ours) - set(theirs), set(theirs) - set(ours)
            first = sorted(ours_only or theirs_only)[0]
            yield (
                f"fraud {number} ended otherwise than without kills: {len(ours_only)} accounts "
                f"only here, {len(theirs_only)} only there, such as {first}"
            )


def money_held(found: Trails) -> Counter[str]:
    """Totals over all frauds, under the rule that holds follow, for the table."""
    total: Counter[str] = Counter()
    for rows in found.values():
        for _, rule, _, _, held, lying, _, spent, returned, unknown in rows:
            if rule == "fifo":
                total.update(
                    held=held, lying=lying, spent=spent, returned=returned, unknown=unknown
                )
    return total


def ticket_count(databases: Databases) -> int:
    with psycopg.connect(databases.planner) as connection:
        row = connection.execute("select count(*) from lawful_requests_ticket").fetchone()
    return int(row[0]) if row else 0


def executed_count(folder: Path) -> int:
    """How many tickets the banks executed, counted in their own books."""
    with _books(folder) as books:
        return sum(len(db.execute(EXECUTED).fetchall()) for db in books.values())


def holds_executed(databases: Databases, folder: Path) -> int:
    """How many of these were holds."""
    with psycopg.connect(databases.planner) as connection:
        holds = {row[0] for row in connection.execute(HOLDS).fetchall()}
    with _books(folder) as books:
        found = [row[0] for db in books.values() for row in db.execute(EXECUTED)]
    return len(holds.intersection(found))
