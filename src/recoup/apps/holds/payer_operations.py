"""What the payer's institution is asked about a claim: stop, confirm the debit, recall.

Three asks, each with its own answer and clock (decision 19). A recall is asked only where the
country's pack knows a payment scheme that has one; otherwise the case's timeline says why not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from recoup.apps.cases.models import CaseEvent
from recoup.apps.holds.models import Claim, PlanWanted
from recoup.apps.lawful_requests.drafts import NewLine, NewTicket, Payment
from recoup.apps.lawful_requests.models import Ticket, UnplannedAnswer
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.models import Organisation
from recoup.apps.reports.models import Report
from recoup.apps.rows import insert_rows
from recoup.core.law import PaymentKind, RecallAdvice, Side, recall_of
from recoup.core.urgency import urgency
from recoup.data import load_measures

PAYERS_MEASURES = ("stop_before_execution", "confirm_debit", "recall")
UNANSWERED = ("lapsed", "withdrawn", "undeliverable")
MERGED_INTO = "merged into case "  # begins the ground of what was withdrawn with a merger


@dataclass(slots=True)
class Asks:
    """Tickets for payers' institutions, and lines of timelines that say what was not asked."""

    tickets: list[NewTicket] = field(default_factory=list)
    events: list[CaseEvent] = field(default_factory=list)


def first_asks(claims: Iterable[Claim], *, under: Opening, at: datetime) -> list[NewTicket]:
    """What payers' institutions are asked as soon as a report is a case.

    Of a possible double only the debit is to be confirmed. The payer's own bank is asked too when
    it reports: its answer names the payment by a reference.
    """
    asks = Asks()
    for claim in claims:
        if claim.possible_double_of_id:
            _ask(asks, claim, ("confirm_debit",))
        else:
            _ask(asks, claim, ("stop_before_execution", "confirm_debit"))
            _ask_recall(asks, claim, under=under, at=at)
    insert_rows(asks.events)
    return asks.tickets


def asks_owed(
    answers: Iterable[UnplannedAnswer], wanted: Iterable[PlanWanted], *, under: Opening,
    at: datetime,
) -> list[NewTicket]:  # fmt: skip
    """What is owed to a possible double that turned out to be a payment of its own.

    Decided by an officer, or by the payer's bank that confirmed another debit. Such a claim is
    known by what it lacks: neither was a recall asked nor said why not.
    """
    cases = {row.case_id for row in wanted} | {
        row.answer.ticket.case_id for row in answers if row.answer.code == "debit_confirmed"
    }
    if not cases:
        return []
    with connection.cursor() as cursor:
        cursor.execute(OWED, [list(cases)])
        owed = [row[0] for row in cursor.fetchall()]
    asks = Asks()
    for claim in _whole(owed):
        if claim.state == "alleged":  # what was confirmed is booked: nothing is left to stop
            _ask(asks, claim, ("stop_before_execution",))
            _confirm_again(asks, claim)
        _ask_recall(asks, claim, under=under, at=at)
    _ask_after_parting(asks, {row.case_id for row in wanted})
    insert_rows(asks.events)
    return asks.tickets


def _ask_after_parting(asks: Asks, cases: set[UUID]) -> None:
    """What was withdrawn with a merger that a correction took back is asked once more.

    A payment that is confirmed is booked: of it only the recall is left to ask.
    """
    withdrawn = Ticket.objects.filter(
        case_id__in=cases, case__state="open", measure__in=PAYERS_MEASURES, state="withdrawn",
        withdrawn_ground__startswith=MERGED_INTO, withdrawn_by=None,
    )  # fmt: skip
    last = {(t.case_id, t.measure): t.round for t in withdrawn.order_by("round")}
    if not last:
        return
    asked = {(new.case_id, new.measure) for new in asks.tickets}
    later = Ticket.objects.filter(case_id__in=cases, measure__in=PAYERS_MEASURES)
    for case_id, measure, number in later.values_list("case_id", "measure", "round"):
        if number > last.get((case_id, measure), number):
            asked.add((case_id, measure))
    standing = Claim.objects.filter(case_id__in=cases, state__in=("alleged", "confirmed"))
    for claim in _whole(standing.values_list("id", flat=True)):
        for measure in PAYERS_MEASURES:
            key = (claim.case_id, measure)
            if key in last and key not in asked and measure in STILL_ASKED[claim.state]:
                _ask(asks, claim, (measure,), number=last[key] + 1)


STILL_ASKED = {"alleged": PAYERS_MEASURES, "confirmed": ("recall",)}
OWED = """
select c.id from holds_claim c
where c.case_id = any(%s) and c.state in ('alleged', 'confirmed')
  and c.possible_double_of_id is null
  and exists (select from lawful_requests_ticket t
    where t.case_id = c.case_id and t.measure = 'confirm_debit')
  and not exists (select from lawful_requests_ticket t
    where t.case_id = c.case_id and t.measure = 'recall')
  and not exists (select from cases_caseevent e
    where e.case_id = c.case_id and e.what = 'recall_not_asked')
order by c.id
"""


def _whole(claim_ids: Iterable[UUID]) -> Iterable[Claim]:
    ids = list(claim_ids)
    if not ids:
        return ()
    return Claim.objects.filter(id__in=ids).select_related(
        "payment__payer__institution", "payment__payee", "payment__report__payer_institution",
        "payment__report__payee_institution",
    )  # fmt: skip


def _confirm_again(asks: Asks, claim: Claim) -> None:
    """The question was asked when the report came; if it ended without an answer, once more."""
    asked = Ticket.objects.filter(
        case_id=claim.case_id, account=claim.payment.payer, measure="confirm_debit"
    )
    last = asked.order_by("-round").first()
    if last is not None and last.state in UNANSWERED:
        _ask(asks, claim, ("confirm_debit",), number=last.round + 1)


def _ask(asks: Asks, claim: Claim, measures: Iterable[str], *, number: int = 1) -> None:
    payer = claim.payment.payer
    if payer is None:
        return
    kind, payment = payer.institution.kind, payment_of(claim)
    asks.tickets += [
        NewTicket(
            case_id=claim.case_id, account=payer, measure=measure, kind="", round=number,
            asked_minor=claim.amount_minor, currency=claim.currency,
            lines=(NewLine(claim.id, None, claim.amount_minor, payment),),
            urgency=urgency(claim.amount_minor, measure, kind),
            is_precautionary=claim.adopted_at is None,
        )
        for measure in measures
        if kind in load_measures()[measure].addressees
    ]  # fmt: skip


def _ask_recall(asks: Asks, claim: Claim, *, under: Opening, at: datetime) -> None:
    """Ask for a recall, or say in the timeline why nobody is asked for one."""
    payer = claim.payment.payer
    if payer is None or payer.institution.kind == "foreign_bank":
        return
    advice = recall_of(
        under.pack.schemes, kind_of(claim.payment.report),
        addressees=load_measures()["recall"].addressees, paid_at=claim.payment.paid_at, at=at,
    )  # fmt: skip
    if advice.may_ask:
        _ask(asks, claim, ("recall",))
    else:
        asks.events.append(_not_asked(claim, advice, who=under.issuer.name, at=at))


def _not_asked(claim: Claim, advice: RecallAdvice, *, who: str, at: datetime) -> CaseEvent:
    scheme = advice.scheme
    within = scheme.within if scheme else None
    return CaseEvent(
        case_id=claim.case_id, at=at, what="recall_not_asked", who=who,
        values={
            "why": advice.ground.value,
            "scheme": scheme.name if scheme else "",
            "within_hours": int(within.total_seconds() // 3600) if within else None,
        },
    )  # fmt: skip


def kind_of(report: Report) -> PaymentKind:
    """What a report tells of the way that its payment went."""
    payer, payee = report.payer_institution, report.payee_institution
    return PaymentKind(
        currency=report.currency,
        payer=_side(report.payer_scheme, report.payer_ident, payer),
        payee=_side(report.payee_scheme, report.payee_ident, payee),
        # Two accounts at institutions that nobody could name need not be at one of them.
        is_inside=payer is not None and payer == payee and not payer.is_not_known,
    )


def _side(scheme: str, ident: str, institution: Organisation | None) -> Side:
    """An IBAN names its country; of other accounts it is the institution's."""
    country = institution.country if institution else ""
    return Side(
        scheme, ident[:2] if scheme == "iban" else country, institution.kind if institution else ""
    )


def payment_of(claim: Claim) -> Payment:
    """The payment of a claim as the report told it."""
    told = claim.payment
    return Payment(
        at=told.paid_at, amount_minor=told.amount_minor, currency=told.currency,
        reference=told.reference, payer=told.payer, payee=told.payee,
    )  # fmt: skip
