"""Adds lines to the trail. There is no other operation: nobody edits it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import rfc8785
from django.db import connection

from recoup.apps.audit.models import AuditCommitment
from recoup.apps.rows import array, insert_rows
from recoup.core.access import Actor
from recoup.data.purposes import load_purposes

FIRST = b"\x00" * 32
ONCE = "once:"  # begins the name of a stream that has one line only


@dataclass(frozen=True, slots=True)
class Act:
    """One line to be written: what was done about which object.

    personal: values that must not stand in the leaf itself; they go in as salted commitments.
    purpose: for what data were processed; that of the act's kind unless it is given.
    """

    what: str
    stream: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    purpose: str = ""


def record(
    *, what: str, about: object, by: Actor, at: datetime, personal: Mapping[str, str] | None = None,
    **facts: Any,
) -> None:  # fmt: skip
    """Write one line about one object, in the caller's transaction. ``about`` is ``kind:id``."""
    record_all([Act(what, str(about), facts, personal or {})], by=by, at=at)


def record_alone(
    *, what: str, by: Actor, at: datetime, purpose: str, personal: Mapping[str, str], **facts: Any
) -> None:
    """Write one line that continues nothing: what somebody read, or was refused.

    Its stream is its own, so that nobody waits for anybody; its place in the order is what counts.
    """
    act = Act(what, f"{ONCE}{uuid4().hex}", facts, personal, purpose)
    _record([act], {}, by=by, at=at)


def record_all(acts: Iterable[Act], *, by: Actor, at: datetime) -> None:
    """Write many lines in three statements, each chained to the line before it in its stream."""
    acts = list(acts)
    if acts:
        _record(acts, _heads({act.stream for act in acts}), by=by, at=at)


def _record(
    acts: Sequence[Act], heads: dict[str, tuple[int, bytes]], *, by: Actor, at: datetime
) -> None:
    leaves: list[tuple[UUID, str, int, bytes, bytes, bytes]] = []
    commitments: list[AuditCommitment] = []
    for act in acts:
        leaf_id = uuid4()
        seq, before = heads.get(act.stream, (0, FIRST))
        committed, rows = _commit(act.personal, organisation_id=by.organisation_id)
        body = _body(act, committed, by=by, at=at, seq=seq + 1, before=before)
        for row in rows:
            row.leaf_id = leaf_id
        heads[act.stream] = (seq + 1, _leaf_hash(body))
        leaves.append((leaf_id, act.stream, seq + 1, before, body, _leaf_hash(body)))
        commitments += rows
    _append(leaves, organisation_id=by.organisation_id, at=at)
    insert_rows(commitments)


# Every act of everybody passes here: plain SQL costs a fifth of what composing it costs.
LEAF = ("uuid", "text", "bigint", "bytea", "bytea", "bytea")
APPEND = """
insert into audit_auditleaf (id, organisation_id, stream, stream_seq, prev_stream_hash, body,
  leaf_hash, recorded_at)
select n.id, %s, n.stream, n.seq, n.before, n.body, n.hash, %s
from unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[])
  as n (id, stream, seq, before, body, hash)
"""


def _append(
    leaves: Sequence[tuple[UUID, str, int, bytes, bytes, bytes]], *, organisation_id: int,
    at: datetime,
) -> None:  # fmt: skip
    columns = zip(LEAF, zip(*leaves, strict=True), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            APPEND, [organisation_id, at, *(array(column, kind) for kind, column in columns)]
        )


def _heads(streams: set[str]) -> dict[str, tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select stream, stream_seq, leaf_hash from audit_heads(%s)", [sorted(streams)]
        )
        return {stream: (seq, bytes(digest)) for stream, seq, digest in cursor.fetchall()}


def _commit(
    personal: Mapping[str, str], *, organisation_id: int
) -> tuple[dict[str, str], list[AuditCommitment]]:
    committed, rows = {}, []
    for name, value in personal.items():
        salt = secrets.token_bytes(16)
        committed[name] = hashlib.sha256(salt + value.encode()).hexdigest()
        rows.append(
            AuditCommitment(organisation_id=organisation_id, field=name, salt=salt, value=value)
        )
    return committed, rows


def _body(
    act: Act, committed: dict[str, str], *, by: Actor, at: datetime, seq: int, before: bytes
) -> bytes:
    return rfc8785.dumps(
        {
            "what": act.what,
            "stream": act.stream,
            "stream_seq": seq,
            "prev": before.hex(),
            "at": at.astimezone(UTC).isoformat(),
            "organisation": by.organisation_id,
            "role": by.role,
            "person": str(by.person_id) if by.person_id else None,
            "mandate": str(by.mandate_id) if by.mandate_id else None,
            "purpose": act.purpose or load_purposes().of(act.what),
            "facts": {name: _plain(value) for name, value in act.facts.items()},
            "committed": committed,
        }
    )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _leaf_hash(body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body).digest()
