"""The API of answers: what a bank tells, typed; and what the hub believes that it holds."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from recoup.apps.holds import queries
from recoup.apps.holds.answer_operations import Receipt, Told, record_answers
from recoup.apps.lawful_requests.api import AccountOut
from recoup.apps.members.api import ERRORS, Key, Minor, ProblemOut, Strict, Word, as_json, once
from recoup.core.answer import (
    AnswerRefused,
    AnswerTold,
    Booking,
    DestinationTold,
    Problem,
    WindowTold,
)  # fmt: skip
from recoup.core.moments import iso_utc, read_moment
from recoup.core.money import read_currency
from recoup.core.said import Said
from recoup.core.text import NotReadable, read_line, read_note
from recoup.data import currencies

router = Router(tags=["answers"])


class ToIn(Strict):
    kind: Word
    scheme: str = Field("", max_length=16)
    ident: str = Field("", max_length=160)
    place: str = Field("", max_length=140)
    country: str = Field("", max_length=2)
    credit_minor: int | None = Field(None, ge=1, le=9_999_999_999_999)
    credit_currency: str | None = Field(None, max_length=3)


class BookingIn(Strict):
    reference: str = Field(min_length=1, max_length=140, description="Your own, unique with you.")
    uetr: str | None = Field(None, max_length=36)
    amount_minor: int = Field(ge=1, le=9_999_999_999_999)
    booked_at: str = Field(max_length=40)
    seq: int = Field(ge=0, le=2**53 - 1, description="Your own order in the account, rising.")


class CreditIn(BookingIn):
    line: str | None = Field(None, max_length=36, description="The ticket's line that this is.")


class DebitIn(BookingIn):
    to: ToIn | None = None


class PaymentIn(BookingIn):
    currency: str = Field(max_length=3)


class WindowIn(Strict):
    opening_minor: int = Field(ge=-9_999_999_999_999, le=9_999_999_999_999)
    closing_minor: int = Field(ge=-9_999_999_999_999, le=9_999_999_999_999)
    from_: str = Field(alias="from", max_length=40)
    to: str = Field(max_length=40)
    credits: list[CreditIn] = Field(max_length=20_000)
    debits: list[DebitIn] = Field(max_length=20_000)


class AnswerIn(Strict):
    answer: str = Field(max_length=36, description="A UUID of your own: a repeat is no second one.")
    ticket: str = Field(max_length=36)
    stage: Literal["interim", "final", "correction"] = "final"
    replaces: str | None = Field(None, max_length=36)
    code: Literal[
        "held", "part_held", "nothing_left", "moved_on", "cashed_out", "stopped_before_execution",
        "debit_confirmed", "no_such_debit", "recalled", "not_ours", "cannot_lawfully", "unclear",
        "others_hold",
    ]  # fmt: skip
    held_minor: int = Minor
    block_reference: str = Field("", max_length=64)
    ground: str = Field("", max_length=400)
    note: str = Field("", max_length=1000)
    payment: PaymentIn | None = None
    window: WindowIn | None = None


class AnswersIn(Strict):
    answers: list[AnswerIn] = Field(min_length=1, max_length=100)


class ReceiptOut(Schema):
    answer: str
    ticket: str
    verdict: Literal["accepted", "refused"]
    sha256: str | None = None
    received_at: str | None = None
    dropped_destinations: int = 0
    error: str | None = None
    message: str | None = None
    problems: list[ProblemOut] | None = None


class ReceiptsOut(Schema):
    receipts: list[ReceiptOut]


@router.post("/answers", response={200: ReceiptsOut, **ERRORS}, auth=Key("ticket:answer"))
@once
def answer(request: HttpRequest, body: AnswersIn) -> HttpResponse:
    """Answer tickets, up to 100 at once. Each answer stands alone and has its own receipt."""
    results: dict[int, Receipt | AnswerRefused] = {}
    told: dict[int, Told] = {}
    for number, one in enumerate(body.answers):
        try:
            told[number] = read_answer(one)
        except AnswerRefused as refused:
            results[number] = refused
    recorded = record_answers(
        list(told.values()),
        by=request.auth,  # type: ignore[attr-defined]
        at=request.at,  # type: ignore[attr-defined]
    )
    results |= dict(zip(told, recorded, strict=True))
    receipts = [_told_back(one, results[number]) for number, one in enumerate(body.answers)]
    return as_json(200, {"receipts": receipts})


def _told_back(body: AnswerIn, result: Receipt | AnswerRefused) -> dict[str, Any]:
    if isinstance(result, Receipt):
        return as_receipt(result)
    return {
        "answer": body.answer, "ticket": body.ticket, "verdict": "refused",
        "error": result.problems[0].code, "message": str(result),
        "problems": [
            {"field": p.field, "value": p.value, "message": p.message, "code": p.code}
            for p in result.problems
        ],
    }  # fmt: skip


def as_receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "answer": str(receipt.answer), "ticket": str(receipt.ticket), "verdict": "accepted",
        "sha256": receipt.sha256, "received_at": iso_utc(receipt.received_at),
        "dropped_destinations": receipt.dropped_destinations,
    }  # fmt: skip


def read_answer(body: AnswerIn) -> Told:
    """The typed answer behind a body; raises AnswerRefused with the field that cannot be read."""
    try:
        content = AnswerTold(
            code=body.code,
            held_minor=body.held_minor,
            stage=body.stage,
            block_reference=_line(body.block_reference, "block_reference"),
            ground=_line(body.ground, "ground"),
            note=read_note(body.note, field="note") if body.note else "",
            payment=_booking(body.payment, "payment") if body.payment else None,
            payment_currency=body.payment.currency if body.payment else "",
            window=_window(body.window) if body.window else None,
        )
        return Told(
            _uuid(body.answer, "answer"), _uuid(body.ticket, "ticket"), content,
            canonical(body), _uuid(body.replaces, "replaces") if body.replaces else None,
        )  # fmt: skip
    except NotReadable as problem:
        raise AnswerRefused(
            (Problem(problem.field, str(problem.value), problem.said, problem.code),)
        ) from None


def canonical(body: AnswerIn) -> bytes:
    """The bytes whose digest the receipt names: the answer as JSON with sorted keys."""
    return json.dumps(
        body.dict(by_alias=True), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def _line(text: str, field: str) -> str:
    return read_line(text, field=field, max_length=400) if text else ""


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        problem, advice = Said("This is not a UUID."), Said("Send one like the ticket's.")
        raise NotReadable(field, text, problem, advice, code="not_a_uuid") from None


def _moment(text: str, field: str) -> datetime:
    return read_moment(text, field=field)


def _booking(body: BookingIn, where: str) -> Booking:
    line = getattr(body, "line", None)
    to = getattr(body, "to", None)
    return Booking(
        reference=_line(body.reference, f"{where}.reference"),
        amount_minor=body.amount_minor,
        booked_at=_moment(body.booked_at, f"{where}.booked_at"),
        seq=body.seq,
        uetr=_uuid(body.uetr, f"{where}.uetr") if body.uetr else None,
        line=_uuid(line, f"{where}.line") if line else None,
        to=_to(to) if to else None,
    )


def _to(body: ToIn) -> DestinationTold:
    if body.credit_currency:
        read_currency(body.credit_currency, currencies(), field="window.debits.to.credit_currency")
    return DestinationTold(
        body.kind, body.scheme, body.ident, _line(body.place or body.country, "place"),
        body.credit_minor, body.credit_currency or "",
    )  # fmt: skip


def _window(body: WindowIn) -> WindowTold:
    return WindowTold(
        body.opening_minor, body.closing_minor, _moment(body.from_, "window.from"),
        _moment(body.to, "window.to"),
        tuple(_booking(b, f"window.credits[{n}]") for n, b in enumerate(body.credits)),
        tuple(_booking(b, f"window.debits[{n}]") for n, b in enumerate(body.debits)),
    )  # fmt: skip


class HoldOut(Schema):
    account: AccountOut
    currency: str
    request: UUID
    ticket_reference: str
    held_minor: int
    block_reference: str
    state: str
    until: str | None


class HoldsOut(Schema):
    holds: list[HoldOut]


@router.get("/holds", response={200: HoldsOut, **ERRORS}, auth=Key("hold:reconcile"))
def holds(request: HttpRequest) -> HttpResponse:
    """What the hub believes that you hold, to be compared with your own blocks."""
    rows = queries.holds_at(request.auth)  # type: ignore[attr-defined]
    return as_json(
        200,
        {
            "holds": [
                {
                    "account": {"scheme": hold.account.scheme, "ident": hold.account.ident},
                    "currency": hold.account.currency,
                    "request": str(hold.id),
                    "ticket_reference": getattr(hold, "last_ticket", None) or "",
                    "held_minor": hold.held_minor,
                    "block_reference": getattr(hold, "block_reference", None) or "",
                    "state": hold.state,
                    "until": iso_utc(hold.until) if hold.until else None,
                }
                for hold in rows
            ]
        },
    )
