"""Reads of tickets: an addressee's queue and inbox, an issuer's outbox, a case's tickets."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.core.access import Actor

WAITING = ("sent", "acknowledged")
AT_MOST = 100


def visible_to(actor: Actor) -> QuerySet[Ticket]:
    """Tickets of which the actor's organisation is issuer or addressee; drafts are the issuer's."""
    issued = Ticket.objects.filter(issuer_id=actor.organisation_id)
    return issued | addressed_to(actor)


def addressed_to(actor: Actor) -> QuerySet[Ticket]:
    """Tickets sent to the actor's organisation. What was not sent is not there yet."""
    return Ticket.objects.filter(addressee_id=actor.organisation_id, sent_at__isnull=False)


def issued_by(actor: Actor) -> QuerySet[Ticket]:
    return Ticket.objects.filter(issuer_id=actor.organisation_id)


def bodies_waiting(actor: Actor, *, unacknowledged: bool) -> list[bytes]:
    """The frozen bytes of what waits, the most urgent first; one more than fits tells of more."""
    states = ["sent"] if unacknowledged else list(WAITING)
    rows = (
        addressed_to(actor)
        .filter(state__in=states)
        .order_by("-urgency", "sent_at")
        .values_list("body", flat=True)[: AT_MOST + 1]
    )
    return [bytes(row) for row in rows]


def queue_of(actor: Actor) -> QuerySet[Ticket]:
    """An institution's queue: the most expected loss a minute first (decision 28)."""
    return (
        addressed_to(actor)
        .filter(state__in=WAITING)
        .select_related("issuer", "taken_by")
        .order_by("-urgency", "sent_at")
    )


def done_by(actor: Actor) -> QuerySet[Ticket]:
    return (
        addressed_to(actor).exclude(state__in=WAITING).select_related("issuer").order_by("-sent_at")
    )


def tickets_of_case(case_id: UUID) -> list[Ticket]:
    """A case's tickets for its members, in the order they were authorised."""
    rows = Ticket.objects.raw("select * from tickets_of_case(%s)", [case_id])
    return sorted(rows, key=lambda t: (t.authorised_at or t.due_at, t.reference))


def answers_to(ticket_ids: list[UUID]) -> QuerySet[Answer]:
    return Answer.objects.filter(ticket_id__in=ticket_ids).order_by("received_at")
