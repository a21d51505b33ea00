"""Writes of papers: that one was taken, and that somebody had one checked."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.audit import session_operations as streams
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.papers.verdict import PaperVerdict
from recoup.core.access import Actor


def note_taken(
    *,
    ticket: Ticket,
    language: str,
    document: bytes,
    is_signed: bool,
    by: Actor,
    at: datetime,
    kind: str = "request",
) -> None:
    """Write the line of a paper that left, with the digest of its bytes.

    Each organisation has a stream of its own for a ticket: neither side learns what the other took.
    """
    stream = f"paper:{ticket.id.hex}:{by.organisation_id}"
    streams.take_stream(stream)
    audit.record(
        what="paper:taken", about=stream, by=by, at=at, ticket=str(ticket.id), paper=kind,
        reference=ticket.reference, language=language, is_signed=is_signed, bytes=len(document),
        sha256=hashlib.sha256(document).hexdigest(),
    )  # fmt: skip


def note_order_checked(*, request_id: UUID, verdict: PaperVerdict, by: Actor, at: datetime) -> None:
    """Write what was found of an order's file, whether it was taken or not."""
    audit.record(
        what="request:order_checked", about=f"request:{request_id}", by=by, at=at,
        finding=verdict.finding.value, sha256=verdict.sha256,
    )  # fmt: skip


def note_checked(*, verdict: PaperVerdict, length: int, by: Actor, at: datetime) -> None:
    """Write the line of a paper that was brought for checking; of it only length and digest."""
    stream = f"paper_check:{verdict.sha256[:32]}"
    streams.take_stream(stream)
    audit.record(
        what="paper:checked", about=stream, by=by, at=at, finding=verdict.finding.value,
        bytes=length, sha256=verdict.sha256,
    )  # fmt: skip
