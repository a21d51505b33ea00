"""Loads the facts of a connected part of the chain into core's types. Runs as the planner.

Labels of all claims compete on an account, so whatever is connected is loaded together. Facts of an
answer that a correction replaced are left out; of two tellings of one booking the later counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Q

from recoup.apps.cases.models import Account
from recoup.apps.holds.models import (
    Claim,
    Destination,
    Hold,
    LedgerWindow,
    MovementSide,
    TicketLine,
)  # fmt: skip
from recoup.apps.holds.wording import micros
from recoup.apps.lawful_requests.models import OPEN_STATES, Answer, Ticket
from recoup.core import chain

ENDED_CLAIM = ("denied", "withdrawn", "double")
# What came in one call has one time: interim, final, correction (core.answer.STAGES), then the
# bank's own id, so that chance decides nothing.
AS_TOLD = ("answer__received_at", "-answer__stage", "answer_id")
GROUND_OF_STATE = {"lapsed": "lapsed", "undeliverable": "undeliverable"}

NEIGHBOURS = """
with layer as (select unnest(%s::uuid[]) as id),
moved as (
  select s.movement_id from holds_movementside s join layer on s.account_id = layer.id
  union
  select d.movement_id from holds_destination d join layer on d.account_id = layer.id
)
select s.account_id from holds_movementside s join moved using (movement_id)
union
select d.account_id from holds_destination d join moved using (movement_id)
  where d.account_id is not null
union
select p.payer_id from holds_allegedpayment p join layer on p.payee_id = layer.id
  where p.payer_id is not null
union
select p.payee_id from holds_allegedpayment p join layer on p.payer_id = layer.id
  where p.payee_id is not null
"""

JOINED = """
select m.id, m.same_as_id from holds_movement m
where m.same_as_id is not null and m.id in (
  select movement_id from holds_movementside where account_id = any(%s)
  union
  select movement_id from holds_destination where account_id = any(%s))
"""


def closure(account_ids: Iterable[UUID]) -> list[UUID]:
    """All accounts whose facts have to be seen together with the given ones, sorted."""

    def neighbours(layer: frozenset[str]) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(NEIGHBOURS, [list(layer)])
            return [str(row[0]) for row in cursor.fetchall()]

    found = chain.closure((str(a) for a in account_ids), neighbours)
    return sorted(UUID(account) for account in found)


def load(account_ids: list[UUID]) -> chain.Facts:
    """The facts on these accounts. Ten statements, whatever their number."""
    claims: list[Any] = list(
        Claim.objects.filter(
            Q(payment__payee__id__any=account_ids) | Q(payment__payer__id__any=account_ids)
        )
        .exclude(state="alleged", possible_double_of__isnull=False)
        .exclude(state="alleged", adopted_at=None, is_barred=True)
        .exclude(payment__payee=None)
        .values_list(
            "id", "case_id", "amount_minor", "currency", "payment__payer_id", "payment__payee_id",
            "movement_id", "payment__paid_at", "state", "adopted_at", "returned_minor",
            "case__reported_at", "case__reference", "returned_doubt_minor", named=True,
        )
    )  # fmt: skip
    joined = _joined(account_ids)
    tickets = _HoldTickets.of(account_ids)
    holds = _latest_holds(account_ids)
    return chain.Facts(
        accounts=tuple(_accounts(account_ids)),
        claims=tuple(_claim(row, joined) for row in claims),
        windows=tuple(_windows(account_ids)),
        sides=tuple(_sides(account_ids, joined)),
        destinations=tuple(_destinations(account_ids, joined)),
        holds=tuple(_holds(holds, tickets)),
        open_tickets=tuple(_open_tickets(tickets, joined)),
        answered_lines=tuple(_answered_lines(tickets, joined)),
        grounds=tuple(_grounds(holds, tickets)),
    )


def _joined(account_ids: list[UUID]) -> dict[UUID, str]:
    """Movements that the planner found to be one payment: id -> the one that stands for both."""
    with connection.cursor() as cursor:
        cursor.execute(JOINED, [account_ids, account_ids])
        return {row[0]: str(row[1]) for row in cursor.fetchall()}


def _movement(movement_id: UUID | None, joined: dict[UUID, str]) -> str | None:
    return None if movement_id is None else joined.get(movement_id, str(movement_id))


def _accounts(account_ids: list[UUID]) -> Iterator[chain.AccountFact]:
    rows = Account.objects.filter(id__any=account_ids)
    for account_id, currency, kind in rows.values_list("id", "currency", "institution__kind"):
        place = "abroad" if kind == "foreign_bank" else "domestic"
        yield chain.AccountFact(str(account_id), currency, place)


def _claim(row: Any, joined: dict[UUID, str]) -> chain.ClaimFact:
    return chain.ClaimFact(
        id=str(row.id),
        case=str(row.case_id),
        amount=row.amount_minor,
        currency=row.currency,
        payer=str(row.payment__payer_id) if row.payment__payer_id else None,
        payee=str(row.payment__payee_id),
        movement=_movement(row.movement_id, joined),
        at=micros(row.payment__paid_at),
        live=row.state == "confirmed" or row.adopted_at is not None,
        ended=row.state in ENDED_CLAIM,
        returned=row.returned_minor,
        reported=micros(row.case__reported_at),
        reference=row.case__reference,
        doubted=row.returned_doubt_minor,
    )


def _windows(account_ids: list[UUID]) -> Iterator[chain.Window]:
    rows = LedgerWindow.objects.filter(account__id__any=account_ids, answer__replaced_by=None)
    told = rows.order_by(*AS_TOLD).values_list(
        "account_id", "from_at", "to_at", "opening_minor", "closing_minor", "is_complete",
        "answer_id",
    )  # fmt: skip
    for place, (account, start, end, opening, closing, complete, answer) in enumerate(told):
        yield chain.Window(
            str(account), micros(start), micros(end), opening, closing, complete, str(answer), place
        )


def _sides(account_ids: list[UUID], joined: dict[UUID, str]) -> Iterator[chain.Side]:
    rows = (
        MovementSide.objects.filter(account__id__any=account_ids, answer__replaced_by=None)
        .order_by(*AS_TOLD)
        .values_list(
            "account_id", "reference", "is_credit", "movement_id", "amount_minor", "currency",
            "booked_at", "seq", "answer_id",
        )
    )  # fmt: skip
    latest = {row[:3]: row for row in rows}
    for account, _, is_credit, movement, amount, currency, at, seq, answer in latest.values():
        yield chain.Side(
            _movement(movement, joined) or "", str(account), is_credit, amount, currency,
            micros(at), seq, str(answer),
        )  # fmt: skip


def _destinations(account_ids: list[UUID], joined: dict[UUID, str]) -> Iterator[chain.Destination]:
    rows = (
        Destination.objects.filter(
            movement__sides__account__id__any=account_ids,
            movement__sides__is_credit=False,
            answer__replaced_by=None,
        )
        .order_by(*AS_TOLD)
        .values_list(
            "movement_id", "account_id", "sink", "credit_minor", "credit_currency", "answer_id"
        )
    )
    latest = {row[0]: row for row in rows}
    for movement, account, sink, credit, currency, answer in latest.values():
        yield chain.Destination(
            _movement(movement, joined) or "", str(account) if account else None, sink or None,
            credit, currency or None, str(answer),
        )  # fmt: skip


class _Asked(NamedTuple):
    """A hold ticket as far as the plan needs it."""

    id: UUID
    request: UUID
    case_id: UUID
    account_id: UUID
    kind: str
    state: str
    withdrawn_by_id: UUID | None
    sent_at: datetime | None
    answered_at: datetime | None

    @property
    def is_taken_back(self) -> bool:
        """Withdrawn by the planner; a person's withdrawal stands against asking again."""
        return self.state == "withdrawn" and self.withdrawn_by_id is None


@dataclass(frozen=True, slots=True)
class _HoldTickets:
    """All hold tickets on the accounts in the order of their rounds, and what they asked for."""

    rows: list[_Asked]
    lines: dict[UUID, list[tuple[UUID, UUID | None, int]]]

    @classmethod
    def of(cls, account_ids: list[UUID]) -> _HoldTickets:
        tickets = Ticket.objects.filter(account__id__any=account_ids, measure="hold")
        rows = [_Asked(*row) for row in tickets.order_by("round").values_list(*_Asked._fields)]
        needed = [t.id for t in rows if t.state in LINES_COUNT]
        lines: dict[UUID, list[tuple[UUID, UUID | None, int]]] = {i: [] for i in needed}
        if needed:
            for ticket, claim, arrival, asked in TicketLine.objects.filter(
                ticket__id__any=needed
            ).values_list("ticket_id", "claim_id", "arrival_id", "asked_minor"):
                lines[ticket].append((claim, arrival, asked))
        return cls(rows, lines)


LINES_COUNT = (*OPEN_STATES, "answered", "closed", "refused")


def _latest_holds(account_ids: list[UUID]) -> dict[tuple[UUID, UUID], Hold]:
    in_force_last = F("ended_at").asc(nulls_last=True)
    rows = Hold.objects.filter(account__id__any=account_ids).order_by("asked_at", in_force_last)
    return {(row.case_id, row.account_id): row for row in rows}


def _holds(
    latest: dict[tuple[UUID, UUID], Hold], tickets: _HoldTickets
) -> Iterator[chain.HoldFact]:
    """The holds as the banks last spoke of them.

    An answer says what the bank found when it carried the ticket out, which may be as early as the
    sending: money that came free after the sending is asked for again. Where the planner took back
    the last ticket, nothing stands as asked.
    """
    last: dict[UUID, _Asked] = {}
    found_at: dict[UUID, datetime] = {}
    for ticket in tickets.rows:
        last[ticket.request] = ticket
        if ticket.answered_at and ticket.sent_at:
            before = found_at.get(ticket.request)
            found_at[ticket.request] = max(before or ticket.sent_at, ticket.sent_at)
    for (case, account), row in latest.items():
        is_taken_back = row.id in last and last[row.id].is_taken_back
        yield chain.HoldFact(
            case=str(case),
            account=str(account),
            asked=None if is_taken_back else row.asked_minor,
            held=row.held_minor if row.state in ("asked", "placed", "declined") else 0,
            state=row.state,
            asked_kind=row.asked_kind,
            answered_rank=micros(found_at[row.id]) if row.id in found_at else 0,
            freed_rank=micros(row.freed_at) if row.freed_at else 0,
            limit=row.limit_minor,
            asked_currency=row.asked_currency,
        )


def _open_tickets(tickets: _HoldTickets, joined: dict[UUID, str]) -> Iterator[chain.OpenTicket]:
    for ticket in tickets.rows:
        if ticket.state in OPEN_STATES:
            yield chain.OpenTicket(
                str(ticket.case_id), str(ticket.account_id), ticket.kind,
                tuple(
                    chain.Line(str(claim), _movement(arrival, joined), asked)
                    for claim, arrival, asked in tickets.lines[ticket.id]
                ),
            )  # fmt: skip


def _answered_lines(tickets: _HoldTickets, joined: dict[UUID, str]) -> Iterator[chain.AnsweredLine]:
    for ticket in tickets.rows:
        if ticket.kind in TRACING_KINDS and ticket.state in ("answered", "closed", "refused"):
            for claim, arrival, _ in tickets.lines[ticket.id]:
                yield chain.AnsweredLine(
                    str(ticket.case_id), str(ticket.account_id), ticket.kind, str(claim),
                    _movement(arrival, joined),
                )  # fmt: skip


TRACING_KINDS = ("first", "forward", "back", "destination")


def _grounds(
    latest: dict[tuple[UUID, UUID], Hold], tickets: _HoldTickets
) -> Iterator[chain.ClosingGround]:
    """Why nothing more is asked: how the last ticket of a kind, or the hold, ended."""
    last = {(t.case_id, t.account_id, t.kind): t for t in tickets.rows}
    codes = _codes([t.id for t in last.values() if t.state == "refused"])
    for (case, account, kind), ticket in last.items():
        ground = GROUND_OF_STATE.get(ticket.state) or codes.get(ticket.id)
        if ticket.state == "withdrawn" and not ticket.is_taken_back:
            ground = "withdrawn"
        if ground:
            yield chain.ClosingGround(str(case), str(account), ground, kind)
    for (case, account), hold in latest.items():
        if hold.state == "lapsed":
            yield chain.ClosingGround(str(case), str(account), "lapsed", hold.asked_kind)


def _codes(ticket_ids: list[UUID]) -> dict[UUID, str]:
    if not ticket_ids:
        return {}
    rows = Answer.objects.filter(ticket__id__any=ticket_ids, replaced_by=None)
    return dict(rows.order_by("received_at", "-stage", "id").values_list("ticket_id", "code"))
