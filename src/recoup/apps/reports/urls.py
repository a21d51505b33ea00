"""Addresses of the reporter's pages. None of them carries a reference or a secret."""

from __future__ import annotations

from django.urls import path

from recoup.apps.reports import views

urlpatterns = [
    path("report", views.report, name="report"),
    path("report/sent", views.report_done, name="report-done"),
    path("report/story", views.report_story, name="report-story"),
    path("my-report/find", views.report_find, name="report-find"),
    path("my-report", views.report_status, name="report-status"),
    path("my-report/leave", views.report_leave, name="report-leave"),
]
