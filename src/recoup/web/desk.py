"""Everybody's home at ``/desk``: an institution's queue, or what an authority's desk sees."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from recoup.apps.lawful_requests.views import queue
from recoup.apps.members.allowed import allowed
from recoup.web import cases

INSTITUTIONS = frozenset({"bank", "payment", "vasp", "isp", "foreign_bank"})


@require_GET
@allowed("desk:see")
def home(request: HttpRequest) -> HttpResponse:
    """The page that opens after sign-in."""
    if request.actor.organisation_kind in INSTITUTIONS:  # type: ignore[attr-defined]
        return queue(request)
    return cases.police_home(request)


@require_GET
@allowed("desk:see")
def live(request: HttpRequest) -> HttpResponse:
    """The part of it that is fetched again when something has changed."""
    if request.actor.organisation_kind in INSTITUTIONS:  # type: ignore[attr-defined]
        return queue(request, template="desk/_queue.html")
    return cases.police_live(request)
