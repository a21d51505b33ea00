"""Reads of the vault: the files of cases that an actor's organisation is a member of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from recoup.apps.evidence.keys import Keyring
from recoup.apps.evidence.models import (
    Bundle,
    CustodyEvent,
    Erasure,
    EvidenceFile,
    FilePiece,
    LegalHold,
)
from recoup.core.access import Actor


def keyring() -> Keyring:
    """The wrapping keys of this installation; only the demonstration makes the first by itself."""
    return Keyring(settings.VAULT_KEYS, may_make=True)


def visible_to(actor: Actor) -> QuerySet[EvidenceFile]:
    """Files of the cases that the actor's organisation is a member of; as the policy says."""
    return EvidenceFile.objects.filter(case__visible_to__contains=[actor.organisation_id])


def of_case(actor: Actor, case_id: UUID) -> QuerySet[EvidenceFile]:
    """All files of a case, in the order in which they came."""
    rows = visible_to(actor).filter(case_id=case_id).select_related(
        "organisation", "holder", "offered_to", "person", "stamp"
    )  # fmt: skip
    return rows.order_by("number")


def events_of(file_ids: list[UUID]) -> QuerySet[CustodyEvent]:
    """The chains of custody of some files, each from its beginning."""
    rows = CustodyEvent.objects.filter(file_id__in=file_ids).select_related(
        "organisation", "person"
    )
    return rows.order_by("file_id", "seq")


def pieces_of(file_id: UUID) -> list[FilePiece]:
    """The pieces of a file in their order."""
    return list(FilePiece.objects.filter(file_id=file_id).order_by("number"))


def holds_on(case_id: UUID, file_id: UUID | None = None) -> QuerySet[LegalHold]:
    """Legal holds that stand on a case, or on one file of it or the whole case."""
    rows = LegalHold.objects.filter(case_id=case_id, lifted_at=None)
    if file_id is not None:
        rows = rows.filter(Q(file_id=file_id) | Q(file=None))
    return rows.select_related("organisation", "person").order_by("set_at")


def erasures_of(case_id: UUID) -> QuerySet[Erasure]:
    """What was asked to be erased in a case, and what became of it."""
    rows = Erasure.objects.filter(file__case_id=case_id).select_related("asked_by", "ended_by")
    return rows.order_by("asked_at")


def bundles_of(case_id: UUID) -> QuerySet[Bundle]:
    """Court bundles that were taken of a case, the newest first."""
    return Bundle.objects.filter(case_id=case_id).select_related("person").order_by("-at")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One line of the log as it stands. committed: salt and value of each, where they are told."""

    stream: str
    seq: int
    body: bytes
    committed: dict[str, list[str]]


def leaves_of(case_id: UUID, *, heads: dict[str, int] | None = None) -> list[Leaf]:
    """The lines of the log about a case and its files; heads: up to which of each stream."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select stream, stream_seq, body, committed::text from evidence_leaves(%s)", [case_id]
        )
        rows: list[Any] = cursor.fetchall()
    found = [Leaf(stream, seq, bytes(body), _read(told)) for stream, seq, body, told in rows]
    if heads is None:
        return found
    return [leaf for leaf in found if leaf.seq <= heads.get(leaf.stream, 0)]


def _read(told: str | None) -> dict[str, list[str]]:
    return json.loads(told) if told else {}
