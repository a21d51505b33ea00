"""Pages of changes to the directory: propose, agree after a call to the old number, stop.

Between the hub's word and the change lies a day; the organisation's people see both, and stop it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import directory_operations, key_operations
from recoup.apps.audit.directory_operations import FIELDS, DirectoryRefused
from recoup.apps.audit.key_operations import KeyRefused
from recoup.apps.members import people_queries
from recoup.apps.members.allowed import allowed
from recoup.apps.members.directory_models import DirectoryChange
from recoup.apps.members.models import Organisation
from recoup.apps.said import reason
from recoup.data.policy import load_directory, load_policy

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
SHOWN: Final = 50
LABELS: Final = {
    "contact_name": gettext_lazy("Contact point"),
    "contact_name_sr": gettext_lazy("Contact point, in Cyrillic"),
    "contact_phone": gettext_lazy("Phone"),
    "contact_email": gettext_lazy("E-mail"),
    "answers_by": gettext_lazy("Answers by"),
    "bank_code": gettext_lazy("Bank code"),
    "bic": gettext_lazy("BIC"),
    "hosted_add": gettext_lazy("Identifiers that you serve from now on"),
    "hosted_end": gettext_lazy("Identifiers that you serve no more"),
}


@require_GET
@allowed("directory:changes")
def index(request: Request) -> HttpResponse:
    """What is under way, and what was changed before; the form that proposes."""
    return _page(request)


@require_POST
@allowed("directory:propose")
def propose(request: Request) -> HttpResponse:
    """Propose new values for the own entry."""
    given = {name: request.POST.get(name, "")[:8_000] for name in (*LABELS, "ground")}
    try:
        directory_operations.propose(
            wanted={name: given[name] for name in FIELDS}, ground=given["ground"],
            add=given["hosted_add"], end=given["hosted_end"], by=request.actor, at=request.at,
        )  # fmt: skip
    except DirectoryRefused as refusal:
        problems = {refusal.field or "said": reason(refusal)}
        return _page(request, problems=problems, typed=given, status=422)
    messages.success(request, gettext("It is proposed. Nothing has changed yet."))
    return HttpResponseRedirect(reverse("directory-changes"))


@require_POST
@allowed("directory:confirm")
def decide(request: Request, change_id: UUID) -> HttpResponse:
    """Agree, or refuse: the hub's desk, after the call."""
    _change(request, change_id)
    is_agreed = request.POST.get("act") == "agree"
    try:
        directory_operations.decide(
            change_id=change_id, is_agreed=is_agreed, told=request.POST.get("told", ""),
            by=request.actor, at=request.at,
        )  # fmt: skip
    except DirectoryRefused as refusal:
        return _page(request, problems={"said": reason(refusal)}, status=422)
    return HttpResponseRedirect(reverse("directory-changes"))


@require_POST
@allowed("directory:stop")
def stop(request: Request, change_id: UUID) -> HttpResponse:
    """Stop it before it acts."""
    _change(request, change_id)
    try:
        directory_operations.stop(
            change_id=change_id, ground=request.POST.get("ground", ""), by=request.actor,
            at=request.at,
        )  # fmt: skip
    except DirectoryRefused as refusal:
        return _page(request, problems={"said": reason(refusal)}, status=422)
    messages.success(request, gettext("It is stopped. The entry stays as it is."))
    return HttpResponseRedirect(reverse("directory-changes"))


@require_POST
@allowed("key:confirm")
def decide_key(request: Request) -> HttpResponse:
    """Let a new key of a program work now, or end it: the hub's desk, after a call."""
    try:
        key_operations.decide_key(
            key_id=UUID(request.POST.get("key", "")), told=request.POST.get("told", ""),
            is_agreed=request.POST.get("act") == "agree", by=request.actor, at=request.at,
        )  # fmt: skip
    except ValueError:
        return _page(request, problems={"said": gettext("There is no such key.")}, status=422)
    except KeyRefused as refusal:
        return _page(request, problems={"said": reason(refusal)}, status=422)
    messages.success(request, gettext("It is recorded, and the organisation has a task."))
    return HttpResponseRedirect(reverse("directory-changes"))


def _change(request: Request, change_id: UUID) -> DirectoryChange:
    return get_object_or_404(directory_operations.visible_to(request.actor), pk=change_id)


def _page(
    request: Request, *, problems: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    actor, policy = request.actor, load_policy()
    rows = [_row(change) for change in directory_operations.visible_to(actor)[:SHOWN]]
    own = Organisation.objects.get(pk=actor.organisation_id)
    shown = typed or {name: getattr(own, name) for name in FIELDS}
    context = {
        "waiting": [row for row in rows if row["state"] in ("proposed", "agreed")],
        "before": [row for row in rows if row["state"] not in ("proposed", "agreed")],
        "fields": [(name, LABELS[name], shown.get(name, "")) for name in FIELDS
                   if name != "answers_by"],
        "own": own, "typed": typed or {}, "problems": problems or {}, "labels": LABELS,
        "keys": people_queries.keys_to_agree(actor),
        "hours": load_directory().cool_down_hours,
        "answers_by": shown.get("answers_by", ""),
        "may_propose": policy.may(actor, "directory:propose"),
        "may_confirm": policy.may(actor, "directory:confirm"),
        "may_stop": policy.may(actor, "directory:stop"),
    }  # fmt: skip
    return render(request, "desk/directory_changes.html", context, status=status)


def _row(change: DirectoryChange) -> dict[str, Any]:
    lines = [
        (LABELS.get(name, name), _shown(change.before.get(name, "")), _shown(value))
        for name, value in change.changes.items()
    ]
    return {"change": change, "lines": lines, "state": _state(change)}


def _state(change: DirectoryChange) -> str:
    if change.stopped_at:
        return "stopped"
    if change.acted_at:
        return "acted"
    return {None: "proposed", True: "agreed", False: "refused"}[change.is_agreed]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(" ".join(pair) for pair in value)
    return {"api": gettext("its own program"), "desk": gettext("people at the desk")}.get(
        value, str(value)
    )


urlpatterns = [
    path("directory/changes", index, name="directory-changes"),
    path("directory/changes/propose", propose, name="directory-propose"),
    path("directory/keys/decide", decide_key, name="key-decide"),
    path("directory/changes/<uuid:change_id>/decide", decide, name="directory-decide"),
    path("directory/changes/<uuid:change_id>/stop", stop, name="directory-stop"),
]
