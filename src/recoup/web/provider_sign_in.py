"""Pages of the state's own sign-in: out to its provider, back, and the second factor after it.

The way leads over pages of the hub's own that go on by themselves, in both directions. Out: the
strict policy lets forms go to the hub only, and a redirect would count as the form's. Back: the
session's cookie does not come along from another site (SameSite=Strict), but it does from here.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.members import factors, link_operations, oidc, passkeys
from recoup.apps.members import queries as members
from recoup.apps.members.allowed import allowed
from recoup.apps.members.codes import CodeRefused
from recoup.apps.members.models import Login
from recoup.apps.members.oidc import ProviderAway, Question
from recoup.apps.members.oidc_settings import Provider
from recoup.apps.members.passkeys import NotAccepted
from recoup.apps.members.sign_in_models import CodeSecret
from recoup.standards import id_token
from recoup.standards.id_token import IdToken
from recoup.web import sign_in, step_up
from recoup.web.sign_in_pages import next_of

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
SIGN_IN, LINK, SECOND = "sign_in", "link", "second"
CHANGE: Final = "session:link"
NOBODY: Final = "nobody by provider"  # with a space: no user name is like this
PASSED_ON: Final = ("code", "state", "iss", "error")  # of a provider's answer; the rest is dropped


def the_provider() -> Provider:
    """The provider of the settings; without one these pages are not there."""
    one = oidc.provider()
    if one is None:
        raise Http404
    return one


@never_cache
@require_POST
@allowed("session:own")
def begin(request: Request) -> HttpResponse:
    """Go to the provider to sign in."""
    one = the_provider()
    try:
        where = oidc.ask(request.session, one, SIGN_IN, at=request.at, next=next_of(request))
    except (ProviderAway, id_token.NotAccepted) as problem:
        return _refused(request, one, None, problem)
    return go_on(where, one.name)


def go_on(where: str, name: str) -> HttpResponse:
    """A page that goes on by itself, and has a link for who does not want to wait."""
    return HttpResponse(render_to_string("sign_in/go_on.html", {"where": where, "name": name}))


@never_cache
@require_GET
@allowed("session:own")
def back(request: Request) -> HttpResponse:
    """Where the provider sends people to; nothing is decided before the session is here too."""
    one = the_provider()
    given = {n: request.GET[n][: oidc.LONGEST_VALUE] for n in PASSED_ON if n in request.GET}
    return go_on(f"{reverse('sign-in-provider-finish')}?{urlencode(given)}", one.name)


@never_cache
@require_GET
@allowed("session:own")
def finish(request: Request) -> HttpResponse:
    """The answer, once: who it is, and whether the hub knows them."""
    one, asked = the_provider(), oidc.recall(request.session)
    try:
        who = oidc.answered(one, asked, request.GET, at=request.at)
    except (ProviderAway, id_token.NotAccepted) as problem:
        return _refused(request, one, asked, problem)
    assert asked is not None  # noqa: S101  # else it was refused
    mac = link_operations.digest(one.issuer, who.subject)
    if asked.purpose == LINK:
        return _link(request, one, asked, mac)
    return _sign_in(request, one, asked, who, mac)


def _sign_in(
    request: Request, one: Provider, asked: Question, who: IdToken, mac: bytes
) -> HttpResponse:
    login = link_operations.login_of(mac)
    if login is None:
        return _not_let_in(request, one, NOBODY, "not linked to anybody")
    if not login.is_active or members.mandate_of(login.person_id, chosen=None) is None:
        return _not_let_in(request, one, login.username, "suspended or without a mandate")
    is_equal = oidc.is_equal(one, who)
    return sign_in.recognised(request, login, is_equal=is_equal, next=asked.next or "/desk")


def _link(request: Request, one: Provider, asked: Question, mac: bytes) -> HttpResponse:
    """Only for whom it was asked, who is still signed in and has shown a second factor lately."""
    login = request.user if request.user.is_authenticated else None
    if login is None or login.pk != asked.login or request.actor.person_id is None:
        return _not_let_in(request, one, NOBODY, "nobody is signed in to be linked")
    if step_up.is_asked(request, CHANGE, is_writing=True) and not factors.is_fresh(
        request.session, at=request.at
    ):
        return _not_linked(request, one, "the second factor was shown too long ago")
    made = link_operations.link(login, mac)
    if made is None:
        return _not_linked(request, one, "linked already")
    audit.linked(login, link=made, by=request.actor)
    messages.success(
        request, gettext("Linked. You can begin with %(name)s from now on.") % {"name": one.name}
    )
    return redirect("own-sign-in")


# What was refused


def _refused(
    request: Request, one: Provider, asked: Question | None, problem: Exception
) -> HttpResponse:
    if asked is not None and asked.purpose == LINK and request.actor.person_id is not None:
        return _not_linked(request, one, str(problem))
    if isinstance(problem, ProviderAway):
        audit.refused(NOBODY, by=request.actor, at=request.at, reason=str(problem)[:200])
        told = gettext("%(name)s gives no answer that the hub could read. Nothing was stored. "
                       "Sign in with your passkey, or try again later.")  # fmt: skip
        messages.error(request, told % {"name": one.name})
        return redirect("account_login")
    return _not_let_in(request, one, NOBODY, str(problem))


def _not_let_in(request: Request, one: Provider, name: str, reason: str) -> HttpResponse:
    """The same for everybody: it tells nobody whether the hub knows a person."""
    audit.refused(name, by=request.actor, at=request.at, reason=reason[:200])
    told = gettext("The hub did not accept this sign-in by %(name)s. Nothing was stored. Try "
                   "again. If you have not linked it yet: sign in with your passkey, and link it "
                   "at “My sign-in”. If you have, ask your organisation’s officer.")  # fmt: skip
    messages.error(request, told % {"name": one.name})
    return redirect("account_login")


def _not_linked(request: Request, one: Provider, reason: str) -> HttpResponse:
    audit.link_refused(request.user, reason=reason, by=request.actor)
    told = gettext("Not linked, and nothing was stored. Begin again, and go on within five "
                   "minutes. If %(name)s is linked to another user name of yours, end that "
                   "first.")  # fmt: skip
    messages.error(request, told % {"name": one.name})
    return redirect("own-sign-in")


# The second half


@never_cache
@require_http_methods(["GET", "POST"])
@allowed("session:own")
def second(request: Request) -> HttpResponse:
    """After the provider knows somebody, what the hub itself has of them: a passkey, or a code."""
    login = sign_in.half_signed_in(request)
    if login is None or request.session[sign_in.HALF].get("by") != sign_in.PROVIDER:
        return redirect("account_login")
    if request.method != "POST":
        return _second_page(request, login)
    try:
        sign_in.limit_tries(request, login)
        text = request.POST.get("passkey", "")
        passkeys.check(request, SECOND, text, at=request.at, of=login)
    except (NotAccepted, CodeRefused) as problem:
        audit.refused(login.username, by=request.actor, at=request.at, reason=str(problem)[:200])
        told = gettext("That was not accepted. You are not signed in yet. Try again.")
        return _second_page(request, login, trouble=told, status=422)
    where = str(request.session[sign_in.HALF].get("next") or "/desk")
    sign_in.let_in(request, login, factor=factors.PASSKEY)
    return redirect(where)


def _second_page(
    request: Request, login: Login, *, trouble: str = "", status: int = 200
) -> HttpResponse:
    keys = passkeys.keys_of(login)
    mandate = members.mandate_of(login.person_id, chosen=None, factor=factors.CODE)
    has_code = mandate is not None and CodeSecret.objects.filter(login=login).exists()
    context = {
        "options": passkeys.ask(request, SECOND, keys, at=request.at) if keys else None,
        "has_code": has_code, "trouble": trouble,
    }  # fmt: skip
    return render(request, "sign_in/second.html", context, status=status)
