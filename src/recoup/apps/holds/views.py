"""The ticket's page: what is asked and on whose authority, and the answer that goes back.

A clerk's answer takes the same way as a machine's (``answer_operations``). What is wrong with it
stands on the page beside what was typed; nothing typed is ever lost.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from recoup.apps.holds import queries as holds
from recoup.apps.holds.act_forms import GroundForm, ReduceForm, WithdrawForm
from recoup.apps.holds.answer_operations import Receipt, record_answer
from recoup.apps.holds.api import AnswerIn, read_answer
from recoup.apps.holds.bookings import (
    COLUMNS,
    PROBLEMS_AT_MOST,
    WindowForm,
    currency_of,
    declared_profile,
    plain,
    propose,
)
from recoup.apps.holds.forms import AnswerForm, empty_form, read_form
from recoup.apps.holds.models import BookingProfile
from recoup.apps.holds.profile_operations import confirm_profile, profile_of
from recoup.apps.lawful_requests import queries
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.lawful_requests.operations import TakenByAnother
from recoup.apps.lawful_requests.queue import taken_by
from recoup.apps.members.allowed import allowed
from recoup.apps.reports.demo_facts import clerk_sheet
from recoup.apps.said import in_words, reason
from recoup.core.access import Actor
from recoup.core.answer import AnswerRefused, Problem
from recoup.data.policy import load_policy

CONFLICTS = frozenset({"already_answered", "not_the_last", "ticket_ended", "id_used"})
NO_CLOCKS = dict.fromkeys(("sent_at", "acknowledge_by", "answer_by", "lapses_at"))


@require_GET
@allowed("ticket:see")
def ticket(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """What was asked, exactly as it was sent; the form, if it is the reader's to answer."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_object_or_404(with_names(queries.visible_to(actor)), pk=ticket_id)
    page = page_of(request, found)
    if page["is_mine"] and page["is_open"]:
        return rendered(request, page, _empty(request, page))
    if page["can_correct"] and "correct" in request.GET:
        last = page["last_answer"]
        return rendered(request, page, _empty(request, page, replaces=last.id))
    if page["can_answer_late"] and "late" in request.GET:
        return rendered(request, page, _empty(request, page))
    return rendered(request, page, None)


@require_POST
@allowed("ticket:answer")
def answer(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Take the answer, or give the form back with every problem at its place."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_object_or_404(with_names(queries.addressed_to(actor)), pk=ticket_id)
    page = page_of(request, found)
    form = read_form(request.POST, page["ticket"])
    if page["is_open"] and page["taken_by"] and not page["is_mine"]:
        form.add("", reason(TakenByAnother(page["taken_by"])))
        return rendered(request, page, form, status=409)
    if form.body is None:
        return rendered(request, page, form, status=422)
    try:
        receipt = _record(form, by=actor, request=request)
    except AnswerRefused as refused:
        for problem in refused.problems[:PROBLEMS_AT_MOST]:
            form.add(anchor_of(problem, form), in_words(problem.message))
        is_conflict = bool(CONFLICTS & {problem.code for problem in refused.problems})
        return rendered(request, page, form, status=409 if is_conflict else 422)
    _say(request, receipt)
    return _to_ticket(request, found)


def with_act(request: HttpRequest, ticket: Ticket, form: GroundForm) -> HttpResponse:
    """The page once more, with what is wrong in the form of an officer's act."""
    page = page_of(request, ticket) | {f"{form.act}_form": form, "form": form}
    return rendered(request, page, None, status=422)


def with_proposal(request: HttpRequest, ticket: Ticket, proposed: str) -> HttpResponse:
    """The page with a sum of minor units in the form that reduces the hold."""
    page = page_of(request, ticket)
    if proposed.isascii() and proposed.isdigit() and len(proposed) < 19:
        amount = plain(int(proposed), currency_of(page["ticket"]))
        page["reduce_form"].initial = {"amount": amount}
    return rendered(request, page, None)


def _to_ticket(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """On to the ticket's page; a script that sent the form is told so by a header."""
    onwards = redirect("ticket", ticket_id=ticket.id)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": onwards.url})
    return onwards


@require_POST
@allowed("ticket:answer")
def check(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Whether the bookings add up so far, and what is missing. Stores nothing."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_object_or_404(with_names(queries.addressed_to(actor)), pk=ticket_id)
    page = page_of(request, found)
    form = read_form(request.POST, page["ticket"])
    form.problems.clear()
    if form.window is not None and form.window.paste_problems:
        propose(form.window)
    return _render_window(request, page, form)


@require_POST
@allowed("ticket:answer")
def profile(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Remember for the whole institution how its screen writes, as the clerk now confirms it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_object_or_404(with_names(queries.addressed_to(actor)), pk=ticket_id)
    page = page_of(request, found)
    form = read_form(request.POST, page["ticket"])
    form.problems.clear()
    try:
        declared = declared_profile(request.POST)
    except ValueError:  # the reason stands on the form already
        return _render_window(request, page, form, status=422)
    page["is_just_confirmed"] = True
    page["remembered"] = confirm_profile(profile=declared, by=actor, at=request.at)  # type: ignore[attr-defined]
    return _render_window(request, page, form)


def _render_window(
    request: HttpRequest, page: dict[str, Any], form: AnswerForm, *, status: int = 200
) -> HttpResponse:
    """The part of the page about the bookings; the whole page where no script asked for it."""
    if request.headers.get("HX-Request") and form.window is not None:
        context = {"ticket": page["ticket"], "window": form.window} | _profile_words(page, form)
        return render(request, "desk/_window.html", context, status=status)
    return rendered(request, page, form, status=status)


def _profile_words(page: dict[str, Any], form: AnswerForm) -> dict[str, Any]:
    """Which profile is in use, and whether what was just read is another one to confirm."""
    row: BookingProfile | None = page["remembered"]
    known = profile_of(row) if row else None
    window = form.window
    is_read = window is not None and window.lines_read > 0 and not window.paste_problems
    return {
        "remembered": row,
        "known_profile": known,
        "is_just_confirmed": page.get("is_just_confirmed", False),
        "column_names": COLUMNS,
        "to_confirm": is_read and window is not None and window.profile != known,
    }


def body_of(ticket: Ticket) -> dict[str, Any]:
    """The ticket as its addressee gets it; before sending, as it is drafted."""
    if ticket.body is not None:
        body: dict[str, Any] = json.loads(bytes(ticket.body))
        return body
    return {**ticket.draft, "clocks": NO_CLOCKS}


def anchor_of(problem: Problem, form: AnswerForm) -> str:
    """The field of the page that a problem of the interface is about."""
    head, *rest = problem.field.replace("[", ".").replace("]", "").split(".")
    if head == "payment":
        return "_".join([head, *rest]).removesuffix("_minor")
    if head == "window" and form.window is not None:
        return _in_window(problem, rest, form.window)
    return {"held_minor": "held", "ground": "ground", "note": "note",
            "block_reference": "block_reference"}.get(head, "answer-heading")  # fmt: skip


def _in_window(problem: Problem, parts: list[str], window: WindowForm) -> str:
    """The row of a booking is found by its place among its side, or by its reference."""
    first = parts[0] if parts else ""
    if first in ("opening_minor", "closing_minor", "from", "to"):
        return {"from": "window_from", "to": "window_to"}.get(first, first.removesuffix("_minor"))
    rows = [row for row in window.all_rows if f"{row.side}s" == first]
    column = parts[-1].removesuffix("_minor") if parts else ""
    if len(parts) > 1 and parts[1].isdecimal() and int(parts[1]) < len(rows):
        return rows[int(parts[1])].anchor(column)
    named = [row for row in rows if problem.value in (row.reference, row.to)]
    return named[-1].anchor(column) if named else "window"


def _empty(request: HttpRequest, page: dict[str, Any], replaces: UUID | None = None) -> AnswerForm:
    """The form before anything is typed; how the bank's screen writes is remembered."""
    row: BookingProfile | None = page["remembered"]
    return empty_form(
        page["ticket"], at=request.at, replaces=replaces,  # type: ignore[attr-defined]
        profile=profile_of(row) if row else None,
    )  # fmt: skip


def with_names(rows: Any) -> Any:
    return rows.select_related("taken_by")


def _record(form: AnswerForm, *, by: Actor, request: HttpRequest) -> Receipt:
    """Hand the answer in as a machine would; raises AnswerRefused."""
    try:
        told = read_answer(AnswerIn(**(form.body or {})))
    except ValidationError as wrong:
        raise AnswerRefused(tuple(_problem_of(error) for error in wrong.errors())) from None
    return record_answer(told, by=by, at=request.at)  # type: ignore[attr-defined]


def _problem_of(error: Any) -> Problem:
    field = ".".join(str(part) for part in error["loc"])
    return Problem(field, str(error.get("input", ""))[:80], f"{field}: {error['msg']}.")


def _say(request: HttpRequest, receipt: Receipt) -> None:
    if receipt.is_repeat:
        messages.info(request, _("This answer had arrived already. It counts once."))
        return
    messages.success(request, _("The answer was taken. Its receipt stands below."))
    if receipt.dropped_destinations:
        messages.info(
            request,
            _("%(n)s destinations were not kept: those debits carry no disputed money.")
            % {"n": receipt.dropped_destinations},
        )


def page_of(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    may_answer = load_policy().may(actor, "ticket:answer")
    is_addressee = ticket.addressee_id == actor.organisation_id
    name = taken_by(ticket, at=request.at)  # type: ignore[attr-defined]
    answers = list(queries.answers_to([ticket.id]).select_related("person"))
    counts = [one for one in answers if one.stage != "interim"]
    body = body_of(ticket)
    is_issuers = ticket.issuer_id == actor.organisation_id and ticket.sent_at is not None
    is_open = ticket.state in queries.WAITING
    return {
        "ticket": body,
        "state": ticket.state,
        "is_open": is_open,
        "taken_by": name if is_addressee else None,
        "is_mine": is_addressee and name is not None and ticket.taken_by_id == actor.person_id,
        "remembered": holds.booking_profile_of(actor) if is_addressee else None,
        "can_correct": is_addressee and bool(counts) and may_answer,
        "can_answer_late": is_addressee and not is_open and not counts and may_answer,
        "is_overdue": is_open and _is_over(body["clocks"]["answer_by"], at=request.at),  # type: ignore[attr-defined]
        "last_answer": counts[-1] if counts else None,
        "answers": [_given(one) for one in answers],
        "amount_plain": plain(body["amount_minor"], currency_of(body)),
        "clock_how": _("Counted from sending, as the law pack says"),
        "demo_sheet": clerk_sheet(body["account"]["ident"]) if is_addressee and is_open else "",
        "can_withdraw": (is_issuers and is_open) or ticket.state == "undeliverable",
        "withdraw_form": WithdrawForm(),
        "reduce_form": ReduceForm(currency=currency_of(body)),
        "can_reduce": is_issuers and ticket.measure == "hold" and body["amount_minor"] > 0,
    }


def _is_over(moment: str | None, *, at: datetime) -> bool:
    return bool(moment) and datetime.fromisoformat(str(moment)) < at


def _given(answer: Answer) -> dict[str, Any]:
    """One answer for the page; the note stands in the kept body only."""
    kept = json.loads(bytes(answer.body))
    return {
        "code": answer.code, "stage": answer.stage, "received_at": answer.received_at,
        "person_name": str(answer.person) if answer.person else "",
        "held_minor": answer.held_minor, "block_reference": answer.block_reference,
        "ground": answer.ground, "note": kept.get("note", ""), "sha256": answer.sha256.hex(),
    }  # fmt: skip


def rendered(
    request: HttpRequest, page: dict[str, Any], form: AnswerForm | None, *, status: int = 200
) -> HttpResponse:
    typed: dict[str, Any] = {"can_answer": form is not None}
    if form is not None:
        typed |= {"entry": form.entry, "window": form.window, "problems": form.problems}
        typed |= _profile_words(page, form)
    return render(request, "desk/ticket.html", {**page, **typed}, status=status)
