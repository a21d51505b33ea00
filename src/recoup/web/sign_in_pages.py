"""Pages of signing in: by passkey, and making one with the two words of a pass.

Whatever is wrong is answered in the same words, with the same status and after the same work: these
pages tell nobody whether a name, a passkey or a pass exists.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final
from uuid import UUID

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.members import code_operations, codes, factors, pass_words, passkeys, sealing
from recoup.apps.members import queries as members
from recoup.apps.members.allowed import allowed
from recoup.apps.members.codes import CodeRefused
from recoup.apps.members.models import Login
from recoup.apps.members.pass_words import Pass
from recoup.apps.members.passkeys import NotAccepted
from recoup.apps.members.sealing import NotSealedHere
from recoup.web import sign_in

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
PURPOSE: Final = "sign_in"
PASS: Final = "pass"  # noqa: S105
SECRET: Final = "new_codes"  # noqa: S105
LONGEST_NAME: Final = 60


@require_POST
@allowed("session:own")
def begin(request: Request) -> HttpResponse:
    """What the browser hands to the device. Nobody has said yet who they are."""
    return JsonResponse(passkeys.ask(request, PURPOSE, None, at=request.at))


@require_POST
@allowed("session:own")
def by_passkey(request: Request) -> HttpResponse:
    """Sign in whoever's device has signed."""
    text = request.POST.get("passkey", "")
    try:
        key = passkeys.check(request, PURPOSE, text, at=request.at)
    except NotAccepted:
        mark = hashlib.sha256(text.encode()).hexdigest()
        audit.refused(f"passkey {mark}", by=request.actor, at=request.at)
        messages.error(request, gettext("The hub did not accept this. Try again, or ask your "
                                        "organisation’s officer for a new passkey."))  # fmt: skip
        return redirect("account_login")
    sign_in.let_in(request, key.login, factor=factors.PASSKEY)
    return redirect(next_of(request))


def next_of(request: Request) -> str:
    given = str(request.POST.get("next", ""))
    is_ours = given.startswith("/") and url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if is_ours else "/desk"


@require_http_methods(["GET", "POST"])
@allowed("session:own")
def by_code(request: Request) -> HttpResponse:
    """The second half after a password: a code from the telephone."""
    login = sign_in.half_signed_in(request)
    if login is None:
        return redirect("account_login")
    if request.method != "POST":
        return render(request, "sign_in/code.html", {})
    try:
        sign_in.limit_tries(request, login)
        code_operations.check(login, request.POST.get("code", "")[:10], at=request.at)
        _codes_are_enough(request, login)
    except CodeRefused:
        audit.refused(login.username, by=request.actor, at=request.at)
        told = gettext("This code was not accepted. Wait for the next one and try again.")
        return render(request, "sign_in/code.html", {"trouble": told}, status=422)
    sign_in.let_in(request, login, factor=factors.CODE)
    return redirect("/desk")


@require_POST
@allowed("session:own")
def by_click(request: Request) -> HttpResponse:
    """Sign in an invented person of a demonstration. Nobody else, and nowhere else."""
    name = request.POST.get("username", "")[:64]
    login = Login.objects.filter(username=name, is_active=True).first()
    if not settings.IS_DEMO or login is None or not sign_in.password_is_enough(login):
        messages.error(request, gettext("Only invented people of a demonstration sign in so."))
        return redirect("account_login")
    sign_in.let_in(request, login, factor=factors.DEMONSTRATION)
    return redirect("/desk")


def _codes_are_enough(request: Request, login: Login) -> None:
    """Raise CodeRefused for whom they are not, or are not any more from this day on."""
    mandate = members.mandate_of(login.person_id, chosen=None, factor=factors.CODE)
    if mandate is None or not factors.may_use_code(mandate.role, at=request.at):
        raise CodeRefused("codes are not enough")


# Making a passkey, or codes


@never_cache
@require_http_methods(["GET", "POST"])
@allowed("session:own")
def enrol(request: Request) -> HttpResponse:
    """Two words open a pass; then a device makes a passkey."""
    act = request.POST.get("act", "")
    if request.method == "POST" and act in ("make", "codes"):
        found = _pass(request)
        if found is None:
            return _enrol_page(request, trouble=_wrong(), status=422)
        return _make(request, found) if act == "make" else _make_codes(request, found)
    if request.method == "POST":
        return _open(request)
    return _enrol_page(request)


def _open(request: Request) -> HttpResponse:
    first, second = (pass_words.token(request.POST.get(f, "")[:60]) for f in ("first", "second"))
    has_tries = ratelimit.consume(request, action="pass")
    if pass_words.opened(first, second) is None or not has_tries:
        audit.refused("pass", by=request.actor, at=request.at)
        return _enrol_page(request, trouble=_wrong(), status=422)
    request.session[PASS] = sealing.seal(first + second, about=PASS).hex()
    return redirect("enrol")


def _wrong() -> str:
    return gettext("These two words open nothing, or their time is over. Check both, or ask who "
                   "gave them to you for new ones.")  # fmt: skip


def _enrol_page(request: Request, *, trouble: str = "", status: int = 200) -> HttpResponse:
    found = _pass(request)
    context: dict[str, Any] = {"trouble": trouble, "pass": found}
    if found is not None:
        context["options"] = passkeys.ask_to_make(request, found.login, at=request.at)
        context["mandate"] = members.mandate_of(found.login.person_id, chosen=None)
        context |= _codes(request, found)
    return render(request, "sign_in/enrol.html", context, status=status)


def _pass(request: Request) -> Pass | None:
    held = request.session.get(PASS)
    if not held:
        return None
    try:
        tokens = sealing.unseal(bytes.fromhex(held), about=PASS)
    except NotSealedHere:
        return None
    return pass_words.opened(tokens[:32], tokens[32:])


def _make(request: Request, found: Pass) -> HttpResponse:
    name = request.POST.get("name", "").strip()[:LONGEST_NAME] or gettext("Passkey")
    try:
        made = passkeys.read_made(
            request, found.login, request.POST.get("passkey", ""), at=request.at
        )
    except NotAccepted:
        told = gettext("The device gave no passkey. Nothing was stored. Try again.")
        return _enrol_page(request, trouble=told, status=422)
    stored: UUID | None = pass_words.enrol_passkey(found, made, name=name)
    if stored is None:
        return _enrol_page(request, trouble=_wrong(), status=422)
    audit.factor_made(found.login, kind="passkey", change=found.change_id, by=request.actor)
    return render(request, "sign_in/enrolled.html", {"name": name, "more": _pass(request)})


def _codes(request: Request, found: Pass) -> dict[str, Any]:
    """A secret to type into the telephone, for whom codes are enough; kept until it is proved."""
    mandate = members.mandate_of(found.login.person_id, chosen=None, factor=factors.CODE)
    if mandate is None:
        return {}
    fresh = codes.seal(codes.new_secret(), found.login).hex()
    held = bytes.fromhex(request.session.setdefault(SECRET, fresh))
    try:
        secret = codes.unseal(held, found.login)
    except CodeRefused:  # another person was enrolled in this browser before
        request.session[SECRET] = fresh
        secret = codes.unseal(bytes.fromhex(fresh), found.login)
    return {"secret": codes.as_typed(secret), "link": codes.link(secret, found.login)}


def _make_codes(request: Request, found: Pass) -> HttpResponse:
    """Store the secret once its first code is right, and a password beside it."""
    word, held = request.POST.get("password", ""), request.session.get(SECRET, "")
    try:
        validate_password(word, found.login)
        if not _codes(request, found) or not held:
            raise CodeRefused("codes are not enough for this person")
        secret = codes.unseal(bytes.fromhex(held), found.login)
        typed = request.POST.get("code", "")[:10]
        stored = code_operations.enrol(
            found, secret, typed, password=make_password(word), at=request.at
        )
    except ValidationError as problem:
        return _enrol_page(request, trouble=" ".join(problem.messages), status=422)
    except CodeRefused:
        told = gettext("This code was not accepted. Wait for the next one and try again.")
        return _enrol_page(request, trouble=told, status=422)
    if not stored:
        return _enrol_page(request, trouble=_wrong(), status=422)
    request.session.pop(SECRET, None)
    audit.factor_made(found.login, kind="code", change=found.change_id, by=request.actor)
    return render(request, "sign_in/enrolled.html", {"is_code": True})
