"""What every page's template gets: the actor, what it may do, and whether this is the demo."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from recoup.data import load_pack
from recoup.data.policy import load_policy
from recoup.web.glass import open_now
from recoup.web.log_page import are_sends_stopped
from recoup.web.navigation import navigation
from recoup.web.sign_ins import demo_logins
from recoup.web.templatetags.recoup_ui import babel_locale


class May:
    """``{% if may.case_adopt %}``: whether the actor may do ``case:adopt``."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def __getitem__(self, name: str) -> bool:
        act = _acts().get(name, "")
        return bool(act) and load_policy().may(self._actor, act)


@cache
def _acts() -> dict[str, str]:
    """The acts of the policy table by the names that templates write: ``case_adopt``."""
    return {act.replace(":", "_"): act for act in load_policy().acts}


def country_note() -> str:
    """What stands wherever the name of this hub's country does; empty for most."""
    return load_pack(settings.COUNTRY).note


def country_name() -> str:
    """The country of this hub in the reader's language, with the mark of its note."""
    country: str = babel_locale().territories.get(settings.COUNTRY, settings.COUNTRY)
    return f"{country}*" if country_note() else country


def hub_name() -> str:
    """The country of this hub in the reader's language."""
    country = country_name()
    return gettext("%(country)s (demo)") % {"country": country} if settings.IS_DEMO else country


def everywhere(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "may": May(actor) if actor else {},
        "hub": {"name": hub_name(), "country": country_name(), "note": country_note()},
        "nav": SimpleLazyObject(lambda: navigation(request, actor)),
        "is_demo": settings.IS_DEMO,
        "provider_name": settings.OIDC.name if settings.OIDC else "",
        "demo_logins": SimpleLazyObject(demo_logins),
        "languages": settings.LANGUAGES,
        "now": getattr(request, "at", None),
        "glasses": SimpleLazyObject(lambda: open_now(request)),
        "sends_stopped": SimpleLazyObject(
            lambda: are_sends_stopped(actor, getattr(request, "at", None))
        ),
    }
