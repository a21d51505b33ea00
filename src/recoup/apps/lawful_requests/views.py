"""Pages of the addressee's desk: the queue, taking and giving back, what was answered, search."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from recoup.apps.lawful_requests import operations, queries
from recoup.apps.lawful_requests.forms import read_sought
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.operations import MoveRefused, TakenByAnother
from recoup.apps.lawful_requests.queue import queue_page, rows_done
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.apps.sought import Sought, searchable

ROWS_A_PAGE = 50
LEAFED_TO = 10_000


class Leafed(Paginator):
    """Pages of a long list. Nobody leafs through more; who seeks older tickets searches."""

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Ticket], self.object_list)
        return rows.order_by()[:LEAFED_TO].count()


def queue(request: HttpRequest, *, template: str = "desk/bank_home.html") -> HttpResponse:
    """The institution's home. Its address is the desk's, which is everybody's."""
    return render(request, template, queue_page(request.actor, at=request.at))  # type: ignore[attr-defined]


@require_POST
@allowed("ticket:take")
def take_next(request: HttpRequest) -> HttpResponse:
    """Lock the most urgent free ticket and open it."""
    ticket = operations.take_next(by=request.actor, at=request.at)  # type: ignore[attr-defined]
    if ticket is None:
        messages.info(request, _("Nothing is free to take: every open ticket is with a colleague."))
        return redirect("desk")
    return redirect("ticket", ticket_id=ticket.id)


@require_POST
@allowed("ticket:take")
def take(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    ticket = get_object_or_404(queries.addressed_to(actor), pk=ticket_id)
    try:
        operations.take(ticket=ticket, by=actor, at=request.at)  # type: ignore[attr-defined]
    except (TakenByAnother, MoveRefused) as refusal:
        return render(request, "409.html", {"problem": reason(refusal)}, status=409)
    return redirect("ticket", ticket_id=ticket.id)


@require_POST
@allowed("ticket:take")
def release(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    ticket = get_object_or_404(queries.addressed_to(actor), pk=ticket_id)
    try:
        operations.release(ticket=ticket, by=actor, at=request.at)  # type: ignore[attr-defined]
    except TakenByAnother as refusal:
        return render(request, "409.html", {"problem": reason(refusal)}, status=409)
    messages.success(request, _("The ticket is back in the queue."))
    return redirect("desk")


@allowed("ticket:take")
@searchable()
def done(request: HttpRequest) -> HttpResponse:
    """Tickets that were answered or have ended, or all about one account."""
    actor = request.actor  # type: ignore[attr-defined]
    asked: Sought = request.sought  # type: ignore[attr-defined]
    sought = read_sought(asked.words)
    if sought.ident or sought.reference:
        tickets = queries.about(actor, ident=sought.ident, reference=sought.reference)
    elif sought.problem:
        tickets = queries.done_by(actor).none()
    else:
        tickets = queries.done_by(actor)
    rows = tickets.select_related("account").defer("body", "draft")
    page = Leafed(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"q": asked, "sought": sought, "page": page, "rows": rows_done(list(page))}
    return render(request, "desk/done.html", context, status=422 if sought.problem else 200)
