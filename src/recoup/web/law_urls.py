"""Addresses of the law and of its changes."""

from __future__ import annotations

from django.urls import path

from recoup.web import law_drafts, law_pages

urlpatterns = [
    path("law", law_pages.law, name="law"),
    path("law/compare", law_pages.compared, name="law-compare"),
    path("law/drafts", law_drafts.drafts, name="law-drafts"),
    path("law/drafts/new", law_drafts.begin, name="law-begin"),
    path("law/drafts/<uuid:draft_id>", law_drafts.draft, name="law-draft"),
    path("law/drafts/<uuid:draft_id>/power", law_drafts.power, name="law-power"),
    path("law/drafts/<uuid:draft_id>/preview", law_drafts.preview, name="law-preview"),
    path("law/drafts/<uuid:draft_id>/remove", law_drafts.remove, name="law-remove"),
    path("law/drafts/<uuid:draft_id>/submit", law_drafts.submit, name="law-submit"),
    path("law/drafts/<uuid:draft_id>/decide", law_drafts.decide, name="law-decide"),
    path("law/drafts/<uuid:draft_id>/withdraw", law_drafts.withdraw, name="law-withdraw"),
]
