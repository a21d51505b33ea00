"""Addresses of the evidence vault: of a case's files, and of one file."""

from __future__ import annotations

from django.urls import path

from recoup.web import evidence, evidence_acts, evidence_uploads

urlpatterns = [
    path("cases/<uuid:case_id>/evidence", evidence.files, name="evidence"),
    path("cases/<uuid:case_id>/evidence/begin", evidence_uploads.begin, name="evidence-begin"),
    path("cases/<uuid:case_id>/evidence/upload", evidence_uploads.whole, name="evidence-upload"),
    path("cases/<uuid:case_id>/evidence/bundle", evidence.bundle, name="evidence-bundle"),
    path("cases/<uuid:case_id>/evidence/hold", evidence_acts.hold_case, name="evidence-hold-case"),
    path("cases/<uuid:case_id>/evidence/lift", evidence_acts.lift, name="evidence-lift"),
    path("evidence/<uuid:file_id>", evidence.one, name="evidence-file"),
    path("evidence/<uuid:file_id>/read", evidence.read, name="evidence-read"),
    path("evidence/<uuid:file_id>/pieces", evidence_uploads.pieces, name="evidence-pieces"),
    path("evidence/<uuid:file_id>/piece", evidence_uploads.piece, name="evidence-piece"),
    path("evidence/<uuid:file_id>/finish", evidence_uploads.finish, name="evidence-finish"),
    path("evidence/<uuid:file_id>/give-up", evidence_uploads.give_up, name="evidence-give-up"),
    path("evidence/<uuid:file_id>/check", evidence_acts.check, name="evidence-check"),
    path("evidence/<uuid:file_id>/custody", evidence_acts.custody, name="evidence-custody"),
    path("evidence/<uuid:file_id>/term", evidence_acts.term, name="evidence-term"),
    path("evidence/<uuid:file_id>/hold", evidence_acts.hold_file, name="evidence-hold"),
    path("evidence/<uuid:file_id>/erase", evidence_acts.erase, name="evidence-erase"),
    path(
        "evidence/<uuid:file_id>/certificate", evidence_acts.certificate,
        name="evidence-certificate",
    ),
]  # fmt: skip
