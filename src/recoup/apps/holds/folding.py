"""Folds answers into what they conclude at once: a claim's state, a hold's sum, a bank's block.

Everything else an answer tells is a fact that was stored with it. Runs inside the planner's pass;
writes only rows that the planner alone writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Case, CaseEvent
from recoup.apps.holds.models import Block, Claim, Hold, Movement, MovementSide, TicketLine
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.queries import hub_actor
from recoup.core.answer import REFUSING
from recoup.core.lawful_request import RequestMove, RequestState, after


def fold(answers: Sequence[Answer], *, under: Opening, at: datetime) -> set[UUID]:
    """Take the answers in, in the order they came; returns the accounts that they touch."""
    if not answers:
        return set()
    lines: dict[UUID, list[TicketLine]] = {}
    for line in TicketLine.objects.filter(ticket_id__in=[a.ticket_id for a in answers]):
        lines.setdefault(line.ticket_id, []).append(line)
    claims = Claim.objects.select_related("payment", "case").in_bulk(
        {line.claim_id for found in lines.values() for line in found}
    )
    holds = Hold.objects.in_bulk({a.ticket.request for a in answers})
    touched: set[UUID] = set()
    for answer in sorted(answers, key=lambda a: (a.received_at, a.id)):
        touched.add(answer.ticket.account_id)
        asked = [claims[line.claim_id] for line in lines.get(answer.ticket_id, [])]
        if answer.ticket.measure == "hold":
            if hold := holds.get(answer.ticket.request):
                _fold_hold(hold, answer)
        else:
            for claim in asked:
                _fold_claim(claim, answer)
        touched |= {p for c in asked for p in (c.payment.payer_id, c.payment.payee_id) if p}
    _find_movements(answers, lines, claims)
    Hold.objects.bulk_update(
        holds.values(),
        ["state", "held_minor", "answered_at", "answered_round", "freed_at", "ended_at", "ground"],
    )
    Claim.objects.bulk_update(
        claims.values(), ["state", "movement", "returned_minor", "possible_double_of"]
    )
    _sum_blocks({hold.account_id for hold in holds.values()}, answers, at=at)
    _close([answer.ticket for answer in answers], under=under, at=at)
    _tell(answers)
    return touched


def _fold_hold(hold: Hold, answer: Answer) -> None:
    """The highest round that was answered says what the bank holds now."""
    ticket = answer.ticket
    if ticket.round < hold.answered_round:
        return
    hold.answered_round = ticket.round
    if answer.held_minor < hold.held_minor:
        hold.freed_at = answer.received_at
    hold.held_minor = answer.held_minor
    hold.answered_at = answer.received_at
    if hold.state not in ("asked", "placed", "declined"):
        return
    if answer.code in REFUSING:
        hold.state, hold.ground = "declined", answer.code
    elif answer.held_minor > 0:
        hold.state = "placed"
    elif ticket.kind == "set" and ticket.asked_minor == 0:
        hold.state, hold.ended_at = "lifted", answer.received_at


def _fold_claim(claim: Claim, answer: Answer) -> None:
    """What the payer's bank says of the debit decides whether the claim stands."""
    if answer.code == "debit_confirmed" and claim.state == "alleged":
        claim.state = "confirmed"
    elif answer.code == "no_such_debit" and claim.state == "alleged":
        claim.state = "denied"
    elif answer.code in ("stopped_before_execution", "recalled"):
        # A stopped order leaves no debit: "no such debit" beside it is no false report.
        claim.state = "confirmed" if claim.state in ("alleged", "denied") else claim.state
        claim.returned_minor = min(claim.amount_minor, answer.held_minor)


def _find_movements(
    answers: Sequence[Answer], lines: dict[UUID, list[TicketLine]], claims: dict[UUID, Claim]
) -> None:
    """Point claims to the bank's movement; join two tellings that share no reference."""
    sides = MovementSide.objects.filter(answer_id__in=[a.id for a in answers]).filter(
        line__isnull=False
    )
    by_line = {line.id: line for found in lines.values() for line in found}
    for side in sides:
        line = by_line.get(side.line_id) if side.line_id else None
        if line is not None and line.arrival_id is None:
            _point(claims[line.claim_id], side.movement_id)
    for answer in answers:
        if answer.code == "debit_confirmed":
            found = MovementSide.objects.filter(answer=answer, is_credit=False).first()
            for line in lines.get(answer.ticket_id, []):
                if found is not None:
                    _point(claims[line.claim_id], found.movement_id)


def _point(claim: Claim, movement_id: UUID) -> None:
    if claim.movement_id is None:
        first = Claim.objects.filter(movement_id=movement_id).exclude(pk=claim.pk).first()
        if first is None:
            claim.movement_id = movement_id
            claim.possible_double_of_id = None
        else:
            claim.state = "double"
            Case.objects.filter(pk=claim.case_id).exclude(pk=first.case_id).update(
                state="merged", merged_into_id=first.case_id
            )
    elif claim.movement_id != movement_id:
        Movement.objects.filter(pk=movement_id, same_as=None).update(same_as=claim.movement_id)


def _sum_blocks(account_ids: set[UUID], answers: Sequence[Answer], *, at: datetime) -> None:
    """One block an account at the bank: the sum of its holds. Zero closes it."""
    references = {a.ticket.account_id: a.block_reference for a in answers if a.block_reference}
    institution = {a.ticket.account_id: a.addressee_id for a in answers}
    sums = {
        row["account_id"]: row["total"]
        for row in Hold.objects.filter(account_id__in=account_ids)
        .exclude(state__in=["lapsed", "replaced"])
        .values("account_id")
        .annotate(total=Sum("held_minor"))
    }
    blocks = {
        b.account_id: b for b in Block.objects.filter(account_id__in=account_ids, closed_at=None)
    }
    for account_id in account_ids:
        total, block = sums.get(account_id, 0), blocks.get(account_id)
        if block is None and total:
            Block.objects.create(
                account_id=account_id, institution_id=institution[account_id],
                amount_minor=total, reference=references.get(account_id, ""), opened_at=at,
            )  # fmt: skip
        elif block is not None and block.amount_minor != total:
            block.amount_minor = total
            block.closed_at = None if total else at
            block.save(update_fields=["amount_minor", "closed_at"])


def _close(tickets: Sequence[Ticket], *, under: Opening, at: datetime) -> None:
    """An answered ticket whose answer was taken in is closed."""
    answered = {t.id: t for t in tickets if t.state == RequestState.ANSWERED}
    if not answered:
        return
    closed = after(RequestState.ANSWERED, RequestMove.CLOSE).value
    Ticket.objects.filter(id__in=list(answered), state=RequestState.ANSWERED.value).update(
        state=closed, ended_at=at
    )
    audit.record_all(
        (Act("ticket:closed", f"ticket:{ticket_id}") for ticket_id in answered),
        by=hub_actor(under.issuer),
        at=at,
    )


def _tell(answers: Sequence[Answer]) -> None:
    """The answers on the case's timeline, as who said what of which account."""
    CaseEvent.objects.bulk_create(
        CaseEvent(
            case_id=answer.ticket.case_id, at=answer.received_at, what="answer",
            who=answer.ticket.account.institution.name,
            values={
                "code": answer.code, "stage": answer.stage, "measure": answer.ticket.measure,
                "kind": answer.ticket.kind, "ticket": answer.ticket.reference,
                "account": answer.ticket.account_ident, "scheme": answer.ticket.account.scheme,
                "held_minor": answer.held_minor, "asked_minor": answer.ticket.asked_minor,
                "currency": answer.ticket.currency, "ground": answer.ground,
            },
        )
        for answer in answers
    )  # fmt: skip
