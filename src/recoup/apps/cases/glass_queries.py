"""Reads of who looked into whose case by break-glass, and of what is open now."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from recoup.apps.audit.models import AuditLeaf
from recoup.apps.cases.models import BreakGlass
from recoup.apps.members.models import Mandate, Organisation
from recoup.apps.members.queries import valid_now
from recoup.core.access import Actor

HUB = "hub_officer"


def visible_to(actor: Actor) -> QuerySet[BreakGlass]:
    """Those of the own people, those into own cases, and all of them for the hub's desk.

    A prosecutor's office sees those of the police that it directs, while they are open.
    """
    rows = BreakGlass.objects.select_related(
        "organisation", "owner", "person", "reviewed_by", "joined_by", "joined_for"
    )
    if actor.role != HUB:
        own = actor.organisation_id
        of_own = Q(organisation=own) | Q(owner=own) | Q(joined_for=own)
        rows = rows.filter(of_own | Q(pk__in=_directed(actor)))
    return rows.order_by("-opened_at", "id")


def _directed(actor: Actor) -> QuerySet[BreakGlass]:
    """What is open of the police, for the prosecutor's office of the same country."""
    rows = BreakGlass.objects.filter(
        organisation__kind="police", ended_at=None, until__gt=Now(),
        organisation__country__in=Organisation.objects.filter(
            pk=actor.organisation_id, kind="prosecutor"
        ).values("country"),
    )  # fmt: skip
    return rows if actor.organisation_kind == "prosecutor" else rows.none()


def to_join(actor: Actor, *, at: datetime) -> QuerySet[BreakGlass]:
    """What others opened, alone so far, that this person's office may join."""
    rows = visible_to(actor).filter(ended_at=None, until__gt=at, joined_by=None)
    own = Q(organisation=actor.organisation_id) | Q(pk__in=_directed(actor))
    return rows.filter(own).exclude(person=actor.person_id)


def open_of(actor: Actor, *, at: datetime) -> QuerySet[BreakGlass]:
    """What this very person has open at this moment, or has joined."""
    mine = Q(person=actor.person_id, organisation=actor.organisation_id) | Q(
        joined_by=actor.person_id, joined_for=actor.organisation_id
    )
    return visible_to(actor).filter(mine, ended_at=None, until__gt=at)


def to_review(actor: Actor, *, at: datetime) -> QuerySet[BreakGlass]:
    """What has ended and waits for the word of who took no part, the longest waiting first."""
    over = Q(until__lte=at) | Q(ended_at__isnull=False)
    rows = visible_to(actor).filter(over, reviewed_at=None).exclude(person=actor.person_id)
    rows = rows.filter(Q(joined_by=None) | ~Q(joined_by=actor.person_id))
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


def head_apart(glass: BreakGlass, organisation_id: int) -> UUID | None:
    """Who leads an organisation's desk and took no part in a look."""
    with connection.cursor() as cursor:
        cursor.execute("select glass_apart(%s, %s)", [glass.pk, organisation_id])
        found: UUID | None = cursor.fetchone()[0]
        return found
