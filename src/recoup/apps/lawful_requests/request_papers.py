"""What the papers of a request say: the frozen ticket and the stored answer as document values.

Nothing is read here that the two sides of the ticket do not both have already.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings

from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.lawful_requests.paper_queries import is_in_their_words
from recoup.apps.lawful_requests.request_counting import derived
from recoup.apps.lawful_requests.request_law import REFUSING
from recoup.apps.members.models import Organisation
from recoup.apps.said import in_words
from recoup.core.document import (
    About,
    Addressee,
    AnswerCode,
    AnswerDocument,
    Ask,
    Authorisation,
    Clock,
    FileSaid,
    Head,
    Identifier,
    OrderDocument,
    PackSaid,
    Period,
    PowerSaid,
    ReceiptDocument,
    RefusalDocument,
    RequestDocument,
    Sender,
    Sum,
    Told,
)
from recoup.core.moments import read_moment
from recoup.core.said import Said
from recoup.core.verification import code_of
from recoup.data import currency, load_words

HEARER = "hearer"  # in the place of a role: who heard an oral decision and noted it
CLOCKS = (("acknowledge", "acknowledge"), ("answer", "answer"), ("effect", "hold_end"))


@dataclass(frozen=True, slots=True)
class Printed:
    """What a paper is made of beside the rows: the frozen body, its language, code and address."""

    body: dict[str, Any]
    language: str
    code: str
    address: str


def code_for(about: UUID, ticket: Ticket) -> str:
    """The code of a paper; an answer whose id its maker did not draw has that of its ticket."""
    try:
        return str(code_of(about))
    except ValueError:
        return str(code_of(ticket.id))


def request_paper(ticket: Ticket, made: Printed) -> RequestDocument:
    """The request as this addressee got it."""
    head = _head(ticket, made, sender=_sender(ticket.issuer), to=ticket.addressee)
    return RequestDocument(head, _ask(ticket, made.body), _authorisation(ticket, made.body))


def order_paper(ticket: Ticket, made: Printed) -> OrderDocument:
    """The order: the authority speaks, by the person who decided.

    Until an oral decision is in that person's own words, whoever heard it speaks, and says so.
    """
    told = made.body["authorisation"]
    if is_noted(ticket, told):
        heard_at = Organisation.objects.get(code=told.get("heard_at") or ticket.issuer.code)
        sender = _sender(heard_at, person=told["heard_by"], mandate=HEARER)
    else:
        authority = Organisation.objects.get(code=told["authority_code"])
        role, _, name = told["signed_by"][0].partition(", ")
        sender = _sender(authority, person=name, mandate=role)
    head = _head(ticket, made, sender=sender, to=ticket.addressee, reference=told["reference"],
                 issued_at=read_moment(told["decided_at"]))  # fmt: skip
    return OrderDocument(
        head, _ask(ticket, made.body), _authorisation(ticket, made.body), request=ticket.reference
    )


def is_noted(ticket: Ticket, told: dict[str, Any]) -> bool:
    """Whether the decision is only noted by who heard it; who decided has not acted themselves."""
    return bool(told["heard_by"]) and not is_in_their_words(ticket.id)


def answer_paper(ticket: Ticket, row: Answer, made: Printed) -> AnswerDocument | RefusalDocument:
    """What the addressee said, as it is kept."""
    told = json.loads(bytes(row.body))
    head = _head(ticket, made, sender=_sender(ticket.addressee), to=ticket.issuer,
                 issued_at=row.received_at)  # fmt: skip
    code = AnswerCode(row.code, _name("codes", row.code))
    if row.code in REFUSING:
        parts = (_name("grounds", told["reason"]), told["ground"])
        ground = ". ".join(part for part in parts if part)
        return RefusalDocument(head, _about(ticket), code, row.received_at, ground)
    fields = tuple(
        Told(_name("answers", name), text) for name, text in sorted(told["fields"].items())
    )
    return AnswerDocument(
        head, _about(ticket), code, row.received_at, fields, _files(told), told["ground"]
    )


def receipt_paper(ticket: Ticket, row: Answer, made: Printed) -> ReceiptDocument:
    """That these bytes arrived, when, and whether they counted."""
    told = json.loads(bytes(row.body))
    head = _head(ticket, made, sender=_sender(ticket.addressee), to=ticket.issuer,
                 issued_at=row.received_at)  # fmt: skip
    ended = ticket.ended_at if ticket.state in ("withdrawn", "lapsed") else None
    return ReceiptDocument(
        head, _about(ticket), AnswerCode(row.code, _name("codes", row.code)),
        row.received_at, bytes(row.sha256).hex(),
        is_taken=ended is None or row.received_at <= ended, files=_files(told),
    )  # fmt: skip


def _head(
    ticket: Ticket, made: Printed, *, sender: Sender, to: Organisation, reference: str = "",
    issued_at: datetime | None = None,
) -> Head:  # fmt: skip
    body = made.body
    basis = body["legal_basis"]
    power = PowerSaid(
        power=body["power"], instrument=basis["instrument"], article=basis["article"],
        text=basis["text"], is_binding=basis["binding"], is_confirmed=basis["confirmed"],
        is_assumed=basis["assumed"],
    )  # fmt: skip
    return Head(
        reference=reference or ticket.reference, measure=ticket.measure, title=body["name"],
        issued_at=issued_at or read_moment(body["clocks"]["sent_at"]), language=made.language,
        time_zone=settings.TIME_ZONE, sender=sender,
        to=Addressee(to.name, to.code, to.kind, to.country), power=power,
        pack=PackSaid(ticket.pack.country, ticket.pack.number, bytes(ticket.pack.digest).hex()),
        verification_code=made.code, verification_address=made.address,
    )  # fmt: skip


def _sender(who: Organisation, *, person: str = "", mandate: str = "") -> Sender:
    """The organisation as the directory has it now: its number is what one calls back."""
    return Sender(
        organisation=who.name, code=who.code, kind=who.kind, country=who.country, person=person,
        mandate=mandate, contact=who.contact_name, email=who.contact_email,
        call_back=who.contact_phone,
    )  # fmt: skip


def _ask(ticket: Ticket, body: dict[str, Any]) -> Ask:
    period, until = body["period"] or {}, body["clocks"]["effect_until"]
    start, end = (_moment(period.get(name)) for name in ("from", "until"))
    asks: str = body["asks"]  # of the catalogue of measures, which is translated
    fields = [
        Said(
            "Given for “%(field)s”: %(value)s",
            field=_name("fields", name),
            value=" / ".join(value.splitlines()),
        )
        for name, value in body["fields"].items()
        if value
    ]
    return Ask(
        wanted=(Said(asks), *fields),
        identifiers=tuple(
            Identifier(one["kind"], one["value"], one["value"], one["port"], _moment(one["at"]))
            for one in body["identifiers"]
        ),
        clocks=_clocks(ticket, body),
        data=tuple(_name("categories", one) for one in body["data"]),
        amount=_sum(body),
        period=Period(start, end) if start else None,
        until=read_moment(until) if until else None,
        is_secret=body["is_secret"],
        answers=tuple(AnswerCode(c, _name("codes", c)) for c in body["answers"]),
    )


def _clocks(ticket: Ticket, body: dict[str, Any]) -> tuple[Clock, ...]:
    """Every clock with the sentences of how it was counted, as on the day of sending.

    They are written in the reader's language here: a paper keeps its language.
    """
    sent_at = read_moment(body["clocks"]["sent_at"])
    found = [Clock("sent", sent_at)]
    for name, printed in CLOCKS:
        if not ticket.draft["limits"].get(name):
            continue
        counted = derived(ticket, name, start=sent_at)
        if counted.at is not None:
            steps = tuple(Said(in_words(step.said)) for step in counted.steps)
            found.append(Clock(printed, counted.at, steps))
    return tuple(found)


def _authorisation(ticket: Ticket, body: dict[str, Any]) -> Authorisation:
    told = body["authorisation"]
    form = "oral" if told["heard_by"] else "written"
    return Authorisation(
        form="noted" if is_noted(ticket, told) else form, reference=told["reference"],
        decided_by=tuple(told["signed_by"]), decided_at=_moment(told["decided_at"]),
        written_by=_moment(told["written_until"]), confirmed_by=_moment(told["confirmed_until"]),
        extends=(body.get("extends") or {}).get("reference", ""),
        new_facts=told.get("new_facts", ""),
    )  # fmt: skip


def _about(ticket: Ticket) -> About:
    return About(ticket.reference, sha256(bytes(ticket.body or b"")).hexdigest(), ticket.sent_at)


def _files(told: dict[str, Any]) -> tuple[FileSaid, ...]:
    return tuple(FileSaid(one["name"], one["size"], one["sha256"]) for one in told["files"])


def _sum(body: dict[str, Any]) -> Sum | None:
    if not body["amount_minor"]:
        return None
    code = body["currency"]
    return Sum(body["amount_minor"], code, currency(code).decimals)


def _name(kind: str, word: str) -> str:
    """A word of the API as people see it; one that is not known stands as it is."""
    known = getattr(load_words(), kind)
    found = known.get(word)
    return found.name if found else word.replace("_", " ")


def _moment(text: str | None) -> datetime | None:
    return read_moment(text) if text else None
