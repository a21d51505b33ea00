"""Lists of requests: the officer's own, what waits, what was sent, answered or has ended.

A page is read by key and not by offset: three statements, however many requests there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from recoup.apps.cases.models import Case
from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.apps.lawful_requests.request_queries import requests_in_case, requests_of
from recoup.apps.members.allowed import allowed
from recoup.apps.sought import Sought, searchable
from recoup.core.access import Actor
from recoup.core.authorisation import DUTIES, OrderState
from recoup.core.law import Limit, Unit
from recoup.data import load_measures
from recoup.data.requests import load_clocks
from recoup.web import request_needs
from recoup.web.names import organisation_name

_ = gettext_lazy
PAGE: Final = 50
VIEWS: Final = {
    "mine": _("Mine"), "waiting": _("Waiting for a decision"),
    "sent": pgettext_lazy("requests", "Sent"),
    "answered": pgettext_lazy("requests", "Answered"), "ended": pgettext_lazy("requests", "Ended"),
    "all": _("All"),
}  # fmt: skip
STATES: Final = {
    "drafted": (_("draft"), "info"), "submitted": (_("waits for a decision"), "wait"),
    "asked": (_("a question waits"), "wait"), "authorised": (_("authorised"), "good"),
    "refused": (pgettext_lazy("a ticket", "refused"), "bad"),
    "withdrawn": (pgettext_lazy("a ticket", "withdrawn"), "info"),
    "lapsed": (pgettext_lazy("a ticket", "lapsed"), "bad"),
    "closed": (pgettext_lazy("a ticket", "closed"), "good"),
}  # fmt: skip


@allowed("request:draft")
@searchable("view", "measure")
def index(request: HttpRequest) -> HttpResponse:
    """One page of the organisation's requests, what changed last first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return render(request, "requests/list.html", page(actor, request.GET, request.sought))  # type: ignore[attr-defined]


def page(actor: Actor, asked: Mapping[str, str], sought: Sought) -> dict[str, Any]:
    view = asked.get("view", "mine")
    view = view if view in VIEWS else "mine"
    measure, query = asked.get("measure", "")[:32], sought.words.upper()[:40]
    rows = requests_of(actor).select_related("case").defer("content")
    if query:
        view = "all"
        cases = Case.objects.filter(reference=query).values_list("id", flat=True)
        rows = rows.filter(Q(reference=query) | Q(case_id__in=list(cases)))
    rows = _in_view(rows, view, actor)
    if measure in load_measures():
        rows = rows.filter(measure=measure)
    if before := _moment(asked.get("before", "")):
        rows = rows.filter(changed_at__lt=before)
    found = list(rows[: PAGE + 1])
    kept = {"view": view, "measure": measure}
    oldest = found[PAGE - 1].changed_at.isoformat() if len(found) > PAGE else ""
    return {
        "rows": rows_shown(found[:PAGE]), "view": view, "query": query, "measure": measure,
        "filters": [
            {"url": "?" + urlencode({"view": word, "measure": measure}), "label": label,
             "is_current": word == view and not query}
            for word, label in VIEWS.items()
        ],
        "measures": sorted((gettext(m.name), word) for word, m in load_measures().items()),
        "next_url": sought.address(**kept, before=oldest) if oldest else "",
        "previous_url": sought.address(**kept) if asked.get("before") else "",
    }  # fmt: skip


def _in_view(rows: QuerySet[Request], view: str, actor: Actor) -> QuerySet[Request]:
    answered = Ticket.objects.filter(of=OuterRef("pk"), state__in=["answered", "refused"])
    going = Q(state="authorised", ended_at=None, closed_at=None)
    match view:
        case "mine":
            return rows.filter(author_id=actor.person_id)
        case "waiting":
            return rows.filter(state__in=["submitted", "asked"])
        case "sent":
            return rows.filter(going)
        case "answered":
            return rows.filter(Exists(answered), going)
        case "ended":
            return rows.filter(Q(ended_at__isnull=False) | Q(closed_at__isnull=False))
        case _:
            return rows


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def of_case(actor: Actor, case_id: UUID) -> list[dict[str, Any]]:
    """The requests of a case that the actor's organisation made; two statements."""
    return rows_shown(requests_in_case(actor.organisation_id, case_id))


def rows_shown(found: Sequence[Request]) -> list[dict[str, Any]]:
    """Rows as the tables show them, with how many targets have answered."""
    if not found:
        return []
    counts = {
        row["of_id"]: row
        for row in Ticket.objects.filter(of_id__in=[one.id for one in found])
        .values("of_id")
        .annotate(n=Count("id"), answered=Count("id", filter=Q(answered_at__isnull=False)))
    }
    return [_row(one, counts.get(one.id)) for one in found]


def _row(one: Request, count: Mapping[str, Any] | None) -> dict[str, Any]:
    state = shown_state(one)
    label, tone = STATES[state]
    return {
        "id": one.id, "reference": one.reference, "measure_name": measure_name(one.measure),
        "author": one.author.full_name, "state": state, "state_label": label, "tone": tone,
        "changed_at": one.changed_at, "due_at": due(one), "how": derivation(one),
        "owner": owner(one, is_answered=count is not None and count["n"] == count["answered"]),
        "since": one.submitted_at or one.drafted_at, "is_danger": bool(one.danger),
        "targets": count["n"] if count else 0, "answered": count["answered"] if count else 0,
    }  # fmt: skip


def measure_name(measure: str) -> str:
    known = load_measures().get(measure)
    return gettext(known.name) if known else measure


def shown_state(one: Request) -> str:
    return "closed" if one.closed_at and one.state == "authorised" else one.state


def owner(one: Request, *, is_answered: bool = False) -> str:
    """Who must act now, in words; nobody where it has ended. is_answered: every target has."""
    if one.closed_at or one.ended_at:
        return ""
    who = DUTIES[OrderState(one.state)].owner
    if who == "author":
        return one.author.full_name
    if one.state == "authorised" and not (one.written_by or one.confirm_by):
        if is_answered:
            return one.author.full_name
        return gettext("the addressees") if one.opened_at else gettext("the hub: it sends")
    return organisation_name(one.authority.name) if one.authority else ""


def due(one: Request) -> datetime | None:
    """The clock of its state; none once it has ended or only the tickets' clocks run."""
    if one.closed_at or one.ended_at:
        return None
    if one.state == "authorised":
        return min(filter(None, (one.written_by, one.confirm_by)), default=None)
    return one.due_at


def derivation(one: Request) -> str:
    """How the clock of the request's state was reckoned, in one line."""
    clocks = load_clocks()
    decide = clocks.decide_in_danger if one.danger else clocks.decide
    known = {
        "drafted": (gettext("drafted"), timedelta(days=clocks.submit.count)),
        "submitted": (gettext("submitted"), decide),
        "asked": (gettext("asked"), timedelta(days=clocks.reply.count)),
    }
    if one.state not in known:
        return ""
    what, span = known[one.state]
    begun = one.due_at - span if one.state == "submitted" else localtime(one.due_at) - span
    return gettext("%(what)s %(begun)s; %(span)s; due %(due)s") % {
        "what": what, "begun": when(begun), "span": span_words(span),
        "due": when(one.due_at),
    }  # fmt: skip


def span_words(span: timedelta) -> str:
    """A span of the hub's own rules: whole days, hours or minutes; no law sets it."""
    for unit, size in ((Unit.DAYS, timedelta(days=1)), (Unit.HOURS, timedelta(hours=1))):
        if span % size == timedelta(0) and span > size:
            return request_needs.limit_shown(Limit(span // size, unit, planned=True))
    minutes = Limit(span // timedelta(minutes=1), Unit.MINUTES, planned=True)
    return request_needs.limit_shown(minutes)


def when(at: datetime) -> str:
    """A moment as plain text, for a line that is a tooltip as well."""
    return date_format(localtime(at), "D j M Y H:i")
