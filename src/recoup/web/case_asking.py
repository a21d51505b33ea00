"""Pages around a case's trace: the next bank, rules side by side, patterns, links taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case
from recoup.apps.holds import ask_operations, case_ledger, link_operations, operations
from recoup.apps.holds import queries as holds
from recoup.apps.holds.act_forms import AskForm
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.data.indicators import load_indicators
from recoup.web import (
    case_frontier,
    case_page,
    case_patterns,
    case_related,
    case_retrace,
    case_side_by_side,
)
from recoup.web.case_rules import choice_of, holding_rule

Request = Any


def _case(request: Request, case_id: UUID) -> Case:
    found = get_object_or_404(cases.visible_to(request.actor), pk=case_id)
    audit.looked_at(found.id, by=request.actor, at=request.at)
    return found


@require_GET
@allowed("case:trace")
def side_by_side(request: Request, case_id: UUID) -> HttpResponse:
    """What every rule says of the case, each by itself."""
    found, choice = _case(request, case_id), choice_of(request.GET)
    if choice.problem:
        return errors.page(request, 422, "422.html", problem=choice.problem)
    try:
        ledger = case_ledger.ledger_of(found.id)
    except case_ledger.TooManyAccounts as problem:
        return errors.page(request, 409, "409.html", problem=case_retrace.too_much(problem))
    if ledger is None:
        raise Http404
    return render(
        request,
        "cases/side_by_side.html",
        {
            "case": found, "chosen": choice, "rules": case_side_by_side.rules_of(ledger),
            "tables": case_side_by_side.tables(ledger, choice),
            "flow_said": case_retrace.statement(choice, request.at),
            "left_out": case_retrace.left_out(ledger),
        },
    )  # fmt: skip


@require_GET
@allowed("case:trace")
def found_patterns(request: Request, case_id: UUID) -> HttpResponse:
    """Patterns in the bookings connected with the case, with the transfers that show them."""
    found = _case(request, case_id)
    ledger, too_much = None, ""
    try:
        ledger = case_ledger.ledger_of(found.id)
    except case_ledger.TooManyAccounts as problem:
        too_much = case_retrace.too_much(problem)
    shown = case_patterns.found(ledger) if ledger else []
    context = {
        "case": found, "patterns": shown, "too_much": too_much,
        "caution": load_indicators().caution,
    }  # fmt: skip
    return render(request, "cases/patterns.html", context)


@require_POST
@allowed("case:judge_link")
def judge_link(request: Request, case_id: UUID) -> HttpResponse:
    """Say that a link between two reports says nothing, or that it counts after all."""
    found = _case(request, case_id)
    link = case_related.related(found, cases.links_of(found.id)).reason(
        _uuid(request.POST.get("other", "")), request.POST.get("kind", ""),
        request.POST.get("value", ""),
    )  # fmt: skip
    if link is None:
        problem = gettext("There is no such link on this case now. Choose one on the case's page.")
        return errors.page(request, 422, "422.html", problem=problem)
    other, identifier = link
    form = AskForm(request.POST)
    if not form.is_valid():
        problem = " ".join(str(text) for text in form.errors["ground"])
        return errors.page(request, 422, "422.html", problem=problem)
    link_operations.judge(
        case=found, other=other, identifier=identifier, counts=request.POST.get("counts") == "yes",
        ground=form.cleaned_data["ground"], by=request.actor, at=request.at,
    )  # fmt: skip
    return HttpResponseRedirect(reverse("case", args=[found.id]) + "#related")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
@allowed("ticket:ask_on")
def ask(request: Request, case_id: UUID) -> HttpResponse:
    """What would be asked, of whom and on which law; asked once the officer confirms it."""
    found = _case(request, case_id)
    edge = _edge(request, found)
    if edge is None:
        gone = gettext(
            "No money of this case lies unheld on that account now, so its bank is asked nothing. "
            "Choose an account of the work list on the case's page."
        )
        return errors.page(request, 422, "422.html", problem=gone)
    form = AskForm(request.POST if request.method == "POST" else None)
    try:
        if problem := ask_operations.why_not(
            found, edge.account_id, rule=holding_rule(), at=request.at
        ):
            raise operations.NotPossible(problem)
        if request.method == "POST" and form.is_valid():
            ask_operations.ask_on(
                case=found, account_id=edge.account_id, rule=holding_rule(),
                ground=form.cleaned_data["ground"], by=request.actor, at=request.at,
            )  # fmt: skip
            return HttpResponseRedirect(reverse("case", args=[found.id]) + "#frontier")
    except operations.NotPossible as problem_now:
        return errors.page(request, 409, "409.html", problem=reason(problem_now))
    ticket = edge.ticket
    status = 422 if form.errors else 200
    context = {
        "case": found, "edge": edge, "form": form, "last": ticket,
        "basis": ticket.draft["legal_basis"] if isinstance(ticket, Ticket) else None,
        "limit": _limit(found, edge),
    }  # fmt: skip
    return render(request, "cases/ask.html", context, status=status)


def _edge(request: Request, found: Case) -> case_frontier.Edge | None:
    asked = request.GET.get("account") or request.POST.get("account", "")
    for edge in case_page.frontier_of(found):
        if str(edge.account_id) == asked and edge.kind == "lying":
            return edge
    return None


def _limit(found: Case, edge: case_frontier.Edge) -> int | None:
    limits = [
        h.limit_minor for h in holds.holds_of_case(found.id) if h.account_id == edge.account_id
    ]
    return limits[-1] if limits else None
