"""The API of those who ask and decide: draft, check, submit, decide, confirm, close.

Who may do which act stands in the policy table; what the law lets whom decide, in the operations.
Every refusal is one object with a code, and a line of the trail.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    file_operations,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.decision_operations import Oral
from recoup.apps.lawful_requests.refusals import REFUSALS, Incomplete, code_of
from recoup.apps.lawful_requests.request_check import check_request
from recoup.apps.lawful_requests.request_law import law_now
from recoup.apps.lawful_requests.request_told import (
    decision_told,
    file_told,
    lacks_told,
    note_told,
    request_told,
    row_told,
    whole_told,
)
from recoup.apps.lawful_requests.sent_files import named_in_address, sent_file
from recoup.apps.members.api import ERRORS, Key, Strict, as_json, error, once
from recoup.core.access import Actor

router = Router(tags=["requests"])
NOT_FOUND = {"no_such_request", "no_such_ticket", "no_such_doubt"}
FORBIDDEN = {"same_person", "other_authority", "wrong_role", "mandate_not_valid", "not_a_person",
             "person_needed", "too_few_persons", "other_decider", "is_asked"}  # fmt: skip
NOT_NOW = {"not_now", "read_another_version", "answered_already", "answer_used", "requester_paused",
           "call_back_failed", "call_back_first",
           "not_yet", "too_late", "author_ended"}  # fmt: skip
ROWS = 100
Text = Field("", max_length=2000)


def refusing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer a refusal with its code; what the refused act had begun is undone already."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except REFUSALS as refusal:
            return refused(refusal)

    guarded.__signature__ = signature(view, eval_str=True)  # type: ignore[attr-defined]
    return guarded


def refused(refusal: Exception) -> HttpResponse:
    """One object: the code, what is wrong, and of what is incomplete every lack."""
    code = code_of(refusal)
    status = 404 if code in NOT_FOUND else 403 if code in FORBIDDEN else 422
    status = 409 if code in NOT_NOW else status
    if isinstance(refusal, Incomplete):
        problems = [
            {"field": lack.field, "value": "", "message": str(lack.said), "code": lack.code}
            for lack in refusal.lacks
        ]
        return error(status, code, str(refusal), problems)
    where = getattr(refusal, "field", "")
    problems = [{"field": where, "value": "", "message": str(refusal), "code": code}]
    return error(status, code, str(refusal), problems if where else None)


def by_at(request: HttpRequest) -> dict[str, Any]:
    """Who acts, and when by the database's clock."""
    return {"by": request.auth, "at": request.at}  # type: ignore[attr-defined]


class RequestOut(Schema):
    request: UUID
    reference: str
    state: str
    version: int


class RequestsOut(Schema):
    requests: list[RequestOut]
    more: bool


class DraftIn(Strict):
    """A draft. content: targets, data, period, amount, fields of the form, and two texts."""

    request: str = Field(description="A UUID of your own making; the same id is the same draft.")
    measure: str = Field(max_length=32)
    content: dict[str, Any]
    case: str = ""
    danger: str = Field("", max_length=32)


@router.post("/requests", response={201: RequestOut, **ERRORS}, auth=Key("request:draft"))
@once
@refusing
def draft(request: HttpRequest, body: DraftIn) -> HttpResponse:
    """Keep a draft. What it lacks is told by its check, and stops it only when it is submitted."""
    try:
        ids = UUID(body.request), UUID(body.case) if body.case else None
    except ValueError:
        return error(422, "not_a_uuid", "request and case are UUIDs.")
    made = request_operations.draft(
        measure=body.measure, content=body.content, request=ids[0], case_id=ids[1],
        danger=body.danger, **by_at(request),
    )  # fmt: skip
    return as_json(201, request_told(made))


class ListQuery(Schema):
    list: Literal["own", "drafts", "to_decide", "to_confirm"] = "own"


@router.get("/requests", response={200: RequestsOut, **ERRORS}, auth=Key("request:see"))
def requests(request: HttpRequest, query: Query[ListQuery]) -> HttpResponse:
    """Your organisation's requests, your drafts, or what waits for your decision."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    read = {
        "own": request_queries.requests_of, "drafts": request_queries.drafts_of,
        "to_decide": request_queries.to_decide, "to_confirm": request_queries.to_confirm,
    }[query.list]  # fmt: skip
    rows = list(read(actor)[: ROWS + 1])
    told = [row_told(row) for row in rows[:ROWS]]
    return as_json(200, {"requests": told, "more": len(rows) > ROWS})


@router.get(
    "/requests/{uuid:request_id}", response={200: RequestOut, **ERRORS}, auth=Key("request:see")
)
def one(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request with its decisions, targets and clocks."""
    found = request_queries.whole(request.auth, request_id)  # type: ignore[attr-defined]
    if found is None:
        return error(404, "no_such_request", "There is no such request, or it is not yours.")
    return as_json(200, whole_told(found))


class LackOut(Schema):
    addressee: str
    code: str
    severity: str
    message: str
    field: str


class LacksOut(Schema):
    lacks: list[LackOut]


@router.get(
    "/requests/{uuid:request_id}/lacks", response={200: LacksOut, **ERRORS},
    auth=Key("request:see"),
)  # fmt: skip
@refusing
def lacks(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """What a request lacks now: what stops it, and what is only said."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    found = request_queries.visible_requests(actor).select_related("issuer").filter(pk=request_id)
    row = found.first()
    if row is None:
        raise request_operations.no_such_request()
    wanted = request_operations.wanted_of(row)
    at: datetime = request.at  # type: ignore[attr-defined]
    return as_json(200, {"lacks": lacks_told(check_request(wanted, law=law_now(), at=at))})


class EditIn(Strict):
    version: int
    content: dict[str, Any]
    danger: str | None = Field(None, max_length=32)


@router.post(
    "/requests/{uuid:request_id}/edits", response={200: RequestOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def edit(request: HttpRequest, request_id: UUID, body: EditIn) -> HttpResponse:
    """Change a draft, or what a question was asked about."""
    made = request_operations.edit(
        request_id=request_id, content=body.content, version=body.version, danger=body.danger,
        **by_at(request),
    )  # fmt: skip
    return as_json(200, request_told(made))


class SubmitIn(Strict):
    version: int
    authority: str = Field(max_length=32, description="The code of who is asked to decide.")
    confirmer: str = Field("", max_length=32, description="In an emergency: who confirms it.")


@router.post(
    "/requests/{uuid:request_id}/submissions", response={200: RequestOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def submit(request: HttpRequest, request_id: UUID, body: SubmitIn) -> HttpResponse:
    """Hand a draft to whoever decides. Refused with every lack while it is incomplete."""
    made = request_operations.submit(
        request_id=request_id, authority=body.authority, version=body.version,
        confirmer=body.confirmer, **by_at(request),
    )  # fmt: skip
    return as_json(200, request_told(made))


class WordIn(Strict):
    version: int
    text: str = Text


@router.post(
    "/requests/{uuid:request_id}/questions", response={200: RequestOut, **ERRORS},
    auth=Key("request:decide"),
)  # fmt: skip
@once
@refusing
def ask(request: HttpRequest, request_id: UUID, body: WordIn) -> HttpResponse:
    """Ask the author something before you decide."""
    made = decision_operations.ask(
        request_id=request_id, text=body.text, version=body.version, **by_at(request)
    )
    return as_json(200, request_told(made))


@router.post(
    "/requests/{uuid:request_id}/replies", response={200: RequestOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def reply(request: HttpRequest, request_id: UUID, body: WordIn) -> HttpResponse:
    """Answer the question of whoever decides."""
    made = request_operations.reply(
        request_id=request_id, text=body.text, version=body.version, **by_at(request)
    )
    return as_json(200, request_told(made))


class DecisionOut(Schema):
    decision: UUID
    kind: str


class DecisionIn(Strict):
    """A decision on the version that was read. narrower: the parts that become smaller."""

    decision: Literal["authorise", "refuse"]
    version: int
    ground: str = Text
    narrower: dict[str, Any] | None = None
    new_facts: str = Text


@router.post(
    "/requests/{uuid:request_id}/decisions", response={201: DecisionOut, **ERRORS},
    auth=Key("request:decide"),
)  # fmt: skip
@once
@refusing
def decide(request: HttpRequest, request_id: UUID, body: DecisionIn) -> HttpResponse:
    """Authorise a request, or less than it asks, or refuse it with a reason."""
    given: dict[str, Any] = {
        "request_id": request_id, "version": body.version, "ground": body.ground
    }  # fmt: skip
    if body.decision == "refuse":
        made = decision_operations.refuse(**given, **by_at(request))
    else:
        made = decision_operations.authorise(
            **given, narrower=body.narrower, new_facts=body.new_facts, **by_at(request)
        )
    return as_json(201, decision_told(made))


class OralIn(Strict):
    """An oral decision that you heard. mandate: of whoever decided."""

    version: int
    mandate: str
    heard_at: str = Field(max_length=40, description="ISO 8601 with a zone.")
    ground: str = Text
    narrower: dict[str, Any] | None = None
    new_facts: str = Text


@router.post(
    "/requests/{uuid:request_id}/oral-decisions", response={201: DecisionOut, **ERRORS},
    auth=Key("request:hear"),
)  # fmt: skip
@once
@refusing
def oral(request: HttpRequest, request_id: UUID, body: OralIn) -> HttpResponse:
    """Note an oral decision that you heard as a third person; it has to follow in writing."""
    try:
        heard = Oral(UUID(body.mandate), datetime.fromisoformat(body.heard_at))
    except ValueError:
        return error(422, "not_valid", "mandate is a UUID, heard_at a moment with its zone.")
    if heard.heard_at.tzinfo is None:
        return error(422, "not_valid", "heard_at needs its zone, such as +01:00.")
    made = decision_operations.authorise(
        request_id=request_id, version=body.version, ground=body.ground, narrower=body.narrower,
        oral=heard, new_facts=body.new_facts, **by_at(request),
    )  # fmt: skip
    return as_json(201, decision_told(made))


class DenyIn(Strict):
    ground: str = Text


@router.post(
    "/requests/{uuid:request_id}/denials", response={201: DecisionOut, **ERRORS},
    auth=Key("request:decide"),
)  # fmt: skip
@once
@refusing
def deny(request: HttpRequest, request_id: UUID, body: DenyIn) -> HttpResponse:
    """Say that you never gave the oral decision that was noted in your name."""
    made = decision_operations.not_said(
        request_id=request_id, ground=body.ground, **by_at(request)
    )  # fmt: skip
    return as_json(201, decision_told(made))


class ConfirmIn(Strict):
    confirm: Literal["written", "emergency", "put"]
    version: int
    ground: str = Text


@router.post(
    "/requests/{uuid:request_id}/confirmations", response={201: DecisionOut, **ERRORS},
    auth=Key("request:decide"),
)  # fmt: skip
@once
@refusing
def confirm(request: HttpRequest, request_id: UUID, body: ConfirmIn) -> HttpResponse:
    """Confirm an oral decision in writing, or an emergency as another person; or put it before
    whoever confirms it."""
    act = {
        "written": decision_operations.put_in_writing, "emergency": decision_operations.confirm,
        "put": decision_operations.put_before,
    }[body.confirm]  # fmt: skip
    made = act(request_id=request_id, version=body.version, ground=body.ground, **by_at(request))
    return as_json(201, decision_told(made))


class GroundIn(Strict):
    ground: str = Field(min_length=1, max_length=400)


@router.post(
    "/requests/{uuid:request_id}/withdrawals", response={200: RequestOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def withdraw(request: HttpRequest, request_id: UUID, body: GroundIn) -> HttpResponse:
    """Take a request back, whatever stands of it."""
    made = request_operations.withdraw(request_id=request_id, ground=body.ground, **by_at(request))
    return as_json(200, request_told(made))


class FileOut(Schema):
    file: UUID
    sha256: str
    version: int | None = None


class FileQuery(Schema):
    kind: Literal["order", "attachment"] = "order"
    addressee: str = Field("", max_length=32, description="Who gets it; nobody named: all.")


@router.post(
    "/requests/{uuid:request_id}/files", response={201: FileOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def add_file(request: HttpRequest, request_id: UUID, query: Query[FileQuery]) -> HttpResponse:
    """Add an order (PDF) or an attachment: the bytes are the body. Digest: ``X-Sha256``.

    Its name is ``X-File-Name``, percent-encoded UTF-8. The request has a new version then, which is
    told.
    """
    if wrong := named_in_address(request):
        return wrong
    made = file_operations.add_to_request(
        request_id=request_id, kind=query.kind, file=sent_file(request),
        addressee=query.addressee, **by_at(request),
    )  # fmt: skip
    version = made.request.version if made.request else None
    return as_json(201, {**file_told(made), "version": version})


# Tickets that left


class NoteOut(Schema):
    note: UUID
    kind: str


class TextIn(Strict):
    text: str = Field(min_length=1, max_length=2000)


@router.post(
    "/request-tickets/{uuid:ticket_id}/replies", response={201: NoteOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def reply_to_addressee(request: HttpRequest, ticket_id: UUID, body: TextIn) -> HttpResponse:
    """Answer an addressee's question; the clock of its answer runs on."""
    made = addressee_operations.reply_to_addressee(
        ticket_id=ticket_id, text=body.text, **by_at(request)
    )
    return as_json(201, note_told(made))


class SettleIn(Strict):
    agreed: bool
    text: str = Text


@router.post(
    "/request-tickets/{uuid:ticket_id}/cost-decisions", response={201: NoteOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def settle(request: HttpRequest, ticket_id: UUID, body: SettleIn) -> HttpResponse:
    """Agree to a claim of costs, or refuse it with a reason."""
    made = addressee_operations.settle_costs(
        ticket_id=ticket_id, agreed=body.agreed, text=body.text, **by_at(request)
    )
    return as_json(201, note_told(made))


class ExtendIn(Strict):
    days: int = Field(ge=1, le=365)
    ground: str = Field(min_length=1, max_length=400)


class TicketStateOut(Schema):
    ticket: UUID
    state: str


@router.post(
    "/request-tickets/{uuid:ticket_id}/extensions", response={201: TicketStateOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def extend(request: HttpRequest, ticket_id: UUID, body: ExtendIn) -> HttpResponse:
    """Give the addressee more time, and say why."""
    given = addressee_operations.extend(
        ticket_id=ticket_id, days=body.days, ground=body.ground, **by_at(request)
    )
    return as_json(201, {"ticket": str(ticket_id), "state": given.ticket.state})


@router.post(
    "/request-tickets/{uuid:ticket_id}/closings", response={200: TicketStateOut, **ERRORS},
    auth=Key("request:draft"),
)  # fmt: skip
@once
@refusing
def close(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """You have what you need of this target; with the last one the request is closed."""
    ticket = request_operations.close(ticket_id=ticket_id, **by_at(request))
    return as_json(200, {"ticket": str(ticket.id), "state": ticket.state})
