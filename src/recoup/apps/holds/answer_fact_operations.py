"""Stores the facts that answers tell: the known window, its bookings, and where debits went.

Answers that came together are stored together, with one statement a table. Movements are looked
up in one order of their references, so that two banks that tell the two sides of the same payments
at the same moment wait for each other and never lock each other out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from recoup.apps.holds.answer_rates import is_one_payment
from recoup.apps.holds.models import Destination, LedgerWindow, MovementSide, TicketLine
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.rows import insert_rows
from recoup.core.answer import AnswerTold, Booking

Side = tuple[UUID, bool, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """An answer that was checked and is to be stored.

    destinations: reference of a debit -> (account id or None, sink, place).
    unjudged: debits of which an amount in another currency was left out.
    """

    answer: Answer
    ticket: Ticket
    content: AnswerTold
    lines: dict[UUID, TicketLine]
    destinations: dict[str, tuple[Any, str, str]]
    unjudged: tuple[Booking, ...] = ()

    @property
    def parties(self) -> dict[str, int]:
        return {"issuer_id": self.ticket.issuer_id, "addressee_id": self.ticket.addressee_id}

    def bookings(self) -> Iterator[tuple[Booking, bool]]:
        """Every booking that the answer tells, with whether it is a credit."""
        if self.content.payment is not None:
            yield self.content.payment, False
        if self.content.window is not None:
            for credit in self.content.window.credits:
                yield credit, True
            for debit in self.content.window.debits:
                yield debit, False

    def side(self, booking: Booking, is_credit: bool) -> Side:
        return self.ticket.account_id, is_credit, booking.reference  # type: ignore[return-value]


def store_facts(taken: Sequence[Taken]) -> None:
    """Store what the answers tell. The answers themselves are stored already."""
    movements = _movements(taken)
    insert_rows(_window(one) for one in taken if one.content.window)
    insert_rows(
        MovementSide(
            movement_id=movements[one.side(booking, is_credit)], account=one.ticket.account,
            answer=one.answer, is_credit=is_credit, amount_minor=booking.amount_minor,
            currency=one.ticket.currency, booked_at=booking.booked_at, seq=booking.seq,
            reference=booking.reference, line_id=booking.line, **one.parties,
        )
        for one in taken
        for booking, is_credit in one.bookings()
    )  # fmt: skip
    insert_rows(_destination(one, booking, movements) for one, booking in _with_destination(taken))


def _window(one: Taken) -> LedgerWindow:
    window = one.content.window
    assert window is not None  # noqa: S101  (asked by the caller)
    return LedgerWindow(
        account=one.ticket.account, answer=one.answer, from_at=window.from_at, to_at=window.to_at,
        opening_minor=window.opening_minor, closing_minor=window.closing_minor,
        is_complete=window.difference == 0, **one.parties,
    )  # fmt: skip


def _with_destination(taken: Sequence[Taken]) -> Iterator[tuple[Taken, Booking]]:
    for one in taken:
        for debit in one.content.window.debits if one.content.window else ():
            if debit.to is not None and debit.reference in one.destinations:
                yield one, debit


def _destination(one: Taken, debit: Booking, movements: dict[Side, UUID]) -> Destination:
    account_id, sink, place = one.destinations[debit.reference]
    assert debit.to is not None  # noqa: S101  (chosen by it)
    return Destination(
        movement_id=movements[one.side(debit, False)], answer=one.answer, account_id=account_id,
        sink=sink, place=place, credit_minor=debit.to.credit_minor,
        credit_currency=debit.to.credit_currency, **one.parties,
    )  # fmt: skip


def _movements(taken: Sequence[Taken]) -> dict[Side, UUID]:
    """Which movement each booking is a side of: told before, named by a line, by UETR, or new."""
    told = {
        one.side(booking, is_credit): (one, booking)
        for one in taken
        for booking, is_credit in one.bookings()
    }
    if not told:
        return {}
    found = _told_before(told)
    for side, (one, booking) in told.items():
        line = one.lines.get(booking.line) if booking.line and side[1] else None
        if line is not None and line.arrival_id:
            found.setdefault(side, line.arrival_id)
    unknown = [(side, *told[side]) for side in told if side not in found]
    unknown.sort(key=lambda row: (str(row[2].uetr or ""), row[0][2], row[0][1]))
    return found | dict(zip((row[0] for row in unknown), _new_movements(unknown), strict=True))


TOLD_BEFORE = """
select s.account_id, s.is_credit, s.reference, s.movement_id,
  foreign_side(s.movement_id, s.is_credit, s.currency)
from holds_movementside s
where s.account_id = any(%s) and s.reference = any(%s)
order by s.id
"""


def _told_before(told: dict[Side, tuple[Taken, Booking]]) -> dict[Side, UUID]:
    """The movements of bookings that an earlier answer told, where they still can be the same."""
    found: dict[Side, UUID] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            TOLD_BEFORE,
            [
                list({one.ticket.account_id for one, _ in told.values()}),
                list({reference for _, _, reference in told}),
            ],
        )
        for account_id, is_credit, reference, movement_id, other in cursor.fetchall():
            side = (account_id, is_credit, reference)
            if side in told and _is_one_payment(side, *told[side], other):
                found[side] = movement_id
    return found


def _is_one_payment(side: Side, one: Taken, booking: Booking, other: str | None) -> bool:
    return is_one_payment(booking, one.ticket.currency, is_credit=side[1], other=other or "")


def _new_movements(unknown: Sequence[tuple[Side, Taken, Booking]]) -> list[UUID]:
    """The movements behind bookings, whoever told of them first, in the given order.

    A booking that names the payment of another account's booking on the same side is a movement of
    its own: nobody takes a place in a trail by a reference. So is one that no exchange explains as
    the other side of the payment that it names.
    """
    if not unknown:
        return []
    told = _movements_for(unknown, _names_of_their_own(unknown))
    apart = [
        place
        for place, (_, other) in enumerate(told)
        if not _is_one_payment(*unknown[place], other)
    ]
    movements = [movement for movement, _ in told]
    if apart:
        alone = _movements_for([unknown[place] for place in apart], [(None, "")] * len(apart))
        for place, (movement, _) in zip(apart, alone, strict=True):
            movements[place] = movement
    return movements


def _movements_for(
    unknown: Sequence[tuple[Side, Taken, Booking]], names: Sequence[tuple[UUID | None, str]]
) -> list[tuple[UUID, str | None]]:
    """The movements under these names, each with what its other side has in another currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select m, foreign_side(m, c, y) from (select movement_for(u, b, r, a, c) as m, c, y "
            "from unnest(%s::uuid[], %s::int[], %s::text[], %s::uuid[], %s::bool[], %s::text[]) "
            "as n (u, b, r, a, c, y)) named",
            [
                [uetr for uetr, _ in names],
                [one.ticket.account.institution_id for _, one, _ in unknown],
                [reference for _, reference in names],
                [account_id for (account_id, _, _), _, _ in unknown],
                [is_credit for (_, is_credit, _), _, _ in unknown],
                [one.ticket.currency for _, one, _ in unknown],
            ],
        )
        return list(cursor.fetchall())


def _names_of_their_own(
    unknown: Sequence[tuple[Side, Taken, Booking]],
) -> list[tuple[UUID | None, str]]:
    """UETR and payer's reference of each booking, without those that another account has here.

    The database sees what was stored; this sees the answers that came together.
    """
    first: dict[tuple[object, ...], UUID] = {}
    names = []
    for (account_id, is_credit, told), one, booking in unknown:
        uetr, reference = booking.uetr, "" if is_credit else told
        if uetr and first.setdefault((is_credit, uetr), account_id) != account_id:
            uetr = None
        bank = one.ticket.account.institution_id
        if reference and first.setdefault((bank, reference), account_id) != account_id:
            reference = ""
        names.append((uetr, reference))
    return names
