"""Ends a session that nobody has used for some minutes, or that is older than a shift.

A page that asks by itself whether something changed does not keep its reader signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from recoup.apps.members import factors

BY_ITSELF: Final = ("/version", "/live", "/events")


class SessionAge:
    """Stands before the view: whose session is over is sent to sign in, and comes back here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        at = getattr(request, "at", None)
        if at is None or request.path.startswith("/api/") or not request.user.is_authenticated:
            return None
        is_act = not request.path.endswith(BY_ITSELF)
        if not factors.is_over(request.session, at=at, is_act=is_act):
            return None
        logout(request)
        messages.warning(request, gettext("You were signed out: the session was over."))
        back = request.get_full_path() if request.method == "GET" and is_act else "/desk"
        return redirect(f"/accounts/login/?{urlencode({'next': back})}")
