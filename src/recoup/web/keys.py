"""The page of machines' keys: what each is for, when it ends and was used last; to make and end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import key_operations as operations
from recoup.apps.audit.key_operations import KeyRefused
from recoup.apps.members import people_queries
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.core.said import Said
from recoup.data.policy import load_sign_in

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope


@require_GET
@allowed("key:see")
def index(request: Request) -> HttpResponse:
    """The organisation's keys."""
    return _page(request)


@require_POST
@allowed("key:change")
def make(request: Request) -> HttpResponse:
    """Make a key, and show it this once."""
    days = request.POST.get("days", "")
    try:
        key = operations.make_key(
            name=request.POST.get("name", ""), acts=request.POST.getlist("acts"),
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0,
            by=request.actor, at=request.at,
        )  # fmt: skip
    except KeyRefused as refusal:
        problems = {refusal.field or "said": reason(refusal)}
        return _page(request, problems=problems, status=422)
    return _page(request, key=key)


@require_POST
@allowed("key:change")
def end(request: Request) -> HttpResponse:
    """End a key."""
    try:
        operations.end_key(key_id=_uuid(request), by=request.actor, at=request.at)
    except KeyRefused as refusal:
        return _page(request, problems={"said": reason(refusal)}, status=422)
    messages.success(request, gettext("The key has ended. Programs that use it are refused now."))
    return HttpResponseRedirect(reverse("keys"))


def _uuid(request: Request) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise KeyRefused(
            Said("There is no such key at your organisation, or it has ended.")
        ) from None


def _page(
    request: Request, *, key: str = "", problems: Mapping[str, str] | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "keys": people_queries.keys_of(request.actor), "acts": operations.acts_for_machines(),
        "key": key, "problems": problems or {}, "most_days": load_sign_in().key_days,
        "typed": request.POST if problems else {}, "at": request.at,
        "chosen": request.POST.getlist("acts") if problems else operations.acts_for_machines(),
    }  # fmt: skip
    return render(request, "people/keys.html", context, status=status)
