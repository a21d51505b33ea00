"""What an addressee does with a ticket of a request: answer, refuse, ask back, claim costs, doubt.

Acknowledging, taking and giving back are those of every ticket (``operations``). An answer is kept
whatever happened meanwhile; only the first final one moves the ticket.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import rfc8785
from django.db.models import Count, Max, Q

from recoup.apps.audit import operations as audit
from recoup.apps.jobs import INBOX_CHANNEL, defer, notify
from recoup.apps.lawful_requests import call_back_operations, request_queries
from recoup.apps.lawful_requests.doubt_operations import is_paused, is_paused_for
from recoup.apps.lawful_requests.models import (
    Answer,
    ClockStop,
    Doubt,
    RequestFile,
    Ticket,
    TicketNote,
)
from recoup.apps.lawful_requests.operations import move_on
from recoup.apps.lawful_requests.refusals import RequestRefused, line, told, words
from recoup.apps.lawful_requests.request_counting import calendar_for, moment_after
from recoup.apps.lawful_requests.request_law import REFUSING
from recoup.core.access import Actor
from recoup.core.law import Limit, Unit
from recoup.core.lawful_request import RequestMove, RequestState, after
from recoup.core.moments import iso_utc
from recoup.core.said import Said, SaidList
from recoup.data import currencies
from recoup.data.requests import load_clocks, load_most

STAGES: Final = ("interim", "final", "correction")
WAITING: Final = ("sent", "acknowledged")
DOUBTED: Final = (*WAITING, "answered")  # in which a request may be doubted
MOST_FIELDS, LONGEST = 60, 20_000
OPEN_WORK: Final = "lawful_requests.open"  # which pauses as well, and lets go on
ANSWERING: Final = ("reply", "cost_agreed", "cost_refused")  # what the other side waits for
INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it was told. answer: its id, of the addressee's making. fields: by their names.

    code: of the measure. reason: of a refusal, one of its grounds. files: uploaded before.
    """

    answer: UUID
    code: str
    stage: str = "final"
    reason: str = ""
    ground: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    files: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an answer is stored: when, its digest, and where the ticket stands."""

    answer: UUID
    ticket: UUID
    received_at: datetime
    sha256: str
    state: str
    is_repeat: bool = False


@told("asked:answer")
def answer(*, ticket_id: UUID, given: Answered, by: Actor, at: datetime) -> Receipt:
    """Store an answer or a refusal. The same answer again gets the same receipt.

    After withdrawal or lapse it is kept and moves nothing. A second final answer is refused: what
    was wrong is corrected.
    """
    ticket = asked(ticket_id, by)
    given = _readable(given)
    files = _files(ticket, given.files)
    body = _body(ticket, given, files)
    digest = hashlib.sha256(body).digest()
    known = Answer.objects.filter(pk=given.answer).first()
    if known is not None:
        return _again(known, ticket, digest)
    _check(ticket, given)
    if given.code not in REFUSING and is_paused_for(ticket):
        raise RequestRefused(
            "requester_paused",
            Said("Two desks doubt this requester: nothing is disclosed until that is settled."),
        )
    if given.code not in REFUSING:
        call_back_operations.check(ticket, by=by)
    replaces = _replaced(ticket) if given.stage == "correction" else None
    made = Answer(
        id=given.answer, ticket=ticket, issuer_id=ticket.issuer_id,
        addressee_id=ticket.addressee_id, code=given.code, stage=given.stage, replaces=replaces,
        ground=given.reason or given.ground[:400], body=body, sha256=digest, received_at=at,
        person_id=by.person_id,
    )  # fmt: skip
    made.save(force_insert=True)
    before = ticket.state
    if given.stage == "interim" and before == RequestState.SENT:
        ticket.state, ticket.acknowledged_at = RequestState.ACKNOWLEDGED.value, at
    move_on(ticket, made, is_refusal=given.code in REFUSING)
    if ticket.state == RequestState.REFUSED:
        ticket.ended_at = at
    if given.stage == "correction":
        _corrected(ticket, is_refusal=given.code in REFUSING, at=at)
    ticket.version += 1
    ticket.save(update_fields=["state", "answered_at", "acknowledged_at", "ended_at", "version"])
    _start_clock(ticket, at=at) if before != ticket.state else None
    audit.record(
        what="ticket:answered", about=f"ticket:{ticket.id}", by=by, at=at, code=given.code,
        stage=given.stage, reason=given.reason, sha256=digest.hex(), answer=given.answer,
        files=len(files), late=before not in (*WAITING, "answered", "closed", "refused"),
    )  # fmt: skip
    notify({INBOX_CHANNEL: [str(ticket.issuer_id)]})
    if ticket.extends_id:
        defer(OPEN_WORK)  # a refusal puts the end back
    return Receipt(made.id, ticket.id, at, digest.hex(), ticket.state)


def _readable(given: Answered) -> Answered:
    """The answer with its texts as they are kept; raises RequestRefused with the field."""
    if len(given.fields) > MOST_FIELDS or any(
        isinstance(text, str) and len(text) > LONGEST for text in given.fields.values()
    ):
        raise RequestRefused("too_long", Said("Send what is long as a file."), field="fields")
    fields = {
        line(name, "fields", 64): words(text, "fields", LONGEST)
        for name, text in given.fields.items()
    }
    return replace(
        given, code=line(given.code, "code", 32), stage=line(given.stage, "stage", 12),
        reason=line(given.reason, "reason", 64), ground=words(given.ground, "ground", LONGEST),
        fields=fields,
    )  # fmt: skip


def _corrected(ticket: Ticket, *, is_refusal: bool, at: datetime) -> None:
    """A refusal that was taken back is an answer: its issuer has to look at it and to close it."""
    if ticket.state == RequestState.REFUSED and not is_refusal:
        ticket.state = after(RequestState.REFUSED, RequestMove.CORRECT).value
        ticket.ended_at, ticket.answered_at = None, at


def _again(known: Answer, ticket: Ticket, digest: bytes) -> Receipt:
    if known.ticket_id != ticket.id or bytes(known.sha256) != digest:
        raise RequestRefused(
            "answer_used", Said("This id is another answer's. Make a new one."), field="answer"
        )
    return Receipt(known.id, ticket.id, known.received_at, digest.hex(), ticket.state, True)


def _check(ticket: Ticket, given: Answered) -> None:
    """Raise RequestRefused for what this ticket's measure does not know."""
    draft = ticket.draft
    if given.stage not in STAGES:
        raise _not_known("stage", given.stage, STAGES)
    if given.code not in draft["answers"]:
        raise _not_known("code", given.code, draft["answers"])
    if given.code == "refused" and draft["refusal_grounds"]:
        if given.reason not in draft["refusal_grounds"]:
            raise _not_known("reason", given.reason, draft["refusal_grounds"])
    elif given.reason:
        raise _not_known("reason", given.reason, ("",))
    if given.code in REFUSING and given.stage == "interim":
        raise RequestRefused("not_final", Said("A refusal is final."), field="stage")
    unknown = sorted(set(given.fields) - set(draft["answer_fields"]))
    if unknown:
        raise _not_known("fields", unknown[0], draft["answer_fields"])
    finals = Answer.objects.filter(ticket=ticket, stage="final").exists()
    if given.stage == "final" and finals:
        raise RequestRefused(
            "answered_already", Said("This ticket is answered. Send a correction."), field="stage"
        )
    if given.stage == "interim" and ticket.state not in WAITING:
        raise RequestRefused("not_now", Said("No part answer is awaited here."), field="stage")


def _not_known(where: str, value: str, known: Sequence[str]) -> RequestRefused:
    said = Said(
        "%(value)s is not known here. Possible: %(known)s.", value=value[:60] or "-",
        known=SaidList(known),
    )  # fmt: skip
    return RequestRefused("not_known", said, field=where)


def _replaced(ticket: Ticket) -> Answer:
    """The answer that a correction replaces: the last that stands."""
    rows = Answer.objects.filter(ticket=ticket, replaced_by=None).exclude(stage="interim")
    found = rows.first()
    if found is None:
        raise RequestRefused("nothing_to_correct", Said("There is no answer to correct yet."))
    return found


def _files(ticket: Ticket, wanted: Sequence[UUID]) -> list[RequestFile]:
    rows = RequestFile.objects.filter(ticket=ticket, id__in=list(wanted)).defer("content")
    found = sorted(rows, key=lambda row: str(row.id))
    if len(found) != len(set(wanted)):
        raise RequestRefused(
            "no_such_file", Said("One of these files was not sent to this ticket."), field="files"
        )
    return found


def _body(ticket: Ticket, given: Answered, files: Sequence[RequestFile]) -> bytes:
    """The answer as it is kept: canonical JSON, with the digest of every file."""
    return rfc8785.dumps(
        {
            "answer": str(given.answer), "ticket": str(ticket.id), "code": given.code,
            "stage": given.stage, "reason": given.reason, "ground": given.ground[:LONGEST],
            "fields": dict(given.fields),
            "files": [
                {"file": str(row.id), "name": row.name, "size": row.size,
                 "sha256": bytes(row.sha256).hex()}
                for row in files
            ],
        }
    )  # fmt: skip


# Asking back, costs, doubt


@told("asked:ask")
def ask_back(*, ticket_id: UUID, text: str, by: Actor, at: datetime) -> TicketNote:
    """Ask the requester something; the clock of the answer stands still until the reply.

    It stands for some days at most (``stop_operations``). What is over already does not begin to
    stand: who asks too late is answered all the same.
    """
    ticket = asked(ticket_id, by)
    _is_waiting(ticket)
    is_first = _last_word(ticket, "question", "reply") != "question"
    if is_first and not _stands(ticket) and not _is_over(ticket, at=at):
        ClockStop.objects.create(
            ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
            kind="stop", ground="question", started_at=at, person_id=by.person_id, at=at,
        )  # fmt: skip
    return note(ticket, "question", by=by, at=at, text=text)


@told("request:reply_to_addressee")
def reply_to_addressee(*, ticket_id: UUID, text: str, by: Actor, at: datetime) -> TicketNote:
    """Answer an addressee's question; the clock runs on by as long as it stood still."""
    ticket = issued(ticket_id, by)
    if _last_word(ticket, "question", "reply") != "question":
        raise RequestRefused("not_now", Said("No question waits for a reply."))
    _start_clock(ticket, at=at)
    return note(ticket, "reply", by=by, at=at, text=text)


def _stands(ticket: Ticket) -> bool:
    return ClockStop.objects.filter(ticket=ticket, kind="stop", ended_at=None).exists()


def _is_over(ticket: Ticket, *, at: datetime) -> bool:
    clock = request_queries.answer_clock(ticket)
    return clock is not None and clock.at is not None and clock.at < at


def _last_word(ticket: Ticket, *kinds: str) -> str:
    """Which of some kinds of notes was written last on a ticket."""
    rows = ticket.notes.filter(kind__in=kinds).order_by("-at").values_list("kind", flat=True)
    return rows.first() or ""


def _start_clock(ticket: Ticket, *, at: datetime) -> None:
    asked = ClockStop.objects.filter(ticket=ticket, kind="stop", ended_at=None, ground="question")
    asked.update(ended_at=at)


@told("request:extend")
def extend(*, ticket_id: UUID, ground: str, days: int, by: Actor, at: datetime) -> ClockStop:
    """Give the addressee more time, and say why; not when it is late already."""
    ticket = issued(ticket_id, by)
    _is_waiting(ticket)
    if not 0 < days <= 365 or not ground.strip():
        raise RequestRefused("not_days", Said("Give 1 to 365 days, and a reason."), field="days")
    if _is_over(ticket, at=at):
        raise RequestRefused(
            "extension_too_late", Said("Its time is over; what is late is asked anew."),
            field="days",
        )  # fmt: skip
    until = moment_after(at, Limit(days, Unit.DAYS), calendar=calendar_for(ticket))
    given = ClockStop.objects.create(
        ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
        kind="extension", ground=ground[:400], started_at=at, ended_at=until,
        person_id=by.person_id, at=at,
    )  # fmt: skip
    audit.record(
        what="ticket:extended", about=f"ticket:{ticket.id}", by=by, at=at, days=days, ground=ground
    )
    return given


@told("asked:cost")
def claim_costs(
    *, ticket_id: UUID, amount_minor: int, currency: str, text: str, by: Actor, at: datetime
) -> TicketNote:
    """Claim what an answer costs; the requester agrees or does not."""
    ticket = asked(ticket_id, by)
    if not 0 < amount_minor <= 9_999_999_999_999:
        raise RequestRefused(
            "not_an_amount", Said("An amount is a whole number above 0."), field="amount_minor"
        )
    if currency not in currencies():
        raise RequestRefused(
            "no_such_currency",
            Said("%(code)s is no currency that is known here. Write it like EUR.",
                 code=currency or "-"),
            field="currency",
        )  # fmt: skip
    return note(
        ticket, "cost_claim", by=by, at=at, text=text, amount_minor=amount_minor, currency=currency
    )


@told("request:settle_costs")
def settle_costs(*, ticket_id: UUID, agreed: bool, text: str, by: Actor, at: datetime
                 ) -> TicketNote:  # fmt: skip
    """Agree to the last claim of costs, or refuse it with a reason.

    A later claim takes the place of one that still waits; settled, it is settled once.
    """
    ticket = issued(ticket_id, by)
    costs = ticket.notes.filter(kind__in=["cost_claim", "cost_agreed", "cost_refused"])
    last = costs.order_by("at").last()
    if last is None or last.kind != "cost_claim":
        raise RequestRefused("not_now", Said("No claim of costs waits."))
    return note(
        ticket, "cost_agreed" if agreed else "cost_refused", by=by, at=at, text=text,
        amount_minor=last.amount_minor, currency=last.currency,
    )  # fmt: skip


def note(ticket: Ticket, kind: str, *, by: Actor, at: datetime, text: str, **amount: Any
         ) -> TicketNote:  # fmt: skip
    """Store what one side tells the other, and wake the other's desk.

    The ticket is locked, and each note is later than the last: their order is never a matter of
    chance, though two acts may have the same moment. Each side may begin so much and no more; what
    answers the other side always may be said, so that nobody can be kept from it.
    """
    own = Q(organisation_id=by.organisation_id) & ~Q(kind__in=ANSWERING)
    before = ticket.notes.aggregate(count=Count("id", filter=own), last=Max("at"))
    if kind not in ANSWERING and before["count"] >= load_most().notes:
        raise RequestRefused("too_many", Said("Too much was said here already. Use the telephone."))
    at = max(at, before["last"] + INSTANT) if before["last"] else at
    if kind in ("question", "reply", "cost_refused") and not text.strip():
        raise RequestRefused("text_missing", Said("Write what you want to say."), field="text")
    made = TicketNote.objects.create(
        ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id, kind=kind,
        text=text[:2000], organisation_id=by.organisation_id, person_id=by.person_id, at=at,
        **amount,
    )  # fmt: skip
    audit.record(what=f"ticket:{kind}", about=f"ticket:{ticket.id}", by=by, at=at)
    other = ({ticket.issuer_id, ticket.addressee_id} - {by.organisation_id}) or {by.organisation_id}
    notify({INBOX_CHANNEL: [str(one) for one in other]})
    return made


@told("asked:doubt")
def doubt(*, ticket_id: UUID, ground: str, by: Actor, at: datetime) -> Doubt:
    """Say that a request may not be genuine. A second desk's doubt pauses its requester.

    About what was sent lately and is not over; what was taken back or closed asks for nothing. The
    ministry and the unit that asked are told by a task (``doubt_operations``).
    """
    ticket = asked(ticket_id, by)
    lately = at - load_clocks().doubt_sent
    if ticket.state not in DOUBTED or ticket.sent_at is None or ticket.sent_at < lately:
        raise RequestRefused(
            "not_now",
            Said("This request is over, and asks for nothing any more. Call its authority."),
        )
    if not ground.strip():
        raise RequestRefused("ground_missing", Said("Say what makes you doubt it."), field="ground")
    known = Doubt.objects.filter(ticket=ticket, lifted_at=None).first()
    if known is not None:
        return known
    made = Doubt.objects.create(
        ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
        ground=ground[:400], person_id=by.person_id, at=at,
    )  # fmt: skip
    audit.record(
        what="ticket:doubted", about=f"ticket:{ticket.id}", by=by, at=at,
        issuer=ticket.issuer_id, paused=is_paused(ticket.issuer_id),
    )  # fmt: skip
    defer(OPEN_WORK)
    return made


@told("asked:lift_doubt")
def lift_doubt(*, ticket_id: UUID, ground: str, by: Actor, at: datetime) -> Doubt:
    """Take a doubt back: whoever raised it, or the ministry."""
    found = Doubt.objects.select_for_update(of=("self",)).filter(
        ticket_id=ticket_id, lifted_at=None
    ).first()  # fmt: skip
    if found is None:
        raise RequestRefused("no_such_doubt", Said("There is no doubt about this ticket."))
    if not ground.strip():
        raise RequestRefused("ground_missing", Said("Say what has settled it."), field="ground")
    found.lifted_at, found.lifted_ground = at, ground[:400]
    found.lifted_by_id = by.named_person
    found.save(update_fields=["lifted_at", "lifted_ground", "lifted_by"])
    audit.record(what="ticket:doubt_lifted", about=f"ticket:{ticket_id}", by=by, at=at)
    defer(OPEN_WORK)
    return found


# What all of them need


def asked(ticket_id: UUID, by: Actor) -> Ticket:
    """A ticket that the actor's organisation was sent, locked; raises RequestRefused."""
    return _locked(request_queries.asked_of(by), ticket_id)


def issued(ticket_id: UUID, by: Actor) -> Ticket:
    """A ticket that the actor's organisation sent, locked; raises RequestRefused."""
    return _locked(request_queries.sent_by(by), ticket_id)


def _locked(rows: Any, ticket_id: UUID) -> Ticket:
    found: Ticket | None = (
        rows.select_for_update(of=("self",), no_key=True).filter(pk=ticket_id).first()
    )
    if found is None:
        raise RequestRefused("no_such_ticket", Said("There is no such ticket, or it is not yours."))
    return found


def _is_waiting(ticket: Ticket) -> None:
    if ticket.state not in WAITING:
        raise RequestRefused("not_now", Said("This ticket waits for no answer any more."))


def receipt_of(receipt: Receipt) -> dict[str, Any]:
    """A receipt as the API tells it."""
    return {
        "answer": str(receipt.answer), "ticket": str(receipt.ticket),
        "received_at": iso_utc(receipt.received_at), "sha256": receipt.sha256,
        "state": receipt.state, "is_repeat": receipt.is_repeat,
    }  # fmt: skip
