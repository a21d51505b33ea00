"""Reads of who looked into whose case by break-glass, and of what is open now."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from recoup.apps.audit.models import AuditLeaf
from recoup.apps.cases.models import BreakGlass
from recoup.apps.members.models import Mandate
from recoup.apps.members.queries import valid_now
from recoup.core.access import Actor

HUB = "hub_officer"


def visible_to(actor: Actor) -> QuerySet[BreakGlass]:
    """Those of the own people, those into own cases, and all of them for the hub's desk."""
    rows = BreakGlass.objects.select_related("organisation", "owner", "person", "reviewed_by")
    if actor.role != HUB:
        rows = rows.filter(Q(organisation=actor.organisation_id) | Q(owner=actor.organisation_id))
    return rows.order_by("-opened_at", "id")


def open_of(actor: Actor, *, at: datetime) -> QuerySet[BreakGlass]:
    """What this very person has open at this moment."""
    return visible_to(actor).filter(
        person=actor.person_id, organisation=actor.organisation_id, ended_at=None, until__gt=at
    )


def to_review(actor: Actor, *, at: datetime) -> QuerySet[BreakGlass]:
    """What has ended and waits for the word of another person, the longest waiting first."""
    over = Q(until__lte=at) | Q(ended_at__isnull=False)
    rows = visible_to(actor).filter(over, reviewed_at=None).exclude(person=actor.person_id)
    if actor.role != HUB:
        rows = rows.filter(owner=actor.organisation_id)
    return rows.order_by("opened_at", "id")


def wrong_tries(actor: Actor, *, at: datetime) -> int:
    """How often this person named a reference that is not there, within a day; from the log."""
    rows = AuditLeaf.objects.filter(
        organisation_id=actor.organisation_id, recorded_at__gt=at - timedelta(days=1),
        stream__startswith="break_glass:",
    )  # fmt: skip
    mine, code = f'"person":"{actor.person_id}"'.encode(), b'"code":"no_such_case"'
    bodies = (bytes(body) for body in rows.values_list("body", flat=True))
    return sum(mine in body and code in body for body in bodies)


def hub_desk() -> int | None:
    """The organisation of the hub's desk."""
    rows = Mandate.objects.filter(valid_now(), role=HUB).order_by("valid_from", "id")
    return rows.values_list("organisation_id", flat=True).first()


def head_of(organisation_id: int, *, but: UUID) -> UUID | None:
    """Who leads an organisation's desk; never the person whom it is about."""
    with connection.cursor() as cursor:
        cursor.execute("select glass_head(%s, %s)", [organisation_id, but])
        found: UUID | None = cursor.fetchone()[0]
        return found
