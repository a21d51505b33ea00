"""The API of the addressee's inbox: tickets waiting, one ticket, acknowledgement."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from recoup.apps.lawful_requests import operations, queries
from recoup.apps.members.api import ERRORS, Key, Strict, as_json, error, once, unknown_parameter

router = Router(tags=["tickets"])


class AccountOut(Schema):
    scheme: str
    ident: str
    shown: str | None = None


class PaymentOut(Schema):
    uetr: str | None
    reference: str
    at: str | None
    amount_minor: int
    currency: str
    payer_account: AccountOut | None
    payee_account: AccountOut | None


class LineOut(Schema):
    line: UUID
    amount_minor: int
    payment: PaymentOut


class TicketOut(Schema):
    """A ticket exactly as it was sent: the bytes are frozen, nothing of the case is in them."""

    ticket: UUID
    request: UUID
    reference: str
    measure: Literal["hold", "confirm_debit", "stop_before_execution", "recall"]
    kind: Literal["", "block", "first", "forward", "back", "set", "destination"]
    round: int
    issued_by: dict[str, Any]
    authorisation: dict[str, Any]
    legal_basis: dict[str, Any]
    account: AccountOut
    currency: str
    amount_minor: int
    lines: list[LineOut]
    disclose: dict[str, Any]
    rule: str
    is_precautionary: bool
    hold_until: str | None
    clocks: dict[str, str | None]


class InboxOut(Schema):
    tickets: list[TicketOut]
    more: bool = Field(description="More than 100 wait: acknowledge these and ask again.")


class InboxQuery(Schema):
    state: Literal["unacknowledged", "open"] = "unacknowledged"
    wait: int = Field(0, ge=0, le=25, description="Seconds to wait for the first ticket.")


@router.get("/tickets", response={200: InboxOut, **ERRORS}, auth=Key("ticket:see"))
def inbox(request: HttpRequest, query: Query[InboxQuery]) -> HttpResponse:
    """Tickets that wait for you, the most urgent first. What you acknowledge leaves."""
    if wrong := unknown_parameter(request, InboxQuery):
        return wrong
    bodies = queries.bodies_waiting(
        request.auth, unacknowledged=query.state == "unacknowledged"  # type: ignore[attr-defined]
    )  # fmt: skip
    more = len(bodies) > queries.AT_MOST
    joined = b",".join(bodies[: queries.AT_MOST])
    data = b'{"tickets":[' + joined + b'],"more":' + (b"true" if more else b"false") + b"}"
    answer = HttpResponse(data, content_type="application/json")
    # Tells the waiting layer whose inbox it was; the long poll wakes by it.
    answer["X-Recoup-Organisation"] = str(request.auth.organisation_id)  # type: ignore[attr-defined]
    return answer


@router.get("/tickets/{uuid:ticket}", response={200: TicketOut, **ERRORS}, auth=Key("ticket:see"))
def one(request: HttpRequest, ticket: UUID) -> HttpResponse:
    """One ticket that was sent to you."""
    found = queries.addressed_to(request.auth).filter(pk=ticket).first()  # type: ignore[attr-defined]
    if found is None or found.body is None:
        return error(404, "not_found", "There is no such ticket, or it is not yours.")
    return HttpResponse(bytes(found.body), content_type="application/json")


class AcknowledgeIn(Strict):
    tickets: list[str] = Field(min_length=1, max_length=100, description="Ids of tickets.")


class RefusedOut(Schema):
    ticket: UUID
    problem: str


class AcknowledgedOut(Schema):
    acknowledged: list[UUID]
    refused: list[RefusedOut]


@router.post(
    "/acknowledgements", response={200: AcknowledgedOut, **ERRORS},
    auth=Key("ticket:acknowledge"),
)  # fmt: skip
@once
def acknowledge(request: HttpRequest, body: AcknowledgeIn) -> HttpResponse:
    """Say that you have the tickets in hand. Saying it again is no error."""
    try:
        ids = [UUID(ticket) for ticket in body.tickets]
    except ValueError:
        return error(422, "not_a_uuid", "Each ticket is named by its UUID, as in the inbox.")
    refused = operations.acknowledge(
        ticket_ids=ids,
        by=request.auth,  # type: ignore[attr-defined]
        at=request.at,  # type: ignore[attr-defined]
    )
    return as_json(
        200,
        {
            "acknowledged": [str(ticket) for ticket in ids if ticket not in refused],
            "refused": [{"ticket": str(t), "problem": why} for t, why in refused.items()],
        },
    )
