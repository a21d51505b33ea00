"""Sign-in of named persons: nobody signs up, an organisation's officer enrols them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth import login as django_login
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac

from recoup.apps.audit import session_operations as audit
from recoup.apps.members import factors, passwords
from recoup.apps.members import queries as members
from recoup.apps.members.codes import CodeRefused
from recoup.apps.members.models import Login
from recoup.apps.members.sign_in_models import CodeSecret
from recoup.apps.reports.reporter import sender_mark

HALF = "half_signed_in"  # whose password was right, and when, until a code is there too
HALF_LASTS = timedelta(minutes=5)
PROVIDER = "provider"  # the first half was the state's own sign-in, not a password


def key_of_tries(key: str, prefix: str, version: int) -> str:
    """Under which tries are counted: a keyed digest, since the library's key has the address."""
    return salted_hmac("recoup.tries", key, algorithm="sha256").hexdigest()


class Passwords(ModelBackend):
    """A password counts only for whom it is a step: who has codes, or is invented for a demo.

    For everybody else a right password is answered as a wrong one is, after the same work, so that
    nobody learns which names exist, nor whose password they have.
    """

    def authenticate(
        self, request: Any, username: Any = None, password: Any = None, **given: Any
    ) -> Login | None:
        user = super().authenticate(request, username, password, **given)
        return user if user is not None and password_is_a_step(user) else None

    def get_user(self, user_id: Any) -> Login | None:
        user = members.login_of(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


def password_is_enough(user: Login) -> bool:
    """Whether all that somebody may act for is invented, in a demonstration."""
    mandate = members.mandate_of(user.person_id, chosen=None, factor=factors.DEMONSTRATION)
    return mandate is not None


def password_is_a_step(user: Login) -> bool:
    if password_is_enough(user):
        return True
    mandate = members.mandate_of(user.person_id, chosen=None, factor=factors.CODE)
    return mandate is not None and CodeSecret.objects.filter(login=user).exists()


def limit_tries(request: Any, login: Login) -> None:
    """At most five wrong codes in five minutes; raises CodeRefused. Waiting lets one in again."""
    if not ratelimit.consume(request, action="code", key=f"login {login.pk}"):
        raise CodeRefused("too many tries")


def half_signed_in(request: Any) -> Login | None:
    """Whose password was right in this browser, within the last minutes."""
    half = request.session.get(HALF)
    if not half or request.at - datetime.fromisoformat(half["at"]) > HALF_LASTS:
        return None
    return Login.objects.filter(pk=half["login"], is_active=True).first()


def let_in(request: Any, login: Login, *, factor: str) -> None:
    """Sign somebody in who has shown a second factor: a session with a new id."""
    half = request.session.get(HALF) or {}
    django_login(request, login, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session.pop(HALF, None)
    factors.begin(request.session, factor, at=request.at)
    _forget_ended()
    is_provider_s = half.get("by") == PROVIDER and half.get("login") == login.pk
    audit.signed_in(login, factor=factor, first=PROVIDER if is_provider_s else "")


def recognised(request: Any, login: Login, *, is_equal: bool, next: str) -> HttpResponse:
    """The state's own sign-in knows this person. That is half, unless it is equal to a passkey."""
    request.session.cycle_key()
    request.session[HALF] = {
        "login": login.pk, "at": request.at.isoformat(), "by": PROVIDER, "next": next,
    }  # fmt: skip
    if password_is_enough(login):
        let_in(request, login, factor=factors.DEMONSTRATION)
        return redirect(next)
    if is_equal:
        let_in(request, login, factor=factors.STATE)
        return redirect(next)
    return redirect("sign-in-second")


def _forget_ended() -> None:
    """Sessions that are over leave the database, with all that they kept. Nobody waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from django_session where session_key in (select session_key from "
            "django_session where expire_date < now() for update skip locked)"
        )


class NoSignUp(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: Any, password: str) -> None:
        """Change the password of who has just given the old one; other sessions end."""
        user.session_mark = passwords.change(user.pk, proved=user.proved, password=password)
        audit.password_changed(user)

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse | None:
        """The password was right. Outside a demonstration that is half: a code is asked."""
        if (answer := super().pre_login(request, user, **more)) is not None:
            return answer
        if password_is_enough(user):
            return None
        request.session[HALF] = {"login": user.pk, "at": request.at.isoformat()}  # type: ignore[attr-defined]
        return redirect("sign-in-code")

    def login(self, request: HttpRequest, user: Any) -> None:
        """Reached by who needs no second factor: the invented people of a demonstration."""
        super().login(request, user)
        request.session[factors.FACTOR] = factors.DEMONSTRATION
        audit.signed_in(user, factor=factors.DEMONSTRATION)

    def logout(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            audit.signed_out(request.user)
        super().logout(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by name and network: a stranger locks out nobody else."""
        counted: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{counted}:{sender_mark(request).hex()}"

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        by, at = request.actor, request.at  # type: ignore[attr-defined]
        audit.refused(str(credentials.get("username", "")), by=by, at=at)
