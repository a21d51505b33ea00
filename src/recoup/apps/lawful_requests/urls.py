"""Addresses of the addressee's desk."""

from __future__ import annotations

from django.urls import path

from recoup.apps.lawful_requests import views

urlpatterns = [
    path("desk/next", views.take_next, name="take-next"),
    path("desk/done", views.done, name="tickets-done"),
    path("tickets/<uuid:ticket_id>/take", views.take, name="ticket-take"),
    path("tickets/<uuid:ticket_id>/release", views.release, name="ticket-release"),
]
