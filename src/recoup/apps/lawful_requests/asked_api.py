"""The API of those who are asked: inbox of requests, answers with files, questions, costs, doubt.

A ticket is given exactly as it was sent: the bytes are frozen. Nothing of the case, of another
addressee, or of what was said to whoever decided is in them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from recoup.apps.lawful_requests import (
    addressee_operations,
    file_operations,
    lift_operations,
    operations,
    profile_operations,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import Answered, receipt_of
from recoup.apps.lawful_requests.request_api import (
    FileOut,
    NoteOut,
    TextIn,
    TicketStateOut,
    by_at,
    refusing,
)
from recoup.apps.lawful_requests.request_told import file_told, note_told, profile_told
from recoup.apps.lawful_requests.sent_files import named_in_address, sent_file
from recoup.apps.members.api import ERRORS, Key, Strict, as_json, error, once, unknown_parameter
from recoup.apps.members.queries import organisations
from recoup.core.access import Actor

router = Router(tags=["request tickets"])
NO_TICKET = "There is no such ticket, or it is not yours."


class RequestTicketOut(Schema):
    """A ticket of a request exactly as it was sent."""

    ticket: UUID
    reference: str
    order: str
    measure: str
    issued_by: dict[str, Any]
    authorisation: dict[str, Any]
    legal_basis: dict[str, Any]
    identifiers: list[dict[str, Any]]
    data: list[str]
    period: dict[str, str | None] | None
    answers: list[str]
    refusal_grounds: list[str]
    answer_fields: list[str]
    files: list[dict[str, Any]]
    clocks: dict[str, str | None]
    derivations: dict[str, Any] = Field(description="How each clock came about, line and steps.")
    extension: dict[str, Any] | None
    calendar: str = Field("", description="The part of the country whose holidays count: BA-SRP.")
    extends: dict[str, Any] | None = Field(
        None, description="The ticket whose effect this order makes longer, and its end before."
    )


class RequestInboxOut(Schema):
    tickets: list[RequestTicketOut]
    more: bool = Field(description="More than 100 wait: acknowledge these and ask again.")


class RequestInboxQuery(Schema):
    state: Literal["unacknowledged", "open"] = "unacknowledged"
    wait: int = Field(0, ge=0, le=25, description="Seconds to wait for the first ticket.")


@router.get("/request-tickets", response={200: RequestInboxOut, **ERRORS}, auth=Key("asked:see"))
def inbox(request: HttpRequest, query: Query[RequestInboxQuery]) -> HttpResponse:
    """Requests that wait for you, what is due first. What you acknowledge leaves."""
    if wrong := unknown_parameter(request, RequestInboxQuery):
        return wrong
    actor: Actor = request.auth  # type: ignore[attr-defined]
    bodies = request_queries.bodies_waiting(actor, unacknowledged=query.state == "unacknowledged")
    more = len(bodies) > request_queries.AT_MOST
    joined = b",".join(bodies[: request_queries.AT_MOST])
    data = b'{"tickets":[' + joined + b'],"more":' + (b"true" if more else b"false") + b"}"
    answer = HttpResponse(data, content_type="application/json")
    # Tells the waiting layer whose inbox it was; the long poll wakes by it.
    answer["X-Recoup-Organisation"] = str(actor.organisation_id)
    return answer


@router.get(
    "/request-tickets/{uuid:ticket_id}", response={200: RequestTicketOut, **ERRORS},
    auth=Key("asked:see"),
)  # fmt: skip
def one(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """One ticket of a request that was sent to you."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    found = request_queries.asked_of(actor).filter(pk=ticket_id).first()
    if found is None or found.body is None:
        return error(404, "no_such_ticket", NO_TICKET)
    return HttpResponse(bytes(found.body), content_type="application/json")


@router.post(
    "/request-tickets/{uuid:ticket_id}/acknowledgements",
    response={200: TicketStateOut, **ERRORS}, auth=Key("asked:answer"),
)  # fmt: skip
@once
def acknowledge(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Say that you have it in hand. Saying it again is no error."""
    refused = operations.acknowledge(ticket_ids=[ticket_id], **by_at(request))
    if refused:
        return error(404, "no_such_ticket", NO_TICKET)
    actor: Actor = request.auth  # type: ignore[attr-defined]
    state = request_queries.asked_of(actor).values_list("state", flat=True).get(pk=ticket_id)
    return as_json(200, {"ticket": str(ticket_id), "state": state})


class RequestReceiptOut(Schema):
    answer: UUID
    ticket: UUID
    received_at: str
    sha256: str
    state: str
    is_repeat: bool


class RequestAnswerIn(Strict):
    """An answer or a refusal. reason: of a refusal, one of the ticket's grounds."""

    answer: str = Field(description="A UUID of your own making; the same answer is stored once.")
    code: str = Field(max_length=32)
    stage: Literal["interim", "final", "correction"] = "final"
    reason: str = Field("", max_length=64)
    ground: str = Field("", max_length=400)
    fields: dict[str, str] = Field(default_factory=dict)
    files: list[str] = Field(default_factory=list, max_length=20)


@router.post(
    "/request-tickets/{uuid:ticket_id}/answers", response={201: RequestReceiptOut, **ERRORS},
    auth=Key("asked:answer"),
)  # fmt: skip
@once
@refusing
def answer(request: HttpRequest, ticket_id: UUID, body: RequestAnswerIn) -> HttpResponse:
    """Answer in the ticket's codes and fields, in parts where you must, or refuse with a code."""
    try:
        given = Answered(
            UUID(body.answer), body.code, body.stage, body.reason, body.ground, body.fields,
            tuple(UUID(file) for file in body.files),
        )  # fmt: skip
    except ValueError:
        return error(422, "not_a_uuid", "answer and files are UUIDs.")
    receipt = addressee_operations.answer(ticket_id=ticket_id, given=given, **by_at(request))
    return as_json(201, receipt_of(receipt))


@router.post(
    "/request-tickets/{uuid:ticket_id}/files", response={201: FileOut, **ERRORS},
    auth=Key("asked:answer"),
)  # fmt: skip
@once
@refusing
def add_file(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Send a file that your answer will name: the bytes are the body. Digest: ``X-Sha256``.

    Its name is ``X-File-Name``, percent-encoded UTF-8.
    """
    if wrong := named_in_address(request):
        return wrong
    made = file_operations.add_to_ticket(
        ticket_id=ticket_id, file=sent_file(request), **by_at(request)
    )
    return as_json(201, file_told(made))


@router.post(
    "/request-tickets/{uuid:ticket_id}/questions", response={201: NoteOut, **ERRORS},
    auth=Key("asked:answer"),
)  # fmt: skip
@once
@refusing
def ask(request: HttpRequest, ticket_id: UUID, body: TextIn) -> HttpResponse:
    """Ask the requester; the clock of your answer stands still until the reply."""
    made = addressee_operations.ask_back(ticket_id=ticket_id, text=body.text, **by_at(request))
    return as_json(201, note_told(made))


class CostIn(Strict):
    amount_minor: int = Field(ge=1, le=9_999_999_999_999)
    currency: str = Field(min_length=3, max_length=3)
    text: str = Field("", max_length=2000)


@router.post(
    "/request-tickets/{uuid:ticket_id}/costs", response={201: NoteOut, **ERRORS},
    auth=Key("asked:answer"),
)  # fmt: skip
@once
@refusing
def costs(request: HttpRequest, ticket_id: UUID, body: CostIn) -> HttpResponse:
    """Claim what your answer costs."""
    made = addressee_operations.claim_costs(
        ticket_id=ticket_id, amount_minor=body.amount_minor, currency=body.currency,
        text=body.text, **by_at(request),
    )  # fmt: skip
    return as_json(201, note_told(made))


class LiftOut(Schema):
    """What you kept or stopped and have to lift. ground: ended, withdrawn, lapsed or refused."""

    ticket: UUID
    reference: str
    measure: str
    since: str
    ground: str


class LiftsOut(Schema):
    lifts: list[LiftOut]


@router.get("/request-lifts", response={200: LiftsOut, **ERRORS}, auth=Key("asked:see"))
def lifts(request: HttpRequest) -> HttpResponse:
    """What has to be lifted, because its time or its order ended; the longest waiting first."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    rows = request_queries.to_lift(actor)[: request_queries.AT_MOST]
    told = [
        {"ticket": str(row.id), "reference": row.reference, "measure": row.measure,
         "since": row.lift_at.isoformat() if row.lift_at else "", "ground": row.lift_ground}
        for row in rows
    ]  # fmt: skip
    return as_json(200, {"lifts": told})


class ReleaseIn(Strict):
    released_at: str = Field(max_length=40, description="ISO 8601 with a zone.")
    note: str = Field("", max_length=400)


@router.post(
    "/request-tickets/{uuid:ticket_id}/releases", response={201: TicketStateOut, **ERRORS},
    auth=Key("asked:answer"),
)  # fmt: skip
@once
@refusing
def release(request: HttpRequest, ticket_id: UUID, body: ReleaseIn) -> HttpResponse:
    """Say when you lifted what you kept or stopped, after its time or its order ended."""
    try:
        released_at = datetime.fromisoformat(body.released_at)
    except ValueError:
        return error(422, "not_valid", "released_at is a moment, such as 2026-11-22T03:00+01:00.")
    if released_at.tzinfo is None:
        return error(422, "zone_missing", "released_at needs its zone, such as +01:00.")
    lift_operations.release(
        ticket_id=ticket_id, released_at=released_at, note=body.note, **by_at(request)
    )
    return as_json(201, {"ticket": str(ticket_id), "state": "released"})


class DoubtIn(Strict):
    ground: str = Field(min_length=1, max_length=400)


@router.post(
    "/request-tickets/{uuid:ticket_id}/doubts", response={201: TicketStateOut, **ERRORS},
    auth=Key("asked:doubt"),
)  # fmt: skip
@once
@refusing
def doubt(request: HttpRequest, ticket_id: UUID, body: DoubtIn) -> HttpResponse:
    """Say that this may not be genuine. A second desk's doubt pauses the requester."""
    made = addressee_operations.doubt(ticket_id=ticket_id, ground=body.ground, **by_at(request))
    return as_json(201, {"ticket": str(ticket_id), "state": made.ticket.state})


@router.post(
    "/request-tickets/{uuid:ticket_id}/doubts-lifted", response={200: TicketStateOut, **ERRORS},
    auth=Key("asked:lift_doubt"),
)  # fmt: skip
@once
@refusing
def lift(request: HttpRequest, ticket_id: UUID, body: DoubtIn) -> HttpResponse:
    """Take a doubt back, and say what has settled it."""
    addressee_operations.lift_doubt(ticket_id=ticket_id, ground=body.ground, **by_at(request))
    return as_json(200, {"ticket": str(ticket_id), "state": "settled"})


# Profiles


class ProfileOut(Schema):
    version: int
    at: str
    body: dict[str, Any]


class ProfileQuery(Schema):
    organisation: str = Field("", max_length=32, description="A code; empty for your own.")


@router.get("/profiles", response={200: ProfileOut, **ERRORS}, auth=Key("profile:see"))
def profile(request: HttpRequest, query: Query[ProfileQuery]) -> HttpResponse:
    """What an organisation says of itself: data held, retention, formats, hours, costs."""
    if wrong := unknown_parameter(request, ProfileQuery):
        return wrong
    actor: Actor = request.auth  # type: ignore[attr-defined]
    ident: int | None = actor.organisation_id
    if query.organisation:
        ident = organisations().filter(code=query.organisation).values_list("id", flat=True).first()
    found = request_queries.profile_now(ident) if ident else None
    if found is None:
        return as_json(200, {"version": 0, "at": "", "body": {}})
    return as_json(200, profile_told(found))


class ProfileIn(Strict):
    body: dict[str, Any]


@router.post("/profiles", response={200: ProfileOut, **ERRORS}, auth=Key("profile:change"))
@once
@refusing
def change(request: HttpRequest, body: ProfileIn) -> HttpResponse:
    """Say what you hold and for how long; each change is a new version."""
    made = profile_operations.change_profile(body=body.body, **by_at(request))
    return as_json(200, profile_told(made))
