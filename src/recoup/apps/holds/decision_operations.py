"""What the prosecutor's office decides on a case that was handed over to it.

It takes the case over, says that an order was applied for, or does not take it over. Each is a line
of the timeline and of the trail. None of them ends or prolongs a hold: until an order reaches the
bank, the hold's own clock runs on, and the next task carries it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext

from recoup.apps.cases.models import Case, CaseEvent, Task
from recoup.apps.holds import case_queries
from recoup.apps.holds.operations import DECIDE_WITHIN, NotPossible, locked, tell
from recoup.core.access import Actor

TAKEN_OVER: Final = "taken_over"
ORDER_APPLIED_FOR: Final = "order_applied_for"
NOT_TAKEN_OVER: Final = "not_taken_over"
HANDED_OVER: Final = "handed_over"
STEPS: Final = (HANDED_OVER, TAKEN_OVER, ORDER_APPLIED_FOR, NOT_TAKEN_OVER)


@transaction.atomic
def take_over(*, case: Case, note: str, by: Actor, at: datetime) -> None:
    """The office works on it; its task stays, due as before. Raises NotPossible."""
    _waiting_task(case, by)
    last = CaseEvent.objects.filter(case=case, what__in=STEPS).order_by("-at", "-id").first()
    if last is not None and last.what == TAKEN_OVER:
        raise NotPossible(
            gettext("%(case)s was taken over already, by %(who)s.")
            % {"case": case.reference, "who": last.who}
        )
    tell(case, TAKEN_OVER, by=by, at=at, note=note)


@transaction.atomic
def apply_for_order(
    *, case: Case, order: str, on: date, note: str, by: Actor, at: datetime
) -> None:
    """An order was applied for on a day; what is left is that it comes in time.

    order: its name in the country pack. Raises NotPossible for a day that has not come, or that
    was before the report.
    """
    task = _waiting_task(case, by)
    if not case.reported_at.date() - timedelta(days=1) <= on <= at.date() + timedelta(days=1):
        raise NotPossible(
            gettext(
                "On %(day)s no order can have been applied for: the loss was reported on "
                "%(reported)s, and today is %(today)s."
            )
            % {"day": on, "reported": case.reported_at.date(), "today": at.date()}
        )
    _done(task, at=at)
    _open(
        case, "order_awaited", owner_id=by.organisation_id, by=by, at=at,
        order=order, applied_on=on.isoformat(),
    )  # fmt: skip
    tell(case, ORDER_APPLIED_FOR, by=by, at=at, order=order, applied_on=on.isoformat(), note=note)


@transaction.atomic
def leave_to_police(*, case: Case, ground: str, by: Actor, at: datetime) -> None:
    """Not taken over: the police may hand it over anew, or let the holds end.

    Raises NotPossible.
    """
    task = _waiting_task(case, by)
    _done(task, at=at)
    Case.objects.filter(pk=case.pk).update(handed_over_at=None)
    _open(case, "not_taken_over", owner_id=case.owner_id, by=by, at=at, ground=ground)
    tell(case, NOT_TAKEN_OVER, by=by, at=at, ground=ground)


def _waiting_task(case: Case, by: Actor) -> Task:
    """The office's open task of this case; the case stays as it is until the act is done."""
    now = locked(case)[case.pk]
    task = Task.objects.filter(
        case=case, kind="decide_hold", owner_id=by.organisation_id, done_at=None
    ).first()
    if task is None or now.state != "open":
        raise NotPossible(
            gettext("Nothing waits for a decision here: it was decided, or the case has ended.")
        )
    return task


def _done(task: Task, *, at: datetime) -> None:
    Task.objects.filter(pk=task.pk, done_at=None).update(done_at=at)


def _open(
    case: Case, kind: str, *, owner_id: int, by: Actor, at: datetime, **values: object
) -> None:
    """A task due when the first hold ends; each decision has its own."""
    Task.objects.bulk_create(
        [
            Task(
                case=case, owner_id=owner_id, issuer_id=by.organisation_id, kind=kind,
                about=uuid4(), values=values, opened_at=at, due_at=due_at(case, at=at),
            )
        ]
    )  # fmt: skip


def due_at(case: Case, *, at: datetime) -> datetime:
    """When the first hold ends, or some hours from now where none has an end to come."""
    first = case_queries.first_ends([case.pk]).get(case.pk)
    return first if first is not None and first > at else at + DECIDE_WITHIN
