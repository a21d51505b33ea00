"""Notes what could not be planned; after some tries it is parked and a person gets a task.

Nothing is lost by parking: the report or answer stays, and planning it is tried again when the task
is done (its row here is deleted) or by hand.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from recoup.apps.cases.models import Task
from recoup.apps.holds.models import PlanTrouble
from recoup.apps.members.queries import competent_unit
from recoup.apps.members.scope import database_time

TRIES = 3
LOOK_WITHIN = timedelta(minutes=15)


def parked() -> list[UUID]:
    """What planning leaves alone until a person has looked."""
    return list(PlanTrouble.objects.filter(parked_at__isnull=False).values_list("about", flat=True))


def release_settled() -> None:
    """Try again what a person has looked at: its task is done."""
    settled = Task.objects.filter(kind="planning_failed", done_at__isnull=False).values("about")
    PlanTrouble.objects.filter(parked_at__isnull=False, about__in=settled).delete()


@transaction.atomic
def note(about: UUID, *, case_id: UUID | None, trouble: str) -> None:
    """One more failed try; at the third a task opens and the thing is parked."""
    at = database_time()
    row, _ = PlanTrouble.objects.get_or_create(
        about=about, defaults={"trouble": trouble[:400], "last_at": at}
    )
    row.tries += 1
    row.trouble, row.last_at = trouble[:400], at
    if row.tries >= TRIES and row.parked_at is None:
        row.parked_at = at
        unit = competent_unit()
        Task.objects.update_or_create(
            about=about, kind="planning_failed", level=0,
            defaults={
                "case_id": case_id, "owner": unit, "issuer": unit, "opened_at": at,
                "due_at": at + LOOK_WITHIN,
                "done_at": None, "values": {"trouble": trouble[:200]},
            },
        )  # fmt: skip
    row.save()
