"""Pages of the checklist: where the organisation stands, what is behind a figure, declaring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from recoup.apps.guidelines import operations, queries
from recoup.apps.guidelines.checklist import Checklist, Line, checklist_of, lines_of
from recoup.apps.guidelines.emergencies import emergencies_of, looks_of
from recoup.apps.guidelines.export import as_csv
from recoup.apps.guidelines.figures import SHOWN_AT_MOST, rows_behind
from recoup.apps.guidelines.forms import DeclareForm
from recoup.apps.guidelines.wording import LEVELS, SIDES, row_words, written
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.core.guidelines import DONE, Control, Level, Progress, State, sides_of
from recoup.data.guidelines import load_guidelines

Request = Any
VIEWS: Final = {
    "": (gettext_lazy("All"), frozenset(State)),
    "open": (gettext_lazy("Open"), frozenset(State) - frozenset(DONE)),
    "proved": (gettext_lazy("Proved by Recoup"), frozenset({State.PROVED})),
    "declared": (gettext_lazy("Declared"), frozenset({State.DECLARED})),
}
EARLIER_SHOWN: Final = 20


@require_GET
@allowed("guidelines:see")
def page(request: Request) -> HttpResponse:
    """The checklist of the actor's organisation, counted now."""
    found = checklist_of(request.actor, at=request.at)
    view = _view(request)
    groups = [
        {
            "side": SIDES[side], "anchor": side.value,
            "bar": _bar(found.by_side[side]),
            "rows": [written(line) for line in _shown(found, view) if line.control.side is side],
        }
        for side in found.by_side
    ]  # fmt: skip
    counting = found.guidelines.counting
    since = request.at - timedelta(days=counting.days)
    context = {
        "guidelines": found.guidelines, "title": gettext(found.guidelines.title),
        "whole": _bar(found.whole), "groups": groups, "at": found.at, "days": counting.days,
        "months": counting.review_after_months,
        "newest": counting.newest, "newest_read": counting.newest_read,
        "others": [(c.control, gettext(c.text)) for c in found.other_side],
        "filters": _filters(view, found), "view": view, "since": since,
        "emergencies": emergencies_of(request.actor, since=since),
        "looks": looks_of(request.actor, since=since),
    }  # fmt: skip
    return render(request, "guidelines/page.html", context)


@require_GET
@allowed("guidelines:see")
def export(request: Request) -> HttpResponse:
    """The same lines as a file."""
    found = checklist_of(request.actor, at=request.at)
    response = HttpResponse(
        as_csv(_shown(found, _view(request))), content_type="text/csv; charset=utf-8"
    )
    day = timezone.localdate(request.at).isoformat()
    response["Content-Disposition"] = f'attachment; filename="guidelines-{day}.csv"'
    return response


@require_GET
@allowed("guidelines:see")
def rows(request: Request) -> HttpResponse:
    """What a figure counted and found wanting."""
    control = _control(request, request.GET)
    if control is None or control.measured is None:
        return _choose(request)
    line = lines_of(request.actor, (control,), at=request.at)[0]
    counting = load_guidelines().counting
    found = rows_behind(request.actor, control, counting=counting, at=request.at)
    context = {
        "line": written(line), "has_more": len(found) > SHOWN_AT_MOST,
        "rows": [(*row_words(row), row.at, row.ticket) for row in found[:SHOWN_AT_MOST]],
    }  # fmt: skip
    return render(request, "guidelines/rows.html", context)


@require_http_methods(["GET", "POST"])
@allowed("guidelines:declare")
def declare(request: Request) -> HttpResponse:
    """Declare how far the organisation is with one control."""
    control = _control(request, request.POST if request.method == "POST" else request.GET)
    if control is None:
        return _choose(request)
    form = DeclareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.declare(
                control=control, new=form.declaration(), by=request.actor, at=request.at
            )
        except operations.DeclarationRefused as refused:
            form.refuse(refused.problems)
        else:
            messages.success(
                request, gettext("Declared: %(control)s.") % {"control": control.control}
            )
            return redirect(f"{reverse('guidelines')}#{control.control}")
    return _declare_page(request, control, form)


def _declare_page(request: Request, control: Control, form: DeclareForm) -> HttpResponse:
    line = lines_of(request.actor, (control,), at=request.at)[0]
    earlier = [
        (LEVELS[Level(row.level)], row)
        for row in queries.declarations_of(request.actor, control.control)[:EARLIER_SHOWN]
    ]
    context = {"line": written(line), "form": form, "earlier": earlier}
    status = 422 if form.errors else 200
    return render(request, "guidelines/declare.html", context, status=status)


def _control(request: Request, told: Any) -> Control | None:
    """The control that is named, if it binds the actor's organisation."""
    found = load_guidelines().control(told.get("control", ""))
    binds = found is not None and found.side in sides_of(request.actor.organisation_kind)
    return found if binds else None


def _choose(request: Request) -> HttpResponse:
    problem = gettext("No control of your checklist is named so. Choose one from the list.")
    return errors.page(request, 422, "422.html", problem=problem)


def _view(request: Request) -> str:
    view = request.GET.get("state", "")
    return view if view in VIEWS else ""


def _shown(found: Checklist, view: str) -> list[Line]:
    states = VIEWS[view][1]
    return [line for line in found.lines if line.standing.state in states]


def _filters(view: str, found: Checklist) -> list[dict[str, Any]]:
    return [
        {
            "url": reverse("guidelines") + (f"?state={name}" if name else ""), "label": label,
            "is_current": name == view, "count": len(_shown(found, name)),
        }
        for name, (label, _) in VIEWS.items()
    ]  # fmt: skip


def _bar(progress: Progress) -> dict[str, Any]:
    """The three parts of a bar that is 1000 wide; the last takes what rounding leaves."""
    proved = progress.proved * 1000 // progress.total if progress.total else 0
    declared = progress.declared * 1000 // progress.total if progress.total else 0
    return {
        "progress": progress,
        "parts": [
            ("held", 0, proved), ("returned", proved, declared),
            ("unknown", proved + declared, 1000 - proved - declared),
        ],
    }  # fmt: skip
