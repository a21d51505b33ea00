"""What happens to tickets and requests because time passed: overdue rings, escalates, and lapses.

A deadline is a row; it fires once, whatever restarts happen: the row that fired says when. If the
desk stays silent, the next step of the ladder (desk, supervisor, issuing authority) gets a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from recoup.apps.apart import each_apart, is_away, key_of
from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests import hands, lift_operations, request_clock_operations
from recoup.apps.lawful_requests.firing_operations import Firing
from recoup.apps.lawful_requests.models import ClockStop, Deadline, Ticket
from recoup.apps.lawful_requests.request_counting import calendar_for, derived, next_call
from recoup.apps.lawful_requests.request_queries import put_on_by
from recoup.apps.lawful_requests.stop_operations import end_long_stops
from recoup.apps.members.models import Mandate
from recoup.core.law import EscalationStep, Pack
from recoup.core.lawful_request import RequestMove, RequestState, after

AT_ONCE = 500
LASTING = (
    RequestState.SENT, RequestState.ACKNOWLEDGED, RequestState.ANSWERED, RequestState.CLOSED,
)  # fmt: skip
EFFECT = ("effect_warn", "effect_ends")
PENDING = {
    "acknowledge": (RequestState.SENT,),
    "answer": (RequestState.SENT, RequestState.ACKNOWLEDGED),
    "lapse": (RequestState.SENT, RequestState.ACKNOWLEDGED),
    # Where something was kept or stopped, if only by a part answer.
    "effect_warn": LASTING,
    "effect_ends": LASTING,
    "release": tuple(RequestState),
    "notify": (RequestState.ANSWERED, RequestState.CLOSED),
    "answer_warn": (RequestState.SENT, RequestState.ACKNOWLEDGED),
}
LOOK_AGAIN = timedelta(minutes=5)  # at a clock that stands still
STOPPED = ("acknowledge", "answer", "answer_warn")  # what stands still while a question waits
ROLES = {
    "desk": ["clerk", "supervisor"],
    "supervisor": ["supervisor", "clerk"],
    "issuing_authority": ["duty_officer", "officer", "unit_head"],
}


def trouble_of(deadline: Deadline) -> UUID:
    """The name under which trouble with a deadline is kept."""
    return key_of("deadline", deadline.pk)


def _raised(_: Deadline, trouble: Exception) -> None:
    raise trouble


@transaction.atomic
def fire_due(
    *, pack: Pack, at: datetime, parked: Collection[UUID] = (),
    on_trouble: Callable[[Deadline, Exception], object] = _raised,
) -> int:  # fmt: skip
    """Fire the deadlines that are due; returns how many. Runs as the planner.

    Each fires by itself: of one that cannot, ``on_trouble`` is told and the others go on. parked:
    the keys of those that are left alone until a person has looked.
    """
    end_long_stops(at=at)
    waiting = _rows().filter(fired_at=None, due_at__lte=at).order_by("due_at")
    due = _not_stopped(_shared(waiting[: AT_ONCE + len(parked)]), at=at)
    late: list[Deadline] = []
    in_time: list[Deadline] = []
    for deadline in due:
        if trouble_of(deadline) not in parked:
            (late if _is_late(deadline) else in_time).append(deadline)
    for deadline in in_time:
        deadline.fired_at, deadline.outcome = at, "in_time"
    request_clock_operations.settle(in_time, at=at)
    fired = in_time + _fired(late, ladder=pack.escalation, at=at, on_trouble=on_trouble)
    # A call that is put off to the morning has a new moment and has not fired.
    Deadline.objects.bulk_update(fired, ["fired_at", "outcome", "due_at", "first_at"])
    return len(fired)


def _rows() -> QuerySet[Deadline]:
    """Deadlines with what they are about, locked; what another worker has is passed over."""
    return Deadline.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "ticket__issuer", "ticket__addressee", "ticket__of", "of__issuer"
    )


def _shared(rows: Iterable[Deadline]) -> list[Deadline]:
    """Two clocks of one request or ticket look at one object: what the first ends, has ended."""
    found = list(rows)
    requests = {row.of.id: row.of for row in reversed(found) if row.of}
    tickets = {row.ticket.id: row.ticket for row in reversed(found) if row.ticket}
    for row in found:
        row.of = requests[row.of.id] if row.of else None
        row.ticket = tickets[row.ticket.id] if row.ticket else None
    return found


def _fired(
    late: Sequence[Deadline], *, ladder: Sequence[EscalationStep], at: datetime,
    on_trouble: Callable[[Deadline, Exception], object],
) -> list[Deadline]:  # fmt: skip
    """Fire them together; where that fails each by itself, from the rows as they are stored."""
    ids = [deadline.pk for deadline in late]
    try:
        with transaction.atomic():
            return _fire_all(late, ladder=ladder, at=at)
    except Exception as trouble:
        if is_away(trouble):
            raise
    again = _shared(_rows().filter(pk__in=ids).order_by("due_at"))
    return each_apart(
        again, lambda one: _fire_all([one], ladder=ladder, at=at), on_trouble=on_trouble
    )


def _fire_all(
    late: Sequence[Deadline], *, ladder: Sequence[EscalationStep], at: datetime
) -> list[Deadline]:
    firing = Firing(at)
    request_clock_operations.prepare(late, firing)
    of_effect = [row.ticket_id for row in late if row.kind in EFFECT and row.ticket_id]
    firing.acted = lift_operations.acted_on(of_effect) if of_effect else set()
    for deadline in late:
        deadline.fired_at, deadline.outcome = at, "in_time"
        if _is_late(deadline):  # another clock of the same may have ended it
            _fire(deadline, ladder=ladder, firing=firing)
    firing.store()
    return list(late)


def _not_stopped(due: Sequence[Deadline], *, at: datetime) -> list[Deadline]:
    """Those that are due after all; the others are put on by as long as their clock stood still."""
    tickets = [d.ticket.id for d in due if d.kind in STOPPED and d.ticket and d.ticket.of_id]
    stops: dict[UUID | None, list[ClockStop]] = {}
    for stop in ClockStop.objects.filter(ticket_id__in=tickets):
        stops.setdefault(stop.ticket_id, []).append(stop)
    moved, kept = [], []
    for deadline in due:
        own = stops.get(deadline.ticket_id, []) if deadline.kind in STOPPED else []
        first = deadline.first_at or deadline.due_at
        until = first + _put_on(deadline, own, until=at)
        if own and until > at:
            stands = any(stop.ended_at is None for stop in own)
            deadline.first_at, deadline.due_at = first, at + LOOK_AGAIN if stands else until
            moved.append(deadline)
        else:
            kept.append(deadline)
    Deadline.objects.bulk_update(moved, ["due_at", "first_at"])
    return kept


def _put_on(deadline: Deadline, stops: Sequence[ClockStop], *, until: datetime) -> timedelta:
    if not stops:
        return timedelta()
    kind = deadline.kind.removesuffix("_warn")
    return put_on_by(of_ticket(deadline), stops, kind=kind, until=until)


def _is_late(deadline: Deadline) -> bool:
    """Whether what the clock was for has not come; the most are in time, and nothing happens."""
    if deadline.of_id:
        return request_clock_operations.is_late(deadline)
    if deadline.kind == lift_operations.TASK:
        return of_ticket(deadline).released_at is None
    pending = PENDING.get(deadline.kind)
    return pending is None or RequestState(of_ticket(deadline).state) in pending


def of_ticket(deadline: Deadline) -> Ticket:
    """The ticket of a ticket's clock."""
    if deadline.ticket is None:
        raise ValueError(f"The clock {deadline.pk} is of no ticket.")
    return deadline.ticket


def _fire(deadline: Deadline, *, ladder: Sequence[EscalationStep], firing: Firing) -> None:
    if deadline.of_id is None and deadline.kind not in PENDING:
        raise ValueError(f"A deadline is one of {', '.join(PENDING)}; this one: {deadline.kind}.")
    if deadline.of_id:
        request_clock_operations.fire(deadline, firing=firing)
        return
    ticket = of_ticket(deadline)
    if deadline.kind == "lapse":
        deadline.outcome = "lapsed"
        _lapse(ticket, firing)
    elif deadline.kind == "answer_warn":
        deadline.outcome = "told"
        _warn(deadline, firing)
    elif deadline.kind in EFFECT and (ticket.id not in firing.acted or ticket.lift_at):
        pass  # nothing was kept or stopped, or it has to be lifted already
    elif deadline.kind in (*EFFECT, "notify"):
        deadline.outcome = "told"
        _effect(deadline.kind, ticket, firing)
    else:
        deadline.outcome = "overdue"
        _escalate(deadline, ladder=ladder, firing=firing)


def _lapse(ticket: Ticket, firing: Firing) -> None:
    ticket.state = after(RequestState(ticket.state), RequestMove.LAPSE).value
    ticket.ended_at = firing.at
    firing.tickets[ticket.id] = ticket
    firing.tell("ticket:lapsed", ticket)


def _warn(deadline: Deadline, firing: Firing) -> None:
    """Tell the desk that has not answered that its time runs out."""
    ticket = of_ticket(deadline)
    named = firing.on_duty(ticket.addressee_id, ROLES["desk"])
    plain = derived(ticket, "answer", start=ticket.sent_at or firing.at).at or firing.at
    firing.task(
        ticket.id, deadline.kind, 0, owner_id=ticket.addressee_id, issuer_id=ticket.issuer_id,
        person_id=named.person_id if named else None,
        due_at=plain + (deadline.due_at - (deadline.first_at or deadline.due_at)),
        values={"ticket": ticket.reference, "measure": ticket.measure},
    )  # fmt: skip
    firing.tell("ticket:answer_warn", ticket)


def _effect(kind: str, ticket: Ticket, firing: Firing) -> None:
    """What was preserved, frozen or watched ends: somebody is told before, and when it has."""
    asked = ticket.of
    if asked is None:
        return
    own = hands.answers_for(asked)
    named = firing.on_duty(ticket.issuer_id, ROLES["issuing_authority"], but=(own,))
    is_there = kind == "effect_warn" and hands.is_answered_for(asked, at=firing.at)
    is_author_s = is_there or named is None
    firing.task(
        ticket.id, kind, 0, case_id=asked.case_id, owner_id=ticket.issuer_id,
        issuer_id=ticket.issuer_id, due_at=ticket.hold_until or firing.at,
        person_id=own if is_author_s or named is None else named.person_id,
        values={"ticket": ticket.reference, "measure": ticket.measure},
    )  # fmt: skip
    if kind == "effect_ends":
        _lift(ticket, firing)
    firing.tell(f"ticket:{kind}", ticket)


def _lift(ticket: Ticket, firing: Firing) -> None:
    """The addressee's desk is told to lift it, and is called until it says that it has."""
    task, clock = lift_operations.mark(ticket, lift_operations.ENDED, at=firing.at)
    named = firing.on_duty(ticket.addressee_id, ROLES["desk"])
    task.person_id = named.person_id if named else None
    firing.tasks.append(task)
    firing.clocks.append(clock)
    firing.tickets[ticket.id] = ticket
    firing.tell("ticket:lift_ordered", ticket, ground=lift_operations.ENDED)


def _escalate(deadline: Deadline, *, ladder: Sequence[EscalationStep], firing: Firing) -> None:
    """A task for the named person of this step, and the clock of the next step."""
    ticket, step = of_ticket(deadline), ladder[min(deadline.level, len(ladder) - 1)]
    owner_id = ticket.issuer_id if step.to == "issuing_authority" else ticket.addressee_id
    named, is_told = _named(deadline, owner_id, step, firing)
    firing.task(
        ticket.id, f"{deadline.kind}_overdue", deadline.level,
        case_id=case_of(ticket) if owner_id == ticket.issuer_id else None, owner_id=owner_id,
        issuer_id=ticket.issuer_id, person_id=named.person_id if named else None,
        due_at=firing.at,
        values={"ticket": ticket.reference, "step": step.to, "measure": ticket.measure,
                "nobody_else": is_told},
    )  # fmt: skip
    if deadline.level + 1 < len(ladder):
        firing.clocks.append(_next(deadline, ladder[deadline.level + 1].after - step.after))
    firing.tell(f"ticket:{deadline.kind}_overdue", ticket, step=step.to)


def _next(deadline: Deadline, span: timedelta) -> Deadline:
    """The clock of the next step. Money is never put off to the morning; a request may be."""
    ticket = of_ticket(deadline)
    row = Deadline(
        ticket=ticket, kind=deadline.kind, level=deadline.level + 1, issuer_id=ticket.issuer_id,
        addressee_id=ticket.addressee_id, due_at=deadline.due_at + span,
    )  # fmt: skip
    if ticket.of_id:
        row.first_at = (deadline.first_at or deadline.due_at) + span
        row.due_at = next_call(
            deadline.due_at, span, calendar=calendar_for(ticket),
            is_urgent=bool(ticket.draft.get("danger")),
        )  # fmt: skip
    return row


def _named(
    deadline: Deadline, owner_id: int, step: EscalationStep, firing: Firing
) -> tuple[Mandate | None, bool]:
    """Who is named at this step, and whether that person was told at a step below already.

    Somebody else is: of the step's first role, else a colleague. Only where the desk has nobody
    else, the same person is named again.
    """
    roles = ROLES[step.to]
    if not deadline.level:
        return firing.on_duty(owner_id, roles), False
    about, kind = of_ticket(deadline).id, f"{deadline.kind}_overdue"
    rows = Task.objects.filter(about=about, kind=kind, level__lt=deadline.level)
    told = {person for person in rows.values_list("person_id", flat=True) if person}
    told |= firing.named.get((about, kind), set())
    for wanted in (roles[:1], roles):
        if found := firing.on_duty(owner_id, wanted, but=told):
            return found, False
    again = firing.on_duty(owner_id, roles)
    return again, again is not None


def case_of(ticket: Ticket) -> UUID | None:
    """The case that a ticket belongs to; of a request, the request's, which no addressee sees."""
    return ticket.of.case_id if ticket.of else ticket.case_id
