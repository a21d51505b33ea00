"""Notes what could not be done; after some tries it is parked and a named person gets a task.

Nothing is lost by parking: the report or answer stays, the clock has not fired; it is tried again
when the task is done (its row here is deleted), by hand, and by each worker that begins: what a
program from before an upgrade could not do, today's may.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from recoup.apps.cases.models import CaseEvent, Task
from recoup.apps.holds.models import PlanTrouble, PlanWanted
from recoup.apps.jobs import CASE_CHANNEL, notify
from recoup.apps.lawful_requests import operations as requests
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members import queries as members
from recoup.apps.members.models import Organisation
from recoup.apps.members.scope import database_time
from recoup.core.lawful_request import RequestState

TRIES = 3
LOOK_WITHIN = timedelta(minutes=15)
ON_DUTY = ["duty_officer", "officer", "unit_head"]
PLANNING, CLOCK, SENDING = "planning_failed", "clock_failed", "undeliverable"


def parked() -> list[UUID]:
    """What planning and clocks leave alone until a person has looked."""
    return list(PlanTrouble.objects.filter(parked_at__isnull=False).values_list("about", flat=True))


def release_settled() -> None:
    """Try again what a person has looked at: its task is done."""
    waiting = parked()
    if not waiting:
        return
    _settle_undeliverable(waiting)
    settled = Task.objects.filter(
        kind__in=[PLANNING, CLOCK, SENDING], about__in=waiting, done_at__isnull=False
    )
    PlanTrouble.objects.filter(about__in=settled.values("about")).delete()


def try_again() -> None:
    """Let a worker that begins try what was parked; what fails again is parked again.

    Not what could not be sent: that waits for a person. The task stays open either way, since
    somebody was asked to look.
    """
    unsent = Task.objects.filter(kind=SENDING, about__in=parked()).values("about")
    PlanTrouble.objects.filter(parked_at__isnull=False).exclude(about__in=unsent).delete()


def _settle_undeliverable(waiting: list[UUID]) -> None:
    """Send again what a person has looked at; what was withdrawn meanwhile is nobody's task."""
    at = database_time()
    tasks = Task.objects.filter(kind=SENDING, about__in=waiting)
    done = {task.about: task.done_at is not None for task in tasks}
    tickets = Ticket.objects.select_for_update(of=("self",), no_key=True).select_related("issuer")
    for ticket in tickets.filter(id__in=list(done)):
        if ticket.state != RequestState.UNDELIVERABLE:
            tasks.filter(about=ticket.id, done_at=None).update(done_at=at)
        elif done[ticket.id]:
            requests.send_again(ticket=ticket, at=at)
            _plan_again(ticket, at=at)


def undeliverable(ticket: Ticket, trouble: Exception) -> None:
    """A ticket that could not be written out: a named person sends it again or sees to it by hand.

    In the transaction of the sending. It is parked at once: trying again would end the same way.
    """
    at = database_time()
    PlanTrouble.objects.update_or_create(
        about=ticket.id,
        defaults={
            "tries": TRIES, "trouble": repr(trouble)[:400], "last_at": at, "parked_at": at
        },
    )  # fmt: skip
    _open_task(
        SENDING, ticket.id, ticket.case_id, ticket.issuer,
        {"ticket": ticket.reference, "trouble": repr(trouble)[:200]}, at=at,
    )  # fmt: skip
    if ticket.case_id is None:  # of a request: no case shows it, the task does
        return
    CaseEvent.objects.create(
        case_id=ticket.case_id, at=at, what="ticket_undeliverable", who="",
        values={"ticket": ticket.reference, "measure": ticket.measure},
    )  # fmt: skip
    _plan_again(ticket, at=at)
    notify({CASE_CHANNEL: [str(ticket.case_id)]})


def _plan_again(ticket: Ticket, *, at: datetime) -> None:
    if ticket.case_id:
        PlanWanted.objects.create(case_id=ticket.case_id, since=at)


def _open_task(
    kind: str, about: UUID, case_id: UUID | None, unit: Organisation, values: dict[str, object], *,
    at: datetime,
) -> None:  # fmt: skip
    """A task of the duty desk with a name on it; opened anew if it was done before."""
    named = members.on_duty(unit.id, roles=ON_DUTY, at=at)
    Task.objects.update_or_create(
        about=about, kind=kind, level=0,
        defaults={
            "case_id": case_id, "owner": unit, "issuer": unit,
            "person_id": named.person_id if named else None, "opened_at": at,
            "due_at": at + LOOK_WITHIN, "done_at": None, "values": values,
        },
    )  # fmt: skip


@transaction.atomic
def note(
    about: UUID, *, case_id: UUID | None, trouble: str, kind: str = PLANNING, **values: object
) -> None:
    """One more failed try; at the third a task opens and the thing is parked.

    kind: of the task. values: what it says besides the trouble.
    """
    at = database_time()
    row, _ = PlanTrouble.objects.get_or_create(
        about=about, defaults={"trouble": trouble[:400], "last_at": at}
    )
    row.tries += 1
    row.trouble, row.last_at = trouble[:400], at
    if row.tries >= TRIES and row.parked_at is None:
        row.parked_at = at
        told = {"trouble": trouble[:200], **values}
        if not Task.objects.filter(about=about, kind=kind, done_at=None).exists():
            _open_task(kind, about, case_id, members.competent_unit(), told, at=at)
    row.save()
