"""Addresses of the case and of the pages around it."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
