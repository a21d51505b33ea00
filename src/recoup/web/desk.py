"""Everybody's home at ``/desk``: an institution's queue, or what an authority's desk sees."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from recoup.apps.cases import queries as all_cases
from recoup.apps.lawful_requests import asked_queries
from recoup.apps.lawful_requests import queries as requests
from recoup.apps.lawful_requests.queue import SHOWN_AT_MOST
from recoup.apps.lawful_requests.views import queue
from recoup.apps.members.allowed import allowed
from recoup.core.access import Actor
from recoup.web import cases

# Whose work is deciding on requests: their desk is the list of what waits for them.
DECIDING = frozenset({"unit_head", "fiu_head", "judge", "minister"})
INSTITUTIONS = frozenset({"bank", "payment", "vasp", "isp", "foreign_bank"})
# Nobody asks these to hold money: their desk is the list of what they are asked.
WITHOUT_MONEY = frozenset({"isp", "telecom", "hosting", "platform", "registrar", "registry"})


@require_GET
@allowed("desk:see")
def home(request: HttpRequest) -> HttpResponse:
    """The page that opens after sign-in."""
    if request.actor.organisation_kind in WITHOUT_MONEY:  # type: ignore[attr-defined]
        return redirect("asked")
    if request.actor.organisation_kind in INSTITUTIONS:  # type: ignore[attr-defined]
        return queue(request)
    if request.actor.role in DECIDING:  # type: ignore[attr-defined]
        return redirect("decisions")
    if request.actor.role == "ministry_officer":  # type: ignore[attr-defined]
        return redirect("law-drafts")
    if request.actor.role == "hub_officer":  # type: ignore[attr-defined]
        return redirect("people")
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
    if actor.organisation_kind in INSTITUTIONS | WITHOUT_MONEY:
        parts = ("id", "state", "taken_by_id")
        rows = list(requests.queue_of(actor).values_list(*parts)[:SHOWN_AT_MOST])
        rows += asked_queries.waiting_of(actor).values_list(*parts)[:SHOWN_AT_MOST]
    else:
        rows = list(all_cases.newest(actor).values_list("id", "version")[:SHOWN_AT_MOST])
    state = crc32(repr([tuple(map(str, row)) for row in rows]).encode())
    response = HttpResponse(str(state), content_type="text/plain; charset=utf-8")
    response["X-Recoup-Organisation"] = str(actor.organisation_id)
    return response


@require_GET
@allowed("desk:see")
def events(request: HttpRequest) -> HttpResponse:
    """Served by the waiting layer; here only where that layer is missing."""
    return HttpResponse("retry: 5000\n\n", content_type="text/event-stream; charset=utf-8")
