"""One request as its addressee sees it: who asks and how that is proved, what, by when, and acts.

It shows the frozen bytes that were sent, the directory, and what both sides said since: no case, no
other addressee, nothing that was written for whoever decided.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.apps.lawful_requests import (
    asked_queries,
    call_back_operations,
    paper_operations,
    paper_queries,
    queries,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import WAITING
from recoup.apps.lawful_requests.doubt_operations import is_paused_for
from recoup.apps.lawful_requests.models import Answer, RequestFile, Ticket
from recoup.apps.lawful_requests.operations import TAKEN_FOR
from recoup.apps.lawful_requests.paper_queries import is_order_of
from recoup.apps.lawful_requests.papers.apart import TooManyChecks, check_apart
from recoup.apps.lawful_requests.papers.verdict import Finding
from recoup.apps.lawful_requests.queue import taken_by
from recoup.apps.lawful_requests.request_models import MOST_FILE_BYTES
from recoup.apps.members.allowed import allowed
from recoup.core.access import Actor
from recoup.core.verification import code_of
from recoup.data.policy import load_policy
from recoup.web import asked_forms
from recoup.web.asked_card import card_of
from recoup.web.asked_clock import derivation
from recoup.web.asked_forms import Typed
from recoup.web.asked_list import asked_or_404
from recoup.web.asked_words import (
    WITHOUT_DATA,
    choices_of,
    identifier_words,
    measure_words,
    with_zone,
    word_of,
)
from recoup.web.bodies import longest_body
from recoup.web.verify import FINDINGS

CHECKED_SECONDS: Final = 600
OTHER_PAPER: Final = "other_paper"  # genuine, and not the order of this ticket
FORM_BYTES: Final = 200_000  # left for what is typed beside the files


@require_GET
@allowed("asked:see")
def one(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """What is asked, exactly as it was sent; the form, if it is the reader's to answer."""
    page = page_of(request, asked_or_404(request, asked_id))
    return rendered(request, page, first_form(request, page))


def first_form(request: HttpRequest, page: dict[str, Any]) -> Typed | None:
    """The empty form where the reader may answer now, correct, or answer late."""
    free = page["free_files"]
    if page["is_mine"] and page["is_open"]:
        return asked_forms.empty("final", free)
    if page["can_correct"] and "correct" in request.GET:
        return _as_answered(page["last"], page["body"], free)
    if page["can_answer_late"] and "late" in request.GET:
        return asked_forms.empty("final", free)
    return None


def _as_answered(last: Answer, body: dict[str, Any], free: list[str]) -> Typed:
    """A correction begins with what was answered."""
    kept = json.loads(bytes(last.body))
    found = asked_forms.empty("correction", [*free, *(one["file"] for one in kept["files"])])
    found.code, found.reason, found.ground = kept["code"], kept["reason"], kept["ground"]
    found.fields = {name: kept["fields"].get(name, "") for name in body["answer_fields"]}
    return found


def page_of(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    """All that the page of one ticket shows, but the form."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    at: datetime = request.at  # type: ignore[attr-defined]
    body = queries.body_of(ticket)
    files, answers = asked_queries.files_of(ticket), asked_queries.answers_of(ticket)
    stops = asked_queries.stops_of(ticket)
    counted = [one for one in answers if one.stage != "interim"]
    named = {file["file"] for one in answers for file in json.loads(bytes(one.body))["files"]}
    own = [one for one in files if one.ticket_id]
    is_open = ticket.state in WAITING
    may_answer = load_policy().may(actor, "asked:answer")
    name = taken_by(ticket, at=at)
    due_at = request_queries.answers_due([ticket.id], at=at).get(ticket.id)
    return {
        "ticket": ticket, "body": body, "name": measure_words(ticket.measure, body["name"]),
        "asked": [identifier_words(one) for one in body["identifiers"]],
        "data": [word_of("categories", one) for one in body["data"]],
        "period": {end: with_zone(moment) for end, moment in (body["period"] or {}).items()
                   if moment},
        "form_fields": _form_fields(body["fields"]),
        "danger": word_of("dangers", body["danger"]) if body["danger"] else "",
        "card": card_of(ticket, body, files, at=at), "is_open": is_open, "taken_by": name,
        "taken_until": ticket.taken_at + TAKEN_FOR if name and ticket.taken_at else None,
        "is_mine": name is not None and ticket.taken_by_id == actor.person_id,
        "files": [one for one in files if one.request_id], "own_files": own,
        "most_bytes": MOST_FILE_BYTES, "most_together": longest_body("/files") - FORM_BYTES,
        "free_files": [str(one.id) for one in own if str(one.id) not in named],
        "answers": [answer_words(one, body) for one in answers],
        "last": counted[-1] if counted else None,
        "can_correct": bool(counted) and may_answer,
        "can_answer_late": not is_open and not counted and may_answer, "may_answer": may_answer,
        "notes": list(request_queries.notes_of([ticket.id])), "due_at": due_at,
        "is_stopped": any(stop.kind == "stop" and stop.ended_at is None for stop in stops),
        "is_overdue": is_open and due_at is not None and due_at < at,
        "how": derivation(body, stops=stops),
        "call": call_back_operations.last(ticket),
        "is_hasty": call_back_operations.is_hasty_by(body["authorisation"]),
        "doubt": asked_queries.open_doubt(ticket), "is_paused": is_paused_for(ticket),
        "currency": body["currency"] or "EUR",
        "confirmation": _confirmation(ticket, body, at=at),
        "now_local": timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S"),
    }  # fmt: skip


def _confirmation(ticket: Ticket, body: dict[str, Any], *, at: datetime) -> str:
    """Where an oral or an urgent decision stands now; empty for one that needs no confirmation."""
    told = body["authorisation"]
    if not (told["confirmed_until"] or told["written_until"]):
        return ""
    found = paper_queries.request_verified(code_of(ticket.id), at=at)
    return found.standing.value if found else ""


def _form_fields(told: dict[str, str]) -> list[tuple[str, str]]:
    """What else the form says, by the names of its fields."""
    return [(word_of("fields", name), value) for name, value in told.items() if value]


def answer_words(row: Answer, body: dict[str, Any]) -> dict[str, Any]:
    """One answer as it was kept, in words; its fields in the order of the measure."""
    kept = json.loads(bytes(row.body))
    names = [name for name in body["answer_fields"] if name in kept["fields"]]
    return {
        "id": row.id, "stage": row.stage, "code": word_of("codes", row.code),
        "reason": word_of("grounds", kept["reason"]) if kept["reason"] else "",
        "ground": kept["ground"], "received_at": row.received_at, "sha256": row.sha256.hex(),
        "person": str(row.person) if row.person else "",
        "fields": [(word_of("answers", name), kept["fields"][name]) for name in names],
        "files": kept["files"],
    }  # fmt: skip


def rendered(
    request: HttpRequest, page: dict[str, Any], typed: Typed | None, *, status: int = 200,
    **more: Any,
) -> HttpResponse:  # fmt: skip
    """The page, with the form where there is one, and what is wrong in it."""
    verdict = _known(page["ticket"], page["card"].orders)
    context = {"verdict": verdict, **page, "typed": typed, **more}
    if typed is not None:
        body = page["body"]
        context |= {
            "choices": choices_of(body["answers"]), "parts": typed.parts(body["answer_fields"]),
            "grounds": [(one, word_of("grounds", one)) for one in body["refusal_grounds"]],
            "with_data": " ".join(one for one in body["answers"] if one not in WITHOUT_DATA),
            "wrong": {one.anchor: one.message for one in typed.problems},
        }  # fmt: skip
    return render(request, "asked/one.html", context, status=status)


# The order, files, the receipt


@require_GET
@allowed("asked:see")
def order(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Check every order file: its signature, and that it is the order of this ticket."""
    ticket = asked_or_404(request, asked_id)
    page = page_of(request, ticket)
    verdict = _verdict(request, ticket, page["card"].orders, page["body"])
    if request.headers.get("HX-Request"):
        context = {"verdict": verdict, "ticket": ticket, "is_part": True}
        return render(request, "asked/_order.html", context)
    return rendered(request, page, first_form(request, page), verdict=verdict)


def _verdict(
    request: HttpRequest, ticket: Ticket, orders: list[RequestFile], body: dict[str, Any]
) -> dict[str, Any] | None:
    """What the check of the order files says, the worst first; None where none was attached."""
    for found in orders:
        if cache.get(_key(ticket, found)) is None and not _check(request, ticket, found, body):
            text = _("Many papers are being checked just now. Try again in a minute.")
            return {"tone": "wait", "title": _("Not checked"), "text": text}
    return _known(ticket, orders)


def _check(request: HttpRequest, ticket: Ticket, found: RequestFile, body: dict[str, Any]) -> bool:
    """Check one file apart from this process, and keep what was found; whether it could be."""
    from recoup.apps.lawful_requests.papers.issuing import authority  # loads the signer's library

    row = asked_queries.file_of(ticket, found.id)
    content = bytes(row.content) if row else b""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    try:
        verdict = check_apart(content, trusted=authority().trusted(), at=at)
    except TooManyChecks:
        return False
    paper_operations.note_checked(verdict=verdict, length=len(content), by=actor, at=at)
    is_this = verdict.is_valid and is_order_of(verdict.document, body)
    finding = verdict.finding.value if is_this or not verdict.is_valid else OTHER_PAPER
    cache.set(_key(ticket, found), finding, CHECKED_SECONDS)
    return True


def _known(ticket: Ticket, orders: list[RequestFile]) -> dict[str, Any] | None:
    """What a check found lately, so that a page that is opened again starts no other one.

    Of several files the worst counts: good is only what is good altogether.
    """
    findings = [cache.get(_key(ticket, one)) for one in orders]
    if not findings or None in findings:
        return None
    worst = min(findings, key=_goodness)
    if worst == OTHER_PAPER:
        return {"tone": "wait", "title": _("A signed file, not this order"), "text": _(
            "A file that was added as an order is a paper of this hub about something else. Rely "
            "on the order of this ticket, and call the number of the directory."
        )}  # fmt: skip
    title, text = FINDINGS[Finding(worst)]
    return {"tone": "good" if worst == Finding.VALID else "bad", "title": title, "text": text}


def _goodness(finding: str) -> int:
    return {OTHER_PAPER: 1, Finding.VALID.value: 2}.get(finding, 0)


def _key(ticket: Ticket, found: RequestFile) -> str:
    return f"order-checked:{ticket.id.hex}:{bytes(found.sha256).hex()}"


@require_GET
@allowed("asked:see")
def file(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """A file of the requester, or one of your own (``?file=``); never shown, always saved."""
    ticket = asked_or_404(request, asked_id)
    try:
        found = asked_queries.file_of(ticket, UUID(request.GET.get("file", "")))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    response = HttpResponse(bytes(found.content), content_type=found.media_type)
    response["Content-Disposition"] = f'attachment; filename="{_plain(found.name)}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _plain(name: str) -> str:
    """A name that fits into a header: what is not plain there becomes a line."""
    return "".join(sign if sign.isascii() and sign not in '"\\' else "_" for sign in name)


@require_GET
@allowed("asked:see")
def receipt(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """That an answer is stored: who, when, digest, what it did. Made to be printed."""
    ticket = asked_or_404(request, asked_id)
    answers = asked_queries.answers_of(ticket)
    wanted = request.GET.get("answer", "")
    found = next((one for one in answers if str(one.id) == wanted), None)
    if found is None and (wanted or not answers):
        return redirect("asked-one", asked_id=ticket.id)
    row, body = found or answers[-1], queries.body_of(ticket)
    return render(
        request, "asked/receipt.html",
        {
            "ticket": ticket, "name": measure_words(ticket.measure, body["name"]), "body": body,
            "answer": answer_words(row, body), "verdict": _verdict_words(row, ticket),
            "is_replaced": any(one.replaces_id == row.id for one in answers),
        },
    )  # fmt: skip


def _verdict_words(row: Answer, ticket: Ticket) -> str:
    """What the answer did."""
    if row.stage == "interim":
        return _("A part answer: the request stays open, and its clock runs on.")
    if row.stage == "correction":
        return _("A correction: it counts instead of the answer before it, which is kept.")
    if ticket.answered_at != row.received_at:
        return _("The request had ended before. The answer is kept, and moves nothing.")
    if ticket.state == "refused":
        return _("A refusal: the request is closed for you; the requester sees your ground.")
    return _("It counts as your answer: the request is closed for you.")
