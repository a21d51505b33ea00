"""Takes an institution's answer: checks it, stores it with the facts it tells, wakes the planner.

One transaction: the ticket is locked, answer and facts are stored, the work list gets a row. What
follows from the facts is not decided here (DATAMODEL B1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import TextField
from django.db.models.expressions import RawSQL

from recoup.apps.holds import answer_rate_operations, answer_rates, wording
from recoup.apps.holds.answer_destinations import read_destinations
from recoup.apps.holds.answer_fact_operations import Taken, store_facts
from recoup.apps.holds.models import TicketLine
from recoup.apps.lawful_requests import operations as requests
from recoup.apps.lawful_requests import queries as tickets
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.core import chain
from recoup.core.access import Actor
from recoup.core.answer import (
    REFUSING,
    AnswerRefused,
    AnswerTold,
    Asked,
    Booking,
    Problem,
    answer_said,
    check,
)  # fmt: skip
from recoup.core.said import Said
from recoup.data import currency
from recoup.data.policy import load_limits

NO_TICKET = Problem("ticket", "", Said("There is no such ticket, or it is not yours."), "not_found")
ID_USED = Said("This answer id was used with another content. Make a new id for a new answer.")
# What only the database can see, since it may be another institution's or come at the same moment.
BROKEN = {
    "lawful_requests_answer_pkey": ("answer", ID_USED, "id_used"),
    "side_once": (
        "window",
        Said(
            "Two bookings of this answer are said to be one payment: leave out the UETR of the one "
            "that is not the ticket's line."
        ),
        "told_twice",
    ),
}  # fmt: skip
WHEN_TOO_MANY = {
    "interim": Said(
        "The ticket has %(count)s interim answers already, which is the most. "
        "Send the final answer.",
        count=0,
    ),
    "correction": Said(
        "The ticket has %(count)s corrections already, which is the most. "
        "Call the issuing authority; its number is on the ticket.",
        count=0,
    ),
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the institution gets back: its answer's digest, when it came in, and the verdict."""

    answer: UUID
    ticket: UUID
    sha256: str
    received_at: datetime
    dropped_destinations: int = 0
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it came: the client-made id, the typed content, and what it replaces."""

    id: UUID
    ticket: UUID
    content: AnswerTold
    body: bytes
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored already about the tickets that answers came for, read once for all of them.

    Answers that are taken are added as they are, so that two to one ticket are seen in order.
    """

    tickets: dict[UUID, Ticket]
    lines: dict[UUID, dict[UUID, TicketLine]]
    answers: dict[UUID, Answer]

    def finals(self, ticket: Ticket) -> list[Answer]:
        """The answers to a ticket that are not interim, in the order they came."""
        found = [
            a for a in self.answers.values() if a.ticket_id == ticket.id and a.stage != "interim"
        ]
        return sorted(found, key=lambda a: a.received_at)


def record_answer(told: Told, *, by: Actor, at: datetime) -> Receipt:
    """Store one answer with its facts, or nothing: raises AnswerRefused with every problem.

    The same id with the same content is the same answer, and gets the same receipt.
    """
    result = record_answers([told], by=by, at=at)[0]
    if isinstance(result, AnswerRefused):
        raise result
    return result


def record_answers(
    told: Sequence[Told], *, by: Actor, at: datetime
) -> list[Receipt | AnswerRefused]:
    """Store answers that came together; gives for each its receipt, or why it was refused.

    Each stands alone: what is refused stores nothing and hinders no other. All are stored with the
    same few statements, whatever their number, since a bank may send a hundred at once.
    """
    try:
        return _record_together(told, by=by, at=at)
    except IntegrityError as broken:
        if _constraint(broken) not in BROKEN:
            raise
    return [_record_alone(one, by=by, at=at) for one in told]


def _record_together(
    told: Sequence[Told], *, by: Actor, at: datetime
) -> list[Receipt | AnswerRefused]:
    results: list[Receipt | AnswerRefused] = []
    taken: list[Taken] = []
    with transaction.atomic():
        known = _known(told, by)
        for one in told:
            try:
                results.append(_take(one, known, taken, by=by, at=at))
            except AnswerRefused as refused:
                results.append(refused)
        if taken:
            requests.store_answers([(one.answer, one.ticket) for one in taken], by=by, at=at)
            store_facts(taken)
            unjudged = [(one.ticket, one.unjudged) for one in taken]
            answer_rate_operations.open_tasks(unjudged, at=at)
    return results


def _record_alone(told: Told, *, by: Actor, at: datetime) -> Receipt | AnswerRefused:
    """One of several answers of which the database refused one: this one, or another."""
    try:
        return _record_together([told], by=by, at=at)[0]
    except IntegrityError as broken:
        if (name := _constraint(broken)) not in BROKEN:
            raise
    field, message, code = BROKEN[name]
    return AnswerRefused((Problem(field, str(told.id), message, code),))


def _constraint(broken: IntegrityError) -> str:
    return getattr(getattr(broken.__cause__, "diag", None), "constraint_name", None) or ""


def _known(told: Sequence[Told], by: Actor) -> Known:
    """Lock the tickets, always in one order, and read what is stored about them."""
    found = tickets.locked_with_accounts(by, {one.ticket for one in told})
    by_id = {ticket.id: ticket for ticket in found}
    lines: dict[UUID, dict[UUID, TicketLine]] = {ticket_id: {} for ticket_id in by_id}
    told_debit = RawSQL(answer_rates.TOLD_DEBIT, [], output_field=TextField(null=True))  # noqa: S611
    for line in TicketLine.objects.filter(ticket_id__in=list(by_id)).annotate(
        told_debit=told_debit
    ):
        lines[line.ticket_id][line.id] = line
    # An id that another ticket's answer has is seen by the database when this one is stored.
    stored = Answer.objects.defer("body").filter(ticket_id__in=list(by_id))
    answers = {answer.id: answer for answer in stored}
    return Known(by_id, lines, answers)


def _take(told: Told, known: Known, taken: list[Taken], *, by: Actor, at: datetime) -> Receipt:
    """Check one answer and put it among those to be stored; a repeat gets its first receipt."""
    ticket = known.tickets.get(told.ticket)
    if ticket is None:
        raise AnswerRefused((replace(NO_TICKET, value=str(told.ticket)),))
    if receipt := _repeated(told, ticket, known):
        return receipt
    lines = known.lines[ticket.id]
    asked = asked_by(ticket, lines)
    problems = [*_order_problems(told, ticket, known), *check(told.content, asked)]
    if problems:
        raise AnswerRefused(tuple(problems))
    content, dropped = keep_needed(told.content, asked, lines)
    judged = answer_rates.judge(content, ticket, lines)
    destinations = read_destinations(judged.content, ticket)
    answer = Answer(
        id=told.id, ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
        code=content.code, stage=content.stage, replaces_id=told.replaces,
        held_minor=content.held_minor, block_reference=content.block_reference,
        ground=content.ground, body=_kept_body(content), received_at=at,
        sha256=hashlib.sha256(told.body).digest(), person_id=by.person_id,
    )  # fmt: skip
    requests.move_on(ticket, answer, is_refusal=content.code in REFUSING)
    known.answers[answer.id] = answer
    taken.append(Taken(answer, ticket, judged.content, lines, destinations, judged.unjudged))
    return Receipt(answer.id, ticket.id, answer.sha256.hex(), at, dropped)


def _repeated(told: Told, ticket: Ticket, known: Known) -> Receipt | None:
    first = known.answers.get(told.id)
    if first is None:
        return None
    digest = hashlib.sha256(told.body).digest()
    if bytes(first.sha256) != digest or first.ticket_id != ticket.id:
        raise AnswerRefused((Problem("answer", str(told.id), ID_USED, "id_used"),))
    return Receipt(first.id, ticket.id, digest.hex(), first.received_at, is_repeat=True)


def asked_by(ticket: Ticket, lines: dict[UUID, TicketLine]) -> Asked:
    """What the ticket asked, as far as an answer is checked against it."""
    return Asked(
        ticket.measure, ticket.kind, ticket.asked_minor, currency(ticket.currency),
        frozenset(lines),
    )  # fmt: skip


def _order_problems(told: Told, ticket: Ticket, known: Known) -> list[Problem]:
    """An answer in the wrong place: a second final one, or a correction of nothing."""
    finals = known.finals(ticket)
    if told.content.stage == "final" and finals:
        first = finals[0]
        message = Said(
            "The ticket was answered on %(at)s UTC (%(code)s). "
            "Send a correction that replaces answer %(first)s.",
            at=f"{first.received_at:%Y-%m-%d %H:%M:%S}",
            code=answer_said(first.code, ticket.measure),
            first=str(first.id),
        )
        return [Problem("ticket", ticket.reference, message, "already_answered")]
    if told.content.stage == "correction":
        last = {answer.id for answer in finals} - {answer.replaces_id for answer in finals}
        if told.replaces not in last:
            message = Said("A correction names the last answer to this ticket; that is not it.")
            return [Problem("replaces", str(told.replaces), message, "not_the_last")]
    if told.content.stage == "interim" and ticket.state not in ("sent", "acknowledged"):
        message = Said("The ticket waits for nothing more.")
        return [Problem("stage", "interim", message, "ticket_ended")]
    return _too_many(told.content.stage, ticket, known)


def _too_many(stage: str, ticket: Ticket, known: Known) -> list[Problem]:
    """Interim answers and corrections are stored with all their bookings, so there is an end."""
    limits = load_limits()
    most = {
        "interim": limits.interim_answers_per_ticket,
        "correction": limits.corrections_per_ticket,
    }.get(stage)
    before = [a for a in known.answers.values() if a.ticket_id == ticket.id and a.stage == stage]
    if most is None or len(before) < most:
        return []
    message = Said(WHEN_TOO_MANY[stage].template, count=len(before))
    return [Problem("stage", stage, message, "too_many_answers")]


def keep_needed(
    content: AnswerTold, asked: Asked, lines: dict[UUID, TicketLine]
) -> tuple[AnswerTold, int]:
    """Drop the destinations of debits that carry no traced money; ask for those that are missing.

    Only for a first disclosure: later ones lie behind a window whose remainder the hub knows and
    the bank's own books tell; there what is told is kept, and what is missing is asked by a ticket.
    """
    window = content.window
    if window is None or asked.kind not in ("first", "back") or content.code == "unclear":
        return content, 0
    needed = traced_debits(content, lines)
    missing = [d for d in window.debits if needed.get(d.reference) and d.to is None]
    if missing:
        raise AnswerRefused(
            tuple(
                Problem(
                    "window.debits.to", debit.reference,
                    Said(
                        "Debit %(debit)s carries %(sum)s of the traced money. Say where it went.",
                        debit=debit.reference, sum=asked.money(needed[debit.reference]),
                    ),
                    "destination_missing",
                )
                for debit in missing
            )
        )  # fmt: skip
    kept = tuple(d if needed.get(d.reference) else replace(d, to=None) for d in window.debits)
    dropped = sum(1 for d in window.debits if d.to and not needed.get(d.reference))
    return replace(content, window=replace(window, debits=kept)), dropped


def traced_debits(content: AnswerTold, lines: dict[UUID, TicketLine]) -> dict[str, int]:
    """For each debit that carries traced money under the rule: how many units."""
    window = content.window
    if window is None:
        return {}
    drafted = chain.Draft(
        window.opening_minor,
        tuple(_drafted(booking) for booking in window.credits),
        tuple(_drafted(booking) for booking in window.debits),
        window.closing_minor,
    )
    marked = [
        chain.Traced(credit.reference, min(lines[credit.line].asked_minor, credit.amount_minor))
        for credit in window.credits
        if credit.line in lines
    ]
    return chain.destinations_needed(drafted, marked)


def _drafted(booking: Booking) -> chain.Booking:
    return chain.Booking(
        booking.reference, booking.amount_minor, wording.micros(booking.booked_at), booking.seq
    )


def _kept_body(content: AnswerTold) -> bytes:
    return json.dumps(
        wording.plain(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
