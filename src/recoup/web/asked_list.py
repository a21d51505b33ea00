"""The list of what an addressee is asked: what is due first, take next, and what is done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.lawful_requests import asked_queries, operations, queries, request_queries
from recoup.apps.lawful_requests.models import ClockStop, Ticket
from recoup.apps.lawful_requests.operations import MoveRefused, TakenByAnother
from recoup.apps.lawful_requests.queue import taken_by
from recoup.apps.lawful_requests.views import Leafed
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.apps.sought import Sought, searchable
from recoup.core.access import Actor
from recoup.core.text import NotReadable, read_search
from recoup.web.asked_clock import derivation
from recoup.web.asked_words import identifier_words, measure_words

SHOWN_AT_MOST: Final = 40
ROWS_A_PAGE: Final = 50
DUE_SOON: Final = timedelta(days=1)


@require_GET
@allowed("asked:desk")
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits here, what is due first."""
    return _inbox(request, "asked/inbox.html")


@require_GET
@allowed("asked:desk")
def live(request: HttpRequest) -> HttpResponse:
    """The part of it that is fetched again when something has changed."""
    return _inbox(request, "asked/_list.html")


def _inbox(request: HttpRequest, template: str) -> HttpResponse:
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    figures = asked_queries.counts(actor, today=today, soon=at + DUE_SOON)
    to_lift = list(request_queries.to_lift(actor)[:SHOWN_AT_MOST])
    rows = rows_waiting(list(request_queries.inbox(actor)[:SHOWN_AT_MOST]), actor, at=at)
    return render(
        request, template,
        {"figures": figures, "rows": rows, "more_count": max(0, figures.open - len(rows)),
         "to_lift": [(one, measure_words(one.measure)) for one in to_lift]},
    )  # fmt: skip


def rows_waiting(tickets: list[Ticket], actor: Actor, *, at: datetime) -> list[dict[str, Any]]:
    """Tickets for the list, in the order in which their clocks end."""
    ids = [ticket.id for ticket in tickets]
    due = request_queries.answers_due(ids, at=at)
    stops = asked_queries.stops_by_ticket(ids)
    rows = [
        _row(ticket, due.get(ticket.id), actor, at=at, stops=stops.get(ticket.id, []))
        for ticket in tickets
    ]
    return sorted(rows, key=lambda row: (row["is_stopped"], row["due_at"]))


def _row(
    ticket: Ticket, due_at: datetime | None, actor: Actor, *, at: datetime, stops: list[ClockStop]
) -> dict[str, Any]:
    body = queries.body_of(ticket)
    acknowledge_by = datetime.fromisoformat(body["clocks"]["acknowledge_by"])
    is_new = ticket.state == "sent"
    answer_by = due_at or ticket.due_at
    name = taken_by(ticket, at=at)
    clock = "acknowledge" if is_new and acknowledge_by <= answer_by else "answer"
    return {
        "id": ticket.id, "reference": ticket.reference, "name": _name(ticket, body),
        "asked": [identifier_words(one) for one in body["identifiers"][:2]],
        "more": max(0, len(body["identifiers"]) - 2), "from": body["issued_by"]["organisation"],
        "danger": body["danger"], "state": ticket.state, "sent_at": ticket.sent_at,
        "due_at": acknowledge_by if clock == "acknowledge" else answer_by, "is_new": is_new,
        "how": derivation(body, clock, stops=stops),
        "is_stopped": any(one.kind == "stop" and one.ended_at is None for one in stops),
        "taken_by": name,
        "is_mine": name is not None and ticket.taken_by_id == actor.person_id,
    }  # fmt: skip


def _name(ticket: Ticket, body: dict[str, Any]) -> str:
    return measure_words(ticket.measure, body["name"])


@allowed("asked:desk")
@searchable()
def done(request: HttpRequest) -> HttpResponse:
    """What was answered or has ended, the newest first; or what is about one thing."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    asked: Sought = request.sought  # type: ignore[attr-defined]
    problem, sought = "", ""
    try:
        sought = read_search(asked.words, field="q")
    except NotReadable as wrong:
        problem = reason(wrong)
    rows = asked_queries.about(actor, sought) if sought else request_queries.done(actor)
    page = Leafed(rows.none() if problem else rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"q": asked, "sought": sought, "problem": problem, "page": page,
               "rows": rows_done(page)}  # fmt: skip
    return render(request, "asked/done.html", context, status=422 if problem else 200)


def rows_done(tickets: Iterable[Ticket]) -> list[dict[str, Any]]:
    """Tickets with the answer that counts, for a table."""
    found = list(tickets)
    answers = queries.last_answers([ticket.id for ticket in found])
    return [
        {
            "id": ticket.id, "reference": ticket.reference, "name": measure_words(ticket.measure),
            "ident": ticket.account_ident, "state": ticket.state, "from": ticket.issuer.name,
            "code": answer.code if (answer := answers.get(ticket.id)) else "",
            "sent_at": ticket.sent_at, "answered_at": answer.received_at if answer else None,
        }
        for ticket in found
    ]  # fmt: skip


# Taking and giving back


@require_POST
@allowed("asked:answer")
def take_next(request: HttpRequest) -> HttpResponse:
    """Lock what is due first and nobody has, and open it; what waits for a reply is passed over."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = asked_queries.to_take(actor)
    ticket = operations.take_next(by=actor, at=request.at, rows=rows)  # type: ignore[attr-defined]
    if ticket is None:
        messages.info(request, _("Nothing is free to take: all that is open is with a colleague."))
        return redirect("asked")
    return redirect("asked-one", asked_id=ticket.id)


def asked_or_404(request: HttpRequest, asked_id: UUID) -> Ticket:
    """The ticket, if it was sent to the reader's organisation; the same 404 for any other."""
    found = asked_queries.found(request.actor, asked_id)  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found


@require_POST
@allowed("asked:answer")
def take(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Accept it: acknowledged, and locked for ten minutes."""
    return _taken(request, asked_id, stands_in=False)


@require_POST
@allowed("asked:stand_in")
def stand_in(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Take it over from a colleague who has it and cannot go on."""
    return _taken(request, asked_id, stands_in=True)


def _taken(request: HttpRequest, asked_id: UUID, *, stands_in: bool) -> HttpResponse:
    found = asked_or_404(request, asked_id)
    by, at = request.actor, request.at  # type: ignore[attr-defined]
    try:
        operations.take(ticket=found, by=by, at=at, stands_in=stands_in)
    except (TakenByAnother, MoveRefused) as refusal:
        return errors.page(request, 409, "409.html", problem=reason(refusal))
    return redirect("asked-one", asked_id=found.id)


@require_POST
@allowed("asked:answer")
def release(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Give it back to the list."""
    found = asked_or_404(request, asked_id)
    try:
        operations.release(ticket=found, by=request.actor, at=request.at)  # type: ignore[attr-defined]
    except TakenByAnother as refusal:
        return errors.page(request, 409, "409.html", problem=reason(refusal))
    messages.success(request, _("It is back in the list."))
    return redirect("asked")
