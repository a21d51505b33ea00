"""The papers of a request: as it was sent, its order, the answer or refusal, the receipt.

Each is about one ticket, for the two who see that ticket, and says what was frozen: no case, no
other addressee. It is made and signed when somebody takes it, and who took it is noted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET

from recoup.apps.lawful_requests import paper_operations, request_queries
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.lawful_requests.request_papers import (
    Printed,
    answer_paper,
    code_for,
    order_paper,
    receipt_paper,
    request_paper,
)
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words
from recoup.apps.traces.voice import voice_of


@require_GET
@allowed("request:paper")
def paper(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """The request as this addressee got it, signed by the unit that asks."""
    ticket = _ticket(request, asked_id)
    return _given(request, ticket, ticket.id, lambda made: request_paper(ticket, made))


@require_GET
@allowed("request:paper")
def order(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """The order for this addressee, signed with the certificate of the person who decided."""
    ticket = _ticket(request, asked_id)
    ident = ticket.order_paper or ticket.decision_id or ticket.id
    return _given(request, ticket, ident, lambda made: order_paper(ticket, made))


@require_GET
@allowed("request:paper")
def answer(request: HttpRequest, asked_id: UUID, answer_id: UUID) -> HttpResponse:
    """An answer or a refusal, signed by the addressee's organisation."""
    ticket = _ticket(request, asked_id)
    row = _answer(ticket, answer_id)
    if ticket.issuer_id == request.actor.organisation_id and ticket.of:  # type: ignore[attr-defined]
        request_queries.seal(row, ticket, ticket.of)
    return _given(request, ticket, row.id, lambda made: answer_paper(ticket, row, made))


@require_GET
@allowed("request:paper")
def receipt(request: HttpRequest, asked_id: UUID, answer_id: UUID) -> HttpResponse:
    """That an answer arrived, signed by the addressee and by the hub."""
    ticket = _ticket(request, asked_id)
    row = _answer(ticket, answer_id)
    write = partial(receipt_paper, ticket, row)
    return _given(request, ticket, row.id, write, twice=True)


def _ticket(request: HttpRequest, asked_id: UUID) -> Ticket:
    """A ticket that the actor's organisation sent or was sent; what is foreign is not there."""
    actor = request.actor  # type: ignore[attr-defined]
    rows = request_queries.sent_by(actor) | request_queries.asked_of(actor)
    return get_object_or_404(rows.select_related("issuer", "addressee", "pack"), pk=asked_id)


def _answer(ticket: Ticket, answer_id: UUID) -> Answer:
    return get_object_or_404(Answer.objects.filter(ticket=ticket), pk=answer_id)


def _given(
    request: HttpRequest, ticket: Ticket, about: UUID, write: Callable[[Printed], Any], *,
    twice: bool = False,
) -> HttpResponse:  # fmt: skip
    """Print, sign, note and give one paper."""
    from recoup.apps.lawful_requests.papers import issuing  # large: only where it is needed

    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    if ticket.sent_at is None or ticket.body is None:
        problem = gettext("This ticket was not sent yet. There is a paper of what was sent.")
        return errors.page(request, 409, "409.html", problem=problem)
    language = get_language() or "en"
    code = code_for(about, ticket)
    document = write(
        Printed(json.loads(bytes(ticket.body)), language, code, _address(request, code))
    )
    made = issuing.issued(
        document, organisation=document.head.sender.organisation,
        voice=voice_of(language, in_words), at=at, countersigned=twice,
    )  # fmt: skip
    paper_operations.note_taken(
        ticket=ticket, language=language, document=made.pdf, is_signed=made.is_signed, by=actor,
        at=at, kind=request.resolver_match.url_name or "",  # type: ignore[union-attr]
    )  # fmt: skip
    response = HttpResponse(made.pdf, content_type="application/pdf")
    name = f"{ticket.reference}-{request.resolver_match.url_name}.pdf"  # type: ignore[union-attr]
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _address(request: HttpRequest, code: str) -> str:
    path = f"{reverse('verify')}?code={code}"
    if settings.PUBLIC_ADDRESS:
        return f"{settings.PUBLIC_ADDRESS}{path}"
    return request.build_absolute_uri(path)
