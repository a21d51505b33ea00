"""The vault as a whole, for who runs the hub: check all of it, renew the wrapping key, sweep.

Works as the planner, which sees every case. It reads bytes and tells nobody what is in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from recoup.apps.evidence import queries, store
from recoup.apps.evidence.keys import NoKey, Wrapped
from recoup.apps.evidence.models import EvidenceFile, FilePiece
from recoup.apps.evidence.reading import digest_of
from recoup.apps.evidence.sealing import Damaged
from recoup.core.custody import ENDED

OLD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What breaks invariant I11: a file that is not what it was, is missing, or is nobody's."""

    what: str
    where: str


def check() -> Iterator[Trouble | None]:
    """Each file and each stored piece; None for a file that is good."""
    for file in EvidenceFile.objects.exclude(state__in=[*ENDED, "arriving"]).order_by("id"):
        yield _trouble_of(file)
    known = set(_names())
    for name in store.every_name():
        if name not in known and store.is_older(name, OLD):
            yield Trouble("belongs to no file", name)


def look(*, most_bytes: int) -> Iterator[Trouble]:
    """Whether each piece is there and is some file's, and whether files are what was received.

    Of files, as many as this many bytes allow, those first that were not looked at the longest.
    """
    known, there = set(_names()), set(store.every_name())
    if missing := known - there:  # of which some may have been erased in between
        yield from (Trouble("is missing", name) for name in sorted(missing & set(_names())))
    for name in sorted(there - known):
        if store.is_older(name, OLD):
            yield Trouble("belongs to no file", name)
    for file in EvidenceFile.objects.exclude(state__in=[*ENDED, "arriving"]).order_by(
        F("checked_at").asc(nulls_first=True), "id"
    ):
        most_bytes -= file.size
        if most_bytes < 0:
            return
        if trouble := _trouble_of(file):
            yield trouble


def _trouble_of(file: EvidenceFile) -> Trouble | None:
    where = f"file {file.id}"
    try:
        found = digest_of(file, queries.pieces_of(file.id))
    except Damaged as damage:
        return Trouble(str(damage), where)
    except (store.Away, NoKey) as fault:
        return Trouble(f"cannot be read ({type(fault).__name__}: {fault})", where)
    return None if found == bytes(file.digest or b"") else Trouble("other digest", where)


def _names() -> Iterator[str]:
    """Every piece that a file of which bytes are kept has."""
    rows = FilePiece.objects.exclude(file__state__in=ENDED)
    yield from rows.values_list("stored_as", flat=True).iterator()


def sweep() -> list[str]:
    """Remove pieces that are no file's and have lain for a day: of requests that were undone."""
    known = set(_names())
    found = [n for n in store.every_name() if n not in known and store.is_older(n, OLD)]
    store.remove(found)
    return found


def rotate(*, destroy_old: bool = False) -> tuple[int, int]:
    """Make a new wrapping key and wrap every file's key with it; the bytes stay as they are.

    Returns the new key's number and how many were wrapped anew. A process that ends in between
    leaves both keys in use, and the next call goes on. destroy_old: only once nothing needs them;
    then a copy of the database from before opens nothing any more.
    """
    ring = queries.keyring()
    number, count = ring.make(), 0
    rows = EvidenceFile.objects.exclude(wrapped_key=None).exclude(kek=number)
    for file_id in list(rows.order_by("id").values_list("id", flat=True)):
        count += _wrapped_anew(file_id, number)
    if destroy_old and not rows.exists():
        for old in ring.numbers():
            if old < number:
                ring.destroy(old)
    return number, count


@transaction.atomic
def _wrapped_anew(file_id: UUID, number: int) -> int:
    file = EvidenceFile.objects.select_for_update(no_key=True).get(pk=file_id)
    if file.wrapped_key is None or file.kek == number:
        return 0
    ring = queries.keyring()
    before = hashlib.sha256(bytes(file.wrapped_key)).digest()
    key = ring.unwrap(Wrapped(file.kek, bytes(file.wrapped_key)), file_id=file_id)
    wrapped = ring.wrap(key, file_id=file_id)
    file.kek, file.wrapped_key = wrapped.kek, wrapped.blob
    file.save(update_fields=["kek", "wrapped_key"])
    return int(hashlib.sha256(wrapped.blob).digest() != before)
