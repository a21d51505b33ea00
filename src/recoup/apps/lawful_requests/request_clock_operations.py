"""What happens to requests because time passed: undecided, unanswered, unconfirmed.

A clock either acts (an unconfirmed emergency lapses, an unwritten decision lapses, a draft that
nobody submits lapses) or opens a task for a named person. Nothing is authorised by time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests import hands, request_operations
from recoup.apps.lawful_requests.call_queries import CALL
from recoup.apps.lawful_requests.firing_operations import Firing
from recoup.apps.lawful_requests.models import Deadline, Decision, Request
from recoup.apps.lawful_requests.request_deadlines import A_TURN
from recoup.core.authorisation import OrderMove, OrderState, after
from recoup.core.moments import iso_utc

# In which state a clock still counts.
PENDING: Final = {
    "submit": (OrderState.DRAFTED,),
    "decide": (OrderState.SUBMITTED,),
    "undecided": (OrderState.SUBMITTED, OrderState.ASKED),
    "reply": (OrderState.ASKED,),
    # Withdrawn, it is still owed for what has left.
    "written": (OrderState.AUTHORISED, OrderState.WITHDRAWN),
    "confirm": (OrderState.AUTHORISED, OrderState.WITHDRAWN),
    "put": (OrderState.AUTHORISED, OrderState.WITHDRAWN),
    "heard": (OrderState.AUTHORISED, OrderState.WITHDRAWN, OrderState.LAPSED),
    "not_said": tuple(OrderState),
    "retention": (OrderState.AUTHORISED, OrderState.REFUSED, OrderState.WITHDRAWN,
                  OrderState.LAPSED),
}  # fmt: skip
LAPSING: Final = {
    "submit": "not submitted in time", "undecided": "not decided in time",
    "written": "not put in writing in time", "confirm": "not confirmed in time",
}  # fmt: skip
OWED: Final = ("written", "confirm")
OF_A_TURN: Final = ("decide", "undecided", "reply")
# Who is told at the unit that asks, the duty first.
AUTHORITY: Final = ["judge", "prosecutor", "fiu_head", "unit_head", "supervisor", "minister"]
UNIT: Final = ["unit_head", "fiu_head", "duty_officer", "supervisor", "officer", "fiu_officer",
               "prosecutor"]  # fmt: skip


def is_late(deadline: Deadline) -> bool:
    """Whether what the clock was for has not come."""
    found: Request = deadline.of  # type: ignore[assignment]
    if OrderState(found.state) not in PENDING[deadline.kind]:
        return False
    if deadline.kind == "heard":
        return not Decision.objects.filter(request=found, kind="written").exists()
    if deadline.kind in OF_A_TURN:
        return deadline.level // A_TURN == found.turn
    return (
        deadline.kind in ("submit", "retention", "not_said")
        or getattr(found, f"{deadline.kind}_by") is not None
    )


def prepare(late: Iterable[Deadline], firing: Firing) -> None:
    """Look up once what the calls among these clocks need."""
    waiting = {row.of_id for row in late if row.of_id and row.kind == "decide"}
    if waiting:
        firing.calls.look_up(waiting)


def settle(in_time: Iterable[Deadline], *, at: datetime) -> None:
    """Close the calls of a turn that is over, where whoever ended it could not: another desk's."""
    over = {
        (row.of_id, row.level // A_TURN) for row in in_time if row.of_id and row.kind == "decide"
    }
    if not over:
        return
    open_calls = Task.objects.filter(about__in={of for of, _ in over}, kind=CALL, done_at=None)
    known = open_calls.values_list("id", "about", "level")
    ended = [task for task, about, level in known if (about, level // A_TURN) in over]
    if ended:
        Task.objects.filter(id__in=ended).update(done_at=at)


def fire(deadline: Deadline, *, firing: Firing) -> None:
    """Act, or call or tell a named person."""
    found: Request = deadline.of  # type: ignore[assignment]
    if deadline.kind == "decide":
        _call(found, deadline, firing)
    elif deadline.kind in LAPSING:
        if deadline.kind in OWED and found.opened_at:
            _never_confirmed(found, deadline.kind, firing)
        if found.state == OrderState.WITHDRAWN:
            deadline.outcome = "never_confirmed"
            return
        deadline.outcome = "lapsed"
        _lapse(found, LAPSING[deadline.kind], firing)
    elif deadline.kind == "put":
        deadline.outcome = "told" if deadline.level == 0 else "overdue"
        _put(found, deadline, firing)
    elif deadline.kind in ("heard", "not_said"):
        deadline.outcome = "told"
        _named(found, deadline.kind, firing)
    else:
        deadline.outcome = "overdue"
        _tell(found, deadline, firing)


def _lapse(found: Request, ground: str, firing: Firing) -> None:
    """End it; what has left is taken back by the hub's next pass."""
    found.state = after(OrderState(found.state), OrderMove.LAPSE).value
    request_operations.mark_ended(found, ground=ground, at=firing.at)
    firing.requests[found.id] = found
    firing.tell("request:lapsed", found, ground=ground)
    named = firing.on_duty(found.issuer_id, UNIT)
    _task(found, "request_lapsed", 0, found.issuer_id, named.person_id if named else None, firing)


def _never_confirmed(found: Request, owed: str, firing: Firing) -> None:
    """It left, and nobody stood up for it in time: kept, told to the authority, and counted."""
    found.never_confirmed_at = firing.at
    found.written_by = found.confirm_by = found.put_by = None
    firing.requests[found.id] = found
    desk = (found.confirmer_id if owed == "confirm" else None) or found.authority_id
    head = firing.on_duty(desk or found.issuer_id, AUTHORITY, but=hands.of(found))
    _task(
        found, "request_never_confirmed", 0, desk or found.issuer_id,
        head.person_id if head else None, firing, owed=owed,
    )  # fmt: skip
    firing.tell("request:never_confirmed", found, owed=owed)


def _named(found: Request, kind: str, firing: Firing) -> None:
    """Who is said to have decided is asked whether it was so; of a no the unit's head is told."""
    first = Decision.objects.filter(request=found, kind__in=["authorised", "narrowed"]).get()
    hearer = first.heard_by.full_name if first.heard_by else ""
    owner_id: int = first.authority_id
    person_id: UUID | None = first.person_id
    if kind == "not_said":
        told = firing.on_duty(found.issuer_id, UNIT, but={first.heard_by_id or first.person_id})
        owner_id, person_id = found.issuer_id, told.person_id if told else None
    _task(found, f"request_{kind}", 0, owner_id, person_id, firing, hearer=hearer)


def _put(found: Request, deadline: Deadline, firing: Firing) -> None:
    """Who decided is told to put it before whoever confirms it; late, a colleague, then another."""
    first = Decision.objects.filter(request=found, kind__in=["authorised", "narrowed"]).get()
    person_id: UUID | None = first.person_id
    if deadline.level:
        told = set(
            Task.objects.filter(about=found.id, kind="request_put").values_list(
                "person_id", flat=True
            )
        )
        named = firing.on_duty(first.authority_id, AUTHORITY, but=hands.of(found) | told - {None})
        person_id = named.person_id if named else first.person_id
    by = iso_utc(found.put_by) if found.put_by else ""
    _task(found, "request_put", deadline.level, first.authority_id, person_id, firing, by=by)
    if deadline.level:
        firing.tell("request:put_overdue", found, step=deadline.level)


def _call(found: Request, deadline: Deadline, firing: Firing) -> None:
    """Call a named person of the authority; or later, where it is quiet; or nobody any more."""
    if quiet := firing.calls.quiet_until(found, deadline):
        deadline.first_at = deadline.first_at or deadline.due_at
        deadline.due_at, deadline.fired_at, deadline.outcome = quiet, None, ""
        return
    ring = firing.calls.ring_of(found, deadline)
    if ring is None:
        deadline.outcome = "taken_on"
        return
    if ring.at > firing.at:
        deadline.first_at = deadline.first_at or deadline.due_at
        deadline.due_at, deadline.fired_at, deadline.outcome = ring.at, None, ""
        return
    deadline.outcome = "overdue"
    _task(
        found, CALL, deadline.level, found.authority_id or found.issuer_id,
        UUID(ring.person) if ring.person else None, firing, called=ring.to,
    )  # fmt: skip
    step = deadline.level % A_TURN
    firing.tell("request:called", found, step=step, to=ring.to, why=str(ring.why))


def _tell(found: Request, deadline: Deadline, firing: Firing) -> None:
    """A question waits for the author; data that are no longer needed for the head of unit."""
    kind, step = f"request_{deadline.kind}", deadline.level % A_TURN
    if deadline.kind == "retention":
        head = firing.on_duty(found.issuer_id, UNIT)
        _task(found, kind, 0, found.issuer_id, head.person_id if head else None, firing)
    else:
        person: UUID | None = hands.answers_for(found)
        if not hands.is_answered_for(found, at=firing.at):
            head = firing.on_duty(found.issuer_id, UNIT)
            person = head.person_id if head else None
        _task(found, kind, deadline.level, found.issuer_id, person, firing)
    firing.tell(f"request:{deadline.kind}_overdue", found, step=step)


def _task(
    found: Request, kind: str, level: int, owner_id: int, person_id: UUID | None, firing: Firing,
    **more: str,
) -> None:  # fmt: skip
    firing.task(
        found.id, kind, level, owner_id=owner_id, issuer_id=found.issuer_id, person_id=person_id,
        case_id=found.case_id if owner_id == found.issuer_id else None, due_at=firing.at,
        values={"request": found.reference, "measure": found.measure, "danger": found.danger,
                **more},
    )  # fmt: skip
