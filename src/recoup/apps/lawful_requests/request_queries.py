"""Reads of requests: drafts, what waits for a decision, an addressee's inbox, one with all it has.

Each list is one statement with an index for its order; one request or ticket is read in a number of
statements that does not grow with its targets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import rfc8785
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from recoup.apps.keyed import keyed
from recoup.apps.lawful_requests.models import (
    AddresseeProfile,
    Answer,
    ClockStop,
    Deadline,
    Decision,
    Request,
    RequestFile,
    Ticket,
    TicketNote,
)
from recoup.apps.lawful_requests.queries import answers_to
from recoup.apps.lawful_requests.request_counting import derived, without_open
from recoup.apps.lawful_requests.request_law import REFUSING
from recoup.apps.lawful_requests.request_models import STOOD_BY
from recoup.core.access import Actor
from recoup.core.law import Due

Row = TypeVar("Row", Answer, TicketNote, ClockStop)
WAITING = ("sent", "acknowledged")
AT_MOST = 100
IN_CASE_AT_MOST = 50
CLOCKS = ("acknowledge", "answer", "effect", "notify")


# Requests


def visible_requests(actor: Actor) -> QuerySet[Request]:
    """Requests of the actor's organisation, and those submitted to it."""
    own = actor.organisation_id
    asked = Q(authority_id=own) | Q(confirmer_id=own)
    return Request.objects.filter(Q(issuer_id=own) | asked & Q(submitted_at__isnull=False))


def requests_of(actor: Actor) -> QuerySet[Request]:
    """The requests of the actor's organisation, what changed last first."""
    return _listed(Request.objects.filter(issuer_id=actor.organisation_id)).order_by("-changed_at")


@keyed
def requests_in_case(issuer_id: int, case_id: UUID) -> QuerySet[Request]:
    """What an organisation asked for in a case, what changed last first; without its content."""
    rows = _listed(Request.objects.filter(issuer_id=issuer_id, case_id=case_id))
    return rows.order_by("-changed_at").defer("content")[:IN_CASE_AT_MOST]


def drafts_of(actor: Actor) -> QuerySet[Request]:
    """The actor's own requests that wait for the actor: drafts, and questions to answer."""
    rows = Request.objects.filter(author_id=actor.person_id, issuer_id=actor.organisation_id)
    return _listed(rows.filter(state__in=["drafted", "asked"])).order_by("-changed_at")


def to_decide(actor: Actor) -> QuerySet[Request]:
    """What waits for a decision of the actor's organisation, what is due first.

    Requests that the actor wrote or changed are not in it: somebody else decides those.
    """
    rows = Request.objects.filter(authority_id=actor.organisation_id, state="submitted")
    own = Q(author_id=actor.person_id) | Q(hands__contains=[actor.person_id])
    return _listed(rows.exclude(own)).order_by("due_at")


def to_confirm(actor: Actor) -> QuerySet[Request]:
    """What was authorised orally or in an emergency, and waits for its confirmation."""
    own = actor.organisation_id
    mine = Q(authority_id=own, written_by__isnull=False)
    mine |= Q(confirmer_id=own, confirm_by__isnull=False)
    rows = Request.objects.filter(mine, state__in=["authorised", "withdrawn"])
    return _listed(rows).order_by("due_at")


def _listed(rows: QuerySet[Request]) -> QuerySet[Request]:
    return rows.select_related("issuer", "authority", "author")


@dataclass(frozen=True, slots=True)
class Whole:
    """One request with all that belongs to it, as far as the actor may see it."""

    request: Request
    decisions: list[Decision]
    tickets: list[Ticket]
    deadlines: list[Deadline]
    files: list[RequestFile]
    answers: dict[UUID, list[Answer]] = field(default_factory=dict)
    notes: dict[UUID, list[TicketNote]] = field(default_factory=dict)
    due: dict[UUID, datetime] = field(default_factory=dict)


def whole(actor: Actor, request_id: UUID) -> Whole | None:
    """One request; None if there is none that the actor may see. Nine statements at most."""
    rows = visible_requests(actor).select_related(
        "issuer", "authority", "confirmer", "author", "pack"
    )
    found = rows.filter(pk=request_id).first()
    if found is None:
        return None
    decisions = found.decisions.select_related("person", "heard_by", "authority")
    tickets = list(
        Ticket.objects.filter(of=found).select_related("addressee").defer("body")
        .order_by("round")
    )  # fmt: skip
    ids = [ticket.id for ticket in tickets]
    answers = list(answers_to(ids))
    for row in answers:
        seal(row, next(ticket for ticket in tickets if ticket.id == row.ticket_id), found)
    return Whole(
        request=found,
        decisions=list(decisions.order_by("number")),
        tickets=tickets,
        deadlines=list(found.deadlines.order_by("due_at")),
        files=list(found.files.select_related("addressee").defer("content").order_by("at")),
        answers=_by_ticket(answers),
        notes=_by_ticket(notes_of(ids)),
        due=answers_due(ids),
    )


def file_of(found: Request, file_id: UUID) -> RequestFile | None:
    """A file of a request, or one that a stored answer to it names, with its bytes.

    What an addressee uploaded and has not answered with is nobody's but the addressee's.
    """
    rows = RequestFile.objects.filter(Q(request=found) | Q(ticket__of=found))
    row = rows.filter(pk=file_id).first()
    if row is None or row.ticket_id is None:
        return row
    answers = Answer.objects.filter(ticket_id=row.ticket_id).values_list("body", flat=True)
    named = (file["file"] for body in answers for file in json.loads(bytes(body))["files"])
    return row if str(row.id) in named else None


def is_sealed(row: Answer, ticket: Ticket, found: Request) -> bool:
    """Whether the requester may not read an answer: it came under an order that had ended by then,
    or under an emergency whose law seals what comes until it is confirmed."""
    if row.code in REFUSING:
        return False
    if found.ended_at is not None and row.received_at >= found.ended_at:
        return True
    awaits = found.confirm_by is not None or found.state in ("lapsed", "refused")
    return bool(ticket.draft.get("is_sealed")) and awaits


def seal(row: Answer, ticket: Ticket, found: Request) -> None:
    """Take out of an answer what may not be read; that it came, its code and digest stay."""
    if not is_sealed(row, ticket, found):
        return
    told = json.loads(bytes(row.body))
    kept = {**told, "fields": {}, "files": [], "ground": "", "sealed": True}
    row.body, row.ground = rfc8785.dumps(kept), ""


def sealed_files(tickets: Iterable[Ticket], found: Request) -> set[UUID]:
    """The files of answers that the requester may not read, and those that no answer named yet."""
    rows = {ticket.id: ticket for ticket in tickets}
    sealed: set[UUID] = set()
    for row in Answer.objects.filter(ticket_id__in=rows):
        if is_sealed(row, rows[row.ticket_id], found):
            sealed |= {UUID(one["file"]) for one in json.loads(bytes(row.body)).get("files", [])}
    return sealed


def _by_ticket(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row.ticket_id, []).append(row)
    return found


# Tickets of requests


def asked_of(actor: Actor) -> QuerySet[Ticket]:
    """Tickets of requests that the actor's organisation was sent."""
    return Ticket.objects.filter(
        addressee_id=actor.organisation_id, of__isnull=False, sent_at__isnull=False
    )


def sent_by(actor: Actor) -> QuerySet[Ticket]:
    """Tickets of requests of the actor's organisation."""
    return Ticket.objects.filter(issuer_id=actor.organisation_id, of__isnull=False)


def inbox(actor: Actor) -> QuerySet[Ticket]:
    """What waits at the addressee, what is due first."""
    rows = asked_of(actor).filter(state__in=WAITING)
    return rows.select_related("issuer", "taken_by").defer("draft").order_by("due_at")


def to_lift(actor: Actor) -> QuerySet[Ticket]:
    """What the addressee kept or stopped, and has to lift, the longest waiting first."""
    rows = asked_of(actor).filter(lift_at__isnull=False, released_at=None)
    return rows.defer("draft", "body").order_by("lift_at")


def done(actor: Actor) -> QuerySet[Ticket]:
    """What the addressee answered or what ended otherwise, the newest first."""
    rows = asked_of(actor).exclude(state__in=WAITING).select_related("issuer")
    return rows.defer("draft", "body").order_by("-sent_at")


BODIES = """
select body from lawful_requests_ticket
where addressee_id = %s and of_id is not null and state = any(%s) and sent_at is not null
order by due_at limit %s
"""


def bodies_waiting(actor: Actor, *, unacknowledged: bool) -> list[bytes]:
    """The frozen bytes of what waits; one more than fits tells of more."""
    states = ["sent"] if unacknowledged else list(WAITING)
    with connection.cursor() as cursor:
        cursor.execute(BODIES, [actor.organisation_id, states, AT_MOST + 1])
        return [bytes(body) for (body,) in cursor.fetchall()]


def notes_of(ticket_ids: Iterable[UUID]) -> QuerySet[TicketNote]:
    """What both sides told each other, in its order."""
    return TicketNote.objects.filter(ticket_id__in=list(ticket_ids)).order_by("at", "id")


def put_on_by(
    ticket: Ticket, stops: Iterable[ClockStop], *, kind: str, until: datetime
) -> timedelta:
    """By how much a clock was put on by stops and extensions; one that stands, up to ``until``."""
    rows = list(stops)
    if not rows or ticket.sent_at is None:
        return timedelta()
    plain = derived(ticket, kind, start=ticket.sent_at).at
    later = derived(ticket, kind, start=ticket.sent_at, stops=without_open(rows, until)).at
    return later - plain if later and plain else timedelta()


def answer_clock(ticket: Ticket, stops: Iterable[ClockStop] | None = None) -> Due | None:
    """How the answer's clock comes about, with its stops; None for what was not sent.

    ``at`` of it is None while a question waits. ``said`` is the line, in the reader's language.
    """
    if ticket.sent_at is None:
        return None
    rows = ClockStop.objects.filter(ticket=ticket) if stops is None else stops
    return derived(ticket, "answer", start=ticket.sent_at, stops=rows)


def clocks_of(ticket: Ticket) -> dict[str, Due]:
    """Every clock of a ticket that was sent, with how it came about, by its name."""
    if ticket.sent_at is None:
        return {}
    stops = list(ClockStop.objects.filter(ticket=ticket))
    return {
        name: derived(ticket, name, start=ticket.sent_at, stops=stops)
        for name in CLOCKS
        if ticket.draft["limits"].get(name)
    }


def answers_due(ticket_ids: Iterable[UUID], *, at: datetime | None = None) -> dict[UUID, datetime]:
    """By when each ticket is to be answered, with what its clock stood still."""
    ids = list(ticket_ids)
    rows = Deadline.objects.filter(ticket_id__in=ids, kind="answer", level=0)
    due = dict(rows.values_list("ticket_id", Coalesce("first_at", "due_at")))
    stops = _by_ticket(ClockStop.objects.filter(ticket_id__in=ids))
    stopped = Ticket.objects.filter(id__in=stops).only("draft", "sent_at")
    for ticket in stopped:
        if ticket.id in due:
            first = due[ticket.id]
            due[ticket.id] = first + put_on_by(
                ticket, stops[ticket.id], kind="answer", until=at or first
            )
    return due


# Profiles


def profile_now(organisation_id: int) -> AddresseeProfile | None:
    """What an organisation says of itself now."""
    rows = AddresseeProfile.objects.filter(organisation_id=organisation_id)
    return rows.select_related("person").order_by("-version").first()


def confirmations(actor: Actor, *, since: datetime) -> dict[str, int]:
    """What came of emergencies and oral decisions that the actor's organisation had to stand by."""
    own = actor.organisation_id
    is_own = Q(authority_id=own) | Q(confirmer_id=own)
    rows = Decision.objects.filter(is_own, STOOD_BY, recorded_at__gte=since)
    counted = rows.aggregate(
        oral=Count("id", filter=Q(heard_by__isnull=False)),
        written=Count("id", filter=Q(kind="written")),
        confirmed=Count("id", filter=Q(kind="confirmed")),
        not_confirmed=Count("id", filter=Q(kind="not_confirmed")),
        not_said=Count("id", filter=Q(kind="not_said")),
    )
    never = Request.objects.filter(is_own, never_confirmed_at__gte=since).count()
    return {**counted, "never_confirmed": never}


@dataclass(frozen=True, slots=True)
class RefusedBefore:
    """That the same was asked by the same unit before, and an authority said no."""

    reference: str
    authority: str
    kind: str
    ground: str
    at: datetime


def refused_before(request_id: UUID) -> list[RefusedBefore]:
    """What the unit asked of the same within a year and was refused, whoever it had asked.

    Told to whoever is asked to decide now: what was refused is not tried elsewhere unseen.
    """
    with connection.cursor() as cursor:
        cursor.execute("select * from refused_before(%s)", [request_id])
        return [RefusedBefore(*row) for row in cursor.fetchall()]
