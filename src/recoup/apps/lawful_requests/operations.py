"""Everything that can happen to a ticket: one function for one act of a person, machine or clock.

Opening and sending are the planner's; acknowledging, taking and answering the addressee's;
withdrawing the issuer's. Each changes state, writes the trail and, where something has to leave,
the out-box, in one transaction.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.jobs import CASE_CHANNEL, INBOX_CHANNEL, WORK_CHANNEL, notify
from recoup.apps.lawful_requests import (
    extension_operations,
    held_back,
    queries,
    target_operations,
)
from recoup.apps.lawful_requests.drafts import NewTicket, draft, frozen
from recoup.apps.lawful_requests.models import (
    Answer,
    Deadline,
    Dispatch,
    PackVersion,
    StandingInstruction,
    Ticket,
    UnplannedAnswer,
)  # fmt: skip
from recoup.apps.members.models import Organisation
from recoup.apps.members.queries import hub_actor
from recoup.apps.rows import array, insert_rows
from recoup.core.access import Actor
from recoup.core.law import Pack
from recoup.core.lawful_request import MoveRefused, RequestMove, RequestState, after
from recoup.core.reference import ReferenceKind, make_reference
from recoup.core.said import Said

log = logging.getLogger("recoup.outbox")
PLAN = "holds.plan"
SEND_AT_ONCE = 500
TAKEN_FOR = timedelta(minutes=10)


class TakenByAnother(Exception):
    """A colleague has taken the ticket and is answering it."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            Said("%(name)s has taken this ticket. Take the next one, or ask %(name)s.", name=name)
        )


@dataclass(frozen=True, slots=True)
class Opening:
    """What tickets are opened under: issuer, law, and the standing instructions by measure."""

    issuer: Organisation
    pack: Pack
    version: PackVersion
    instructions: dict[str, StandingInstruction]


def open_tickets(new: Sequence[NewTicket], *, under: Opening, at: datetime) -> list[Ticket]:
    """Store tickets as authorised under their standing instruction, each with its out-box row.

    A measure without a standing instruction in force stays drafted: it has no authority to leave.
    """
    tickets = [_ticket(ticket, under=under, at=at) for ticket in new]
    insert_rows(tickets)
    _queue([ticket for ticket in tickets if ticket.state == RequestState.AUTHORISED], at=at)
    audit.record_all(
        (
            Act(
                "ticket:authorised",
                f"ticket:{ticket.id}",
                {
                    "reference": ticket.reference, "measure": ticket.measure, "kind": ticket.kind,
                    "round": ticket.round, "asked_minor": ticket.asked_minor,
                    "currency": ticket.currency, "addressee": ticket.addressee_id,
                    "instruction": ticket.draft["authorisation"]["reference"],
                    "pack": under.version.number,
                },
            )
            for ticket in tickets
        ),
        by=hub_actor(under.issuer),
        at=at,
    )  # fmt: skip
    return tickets


def _queue(tickets: Sequence[Ticket], *, at: datetime) -> None:
    """Put tickets into the out-box, in the transaction that opens them: that is the point of it."""
    insert_rows(
        Dispatch(
            ticket=ticket,
            issuer_id=ticket.issuer_id,
            addressee_id=ticket.addressee_id,
            queued_at=at,
        )
        for ticket in tickets
    )


def _ticket(new: NewTicket, *, under: Opening, at: datetime) -> Ticket:
    instruction = under.instructions.get(new.measure)
    reference = make_reference(ReferenceKind.TICKET, secrets.token_bytes(5)).text
    state = (
        after(RequestState.DRAFTED, RequestMove.AUTHORISE) if instruction else RequestState.DRAFTED
    )
    return Ticket(
        id=new.id,
        reference=reference,
        request=new.request,
        case_id=new.case_id,
        account=new.account,
        issuer=under.issuer,
        addressee_id=new.account.institution_id,
        measure=new.measure,
        kind=new.kind,
        round=new.round,
        asked_minor=new.asked_minor,
        currency=new.currency,
        account_ident=new.account.ident,
        state=state.value,
        instruction=instruction,
        pack=under.version,
        draft=draft(
            new, reference=reference, issuer=under.issuer, pack=under.pack, instruction=instruction
        ),
        authorised_at=at if instruction else None,
        due_at=at,
        urgency=new.urgency,
    )


@transaction.atomic
def send_waiting(
    *, pack: Pack, at: datetime, on_trouble: Callable[[Ticket, Exception], object]
) -> list[Ticket]:
    """Turn what waits in the out-box into sent tickets, with frozen bytes and running clocks.

    Several workers may send at once: each takes rows that no other has. Returns what left. What
    cannot be written out is undeliverable, ``on_trouble`` is told of it, and the rest leaves.
    """
    waiting = list(
        held_back.may_leave(at=at)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("queued_at")[:SEND_AT_ONCE]
    )
    if not waiting:
        return []
    authorised = (
        Ticket.objects.select_for_update(of=("self",), no_key=True)
        .filter(id__in=[row.ticket_id for row in waiting], state=RequestState.AUTHORISED.value)
        .select_related("issuer")
    )
    tickets: list[Ticket] = []
    deadlines: list[Deadline] = []
    for ticket in authorised:
        try:
            deadlines += _write_out(ticket, pack=pack, at=at)
        except Exception as trouble:  # nothing was asked of the database: its transaction goes on
            log.exception("ticket %s cannot be written out", ticket.reference)
            _fail_to_deliver(ticket, at=at)
            on_trouble(ticket, trouble)
        else:
            tickets.append(ticket)
    _save_sent(tickets)
    insert_rows(deadlines)
    extension_operations.move_on(tickets, at=at)
    Dispatch.objects.filter(id__in=[row.id for row in waiting]).update(sent_at=at)
    for issuer in {ticket.issuer for ticket in tickets}:
        audit.record_all(
            (
                Act(
                    "ticket:sent",
                    f"ticket:{t.id}",
                    {"addressee": t.addressee_id, "body_sha256": _digest(t.body)},
                )
                for t in tickets
                if t.issuer_id == issuer.id
            ),
            by=hub_actor(issuer),
            at=at,
        )
    notify(
        {
            INBOX_CHANNEL: (str(ticket.addressee_id) for ticket in tickets),
            CASE_CHANNEL: (str(ticket.case_id) for ticket in tickets if ticket.case_id),
        }
    )
    return tickets


def _digest(body: bytes | memoryview | None) -> str:
    return hashlib.sha256(bytes(body or b"")).hexdigest()


def _write_out(ticket: Ticket, *, pack: Pack, at: datetime) -> list[Deadline]:
    """Freeze the bytes that the addressee gets; the clocks that begin with it. No statement."""
    if ticket.of_id:
        deadlines = target_operations.write_out(ticket, at=at)
        ticket.state = after(RequestState.AUTHORISED, RequestMove.SEND).value
        return deadlines
    ticket.body, when = frozen(ticket.draft, pack=pack, sent_at=at)
    ticket.state = after(RequestState.AUTHORISED, RequestMove.SEND).value
    ticket.sent_at = at
    ticket.due_at = when.acknowledge_by
    ticket.hold_until = when.hold_until
    return _deadlines(ticket, when.acknowledge_by, when.answer_by, when.lapses_at)


def _fail_to_deliver(ticket: Ticket, *, at: datetime) -> None:
    """Of what could not be written out nothing stays but the state."""
    state = after(RequestState.AUTHORISED, RequestMove.FAIL_TO_DELIVER).value
    Ticket.objects.filter(pk=ticket.pk).update(state=state, ended_at=at)
    audit.record(
        what="ticket:undeliverable", about=f"ticket:{ticket.id}", by=hub_actor(ticket.issuer),
        at=at, addressee=ticket.addressee_id,
    )  # fmt: skip


@transaction.atomic
def send_again(*, ticket: Ticket, at: datetime) -> bool:
    """Put an undeliverable ticket back into the out-box; a person has looked.

    False if a later round is open, which asks for the new total: nothing is left to send.
    """
    desk = Ticket.objects.filter(  # type: ignore[misc]
        of=None, case_id=ticket.case_id, account_id=ticket.account_id, measure=ticket.measure
    )
    if ticket.of_id is None and desk.filter(round__gt=ticket.round).exists():
        return False
    state = after(RequestState(ticket.state), RequestMove.SEND_AGAIN).value
    Ticket.objects.filter(pk=ticket.pk).update(state=state, ended_at=None)
    Dispatch.objects.filter(ticket=ticket).update(sent_at=None, queued_at=at)
    audit.record(
        what="ticket:queued_again", about=f"ticket:{ticket.id}", by=hub_actor(ticket.issuer), at=at
    )
    return True


def _deadlines(
    ticket: Ticket, acknowledge_by: datetime, answer_by: datetime, lapses_at: datetime | None
) -> list[Deadline]:
    due = {"acknowledge": acknowledge_by, "answer": answer_by}
    if lapses_at and ticket.measure != "hold":
        due["lapse"] = lapses_at
    return [
        Deadline(
            ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
            kind=kind, due_at=moment,
        )
        for kind, moment in due.items()
    ]  # fmt: skip


SAVE_SENT = """
update lawful_requests_ticket t
set state = 'sent', body = n.body, sent_at = %s, due_at = n.due_at, hold_until = n.hold_until,
    version = version + 1
from unnest(%s::uuid[], %s::bytea[], %s::timestamptz[], %s::timestamptz[])
  as n (id, body, due_at, hold_until)
where t.id = n.id
"""


def _save_sent(tickets: Sequence[Ticket]) -> None:
    if tickets:
        with connection.cursor() as cursor:
            cursor.execute(
                SAVE_SENT,
                [
                    tickets[0].sent_at,
                    [t.id for t in tickets],
                    array((t.body for t in tickets), "bytea"),
                    [t.due_at for t in tickets],
                    [t.hold_until for t in tickets],
                ],
            )


def acknowledge(*, ticket_ids: Sequence[UUID], by: Actor, at: datetime) -> dict[UUID, str]:
    """The addressee has the tickets in hand. Returns, for each refused one, why.

    Acknowledging again is no error: the first time counts.
    """
    refused: dict[UUID, str] = {}
    with transaction.atomic():
        found = {
            ticket.id: ticket
            for ticket in queries.all_addressed_to(by)
            .filter(id__in=ticket_ids)
            .select_for_update(of=("self",), no_key=True)
            .defer("draft", "body")
            .order_by("id")
        }
        moved = []
        for ticket_id in ticket_ids:
            ticket = found.get(ticket_id)
            if ticket is None:
                refused[ticket_id] = "There is no such ticket, or it is not yours."
            elif ticket.state == RequestState.SENT:
                moved.append(ticket)
        if moved:
            Ticket.objects.filter(id__in=[t.id for t in moved]).update(
                state=after(RequestState.SENT, RequestMove.ACKNOWLEDGE).value,
                acknowledged_at=at,
                version=2,
            )
            audit.record_all(
                (Act("ticket:acknowledged", f"ticket:{t.id}") for t in moved), by=by, at=at
            )
            notify({CASE_CHANNEL: (str(t.case_id) for t in moved if t.case_id)})
    return refused


@transaction.atomic
def take(*, ticket: Ticket, by: Actor, at: datetime, stands_in: bool = False) -> Ticket:
    """A clerk takes a ticket, so that no colleague answers it at the same time.

    Acknowledges it as well. Raises TakenByAnother for ten minutes after a colleague took it, unless
    somebody stands in for that one; and MoveRefused if it waits for no answer any more.
    """
    ticket = (
        queries.all_addressed_to(by)
        .select_for_update(of=("self",), no_key=True)
        .select_related("taken_by")
        .get(pk=ticket.pk)
    )
    is_anothers = (
        ticket.taken_by_id not in (None, by.person_id)
        and ticket.taken_at is not None
        and at - ticket.taken_at < TAKEN_FOR
    )
    if is_anothers and not stands_in:
        raise TakenByAnother(str(ticket.taken_by))
    if ticket.state != RequestState.ACKNOWLEDGED:
        after(RequestState(ticket.state), RequestMove.ACKNOWLEDGE)
        acknowledge(ticket_ids=[ticket.id], by=by, at=at)
        ticket.state, ticket.acknowledged_at = RequestState.ACKNOWLEDGED.value, at
    instead: dict[str, Any] = {"instead_of": ticket.taken_by_id} if is_anothers else {}
    ticket.taken_by_id, ticket.taken_at = by.person_id, at
    ticket.save(update_fields=["taken_by", "taken_at"])
    audit.record(what="ticket:taken", about=f"ticket:{ticket.id}", by=by, at=at, **instead)
    notify({INBOX_CHANNEL: [str(ticket.addressee_id)]})
    return ticket


@transaction.atomic
def take_next(*, by: Actor, at: datetime, rows: QuerySet[Ticket] | None = None) -> Ticket | None:
    """Take the most urgent ticket that nobody is answering; None if there is none.

    rows: which queue, in its order; the one of the hold chain unless said otherwise.

    Two clerks at once get two tickets: what a colleague's transaction has locked is passed over.
    A ticket that the clerk took before comes last, so that the key leads on.
    """
    lately = Q(taken_at__gt=at - TAKEN_FOR)
    rows = (queries.queue_of(by) if rows is None else rows).select_for_update(
        of=("self",), no_key=True, skip_locked=True
    )
    found = rows.exclude(lately & Q(taken_by__isnull=False)).first()
    found = found or rows.filter(lately, taken_by_id=by.person_id).first()
    return take(ticket=found, by=by, at=at) if found else None


@transaction.atomic
def release(*, ticket: Ticket, by: Actor, at: datetime) -> Ticket:
    """Give a ticket back to the queue. Raises TakenByAnother if a colleague has it."""
    ticket = (
        queries.all_addressed_to(by)
        .select_for_update(of=("self",), no_key=True)
        .select_related("taken_by")
        .get(pk=ticket.pk)
    )
    if ticket.taken_by_id not in (None, by.person_id):
        raise TakenByAnother(str(ticket.taken_by))
    if ticket.taken_by_id is not None:
        ticket.taken_by_id = ticket.taken_at = None
        ticket.save(update_fields=["taken_by", "taken_at"])
        audit.record(what="ticket:released", about=f"ticket:{ticket.id}", by=by, at=at)
        notify({INBOX_CHANNEL: [str(ticket.addressee_id)]})
    return ticket


def move_on(ticket: Ticket, answer: Answer, *, is_refusal: bool) -> None:
    """Move a ticket on by its final answer; `store_answers` stores it.

    A late answer to a ticket that was withdrawn or lapsed is stored and used as fact; the ticket
    stays as it is.
    """
    state = RequestState(ticket.state)
    if answer.stage == "final" and state in (RequestState.SENT, RequestState.ACKNOWLEDGED):
        move = RequestMove.REFUSE if is_refusal else RequestMove.ANSWER
        ticket.state = after(state, move).value
        ticket.answered_at = answer.received_at
        ticket.acknowledged_at = ticket.acknowledged_at or answer.received_at


SAVE_ANSWERED = """
update lawful_requests_ticket t
set state = n.state, answered_at = %s, acknowledged_at = coalesce(t.acknowledged_at, %s),
    version = t.version + 1
from unnest(%s::uuid[], %s::text[]) as n (id, state)
where t.id = n.id
"""


def store_answers(answered: Sequence[tuple[Answer, Ticket]], *, by: Actor, at: datetime) -> None:
    """Store answers with their tickets' new states; put them on the planner's list and wake it.

    Runs inside the caller's transaction, with the tickets locked and moved on.
    """
    insert_rows(answer for answer, _ in answered)
    insert_rows(
        UnplannedAnswer(
            answer=answer, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id, since=at
        )
        for answer, ticket in answered
    )
    moved = {ticket.id: ticket.state for _, ticket in answered if ticket.answered_at == at}
    if moved:
        with connection.cursor() as cursor:
            cursor.execute(SAVE_ANSWERED, [at, at, list(moved), list(moved.values())])
    audit.record_all(
        (
            Act(
                "ticket:answered",
                f"ticket:{answer.ticket_id}",
                {
                    "code": answer.code, "stage": answer.stage, "held_minor": answer.held_minor,
                    "sha256": answer.sha256.hex(), "answer": str(answer.id),
                },
            )
            for answer, _ in answered
        ),
        by=by,
        at=at,
    )  # fmt: skip
    notify({CASE_CHANNEL: (str(ticket.case_id) for _, ticket in answered), WORK_CHANNEL: [PLAN]})


@transaction.atomic
def withdraw(*, ticket: Ticket, ground: str, by: Actor, at: datetime) -> Ticket:
    """The issuer takes a ticket back. Raises MoveRefused if it was answered or ended already.

    What the addressee blocked meanwhile is let go by the next round, which the planner opens.
    """
    ticket = queries.issued_by(by).select_for_update(of=("self",), no_key=True).get(pk=ticket.pk)
    before = ticket.state
    ticket.state = after(RequestState(before), RequestMove.WITHDRAW).value
    ticket.ended_at = at
    ticket.withdrawn_ground = ground
    ticket.withdrawn_by_id = by.person_id
    ticket.version += 1
    ticket.save(update_fields=["state", "ended_at", "withdrawn_ground", "withdrawn_by", "version"])
    audit.record(
        what="ticket:withdrawn", about=f"ticket:{ticket.id}", by=by, at=at,
        state_before=before, ground=ground,
    )  # fmt: skip
    notify({INBOX_CHANNEL: [str(ticket.addressee_id)], CASE_CHANNEL: [str(ticket.case_id)]})
    return ticket


__all__ = ["MoveRefused", "NewTicket", "Opening"]
