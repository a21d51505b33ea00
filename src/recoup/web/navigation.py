"""The desks' main navigation: what the actor's role may open, with what waits there."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from recoup.apps.cases.queries import count_tasks
from recoup.apps.lawful_requests.queries import count_waiting
from recoup.core.access import Actor
from recoup.data.policy import load_policy

# URL name, act, label.
PLACES: Final = (
    ("desk", "desk:see", _("My desk")),
    ("asked", "asked:desk", _("Asked of us")),
    ("cases", "case:see", _("Cases")),
    ("decisions", "request:decide", _("Decisions")),
    ("reports-to-adopt", "case:adopt", _("Reports to adopt")),
    ("requests", "request:draft", _("Requests")),
    ("tasks", "task:see", _("Tasks")),
    ("directory", "directory:see", _("Directory")),
    ("people", "member:see", _("People")),
    ("guidelines", "guidelines:see", _("Guidelines")),
    ("law", "law:see", _("Law")),
)
MOST_COUNTED: Final = 100


def navigation(request: HttpRequest, actor: Actor | None) -> list[dict[str, Any]]:
    """The entries for a desk; none, and no query, for visitors."""
    if actor is None or actor.is_public:
        return []
    places = [
        (name, url, label)
        for name, act, label in PLACES
        if load_policy().may(actor, act) and (url := _address(name))
    ]
    counts = _waiting(actor) if places else {}
    return [
        {
            "url": url, "label": label, "is_due": name in counts,
            "is_current": request.path == url or request.path.startswith(f"{url}/"),
            "count": counts.get(name),
        }
        for name, url, label in places
    ]  # fmt: skip


@cache
def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def _waiting(actor: Actor) -> dict[str, int]:
    """What waits for this desk, counted to a limit in one statement: tickets, or open tasks."""
    if load_policy().may(actor, "ticket:take"):
        holds, asked = count_waiting(actor, most=MOST_COUNTED)
        return {"desk": holds, "asked": asked}
    return {"tasks": count_tasks(actor, most=MOST_COUNTED)}
