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
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from recoup.apps.cases.models import Account
from recoup.apps.holds import wording
from recoup.apps.holds.models import Destination, LedgerWindow, MovementSide, TicketLine
from recoup.apps.jobs import defer
from recoup.apps.lawful_requests import operations as requests
from recoup.apps.lawful_requests import queries as tickets
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.members import queries as members
from recoup.core import chain
from recoup.core.access import Actor
from recoup.core.accounts import AccountIdentifier, read_account
from recoup.core.answer import (
    REFUSING,
    AnswerRefused,
    AnswerTold,
    Asked,
    Booking,
    DestinationTold,
    Problem,
    check,
)  # fmt: skip
from recoup.core.text import NotReadable
from recoup.data import currency

PLAN = "holds.plan"
NO_TICKET = Problem("ticket", "", "There is no such ticket, or it is not yours.", "not_found")


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


def record_answer(told: Told, *, by: Actor, at: datetime) -> Receipt:
    """Store one answer with its facts. Raises AnswerRefused with every problem; stores nothing then.

    The same id with the same content is the same answer, and gets the same receipt.
    """
    with transaction.atomic():
        ticket = (
            tickets.addressed_to(by)
            .select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .filter(pk=told.ticket)
            .first()
        )
        if ticket is None:
            raise AnswerRefused((replace(NO_TICKET, value=str(told.ticket)),))
        if receipt := _repeated(told, ticket):
            return receipt
        return _store(told, ticket, by=by, at=at)


def _repeated(told: Told, ticket: Ticket) -> Receipt | None:
    known = Answer.objects.filter(pk=told.id).first()
    if known is None:
        return None
    digest = hashlib.sha256(told.body).digest()
    if bytes(known.sha256) != digest or known.ticket_id != ticket.id:
        message = "This answer id was used with another content. Make a new id for a new answer."
        raise AnswerRefused((Problem("answer", str(told.id), message, "id_used"),))
    return Receipt(known.id, ticket.id, digest.hex(), known.received_at, is_repeat=True)


def _store(told: Told, ticket: Ticket, *, by: Actor, at: datetime) -> Receipt:
    lines = {line.id: line for line in TicketLine.objects.filter(ticket=ticket)}
    asked = asked_by(ticket, lines)
    problems = [*_order_problems(told, ticket), *check(told.content, asked)]
    if problems:
        raise AnswerRefused(tuple(problems))
    content, dropped = keep_needed(told.content, asked, lines)
    destinations = _read_destinations(content, ticket)
    answer = Answer(
        id=told.id, ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
        code=content.code, stage=content.stage, replaces_id=told.replaces,
        held_minor=content.held_minor, block_reference=content.block_reference,
        ground=content.ground, body=_kept_body(content), received_at=at,
        sha256=hashlib.sha256(told.body).digest(), person_id=by.person_id,
    )  # fmt: skip
    requests.store_answer(answer, ticket=ticket, is_refusal=content.code in REFUSING, by=by, at=at)
    _store_facts(answer, content, ticket, lines, destinations)
    defer(PLAN)
    return Receipt(answer.id, ticket.id, answer.sha256.hex(), at, dropped)


def asked_by(ticket: Ticket, lines: dict[UUID, TicketLine]) -> Asked:
    """What the ticket asked, as far as an answer is checked against it."""
    return Asked(
        ticket.measure, ticket.kind, ticket.asked_minor, currency(ticket.currency),
        frozenset(lines),
    )  # fmt: skip


def _order_problems(told: Told, ticket: Ticket) -> list[Problem]:
    """An answer in the wrong place: a second final one, or a correction of nothing."""
    finals = Answer.objects.filter(ticket=ticket).exclude(stage="interim")
    if told.content.stage == "final" and finals.exists():
        first = finals.order_by("received_at")[0]
        message = (
            f"The ticket was answered on {first.received_at:%Y-%m-%d %H:%M:%S} UTC "
            f"({first.code}). Send a correction that replaces answer {first.id}."
        )
        return [Problem("ticket", ticket.reference, message, "already_answered")]
    if told.content.stage == "correction":
        replaced = finals.filter(pk=told.replaces, replaced_by=None).exists()
        if not replaced:
            message = "A correction names the last answer to this ticket; that is not it."
            return [Problem("replaces", str(told.replaces), message, "not_the_last")]
    if told.content.stage == "interim" and ticket.state not in ("sent", "acknowledged"):
        return [Problem("stage", "interim", "The ticket waits for nothing more.", "ticket_ended")]
    return []


def keep_needed(
    content: AnswerTold, asked: Asked, lines: dict[UUID, TicketLine]
) -> tuple[AnswerTold, int]:
    """Drop the destinations of debits that carry no traced money; ask for those that are missing.

    Only for a first disclosure: later ones lie behind a window whose remainder the hub knows and the
    bank's own books tell; there what is told is kept, and what is missing is asked by a ticket.
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
                    f"Debit {debit.reference} carries {asked.money(needed[debit.reference])} of "
                    "the traced money. Say where it went.", "destination_missing",
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


def _read_destinations(content: AnswerTold, ticket: Ticket) -> dict[str, tuple[Any, str, str]]:
    """Reference of a debit -> (account id or None, sink, place); raises AnswerRefused."""
    if content.window is None:
        return {}
    found, problems = {}, []
    for debit in content.window.debits:
        if debit.to is None:
            continue
        try:
            found[debit.reference] = _destination(debit.to, ticket)
        except NotReadable as problem:
            message = f"Debit {debit.reference}: {problem}"
            problems.append(Problem("window.debits.to", debit.to.ident, message))
    if problems:
        raise AnswerRefused(tuple(problems))
    return found


def _destination(to: DestinationTold, ticket: Ticket) -> tuple[Any, str, str]:
    if to.kind != "account":
        return None, to.kind, to.place or to.ident
    identifier = read_account(to.ident, scheme=to.scheme or None)
    institution = members.institution_of(identifier)
    if institution is None:
        if identifier.country and identifier.country != members.competent_unit().country:
            return None, "abroad", identifier.ident
        raise NotReadable(
            "to", to.ident, "No institution in the directory keeps this account.",
            "Check the number, or answer with kind other and say what is known.",
        )  # fmt: skip
    ccy = to.credit_currency or ticket.currency
    return account_id(institution.id, identifier, ccy), "", ""


def account_id(institution_id: int, identifier: AccountIdentifier, ccy: str) -> UUID:
    """The account's id, whether it is new or not, by the one definer function that may tell."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select account_for(%s, %s, %s, %s)",
            [institution_id, identifier.scheme, identifier.ident, ccy],
        )
        return cursor.fetchone()[0]


def _store_facts(
    answer: Answer, content: AnswerTold, ticket: Ticket, lines: dict[UUID, TicketLine],
    destinations: dict[str, tuple[Any, str, str]],
) -> None:  # fmt: skip
    parties = {"issuer_id": ticket.issuer_id, "addressee_id": ticket.addressee_id}
    if content.payment is not None:
        _store_sides([content.payment], False, answer, ticket, lines, parties)
    if content.window is None:
        return
    window = content.window
    LedgerWindow.objects.create(
        account=ticket.account, answer=answer, from_at=window.from_at, to_at=window.to_at,
        opening_minor=window.opening_minor, closing_minor=window.closing_minor,
        is_complete=window.difference == 0, **parties,
    )  # fmt: skip
    _store_sides(window.credits, True, answer, ticket, lines, parties)
    moved = _store_sides(window.debits, False, answer, ticket, lines, parties)
    Destination.objects.bulk_create(
        Destination(
            movement_id=moved[debit.reference], answer=answer,
            account_id=destinations[debit.reference][0], sink=destinations[debit.reference][1],
            place=destinations[debit.reference][2],
            credit_minor=debit.to.credit_minor, credit_currency=debit.to.credit_currency,
            **parties,
        )
        for debit in window.debits
        if debit.to is not None and debit.reference in destinations
    )  # fmt: skip


def _store_sides(
    bookings: Sequence[Booking], is_credit: bool, answer: Answer, ticket: Ticket,
    lines: dict[UUID, TicketLine], parties: dict[str, int],
) -> dict[str, UUID]:  # fmt: skip
    movements = _movements(bookings, is_credit, ticket.account, lines)
    MovementSide.objects.bulk_create(
        (
            MovementSide(
                movement_id=movements[booking.reference], account=ticket.account, answer=answer,
                is_credit=is_credit, amount_minor=booking.amount_minor, currency=ticket.currency,
                booked_at=booking.booked_at, seq=booking.seq, reference=booking.reference,
                line_id=booking.line, **parties,
            )
            for booking in bookings
        ),
        batch_size=2000,
    )  # fmt: skip
    return movements


def _movements(
    bookings: Sequence[Booking], is_credit: bool, account: Account, lines: dict[UUID, TicketLine]
) -> dict[str, UUID]:
    """Which movement each booking is a side of: told before, named by a line, by UETR, or new."""
    references = [booking.reference for booking in bookings]
    found: dict[str, UUID] = dict(
        MovementSide.objects.filter(
            account=account, is_credit=is_credit, reference__in=references
        ).values_list("reference", "movement_id")
    )
    if is_credit:
        for booking in bookings:
            line = lines.get(booking.line) if booking.line else None
            if line is not None and line.arrival_id:
                found.setdefault(booking.reference, line.arrival_id)
    unknown = [booking for booking in bookings if booking.reference not in found]
    if unknown:
        with connection.cursor() as cursor:
            cursor.execute(
                "select movement_for(u, %s, r) from unnest(%s::uuid[], %s::text[]) as n (u, r)",
                [
                    account.institution_id,
                    [booking.uetr for booking in unknown],
                    ["" if is_credit else booking.reference for booking in unknown],
                ],
            )
            for booking, row in zip(unknown, cursor.fetchall(), strict=True):
                found[booking.reference] = row[0]
    return found


def _kept_body(content: AnswerTold) -> bytes:
    return json.dumps(
        wording.plain(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
