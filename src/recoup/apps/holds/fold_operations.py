"""Folds answers into what they conclude at once: a claim's state, a hold's sum, a bank's block.

Everything else an answer tells is a fact that was stored with it. Runs inside the planner's pass;
writes only rows that the planner alone writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Case, CaseEvent, Task
from recoup.apps.holds.facts import AS_TOLD, ENDED_CLAIM
from recoup.apps.holds.merge_operations import is_officers, reopen, settle_merged
from recoup.apps.holds.models import Block, Claim, Hold, Movement, MovementSide, TicketLine
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.queries import hub_actor
from recoup.apps.rows import insert_rows
from recoup.core import chain
from recoup.core.answer import REFUSING, RETURNING
from recoup.core.lawful_request import RequestMove, RequestState, after

DECIDE_WITHIN = timedelta(hours=2)
RETURNING_MEASURES = ("stop_before_execution", "recall")


def fold(answers: Sequence[Answer], *, under: Opening, at: datetime) -> set[UUID]:
    """Take the answers in, in the order they came; returns the accounts that they touch."""
    if not answers:
        return set()
    lines: dict[UUID, list[TicketLine]] = {}
    for line in TicketLine.objects.filter(ticket__id__any=[a.ticket_id for a in answers]):
        lines.setdefault(line.ticket_id, []).append(line)
    claims = Claim.objects.select_related("payment", "case").in_bulk(
        {line.claim_id for found in lines.values() for line in found}
    )
    before = {claim.id: _state_of(claim) for claim in claims.values()}
    holds = Hold.objects.in_bulk({a.ticket.request for a in answers})
    touched = _accounts_of(_sum_returns(answers, lines, claims))
    for answer in _in_order(answers):
        if _tells_nothing_new(answer):
            continue
        touched.add(answer.ticket.account_id)  # type: ignore[arg-type]
        asked = [claims[line.claim_id] for line in lines.get(answer.ticket_id, [])]
        if answer.ticket.measure == "hold":
            if hold := holds.get(answer.ticket.request):
                _fold_hold(hold, answer)
        else:
            for claim in asked:
                _fold_claim(claim, answer)
        touched |= _accounts_of(asked)
    revived = _find_movements(answers, lines, claims)
    _save_holds(list(holds.values()))
    _end_warnings([h.id for h in holds.values() if not h.held_minor], under=under, at=at)
    Claim.objects.bulk_update(
        [claim for claim in claims.values() if _state_of(claim) != before[claim.id]],
        ["state", "movement", "returned_minor", "returned_doubt_minor", "possible_double_of"],
    )
    _sum_blocks({hold.account_id for hold in holds.values()}, answers, at=at)
    _close([answer.ticket for answer in answers], under=under, at=at)
    _tell(answers)
    reopen(revived, under=under, at=at)
    settle_merged({claim.case_id for claim in claims.values()}, under=under, at=at)
    return touched


def _in_order(answers: Sequence[Answer]) -> list[Answer]:
    """As they were told. What came in one call has one time; its ids are the bank's own."""
    by_id = {answer.id: answer for answer in answers}

    def place(answer: Answer) -> tuple[datetime, bool, int, UUID]:
        corrected, before = 0, answer
        while before.replaces_id in by_id:
            corrected, before = corrected + 1, by_id[before.replaces_id]
        return answer.received_at, answer.stage != "interim", corrected, answer.id

    return sorted(answers, key=place)


def _state_of(claim: Claim) -> tuple[object, ...]:
    returned = claim.returned_minor, claim.returned_doubt_minor
    return claim.state, claim.movement_id, returned, claim.possible_double_of_id


def _accounts_of(claims: Iterable[Claim]) -> set[UUID]:
    """Where the money of claims was paid from and to."""
    return {p for c in claims for p in (c.payment.payer_id, c.payment.payee_id) if p}


SAVE_HOLDS = """
update holds_hold h
set state = n.state, held_minor = n.held, answered_at = n.answered, answered_round = n.round,
    freed_at = n.freed, ended_at = n.ended, ground = n.ground
from unnest(%s::uuid[], %s::text[], %s::bigint[], %s::timestamptz[], %s::int[],
    %s::timestamptz[], %s::timestamptz[], %s::text[])
  as n (id, state, held, answered, round, freed, ended, ground)
where h.id = n.id
"""


def _save_holds(holds: Sequence[Hold]) -> None:
    """One short statement: under load there are hundreds at once."""
    if holds:
        rows = [
            (h.id, h.state, h.held_minor, h.answered_at, h.answered_round, h.freed_at, h.ended_at,
             h.ground)
            for h in holds
        ]  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(SAVE_HOLDS, [list(column) for column in zip(*rows, strict=True)])


def _end_warnings(hold_ids: Sequence[UUID], *, under: Opening, at: datetime) -> None:
    """Nobody has to act before the end of a hold that holds nothing any more."""
    if not hold_ids:
        return
    warned = Task.objects.filter(kind="hold_ends", about__in=hold_ids, done_at=None)
    ended = list(warned.values_list("id", flat=True))
    Task.objects.filter(id__in=ended).update(done_at=at)
    audit.record_all(
        (
            Act("task:ended", f"task:{task_id}", {"kind": "hold_ends", "reason": "nothing is held"})
            for task_id in ended
        ),
        by=hub_actor(under.issuer),
        at=at,
    )


def _tells_nothing_new(answer: Answer) -> bool:
    """A stop that came too late, a recall that is not possible: no fact to plan by."""
    return (
        answer.ticket.measure in RETURNING_MEASURES
        and answer.held_minor == 0
        and answer.stage == "final"
    )


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
        _ask_for_a_decision(hold, answer)
    elif answer.held_minor > 0:
        hold.state = "placed"
    elif ticket.kind == "set" and ticket.asked_minor == hold.asked_minor == 0:
        # Where more was asked for since, the next answer says whether it goes on.
        hold.state, hold.ended_at = "lifted", answer.received_at


def _ask_for_a_decision(hold: Hold, answer: Answer) -> None:
    """A bank that cannot lawfully, or does not keep the account: an officer decides."""
    Task.objects.get_or_create(
        about=answer.ticket_id,
        kind="hold_refused",
        level=0,
        defaults={
            "case_id": hold.case_id,
            "owner_id": hold.issuer_id,
            "issuer_id": hold.issuer_id,
            "opened_at": answer.received_at,
            "due_at": answer.received_at + DECIDE_WITHIN,
            "values": {
                "ticket": answer.ticket.reference,
                "amount_minor": hold.asked_minor,
                "currency": answer.ticket.currency,
                "ground": answer.ground or answer.code,
            },
        },
    )


def _fold_claim(claim: Claim, answer: Answer) -> None:
    """What the payer's bank says of the debit decides whether the claim stands."""
    is_correction = answer.stage == "correction"
    if answer.code == "debit_confirmed" and (
        claim.state == "alleged" or (is_correction and claim.state == "denied")
    ):
        claim.state = "confirmed"
    elif answer.code == "no_such_debit" and (
        claim.state == "alleged"
        or (is_correction and claim.state == "confirmed" and not claim.returned_minor)
    ):
        claim.state = "denied"
    elif answer.code in RETURNING:
        # A stopped order leaves no debit: "no such debit" beside it is no false report.
        claim.state = "confirmed" if claim.state in ("alleged", "denied") else claim.state


def _sum_returns(
    answers: Sequence[Answer], lines: dict[UUID, list[TicketLine]], claims: dict[UUID, Claim]
) -> list[Claim]:
    """What came back of claims, one sum a ticket, whatever order they came in; returns the changed.

    Asks the database only if an answer may change a sum: most say that there was nothing to stop.
    """
    asked = {
        line.claim_id: claims[line.claim_id]
        for answer in answers
        if answer.ticket.measure in RETURNING_MEASURES
        for line in lines.get(answer.ticket_id, ())
        if answer.code in RETURNING or answer.stage == "correction" or _came_back(line, claims)
    }
    changed = []
    for claim_id, sums in _told_back(list(asked)).items() if asked else ():
        claim, before = asked[claim_id], _state_of(asked[claim_id])
        returned = chain.told_back(claim.amount_minor, sums.values())
        claim.returned_minor, claim.returned_doubt_minor = returned.units, returned.doubted
        changed += [claim] if _state_of(claim) != before else []
    return changed


def _came_back(line: TicketLine, claims: dict[UUID, Claim]) -> bool:
    return claims[line.claim_id].returned_minor > 0


def _told_back(claim_ids: list[UUID]) -> dict[UUID, dict[UUID, int]]:
    """For each claim what each ticket says was stopped or recalled, by the answers in force."""
    rows = Answer.objects.filter(ticket__lines__claim__id__any=claim_ids, replaced_by=None)
    told: dict[UUID, dict[UUID, int]] = {claim_id: {} for claim_id in claim_ids}
    # A final answer counts, not the interim ones before it: of each ticket the last row stays.
    for claim_id, ticket_id, code, units in (
        rows.filter(ticket__measure__in=RETURNING_MEASURES)
        .order_by("-stage", "received_at", "id")
        .values_list("ticket__lines__claim_id", "ticket_id", "code", "held_minor")
    ):
        told[claim_id][ticket_id] = units if code in RETURNING else 0
    return told


def _find_movements(
    answers: Sequence[Answer], lines: dict[UUID, list[TicketLine]], claims: dict[UUID, Claim]
) -> set[UUID]:
    """Point claims to the bank's movement; join two tellings that share no reference.

    What a correction replaced points nowhere any more. Returns the cases of the claims that stand
    again by it.
    """
    revived = _take_back([a.replaces_id for a in answers if a.replaces_id], lines, claims)
    pointed = _pointed([a.id for a in answers], lines, claims, replaced=False)
    holders = {
        claim.movement_id: claims.get(claim.id, claim)
        for claim in Claim.objects.select_related("payment").filter(
            movement__id__any={movement for _, movement, _ in pointed}
        )
    }
    for claim, movement_id, is_payers in pointed:
        _point(claim, movement_id, holders, is_payers=is_payers)
    return {claim.case_id for claim in revived if claim.state != "double"}


def _pointed(
    answer_ids: Sequence[UUID], lines: dict[UUID, list[TicketLine]], claims: dict[UUID, Claim], *,
    replaced: bool,
) -> list[tuple[Claim, UUID, bool]]:  # fmt: skip
    """Which claim an answer says a movement is, and whether the payer's own bank says so."""
    by_line = {line.id: line for found in lines.values() for line in found}
    sides = MovementSide.objects.filter(
        Q(line__isnull=False) | CONFIRMED,
        answer__id__any=answer_ids,
        answer__replaced_by__isnull=not replaced,
    ).values_list("movement_id", "line_id", "answer__ticket_id", "answer__code", "is_credit")
    pointed: list[tuple[Claim, UUID, bool]] = []
    for movement, line_id, ticket, code, is_credit in sides:
        if code == "debit_confirmed" and not is_credit:
            pointed += [(claims[line.claim_id], movement, True) for line in lines.get(ticket, [])]
        elif line_id in by_line and by_line[line_id].arrival_id is None:
            pointed.append((claims[by_line[line_id].claim_id], movement, False))
    return pointed


def _take_back(
    replaced: Sequence[UUID], lines: dict[UUID, list[TicketLine]], claims: dict[UUID, Claim]
) -> list[Claim]:
    """Undo what only a replaced answer said: that a movement is a claim's, or is the same as it.

    Returns the claims that it had ended as doubles: they stand again, unless an officer ended them.
    """
    revived: list[Claim] = []
    if not replaced:
        return revived
    for claim, movement_id, _ in _pointed(replaced, lines, claims, replaced=True):
        standing = _standing(claim)
        if movement_id in standing:
            continue
        if claim.state == "double" and not is_officers(claim.case_id):
            claim.state = "confirmed" if standing else "alleged"
            revived.append(claim)
        if claim.movement_id == movement_id:
            claim.movement_id = next((m for m in standing if _is_free(m, claim)), None)
            Movement.objects.filter(same_as=movement_id).update(same_as=claim.movement_id)
            Movement.objects.filter(id__any=standing[:1]).update(same_as=None)
        else:
            Movement.objects.filter(pk=movement_id, same_as=claim.movement_id).update(same_as=None)
    return revived


def _is_free(movement_id: UUID, claim: Claim) -> bool:
    """No other claim has the movement; if one has, pointing decides which of the two stands."""
    return not Claim.objects.filter(movement=movement_id).exclude(pk=claim.pk).exists()


def _standing(claim: Claim) -> list[UUID]:
    """The movements that answers in force say are a claim's payment, the payer's bank's first."""
    sides = MovementSide.objects.filter(answer__replaced_by=None)
    confirmed = sides.filter(CONFIRMED, answer__ticket__lines__claim=claim)
    marked = sides.filter(line__claim=claim, line__arrival=None)
    return [
        *confirmed.order_by(*AS_TOLD).values_list("movement_id", flat=True),
        *marked.order_by(*AS_TOLD).values_list("movement_id", flat=True),
    ]


CONFIRMED = Q(answer__code="debit_confirmed", is_credit=False)


def _end_as_double(claim: Claim, *, of: Claim) -> None:
    """Two claims on one payment: this one ends, its case points to the other's."""
    claim.state = "double"
    Claim.objects.filter(pk=claim.pk).update(state="double")
    Case.objects.filter(pk=claim.case_id).exclude(pk=of.case_id).update(
        state="merged", merged_into_id=of.case_id
    )


def _point(
    claim: Claim, movement_id: UUID, holders: dict[UUID | None, Claim], *, is_payers: bool
) -> None:
    """holders: which claim each movement has, kept up to date: of one payment there is one.

    is_payers: the payer's own bank names the payment. That outweighs what a payee's bank says, and
    a claim that has ended: no victim's claim falls for a claim that somebody else's bank denies.
    """
    if claim.movement_id is None:
        first = holders.get(movement_id)
        if first is not None and first.pk != claim.pk:
            if first.state in ENDED_CLAIM or (is_payers and _is_of_another_payer(first, claim)):
                Claim.objects.filter(pk=first.pk).update(movement=None)
                first.movement_id, first = None, None
            elif _is_of_another_payer(first, claim):
                return
            elif first.amount_minor < claim.amount_minor:
                # A stranger's small claim on the payment must not stand for the victim's whole one.
                Claim.objects.filter(pk=first.pk).update(movement=None)
                first.movement_id = None
                _end_as_double(first, of=claim)
                first = None
        if first is None or first.pk == claim.pk:
            holders[movement_id] = claim
            claim.movement_id = movement_id
            claim.possible_double_of_id = None
        else:
            _end_as_double(claim, of=first)
    elif claim.movement_id != movement_id and movement_id not in holders:
        Movement.objects.filter(pk=movement_id, same_as=None).update(same_as=claim.movement_id)


def _is_of_another_payer(first: Claim, claim: Claim) -> bool:
    payers = {first.payment.payer_id, claim.payment.payer_id}
    return None not in payers and len(payers) == 2


def _sum_blocks(account_ids: set[UUID], answers: Sequence[Answer], *, at: datetime) -> None:
    """One block an account at the bank: the sum of its holds. Zero closes it."""
    references = {a.ticket.account_id: a.block_reference for a in answers if a.block_reference}
    institution = {a.ticket.account_id: a.addressee_id for a in answers}
    sums = {
        row["account_id"]: row["total"]
        for row in Hold.objects.filter(account__id__any=account_ids)
        .exclude(state__in=["lapsed", "replaced"])
        .values("account_id")
        .annotate(total=Sum("held_minor"))
    }
    blocks = {
        b.account_id: b for b in Block.objects.filter(account__id__any=account_ids, closed_at=None)
    }
    insert_rows(
        Block(
            account_id=account_id, institution_id=institution[account_id],
            amount_minor=sums[account_id], reference=references.get(account_id, ""), opened_at=at,
        )
        for account_id in account_ids
        if sums.get(account_id) and account_id not in blocks
    )  # fmt: skip
    for account_id, block in blocks.items():
        total = sums.get(account_id, 0)
        if block.amount_minor != total:
            block.amount_minor = total
            block.closed_at = None if total else at
            block.save(update_fields=["amount_minor", "closed_at"])


def _close(tickets: Sequence[Ticket], *, under: Opening, at: datetime) -> None:
    """An answered ticket whose answer was taken in is closed."""
    answered = {t.id: t for t in tickets if t.state == RequestState.ANSWERED}
    if not answered:
        return
    closed = after(RequestState.ANSWERED, RequestMove.CLOSE).value
    Ticket.objects.filter(id__any=list(answered), state=RequestState.ANSWERED.value).update(
        state=closed, ended_at=at
    )
    audit.record_all(
        (Act("ticket:closed", f"ticket:{ticket_id}") for ticket_id in answered),
        by=hub_actor(under.issuer),
        at=at,
    )


def _tell(answers: Sequence[Answer]) -> None:
    """The answers on the case's timeline, as who said what of which account."""
    insert_rows(
        CaseEvent(  # type: ignore[misc]
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
