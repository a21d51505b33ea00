"""The page of who may sign in: an organisation's people, what was proposed, and to decide on it.

Whoever proposes and whoever agrees each get a word, once, on the page that follows. Taking a right
away is done by one person at once; giving one, or giving it back, takes two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import member_operations as members
from recoup.apps.audit.member_operations import ChangeRefused, Told
from recoup.apps.members import people_queries
from recoup.apps.members.allowed import allowed
from recoup.apps.members.people_queries import roles_of
from recoup.apps.said import reason
from recoup.core.said import Said
from recoup.data.policy import load_policy

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
TYPED: Final = ("full_name", "email", "username", "role", "ground")
KINDS: Final = {
    "enrol": gettext_lazy("may sign in for the first time"),
    "recover": gettext_lazy("gets a new passkey, and the old ones end"),
    "mandate": gettext_lazy("gets another role"),
    "reinstate": gettext_lazy("may sign in again after a suspension"),
}


@require_GET
@allowed("member:see")
def index(request: Request) -> HttpResponse:
    """The people of one's own organisation, and what waits for another person's word."""
    return _page(request)


@require_POST
@allowed("member:propose")
def propose(request: Request) -> HttpResponse:
    """Propose something about who may sign in."""
    kind, given = request.POST.get("kind", ""), request.POST.get
    common = {"ground": given("ground", ""), "by": request.actor, "at": request.at}
    try:
        if kind == "enrol":
            named = {name: given(name, "") for name in TYPED if name != "ground"}
            told = members.propose_person(**named, **common)
        elif kind == "mandate":
            told = members.propose_role(
                person_id=_uuid(request, "person"), role=given("role", ""), **common
            )
        else:
            told = _of_a_person(kind)(person_id=_uuid(request, "person"), **common)
    except ChangeRefused as refusal:
        return _refused(request, refusal, kind)
    return _page(request, told=told)


def _of_a_person(kind: str) -> Callable[..., Told]:
    acts: Mapping[str, Callable[..., Told]] = {
        "recover": members.propose_recovery, "reinstate": members.propose_return
    }  # fmt: skip
    if kind not in acts:
        raise ChangeRefused(Said("Choose what you propose."))
    return acts[kind]


@require_POST
@allowed("member:confirm")
def decide(request: Request) -> HttpResponse:
    """Agree to what another person proposed, or refuse it."""
    is_agreed = request.POST.get("act") == "agree"
    try:
        told = members.decide(
            change_id=_uuid(request, "change"), is_agreed=is_agreed, by=request.actor, at=request.at
        )
    except ChangeRefused as refusal:
        return _refused(request, refusal, "decide")
    return _page(request, told=told)


@require_POST
@allowed("member:suspend")
def suspend(request: Request) -> HttpResponse:
    """Take a right away: all of a person's, or one role. At once, and by one person."""
    common = {"ground": request.POST.get("ground", ""), "by": request.actor, "at": request.at}
    try:
        if request.POST.get("mandate"):
            members.end_mandate(mandate_id=_uuid(request, "mandate"), **common)
            messages.success(request, gettext("The role has ended. Every open session has ended."))
        else:
            members.suspend(person_id=_uuid(request, "person"), **common)
            messages.success(request, gettext("Suspended. Every open session has ended."))
    except ChangeRefused as refusal:
        return _refused(request, refusal, "suspend")
    return HttpResponseRedirect(reverse("people"))


def _refused(request: Request, refusal: ChangeRefused, form: str) -> HttpResponse:
    return _page(
        request, problems={refusal.field or "said": reason(refusal)}, form=form, status=422
    )


def _page(
    request: Request, *, told: Told | None = None, problems: Mapping[str, str] | None = None,
    form: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    actor = request.actor
    may = load_policy()
    waiting = list(people_queries.changes_waiting(actor)[: people_queries.SHOWN])
    context = {
        "members": people_queries.members_of(actor.organisation_id), "told": told,
        "to_decide": [c for c in waiting if _may_decide(request, c)],
        "waiting": [c for c in waiting if c.organisation_id == actor.organisation_id],
        "decided": people_queries.changes_decided(actor), "kinds": KINDS,
        "same_name": people_queries.of_the_same_name(waiting), "form": form,
        "roles": roles_of(actor.organisation_kind), "problems": problems or {},
        "typed": {n: request.POST.get(n, "")[:300] for n in TYPED} if problems else {},
        "may_confirm": may.may(actor, "member:confirm"),
    }  # fmt: skip
    return render(request, "people/people.html", context, status=status)


def _may_decide(request: Request, change: Any) -> bool:
    actor = request.actor
    return load_policy().may(actor, "member:confirm") and actor.person_id not in (
        change.proposed_by_id, change.person_id
    )  # fmt: skip


def _uuid(request: Request, field: str) -> UUID:
    try:
        return UUID(request.POST.get(field, ""))
    except ValueError:
        raise ChangeRefused(Said("There is no such person at your organisation.")) from None
