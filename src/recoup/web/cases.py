"""Pages of the case and of the desks around it: police, prosecutor, financial intelligence unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.audit.directory_operations import number_changed
from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case, Task
from recoup.apps.holds import case_queries, merge_operations, operations
from recoup.apps.holds.act_forms import GroundForm, ReduceForm, WithdrawForm
from recoup.apps.holds.views import with_act, with_proposal
from recoup.apps.lawful_requests import queries as requests
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.views import ROWS_A_PAGE, Leafed
from recoup.apps.members import errors
from recoup.apps.members import queries as members
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.apps.sought import searchable
from recoup.core.lawful_request import MoveRefused, RequestMove, RequestState, after
from recoup.core.money import Money, format_money
from recoup.core.text import NotReadable, read_note
from recoup.data import currency, load_pack
from recoup.web import case_list, case_page, task_words
from recoup.web.case_rules import choice_of
from recoup.web.templatetags.recoup_ui import is_past, law_words

ASKS: Final = {"prosecutor": gettext_lazy("prosecutor"), "fiu": gettext_lazy("FIU")}

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope


def _case(request: Request, case_id: UUID) -> Case:
    found = cases.seen(request.actor, case_id)
    if found is None:
        raise Http404
    audit.looked_at(found.id, by=request.actor, at=request.at)
    return found


@require_GET
@allowed("case:see")
def case(request: Request, case_id: UUID) -> HttpResponse:
    found = _case(request, case_id)
    version = _version(found)
    context = case_page.page(request.actor, found, **_chosen(request)) | {"version": version}
    status = 422 if context["flow_problem"] else 200
    return render(request, "cases/case.html", context, status=status)


@require_GET
@allowed("case:see")
def case_live(request: Request, case_id: UUID) -> HttpResponse:
    found = _case(request, case_id)
    context = case_page.live(request.actor, found, **_chosen(request))
    return render(request, "cases/_case_live.html", context)


@require_GET
@allowed("case:trace")
def case_flow(request: Request, case_id: UUID) -> HttpResponse:
    """The flow under another rule or as of another moment, for the script; it changes nothing."""
    found = _case(request, case_id)
    context = case_page.flow_part(request.actor, found, **_chosen(request))
    return render(request, "cases/_case_flow.html", context)


def _chosen(request: Request) -> dict[str, Any]:
    """What the address says of rule, moment and open accounts, and where the reader was before."""
    before = "" if request.headers.get("HX-Request") else request.headers.get("Referer", "")
    return {"choice": choice_of(request.GET), "at": request.at, "before": before}


@require_GET
@allowed("case:see")
def case_version(request: Request, case_id: UUID) -> HttpResponse:
    """What the event stream compares: changes whenever something on the page did."""
    return HttpResponse(_version(_case(request, case_id)), content_type="text/plain; charset=utf-8")


def _version(found: Case) -> str:
    states = Ticket.objects.filter(case_id=found.id).values_list("id", "version", "state")
    moved = crc32(repr(sorted((str(t), v, s) for t, v, s in states)).encode())
    return f"{found.version}-{moved}"


@require_GET
@allowed("case:see")
def case_events(request: Request, case_id: UUID) -> HttpResponse:
    """Served by the waiting layer; here only where that layer is missing."""
    _case(request, case_id)
    return HttpResponse("retry: 5000\n\n", content_type="text/event-stream; charset=utf-8")


@allowed("case:see")
@searchable("state")
def case_index(request: Request) -> HttpResponse:
    page = case_list.page(request.actor, request.GET, request.sought, at=request.at)
    return render(request, "cases/list.html", page)


@require_GET
@allowed("case:adopt")
def to_adopt(request: Request) -> HttpResponse:
    page = Leafed(case_list.claims_to_adopt(request.actor), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "rows": case_list.adopt_rows(list(page))}
    return render(request, "cases/to_adopt.html", context)


def _back(case_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("case", args=[case_id]))


def _refused(request: HttpRequest, problem: Exception) -> HttpResponse:
    return errors.page(request, 409, "409.html", problem=reason(problem))


def _ground(request: Request, name: str = "ground") -> str:
    text = read_note(request.POST.get(name, ""), field=name)
    if not text:
        raise NotReadable(
            name, "", gettext("The ground is missing."), gettext("Write one sentence.")
        )
    return text


@require_POST
@allowed("case:adopt")
def adopt(request: Request, case_id: UUID) -> HttpResponse:
    found = _case(request, case_id)
    try:
        operations.adopt(case=found, ground=_ground(request), by=request.actor, at=request.at)
    except NotReadable as problem:
        return errors.page(request, 422, "422.html", problem=reason(problem))
    except operations.NotPossible as problem:
        return _refused(request, problem)
    return _back(found.id)


@require_POST
@allowed("case:merge")
def merge(request: Request, case_id: UUID) -> HttpResponse:
    found = _case(request, case_id)
    reference = request.POST.get("duplicate", "").strip().upper()
    is_one = reference.isprintable()
    duplicate = is_one and cases.visible_to(request.actor).filter(reference=reference).first()
    if not duplicate:
        text = gettext("There is no case %(reference)s, or it is not yours. Check the reference.")
        return errors.page(request, 422, "422.html", problem=text % {"reference": reference[:20]})
    try:
        merge_operations.merge(
            case=found, duplicate=duplicate, ground=_ground(request), by=request.actor,
            at=request.at,
        )  # fmt: skip
    except NotReadable as problem:
        return errors.page(request, 422, "422.html", problem=reason(problem))
    except operations.NotPossible as problem:
        return _refused(request, problem)
    return _back(found.id)


@require_http_methods(["GET", "POST"])
@allowed("case:see")
def hand_over(request: Request, case_id: UUID) -> HttpResponse:
    found = _case(request, case_id)
    if request.method == "GET":
        return render(request, "cases/hand_over.html", _hand_over_context(request, found))
    return _do_hand_over(request, found)


@allowed("case:hand_over")
def _do_hand_over(request: Request, found: Case) -> HttpResponse:
    try:
        operations.hand_over(
            case=found, note=_ground(request, "note"), by=request.actor, at=request.at
        )
    except NotReadable as problem:
        return errors.page(request, 422, "422.html", problem=reason(problem))
    except operations.NotPossible as problem:
        return _refused(request, problem)
    return HttpResponseRedirect(reverse("case-hand-over", args=[found.id]))


def _hand_over_context(request: Request, found: Case) -> dict[str, Any]:
    parts = case_page.read(found)
    pack = load_pack(found.owner.country)
    handed = [t for t in found.tasks.all() if t.kind == "decide_hold"]
    task = max(handed, key=lambda t: t.opened_at, default=None)
    blocks = case_queries.block_references(found.id)
    tickets = {ticket.request: ticket for ticket in parts.tickets}
    return {
        "case": case_page.head(parts, at=request.at),
        "lines": _lines(found),
        "sums_list": case_page.sums_list(found, case_page.doubts_of(found)),
        "holds": [
            {
                "institution_name": parts.names.get(hold.addressee_id, ""),
                "account_shown": tickets[hold.id].draft["account"]["shown"],
                "held_minor": hold.held_minor,
                "currency": tickets[hold.id].currency,
                "until": hold.until,
                "since": hold.answered_at or hold.asked_at,
                "block_reference": blocks.get(hold.id, ""),
                "basis_text": tickets[hold.id].draft["legal_basis"]["instrument"],
                "is_assumed": tickets[hold.id].draft["legal_basis"]["assumed"],
            }
            for hold in parts.holds
            if hold.held_minor and hold.id in tickets
        ],
        "next_steps": [_next_step(step) for step in pack.next_steps],
        "can_hand_over": found.handed_over_at is None and found.state == "open",
        "note": task.values.get("note", "") if task else "",
    }


def _lines(found: Case) -> list[dict[str, str]]:
    told = case_page.report(found)
    amount = format_money(Money(told["amount_minor"], told["currency"]), currency(told["currency"]))
    return [
        {"label": gettext("Lost"), "value": amount},
        {"label": gettext("Paid from"), "value": told["payer_shown"]},
        {"label": gettext("Paid to"), "value": told["payee_shown"]},
        {"label": gettext("Reference"), "value": told["payment_reference"] or "–"},
        {"label": gettext("Report"), "value": told["reference"]},
    ]


def _at_most(lasts: timedelta) -> str:
    """Hours as a law counts them; days where it is more than a week."""
    if lasts > timedelta(days=7):
        return gettext("at most %(days)s days") % {"days": lasts.days}
    return gettext("at most %(hours)s h") % {"hours": int(lasts.total_seconds() // 3600)}


def _next_step(step: Any) -> dict[str, Any]:
    basis = step.legal_basis
    who = gettext("asks: %(asks)s · decides: %(decides)s") % {
        "asks": ASKS.get(step.requested_by, step.requested_by),
        "decides": law_words(step.authorised_by),
    }  # fmt: skip
    return {
        "title": step.name, "text": basis.text, "who": who,
        "within": _at_most(step.lasts) if step.lasts else "",
        "instrument": basis.instrument, "article": basis.article,
        "is_confirmed": basis.confirmed,
    }  # fmt: skip


def _own_ticket(request: Request, ticket_id: UUID) -> tuple[Ticket, Case]:
    ticket = get_object_or_404(requests.issued_by(request.actor), pk=ticket_id)
    return ticket, _case(request, ticket.case_id)  # type: ignore[arg-type]


@require_POST
@allowed("ticket:withdraw")
def withdraw(request: Request, ticket_id: UUID) -> HttpResponse:
    ticket, found = _own_ticket(request, ticket_id)
    form = WithdrawForm(request.POST)
    act = partial(operations.withdraw_ticket, case=found, ticket=ticket)
    try:
        after(RequestState(ticket.state), RequestMove.WITHDRAW)
    except MoveRefused as problem:  # then no form is to be corrected
        return _refused(request, problem)
    return _done(request, ticket, form, act)


@require_POST
@allowed("ticket:reduce")
def reduce(request: Request, ticket_id: UUID) -> HttpResponse:
    ticket, found = _own_ticket(request, ticket_id)
    if proposed := request.POST.get("proposed"):  # of another rule: nothing is done by it
        return with_proposal(request, ticket, proposed)
    form = ReduceForm(request.POST, currency=currency(ticket.currency))
    act = partial(operations.reduce_hold, case=found, ticket=ticket)
    return _done(request, ticket, form, lambda amount, **told: act(limit_minor=amount, **told))


def _done(
    request: Request, ticket: Ticket, form: GroundForm, act: Callable[..., object]
) -> HttpResponse:
    """Do the act and go to the case; what was typed wrong is said at its field."""
    try:
        if form.is_valid():
            act(**form.cleaned_data, by=request.actor, at=request.at)
            return _back(ticket.case_id)  # type: ignore[arg-type]
    except operations.NotThisValue as problem:
        form.add_error(problem.field, reason(problem))
    except (MoveRefused, operations.NotPossible) as problem:
        return _refused(request, problem)
    return with_act(request, ticket, form)


@require_GET
@allowed("ticket:telephone_sheet")
def telephone_sheet(request: Request, ticket_id: UUID) -> HttpResponse:
    ticket, found = _own_ticket(request, ticket_id)
    addressee = members.organisations().get(pk=ticket.addressee_id)
    body = requests.body_of(ticket)
    return render(
        request,
        "cases/telephone_sheet.html",
        {
            "ticket": body,
            "is_overdue": is_past(body["clocks"].get("answer_by"), at=request.at),
            "addressee": {
                "name": addressee.name, "contact_name": addressee.contact_name,
                "phone": addressee.contact_phone, "email": addressee.contact_email,
                "number": number_changed(addressee.pk, at=request.at),
            },
            "case_id": found.id,
        },
    )  # fmt: skip


@require_GET
@allowed("task:see")
def tasks(request: Request) -> HttpResponse:
    actor = request.actor
    page = Leafed(cases.tasks_of(actor), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "desk/tasks.html",
        {
            "page": page,
            "tasks": task_words.tasks(list(page), actor),
            "done": task_words.tasks(cases.tasks_done(actor)[:20], actor),
        },
    )


@require_POST
@allowed("task:finish")
def finish_task(request: Request, task_id: UUID) -> HttpResponse:
    task = get_object_or_404(
        Task.objects.filter(owner_id=request.actor.organisation_id), pk=task_id
    )
    try:
        operations.finish_task(task=task, by=request.actor, at=request.at)
    except operations.NotPossible as problem:
        return _refused(request, problem)
    return HttpResponseRedirect(reverse("tasks"))


@require_GET
@allowed("directory:see")
def directory(request: Request) -> HttpResponse:
    return render(
        request, "desk/directory.html", {"groups": case_list.directory_groups(at=request.at)}
    )


def police_home(request: Request) -> HttpResponse:
    """The desk of police, prosecutor and FIU; the dispatch in ``desk`` has checked the act."""
    return render(request, "desk/police_home.html", case_list.home(request.actor, at=request.at))


def police_live(request: Request) -> HttpResponse:
    return render(request, "desk/_police.html", case_list.home(request.actor, at=request.at))
