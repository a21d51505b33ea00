"""Pages of break-glass: ask for it, join it, look into the one case, end it, review it afterwards.

The step-up before an opening and a joining is the policy table's. What is shown of the case is read
through the open glass alone: row-level security shows it in that block, and refuses every write
there. What two may write, a function of the database writes, outside of that block.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.cases import glass_operations, glass_queries
from recoup.apps.cases import queries as cases
from recoup.apps.cases.glass_operations import GlassRefused
from recoup.apps.cases.models import BreakGlass, Case
from recoup.apps.holds import queries as holds
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.core.access import Actor
from recoup.data.policy import load_glass, load_policy
from recoup.web import case_page
from recoup.web.case_trail import trace

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
UNTIL: Final = "glass_until"  # in the session: until when pages ask what is open
SHOWN: Final = 50
MINUTES: Final = (15, 30, 60)
TYPED: Final = ("reference", "danger", "ground", "minutes")
DANGERS: Final = {
    "life": gettext_lazy("somebody’s life"),
    "health": gettext_lazy("somebody’s health or freedom"),
    "child": gettext_lazy("a child"),
    "flight": gettext_lazy("the evidence, or the money, before anybody can be asked"),
}


@require_GET
@allowed("break_glass:see")
def index(request: Request) -> HttpResponse:
    """What is open, what waits for a review, what was before; and the form that asks for it."""
    return _page(request)


@require_POST
@allowed("break_glass:open")
def open_one(request: Request) -> HttpResponse:
    """Open one case for a short time. The step-up was shown before this is reached."""
    typed = {name: request.POST.get(name, "")[:2_001] for name in TYPED}
    minutes = int(typed["minutes"]) if typed["minutes"] in map(str, MINUTES) else 0
    try:
        made = glass_operations.open_glass(
            reference=typed["reference"], danger=typed["danger"], ground=typed["ground"],
            minutes=minutes, by=request.actor, at=request.at,
        )  # fmt: skip
    except GlassRefused as refusal:
        problems = {refusal.field or "said": reason(refusal)}
        return _page(request, problems=problems, typed=typed, status=422)
    return _to_look(request, made)


def _to_look(request: Request, glass: BreakGlass) -> HttpResponse:
    request.session[UNTIL] = max(request.session.get(UNTIL, ""), glass.until.isoformat())
    return HttpResponseRedirect(reverse("glass-look", args=[glass.pk]))


@require_POST
@allowed("break_glass:join")
def join(request: Request, glass_id: UUID) -> HttpResponse:
    """Join as the second person, by a step-up of one's own."""
    _glass(request, glass_id)
    try:
        found = glass_operations.join(glass_id=glass_id, by=request.actor, at=request.at)
    except GlassRefused as refusal:
        return _page(request, problems={"said": reason(refusal)}, status=409)
    return _to_look(request, found)


@require_POST
@allowed("break_glass:act")
def act(request: Request, glass_id: UUID) -> HttpResponse:
    """Write into the case as one of two."""
    _glass(request, glass_id)
    what, note = request.POST.get("act", ""), request.POST.get("note", "")[:2_001]
    try:
        glass_operations.act(
            glass_id=glass_id, what=what, note=note, by=request.actor, at=request.at
        )
    except GlassRefused as refusal:
        return _looked(request, glass_id, problem=reason(refusal), note=note, status=422)
    messages.success(request, gettext("It is written, and whose case it is has a task."))
    return HttpResponseRedirect(reverse("glass-look", args=[glass_id]))


@require_GET
@allowed("break_glass:look")
def look(request: Request, glass_id: UUID) -> HttpResponse:
    """The one case, to be read; each look is a line of the log."""
    return _looked(request, glass_id)


def _looked(
    request: Request, glass_id: UUID, *, problem: str = "", note: str = "", status: int = 200
) -> HttpResponse:
    glass = _glass(request, glass_id)
    if not glass_queries.open_of(request.actor, at=request.at).filter(pk=glass.pk).exists():
        return _over(request)
    try:
        with glass_operations.through(glass, by=request.actor, at=request.at) as case:
            context = {"glass": glass, "problem": problem, "note": note}
            return render(
                request, "glass/look.html", context | _shown(case, request.at), status=status
            )
    except Case.DoesNotExist:
        return _over(request)


@require_POST
@allowed("break_glass:end")
def end(request: Request, glass_id: UUID) -> HttpResponse:
    """End it before its time."""
    _glass(request, glass_id)
    try:
        glass_operations.end(glass_id=glass_id, by=request.actor, at=request.at)
    except GlassRefused as refusal:
        return _page(request, problems={"said": reason(refusal)}, status=409)
    messages.success(request, gettext("It is closed."))
    return HttpResponseRedirect(reverse("glass"))


@require_POST
@allowed("break_glass:review")
def review(request: Request, glass_id: UUID) -> HttpResponse:
    """Say whether it was right: another person, afterwards."""
    _glass(request, glass_id)
    verdict, note = request.POST.get("verdict", ""), request.POST.get("note", "")[:2_001]
    try:
        if verdict not in ("justified", "unjustified"):
            raise GlassRefused("verdict", glass_operations.CHOOSE)
        glass_operations.review(
            glass_id=glass_id, is_justified=verdict == "justified", note=note, by=request.actor,
            at=request.at,
        )  # fmt: skip
    except GlassRefused as refusal:
        again = {"note": note, "glass": glass_id}
        return _page(request, problems={"review": reason(refusal)}, typed=again, status=422)
    messages.success(request, gettext("The review is recorded."))
    return HttpResponseRedirect(reverse("glass"))


def _glass(request: Request, glass_id: UUID) -> BreakGlass:
    return get_object_or_404(glass_queries.visible_to(request.actor), pk=glass_id)


def _over(request: Request) -> HttpResponse:
    told = gettext("Its time is over, or a colleague opened it: look under your own name.")
    return errors.page(request, 409, "409.html", problem=told)


def _shown(case: Case, at: datetime) -> dict[str, Any]:
    """What of the case is read: who was robbed, of what, where it went, and what happened."""
    claims = holds.claims_of(case.id)
    parts = case_page.Parts(case, claims, [], {}, [], {})
    return {
        "case": case_page.head(parts, at=at), "reports": [case_page.report(case)],
        "sums_list": case_page.sums_list(case, {}),
        "trace": trace(holds.trail_of(case.id), {}),
        "events": case_page.events(cases.newest_events(case.id), parts),
    }  # fmt: skip


def _page(
    request: Request, *, problems: Mapping[str, str] | None = None,
    typed: Mapping[str, Any] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    actor, at, policy = request.actor, request.at, load_policy()
    rows = glass_queries.visible_to(actor)
    mine = [row.pk for row in glass_queries.open_of(actor, at=at)]
    context = {
        "mine": rows.filter(pk__in=mine),
        "others": rows.filter(ended_at=None, until__gt=at).exclude(pk__in=mine),
        "joinable": set(glass_queries.to_join(actor, at=at).values_list("pk", flat=True))
        if policy.may(actor, "break_glass:join") else set(),
        "waiting": glass_queries.to_review(actor, at=at)[:SHOWN],
        "before": rows.filter(reviewed_at__isnull=False)[:SHOWN],
        "dangers": DANGERS, "minutes": MINUTES, "rules": load_glass(), "problems": problems or {},
        "typed": typed or {}, "may_open": policy.may(actor, "break_glass:open"),
        "may_review": policy.may(actor, "break_glass:review"),
    }  # fmt: skip
    return render(request, "glass/glass.html", context, status=status)


def open_now(request: Any) -> list[BreakGlass]:
    """What stands in the banner of every page, for whoever opened something in this session."""
    actor: Actor | None = getattr(request, "actor", None)
    at: datetime | None = getattr(request, "at", None)
    if actor is None or at is None or actor.person_id is None:
        return []
    if request.session.get(UNTIL, "") <= at.isoformat():
        return []
    return list(glass_queries.open_of(actor, at=at))


urlpatterns = [
    path("break-glass", index, name="glass"),
    path("break-glass/open", open_one, name="glass-open"),
    path("break-glass/<uuid:glass_id>", look, name="glass-look"),
    path("break-glass/<uuid:glass_id>/join", join, name="glass-join"),
    path("break-glass/<uuid:glass_id>/act", act, name="glass-act"),
    path("break-glass/<uuid:glass_id>/end", end, name="glass-end"),
    path("break-glass/<uuid:glass_id>/review", review, name="glass-review"),
]
