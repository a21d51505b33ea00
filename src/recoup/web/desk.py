"""Everybody's home at ``/desk``: an institution's queue, or what an authority's desk sees."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from recoup.apps.cases import queries as all_cases
from recoup.apps.lawful_requests import queries as requests
from recoup.apps.lawful_requests.queue import SHOWN_AT_MOST
from recoup.apps.lawful_requests.views import queue
from recoup.apps.members.allowed import allowed
from recoup.core.access import Actor
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


@require_GET
@allowed("desk:see")
def version(request: HttpRequest) -> HttpResponse:
    """What the event stream compares: changes whenever what the desk shows first did."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows: list[tuple[Any, ...]]
    if actor.organisation_kind in INSTITUTIONS:
        waiting = requests.queue_of(actor).values_list("id", "state", "taken_by_id")
        rows = list(waiting[:SHOWN_AT_MOST])
    else:
        rows = list(all_cases.newest(actor).values_list("id", "version")[:SHOWN_AT_MOST])
    state = crc32(repr([tuple(map(str, row)) for row in rows]).encode())
    response = HttpResponse(str(state), content_type="text/plain")
    response["X-Recoup-Organisation"] = str(actor.organisation_id)
    return response


@require_GET
@allowed("desk:see")
def events(request: HttpRequest) -> HttpResponse:
    """Served by the waiting layer; here only where that layer is missing."""
    return HttpResponse("retry: 5000\n\n", content_type="text/event-stream")
