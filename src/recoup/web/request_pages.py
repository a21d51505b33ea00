"""Pages on which an officer asks for something: what is needed, the form, its checks, saving."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case
from recoup.apps.lawful_requests import file_operations, request_operations
from recoup.apps.lawful_requests.models import Request
from recoup.apps.lawful_requests.refusals import REFUSALS, Incomplete, RequestRefused
from recoup.apps.lawful_requests.request_check import form_for
from recoup.apps.lawful_requests.request_law import Form, Law, law_now
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.data import currencies
from recoup.web import request_draft, request_form, request_needs
from recoup.web.request_form import Typed

PRESERVATION = request_draft.PRESERVATION
PLACES = tuple(dict.fromkeys([*request_draft.PLACES.values(), "other"]))
Asked = Any  # HttpRequest with ``actor`` and ``at`` set by the scope


def _case(request: Asked, given: str) -> Case | None:
    """The case that the address names; the same 404 for a foreign one and for none."""
    if not given:
        return None
    try:
        case_id = UUID(given)
    except ValueError:
        raise Http404 from None
    rows = cases.visible_to(request.actor).select_related(
        "report__payer_institution", "report__payee_institution"
    )
    found = get_object_or_404(rows, pk=case_id)
    audit.looked_at(found.id, by=request.actor, at=request.at)
    return found


@require_GET
@allowed("request:draft")
def need(request: Asked) -> HttpResponse:
    """What is needed, in plain words; then the measures, powers and reasons of this country."""
    law = law_now()
    wish = request_needs.wish_of(request.GET.get("need", ""))
    shown = []
    if wish is not None:
        shown = request_needs.options(
            wish, law, requester_kind=request.actor.organisation_kind, on=law.day(request.at)
        )
    context = {
        "wishes": request_needs.WISHES, "wish": wish, "options": shown,
        "others": [one for one in shown if not one.powers],
        "case": _case(request, request.GET.get("case", "")),
    }  # fmt: skip
    return render(request, "requests/need.html", context)


@require_http_methods(["GET", "POST"])
@allowed("request:draft")
def new(request: Asked) -> HttpResponse:
    """The form of a measure, filled from the case; saved as a draft, or saved and submitted."""
    law = law_now()
    values = request.POST if request.method == "POST" else request.GET
    case = _case(request, values.get("case", ""))
    try:
        form = form_for(law, values.get("measure", ""))
    except RequestRefused:
        return HttpResponseRedirect(reverse("request-need"))
    if request.method == "GET":
        return _page(request, form, law, request_draft.prefilled(case, form), case=case)
    return _posted(request, form, law, case=case)


@require_http_methods(["GET", "POST"])
@allowed("request:draft")
def edit(request: Asked, request_id: UUID) -> HttpResponse:
    """A draft, or what a question was asked about, once more."""
    found = own(request, request_id)
    law = law_now()
    form = form_for(law, found.measure)
    if request.method == "GET":
        typed = request_form.typed_from(found.content, found.danger)
        return _page(request, form, law, typed, case=found.case, known=found)
    return _posted(request, form, law, case=found.case, known=found)


def _posted(
    request: Asked, form: Form, law: Law, *, case: Case | None, known: Request | None = None
) -> HttpResponse:
    """The form as it was sent: stored, handed in, or shown once more with its new lines."""
    typed = request_draft.read(request.POST, form)
    if request.POST.get("step") not in ("save", "submit", "preserve"):
        return _page(request, form, law, typed, case=case, known=known)
    return _save(request, form, law, typed, case=case, known=known)


@require_POST
@allowed("request:draft")
def check(request: Asked) -> HttpResponse:
    """What the form lacks as it stands, while it is typed; nothing is stored."""
    law = law_now()
    try:
        form = form_for(law, request.POST.get("measure", ""))
    except RequestRefused:
        return HttpResponseRedirect(reverse("request-need"))
    typed = request_draft.read(request.POST, form)
    own_id = _uuid(request.POST.get("request", ""))
    places = [*PLACES, *(one["place"] for one in request_form.fields_shown(form, typed))]
    context = _checked(request, form, law, typed, own_id) | {"oob": True, "places": places}
    return render(request, "requests/_check.html", context)


def own(request: Asked, request_id: UUID) -> Request:
    """A request of the actor's organisation; the same 404 for a foreign one and for none."""
    rows = Request.objects.select_related("case__report", "issuer", "authority", "author")
    return get_object_or_404(rows, pk=request_id, issuer_id=request.actor.organisation_id)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _checked(
    request: Asked, form: Form, law: Law, typed: Typed, own_id: UUID | None
) -> dict[str, Any]:
    by, at = request.actor, request.at
    checked = request_draft.check(typed, form, law, by=by, at=at, own=own_id)
    preserving = law.forms.get(PRESERVATION) if checked.preserve_first else None
    why = ""
    if preserving is not None:
        why = request_needs.why_no_power(
            preserving, law, requester_kind=by.organisation_kind, on=law.day(at)
        )
    roles = checked.choice.authorised_by if checked.choice else ()
    confirming = checked.choice.confirmed_by if checked.choice else ()
    return {
        "checked": checked, "measure": form.measure, "preserving": preserving,
        "why_no_preservation": why, "deciders": request_draft.deciders(roles, by=by),
        "confirmers": request_draft.deciders(confirming, by=by) if confirming else [],
        "typed": typed,
    }  # fmt: skip


def _page(
    request: Asked, form: Form, law: Law, typed: Typed, *, case: Case | None,
    known: Request | None = None, problem: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The whole page. What is wrong stands at its field; a fresh form is not scolded yet."""
    is_fresh = request.method == "GET" and known is None
    blank = [request_form.Row()] * max(1, request_form.ROWS - len(typed.rows))
    powers = request_needs.option(
        form.measure, law, requester_kind=request.actor.organisation_kind, on=law.day(request.at)
    )
    if is_fresh:
        context: dict[str, Any] = {"checked": request_draft.Checked(), "typed": typed}
    else:
        context = _checked(request, form, law, typed, known.id if known else None)
    context |= {
        "form": form, "case": case, "known": known, "problem": problem, "is_fresh": is_fresh,
        "option": powers, "rows": [*typed.rows, *blank],
        "lines_like": request_draft.lines_like(form),
        "id_new": request.POST.get("new") or str(uuid4()),
        "kinds": request_form.identifier_kinds(form), "needs_period": form.shape.needs_period,
        "takes_ip": "ip" in form.shape.takes, "zone": law.zone, "zones": request_form.ZONES[1:],
        "addressees": request_draft.addressees(form, typed),
        "fields": request_form.fields_shown(form, typed),
        "categories": [
            (word, request_needs.category_shown(word), word in typed.data) for word in form.data
        ],
        "has_amount": form.shape.needs_amount,
        "currencies": _currencies(typed),
        "dangers": [d for power in powers.powers for d in power["emergency"]],
    }  # fmt: skip
    return render(request, "requests/form.html", context, status=status)


def _currencies(typed: Typed) -> list[str]:
    first = [typed.currency] if typed.currency in currencies() else []
    return list(dict.fromkeys([*first, "RSD", "EUR", "USD", "CHF", "GBP", "TRY", "ALL"]))


def _save(
    request: Asked, form: Form, law: Law, typed: Typed, *, case: Case | None,
    known: Request | None = None,
) -> HttpResponse:  # fmt: skip
    """Store the draft, its order file, and hand it in if that was asked."""
    content = request_form.content_of(typed, form, law)

    def again(problem: str = "") -> HttpResponse:
        return _page(request, form, law, typed, case=case, known=known, problem=problem, status=422)

    if typed.problems:
        return again()
    by_at = {"by": request.actor, "at": request.at}
    try:
        if known is None:
            known = request_operations.draft(
                measure=form.measure, content=content, case_id=case.id if case else None,
                danger=typed.danger, request=_uuid(request.POST.get("new", "")), **by_at,
            )  # fmt: skip
        else:
            known = request_operations.edit(
                request_id=known.id, content=content, danger=typed.danger,
                version=_version(request), **by_at,
            )  # fmt: skip
        _take_order(request, known, by_at)
        match request.POST["step"]:
            case "submit":
                _submit(request, known, by_at)
            case "preserve":
                kept = _preserve(known, law, content, by_at)
                return HttpResponseRedirect(reverse("request-edit", args=[kept.id]))
    except Incomplete:
        return again()
    except REFUSALS as refusal:
        return again(reason(refusal))
    return HttpResponseRedirect(reverse("request", args=[known.id]))


def _preserve(known: Request, law: Law, content: dict[str, Any], by_at: dict[str, Any]) -> Request:
    """Draft the preservation of what a draft asks for; the draft itself stays, for afterwards."""
    return request_operations.draft(
        measure=PRESERVATION, case_id=known.case_id, danger=known.danger,
        content=request_draft.preserving(content, law.forms[PRESERVATION], after=known.reference),
        request=uuid5(known.id, PRESERVATION), **by_at,
    )  # fmt: skip


def _version(request: Asked) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _take_order(request: Asked, known: Request, by_at: dict[str, Any]) -> None:
    sent = request.FILES.get("order")
    if sent is not None:
        file = file_operations.Sent(sent.name, sent.content_type or "", sent.read())
        file_operations.add_to_request(request_id=known.id, kind="order", file=file, **by_at)
        known.refresh_from_db(fields=["version"])


def _submit(request: Asked, known: Request, by_at: dict[str, Any]) -> None:
    authority = request.POST.get("authority", "")[:32]
    if not authority:
        law = law_now()
        request_operations.choose_now(known, law=law, at=by_at["at"])
        raise request_draft.no_authority()
    if known.state == "asked":
        request_operations.reply(
            request_id=known.id, text=request.POST.get("text") or gettext("The draft was changed."),
            version=known.version, **by_at,
        )  # fmt: skip
        return
    request_operations.submit(
        request_id=known.id, authority=authority, version=known.version,
        confirmer=request.POST.get("confirmer", "")[:32], **by_at,
    )  # fmt: skip
