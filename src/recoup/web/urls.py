"""Addresses of all pages and of the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from recoup.web import (
    desk,
    keys,
    own_sign_in,
    people,
    provider_sign_in,
    sign_in_pages,
    step_up,
    ticket_papers,
    verify,
)
from recoup.web.api import api
from recoup.web.front import front

NOT_SIGN_IN = r"^(?!login/$|logout/$|password/change/$)"

handler400 = "recoup.apps.members.errors.bad_request"
handler404 = "recoup.apps.members.errors.not_found"
handler500 = "recoup.apps.members.errors.server_error"


def healthz(request: HttpRequest) -> HttpResponse:
    """Says that the process answers; nothing about the database."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("", front, name="front"),
    path("healthz", healthz, name="healthz"),
    path("api/v1/", api.urls),
    # Of allauth only signing in and out, and a new password for who knows the old one: with the
    # rest, who sits at somebody's open desk could name an address and have a new password sent.
    path(
        "accounts/", include([re_path(NOT_SIGN_IN, RedirectView.as_view(url="/accounts/login/"))])
    ),
    path("accounts/", include("allauth.urls")),
    path("sign-in/passkey/begin", sign_in_pages.begin, name="sign-in-begin"),
    path("sign-in/passkey", sign_in_pages.by_passkey, name="sign-in-passkey"),
    path("sign-in/code", sign_in_pages.by_code, name="sign-in-code"),
    path("sign-in/demonstration", sign_in_pages.by_click, name="sign-in-demonstration"),
    path("sign-in/provider", provider_sign_in.begin, name="sign-in-provider"),
    path("sign-in/provider/back", provider_sign_in.back, name="sign-in-provider-back"),
    path("sign-in/provider/finish", provider_sign_in.finish, name="sign-in-provider-finish"),
    path("sign-in/second", provider_sign_in.second, name="sign-in-second"),
    path("own-sign-in", own_sign_in.index, name="own-sign-in"),
    path("own-sign-in/link", own_sign_in.link, name="own-sign-in-link"),
    path("own-sign-in/end", own_sign_in.end, name="own-sign-in-end"),
    path("enrol", sign_in_pages.enrol, name="enrol"),
    path("step-up", step_up.step_up, name="step-up"),
    path("keys", keys.index, name="keys"),
    path("keys/make", keys.make, name="key-make"),
    path("keys/end", keys.end, name="key-end"),
    path("people", people.index, name="people"),
    path("people/propose", people.propose, name="people-propose"),
    path("people/decide", people.decide, name="people-decide"),
    path("people/suspend", people.suspend, name="people-suspend"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("recoup.apps.reports.urls")),
    path("", include("recoup.apps.lawful_requests.urls")),
    path("", include("recoup.apps.holds.urls")),
    path("", include("recoup.apps.guidelines.urls")),
    path("desk", desk.home, name="desk"),
    path("desk/live", desk.live, name="desk-live"),
    path("desk/version", desk.version, name="desk-version"),
    path("desk/events", desk.events, name="desk-events"),
    path("", include("recoup.web.case_urls")),
    path("", include("recoup.web.evidence_urls")),
    path("", include("recoup.web.request_urls")),
    path("", include("recoup.web.asked_urls")),
    path("", include("recoup.web.decision_urls")),
    path("", include("recoup.web.law_urls")),
    path("", include("recoup.web.log_page")),
    path("", include("recoup.web.witness")),
    path("", include("recoup.web.glass")),
    path("", include("recoup.web.directory_changes")),
    path("tickets/<uuid:ticket_id>/paper", ticket_papers.paper, name="ticket-paper"),
    path("", include("recoup.web.request_paper_urls")),
    path("verify", verify.verify, name="verify"),
    path("verify/paper", verify.check, name="verify-paper"),
]
