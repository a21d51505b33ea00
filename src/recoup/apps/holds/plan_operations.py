"""The planner: takes in what waits, rebuilds the conclusions, opens the tickets that follow.

One transaction under one lock, with one snapshot: reports that have no case yet, answers that no
plan has seen, and acts of people are all taken in together; then everything connected to them is
traced again from the facts (DATAMODEL B1). A lost job loses nothing: the work lists are tables.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)

from recoup.apps.holds import conclusions, facts, folding
from recoup.apps.holds.case_operations import Opened, open_cases
from recoup.apps.holds.models import Claim, PlanWanted
from recoup.apps.lawful_requests import operations as requests
from recoup.apps.lawful_requests.models import (
    PackVersion,
    StandingInstruction,
    UnplannedAnswer,
)  # fmt: skip
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.queries import competent_unit
from recoup.apps.members.scope import database_time
from recoup.apps.reports.models import Report
from recoup.core import chain
from recoup.data import load_pack

log = logging.getLogger("recoup.planner")
LOCK = 7_263_001
REPORTS_AT_ONCE, ANSWERS_AT_ONCE = 50, 500
TRIES = 5


@dataclass(frozen=True, slots=True)
class Planned:
    """What one pass did."""

    reports: int = 0
    answers: int = 0
    tickets: int = 0

    @property
    def is_idle(self) -> bool:
        return not (self.reports or self.answers or self.tickets)


def work(*, most_passes: int = 1000) -> Planned:
    """Plan all that waits, then send what is in the out-box. Returns what the last pass did."""
    done = Planned()
    for _ in range(most_passes):
        planned = plan_waiting()
        send()
        if planned.is_idle:
            break
        done = planned
    return done


def send() -> int:
    """Send what waits in the out-box, in the database's time."""
    with transaction.atomic():
        at = database_time()
        sent = requests.send_waiting(pack=load_pack(settings.COUNTRY), at=at)
        limited = [ticket.request for ticket in sent if ticket.hold_until]
        if limited:
            with connection.cursor() as cursor:
                cursor.execute(LIMIT_HOLDS, [limited, [t.hold_until for t in sent if t.hold_until]])
        return len(sent)


LIMIT_HOLDS = """
update holds_hold h set until = n.until
from unnest(%s::uuid[], %s::timestamptz[]) as n (id, until)
where h.id = n.id
"""


def plan_waiting() -> Planned:
    """One pass. Tried again where a ticket or a reference was taken by someone in between."""
    with _alone():
        for attempt in range(TRIES):
            try:
                return _pass()
            except (IntegrityError, OperationalError) as trouble:
                if attempt + 1 == TRIES or not _passes_by(trouble):
                    raise
                log.info("planning again: %s", str(trouble).splitlines()[0])
    raise AssertionError("unreachable")


@contextmanager
def _alone() -> Iterator[None]:
    """One planner at a time in the whole hub.

    The lock is taken before the transaction begins: a snapshot that were older than the lock would
    miss what the planner before it did, and fail.
    """
    is_nested = connection.in_atomic_block
    with connection.cursor() as cursor:
        if is_nested:
            cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        else:
            cursor.execute("select pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        if not is_nested:
            # With the connection gone, the lock is gone too.
            with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", [LOCK])


def _passes_by(trouble: Exception) -> bool:
    state = getattr(trouble.__cause__, "sqlstate", "") or ""
    return state in ("40001", "40P01", "23505")


@transaction.atomic
def _pass() -> Planned:
    with connection.cursor() as cursor:
        if not _is_nested():
            cursor.execute("set transaction isolation level repeatable read")
    at = database_time()
    under = opening()
    reports = list(
        Report.objects.select_related(
            "payer_institution", "payee_institution", "organisation", "competent"
        )
        .filter(opened_at=None)
        .order_by("received_at")[:REPORTS_AT_ONCE]
    )
    answers = list(
        UnplannedAnswer.objects.select_related("answer__ticket__account__institution").order_by(
            "since", "answer_id"
        )[:ANSWERS_AT_ONCE]
    )
    wanted = list(PlanWanted.objects.order_by("since")[:ANSWERS_AT_ONCE])
    if not (reports or answers or wanted):
        return Planned()
    opened = open_cases(reports, under=under, at=at)
    touched = folding.fold([row.answer for row in answers], under=under, at=at)
    touched |= opened.accounts | _accounts_of_cases({row.case_id for row in wanted})
    tickets = _plan(touched, opened, under=under, at=at)
    UnplannedAnswer.objects.filter(answer_id__in=[row.answer_id for row in answers]).delete()
    PlanWanted.objects.filter(id__in=[row.id for row in wanted]).delete()
    return Planned(len(reports), len(answers) + len(wanted), tickets)


def _is_nested() -> bool:
    """Inside a test's own transaction the isolation level is the test's."""
    return len(connection.savepoint_ids) > 0


def _plan(touched: set[UUID], opened: Opened, *, under: Opening, at: datetime) -> int:
    account_ids = facts.closure(touched)
    if not account_ids:
        return 0
    known = facts.load(account_ids)
    concluded = chain.plan(known, rule=under.pack.holding_rule)
    conclusions.store(concluded, known, at=at)
    wants = [want for want in concluded.wants if not _is_capped(want, opened)]
    new = [*opened.tickets, *conclusions.tickets_for(wants, under=under, at=at)]
    tickets = requests.open_tickets(new, under=under, at=at)
    conclusions.store_lines(new, tickets)
    conclusions.withdraw(concluded.withdrawals, at=at)
    conclusions.open_tasks(concluded, at=at)
    conclusions.mark_changed(known, at=at)
    return len(tickets)


def _is_capped(want: chain.Want, opened: Opened) -> bool:
    return want.kind == "block" and any(UUID(line.claim) in opened.capped for line in want.lines)


def _accounts_of_cases(case_ids: Iterable[UUID]) -> set[UUID]:
    claims = Claim.objects.filter(case_id__in=list(case_ids)).select_related("payment")
    found = {c.payment.payer_id for c in claims} | {c.payment.payee_id for c in claims}
    return {account for account in found if account}


def opening() -> Opening:
    """Issuer, law and standing instructions in force, as of now."""
    issuer = competent_unit()
    version = PackVersion.objects.filter(country=settings.COUNTRY).order_by("-number")[0]
    instructions = StandingInstruction.objects.filter(issuer=issuer, pack=version).select_related(
        "first_signer", "second_signer"
    )
    return Opening(
        issuer, load_pack(settings.COUNTRY), version, {row.measure: row for row in instructions}
    )
