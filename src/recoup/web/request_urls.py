"""Addresses of the officer's side of requests."""

from __future__ import annotations

from django.urls import path

from recoup.web import request_acts, request_list, request_pages

urlpatterns = [
    path("requests", request_list.index, name="requests"),
    path("requests/need", request_pages.need, name="request-need"),
    path("requests/new", request_pages.new, name="request-new"),
    path("requests/check", request_pages.check, name="request-check"),
    path("requests/<uuid:request_id>", request_acts.one, name="request"),
    path("requests/<uuid:request_id>/edit", request_pages.edit, name="request-edit"),
    path("requests/<uuid:request_id>/act", request_acts.act, name="request-act"),
    path("requests/<uuid:request_id>/file", request_acts.file, name="request-file"),
]
