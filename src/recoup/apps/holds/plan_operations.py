"""The planner: takes in what waits, rebuilds the conclusions, opens the tickets that follow.

One transaction under one lock, with one snapshot: reports that have no case yet, answers that no
plan has seen, and acts of people are all taken in together; then everything connected to them is
traced again from the facts (DATAMODEL B1). A lost job loses nothing: the work lists are tables.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
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

from recoup.apps.apart import is_away, passes_by
from recoup.apps.holds import (
    facts,
    fold_operations,
    trail_operations,
    trouble_operations,
    want_operations,
)
from recoup.apps.holds.ask_operations import asked_on
from recoup.apps.holds.case_operations import Opened, open_cases
from recoup.apps.holds.merge_ticket_operations import withdraw_of_merged
from recoup.apps.holds.models import Claim, PlanWanted
from recoup.apps.holds.payer_operations import asks_owed
from recoup.apps.lawful_requests import operations as requests
from recoup.apps.lawful_requests.models import (
    PackVersion,
    StandingInstruction,
    UnplannedAnswer,
)  # fmt: skip
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.models import Organisation
from recoup.apps.members.queries import competent_unit, hub_actor
from recoup.apps.members.scope import database_time
from recoup.apps.reports.models import Report
from recoup.core import chain
from recoup.data import load_pack

log = logging.getLogger("recoup.planner")
LOCK = 7_263_001
REPORTS_AT_ONCE, ANSWERS_AT_ONCE = 25, 500
ANSWERS_BESIDE_REPORTS = 60  # a new report's hold does not wait for a heap of answers
TRIES = 5


@dataclass(frozen=True, slots=True)
class Planned:
    """What one pass did."""

    reports: int = 0
    answers: int = 0
    tickets: int = 0

    def __str__(self) -> str:
        told = f"reports {self.reports}, answers and acts {self.answers}"
        return f"planned: {told}, tickets {self.tickets}"

    @property
    def is_idle(self) -> bool:
        return not (self.reports or self.answers or self.tickets)

    def and_then(self, other: Planned) -> Planned:
        return Planned(
            self.reports + other.reports, self.answers + other.answers, self.tickets + other.tickets
        )


def work(*, most_passes: int = 1000) -> Planned:
    """Plan and send all that waits. Returns what the last pass that found something did."""
    done = Planned()
    for _ in range(most_passes):
        waits = what_waits()
        if not any(waits):
            break
        planned = plan_waiting() if any(waits[:3]) else Planned()
        if waits[3]:
            planned = planned.and_then(Planned(tickets=send()))
        if planned.is_idle:  # what waits is parked
            break
        done = planned
    return done


WAITS = """
select exists (select from reports_report where opened_at is null),
  exists (select from lawful_requests_unplannedanswer), exists (select from holds_planwanted),
  exists (select from lawful_requests_dispatch where sent_at is null)
"""


def what_waits() -> tuple[bool, ...]:
    """Whether reports, answers, acts of people and tickets to send wait; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return tuple(cursor.fetchone() or ())


def send() -> int:
    """Send what waits in the out-box, in the database's time; returns how many tickets left."""
    with transaction.atomic():
        return _send(at=database_time())


def _send(*, at: datetime) -> int:
    """The hold's end goes with the ticket that left; inside the caller's transaction."""
    sent = requests.send_waiting(
        pack=load_pack(settings.COUNTRY), at=at, on_trouble=trouble_operations.undeliverable
    )
    limited = [ticket for ticket in sent if ticket.hold_until]
    if limited:
        with connection.cursor() as cursor:
            cursor.execute(
                LIMIT_HOLDS, [[t.request for t in limited], [t.hold_until for t in limited]]
            )
    return len(sent)


LIMIT_HOLDS = """
update holds_hold h set until = n.until
from unnest(%s::uuid[], %s::timestamptz[]) as n (id, until)
where h.id = n.id
"""


def plan_waiting() -> Planned:
    """Plan all that waits, together; if that fails, one by one, so that one cannot stop the others.

    Tried again where a ticket or a reference was taken by someone in between.
    """
    with _alone():
        began = time.monotonic()
        try:
            planned = _tried(lambda: _pass(_waiting()))
            if not planned.is_idle:
                log.info("%s in %.0f ms", planned, 1000 * (time.monotonic() - began))
            return planned
        except Exception as trouble:
            if connection.in_atomic_block or is_away(trouble):
                raise
            log.exception("planning together failed; planning one by one")
            return _one_by_one()


def _tried(plan: Callable[[], Planned]) -> Planned:
    for attempt in range(TRIES):
        try:
            return plan()
        except (IntegrityError, OperationalError) as trouble:
            if attempt + 1 == TRIES or not passes_by(trouble):
                raise
            log.info("planning again: %s", str(trouble).splitlines()[0])
    raise AssertionError("unreachable")


def _one_by_one() -> Planned:
    """Plan each waiting thing alone; what fails is noted, and after some tries left to a person."""
    done = Planned()
    for one in _waiting().apart():
        try:
            planned = _tried(lambda one=one: _pass(one))  # type: ignore[misc]
        except Exception as trouble:
            if is_away(trouble):
                raise
            log.exception("planning failed with %s", one.about)
            trouble_operations.note(one.about, case_id=one.case_id, trouble=repr(trouble))
        else:
            done = done.and_then(planned)
    return done


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits on the three work lists, without what is parked."""

    reports: tuple[Report, ...] = ()
    answers: tuple[UnplannedAnswer, ...] = ()
    wanted: tuple[PlanWanted, ...] = ()

    def apart(self) -> Iterator[Waiting]:
        yield from (Waiting(reports=(report,)) for report in self.reports)
        yield from (Waiting(answers=(answer,)) for answer in self.answers)
        yield from (Waiting(wanted=(wanted,)) for wanted in self.wanted)

    @property
    def about(self) -> UUID:
        """The thing that waits, where there is one only."""
        ids = [*(r.id for r in self.reports), *(a.answer_id for a in self.answers),
               *(w.id for w in self.wanted)]  # fmt: skip
        return ids[0]

    @property
    def case_id(self) -> UUID | None:
        cases = [*(a.answer.ticket.case_id for a in self.answers),
                 *(w.case_id for w in self.wanted)]  # fmt: skip
        return cases[0] if cases else None


def _waiting() -> Waiting:
    parked = trouble_operations.parked()
    reports = tuple(
        Report.objects.select_related(
            "payer_institution", "payee_institution", "organisation", "competent"
        )
        .filter(opened_at=None)
        .exclude(id__any=parked)
        .order_by("received_at")[:REPORTS_AT_ONCE]
    )
    at_once = ANSWERS_BESIDE_REPORTS if reports else ANSWERS_AT_ONCE
    return Waiting(
        reports,
        _answers(at_once, parked),
        tuple(PlanWanted.objects.exclude(id__any=parked).order_by("since")[:ANSWERS_AT_ONCE]),
    )


def _answers(at_once: int, parked: list[UUID]) -> tuple[UnplannedAnswer, ...]:
    """The oldest on the list, by whole calls: of one call interim, final, correction."""
    waiting = UnplannedAnswer.objects.exclude(answer_id__in=parked)
    first = list(waiting.order_by("since").values_list("since", flat=True)[:at_once])
    if not first:
        return ()
    # Whose turn it is first, then what they are: together the whole tables would be joined.
    ids = list(waiting.filter(since__lte=first[-1]).values_list("answer_id", flat=True))
    rows = (
        UnplannedAnswer.objects.filter(answer__id__any=ids)
        .select_related("answer__ticket__account__institution")
        .defer("answer__body", "answer__ticket__draft", "answer__ticket__body")
    )
    stages = {"interim": 0, "final": 1, "correction": 2}
    return tuple(sorted(rows, key=lambda row: (row.since, stages[row.answer.stage], row.answer_id)))


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


@transaction.atomic
def _pass(waiting: Waiting) -> Planned:
    """Take in what waits, plan all that is connected to it and send what follows: one snapshot.

    The out-box is written and read in the same transaction: a ticket leaves with what opened it.
    """
    with connection.cursor() as cursor:
        if not _is_nested():
            cursor.execute("set transaction isolation level repeatable read")
    if not (waiting.reports or waiting.answers or waiting.wanted):
        return Planned()
    at = database_time()
    under = opening()
    opened = open_cases(waiting.reports, under=under, at=at)
    touched = fold_operations.fold([row.answer for row in waiting.answers], under=under, at=at)
    touched |= opened.accounts | _accounts_of_cases({row.case_id for row in waiting.wanted})
    withdraw_of_merged({row.case_id for row in waiting.wanted}, under=under, at=at)
    opened.tickets += asks_owed(waiting.answers, waiting.wanted, under=under, at=at)
    asked = asked_on(waiting.wanted)
    tickets = _plan(touched | asked.accounts, opened, asked.pairs, under=under, at=at)
    UnplannedAnswer.objects.filter(
        answer__id__any=[row.answer_id for row in waiting.answers]
    ).delete()
    PlanWanted.objects.filter(id__any=[row.id for row in waiting.wanted]).delete()
    _send(at=at)
    return Planned(len(waiting.reports), len(waiting.answers) + len(waiting.wanted), tickets)


def _is_nested() -> bool:
    """Inside a test's own transaction the isolation level is the test's."""
    return len(connection.savepoint_ids) > 0


def _plan(
    touched: set[UUID], opened: Opened, asked: frozenset[tuple[str, str]], *, under: Opening,
    at: datetime,
) -> int:  # fmt: skip
    account_ids = facts.closure(touched)
    if not account_ids:
        return 0
    known = replace(facts.load(account_ids), asked_on=asked)
    concluded = chain.plan(known, rule=under.pack.holding_rule)
    trail_operations.store(concluded, known)
    new = [*opened.tickets, *want_operations.tickets_for(concluded.wants, under=under, at=at)]
    tickets = requests.open_tickets(new, under=under, at=at)
    want_operations.store_lines(new, tickets)
    by = hub_actor(under.issuer)
    want_operations.withdraw(concluded.withdrawals, by=by, at=at)
    want_operations.open_tasks(concluded, known, by=by, at=at)
    want_operations.mark_changed(known, at=at)
    return len(tickets)


def _accounts_of_cases(case_ids: Iterable[UUID]) -> set[UUID]:
    claims = Claim.objects.filter(case__id__any=list(case_ids)).select_related("payment")
    found = {c.payment.payer_id for c in claims} | {c.payment.payee_id for c in claims}
    return {account for account in found if account}


def opening() -> Opening:
    """Issuer, law and standing instructions in force, as of now."""
    issuer = competent_unit()
    version = _signed_version(issuer)
    instructions = StandingInstruction.objects.filter(issuer=issuer, pack=version).select_related(
        "first_signer", "second_signer"
    )
    return Opening(
        issuer, load_pack(settings.COUNTRY), version, {row.measure: row for row in instructions}
    )


def _signed_version(issuer: Organisation) -> PackVersion:
    """The newest version under which two persons of the unit signed; without any, the newest.

    A change of the ministry touches nothing that the chain rests on (``core/law/editing``); until
    the unit signs anew, its instructions stand under the version that they name.
    """
    rows = PackVersion.objects.filter(country=settings.COUNTRY).order_by("-number")
    return rows.filter(standinginstruction__issuer=issuer).first() or rows[0]
