"""The page of who is on duty: who is called now, the list, and to note, hand over or call off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.lawful_requests import duty_operations
from recoup.apps.lawful_requests.duty_operations import DutyRefused
from recoup.apps.members import duty_queries
from recoup.apps.members.allowed import allowed
from recoup.apps.members.duty_queries import HEAD, ON_CALL, STAND_IN
from recoup.apps.said import reason
from recoup.core.access import Actor
from recoup.data.policy import load_policy

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
FIELDS: Final = ("person", "since", "until", "rank", "instead_of")
RANKS: Final = {
    "0": gettext_lazy("called first"),
    "1": gettext_lazy("called second"),
    "2": gettext_lazy("called third"),
}
RUNGS: Final[Mapping[str, str | Promise]] = {
    ON_CALL: gettext_lazy("on call"),
    STAND_IN: gettext_lazy("stands in"),
    HEAD: gettext_lazy("the head"),
}


class Wrong(Exception):
    """What was typed is no duty. problems: by field."""

    def __init__(self, **problems: str) -> None:
        self.problems = problems
        super().__init__(str(problems))


def called_now(actor: Actor, *, at: datetime) -> list[dict[str, Any]]:
    """Who would be called at this moment, in the order of the ladder. Two statements."""
    desk = duty_queries.desk_of(actor.organisation_id, since=at)
    names = {str(row.person_id): row.person.full_name for row in desk.mandates}
    roles = load_policy().roles_for("request:decide")
    found = duty_queries.on_call(desk, roles=roles, since=at, until=at + duty_queries.LONGEST)
    told: list[dict[str, Any]] = []
    for rung, label in RUNGS.items():
        people = [one for one in found if one.role == rung and one.since <= at < one.until]
        people.sort(key=lambda one: (one.rank, one.person))
        told.append({"rung": label, "people": [names.get(one.person, "") for one in people]})
    return told


@require_GET
@allowed("duty:see")
def index(request: Request) -> HttpResponse:
    """Who is called now, and the list."""
    return _page(request)


@require_POST
@allowed("duty:change")
def note(request: Request) -> HttpResponse:
    """Put somebody on the list, or in another's place."""
    try:
        given = _given(request)
        duty_operations.note_duty(**given, by=request.actor, at=request.at)
    except Wrong as wrong:
        return _page(request, problems=wrong.problems, status=422)
    except DutyRefused as refusal:
        return _page(request, problems={refusal.field or "person": reason(refusal)}, status=422)
    return HttpResponseRedirect(reverse("duties"))


@require_POST
@allowed("duty:change")
def change(request: Request, duty_id: UUID) -> HttpResponse:
    """Hand a duty over, or call it off."""
    actor, at = request.actor, request.at
    if not duty_queries.duties_ever(actor.organisation_id).filter(pk=duty_id).exists():
        raise Http404
    try:
        if request.POST.get("act") == "call_off":
            duty_operations.call_off(duty_id=duty_id, by=actor, at=at)
        else:
            to = _uuid(request, "to")
            duty_operations.hand_over(duty_id=duty_id, to=to, by=actor, at=at)
    except (Wrong, DutyRefused) as refusal:
        said = refusal.problems["to"] if isinstance(refusal, Wrong) else reason(refusal)
        return _page(request, trouble={"id": duty_id, "said": said}, status=422)
    return HttpResponseRedirect(reverse("duties"))


def _page(
    request: Request, *, problems: Mapping[str, str] | None = None,
    trouble: dict[str, Any] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    actor, at = request.actor, request.at
    rows = list(duty_queries.duties_of(actor.organisation_id, at=at))
    people = duty_queries.people_of(actor.organisation_id, at=at)
    context = {
        "now": called_now(actor, at=at), "rows": rows, "at": at, "ranks": RANKS.items(),
        "people": [(str(row.id), row.person.full_name, row.role) for row in people],
        "typed": {name: request.POST.get(name, "")[:60] for name in FIELDS} if problems else {},
        "problems": problems or {}, "trouble": trouble or {},
    }  # fmt: skip
    return render(request, "decisions/duties.html", context, status=status)


def _given(request: Request) -> dict[str, Any]:
    """What was typed, read; raises Wrong with all that is wrong."""
    given: dict[str, Any] = {}
    problems: dict[str, str] = {}
    readers = {"mandate_id": ("person", _uuid), "since": ("since", _moment),
               "until": ("until", _moment)}  # fmt: skip
    for name, (field, read) in readers.items():
        try:
            given[name] = read(request, field)
        except Wrong as wrong:
            problems |= wrong.problems
    if request.POST.get("instead_of"):
        try:
            given["instead_of"] = _uuid(request, "instead_of")
        except Wrong as wrong:
            problems |= wrong.problems
    rank = request.POST.get("rank", "0")
    given["rank"] = int(rank) if rank in RANKS else 0
    if problems:
        raise Wrong(**problems)
    return given


def _uuid(request: Request, field: str) -> UUID:
    try:
        return UUID(request.POST.get(field, ""))
    except ValueError:
        raise Wrong(**{field: gettext("Choose a person.")}) from None


def _moment(request: Request, field: str) -> datetime:
    text = request.POST.get(field, "").strip()
    try:
        return timezone.make_aware(datetime.fromisoformat(text).replace(tzinfo=None))
    except ValueError:
        said = gettext("“%(typed)s” is no moment. Write it like 2026-11-22T23:40.")
        raise Wrong(**{field: said % {"typed": text[:40]}}) from None
