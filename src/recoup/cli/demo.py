"""`./recoup demo`: play an invented fraud without a browser, and print where its money is.

The victim's bank files the report; the other banks answer by their own programs, and a scripted
clerk answers for the bank without IT. The exit code is 0 only if every unit is accounted for and
every bank's books agree with the hub.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from recoup.cli import demo_clerk, environment, instance, prepare
from recoup.cli.environment import Databases
from recoup.demo import bank, cast, ledger, stories
from recoup.demo.client import Hub, HubRefused, HubSilent, body_of

PATIENCE_SECONDS: Final = 150.0
QUIET_SECONDS: Final = 3.0
FACTS: Final = ("amount", "currency", "paid_at", "payer_account", "payee_account", "reference")

KNOWN: Final = """
select count(*) from reports_report
where payer_ident = %s and payment_reference = %s and paid_at = %s::timestamptz
"""
CASE: Final = """
select k.id, k.reference from cases_case k join reports_report r on r.id = k.report_id
where r.id = %s
"""
ANSWERS: Final = """
select a.id, extract(epoch from a.received_at - r.received_at)::float8, o.name, t.measure, t.kind,
  t.account_ident, a.code, a.held_minor, t.currency, t.reference
from lawful_requests_answer a join lawful_requests_ticket t on t.id = a.ticket_id
join members_organisation o on o.id = t.addressee_id join cases_case k on k.id = t.case_id
join reports_report r on r.id = k.report_id where k.id = %s order by a.received_at, t.reference
"""
WAITING: Final = """
select (select count(*) from lawful_requests_ticket where case_id = %s
    and state in ('drafted', 'authorised', 'sent', 'acknowledged', 'answered'))
  + (select count(*) from lawful_requests_unplannedanswer)
"""
TRAIL: Final = """
select t.account_ident, t.institution_name, t.currency,
  t.inn, t.held, t.lying, t.moved, t.spent, t.returned, t.unknown
from holds_trail t where t.case_id = %s and t.rule = 'fifo' order by t.inn desc, t.account_ident
"""
TOTALS: Final = """
select currency, lost, held, lying, gone, returned, unknown from holds_casetotal
where case_id = %s and rule = 'fifo'
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """The hub that the demo plays on."""

    address: str
    databases: Databases


def main(argv: Sequence[str]) -> int:
    """Play it; 0 if balanced and reconciled, 1 if not, 2 if it could not be played."""
    options = read_options(argv)
    try:
        with stage() as found:
            return play(found, options.story)
    except (instance.NotStarted, demo_clerk.NoKey, HubRefused, HubSilent) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup demo", description=__doc__)
    parser.add_argument(
        "--story", type=int, choices=[story.number for story in cast.STORIES],
        help="which of the invented frauds (the first that nobody has reported yet)",
    )  # fmt: skip
    return parser.parse_args(argv)


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """The hub that runs in this checkout, or one that is started for the demo and ended again."""
    hub = environment.running_hub()
    if hub is not None:
        yield Stage(hub["address"], Databases(**hub["databases"]))
        return
    print("starting the hub with its demo country ...", flush=True)
    with instance.running(environment.VAR) as started:
        yield Stage(started.address, started.databases)


def play(found: Stage, number: int | None) -> int:
    with psycopg.connect(found.databases.planner, autocommit=True) as connection:
        facts = choose(connection, number)
        if facts is None:
            print(
                "recoup: this fraud has been reported already. Start ./recoup anew, then it "
                "happens once more.",
                file=sys.stderr,
            )
            return 2
        print(f"\n{facts['title']} (invented): {facts['expect']}")
        report = file_report(found, facts)
        print(f"   0.0 s  the victim's bank has reported it: {report['reference']}", flush=True)
        clerk = demo_clerk.Clerk(
            found.address, demo_clerk.with_key(found.databases), accounts_of(demo_clerk.BANK)
        )
        thread = threading.Thread(target=clerk.run, daemon=True)
        thread.start()
        try:
            case = follow(connection, report["report"])
            problems = clerk.refused + tell(connection, case)
            problems += reconcile(found, clerk)
        finally:
            clerk.ended.set()
            thread.join(10)
            demo_clerk.with_key(found.databases, end=True)
    for problem in problems:
        print(f"  ✘ {problem}", file=sys.stderr)
    return 1 if problems else 0


def choose(connection: psycopg.Connection[Any], number: int | None) -> dict[str, Any] | None:
    """The story that was asked for, or the first one, unless it has been reported already."""
    for facts in stories.facts(prepare.LEDGERS):
        if number not in (None, facts["story"]) or not facts["is_paid"]:
            continue
        asked = [facts["payer_iban"], facts["reference"], facts["paid_at"]]
        row = connection.execute(KNOWN, asked).fetchone()
        if row is None or row[0] == 0:
            return facts
    return None


def accounts_of(code: str) -> frozenset[str]:
    return frozenset(one.iban for one in cast.ACCOUNTS if one.organisation == code)


def file_report(found: Stage, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The victim's own bank reports for its customer, through the API."""
    code = next(one.organisation for one in cast.ACCOUNTS if one.iban == facts["payer_iban"])
    key = prepare.key_file(code).read_text().strip()
    body = {name: facts[name] for name in FACTS} | {"report": str(uuid.uuid4())}
    receipt: dict[str, Any] = Hub(found.address, key).post(
        "/api/v1/reports", body_of(body), str(uuid.uuid4())
    )
    return receipt


def follow(connection: psycopg.Connection[Any], report: str) -> uuid.UUID | None:
    """Print each answer as it comes, until nothing is open any more; returns the case."""
    began = quiet_since = time.monotonic()
    told: set[uuid.UUID] = set()
    case: uuid.UUID | None = None
    while time.monotonic() - began < PATIENCE_SECONDS:
        time.sleep(0.2)
        if case is None:
            row = connection.execute(CASE, [report]).fetchone()
            case = row[0] if row else None
            continue
        for answer in connection.execute(ANSWERS, [case]).fetchall():
            if answer[0] not in told:
                told.add(answer[0])
                quiet_since = time.monotonic()
                say_answer(answer)
        waiting = connection.execute(WAITING, [case]).fetchone()
        if waiting and waiting[0]:
            quiet_since = time.monotonic()
        elif told and time.monotonic() - quiet_since > QUIET_SECONDS:
            break
    return case


def say_answer(answer: Sequence[Any]) -> None:
    _, seconds, who, measure, kind, account, code, held, currency, reference = answer
    asked = f"{measure} {kind}".strip().replace("_", " ")
    sum_held = f", {money(held)} {currency}" if held else ""
    said = code.replace("_", " ") + sum_held
    print(f"{seconds:6.1f} s  {who}: {said}  ({asked}, {reference}, {account})", flush=True)


def money(minor: int) -> str:
    return f"{minor / 100:,.2f}"


def tell(connection: psycopg.Connection[Any], case: uuid.UUID | None) -> list[str]:
    """Print the trail, account by account, and the totals; returns what does not balance."""
    if case is None:
        return ["no case was opened"]
    problems = []
    names = ("held", "lying", "moved", "spent", "returned", "unknown")
    print("\nthe trail, by the hub's rule (first in, first out):")
    rows = connection.execute(TRAIL, [case]).fetchall()
    for account, institution, currency, came, *parts in rows:
        is_balanced = came == sum(parts)
        shown = " + ".join(
            f"{name} {money(part)}" for name, part in zip(names, parts, strict=True) if part
        )
        sign = "=" if is_balanced else "≠"
        print(f"  {account}  {institution}\n      in {money(came)} {currency} {sign} {shown}")
        if not is_balanced:
            problems.append(f"{account} does not balance")
    totals = connection.execute(TOTALS, [case]).fetchall()
    for currency, lost, *parts in totals:
        shown = " + ".join(
            f"{name} {money(part)}"
            for name, part in zip(("held", "lying", "gone", "returned", "unknown"), parts,
                                  strict=True)
        )  # fmt: skip
        print(f"\nlost {money(lost)} {currency} = {shown}")
        if lost != sum(parts):
            problems.append("the totals do not balance")
    if not rows or not totals:
        problems.append("there is no trail")
    waiting = connection.execute(WAITING, [case]).fetchone()
    if waiting and waiting[0]:
        problems.append(f"after {PATIENCE_SECONDS:.0f} s, {waiting[0]} tickets or answers wait")
    return problems


def reconcile(found: Stage, clerk: demo_clerk.Clerk) -> list[str]:
    """Compare each bank's own books with what the hub believes that it holds."""
    problems = []
    print("\nthe banks' own books:")
    for code in sorted({one.organisation for one in cast.ACCOUNTS}):
        is_clerk = code == demo_clerk.BANK
        key = clerk.key if is_clerk else prepare.key_file(code).read_text().strip()
        with closing(ledger.open_ledger(stories.ledger_path(prepare.LEDGERS, code))) as db:
            differences = bank.differences(db, Hub(found.address, key))
        if is_clerk:  # what a person answered in the browser is not in these books
            known = {f"iban:{account}" for account in clerk.answered}
            differences = [one for one in differences if one.account in known]
        problems += [f"{code}: {one}" for one in differences]
        print(f"  {code}: {'reconciled' if not differences else 'NOT reconciled'}")
    return problems
