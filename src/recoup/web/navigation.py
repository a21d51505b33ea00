"""The desks' main navigation: what the actor's role may open, with what waits there."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from recoup.apps.cases.queries import tasks_of
from recoup.apps.lawful_requests.queries import WAITING, addressed_to
from recoup.core.access import Actor
from recoup.data.policy import load_policy

# URL name, act, label.
PLACES: Final = (
    ("desk", "desk:see", _("My desk")),
    ("cases", "case:see", _("Cases")),
    ("reports-to-adopt", "case:adopt", _("Reports to adopt")),
    ("tasks", "task:see", _("Tasks")),
    ("directory", "directory:see", _("Directory")),
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
    counted, count = _waiting(actor) if places else ("", 0)
    return [
        {
            "url": url, "label": label, "is_due": name == counted,
            "is_current": request.path == url or request.path.startswith(f"{url}/"),
            "count": count if name == counted else None,
        }
        for name, url, label in places
    ]  # fmt: skip


def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def _waiting(actor: Actor) -> tuple[str, int]:
    """What waits for this desk, counted to a limit in one query: open tickets, or open tasks."""
    if load_policy().may(actor, "ticket:take"):
        waiting = addressed_to(actor).filter(state__in=WAITING)
        return "desk", waiting[:MOST_COUNTED].count()
    return "tasks", tasks_of(actor)[:MOST_COUNTED].count()
