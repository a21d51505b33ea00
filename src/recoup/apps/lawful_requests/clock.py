"""What happens to tickets because time passed: overdue rings, escalates, and lapses.

A deadline is a row; it fires once, whatever restarts happen: the row that fired says when. If the
desk stays silent, the next step of the ladder (desk, supervisor, issuing authority) gets a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from recoup.apps.apart import each_apart, key_of
from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Task
from recoup.apps.jobs import CASE_CHANNEL, notify
from recoup.apps.lawful_requests.models import Deadline, Ticket
from recoup.apps.members import queries as members
from recoup.apps.members.models import Mandate
from recoup.core.law import EscalationStep, Pack
from recoup.core.lawful_request import RequestMove, RequestState, after

AT_ONCE = 200
PENDING = {
    "acknowledge": (RequestState.SENT,),
    "answer": (RequestState.SENT, RequestState.ACKNOWLEDGED),
    "lapse": (RequestState.SENT, RequestState.ACKNOWLEDGED),
}
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
    due = list(
        Deadline.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(fired_at=None, due_at__lte=at)
        .select_related("ticket__issuer", "ticket__addressee")
        .order_by("due_at")[: AT_ONCE + len(parked)]
    )
    late: list[Deadline] = []
    in_time: list[Deadline] = []
    for deadline in due:
        if trouble_of(deadline) not in parked:
            (late if _is_late(deadline) else in_time).append(deadline)
    for deadline in in_time:
        deadline.fired_at, deadline.outcome = at, "in_time"
    fired = in_time + each_apart(
        late, lambda deadline: _fire(deadline, ladder=pack.escalation, at=at), on_trouble=on_trouble
    )
    Deadline.objects.bulk_update(fired, ["fired_at", "outcome"])
    return len(fired)


def _is_late(deadline: Deadline) -> bool:
    """Whether what the clock was for has not come; the most are in time, and nothing happens."""
    pending = PENDING.get(deadline.kind)
    return pending is None or RequestState(deadline.ticket.state) in pending


def _fire(deadline: Deadline, *, ladder: Sequence[EscalationStep], at: datetime) -> None:
    if deadline.kind not in PENDING:
        raise ValueError(f"A deadline is one of {', '.join(PENDING)}; this one: {deadline.kind}.")
    deadline.fired_at = at
    if deadline.kind == "lapse":
        deadline.outcome = "lapsed"
        _lapse(deadline.ticket, at=at)
    else:
        deadline.outcome = "overdue"
        _escalate(deadline, ladder=ladder, at=at)


def _lapse(ticket: Ticket, *, at: datetime) -> None:
    ticket.state = after(RequestState(ticket.state), RequestMove.LAPSE).value
    ticket.ended_at = at
    ticket.save(update_fields=["state", "ended_at"])
    _record("ticket:lapsed", ticket, at=at)


def _escalate(deadline: Deadline, *, ladder: Sequence[EscalationStep], at: datetime) -> None:
    """A task for the named person of this step, and the clock of the next step."""
    ticket, step = deadline.ticket, ladder[min(deadline.level, len(ladder) - 1)]
    owner_id = ticket.issuer_id if step.to == "issuing_authority" else ticket.addressee_id
    named, is_told = _named(deadline, owner_id, step, at=at)
    Task.objects.get_or_create(
        about=ticket.id,
        kind=f"{deadline.kind}_overdue",
        level=deadline.level,
        defaults={
            "case_id": ticket.case_id if owner_id == ticket.issuer_id else None,
            "owner_id": owner_id,
            "issuer_id": ticket.issuer_id,
            "person_id": named.person_id if named else None,
            "values": {
                "ticket": ticket.reference,
                "step": step.to,
                "measure": ticket.measure,
                "nobody_else": is_told,
            },
            "opened_at": at,
            "due_at": at,
        },
    )
    if deadline.level + 1 < len(ladder):
        Deadline.objects.get_or_create(
            ticket=ticket,
            kind=deadline.kind,
            level=deadline.level + 1,
            defaults={
                "issuer_id": ticket.issuer_id,
                "addressee_id": ticket.addressee_id,
                "due_at": deadline.due_at - step.after + ladder[deadline.level + 1].after,
            },
        )
    _record(f"ticket:{deadline.kind}_overdue", ticket, at=at, step=step.to)


def _named(
    deadline: Deadline, owner_id: int, step: EscalationStep, *, at: datetime
) -> tuple[Mandate | None, bool]:
    """Who is named at this step, and whether that person was told at a step below already.

    Somebody else is: of the step's first role, else a colleague. Only where the desk has nobody
    else, the same person is named again.
    """
    roles = ROLES[step.to]
    if not deadline.level:
        return members.on_duty(owner_id, roles=roles, at=at), False
    told = Task.objects.filter(
        about=deadline.ticket_id, kind=f"{deadline.kind}_overdue", level__lt=deadline.level,
        person__isnull=False,
    ).values_list("person_id", flat=True)  # fmt: skip
    for wanted in (roles[:1], roles):
        if found := members.on_duty(owner_id, roles=wanted, at=at, but=told):
            return found, False
    again = members.on_duty(owner_id, roles=roles, at=at)
    return again, again is not None


def _record(what: str, ticket: Ticket, *, at: datetime, **facts: str) -> None:
    audit.record_all(
        [Act(what, f"ticket:{ticket.id}", facts)], by=members.hub_actor(ticket.issuer), at=at
    )
    notify({CASE_CHANNEL: [str(ticket.case_id)]})
