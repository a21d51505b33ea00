"""Reads of reports: what an organisation told, and what a reporter may know of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from recoup.apps.keyed import keyed
from recoup.apps.reports.models import Report, ReportStory
from recoup.core.access import Actor
from recoup.core.accounts import AccountIdentifier
from recoup.data import load_pack


def reports_visible_to(actor: Actor) -> QuerySet[Report]:
    """What the actor's organisation told, or is competent for; the public as such sees none."""
    if actor.is_public:
        return Report.objects.none()
    return Report.objects.filter(
        Q(organisation_id=actor.organisation_id) | Q(competent_id=actor.organisation_id)
    )


def report_visible_to(actor: Actor, reference: str) -> Report | None:
    return reports_visible_to(actor).filter(reference=reference).first()


def naming(reference: str, ident: str | None) -> QuerySet[Report]:
    """Reports with this reference, or from or to this account, as far as they may be seen."""
    told = Q(reference=reference)
    if ident is not None:
        told |= Q(payee_ident=ident) | Q(payer_ident=ident)
    return Report.objects.filter(told)


@keyed
def stories_of(report_id: UUID) -> QuerySet[ReportStory]:
    return ReportStory.objects.filter(report_id=report_id).order_by("added_at")


@dataclass(frozen=True, slots=True)
class MoneyTold:
    """What a reporter may know of one currency: sums only, never an account or a bank."""

    currency: str
    held_minor: int
    returned_minor: int


@dataclass(frozen=True, slots=True)
class ReporterView:
    """A report as its reporter may see it (decision 21).

    claim_state, is_confirmed, money: of the claim that is followed for it, which is another
    report's where both are surely the same loss. lost_minor: what that one claims; None: the same.
    """

    id: UUID
    amount_minor: int
    currency: str
    paid_at: datetime
    received_at: datetime
    claim_state: str
    is_confirmed: bool
    money: tuple[MoneyTold, ...]
    lost_minor: int | None = None

    @property
    def stage(self) -> str:
        """received, checked, held, returned, or ended: the word the page explains."""
        if self.claim_state in ("denied", "withdrawn", "double"):
            return "ended"
        if not self.is_confirmed:
            return "received"
        if any(m.held_minor or m.returned_minor for m in self.money):
            return "held"
        return "checked"


def follow(reference: str, secret_sha256: bytes) -> ReporterView | None:
    """The report behind a reference and the hash of its secret; None if they do not fit.

    Nothing of holds is told before the debit is confirmed or an officer has adopted the report. Who
    reports a payment that was reported already, with the same accounts and sum, is told the same as
    the first, once an officer has merged the two or the payer's own bank has confirmed the debit
    for this report too.
    """
    with connection.cursor() as cursor:
        rule = load_pack(settings.COUNTRY).holding_rule
        cursor.execute("select * from report_follow(%s, %s, %s)", [reference, secret_sha256, rule])
        rows = cursor.fetchall()
    if not rows:
        return None
    first = rows[0]
    confirmed = first[6] == "confirmed" or bool(first[7])
    money = tuple(
        MoneyTold(row[8], row[9], row[10]) for row in rows if confirmed and row[8] is not None
    )
    return ReporterView(
        first[0], first[1], first[2], first[3], first[4], first[6] or "alleged", confirmed, money,
        first[11],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToldFacts:
    """What the reporter told of the payment, shown back to who has the secret."""

    payer: AccountIdentifier
    payee: AccountIdentifier
    payment_reference: str
    has_story: bool


def facts_told(reference: str, secret_sha256: bytes) -> ToldFacts | None:
    """What was reported under a reference; None if the hash of the secret does not fit it."""
    with connection.cursor() as cursor:
        cursor.execute("select * from report_facts(%s, %s)", [reference, secret_sha256])
        row = cursor.fetchone()
    if row is None:
        return None
    payer, payee = AccountIdentifier(row[0], row[1]), AccountIdentifier(row[2], row[3])
    return ToldFacts(payer, payee, row[4], row[5])
