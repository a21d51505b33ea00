"""Reads of tickets of the hold chain: an addressee's queue and inbox, a case's tickets.

Tickets of requests have no account and are read by ``request_queries``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from recoup.apps.cases.models import Account
from recoup.apps.lawful_requests.models import Answer, Deadline, Ticket
from recoup.core.access import Actor

WAITING = ("sent", "acknowledged")
AT_MOST = 100


def visible_to(actor: Actor) -> QuerySet[Ticket]:
    """Tickets of which the actor's organisation is issuer or addressee; drafts are the issuer's."""
    return issued_by(actor) | addressed_to(actor)


def all_addressed_to(actor: Actor) -> QuerySet[Ticket]:
    """Tickets sent to the actor's organisation, of the chain and of requests."""
    return _all_sent_to(actor.organisation_id)


def addressed_to(actor: Actor) -> QuerySet[Ticket]:
    """Tickets sent to the actor's organisation. What was not sent is not there yet."""
    return _sent_to(actor.organisation_id)


def _all_sent_to(organisation_id: int) -> QuerySet[Ticket]:
    return Ticket.objects.filter(addressee_id=organisation_id, sent_at__isnull=False)


def _sent_to(organisation_id: int) -> QuerySet[Ticket]:
    return _all_sent_to(organisation_id).filter(of=None)


def issued_by(actor: Actor) -> QuerySet[Ticket]:
    return Ticket.objects.filter(issuer_id=actor.organisation_id, of=None)


# Every bank asks these again and again: plain SQL costs a fifth of what composing it costs.
BODIES = """
select body from lawful_requests_ticket
where addressee_id = %s and sent_at is not null and state = any(%s) and body is not null
  and of_id is null
order by urgency desc, sent_at limit %s
"""


def bodies_waiting(actor: Actor, *, unacknowledged: bool) -> list[bytes]:
    """The frozen bytes of what waits, the most urgent first; one more than fits tells of more."""
    states = ["sent"] if unacknowledged else list(WAITING)
    with connection.cursor() as cursor:
        cursor.execute(BODIES, [actor.organisation_id, states, AT_MOST + 1])
        return [bytes(body) for (body,) in cursor.fetchall()]


WAIT_HERE = """
select
  (select count(*) from (select 1 from lawful_requests_ticket where addressee_id = %s
    and sent_at is not null and state = any(%s) and of_id is null limit %s) holds),
  (select count(*) from (select 1 from lawful_requests_ticket where addressee_id = %s
    and sent_at is not null and state = any(%s) and of_id is not null limit %s) asked)
"""


def count_waiting(actor: Actor, *, most: int) -> tuple[int, int]:
    """How many tickets of the chain and how many of requests wait for the actor, up to a limit."""
    with connection.cursor() as cursor:
        own, states = actor.organisation_id, list(WAITING)
        cursor.execute(WAIT_HERE, [own, states, most, own, states, most])
        holds, asked = cursor.fetchone()
    return holds, asked


COLUMNS = [f.column for f in Ticket._meta.concrete_fields if f.name not in ("draft", "body")]
LOCKED = f"""
select {", ".join(f"t.{column}" for column in COLUMNS)},
  a.institution_id, a.scheme, a.ident, a.currency as account_currency
from lawful_requests_ticket t join cases_account a on a.id = t.account_id
where t.addressee_id = %s and t.sent_at is not null and t.id = any(%s)
order by t.id for no key update of t
"""  # noqa: S608  (columns of the model)


def locked_with_accounts(actor: Actor, ticket_ids: Iterable[UUID]) -> list[Ticket]:
    """Tickets sent to the actor, locked in one order, each with its account; without bodies."""
    found = list(Ticket.objects.raw(LOCKED, [actor.organisation_id, list(ticket_ids)]))
    for ticket in found:
        read = vars(ticket)
        ticket.account = Account(
            id=ticket.account_id, institution_id=read["institution_id"], scheme=read["scheme"],
            ident=read["ident"], currency=read["account_currency"],
        )  # fmt: skip
    return found


def queue_of(actor: Actor) -> QuerySet[Ticket]:
    """An institution's queue: the most expected loss a minute first (decision 28)."""
    return queue_at(actor.organisation_id).select_related("issuer", "taken_by")


def queue_at(organisation_id: int) -> QuerySet[Ticket]:
    return _sent_to(organisation_id).filter(state__in=WAITING).order_by("-urgency", "sent_at")


def done_by(actor: Actor) -> QuerySet[Ticket]:
    """What the institution has answered or what has ended otherwise, the newest first."""
    return (
        addressed_to(actor).exclude(state__in=WAITING).select_related("issuer").order_by("-sent_at")
    )


def answered_lately(organisation_id: int) -> QuerySet[Ticket]:
    """What the institution answered, the last answer first."""
    return _sent_to(organisation_id).filter(answered_at__isnull=False).order_by("-answered_at")


def about(actor: Actor, *, ident: str = "", reference: str = "") -> QuerySet[Ticket]:
    """Tickets addressed to the actor about one account, or the one with this reference."""
    wanted = Q(account_ident=ident) if ident else Q(reference=reference)
    return addressed_to(actor).filter(wanted).order_by("-sent_at")


def answer_deadlines(ticket_ids: list[UUID]) -> dict[UUID, datetime]:
    """By when each ticket is to be answered."""
    rows = Deadline.objects.filter(ticket_id__in=ticket_ids, kind="answer", level=0)
    return dict(rows.values_list("ticket_id", "due_at"))


def last_answers(ticket_ids: list[UUID]) -> dict[UUID, Answer]:
    """The answer that counts for each ticket: the last one, interim ones only if alone."""
    rows = answers_to(ticket_ids)
    found = {row.ticket_id: row for row in rows if row.stage == "interim"}
    return found | {row.ticket_id: row for row in rows if row.stage != "interim"}


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """A desk's day in five figures. p90: nine of ten answers of today came within this time."""

    open: int
    reachable: list[dict[str, Any]]
    due_soon: int
    answered_today: int
    p90: timedelta | None


# One loss may have several open tickets (stop, confirm, hold): its sum is counted once.
REACHABLE = """
select currency, sum(amount)::bigint from (
  select currency, max(asked_minor) as amount from lawful_requests_ticket
  where addressee_id = %s and state in ('sent', 'acknowledged') and of_id is null
  group by case_id, account_id, currency) one
group by currency order by currency
"""
ANSWERED = """
select count(*), percentile_cont(0.9) within group (order by answered_at - sent_at)
from lawful_requests_ticket where addressee_id = %s and answered_at >= %s and of_id is null
"""


def queue_figures(actor: Actor, *, since: datetime, soon: datetime) -> QueueFigures:
    """since: when today began. soon: until when a ticket counts as due soon."""
    waiting = addressed_to(actor).filter(state__in=WAITING)
    due_soon = Deadline.objects.filter(
        ticket=OuterRef("pk"), kind="answer", level=0, due_at__lte=soon
    )
    counted = waiting.aggregate(open=Count("pk"), soon=Count("pk", filter=Exists(due_soon)))
    with connection.cursor() as cursor:
        cursor.execute(REACHABLE, [actor.organisation_id])
        reachable = [{"currency": c, "amount_minor": amount} for c, amount in cursor.fetchall()]
        cursor.execute(ANSWERED, [actor.organisation_id, since])
        answered, p90 = cursor.fetchone()
    return QueueFigures(counted["open"], reachable, counted["soon"], answered, p90)


def tickets_of_case(case_id: UUID) -> list[Ticket]:
    """A case's tickets for its members, in the order they were authorised."""
    rows = Ticket.objects.raw("select * from tickets_of_case(%s)", [case_id])
    return sorted(rows, key=lambda t: (t.authorised_at or t.due_at, t.reference))


def answers_to(ticket_ids: list[UUID]) -> QuerySet[Answer]:
    """In the order they were told; of one moment interim, final, correction."""
    return Answer.objects.filter(ticket_id__in=ticket_ids).order_by("received_at", "-stage", "id")


def body_of(ticket: Ticket) -> dict[str, Any]:
    """What the addressee got: the frozen bytes; before sending, the draft without clocks."""
    if ticket.body is not None:
        found: dict[str, Any] = json.loads(bytes(ticket.body))
        return found
    return {**ticket.draft, "hold_until": None, "clocks": {}}
