"""The ministry's pages for changing its law: a draft, whom it concerns, and the second person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.lawful_requests import law_operations as operations
from recoup.apps.lawful_requests import law_queries
from recoup.apps.lawful_requests.models import PackDraft
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN, version_now
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words
from recoup.core.law import Pack
from recoup.data import load_measures
from recoup.data.policy import load_policy
from recoup.web import law_pages, law_words
from recoup.web.law_power_form import MOST, PowerForm, ReadableField

LIVE: Final = ("drafted", "submitted", "approved")
Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope


class SubmitForm(forms.Form):
    ground = ReadableField(
        label=gettext_lazy("Why, and where it is published"), lines=True,
        max_length=operations.MOST_GROUND,
    )  # fmt: skip
    comes_into_force_on = forms.DateField(
        label=gettext_lazy("Comes into force on"), widget=forms.DateInput(attrs={"type": "date"})
    )


class AnswerForm(forms.Form):
    answer = ReadableField(
        label=gettext_lazy("Your remark, or the reason"), lines=True,
        max_length=operations.MOST_GROUND, required=False,
    )  # fmt: skip


class WithdrawForm(forms.Form):
    answer = ReadableField(
        label=gettext_lazy("Why it is withdrawn"), lines=True,
        max_length=operations.MOST_GROUND, required=False,
    )  # fmt: skip


class RemoveForm(forms.Form):
    """Why and to_check are needed where it was the last power for its measure."""

    power = forms.CharField(widget=forms.HiddenInput(), max_length=64)
    why = ReadableField(
        label=gettext_lazy("Why no power is known any more"), lines=True, required=False,
        max_length=MOST,
    )  # fmt: skip
    to_check = ReadableField(
        label=law_words.FIELDS["to_check"], lines=True, required=False, max_length=MOST
    )


# The list, and beginning


@require_GET
@allowed("law:drafts")
def drafts(request: Request) -> HttpResponse:
    decides = load_policy().may(request.actor, "law:approve")
    found = [_row(one) for one in law_queries.drafts_of(request.actor)[:200]]
    for row in found:
        row["is_due"] = decides and row["draft"].state == "submitted"
    return render(request, "law/drafts.html", {"drafts": found})


def _row(found: PackDraft) -> dict[str, Any]:
    said, tone = law_words.STATES[found.state]
    return {"draft": found, "state": said, "tone": tone, "version": _text(found).version}


@require_POST
@allowed("law:draft")
def begin(request: Request) -> HttpResponse:
    """A new draft from the law in force, or from the text of one that was refused."""
    asked = request.POST.get("copy_of", "")
    copy_of = _draft(request, asked).id if asked else None
    try:
        made = operations.draft(by=request.actor, at=request.at, copy_of=copy_of)
    except RequestRefused as refused:
        return _not_now(request, refused)
    return HttpResponseRedirect(reverse("law-draft", args=[made.id]))


# One draft


@require_GET
@allowed("law:drafts")
def draft(request: Request, draft_id: UUID) -> HttpResponse:
    return _page(request, _draft(request, draft_id))


def _draft(request: Request, draft_id: UUID | str) -> PackDraft:
    try:
        which = UUID(str(draft_id))
    except ValueError:
        which = UUID(int=0)
    return get_object_or_404(law_queries.drafts_of(request.actor), pk=which)


def _text(found: PackDraft) -> Pack:
    return operations.read_text(bytes(found.body), country=found.country)


def _page(request: Request, found: PackDraft, *, status: int = 200, **shown: Any) -> HttpResponse:
    pack, actor = _text(found), request.actor
    said, tone = law_words.STATES[found.state]
    may = {
        "write": load_policy().may(actor, "law:draft") and found.state == "drafted",
        "decide": load_policy().may(actor, "law:approve") and found.state == "submitted"
        and actor.person_id not in operations.hands_of(found),
        "withdraw": found.state in LIVE,
        "begin_again": load_policy().may(actor, "law:draft")
        and found.state in ("refused", "withdrawn") and found.based_on_id == version_now().id,
    }  # fmt: skip
    context = {
        "draft": found, "pack": pack, "state": said, "tone": tone, "can": may,
        "digest": bytes(found.digest).hex(), "has_ended": found.state not in LIVE,
        "is_own": found.author_id == actor.person_id,
        "groups": _to_edit(pack) if may["write"] else [],
        "measures": [
            (word, law_words.measure(word)) for word in load_measures() if word not in OF_THE_CHAIN
        ],
        "submit_form": SubmitForm(), "answer_form": AnswerForm(), "withdraw_form": WithdrawForm(),
        **told(law_queries.base_of(found), pack),
    } | shown  # fmt: skip
    return render(request, "law/draft.html", context, status=status)


def _to_edit(pack: Pack) -> list[dict[str, Any]]:
    """The measures that have powers which are changed here."""
    groups = law_pages.measures(pack)
    return [one for one in groups if one["powers"] and not one["is_of_the_chain"]]


def told(before: Pack, after: Pack) -> dict[str, Any]:
    """What differs, and who and what is affected, for the templates."""
    found = law_queries.concerned(before, after)
    words, there = load_measures().words, law_queries.organisations_by_kind()
    return {
        "differences": [law_words.difference(one) for one in found.differences],
        "affected": [
            {
                "measure": law_words.measure(one.measure),
                "requesters": law_words.names(one.requesters, words.kinds, there=there),
                "roles": law_words.names(one.roles, words.roles),
                "addressees": law_words.names(one.addressees, words.kinds, there=there),
                "under_way": law_words.under_way(one.under_way),
                **_outlook(one.measure, before, after),
            }
            for one in found.affected
        ],
    }  # fmt: skip


def _outlook(measure: str, before: Pack, after: Pack) -> dict[str, str]:
    """Whether a measure gains its first power or loses its last one."""
    said, tone = law_words.outlook(
        len(before.powers_for(measure)), len(after.powers_for(measure))
    )  # fmt: skip
    return {"outlook": said, "outlook_tone": tone}


# One power of a draft


@allowed("law:draft")
def power(request: Request, draft_id: UUID) -> HttpResponse:
    """The form of a power: ``power`` names one that there is, ``measure`` begins a new one."""
    found = _draft(request, draft_id)
    row, is_new = _asked(request, found)
    if row is None or found.state != "drafted":
        return HttpResponseRedirect(reverse("law-draft", args=[found.id]))
    if request.method != "POST":
        form = PowerForm(row)
        return _power_page(request, found, form, is_new=is_new)
    form = PowerForm(row, request.POST)
    if form.is_valid():
        try:
            operations.change_power(
                draft_id=found.id, row=form.as_row(), version=_read_version(request),
                by=request.actor, at=request.at, is_new=is_new,
            )  # fmt: skip
            return HttpResponseRedirect(reverse("law-draft", args=[found.id]))
        except RequestRefused as refused:
            form.tell(refused)
    return _power_page(request, found, form, is_new=is_new, status=422)


def _power_page(
    request: Request, found: PackDraft, form: PowerForm, *, is_new: bool, status: int = 200
) -> HttpResponse:
    context = {
        "draft": found, "form": form, "is_new": is_new, "row": form.row,
        "measure": law_words.measure(form.row["measure"]),
        **_previewed(found, form, is_new),
    }  # fmt: skip
    return render(request, "law/power.html", context, status=status)


@require_POST
@allowed("law:draft")
def preview(request: Request, draft_id: UUID) -> HttpResponse:
    """The same page with what the form would change and whom it concerns; nothing is kept."""
    found = _draft(request, draft_id)
    row, is_new = _asked(request, found)
    if row is None or found.state != "drafted":
        return HttpResponseRedirect(reverse("law-draft", args=[found.id]))
    return _power_page(request, found, PowerForm(row, request.POST), is_new=is_new)


def _previewed(found: PackDraft, form: PowerForm, is_new: bool) -> dict[str, Any]:
    """The draft with the form's values, compared with the law in force; or what is wrong."""
    before = law_queries.base_of(found)
    if not form.is_bound:
        return told(before, _text(found))
    problems = [f"{form.fields[n].label}: {e}" for n, es in form.errors.items() if n in form.fields
                for e in es]  # fmt: skip
    if problems or form.non_field_errors():
        return {"problems": problems or form.non_field_errors()}
    try:
        document = operations.with_row(found, form.as_row(), is_new=is_new)
    except RequestRefused as refused:
        label = law_words.FIELDS.get(refused.field)
        said = in_words(refused.said)
        return {"problems": [f"{label}: {said}" if label else said]}
    return told(before, operations.pack_from(document, found.country))


def _asked(request: Request, found: PackDraft) -> tuple[dict[str, Any] | None, bool]:
    """The row that the form begins with, and whether it is a new one."""
    given = request.POST if request.method == "POST" else request.GET
    name, measure = given.get("power", ""), given.get("measure", "")
    rows = {row["id"]: row for row in _text(found).document.get("power", ())}
    if name in rows:
        return dict(rows[name]), False
    if measure in load_measures():
        return {"id": _free(rows, measure), "measure": measure}, True
    return None, False


def _free(rows: dict[str, Any], measure: str) -> str:
    """A name for a new power that none has."""
    first = f"{settings.COUNTRY.lower()}_{measure}"
    names = (first, *(f"{first}_{n}" for n in range(2, len(rows) + 3)))
    return next(name for name in names if name not in rows)


def _read_version(request: Request) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


# Acts


@allowed("law:draft")
def remove(request: Request, draft_id: UUID) -> HttpResponse:
    """Ask whether a power leaves, and why where it is the last one for its measure."""
    found = _draft(request, draft_id)
    posted = request.POST if request.method == "POST" else None
    name = (posted or request.GET).get("power", "")
    pack = _text(found)
    power = next((one for one in pack.powers if one.power == name), None)
    if power is None or found.state != "drafted":
        return HttpResponseRedirect(reverse("law-draft", args=[found.id]))
    form = RemoveForm(posted)
    if form.is_valid():
        try:
            operations.remove_power(
                draft_id=found.id, version=_read_version(request), by=request.actor,
                at=request.at, **form.cleaned_data,
            )  # fmt: skip
            return HttpResponseRedirect(reverse("law-draft", args=[found.id]))
        except RequestRefused as refused:
            if refused.field not in form.fields:
                return _not_now(request, refused)
            form.add_error(refused.field, in_words(refused.said))
    context = {
        "draft": found, "form": form, "power": law_words.power(power),
        "measure": law_words.measure(power.measure),
        "is_last": len(pack.powers_for(power.measure)) == 1,
    }  # fmt: skip
    return render(request, "law/remove.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("law:draft")
def submit(request: Request, draft_id: UUID) -> HttpResponse:
    found, form = _draft(request, draft_id), SubmitForm(request.POST)
    act = partial(operations.submit, version=_read_version(request))
    return _acted(request, found, form, act, "submit_form")


@require_POST
@allowed("law:approve")
def decide(request: Request, draft_id: UUID) -> HttpResponse:
    """Approve or refuse, by the button that was pressed."""
    found, form = _draft(request, draft_id), AnswerForm(request.POST)
    is_yes = request.POST.get("decision") == "approve"
    operation = operations.approve if is_yes else operations.refuse
    act = partial(operation, version=_read_version(request))
    return _acted(request, found, form, act, "answer_form")


@require_POST
@allowed("law:drafts")
def withdraw(request: Request, draft_id: UUID) -> HttpResponse:
    found, form = _draft(request, draft_id), WithdrawForm(request.POST)

    def act(*, answer: str, **given: Any) -> object:
        return operations.withdraw(ground=answer, **given)

    return _acted(request, found, form, act, "withdraw_form")


def _acted(
    request: Request, found: PackDraft, form: forms.Form, act: Callable[..., object], name: str
) -> HttpResponse:
    """Do it and show the draft again; what is wrong is said at its field, else on a page."""
    if form.is_valid():
        try:
            act(draft_id=found.id, by=request.actor, at=request.at, **form.cleaned_data)
            return HttpResponseRedirect(reverse("law-draft", args=[found.id]))
        except RequestRefused as refused:
            if refused.field not in form.fields:
                return _not_now(request, refused)
            form.add_error(refused.field, in_words(refused.said))
    return _page(request, found, status=422, form=form, **{name: form})


def _not_now(request: Request, refused: RequestRefused) -> HttpResponse:
    return errors.page(request, 409, "409.html", problem=in_words(refused.said))
