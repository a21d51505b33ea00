"""Addresses of all pages and of the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from recoup.web import desk
from recoup.web.api import api
from recoup.web.front import front

NOT_SIGN_IN = r"^(?!login/$|logout/$|password/change/$)"

handler400 = "recoup.apps.members.errors.bad_request"
handler404 = "recoup.apps.members.errors.not_found"
handler500 = "recoup.apps.members.errors.server_error"


def healthz(request: HttpRequest) -> HttpResponse:
    """Says that the process answers; nothing about the database."""
    return HttpResponse("ok", content_type="text/plain")


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
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("recoup.apps.reports.urls")),
    path("", include("recoup.apps.lawful_requests.urls")),
    path("", include("recoup.apps.holds.urls")),
    path("desk", desk.home, name="desk"),
    path("desk/live", desk.live, name="desk-live"),
    path("desk/version", desk.version, name="desk-version"),
    path("desk/events", desk.events, name="desk-events"),
    path("", include("recoup.web.case_urls")),
]
