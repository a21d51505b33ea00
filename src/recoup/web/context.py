"""What every page's template gets: the actor, what it may do, and whether this is the demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from recoup.data.policy import load_policy
from recoup.web.navigation import navigation
from recoup.web.sign_ins import demo_logins
from recoup.web.templatetags.recoup_ui import babel_locale


class May:
    """``{% if may.case_adopt %}``: whether the actor may do ``case:adopt``."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def __getitem__(self, name: str) -> bool:
        act = name.replace("_", ":", 1)
        policy = load_policy()
        return act in policy.acts and policy.may(self._actor, act)


def hub_name() -> str:
    """The country of this hub in the reader's language."""
    country = babel_locale().territories.get(settings.COUNTRY, settings.COUNTRY)
    return gettext("%(country)s (demo)") % {"country": country} if settings.IS_DEMO else country


def everywhere(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "may": May(actor) if actor else {},
        "hub": {"name": hub_name()},
        "nav": SimpleLazyObject(lambda: navigation(request, actor)),
        "is_demo": settings.IS_DEMO,
        "demo_logins": SimpleLazyObject(demo_logins),
        "languages": settings.LANGUAGES,
        "now": getattr(request, "at", None),
    }
