"""What every page's template gets: the actor, what it may do, and whether this is the demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from recoup.data.policy import load_policy


class May:
    """``{% if may.case_adopt %}``: whether the actor may do ``case:adopt``."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def __getitem__(self, name: str) -> bool:
        act = name.replace("_", ":", 1)
        policy = load_policy()
        return act in policy.acts and policy.may(self._actor, act)


def everywhere(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "may": May(actor) if actor else {},
        "is_demo": settings.IS_DEMO,
        "languages": settings.LANGUAGES,
        "now": getattr(request, "at", None),
    }
