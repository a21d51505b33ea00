"""Asks for a second factor once more before an act that the policy table marks ``step_up``.

The table decides, for every view that names its act: no view calls this, so none can forget it.
What was typed is kept: the page that asks sends it on together with the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.members import code_operations, factors, passkeys
from recoup.apps.members.allowed import allowed
from recoup.apps.members.codes import CodeRefused
from recoup.apps.members.models import Login, Organisation
from recoup.apps.members.passkeys import NotAccepted
from recoup.data.policy import load_policy, load_sign_in
from recoup.web import sign_in

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
READING: Final = ("GET", "HEAD", "OPTIONS")
PURPOSE: Final = "step_up"
PASSKEY_FIELD, CODE_FIELD = "step_up_passkey", "step_up_code"
OURS: Final = (PASSKEY_FIELD, CODE_FIELD, "csrfmiddlewaretoken")


class StepUp:
    """Stands between every request and its view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: Request, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        act = getattr(view, "act", "")
        if not act or not is_asked(request, act):
            return None
        trouble = ""
        if was_answered(request):
            trouble = prove(request, act)
            _drop_answer(request)
        if not trouble and factors.is_fresh(request.session, at=request.at):
            return None
        return page(request, act, trouble=trouble)


def is_asked(request: Request, act: str, *, is_writing: bool | None = None) -> bool:
    """Whether this person shows a second factor for this act; a machine signs by key instead.

    is_writing: told by the method, unless it is given.
    """
    actor = getattr(request, "actor", None)
    if actor is None or actor.person_id is None or not request.user.is_authenticated:
        return False
    policy = load_policy()
    writes = request.method not in READING if is_writing is None else is_writing
    if not policy.needs_step_up(act, is_writing=writes):
        return False
    return policy.may(actor, act) and not _is_shown_round(request)


def _is_shown_round(request: Request) -> bool:
    """An invented person of a demonstration who signed in without a factor has none to show."""
    if request.session.get(factors.FACTOR) in factors.REAL:
        return False
    own = Organisation.objects.filter(pk=request.actor.organisation_id).first()
    return own is not None and factors.is_demonstration(own)


def was_answered(request: Request) -> bool:
    return request.method == "POST" and any(
        request.POST.get(f) for f in (PASSKEY_FIELD, CODE_FIELD)
    )


def prove(request: Request, act: str) -> str:
    """Check what was shown. Empty if it is right: the session gets a new id. Else what to do."""
    login: Login = request.user
    factor = factors.CODE if asks_code(request) else factors.PASSKEY
    try:
        if factor == factors.CODE:
            sign_in.limit_tries(request, login)
            code_operations.check(login, request.POST.get(CODE_FIELD, "")[:10], at=request.at)
        else:
            text = request.POST.get(PASSKEY_FIELD, "")
            passkeys.check(request, PURPOSE, text, at=request.at, of=login)
    except (NotAccepted, CodeRefused) as problem:
        audit.not_proved(login, reason=str(problem), act=act)
        return gettext("That was not accepted. Nothing was done yet. Try again.")
    request.session.cycle_key()
    factors.note_proof(request.session, factor, at=request.at)
    audit.proved(login, factor=factor, act=act)
    return ""


def asks_code(request: Request) -> bool:
    """Who signed in with a code shows one; a passkey is never replaced by less.

    What a provider said is shown by nobody: who came by it shows what the hub itself has of them.
    """
    factor = request.session.get(factors.FACTOR)
    if factor != factors.STATE:
        return bool(factor == factors.CODE)
    is_enough = factors.may_use_code(request.actor.role, at=request.at)
    return is_enough and not passkeys.keys_of(request.user)


def page(
    request: Request, act: str, *, trouble: str = "", back_to: str = "", status: int = 401
) -> HttpResponse:
    """The page that asks, with what was typed; at the address that was asked for."""
    is_code = asks_code(request)
    keys = [] if is_code else passkeys.keys_of(request.user)
    carried, target = _carried(request, back_to)
    context = {
        "act": act, "trouble": trouble, "minutes": load_sign_in().step_up_minutes,
        "options": passkeys.ask(request, PURPOSE, keys, at=request.at) if keys else None,
        "carried": carried, "target": target, "has_files": bool(request.FILES),
        "is_reading": request.method in READING, "asks_code": is_code,
    }  # fmt: skip
    return render(request, "sign_in/step_up.html", context, status=status)


def _carried(request: Request, back_to: str) -> tuple[list[tuple[str, str]], str]:
    """The fields that go on with the answer, and where to. Files cannot be sent on by a page."""
    if back_to or request.method in READING or request.FILES or request.headers.get("HX-Request"):
        where = back_to or _page_behind(request)
        return [("next", where)], "/step-up"
    fields = [(n, v) for n, vs in request.POST.lists() if n not in OURS for v in vs]
    return fields, request.get_full_path()


def _page_behind(request: Request) -> str:
    """The page to go back to: this one, or the one from which a form or a part was sent."""
    if request.method in READING and not request.headers.get("HX-Request"):
        return str(request.get_full_path())
    sent = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    return f"{sent.path}?{sent.query}" if sent.query else sent.path or "/desk"


def _drop_answer(request: Request) -> None:
    """The view gets what was typed on its own page, and nothing of ours."""
    fields = request.POST.copy()
    for name in (PASSKEY_FIELD, CODE_FIELD):
        fields.pop(name, None)
    request.POST = fields


@require_POST
@allowed("session:own")
def step_up(request: Request) -> HttpResponse:
    """Show a second factor, then go back to what was asked for."""
    given = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    target = given if is_ours and given.startswith("/") else "/desk"
    if request.actor.person_id is None:
        return redirect("account_login")
    if trouble := prove(request, "session:own"):
        return page(request, "session:own", trouble=trouble, back_to=target, status=422)
    return redirect(target)
