"""The page of the log: its newest checkpoint, witnesses, whom we witness, the override by two."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import foreign_queries, override_operations, queries
from recoup.apps.audit.override_operations import OverrideRefused
from recoup.apps.cases import glass_queries
from recoup.apps.members.allowed import allowed
from recoup.apps.members.models import Person
from recoup.apps.said import reason
from recoup.core.access import Actor
from recoup.data.policy import load_limits, load_policy

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
KNOWN_FOR_SECONDS: Final = 10.0
GLASSES: Final = 20  # looks by break-glass that are listed
_known: dict[str, tuple[float, bool]] = {}


@require_GET
@allowed("log:see")
def index(request: Request) -> HttpResponse:
    """How far the log is signed and witnessed, and what waits for a second person."""
    return _page(request)


@require_POST
@allowed("log:ask_override")
def ask(request: Request) -> HttpResponse:
    """Ask a colleague to let coercive acts leave without a fresh checkpoint."""
    ground = request.POST.get("ground", "")
    try:
        override_operations.ask(ground=ground, by=request.actor, at=request.at)
    except OverrideRefused as refusal:
        return _page(request, trouble=reason(refusal), typed=ground, status=422)
    return HttpResponseRedirect(reverse("log"))


@require_POST
@allowed("log:confirm_override")
def confirm(request: Request) -> HttpResponse:
    """Confirm what a colleague asked."""
    try:
        wanted = UUID(request.POST.get("override", ""))
    except ValueError:
        wanted = UUID(int=0)
    try:
        override_operations.confirm(override_id=wanted, by=request.actor, at=request.at)
    except OverrideRefused as refusal:
        return _page(request, trouble=reason(refusal), status=422)
    return HttpResponseRedirect(reverse("log"))


def _page(request: Request, *, trouble: str = "", typed: str = "", status: int = 200
          ) -> HttpResponse:  # fmt: skip
    actor, at = request.actor, request.at
    fresh = queries.freshness()
    asked = list(override_operations.waiting(actor, at=at))
    running = override_operations.running(actor, at=at)
    people = {row.asked_by for row in asked} | {row.asked_by for row in running}
    people |= {row.confirmed_by for row in running if row.confirmed_by}
    names: dict[UUID | None, str] = {
        row.id: row.full_name for row in Person.objects.filter(id__in=people)
    }
    context = {
        "newest": queries.newest(), "glasses": glass_queries.visible_to(actor)[:GLASSES],
        "fresh": fresh, "is_late": fresh.is_late(at),
        "is_stopped": fresh.is_too_old(at), "witnesses": queries.standings(),
        "witnessed_logs": foreign_queries.witnessed_logs(),
        "signer_trouble": queries.signer_trouble(), "hours": settings.CHECKPOINT_MAX_HOURS,
        "override_hours": load_limits().override_hours, "trouble": trouble, "typed": typed,
        "asked": [(row, names.get(row.asked_by, ""), row.asked_by == actor.person_id)
                  for row in asked],
        "running": [(row, *(names.get(who, "") for who in (row.asked_by, row.confirmed_by)))
                    for row in running],
    }  # fmt: skip
    return render(request, "desk/log.html", context, status=status)


def are_sends_stopped(actor: Actor | None, at: datetime | None) -> bool:
    """Whether a banner has to say so on every page of a desk that can do something about it.

    Asked once in some seconds by the whole process.
    """
    if actor is None or at is None or not load_policy().may(actor, "log:ask_override"):
        return False
    if not settings.WITNESSES:
        return False
    asked_at, was = _known.get(settings.WITNESSES, (0.0, False))
    if time.monotonic() - asked_at > KNOWN_FOR_SECONDS:
        was = queries.freshness().is_too_old(at)
        _known[settings.WITNESSES] = (time.monotonic(), was)
    return was


urlpatterns = [
    path("log", index, name="log"),
    path("log/override", ask, name="log-override"),
    path("log/override/confirm", confirm, name="log-override-confirm"),
]
