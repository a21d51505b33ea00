"""Addresses of the case and of the pages around it."""

from __future__ import annotations

from django.urls import path

from recoup.web import (
    abroad,
    case_asking,
    case_decisions,
    case_exports,
    cases,
    ledger_exports,
    ledger_later,
    ledgers,
)

urlpatterns = [
    path("cases", cases.case_index, name="cases"),
    path("cases/<uuid:case_id>", cases.case, name="case"),
    path("cases/<uuid:case_id>/live", cases.case_live, name="case-live"),
    path("cases/<uuid:case_id>/flow", cases.case_flow, name="case-flow"),
    path("cases/<uuid:case_id>/rules", case_asking.side_by_side, name="case-rules"),
    path("cases/<uuid:case_id>/export", case_exports.export, name="case-export"),
    path("cases/<uuid:case_id>/patterns", case_asking.found_patterns, name="case-patterns"),
    path("cases/<uuid:case_id>/links", case_asking.judge_link, name="case-link"),
    path("cases/<uuid:case_id>/ask", case_asking.ask, name="case-ask"),
    path("cases/<uuid:case_id>/version", cases.case_version, name="case-version"),
    path("cases/<uuid:case_id>/events", cases.case_events, name="case-events"),
    path("cases/<uuid:case_id>/adopt", cases.adopt, name="case-adopt"),
    path("cases/<uuid:case_id>/merge", cases.merge, name="case-merge"),
    path("cases/<uuid:case_id>/hand-over", cases.hand_over, name="case-hand-over"),
    path("cases/<uuid:case_id>/decide", case_decisions.decide, name="case-decide"),
    path("cases/<uuid:case_id>/ledgers/new", ledgers.upload, name="ledger-upload"),
    path("cases/<uuid:case_id>/ledgers/preview", ledgers.preview, name="ledger-preview"),
    path("cases/<uuid:case_id>/ledgers/import", ledgers.store, name="ledger-import"),
    path("ledgers/<uuid:ledger_id>", ledgers.ledger, name="ledger"),
    path("ledgers/<uuid:ledger_id>/later/look", ledger_later.look, name="ledger-later-look"),
    path("ledgers/<uuid:ledger_id>/later", ledger_later.book, name="ledger-later"),
    path("ledgers/<uuid:ledger_id>/export", ledger_exports.export, name="ledger-export"),
    path("reports", cases.to_adopt, name="reports-to-adopt"),
    path("tickets/<uuid:ticket_id>/withdraw", cases.withdraw, name="ticket-withdraw"),
    path("tickets/<uuid:ticket_id>/reduce", cases.reduce, name="ticket-reduce"),
    path("tickets/<uuid:ticket_id>/telephone-sheet", cases.telephone_sheet, name="telephone-sheet"),
    path("tasks", cases.tasks, name="tasks"),
    path("tasks/<uuid:task_id>/finish", cases.finish_task, name="task-finish"),
    path("tasks/<uuid:task_id>/abroad", abroad.form, name="abroad"),
    path("tasks/<uuid:task_id>/abroad.json", abroad.download, name="abroad-json"),
    path("tasks/<uuid:task_id>/abroad/sent", abroad.sent, name="abroad-sent"),
    path("tasks/<uuid:task_id>/abroad/answered", abroad.answered, name="abroad-answered"),
    path("tasks/<uuid:task_id>/abroad/not-sent", abroad.not_sent, name="abroad-not-sent"),
    path("directory", cases.directory, name="directory"),
]
