"""The way back from a page that refuses: to what it was about, by its reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import template
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from recoup.apps.cases import queries as cases
from recoup.apps.lawful_requests import queries as requests
from recoup.core.access import Actor
from recoup.data.policy import load_policy

register = template.Library()


@dataclass(frozen=True, slots=True)
class Way:
    """A link to a case, a ticket or a task. reference: which one, as people say it."""

    url: str
    words: str
    reference: str = ""


@register.simple_tag
def way_back(request: HttpRequest | None) -> Way | None:
    """What an address was about, if its reader may see that; else None."""
    match = getattr(request, "resolver_match", None)
    actor: Actor | None = getattr(request, "actor", None)
    if match is None or actor is None or actor.is_public or connection.needs_rollback:
        return None
    about: dict[str, Any] = match.kwargs
    if "case_id" in about:
        return _case(actor, about["case_id"])
    if "ticket_id" in about:
        return _ticket(actor, about["ticket_id"])
    if "task_id" in about and load_policy().may(actor, "task:see"):
        return Way(reverse("tasks"), gettext("Tasks"))
    return None


def _case(actor: Actor, case_id: UUID) -> Way | None:
    found = cases.visible_to(actor).filter(pk=case_id).values_list("reference", flat=True).first()
    if not found or not load_policy().may(actor, "case:see"):
        return None
    return Way(reverse("case", args=[case_id]), gettext("Case"), found)


def _ticket(actor: Actor, ticket_id: UUID) -> Way | None:
    rows = requests.visible_to(actor).filter(pk=ticket_id).values_list("reference", flat=True)
    found = rows.first()
    if not found or not load_policy().may(actor, "ticket:see"):
        return None
    return Way(reverse("ticket", args=[ticket_id]), gettext("Ticket"), found)
