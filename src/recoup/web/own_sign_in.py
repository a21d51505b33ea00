"""The page of one's own sign-in: one's passkeys, and the link to the state's own sign-in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.members import link_operations, oidc, passkeys
from recoup.apps.members.allowed import allowed
from recoup.apps.members.oidc import ProviderAway
from recoup.standards.id_token import NotAccepted
from recoup.web.provider_sign_in import LINK, go_on, the_provider

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope


@require_GET
@allowed("session:see")
def index(request: Request) -> HttpResponse:
    """With what one signs in here."""
    context = {
        "keys": passkeys.keys_of(request.user), "link": link_operations.link_of(request.user),
        "provider": oidc.provider(),
    }  # fmt: skip
    return render(request, "sign_in/own.html", context)


@require_POST
@allowed("session:link")
def link(request: Request) -> HttpResponse:
    """Go to the provider, so that it says who one is there."""
    one = the_provider()
    try:
        where = oidc.ask(request.session, one, LINK, at=request.at, login=request.user.pk)
    except (ProviderAway, NotAccepted) as problem:
        audit.link_refused(request.user, reason=str(problem), by=request.actor)
        told = gettext("%(name)s gives no answer. Nothing was stored. Try again later.")
        messages.error(request, told % {"name": one.name})
        return redirect("own-sign-in")
    return go_on(where, one.name)


@require_POST
@allowed("session:link")
def end(request: Request) -> HttpResponse:
    """End the link. Other sessions of one's own end too; this one goes on."""
    try:
        which = UUID(request.POST.get("link", ""))
    except ValueError:
        return redirect("own-sign-in")
    mark = link_operations.end(which)
    if mark is None:
        messages.error(request, gettext("There is no such link, or it has ended already."))
        return redirect("own-sign-in")
    request.user.session_mark = mark
    update_session_auth_hash(request, request.user)
    audit.unlinked(request.user, link=which, by=request.actor)
    messages.success(request, gettext("The link has ended. Your other sessions have ended too."))
    return redirect("own-sign-in")
