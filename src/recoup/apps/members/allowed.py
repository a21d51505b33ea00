"""Marks a view with the act it is, and refuses it to roles that the policy table does not name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from recoup.apps.members import errors
from recoup.data.policy import load_policy


def allowed(act: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Let only the roles of the policy table do ``act``; raises UnknownAct at import."""
    load_policy().roles_for(act)

    def mark(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = request.actor  # type: ignore[attr-defined]
            if load_policy().may(actor, act):
                return view(request, *args, **kwargs)
            if (
                actor.role == "visitor"
                and request.method == "GET"
                and not request.headers.get("HX-Request")
            ):
                return redirect(f"/accounts/login/?{urlencode({'next': request.get_full_path()})}")
            return errors.not_allowed(request, act)

        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return mark
