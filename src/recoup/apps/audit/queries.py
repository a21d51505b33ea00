"""What is known of the log as a whole: how far it is signed and witnessed, and its lines."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import connection

from recoup.apps.audit import witnesses as kinds
from recoup.apps.audit.models import AuditCheckpoint, AuditTrouble, AuditWitnessed
from recoup.apps.audit.witnesses import Witness


def witnesses() -> list[Witness]:
    """The witnesses of this hub; raises BadWitness."""
    return _read(settings.WITNESSES)


@cache
def _read(setting: str) -> list[Witness]:
    return kinds.read(setting)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the log is known outside.

    size, witnessed_at: of the largest checkpoint that a witness has. since: when the oldest act was
    written that no witness's checkpoint covers; None if all are covered.
    """

    is_asked: bool
    size: int
    witnessed_at: datetime | None
    since: datetime | None

    def age(self, at: datetime) -> timedelta:
        """For how long something has been known to this hub alone."""
        return max(at - self.since, timedelta(0)) if self.since else timedelta(0)

    def is_late(self, at: datetime) -> bool:
        """Whether people should be told."""
        return self.is_asked and self.age(at) >= timedelta(hours=settings.CHECKPOINT_WARN_HOURS)

    def is_too_old(self, at: datetime) -> bool:
        """Whether coercive acts stay back."""
        return self.is_asked and self.age(at) >= timedelta(hours=settings.CHECKPOINT_MAX_HOURS)


def freshness() -> Freshness:
    """How far the log is known outside, now; without a witness nothing is asked."""
    names = [witness.name for witness in witnesses()]
    if not names:
        return Freshness(False, 0, None, None)
    with connection.cursor() as cursor:
        cursor.execute("select size, witnessed_at, since from audit_behind(%s)", [names])
        size, witnessed_at, since = cursor.fetchone()
    return Freshness(True, size or 0, witnessed_at, since)


@dataclass(frozen=True, slots=True)
class Standing:
    """A witness, what it has, and why it does not answer if it does not."""

    name: str
    kind: str
    size: int = 0
    witnessed_at: datetime | None = None
    trouble: str = ""


def standings() -> list[Standing]:
    """Each witness of this hub with what it has."""
    names = [witness.name for witness in witnesses()]
    if not names:
        return []
    rows = AuditWitnessed.objects.filter(witness__in=names).order_by("witness", "-checkpoint_id")
    last = {row.witness: row for row in rows.distinct("witness")}
    troubles = dict(AuditTrouble.objects.filter(name__in=names).values_list("name", "said"))
    return [
        Standing(
            one.name, one.kind, last[one.name].checkpoint_id if one.name in last else 0,
            last[one.name].witnessed_at if one.name in last else None, troubles.get(one.name, ""),
        )
        for one in witnesses()
    ]  # fmt: skip


def signer_trouble() -> str:
    """Why nothing is signed; empty if it is."""
    found = AuditTrouble.objects.filter(name="signer").first()
    return found.said if found else ""


# The export (docs/audit-format.md)

HEAD: Final = b"recoup-log 1\n"
ROWS_AT_ONCE: Final = 5_000
PLACED: Final = """
select s.seq, s.hashes, l.leaf_hash, l.organisation_id, l.recorded_at, l.stream, l.stream_seq,
  l.prev_stream_hash, l.body
from audit_auditsequence s left join audit_auditleaf l on l.id = s.leaf_id order by s.seq
"""
WITHOUT_PLACE: Final = """
select 0, ''::bytea, l.leaf_hash, l.organisation_id, l.recorded_at, l.stream, l.stream_seq,
  l.prev_stream_hash, l.body
from audit_auditleaf l
where not exists (select 1 from audit_auditsequence s where s.leaf_id = l.id)
  and not exists (select 1 from audit_auditunplaced u where u.leaf_id = l.id)
order by l.recorded_at, l.stream, l.stream_seq
"""


# A checkpoint's size, and its note with the lines of the witnesses that cosigned it.
COSIGNED: Final = """
select c.size, c.note || coalesce((
  select string_agg(w.receipt, ''::bytea order by w.witness) from audit_auditwitnessed w
  where w.checkpoint_id = c.size and w.kind = 'hub'), ''::bytea)
from audit_auditcheckpoint c
"""
Row = tuple[Any, ...]


def lines() -> Iterator[bytes]:
    """The log as it is exported, line by line; in the caller's transaction, as the planner."""
    yield HEAD
    for query in (PLACED, WITHOUT_PLACE):
        with connection.chunked_cursor() as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from map(line, rows)


def line(row: Row) -> bytes:
    """One leaf with what is kept beside it; a leaf that is missing leaves dashes."""
    seq, hashes, leaf_hash, organisation, recorded_at, stream, number, before, body = row
    place = f"{seq}\t{bytes(hashes).hex() or '-'}"
    if body is None:
        return place.encode() + b"\t-" * 7 + b"\n"
    beside = (
        place, bytes(leaf_hash).hex(), str(organisation), recorded_at.astimezone(UTC).isoformat(),
        stream, str(number), bytes(before).hex(),
    )  # fmt: skip
    return "\t".join(beside).encode() + b"\t" + bytes(body) + b"\n"


def notes() -> Iterator[bytes]:
    """All checkpoints, one a line: its size and, in base64, the note with its cosignatures."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"{COSIGNED} order by c.size")
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for size, note in rows:
                yield f"{size}\t{base64.b64encode(bytes(note)).decode()}\n".encode()


def cosigned(checkpoint: AuditCheckpoint) -> bytes:
    """A checkpoint as it goes to others: its note, and the lines of who cosigned it so far."""
    with connection.cursor() as cursor:
        cursor.execute(f"{COSIGNED} where c.size = %s", [checkpoint.size])
        [(_, note)] = cursor.fetchall()
    return bytes(note)


def newest() -> AuditCheckpoint | None:
    return AuditCheckpoint.objects.order_by("-size").first()
