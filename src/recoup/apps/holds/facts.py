"""Loads the facts of a connected part of the chain into core's types. Runs as the planner.

Labels of all claims compete on an account, so whatever is connected is loaded together. Facts of an
answer that a correction replaced are left out; of two tellings of one booking the later counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Max, Q

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
    """The facts on these accounts. Nine statements, whatever their number."""
    accounts = Account.objects.filter(id__in=account_ids).select_related("institution")
    claims = list(
        Claim.objects.filter(
            Q(payment__payee_id__in=account_ids) | Q(payment__payer_id__in=account_ids)
        )
        .exclude(state="alleged", possible_double_of__isnull=False)
        .exclude(state="alleged", adopted_at=None, is_barred=True)
        .select_related("payment")
    )
    cases = {claim.id: str(claim.case_id) for claim in claims}
    joined = _joined(account_ids)
    return chain.Facts(
        accounts=tuple(_account(account) for account in accounts),
        claims=tuple(_claim(c, cases[c.id], joined) for c in claims if c.payment.payee_id),
        windows=tuple(_windows(account_ids)),
        sides=tuple(_sides(account_ids, joined)),
        destinations=tuple(_destinations(account_ids, joined)),
        holds=tuple(_holds(account_ids)),
        open_tickets=tuple(_open_tickets(account_ids, joined)),
        answered_lines=tuple(_answered_lines(account_ids, joined)),
        grounds=tuple(_grounds(account_ids)),
    )


def _joined(account_ids: list[UUID]) -> dict[UUID, str]:
    """Movements that the planner found to be one payment: id -> the one that stands for both."""
    with connection.cursor() as cursor:
        cursor.execute(JOINED, [account_ids, account_ids])
        return {row[0]: str(row[1]) for row in cursor.fetchall()}


def _movement(movement_id: UUID | None, joined: dict[UUID, str]) -> str | None:
    return None if movement_id is None else joined.get(movement_id, str(movement_id))


def _account(account: Account) -> chain.AccountFact:
    abroad = account.institution.kind == "foreign_bank"
    return chain.AccountFact(str(account.id), account.currency, "abroad" if abroad else "domestic")


def _claim(claim: Claim, case: str, joined: dict[UUID, str]) -> chain.ClaimFact:
    payment = claim.payment
    return chain.ClaimFact(
        id=str(claim.id),
        case=case,
        amount=claim.amount_minor,
        currency=claim.currency,
        payer=str(payment.payer_id) if payment.payer_id else None,
        payee=str(payment.payee_id),
        movement=_movement(claim.movement_id, joined),
        at=micros(payment.paid_at),
        live=claim.state == "confirmed" or claim.adopted_at is not None,
        ended=claim.state in ENDED_CLAIM,
        returned=claim.returned_minor,
    )


def _windows(account_ids: list[UUID]) -> Iterable[chain.Window]:
    rows = LedgerWindow.objects.filter(account_id__in=account_ids, answer__replaced_by=None)
    for row in rows.order_by("answer__received_at"):
        yield chain.Window(
            str(row.account_id), micros(row.from_at), micros(row.to_at), row.opening_minor,
            row.closing_minor, row.is_complete, str(row.answer_id),
        )  # fmt: skip


def _sides(account_ids: list[UUID], joined: dict[UUID, str]) -> Iterable[chain.Side]:
    rows = MovementSide.objects.filter(account_id__in=account_ids, answer__replaced_by=None)
    latest = {
        (row.account_id, row.reference, row.is_credit): row
        for row in rows.order_by("answer__received_at")
    }
    for row in latest.values():
        yield chain.Side(
            _movement(row.movement_id, joined) or "", str(row.account_id), row.is_credit,
            row.amount_minor, row.currency, micros(row.booked_at), row.seq, str(row.answer_id),
        )  # fmt: skip


def _destinations(account_ids: list[UUID], joined: dict[UUID, str]) -> Iterable[chain.Destination]:
    rows = Destination.objects.filter(
        movement__sides__account_id__in=account_ids,
        movement__sides__is_credit=False,
        answer__replaced_by=None,
    ).order_by("answer__received_at")
    latest = {row.movement_id: row for row in rows}
    for row in latest.values():
        yield chain.Destination(
            _movement(row.movement_id, joined) or "",
            str(row.account_id) if row.account_id else None, row.sink or None, row.credit_minor,
            row.credit_currency or None, str(row.answer_id),
        )  # fmt: skip


def _holds(account_ids: list[UUID]) -> Iterable[chain.HoldFact]:
    """The holds as the banks last spoke of them.

    An answer says what the bank found when it carried the ticket out, which may be as early as the
    sending: money that came free after the sending is asked for again. Where the planner took back
    the last ticket, nothing stands as asked.
    """
    latest = _latest_holds(account_ids)
    tickets = Ticket.objects.filter(request__in=[row.id for row in latest.values()])
    found_at = dict(
        tickets.filter(answered_at__isnull=False)
        .values_list("request")
        .annotate(last=Max("sent_at"))
    )
    last = {ticket.request: ticket for ticket in tickets.order_by("round")}
    for (case, account), row in latest.items():
        is_taken_back = row.id in last and _is_taken_back(last[row.id])
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


def _latest_holds(account_ids: list[UUID]) -> dict[tuple[UUID, UUID], Hold]:
    rows = Hold.objects.filter(account_id__in=account_ids).order_by("asked_at")
    return {(row.case_id, row.account_id): row for row in rows}


def _is_taken_back(ticket: Ticket) -> bool:
    """Withdrawn by the planner; a person's withdrawal stands against asking again."""
    return ticket.state == "withdrawn" and ticket.withdrawn_by_id is None


def _hold_tickets(account_ids: list[UUID], **conditions: object) -> list[Ticket]:
    return list(
        Ticket.objects.filter(account_id__in=account_ids, measure="hold", **conditions)
        .select_related("case")
        .defer("draft", "body")
        .order_by("round")
    )


def _case(ticket: Ticket) -> str:
    return str(ticket.case_id)


def _lines_of(tickets: list[Ticket]) -> dict[UUID, list[TicketLine]]:
    lines: dict[UUID, list[TicketLine]] = {ticket.id: [] for ticket in tickets}
    for line in TicketLine.objects.filter(ticket_id__in=list(lines)):
        lines[line.ticket_id].append(line)
    return lines


def _open_tickets(account_ids: list[UUID], joined: dict[UUID, str]) -> Iterable[chain.OpenTicket]:
    tickets = _hold_tickets(account_ids, state__in=OPEN_STATES)
    lines = _lines_of(tickets)
    for ticket in tickets:
        yield chain.OpenTicket(
            _case(ticket), str(ticket.account_id), ticket.kind,
            tuple(
                chain.Line(str(x.claim_id), _movement(x.arrival_id, joined), x.asked_minor)
                for x in lines[ticket.id]
            ),
        )  # fmt: skip


def _answered_lines(
    account_ids: list[UUID], joined: dict[UUID, str]
) -> Iterable[chain.AnsweredLine]:
    tickets = _hold_tickets(
        account_ids,
        state__in=["answered", "closed", "refused"],
        kind__in=["first", "forward", "back", "destination"],
    )
    lines = _lines_of(tickets)
    for ticket in tickets:
        for line in lines[ticket.id]:
            yield chain.AnsweredLine(
                _case(ticket), str(ticket.account_id), ticket.kind, str(line.claim_id),
                _movement(line.arrival_id, joined),
            )  # fmt: skip


def _grounds(account_ids: list[UUID]) -> Iterable[chain.ClosingGround]:
    """Why nothing more is asked: how the last ticket of a kind, or the hold, ended."""
    tickets = _hold_tickets(account_ids)
    last = {(_case(t), t.account_id, t.kind): t for t in tickets}
    codes = _codes([t.id for t in last.values() if t.state == "refused"])
    for (case, account, kind), ticket in last.items():
        ground = GROUND_OF_STATE.get(ticket.state) or codes.get(ticket.id)
        if ticket.state == "withdrawn" and not _is_taken_back(ticket):
            ground = "withdrawn"
        if ground:
            yield chain.ClosingGround(case, str(account), ground, kind)
    for (case_id, account), hold in _latest_holds(account_ids).items():
        if hold.state == "lapsed":
            yield chain.ClosingGround(str(case_id), str(account), "lapsed", hold.asked_kind)


def _codes(ticket_ids: list[UUID]) -> dict[UUID, str]:
    rows = Answer.objects.filter(ticket_id__in=ticket_ids, replaced_by=None)
    return dict(rows.values_list("ticket_id", "code"))
