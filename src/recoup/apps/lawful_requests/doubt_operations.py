"""What doubt stops: while two desks doubt a requester, no clock of its open requests runs.

Nobody may answer it then, so nobody is late. The stops say "doubt" and not whose; all open requests
of the requester have one, so that whom it is about does not see who doubts. Measures that disclose
nothing, such as keeping data, go on. A doubt counts for some days; the ministry, and whoever leads
the unit that asked, get a task for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from recoup.apps.cases.models import Task
from recoup.apps.jobs import INBOX_CHANNEL, notify
from recoup.apps.lawful_requests.models import ClockStop, Doubt, Ticket, TicketNote
from recoup.apps.lawful_requests.request_law import law_now
from recoup.apps.members.models import Organisation
from recoup.apps.members.queries import on_duty
from recoup.data.requests import load_clocks

TASK: Final = "request_doubted"
TASK_HOME: Final = "request_doubted_home"
MINISTRY: Final = ["ministry_officer"]
HOME: Final = ["unit_head", "fiu_head", "supervisor", "duty_officer", "prosecutor"]
PAUSED_FROM: Final = 2  # desks that doubt a requester
GROUND: Final = "doubt"
WAITING: Final = ("sent", "acknowledged")


def is_paused(issuer_id: int) -> bool:
    """Whether two desks doubt the requests of an organisation; a doubt counts for some days."""
    with connection.cursor() as cursor:
        seconds = load_clocks().doubt.total_seconds()
        cursor.execute("select doubting_desks(%s, make_interval(secs => %s))", [issuer_id, seconds])
        return int(cursor.fetchone()[0]) >= PAUSED_FROM


def is_paused_for(ticket: Ticket) -> bool:
    """Whether doubt stands against answering a ticket: never against what discloses nothing."""
    return discloses(ticket.measure) and is_paused(ticket.issuer_id)


def discloses(measure: str) -> bool:
    """Whether a measure has data told; one that is not known any more counts as one that has."""
    form = law_now().forms.get(measure)
    return form is None or form.discloses


def undisclosing() -> list[str]:
    """The measures that have nothing told: no doubt stands against them."""
    return [measure for measure, form in law_now().forms.items() if not form.discloses]


def pause_and_go_on(*, at: datetime) -> None:
    """Stop the clocks of requesters who are doubted, let go on those of who is no more."""
    _tell(at=at)
    open_stops = ClockStop.objects.filter(kind="stop", ended_at=None)
    stopped = list(open_stops.filter(ground=GROUND))
    counting = Doubt.objects.filter(lifted_at=None, at__gt=at - load_clocks().doubt)
    doubted = counting.values_list("issuer_id", flat=True).distinct()
    paused = {issuer for issuer in doubted if is_paused(issuer)}
    if paused:
        _pause(paused, open_stops, at=at)
    over = [row for row in stopped if row.issuer_id not in paused]
    if over:
        _go_on(over, at=at)


def _pause(issuers: set[int], open_stops: QuerySet[ClockStop], *, at: datetime) -> None:
    waiting = Ticket.objects.filter(
        of__isnull=False, issuer_id__in=issuers, state__in=WAITING
    ).exclude(id__in=open_stops.values("ticket_id"))  # fmt: skip
    rows = [ticket for ticket in waiting if discloses(ticket.measure)]
    ClockStop.objects.bulk_create(_stop(ticket, GROUND, at=at) for ticket in rows)


def _go_on(over: list[ClockStop], *, at: datetime) -> None:
    """Let the clocks go on; where a question was asked meanwhile, they stand for its sake."""
    ClockStop.objects.filter(pk__in=[row.pk for row in over]).update(ended_at=at)
    tickets = Ticket.objects.filter(id__in=[row.ticket_id for row in over], state__in=WAITING)
    last: dict[object, bool] = {}
    notes = TicketNote.objects.filter(ticket__in=tickets, kind__in=["question", "reply"])
    for note in notes.order_by("at"):
        last[note.ticket_id] = note.kind == "question" and note.at > at - load_clocks().stop
    asked = [ticket for ticket in tickets if last.get(ticket.id)]
    ClockStop.objects.bulk_create(_stop(ticket, "question", at=at) for ticket in asked)


def _stop(ticket: Ticket, ground: str, *, at: datetime) -> ClockStop:
    return ClockStop(
        ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id, kind="stop",
        ground=ground, started_at=at, at=at,
    )  # fmt: skip


# Who is told


def _tell(*, at: datetime) -> None:
    """A task for the ministry and one for the unit that asked, once for each doubt.

    The unit is told that somebody doubts a request of one of its people, never who: the task names
    neither desk nor request. Not the author, but whoever leads the unit gets it.
    """
    doubts = Doubt.objects.filter(lifted_at=None, at__gt=at - load_clocks().doubt)
    told = Task.objects.filter(about=OuterRef("id"), kind=TASK_HOME, level=0)
    rows = doubts.filter(~Exists(told)).select_related("ticket__of__author", "addressee")
    new = list(rows)
    if not new:
        return
    ministries = list(Organisation.objects.filter(kind="ministry").order_by("id")[:1])
    tasks = [one for row in new for one in _tasks(row, ministries, at=at)]
    Task.objects.bulk_create(tasks, ignore_conflicts=True)
    notify({INBOX_CHANNEL: sorted({str(task.owner_id) for task in tasks})})


def _tasks(row: Doubt, ministries: list[Organisation], *, at: datetime) -> Iterator[Task]:
    asked = row.ticket.of
    author = asked.author if asked else None
    head = on_duty(row.issuer_id, roles=HOME, at=at, but={author.id} if author else ())
    yield Task(
        about=row.id, kind=TASK_HOME, owner_id=row.issuer_id, issuer_id=row.issuer_id,
        person_id=head.person_id if head else None, opened_at=at, due_at=at,
        values={"place": author.full_name if author else ""},
    )  # fmt: skip
    for ministry in ministries:
        officer = on_duty(ministry.id, roles=MINISTRY, at=at)
        yield Task(
            about=row.id, kind=TASK, owner_id=ministry.id, issuer_id=ministry.id,
            person_id=officer.person_id if officer else None, opened_at=at, due_at=at,
            values={"place": f"{row.addressee.name}, {row.ticket.reference}"},
        )  # fmt: skip
