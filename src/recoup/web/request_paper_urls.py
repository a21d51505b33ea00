"""Addresses of the papers of requests."""

from __future__ import annotations

from django.urls import path

from recoup.web import request_papers as papers

AT = "request-tickets/<uuid:asked_id>"

urlpatterns = [
    path(f"{AT}/paper", papers.paper, name="request-paper"),
    path(f"{AT}/order", papers.order, name="request-order"),
    path(f"{AT}/answers/<uuid:answer_id>/paper", papers.answer, name="request-answer"),
    path(f"{AT}/answers/<uuid:answer_id>/receipt", papers.receipt, name="request-receipt"),
]
