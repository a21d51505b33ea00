"""`./recoup drill clock` (D7): step the hub's clock to and fro; each deadline fires once, in time.

The hub knows one clock, the database's. A schema in front of PostgreSQL's own gives `now()` with
an offset, for the hub's log-ins only, and the offset is stepped while reports wait for answers.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from recoup.cli import drill_checks, drill_frauds, environment, instance, load_banks, measured
from recoup.cli.drill_frauds import Fraud
from recoup.cli.drill_hub import file_report, rows, superuser, wait_for
from recoup.cli.drill_told import Drill, Fault, Run, command_of, finish
from recoup.cli.instance import Instance

IN_TIME_SECONDS: Final = 60.0
LEFT_SECONDS: Final = 150.0
A_STEP: Final = 2  # reports
SLACK: Final = timedelta(seconds=2)  # the worker looks once a second
DRILL: Final = Drill(
    "clock",
    "Clock steps (D7)",
    """\
Nobody answers, so that every clock of every ticket runs out. Meanwhile the database's clock, which
is the only one that the hub reads, is stepped by ten minutes, an hour and a day to and fro, and
over the nights when clocks change in Belgrade and over a 29 February. After each step two reports
arrive. Each deadline fires once, never before it is due, and within a minute of being due; a step
back makes nothing happen again; all invariants hold. Tokens with a time of their own are not in it:
no message between hubs bears one yet.""",
    {
        "machine_clock": Fault(
            "the worker reads the machine's clock and not the database's", "not fired"
        ),
        "fires_again": Fault(
            "a step back takes the mark away that a deadline has fired", "fired again"
        ),
    },
)
# The hub's own log-ins see this now() instead of PostgreSQL's.
CLOCK: Final = """
create schema drill;
create table drill.clock (ahead interval not null);
insert into drill.clock values ('0');
create function drill.now() returns timestamptz language sql stable as
  $$ select pg_catalog.now() + ahead from drill.clock $$;
create function drill.statement_timestamp() returns timestamptz language sql stable as
  $$ select pg_catalog.statement_timestamp() + ahead from drill.clock $$;
grant usage on schema drill to public;
grant select on drill.clock to public;
"""
IN_FRONT: Final = "alter role {role} set search_path = drill, pg_catalog, public"
CUT: Final = """
select pg_terminate_backend(pid) from pg_stat_activity where usename in ('recoup_app',
  'recoup_planner')
"""
# A key ends after some months, and the clock goes through years.
WITHOUT_END: Final = "update members_apikey set expires_at = null"
OVERDUE: Final = """
select d.kind, d.due_at::text from lawful_requests_deadline d
where d.fired_at is null and d.due_at < %s
"""
IN_THE_OUT_BOX: Final = "select id from lawful_requests_dispatch where sent_at is null limit 1"
FIRED: Final = """
select ticket_id::text || ' ' || kind || ' ' || level, fired_at from lawful_requests_deadline
where fired_at is not null and ticket_id is not null
"""
ENDED_TWICE: Final = """
select stream from (select stream, convert_from(body, 'UTF8')::jsonb ->> 'what' as what
  from audit_auditleaf where stream like 'ticket:%') l
where what = 'ticket:lapsed' group by 1 having count(*) > 1
"""
FORGET: Final = "update lawful_requests_deadline set fired_at = null, outcome = ''"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the clock: by so much, or to a moment that is to come."""

    by: timedelta | None = None
    to: datetime | None = None

    def __str__(self) -> str:
        if self.to:
            return f"to {self.to:%Y-%m-%d %H:%M} UTC"
        seconds = self.by.total_seconds() if self.by else 0
        return f"by {seconds / 60:+.0f} minutes"


def steps(seed: int) -> list[Step]:
    """Small steps to and fro in a seeded order, then each night that is odd, forwards."""
    minutes = [10, -10, -60, 24 * 60, -24 * 60]
    random.Random(f"clock {seed}").shuffle(minutes)  # noqa: S311
    # Before the day on which its people were enrolled, a hub knows nobody: begin well after it.
    small = [Step(by=timedelta(days=3)), *(Step(by=timedelta(minutes=m)) for m in minutes)]
    nights = [
        Step(to=datetime(2027, 3, 28, 0, 58, tzinfo=UTC)),  # 01:58, then 03:00 in Belgrade
        Step(by=timedelta(minutes=10)),
        Step(to=datetime(2027, 10, 31, 0, 58, tzinfo=UTC)),  # 02:58, then 02:00 again
        Step(by=timedelta(hours=1)),
        Step(by=timedelta(hours=-1)),
        Step(to=datetime(2028, 2, 28, 22, 58, tzinfo=UTC)),
        Step(by=timedelta(days=1)),
    ]
    return small + nights


def main(argv: Sequence[str]) -> int:
    """Run the drill; 0 if all is well or, with --fault, if the fault was found."""
    options = DRILL.parser().parse_args(argv)
    run = Run(command_of(DRILL, options))
    folder = environment.VAR / "drill" / "clock"
    shutil.rmtree(folder, ignore_errors=True)
    with instance.running(folder / "hub") as hub:
        run.postgres = measured.postgres_version(hub.databases.planner)
        keys = load_banks.enrol(hub.databases, folder / "hub")
        put_clock(hub, worker_too=options.fault != "machine_clock")
        took = []
        for number, step in enumerate(steps(options.seed)):
            took.append(one_step(hub, keys, step, number, options.fault or "", run))
            if options.fault and run.problems:
                break  # it was found
        run.line("steps of the clock", "", len(took))
        fired = rows(hub.databases.planner, "select count(*) from lawful_requests_deadline "
                     "where fired_at is not null")  # fmt: skip
        run.line("deadlines that fired", "", fired[0][0])
        slowest = max(took)
        run.line("slowest to fire after a step, s", f"≤ {IN_TIME_SECONDS:.0f}", f"{slowest:.1f}",
                 slowest <= IN_TIME_SECONDS)  # fmt: skip
        for (stream,) in rows(hub.databases.planner, ENDED_TWICE):
            run.problems.append(f"{stream} lapsed twice: a clock fired again")
        if not options.fault:
            # After a leap of the clock the last checkpoint outside is old: sends wait for the next.
            if wait_for(lambda: not rows(superuser(hub), IN_THE_OUT_BOX), LEFT_SECONDS) is None:
                run.problems.append(f"sends still wait {LEFT_SECONDS:.0f} s after the last step")
            run.problems += drill_checks.invariants(hub.databases, hub.folder)
    shutil.rmtree(folder, ignore_errors=True)
    return finish(DRILL, run, options)


def put_clock(hub: Instance, *, worker_too: bool) -> None:
    """Put the clock in front for the pages and the worker; they connect anew."""
    address = superuser(hub)
    rows(address, CLOCK)
    rows(address, WITHOUT_END)
    for role in ("recoup_app", "recoup_planner")[: 2 if worker_too else 1]:
        rows(address, IN_FRONT.format(role=role))
    rows(address, CUT)


def one_step(
    hub: Instance, keys: Mapping[str, str], step: Step, number: int, fault: str, run: Run
) -> float:
    """Step, let reports arrive, and wait until all that is due has fired; how long that took."""
    address = superuser(hub)
    before = dict(rows(address, FIRED))
    if step.to:
        rows(address, "update drill.clock set ahead = %s - pg_catalog.now()", step.to)
    else:
        rows(address, "update drill.clock set ahead = ahead + %s", step.by)
    if fault == "fires_again" and step.by and step.by < timedelta():
        rows(address, FORGET)
    now = rows(address, "select pg_catalog.now() + ahead from drill.clock")[0][0]
    for fraud in frauds_at(number, now):
        if wait_for(partial(filed, hub, keys, fraud), 30) is None:
            run.problems.append(f"no report was taken after the step {step}")
    took = wait_for(lambda: not overdue(address), IN_TIME_SECONDS)
    if took is None:
        late = overdue(address)
        run.problems.append(f"{len(late)} clocks are over and have not fired after the step {step}")
    after = dict(rows(address, FIRED))
    again = [name for name, at in before.items() if after.get(name) != at]
    if again:
        run.problems.append(f"{len(again)} clocks fired again after the step {step}: {again[0]}")
    run.schedule.append(f"{step}: it was {now:%Y-%m-%d %H:%M:%S} UTC, {len(after)} had fired")
    return IN_TIME_SECONDS + 1 if took is None else took


def frauds_at(number: int, now: datetime) -> list[Fraud]:
    """Two frauds of just now, as the hub's clock goes; their banks never answer."""
    folder = environment.VAR / "drill" / "clock" / f"banks-{number}"
    return drill_frauds.write(folder, count=A_STEP, seed=1000 + number, at=now)


def filed(hub: Instance, keys: Mapping[str, str], fraud: Fraud) -> bool:
    from recoup.demo.client import HubSilent

    try:
        return bool(file_report(hub, keys, fraud))
    except HubSilent:
        return False


def overdue(address: str) -> list[tuple[str, str]]:
    """Clocks that are due now and have not fired."""
    now = rows(address, "select pg_catalog.now() + ahead from drill.clock")[0][0]
    return [(str(kind), str(due)) for kind, due in rows(address, OVERDUE, now - SLACK)]
