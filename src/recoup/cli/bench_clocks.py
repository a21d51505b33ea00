"""`./recoup bench clocks`: ten thousand clocks due in the same minute fire once each.

The hub's own worker fires them beside its other work. Due are acknowledgements, each of which makes
a task for a named person and the clock of the ladder's next step, and then ends of tickets.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from recoup.cli import bench_lists, bench_rows, instance, measured
from recoup.cli.bench_result import Result
from recoup.cli.environment import Databases
from recoup.cli.measured import Line

CLOCKS: Final = 10_000
LIMIT_SECONDS: Final = 60.0
PATIENCE: Final = 300.0
AHEAD: Final = 5  # seconds between the last row's writing and the moment that all are due
TOLD: Final = f"""\
{CLOCKS:,} clocks of as many tickets at one bank with a desk, all due at the same moment, in a hub
with twice as many tickets; its worker fires them beside its other work. Once they are
acknowledgements that did not come: each makes a task for a named person, the clock of the next step
and a line of the trail. Once they are the ends of the tickets. Seconds count from the due moment
until the last is seen to have fired."""
# Two of the four tickets of each copied case, of which none was answered; the bank has no machine.
OPEN_AGAIN: Final = """
update lawful_requests_ticket set state = 'sent', answered_at = null, ended_at = null,
  addressee_id = (select id from members_organisation where code = 'linden')
where reference like 'B-%%' and measure <> 'hold'
"""
DUE: Final = """
insert into lawful_requests_deadline
  (ticket_id, issuer_id, addressee_id, kind, level, due_at, outcome)
select id, issuer_id, addressee_id, %(kind)s, 0, now() + %(ahead)s * interval '1 second', ''
from lawful_requests_ticket where reference like 'B-%%' and measure <> 'hold' and state = 'sent'
order by id limit %(clocks)s
"""
WAITING: Final = """
select count(*) from lawful_requests_deadline d join lawful_requests_ticket t on t.id = d.ticket_id
where t.reference like 'B-%%' and d.kind = %(kind)s and d.level = 0 and d.fired_at is null
"""
TASKS: Final = """
select count(*), count(distinct about) from cases_task
where kind = 'acknowledge_overdue' and level = 0
"""
LAPSED: Final = """
select count(*) from lawful_requests_ticket where reference like 'B-%%' and state = 'lapsed'
"""
LINES: Final = """
select count(*), count(distinct stream) from audit_auditleaf
where convert_from(body, 'UTF8') like %(what)s
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of clock: its word, how its figure is called, and what it writes in the trail."""

    kind: str
    name: str
    line: str


KINDS: Final = (
    Kind("acknowledge", "overdue, each with a task and the next clock",
         "ticket:acknowledge_overdue"),
    Kind("lapse", "ended by time", "ticket:lapsed"),
)  # fmt: skip


def clocks(options: argparse.Namespace, folder: Path) -> Result:
    """Fill a hub, let the clocks become due, and count what they brought about."""
    with instance.running(folder, variables={"RECOUP_BANK_DELAY": "0"}) as hub:
        databases = hub.databases
        template = bench_lists.file_one_report(hub, folder)
        bench_rows.fill(databases, template, cases=CLOCKS // 2)
        prepare(databases)
        lines = [line for kind in KINDS for line in measure(databases, kind)]
        with reader(databases) as connection:
            tasks, about = one(connection, TASKS)
            (lapsed,) = one(connection, LAPSED)
        postgres = measured.postgres_version(databases.planner)
    lines += [
        exactly("tasks, each about another ticket", tasks if tasks == about else -1),
        exactly("tickets that lapsed", lapsed),
    ]
    is_wrong = any(line.is_met is False for line in lines if line.asked == f"{CLOCKS:,}")
    return Result(
        "Many clocks due at once", TOLD, lines, postgres=postgres, differs=is_wrong
    )  # fmt: skip


def prepare(databases: Databases) -> None:
    """Open the tickets again, as the owner, whom the rows' policies let past for that time."""
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        bench_rows.let_owner_past(connection, "lawful_requests_ticket", is_forced=False)
        connection.execute(OPEN_AGAIN.encode(), {})
        bench_rows.let_owner_past(connection, "lawful_requests_ticket", is_forced=True)


def measure(databases: Databases, kind: Kind) -> list[Line]:
    """Make the clocks of one kind due, and wait until the last has fired."""
    given = {"kind": kind.kind, "clocks": CLOCKS, "ahead": AHEAD}
    with reader(databases) as connection:
        made = connection.execute(DUE.encode(), given).rowcount
        began = time.monotonic() + AHEAD
        took = wait_for(connection, kind.kind, began)
        written, streams = one(connection, LINES, {"what": f'%"{kind.line}"%'})
    is_met = made == CLOCKS and took <= LIMIT_SECONDS
    return [
        Line(f"{made:,} clocks {kind.name}", f"{LIMIT_SECONDS:.0f} s", f"{took:.1f} s", is_met),
        exactly("their lines in the trail", written if written == streams else -1),
    ]


def wait_for(connection: psycopg.Connection[Any], kind: str, began: float) -> float:
    """How many seconds after the due moment none was left; the patience, where some are."""
    while time.monotonic() < began + PATIENCE:
        (left,) = one(connection, WAITING, {"kind": kind})
        if not left:
            break
        time.sleep(0.2)
    return time.monotonic() - began


def exactly(what: str, count: int) -> Line:
    """What there has to be one of for each clock; -1 where one had two."""
    shown = "one has two" if count < 0 else f"{count:,}"
    return Line(what, f"{CLOCKS:,}", shown, count == CLOCKS)


def reader(databases: Databases) -> psycopg.Connection[Any]:
    """The planner's log-in, which sees the clocks of all."""
    return psycopg.connect(databases.planner, autocommit=True)


def one(
    connection: psycopg.Connection[Any], query: str, given: dict[str, Any] | None = None
) -> tuple[int, ...]:
    """The one row of a query, of whole numbers."""
    row = connection.execute(query.encode(), given or {}).fetchone()
    return tuple(int(value) for value in row or (0,))
