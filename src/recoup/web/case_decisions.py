"""The prosecutor's decisions on a case: how they are taken on its page, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case, CaseEvent, Task
from recoup.apps.holds import decision_operations as decisions
from recoup.apps.holds.operations import NotPossible
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.core.access import Actor
from recoup.core.text import NotReadable, read_note
from recoup.data import load_pack
from recoup.web.templatetags.recoup_ui import law_words

NAMES: Final = {
    decisions.HANDED_OVER: gettext_lazy("handed over to the prosecutor"),
    decisions.TAKEN_OVER: gettext_lazy("taken over by the prosecutor"),
    decisions.ORDER_APPLIED_FOR: gettext_lazy("order applied for"),
    decisions.NOT_TAKEN_OVER: gettext_lazy("not taken over by the prosecutor"),
}
TONES: Final = {decisions.TAKEN_OVER: "good", decisions.NOT_TAKEN_OVER: "bad"}
NEXT: Final = {
    decisions.HANDED_OVER: gettext_lazy("prosecutor decides"),
    decisions.TAKEN_OVER: gettext_lazy("prosecutor applies for the order"),
    decisions.ORDER_APPLIED_FOR: gettext_lazy("the order has to come before the hold ends"),
    decisions.NOT_TAKEN_OVER: gettext_lazy("hand over anew, or let the hold end"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """The last thing that happened between police and prosecutor.

    applied_on, order: the day on which an order was applied for, and its name in the country pack.
    said: a note, or the reason.
    """

    what: str
    at: datetime
    who: str
    applied_on: str = ""
    order: str = ""
    said: str = ""

    @property
    def name(self) -> str:
        return str(NAMES[self.what])

    @property
    def tone(self) -> str:
        return TONES.get(self.what, "info")

    @property
    def next_act(self) -> str:
        return str(NEXT[self.what])


def last_step(happened: Iterable[CaseEvent]) -> Step | None:
    """The last of these steps in events that come newest first."""
    return next((_step(event) for event in happened if event.what in decisions.STEPS), None)


def _step(event: CaseEvent) -> Step:
    values = event.values
    said = values.get("ground") or values.get("note") or ""
    return Step(
        event.what, event.at, event.who, values.get("applied_on", ""), values.get("order", ""), said
    )


def last_steps(case_ids: list[UUID]) -> dict[UUID, Step]:
    """The last step of each case of a list that has one."""
    rows = cases.events_of(case_ids).filter(what__in=decisions.STEPS)
    return {event.case_id: _step(event) for event in reversed(rows)}


def orders(country: str) -> list[dict[str, str]]:
    """The binding steps for which a prosecutor applies, as the country pack names them."""
    steps = load_pack(country).next_steps
    return [
        {"id": step.step, "name": law_words(step.name)}
        for step in steps
        if step.requested_by == "prosecutor"
    ]


def waits_for(actor: Actor, tasks: Iterable[Task]) -> bool:
    """Whether the actor's office has a decision to take among these tasks of a case."""
    return any(
        t.kind == "decide_hold" and t.owner_id == actor.organisation_id and t.done_at is None
        for t in tasks
    )


@require_POST
@allowed("case:decide")
def decide(request: Any, case_id: UUID) -> HttpResponse:
    """Take one decision; which one stands in ``decision``."""
    found = get_object_or_404(cases.visible_to(request.actor), pk=case_id)
    try:
        _decide(found, request)
    except NotReadable as problem:
        return errors.page(request, 422, "422.html", problem=reason(problem))
    except NotPossible as problem:
        return errors.page(request, 409, "409.html", problem=reason(problem))
    return HttpResponseRedirect(reverse("case", args=[found.id]))


def _decide(found: Case, request: Any) -> None:
    asked = request.POST.get("decision", "")
    said = read_note(request.POST.get("note", ""), field="note")
    act: dict[str, Any] = {"case": found, "by": request.actor, "at": request.at}
    if asked == decisions.TAKEN_OVER:
        decisions.take_over(note=said, **act)
    elif asked == decisions.ORDER_APPLIED_FOR:
        decisions.apply_for_order(
            on=_day(request.POST.get("applied_on", "")), order=_order(found, request), note=said,
            **act,
        )  # fmt: skip
    elif asked == decisions.NOT_TAKEN_OVER:
        if not said:
            raise NotReadable(
                "note", "", gettext("The reason is missing."), gettext("Write one sentence.")
            )
        decisions.leave_to_police(ground=said, **act)
    else:
        raise NotReadable(
            "decision", asked[:40], gettext("This is no decision."), gettext("Choose one of three.")
        )


def _order(found: Case, request: Any) -> str:
    """The name in the pack of what was applied for."""
    asked = request.POST.get("order", "")
    for step in load_pack(found.owner.country).next_steps:
        if step.step == asked and step.requested_by == "prosecutor":
            return step.name
    raise NotReadable(
        "order", asked[:40], gettext("This is no order that a prosecutor applies for."),
        gettext("Choose one of the list."),
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotReadable(
            "applied_on", text[:40], gettext("This is not a day."),
            gettext("Write the day of the application, like 2026-11-21."),
        ) from None  # fmt: skip
