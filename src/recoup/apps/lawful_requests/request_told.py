"""How requests and their tickets are told to machines: plain values of the API's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from recoup.apps.lawful_requests import lift_operations
from recoup.apps.lawful_requests.models import (
    AddresseeProfile,
    Answer,
    Decision,
    Request,
    RequestFile,
    Ticket,
    TicketNote,
)
from recoup.apps.lawful_requests.request_check import Found
from recoup.apps.lawful_requests.request_queries import Whole
from recoup.core.moments import iso_utc


def request_told(found: Request) -> dict[str, Any]:
    """A request as its issuer and its authority see it."""
    return {
        "request": str(found.id), "reference": found.reference, "state": found.state,
        "version": found.version, "measure": found.measure, "power": found.power,
        "danger": found.danger, "issuer": found.issuer.code,
        "authority": found.authority.code if found.authority else None,
        "author": found.author.full_name, "case": str(found.case_id) if found.case_id else None,
        "content": found.content, "drafted_at": iso_utc(found.drafted_at),
        "submitted_at": _iso(found.submitted_at), "authorised_at": _iso(found.authorised_at),
        "due_at": iso_utc(found.due_at), "written_by": _iso(found.written_by),
        "confirm_by": _iso(found.confirm_by), "put_by": _iso(found.put_by),
        "ended_at": _iso(found.ended_at), "ended_ground": found.ended_ground,
        "closed_at": _iso(found.closed_at),
    }  # fmt: skip


def row_told(found: Request) -> dict[str, Any]:
    """A request in a list: without what it asks."""
    told = request_told(found)
    del told["content"]
    return told


def whole_told(whole: Whole) -> dict[str, Any]:
    """One request with decisions, targets and clocks."""
    return {
        **request_told(whole.request),
        "decisions": [decision_told(row) for row in whole.decisions],
        "targets": [
            ticket_told(
                row, whole.answers.get(row.id, ()), whole.notes.get(row.id, ()), whole.due
            )
            for row in whole.tickets
        ],
        "clocks": [
            {"clock": row.kind, "due_at": iso_utc(row.due_at), "fired_at": _iso(row.fired_at),
             "outcome": row.outcome}
            for row in whole.deadlines
        ],
        "files": [file_told(row) for row in whole.files],
    }  # fmt: skip


def decision_told(row: Decision) -> dict[str, Any]:
    return {
        "decision": str(row.id), "kind": row.kind, "person": row.person.full_name,
        "role": row.role, "heard_by": row.heard_by.full_name if row.heard_by else None,
        "ground": row.ground, "version": row.version, "content": row.content,
        "sha256": bytes(row.sha256).hex(), "decided_at": iso_utc(row.decided_at),
    }  # fmt: skip


def ticket_told(
    row: Ticket, answers: Iterable[Answer], notes: Iterable[TicketNote],
    due: Mapping[UUID, Any],
) -> dict[str, Any]:  # fmt: skip
    """One target as its issuer sees it."""
    return {
        "ticket": str(row.id), "reference": row.reference, "addressee": row.addressee.code,
        "state": row.state, "ident": row.account_ident, "sent_at": _iso(row.sent_at),
        "lift": lift_operations.told_of(row),
        "acknowledged_at": _iso(row.acknowledged_at), "answered_at": _iso(row.answered_at),
        "answer_by": _iso(due.get(row.id)), "effect_until": _iso(row.hold_until),
        "answers": [answer_told(one) for one in answers],
        "notes": [note_told(one) for one in notes],
    }  # fmt: skip


def answer_told(row: Answer) -> dict[str, Any]:
    return {
        "answer": str(row.id), "code": row.code, "stage": row.stage, "ground": row.ground,
        "received_at": iso_utc(row.received_at), "sha256": bytes(row.sha256).hex(),
        "body": bytes(row.body).decode(),
    }  # fmt: skip


def note_told(row: TicketNote) -> dict[str, Any]:
    return {
        "note": str(row.id), "kind": row.kind, "text": row.text, "amount_minor": row.amount_minor,
        "currency": row.currency, "organisation": row.organisation_id == row.issuer_id
        and "issuer" or "addressee", "at": iso_utc(row.at),
    }  # fmt: skip


def file_told(row: RequestFile) -> dict[str, Any]:
    return {
        "file": str(row.id), "kind": row.kind, "name": row.name, "media_type": row.media_type,
        "size": row.size, "sha256": bytes(row.sha256).hex(), "at": iso_utc(row.at),
        "for": row.addressee.code if row.addressee else None,
    }  # fmt: skip


def lacks_told(found: Iterable[Found]) -> list[dict[str, Any]]:
    """What each target lacks."""
    return [
        {"addressee": one.addressee, "code": lack.code, "severity": lack.severity.value,
         "message": str(lack.said), "field": lack.field}
        for one in found
        for lack in one.lacks
    ]  # fmt: skip


def profile_told(row: AddresseeProfile) -> dict[str, Any]:
    return {"version": row.version, "at": iso_utc(row.at), "body": row.body}


def _iso(moment: Any) -> str | None:
    return iso_utc(moment) if moment else None
