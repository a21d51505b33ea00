"""Addresses of all pages and of the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

handler400 = "recoup.apps.members.errors.bad_request"
handler404 = "recoup.apps.members.errors.not_found"
handler500 = "recoup.apps.members.errors.server_error"


def healthz(request: HttpRequest) -> HttpResponse:
    """Says that the process answers; nothing about the database."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
]
