"""Lets an organisation's coercive acts leave although no witness has a fresh checkpoint.

One person asks with a ground, another natural person confirms; both acts are lines of the trail,
and so is every try that was refused. What was confirmed ends by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from recoup.apps.audit import operations as audit
from recoup.apps.audit.models import AuditOverride
from recoup.apps.audit.session_operations import take_stream
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.data.policy import load_limits

LONGEST_GROUND = 2_000


class OverrideRefused(Exception):
    """It cannot be asked or confirmed so. code: for machines and the trail."""

    def __init__(self, code: str, said: Said) -> None:
        self.code, self.said = code, said
        super().__init__(said)


def ask(*, ground: str, by: Actor, at: datetime) -> AuditOverride:
    """Ask a colleague to let coercive acts leave, with a ground; raises OverrideRefused."""
    ground = ground.strip()
    if not ground or len(ground) > LONGEST_GROUND:
        raise _refused(
            "ground_missing", Said("Say in a few words why this cannot wait."), by=by, at=at
        )
    made = AuditOverride.objects.create(
        organisation_id=by.organisation_id, ground=ground, asked_by=by.named_person, asked_at=at
    )
    _tell("log:override_asked", made, by=by, at=at, ground=ground)
    return made


def confirm(*, override_id: UUID, by: Actor, at: datetime) -> AuditOverride:
    """Confirm what a colleague asked; from now on, for some hours. Raises OverrideRefused."""
    found = waiting(by, at=at, lock=True).filter(pk=override_id).first()
    if found is None:
        raise _refused(
            "not_there", Said("This does not wait any more. Look at the page again."), by=by, at=at
        )
    if found.asked_by == by.named_person:
        raise _refused(
            "same_person", Said("Who asked does not confirm. Another person has to."), by=by, at=at,
            about=found,
        )  # fmt: skip
    found.confirmed_by, found.confirmed_at = by.named_person, at
    found.until = at + timedelta(hours=load_limits().override_hours)
    found.save(update_fields=["confirmed_by", "confirmed_at", "until"])
    _tell(
        "log:override_confirmed", found, by=by, at=at, asked_by=found.asked_by,
        until=found.until.isoformat(),
    )  # fmt: skip
    return found


def waiting(by: Actor, *, at: datetime, lock: bool = False) -> QuerySet[AuditOverride]:
    """What was asked in the actor's organisation and can still be confirmed."""
    rows = AuditOverride.objects.select_for_update() if lock else AuditOverride.objects.all()
    since = at - timedelta(minutes=load_limits().override_confirm_minutes)
    return rows.filter(
        organisation_id=by.organisation_id, confirmed_at=None, asked_at__gt=since
    ).order_by("asked_at")


def running(by: Actor, *, at: datetime) -> list[AuditOverride]:
    """What lets the actor's organisation send at this moment."""
    rows = AuditOverride.objects.filter(organisation_id=by.organisation_id, until__gt=at)
    return list(rows.order_by("until"))


def overridden(*, at: datetime) -> list[int]:
    """The organisations whose coercive acts leave all the same, at this moment."""
    rows = AuditOverride.objects.filter(confirmed_at__lte=at, until__gt=at)
    return list(rows.values_list("organisation_id", flat=True).distinct())


def _tell(what: str, about: AuditOverride, *, by: Actor, at: datetime, **facts: Any) -> None:
    audit.record(what=what, about=f"override:{about.id}", by=by, at=at, **facts)


def _refused(
    code: str, said: Said, *, by: Actor, at: datetime, about: AuditOverride | None = None
) -> OverrideRefused:
    """The refusal, whose line is written; the caller's transaction commits."""
    stream = f"override:{about.id}" if about else f"organisation:{by.organisation_id}"
    take_stream(stream)
    audit.record(what="log:override_refused", about=stream, by=by, at=at, code=code)
    return OverrideRefused(code, said)
