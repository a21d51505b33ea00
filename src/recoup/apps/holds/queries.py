"""Reads of the money side: holds at an institution; a case's sums, trail and flows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from recoup.apps.holds.models import (
    Block,
    BookingProfile,
    CaseTotal,
    Claim,
    Flow,
    Hold,
    TicketLine,
    Trail,
)  # fmt: skip
from recoup.apps.holds.statement_models import StatementProfile
from recoup.apps.keyed import keyed
from recoup.apps.lawful_requests.models import Ticket
from recoup.core.access import Actor
from recoup.core.hold import is_let_go


def holds_at(actor: Actor) -> QuerySet[Hold]:
    """Holds in force that the hub believes the actor's institution carries."""
    last = Ticket.objects.filter(
        request=OuterRef("id"), addressee_id=actor.organisation_id
    ).order_by("-round")
    block = Block.objects.filter(account_id=OuterRef("account_id"), closed_at=None)
    return (
        Hold.objects.filter(
            addressee_id=actor.organisation_id, state__in=["asked", "placed"], held_minor__gt=0
        )
        .select_related("account")
        .annotate(
            last_ticket=Subquery(last.values("reference")[:1]),
            block_reference=Subquery(block.values("reference")[:1]),
        )
        .order_by("asked_at", "id")
    )


def booking_profile_of(actor: Actor) -> BookingProfile | None:
    """How the actor's institution writes bookings, as it was confirmed last; None before that."""
    rows = BookingProfile.objects.filter(institution_id=actor.organisation_id)
    return rows.select_related("confirmed_by").order_by("-confirmed_at", "id").first()


def statement_profiles_of(actor: Actor) -> list[StatementProfile]:
    """How the actor's institution writes statements: of each set of headings the last version."""
    rows = StatementProfile.objects.filter(institution_id=actor.organisation_id)
    newest: dict[tuple[str, bytes], StatementProfile] = {}
    for row in rows.select_related("confirmed_by").order_by("-version", "-confirmed_at", "id"):
        newest.setdefault((row.format, bytes(row.headings_sha256)), row)
    return sorted(newest.values(), key=lambda row: row.confirmed_at, reverse=True)


def holds_of_case(case_id: UUID) -> list[Hold]:
    """A case's holds, for its members."""
    rows = Hold.objects.raw("select * from holds_of_case(%s)", [case_id])
    return sorted(rows, key=lambda hold: hold.asked_at)


def last_tickets(hold_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The state of the last round's ticket of each hold."""
    rows = Ticket.objects.filter(request__in=list(hold_ids)).order_by("round")
    return dict(rows.values_list("request", "state"))


def let_go(hold: Hold, last_ticket: str) -> bool:
    """Whether a hold's end is nobody's clock: it was withdrawn, and nothing is held under it."""
    return is_let_go(
        asked=hold.asked_minor, held=hold.held_minor, limit=hold.limit_minor,
        last_ticket=last_ticket,
    )  # fmt: skip


@keyed
def claims_of(case_id: UUID) -> QuerySet[Claim]:
    """A case's claims, with the payment, its report and who stands behind it."""
    return Claim.objects.filter(case_id=case_id).select_related("payment__report", "adopted_by")


def totals_of(case_ids: list[UUID], *, rule: str) -> QuerySet[CaseTotal]:
    return CaseTotal.objects.filter(case_id__in=case_ids, rule=rule).order_by("currency")


@keyed
def totals_of_case(case_id: UUID, rule: str) -> QuerySet[CaseTotal]:
    return totals_of([case_id], rule=rule)


@keyed
def trail_of(case_id: UUID) -> QuerySet[Trail]:
    return Trail.objects.filter(case_id=case_id).order_by("rule", "currency", "id")


@keyed
def flows_of(case_id: UUID, rule: str) -> QuerySet[Flow]:
    return Flow.objects.filter(case_id=case_id, rule=rule).order_by("booked_at", "id")


def lines_of(ticket_ids: list[UUID]) -> QuerySet[TicketLine]:
    return TicketLine.objects.filter(ticket_id__in=ticket_ids).order_by("id")
