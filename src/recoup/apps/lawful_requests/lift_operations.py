"""What an addressee kept, froze or watched is lifted again, and it says when.

The effect of a measure ends by itself when the longest time of the law is over, and when its order
is withdrawn, lapses or is not confirmed. Who has acted then gets a task, the page and the API ask
for the moment of the release, and named persons are called until it comes. Nothing is prolonged by
silence, and nothing is taken for released by silence either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Task
from recoup.apps.jobs import INBOX_CHANNEL, notify
from recoup.apps.lawful_requests import request_queries
from recoup.apps.lawful_requests.models import Answer, Deadline, Ticket
from recoup.apps.lawful_requests.refusals import RequestRefused, told
from recoup.apps.rows import insert_rows
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.data.requests import load_clocks

# Answers by which something was kept, stopped or watched.
ACTING: Final = ("preserved", "part_preserved", "held", "part_held", "monitoring_begun")
ENDED: Final = "ended"  # by the law's own time; else in which way its order ended
TASK: Final = "release"


def acted_on(ticket_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these tickets on which the addressee acted, in part answers too; one statement."""
    rows = Answer.objects.filter(
        ticket_id__in=list(ticket_ids), code__in=ACTING, replaced_by__isnull=True
    )
    return set(rows.values_list("ticket_id", flat=True))


def mark(ticket: Ticket, ground: str, *, at: datetime) -> tuple[Task, Deadline]:
    """That it has to be lifted: the addressee's task and its clock. The caller stores all three."""
    ticket.lift_at, ticket.lift_ground = at, ground
    task = Task(
        about=ticket.id, kind=TASK, level=0, owner_id=ticket.addressee_id,
        issuer_id=ticket.issuer_id, opened_at=at, due_at=at,
        values={"ticket": ticket.reference, "measure": ticket.measure, "ground": ground},
    )  # fmt: skip
    clock = Deadline(
        ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id, kind=TASK,
        due_at=at + load_clocks().release,
    )  # fmt: skip
    return task, clock


def order(tickets: Sequence[Ticket], ground: str, *, by: Actor, at: datetime) -> int:
    """Have lifted what was done under an order that ended; returns of how many tickets.

    Of an order that made another longer nothing is lifted: what it moved goes back.
    """
    own = [one for one in tickets if one.lift_at is None and one.extends_id is None]
    acted = acted_on(ticket.id for ticket in own)
    found = [ticket for ticket in own if ticket.id in acted]
    made = [mark(ticket, ground, at=at) for ticket in found]
    Ticket.objects.filter(id__in=[t.id for t in found]).update(lift_at=at, lift_ground=ground)
    Task.objects.bulk_create((task for task, _ in made), ignore_conflicts=True)
    insert_rows([clock for _, clock in made])
    audit.record_all(
        (Act("ticket:lift_ordered", f"ticket:{t.id}", {"ground": ground}) for t in found),
        by=by, at=at,
    )  # fmt: skip
    notify({INBOX_CHANNEL: [str(ticket.addressee_id) for ticket in found]})
    return len(found)


@told("asked:release")
def release(*, ticket_id: UUID, released_at: datetime, note: str = "", by: Actor, at: datetime
            ) -> Ticket:  # fmt: skip
    """The addressee's word that what was done is lifted, and since when; said once."""
    rows = request_queries.asked_of(by).select_for_update(of=("self",), no_key=True)
    ticket = rows.filter(pk=ticket_id).first()
    if ticket is None:
        raise RequestRefused("no_such_ticket", Said("There is no such ticket, or it is not yours."))
    if ticket.lift_at is None or ticket.released_at is not None:
        raise RequestRefused("not_now", Said("Nothing waits to be lifted here."))
    earliest = ticket.sent_at or ticket.lift_at
    if not earliest <= released_at <= at:
        raise RequestRefused(
            "not_then",
            Said("It was lifted after it was asked for, and not later than now."),
            field="released_at",
        )
    ticket.released_at, ticket.released_by_id = released_at, by.named_person
    ticket.released_note = note.strip()[:400]
    ticket.version += 1
    ticket.save(update_fields=["released_at", "released_by", "released_note", "version"])
    mine = Task.objects.filter(about=ticket.id, owner_id=by.organisation_id, done_at=None)
    mine.filter(kind__in=[TASK, f"{TASK}_overdue"]).update(done_at=at)
    audit.record(
        what="ticket:released", about=f"ticket:{ticket.id}", by=by, at=at,
        released_at=released_at.isoformat(), ground=ticket.lift_ground,
    )  # fmt: skip
    notify({INBOX_CHANNEL: [str(ticket.issuer_id)]})
    return ticket


def told_of(ticket: Ticket) -> dict[str, Any] | None:
    """The lift of a ticket as the API tells it; None where there is none."""
    if ticket.lift_at is None:
        return None
    released = ticket.released_at
    return {
        "since": ticket.lift_at.isoformat(), "ground": ticket.lift_ground,
        "released_at": released.isoformat() if released else None,
    }  # fmt: skip
