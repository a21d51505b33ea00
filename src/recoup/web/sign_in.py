"""Sign-in of named persons: nobody signs up, an organisation's officer enrols them."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from recoup.apps.audit import session_operations as audit
from recoup.apps.members import passwords


def key_of_tries(key: str, prefix: str, version: int) -> str:
    """Under which tries are counted: a keyed digest, since the library's key has the address."""
    return salted_hmac("recoup.tries", key, algorithm="sha256").hexdigest()


class NoSignUp(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: Any, password: str) -> None:
        """Change the password of who has just given the old one; other sessions end."""
        user.session_mark = passwords.change(user.pk, proved=user.proved, password=password)
        audit.password_changed(user)

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        audit.signed_in(user)

    def logout(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            audit.signed_out(request.user)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        by, at = request.actor, request.at  # type: ignore[attr-defined]
        audit.refused(str(credentials.get("username", "")), by=by, at=at)
