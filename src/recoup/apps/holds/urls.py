"""Addresses of the ticket's page and its answer."""

from __future__ import annotations

from django.urls import path

from recoup.apps.holds import statement_views, views

urlpatterns = [
    path("tickets/<uuid:ticket_id>", views.ticket, name="ticket"),
    path("tickets/<uuid:ticket_id>/answer", views.answer, name="ticket-answer"),
    path("tickets/<uuid:ticket_id>/check", views.check, name="ticket-check"),
    path("tickets/<uuid:ticket_id>/profile", views.profile, name="ticket-profile"),
    path("tickets/<uuid:ticket_id>/statement", statement_views.statement, name="ticket-statement"),
    path(
        "tickets/<uuid:ticket_id>/statement/take",
        statement_views.take,
        name="ticket-statement-take",
    ),
]
