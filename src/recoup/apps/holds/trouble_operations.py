"""Notes what could not be done; after some tries it is parked and a named person gets a task.

Nothing is lost by parking: the report or answer stays, the clock has not fired; it is tried again
when the task is done (its row here is deleted) or by hand.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from recoup.apps.cases.models import Task
from recoup.apps.holds.models import PlanTrouble
from recoup.apps.members import queries as members
from recoup.apps.members.scope import database_time

TRIES = 3
LOOK_WITHIN = timedelta(minutes=15)
ON_DUTY = ["duty_officer", "officer", "unit_head"]
PLANNING, CLOCK = "planning_failed", "clock_failed"


def parked() -> list[UUID]:
    """What planning and clocks leave alone until a person has looked."""
    return list(PlanTrouble.objects.filter(parked_at__isnull=False).values_list("about", flat=True))


def release_settled() -> None:
    """Try again what a person has looked at: its task is done."""
    settled = Task.objects.filter(kind__in=[PLANNING, CLOCK], done_at__isnull=False)
    PlanTrouble.objects.filter(parked_at__isnull=False, about__in=settled.values("about")).delete()


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
        unit = members.competent_unit()
        named = members.on_duty(unit.id, roles=ON_DUTY, at=at)
        Task.objects.update_or_create(
            about=about, kind=kind, level=0,
            defaults={
                "case_id": case_id, "owner": unit, "issuer": unit,
                "person_id": named.person_id if named else None, "opened_at": at,
                "due_at": at + LOOK_WITHIN, "done_at": None,
                "values": {"trouble": trouble[:200], **values},
            },
        )  # fmt: skip
    row.save()
