"""One request: its page, and what its author does with it and with its targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.lawful_requests import (
    addressee_operations,
    file_operations,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.apps.lawful_requests.refusals import REFUSALS, RequestRefused
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.core.said import Said
from recoup.web import request_page, request_pages

Asked = Any  # HttpRequest with ``actor`` and ``at`` set by the scope


@require_GET
@allowed("request:see")
def one(request: Asked, request_id: UUID) -> HttpResponse:
    """State, who must act and until when, decisions, targets, answers."""
    return _shown(request, request_id)


def _shown(
    request: Asked, request_id: UUID, *, problem: str = "", act: str = "", status: int = 200
) -> HttpResponse:
    whole = request_queries.whole(request.actor, request_id)
    if whole is None:
        raise Http404
    context = request_page.context(whole, by=request.actor, at=request.at)
    context |= {"problem": problem, "act": act}
    return render(request, "requests/request.html", context, status=status)


@require_POST
@allowed("request:draft")
def act(request: Asked, request_id: UUID) -> HttpResponse:
    """What the author does: submit, reply, withdraw; of a target extend, reply, settle, close."""
    found = request_pages.own(request, request_id)
    name = request.POST.get("act", "")
    do = ACTS.get(name)
    if do is None:
        return _shown(request, request_id, status=422)
    try:
        shown = do(request, found, {"by": request.actor, "at": request.at}) or request_id
    except REFUSALS as refusal:
        problem = reason(refusal)
        return _shown(request, request_id, problem=problem, act=name, status=409)
    return HttpResponseRedirect(reverse("request", args=[shown]))


def _text(request: Asked, name: str = "text") -> str:
    return str(request.POST.get(name, "")).strip()[:2000]


def _withdraw(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    request_operations.withdraw(request_id=found.id, ground=_text(request, "ground"), **by_at)


def _reply(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    request_operations.reply(
        request_id=found.id, text=_text(request), version=found.version, **by_at
    )


def _file(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    sent = request.FILES.get("order")
    name, kind = (sent.name, sent.content_type or "") if sent else ("", "")
    file = file_operations.Sent(name, kind, sent.read() if sent else b"")
    file_operations.add_to_request(
        request_id=found.id, kind="order", file=file,
        addressee=str(request.POST.get("addressee", ""))[:32], **by_at,
    )  # fmt: skip


def _target(request: Asked, found: Request) -> UUID:
    """The ticket named, if it is one of this request; the same 404 for any other."""
    try:
        ticket_id = UUID(request.POST.get("ticket", ""))
    except ValueError:
        raise Http404 from None
    return get_object_or_404(Ticket.objects.only("id"), pk=ticket_id, of=found).id


def _extend(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    given = request.POST.get("days", "")
    days = int(given) if given.isascii() and given.isdigit() and len(given) < 5 else 0
    addressee_operations.extend(
        ticket_id=_target(request, found), ground=_text(request, "ground"), days=days, **by_at
    )


def _answer_question(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    addressee_operations.reply_to_addressee(
        ticket_id=_target(request, found), text=_text(request), **by_at
    )


def _settle(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    addressee_operations.settle_costs(
        ticket_id=_target(request, found), agreed=request.POST.get("agreed") == "yes",
        text=_text(request), **by_at,
    )  # fmt: skip


def _prolong(request: Asked, found: Request, by_at: dict[str, Any]) -> UUID:
    """The order that makes longer what this one had kept: a draft, to be decided anew."""
    made = request_operations.prolong(
        request_id=found.id, ground=_text(request, "ground"), request=uuid5(found.id, "prolong"),
        **by_at,
    )  # fmt: skip
    return made.id


def _close(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    request_operations.close(ticket_id=_target(request, found), **by_at)


def _close_all(request: Asked, found: Request, by_at: dict[str, Any]) -> None:
    """Be done with every target that has answered; where none is left, with the request."""
    rows = Ticket.objects.filter(of=found)
    answered = list(rows.filter(state="answered").order_by("round").values_list("id", flat=True))
    refused = list(rows.filter(state__in=request_page.ENDED).values_list("id", flat=True)[:1])
    if not (answered or refused):
        raise RequestRefused("not_now", Said("No target has answered yet."))
    for ticket_id in answered or refused:
        request_operations.close(ticket_id=ticket_id, **by_at)


ACTS: dict[str, Callable[[Asked, Request, dict[str, Any]], UUID | None]] = {
    "withdraw": _withdraw, "reply": _reply, "file": _file, "extend": _extend,
    "answer_question": _answer_question, "settle": _settle, "close": _close,
    "close_all": _close_all, "prolong": _prolong,
}  # fmt: skip


@require_GET
@allowed("request:see")
def file(request: Asked, request_id: UUID) -> HttpResponse:
    """A file of the request or of an answer to it, always as a download."""
    found = get_object_or_404(request_queries.visible_requests(request.actor), pk=request_id)
    try:
        file_id = UUID(request.GET.get("file", ""))
    except ValueError:
        return HttpResponseRedirect(reverse("request", args=[found.id]))
    row = request_queries.file_of(found, file_id)
    if row is None:
        raise Http404
    if row.ticket_id and row.id in request_queries.sealed_files(found.tickets.all(), found):
        raise Http404  # it is read by nobody before its emergency is confirmed
    response = HttpResponse(bytes(row.content), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{_ascii(row.name)}"'
    return response


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
