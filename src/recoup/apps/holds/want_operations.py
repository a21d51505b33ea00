"""Does what the plan wants: the next rounds of tickets with their holds, withdrawals, tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import F, Max

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Account, Case, CaseEvent, Task
from recoup.apps.holds.border_operations import keep_border_tasks
from recoup.apps.holds.models import (
    Claim,
    Hold,
    Movement,
    MovementSide,
    TicketLine,
)  # fmt: skip
from recoup.apps.holds.payer_operations import payment_of
from recoup.apps.holds.wording import moment
from recoup.apps.jobs import CASE_CHANNEL, INBOX_CHANNEL, notify
from recoup.apps.lawful_requests.drafts import NewLine, NewTicket, Payment
from recoup.apps.lawful_requests.models import OPEN_STATES, Ticket
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.rows import insert_rows
from recoup.core import chain
from recoup.core.access import Actor
from recoup.core.lawful_request import RequestMove, RequestState, after
from recoup.core.urgency import urgency

PRECAUTIONARY = "block"
TASK_CLOCK = timedelta(hours=4)
LOST = "nothing of the case is there any more"
IN_FORCE = ("asked", "placed", "declined")


def tickets_for(wants: Sequence[chain.Want], *, under: Opening, at: datetime) -> list[NewTicket]:
    """The next round for each want, with the hold it belongs to brought up to date."""
    if not wants:
        return []
    accounts = Account.objects.select_related("institution").in_bulk({w.account for w in wants})
    case_ids = {want.case for want in wants}
    rounds = _rounds(case_ids)
    holds = {
        (hold.case_id, hold.account_id): hold
        for hold in Hold.objects.filter(case__id__any=case_ids, state__in=IN_FORCE)
    }
    payments = _payments(wants)
    new, tickets, changed = [], [], []
    for want in wants:
        key = (UUID(want.case), UUID(want.account))
        hold = holds.get(key)
        if hold is None:
            hold, until = _hold(want, accounts[key[1]], under=under, at=at), None
            new.append(hold)
        else:
            until = None if hold.is_precautionary else hold.until
            _ask(hold, want)
            changed.append(hold)
        tickets.append(
            _ticket(want, hold, accounts[key[1]], rounds.get(key, 0) + 1,
                    payments, until)
        )  # fmt: skip
    insert_rows(new)
    Hold.objects.bulk_update(
        changed, ["asked_minor", "asked_kind", "asked_currency", "is_precautionary", "state"]
    )
    return tickets


def _rounds(case_ids: Iterable[str]) -> dict[tuple[UUID, UUID], int]:
    rows = (
        Ticket.objects.filter(case__id__any=case_ids, measure="hold")
        .values_list("case_id", "account_id")
        .annotate(last=Max("round"))
    )
    return {(case, account): last for case, account, last in rows}


def _hold(want: chain.Want, account: Account, *, under: Opening, at: datetime) -> Hold:
    return Hold(
        id=uuid4(), case_id=want.case, account=account, issuer=under.issuer,
        addressee_id=account.institution_id, asked_minor=want.total, asked_kind=want.kind,
        asked_currency=want.currency,
        is_precautionary=want.kind == PRECAUTIONARY, asked_at=at,
    )  # fmt: skip


def _ask(hold: Hold, want: chain.Want) -> None:
    hold.asked_minor, hold.asked_kind = want.total, want.kind
    hold.asked_currency = want.currency
    hold.is_precautionary = want.kind == PRECAUTIONARY
    if hold.state == "declined" and want.kind != "set":
        hold.state = "asked"


def _ticket(
    want: chain.Want, hold: Hold, account: Account, number: int,
    payments: dict[tuple[str, str | None], Payment], until: datetime | None,
) -> NewTicket:  # fmt: skip
    lines = tuple(
        NewLine(
            UUID(line.claim), UUID(line.movement) if line.movement else None, line.amount,
            payments[line.claim, line.movement],
        )
        for line in want.lines
    )  # fmt: skip
    return NewTicket(
        case_id=hold.case_id, account=account, measure="hold", kind=want.kind, round=number,
        asked_minor=want.total, currency=want.currency, lines=lines,
        disclose_from=moment(want.disclose_from) if want.disclose_from is not None else None,
        destinations_of=_bank_references(want.destinations_of),
        is_precautionary=want.kind == PRECAUTIONARY, request=hold.id, hold_until=until,
        urgency=urgency(want.total, "hold", account.institution.kind) if want.total else 0,
    )  # fmt: skip


def _bank_references(movements: Sequence[str]) -> tuple[str, ...]:
    if not movements:
        return ()
    rows = MovementSide.objects.filter(movement__id__any=movements, is_credit=False)
    return tuple(sorted(set(rows.values_list("reference", flat=True))))


def _payments(wants: Sequence[chain.Want]) -> dict[tuple[str, str | None], Payment]:
    """What each line says of its payment: the bank's own telling, else the report's."""
    keys = {(line.claim, line.movement) for want in wants for line in want.lines}
    claims = Claim.objects.select_related(
        "payment__payer__institution", "payment__payee__institution"
    ).in_bulk({claim for claim, _ in keys})
    movements = {movement for _, movement in keys if movement}
    known = Movement.objects.in_bulk(movements)
    sides = {
        side.movement_id: side
        for side in MovementSide.objects.filter(
            movement__id__any=movements, is_credit=False, answer__replaced_by=None
        ).select_related("account")
    }
    found = {}
    for claim_id, movement_id in keys:
        claim = claims[UUID(claim_id)]
        side = sides.get(UUID(movement_id)) if movement_id else None
        if side is None:
            found[claim_id, movement_id] = payment_of(claim)
        else:
            found[claim_id, movement_id] = Payment(
                at=side.booked_at, amount_minor=side.amount_minor, currency=side.currency,
                uetr=known[side.movement_id].uetr, reference=side.reference, payer=side.account,
            )  # fmt: skip
    return found


def store_lines(new: Sequence[NewTicket], tickets: Sequence[Ticket]) -> None:
    """The lines of tickets that were just opened."""
    parties = {ticket.id: ticket for ticket in tickets}
    insert_rows(
        TicketLine(
            id=line.id, ticket_id=ticket.id, issuer_id=parties[ticket.id].issuer_id,
            addressee_id=parties[ticket.id].addressee_id, claim_id=line.claim_id,
            arrival_id=line.arrival_id, asked_minor=line.asked_minor,
        )
        for ticket in new
        for line in ticket.lines
    )  # fmt: skip
    insert_rows(
        CaseEvent(  # type: ignore[misc]
            case_id=ticket.case_id, at=ticket.authorised_at or ticket.due_at,
            what="ticket_opened", who=ticket.issuer.name,
            values={
                "ticket": ticket.reference, "measure": ticket.measure, "kind": ticket.kind,
                "asked_minor": ticket.asked_minor, "currency": ticket.currency,
                "account": ticket.account_ident, "scheme": ticket.account.scheme,
                "addressee": ticket.account.institution.name,
            },
        )
        for ticket in tickets
    )  # fmt: skip


def withdraw(withdrawals: Iterable[chain.Withdrawal], *, by: Actor, at: datetime) -> None:
    """Open hold tickets that lost their ground are taken back; what was blocked is let go.

    The addressee's desk is woken: what it has in its queue is nobody's work any more.
    """
    lost = [ticket for one in withdrawals if (ticket := _lost(one))]
    if lost:
        take_back(lost, ground=LOST, by=by, at=at)


def _lost(withdrawal: chain.Withdrawal) -> Ticket | None:
    """The open ticket that lost its ground, locked; None if none is open."""
    return (
        Ticket.objects.select_for_update(no_key=True)
        .filter(
            case_id=withdrawal.case, account_id=withdrawal.account, measure="hold",
            state__in=OPEN_STATES,
        )
        .first()
    )  # fmt: skip


def take_back(
    tickets: Sequence[Ticket], *, ground: str, by: Actor, at: datetime, **told: str
) -> None:
    """Withdraw open tickets, which the caller has locked; told: what the timeline says besides."""
    before = {ticket.id: ticket.state for ticket in tickets}
    for ticket in tickets:
        ticket.state = after(RequestState(ticket.state), RequestMove.WITHDRAW).value
        ticket.ended_at, ticket.withdrawn_ground = at, ground
        ticket.version += 1
        ticket.save(update_fields=["state", "ended_at", "withdrawn_ground", "version"])
    CaseEvent.objects.bulk_create(
        CaseEvent(  # type: ignore[misc]
            case_id=ticket.case_id, at=at, what="ticket_taken_back",
            who=by.organisation_name, values={"ticket": ticket.reference, **told},
        )
        for ticket in tickets
    )  # fmt: skip
    audit.record_all(
        (
            Act("ticket:withdrawn", f"ticket:{t.id}",
                {"state_before": before[t.id], "ground": ground})
            for t in tickets
        ),
        by=by, at=at,
    )  # fmt: skip
    notify(
        {
            INBOX_CHANNEL: (str(ticket.addressee_id) for ticket in tickets),
            CASE_CHANNEL: (str(ticket.case_id) for ticket in tickets),
        }
    )


def open_tasks(
    concluded: chain.Conclusions, known: chain.Facts, *, by: Actor, at: datetime
) -> None:
    """What only a person can settle: rulings to the police, the border to the FIU."""
    planned = {claim.case for claim in known.claims}
    keep_border_tasks(concluded.border, cases=planned, by=by, at=at)
    if not concluded.tasks:
        return
    cases = Case.objects.in_bulk({task.case for task in concluded.tasks})
    rows = [
        _task(cases[UUID(t.case)], t.kind, _about(t), cases[UUID(t.case)].owner_id, TASK_CLOCK, at,
              amount_minor=t.amount, currency=t.currency)
        for t in concluded.tasks
    ]  # fmt: skip
    Task.objects.bulk_create(rows, ignore_conflicts=True)


def _about(task: chain.Task) -> str:
    """The account; or the claim, where two claims on one account are two matters."""
    return (task.kind == chain.RETURNED_DIFFERS and task.claim) or task.account


def _task(
    case: Case, kind: str, about: str, owner_id: int, within: timedelta, at: datetime,
    **values: object,
) -> Task:  # fmt: skip
    return Task(
        case=case, kind=kind, about=UUID(about), owner_id=owner_id, issuer_id=case.owner_id,
        values=values, opened_at=at, due_at=at + within,
    )  # fmt: skip


def mark_changed(known: chain.Facts, *, at: datetime) -> None:
    """Raise the version of the planned cases and wake their pages."""
    case_ids = {claim.case for claim in known.claims}
    Case.objects.filter(id__any=case_ids).update(version=F("version") + 1, changed_at=at)
    notify({CASE_CHANNEL: map(str, case_ids)})
