"""Addresses of the checklist."""

from __future__ import annotations

from django.urls import path

from recoup.apps.guidelines import views

urlpatterns = [
    path("guidelines", views.page, name="guidelines"),
    path("guidelines/export", views.export, name="guidelines-export"),
    path("guidelines/rows", views.rows, name="guidelines-rows"),
    path("guidelines/declare", views.declare, name="guidelines-declare"),
]
