"""Pages of a border task: the request for paper and as data, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.cases.models import RequestAbroad, Task
from recoup.apps.holds import abroad_operations as operations
from recoup.apps.holds.act_forms import NotSentForm
from recoup.apps.holds.operations import NotPossible, NotThisValue
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.core.money import read_sum
from recoup.core.text import NotReadable, read_note
from recoup.data import currency, load_channels
from recoup.web import request_abroad
from recoup.web.templatetags.recoup_ui import law_words

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
OUTCOMES = (
    ("postponed", gettext_lazy("Postponed or held, in whole or in part")),
    ("nothing_left", gettext_lazy("Nothing is left there")),
    ("information", gettext_lazy("Information only")),
    ("refused", gettext_lazy("Refused")),
)


class SentForm(forms.Form):
    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    sent_at = forms.DateTimeField(label=gettext_lazy("Sent at"))

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["channel"].choices = [  # type: ignore[attr-defined]
            (channel.channel, law_words(channel.name)) for channel in load_channels().values()
        ]


class AnsweredForm(forms.Form):
    """What came back. The sum is in the request's currency."""

    request: forms.ModelChoiceField[RequestAbroad] = forms.ModelChoiceField(
        label=gettext_lazy("Request"), queryset=None
    )
    outcome = forms.ChoiceField(label=gettext_lazy("Answer"), choices=OUTCOMES)
    held = forms.CharField(label=gettext_lazy("Sum postponed or held"), required=False)
    held_until = forms.DateTimeField(label=gettext_lazy("Until"), required=False)
    their_reference = forms.CharField(
        label=gettext_lazy("Their reference"), max_length=64, required=False
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *given: Any, task: Task, **named: Any) -> None:
        super().__init__(*given, **named)
        self.waiting = list(_sent(task).filter(answered_at=None))
        field: Any = self.fields["request"]
        field.queryset = _sent(task).filter(answered_at=None)
        field.empty_label = None
        field.label_from_instance = _named
        self.code = task.values["currency"]

    def clean_held(self) -> int | None:
        text = self.cleaned_data["held"]
        return _read(lambda: read_sum(text, currency(self.code), field="held")) if text else None

    def clean_note(self) -> str:
        return str(_read(lambda: read_note(self.cleaned_data["note"], field="note")))

    def clean_their_reference(self) -> str:
        text = self.cleaned_data["their_reference"]
        return str(_read(lambda: read_note(text, field="their_reference")))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        is_read = "held" in cleaned
        if cleaned.get("outcome") == "postponed" and is_read and not cleaned["held"]:
            self.add_error("held", gettext("Say which sum. Part of it is an answer too."))
        return cleaned


def _read(read: Any) -> Any:
    try:
        return read()
    except NotReadable as problem:
        raise forms.ValidationError(reason(problem)) from None


def _named(sent: RequestAbroad) -> str:
    channel = load_channels()[sent.channel]
    return f"{law_words(channel.name)}, {timezone.localtime(sent.sent_at):%Y-%m-%d %H:%M}"


def _sent(task: Task) -> Any:
    rows = RequestAbroad.objects.filter(task=task).exclude(channel=operations.NOT_SENT)
    return rows.select_related("sent_by").order_by("sent_at", "id")


def _task(request: Request, task_id: UUID) -> Task:
    mine = request.actor.organisation_id
    rows = Task.objects.filter(Q(owner_id=mine) | Q(issuer_id=mine)).select_related("owner")
    return get_object_or_404(rows, pk=task_id)


def of_border_task(
    view: Callable[[Request, Task], HttpResponse],
) -> Callable[[Request, UUID], HttpResponse]:
    """Find the task for the view; one of another kind is refused."""

    @wraps(view)
    def found(request: Request, task_id: UUID) -> HttpResponse:
        task = _task(request, task_id)
        if task.kind == "abroad":
            return view(request, task)
        text = gettext("This task is not about money that left the country.")
        return errors.page(request, 409, "409.html", problem=text)

    return found


def _document(request: Request, task: Task) -> dict[str, Any]:
    return request_abroad.document(task, task.owner, at=request.at)


@require_GET
@allowed("abroad:see")
@of_border_task
def form(request: Request, task: Task) -> HttpResponse:
    return _page(request, task)


def _page(request: Request, task: Task, *, status: int = 200, **shown: Any) -> HttpResponse:
    """The request in one language, and what may be done with the task in the reader's."""
    language = request_abroad.language_wanted(request.GET.get("in", ""))
    with translation.override(language):
        found = request_abroad.sheet(_document(request, task), language=language)
        words = render_to_string("desk/_request_abroad.html", {"found": found})
    is_own = task.owner_id == request.actor.organisation_id
    now = timezone.localtime(request.at)
    context: dict[str, Any] = {
        "task": task, "sheet": words, "language": language,
        "reference": request_abroad.reference_of(task),
        "sent": [_shown(row) for row in _sent(task)],
        "not_sent": task.requests_abroad.filter(channel=operations.NOT_SENT).first(),
        "can_send": is_own and task.done_at is None,
        "sent_form": SentForm(initial={"sent_at": now}),
        "answered_form": AnsweredForm(task=task),
        "not_sent_form": NotSentForm(),
    } | shown  # fmt: skip
    context["can_answer"] = is_own and bool(context["answered_form"].waiting)
    return render(request, "desk/request_abroad.html", context, status=status)


def _shown(row: RequestAbroad) -> dict[str, Any]:
    return {
        "channel": load_channels()[row.channel].name, "sent_at": row.sent_at,
        "sent_by": row.sent_by.full_name, "amount_minor": row.amount_minor,
        "currency": row.currency, "sha256": bytes(row.sha256).hex(),
        "outcome": dict(OUTCOMES).get(row.outcome, ""), "answered_at": row.answered_at,
        "held_minor": row.held_minor, "held_until": row.held_until,
        "their_reference": row.their_reference, "note": row.note,
    }  # fmt: skip


@require_GET
@allowed("abroad:see")
@of_border_task
def download(request: Request, task: Task) -> HttpResponse:
    """The same request as JSON, for whoever has a program to send it with."""
    text = json.dumps(_document(request, task), ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json")
    name = request_abroad.reference_of(task).replace("/", "-")
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


@require_POST
@allowed("abroad:record")
@of_border_task
def sent(request: Request, task: Task) -> HttpResponse:
    given = SentForm(request.POST)
    if not given.is_valid():
        return _page(request, task, status=422, sent_form=given, form=given)
    body = _document(request, task)
    act = partial(operations.record_sent, task=task, body=body, **given.cleaned_data)
    return _recorded(request, task, act, sent_form=given)


@require_POST
@allowed("abroad:record")
@of_border_task
def answered(request: Request, task: Task) -> HttpResponse:
    given = AnsweredForm(request.POST, task=task)
    if not given.is_valid():
        return _page(request, task, status=422, answered_form=given, form=given)
    told = dict(given.cleaned_data)
    about = told.pop("request")
    told["held_minor"] = told.pop("held")
    act = partial(operations.record_answered, sent=about, told=operations.Outcome(**told))
    return _recorded(request, task, act, answered_form=given)


@require_POST
@allowed("abroad:record")
@of_border_task
def not_sent(request: Request, task: Task) -> HttpResponse:
    given = NotSentForm(request.POST)
    if not given.is_valid():
        return _page(request, task, status=422, not_sent_form=given, form=given)
    act = partial(operations.decide_not_to_send, task=task, ground=given.cleaned_data["ground"])
    return _recorded(request, task, act, not_sent_form=given)


def _recorded(
    request: Request, task: Task, act: Callable[..., object], **forms_given: forms.Form
) -> HttpResponse:
    """Do the act and show the request again; or say why it is not possible any more.

    What is not possible with this value only is said at its field.
    """
    try:
        act(by=request.actor, at=request.at)
    except NotThisValue as problem:
        [given] = forms_given.values()
        given.add_error(problem.field, reason(problem))
        return _page(request, task, status=422, form=given, **forms_given)
    except NotPossible as problem:
        return errors.page(request, 409, "409.html", problem=reason(problem))
    return HttpResponseRedirect(reverse("abroad", args=[task.id]))
