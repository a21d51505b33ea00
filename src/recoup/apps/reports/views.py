"""The pages of a reporter: the five facts, what was sent, the story, and the state of the money.

Nobody needs an account. No secret is ever part of an address, a log or a session.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.reports import operations, queries, reporter, tries
from recoup.apps.reports.demo_facts import FIELDS, as_fill, demo_facts
from recoup.apps.reports.forms import FindForm, ReportForm, StoryForm
from recoup.apps.reports.operations import Filed, TooManyReports
from recoup.apps.reports.reporter import OpenReport
from recoup.apps.reports.told import status_of, sums_told, timeline
from recoup.apps.reports.tries import TooManyTries
from recoup.apps.reports.wording import ODD
from recoup.core.accounts import rs_account_of
from recoup.core.reference import hash_secret, show_secret
from recoup.data.policy import load_policy

FOR_CUSTOMER: Final = "report:file_for_customer"
MOST_LOOK_UPS, LOOK_UP_SECONDS = 10, 900
MOST_WRONG_SECRETS = 30  # for one reference, from all networks together
MOST_STORIES, STORY_SECONDS = 20, 3600


class SeeOther(HttpResponseRedirect):
    """The answer to a form that was taken: look there, with GET."""

    status_code = 303


# --- Page 1: the five facts --------------------------------------------------------------------


@allowed("report:file")
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form of the five facts, for people without an account and for desks that take calls."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.is_public and not load_policy().may(actor, FOR_CUSTOMER):
        return errors.not_allowed(request, FOR_CUSTOMER)
    if request.method == "POST":
        return _file(request)
    facts = demo_facts(request.GET.get("demo", "1"))
    opened = reporter.opened_report(request) if actor.is_public else None
    initial: dict[str, Any] = {"client_id": (opened and opened.form_id) or uuid4()}
    if facts and "demo" in request.GET:
        initial |= {name: facts[name] for name in FIELDS}
    form = ReportForm(initial=initial, at=request.at)  # type: ignore[attr-defined]
    response = _report_page(request, form)
    if actor.is_public:
        reporter.keep_draft(request, response)
    return response


def _report_page(request: HttpRequest, form: ReportForm, status: int = 200) -> HttpResponse:
    facts = demo_facts(request.GET.get("demo", "1")) if settings.IS_DEMO else None
    opened = reporter.opened_report(request)
    context = {
        "form": form, "demo_facts": facts, "demo_facts_json": facts and as_fill(facts),
        "sent_before": opened if opened and opened.secret_sha256 else None,
    }  # fmt: skip
    return render(request, "public/report.html", context, status=status)


def _file(request: HttpRequest) -> HttpResponse:
    form = ReportForm(request.POST, at=request.at)  # type: ignore[attr-defined]
    if not form.is_valid() or form.facts is None:
        return _report_page(request, form, status=422)
    client_id = form.report_id()
    secret = reporter.drafted_secret(request, client_id)
    try:
        filed = operations.file_report(
            facts=form.facts,
            client_id=client_id,
            by=request.actor,  # type: ignore[attr-defined]
            at=request.at,  # type: ignore[attr-defined]
            sender_mark=reporter.sender_mark(request),
            secret=secret,
        )
    except TooManyReports as refused:
        form.add_error(None, _too_many(refused))
        return _report_page(request, form, status=429)
    return _taken(request, form, filed, secret)


def _too_many(refused: TooManyReports) -> str:
    return gettext(
        "From your connection %(most)s reports came within the hour, which is the most. Nothing "
        "was stored. Call your bank’s fraud line and the police, or send again in an hour."
    ) % {"most": refused.most}


def _taken(
    request: HttpRequest, form: ReportForm, filed: Filed, drafted: bytes | None
) -> HttpResponse:
    """Lead to what was sent, with the secret in this browser's hands only."""
    secret = filed.secret or _secret_again(filed, drafted)
    response = SeeOther(reverse("report-done"))
    facts = form.facts
    told = {
        "reference": filed.reference,
        "amount_minor": facts.amount.minor_units,  # type: ignore[union-attr]
        "currency": facts.amount.currency,  # type: ignore[union-attr]
        "received_at": None if filed.is_repeat else request.at.isoformat(),  # type: ignore[attr-defined]
        "secret": show_secret(secret) if secret else None,
        "flags": [flag.code for flag in facts.flags],  # type: ignore[union-attr]
    }
    reporter.tell_sent(response, told)
    if secret or not request.actor.is_public:  # type: ignore[attr-defined]
        digest = hash_secret(secret) if secret else b""
        form_id = form.cleaned_data["client_id"]
        reporter.open_report(response, OpenReport(filed.reference, digest, form_id))
    return response


def _secret_again(filed: Filed, drafted: bytes | None) -> bytes | None:
    """The secret of a repeated submit, if this browser is the one that it was made for."""
    if drafted and queries.follow(filed.reference, hash_secret(drafted)):
        return drafted
    return None


@allowed("report:file")
@require_safe
@never_cache
def report_done(request: HttpRequest) -> HttpResponse:
    """What was sent. The secret is shown the first time and never again."""
    told = reporter.sent(request)
    if told is None:
        return HttpResponseRedirect(reverse("report-find"))
    notes = [ODD[code] for code in told["flags"] if code in ODD]
    context = {"report": told, "secret": told["secret"], "notes": notes}
    response = render(request, "public/report_done.html", context)
    reporter.forget_secret(response, told)
    return response


# --- Page 2: contact and story -----------------------------------------------------------------


@allowed("report:file")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report_story(request: HttpRequest) -> HttpResponse:
    """How the reporter can be reached and what happened; needs the same secret."""
    opened = reporter.opened_report(request)
    report_id = _report_id(request, opened) if opened else None
    if opened is None or report_id is None:
        return HttpResponseRedirect(reverse("report-find"))
    context: dict[str, Any] = {"report": {"reference": opened.reference}}
    if request.method != "POST":
        return render(request, "public/report_story.html", context | {"form": StoryForm()})
    form = StoryForm(request.POST)
    if not form.is_valid():
        page = context | {"form": form}
        return render(request, "public/report_story.html", page, status=422)
    try:
        reporter.count_try(request, "story", most=MOST_STORIES, seconds=STORY_SECONDS)
    except TooManyTries:
        return _tried_too_often(request)
    operations.add_story(
        report_id=report_id,
        by=request.actor,  # type: ignore[attr-defined]
        at=request.at,  # type: ignore[attr-defined]
        **form.cleaned_data,
    )
    messages.success(request, gettext("Contact and story were saved."))
    return SeeOther(reverse("report-status" if opened.secret_sha256 else "desk"))


def _report_id(request: HttpRequest, opened: OpenReport) -> Any:
    """The report behind the cookie, checked anew: by its secret, or as a desk's own."""
    if opened.secret_sha256:
        seen = queries.follow(opened.reference, opened.secret_sha256)
        return seen.id if seen else None
    found = queries.report_visible_to(request.actor, opened.reference)  # type: ignore[attr-defined]
    return found.id if found else None


# --- Following a report ------------------------------------------------------------------------


@allowed("report:follow")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("reference", "secret")
def report_find(request: HttpRequest) -> HttpResponse:
    """Reference and secret open a report; a wrong pair says nothing about which is wrong."""
    if request.method != "POST":
        return render(request, "public/report_find.html", {"form": FindForm()})
    try:
        reporter.count_try(request, "find", most=MOST_LOOK_UPS, seconds=LOOK_UP_SECONDS)
    except TooManyTries:
        return _tried_too_often(request)
    form = FindForm(request.POST)
    if form.is_valid():
        reference = form.cleaned_data["reference"].text
        digest = hash_secret(form.cleaned_data["secret"])
        mark, limit = tries.mark_of_reference(reference), MOST_WRONG_SECRETS
        # A right secret always opens: else a stranger who tries wrong ones could shut a victim out.
        if queries.follow(reference, digest):
            response = SeeOther(reverse("report-status"))
            reporter.open_report(response, OpenReport(reference, digest))
            return response
        try:
            tries.check("secret", mark, most=limit, seconds=LOOK_UP_SECONDS)
        except TooManyTries:
            return _tried_too_often(request)
        tries.count("secret", mark, most=limit, seconds=LOOK_UP_SECONDS)
        form.add_error(None, gettext(
            "There is no report with this reference and this secret. Compare both, character by "
            "character, with the page where they were shown."
        ))  # fmt: skip
    return render(request, "public/report_find.html", {"form": form}, status=422)


def _tried_too_often(request: HttpRequest) -> HttpResponse:
    problem = gettext("From your connection this was tried too often in a short time.")
    return errors.page(request, 429, "429.html", problem=problem)


@allowed("report:follow")
@require_safe
@never_cache
def report_status(request: HttpRequest) -> HttpResponse:
    """The state of the money, within what a reporter may be told (decision 21)."""
    opened = reporter.opened_report(request)
    if opened is None or not opened.secret_sha256:
        return HttpResponseRedirect(reverse("report-find"))
    seen = queries.follow(opened.reference, opened.secret_sha256)
    told = queries.facts_told(opened.reference, opened.secret_sha256)
    if seen is None or told is None:
        response = HttpResponseRedirect(reverse("report-find"))
        reporter.close_report(response)
        return response
    context = {
        "report": {
            "reference": opened.reference,
            "amount_minor": seen.amount_minor,
            "currency": seen.currency,
            "paid_at": seen.paid_at,
            "payer_shown": rs_account_of(told.payer) or told.payer.shown,
            "payee_shown": rs_account_of(told.payee) or told.payee.shown,
            "payment_reference": told.payment_reference,
            "has_story": told.has_story,
        },
        "status": status_of(seen),
        "sums_told": sums_told(seen),
        "events": timeline(seen),
        "as_of": request.at,  # type: ignore[attr-defined]
    }
    return render(request, "public/report_status.html", context)


@allowed("report:follow")
@require_POST
def report_leave(request: HttpRequest) -> HttpResponse:
    """Close the report on this device."""
    response = SeeOther(reverse("front"))
    reporter.close_report(response)
    return response
