"""Reads of declarations: the last of each control, and the earlier ones of one control."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from recoup.apps.guidelines.models import Declaration
from recoup.core.access import Actor
from recoup.core.guidelines import Declared, Level


def visible_to(actor: Actor) -> QuerySet[Declaration]:
    """What the actor's own organisation declared; the policy beneath says the same."""
    return Declaration.objects.filter(organisation_id=actor.organisation_id)


def last_declarations(actor: Actor) -> dict[str, Declaration]:
    """The declaration that counts for each control of which there is one."""
    rows = (
        visible_to(actor)
        .order_by("control", "-declared_at", "-id")
        .distinct("control")
        .select_related("person")
    )
    return {row.control: row for row in rows}


def declarations_of(actor: Actor, control: str) -> QuerySet[Declaration]:
    """All that was ever declared of a control, the last first."""
    rows = visible_to(actor).filter(control=control).select_related("person")
    return rows.order_by("-declared_at", "-id")


def as_declared(row: Declaration) -> Declared:
    """A row as core judges it; the day is a local one."""
    return Declared(
        Level(row.level), timezone.localdate(row.declared_at), row.dated, row.reviewed_on
    )
