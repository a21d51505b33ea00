"""Addresses of the desk of whoever decides on requests."""

from __future__ import annotations

from django.urls import path

from recoup.web import decisions, duties

urlpatterns = [
    path("decisions", decisions.index, name="decisions"),
    path("decisions/<uuid:request_id>", decisions.one, name="decision"),
    path("decisions/<uuid:request_id>/check", decisions.check, name="decision-check"),
    path("decisions/<uuid:request_id>/decide", decisions.decide, name="decision-decide"),
    path("decisions/<uuid:request_id>/hear", decisions.hear, name="decision-hear"),
    path("decisions/<uuid:request_id>/files/<uuid:file_id>", decisions.file, name="decision-file"),
    path("duties", duties.index, name="duties"),
    path("duties/note", duties.note, name="duty-note"),
    path("duties/<uuid:duty_id>", duties.change, name="duty-change"),
]
