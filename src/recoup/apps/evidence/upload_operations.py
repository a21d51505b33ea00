"""Takes a file into the vault: begun, sent in pieces in any order and again, finished.

A piece is digested, encrypted and stored as it comes; the digest of the whole is counted along and
kept in memory, and where that was lost (another process, pieces out of order) it is counted again
over what is stored. A piece that is here already is confirmed; with other bytes it is refused.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Max

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.evidence import custody_operations as custody
from recoup.apps.evidence import queries, sealing, store
from recoup.apps.evidence.models import EvidenceFile, FilePiece, FileStamp
from recoup.apps.evidence.reading import digest_of, opened, piece_size, unwrapped
from recoup.apps.evidence.refusals import EvidenceRefused, told
from recoup.core.access import Actor
from recoup.core.custody import CustodyAct, CustodyState, check_said
from recoup.core.said import Said
from recoup.data.policy import load_limits
from recoup.standards.sniffing import Kind, what_is

PIECE_BYTES: Final = 4 * sealing.CHUNK
MEDIA_TYPE: Final = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,49}/[a-z0-9][a-z0-9!#$&^_.+-]{0,49}"
Digest = Any  # what hashlib gives, which has no name of its own


@dataclass(frozen=True, slots=True)
class NewFile:
    """What is said of a file before its bytes come. digest: as its sender knows it, if so."""

    name: str
    media_type: str
    size: int
    what: str
    keep_until: date
    digest: bytes | None = None
    original_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp over a digest: the token, the moment in it, and who gave it."""

    token: bytes
    at: datetime
    authority: str


Stamper = Callable[[bytes, datetime], Stamped | None]


@told("evidence:begin")
def begin(
    *, case_id: UUID, file: NewFile, said: Mapping[str, str], by: Actor, at: datetime
) -> EvidenceFile:  # fmt: skip
    """Begin a file of a case that the actor sees; its receipt is told as ``said``."""
    check_said(CustodyAct.RECEIVE, said)
    _check_size(file)
    take_stream(f"evidence_of:{case_id}")
    original = _original(file, case_id, by)
    _not_too_many(case_id, by)
    file_id = uuid4()
    wrapped = queries.keyring().wrap(sealing.new_key(), file_id=file_id)
    last = EvidenceFile.objects.filter(case_id=case_id).aggregate(n=Max("number"))["n"] or 0
    made = EvidenceFile.objects.create(
        id=file_id, case_id=case_id, organisation_id=by.organisation_id,
        holder_id=by.organisation_id, person_id=by.named_person, original=original,
        number=last + 1, name=file.name[:140], media_type=file.media_type, what=file.what[:300],
        size=file.size, piece_bytes=PIECE_BYTES, told_digest=file.digest, said=dict(said),
        kek=wrapped.kek, wrapped_key=wrapped.blob, keep_until=file.keep_until, begun_at=at,
    )  # fmt: skip
    audit.record(
        what="evidence:begun", about=f"evidence:{file_id}", by=by, at=at, case=str(case_id),
        number=made.number, size=file.size, media_type=file.media_type,
        original=str(file.original_id) if file.original_id else None,
        personal={"name": made.name},
    )  # fmt: skip
    return made


@told("evidence:piece")
def add_piece(
    *, file_id: UUID, number: int, content: BinaryIO, length: int, by: Actor, at: datetime,
    digest: bytes | None = None,
) -> FilePiece:  # fmt: skip
    """Take one piece. digest: SHA-256 as its sender says. Sent again, it is confirmed."""
    found = _arriving(file_id, by)
    _check_piece(found, number, length)
    sent, whole = hashlib.sha256(), _digest_before(found.id, number)
    name = store.name_for(found.id, number)
    known = FilePiece.objects.filter(file=found, number=number).first()
    parts = sealing.seal(
        _counted(content, length, sent, whole), key=unwrapped(found), file_id=found.id,
        first=number * (found.piece_bytes // sealing.CHUNK), of=sealing.chunks_of(found.size),
    )  # fmt: skip
    sealed = list(parts)
    if digest is not None and digest != sent.digest():
        raise EvidenceRefused(
            "piece_changed", Said("Piece %(number)s arrived changed. Send it again.",
                                  number=number), field="digest",
        )  # fmt: skip
    if known is not None:
        return _the_same(known, sent.digest())
    _stored(name, sealed)
    transaction.on_commit(lambda: _keep_digest(found.id, number + 1, whole))
    return FilePiece.objects.create(
        file=found, number=number, stored_as=name, size=length, digest=sent.digest(), at=at
    )


@told("evidence:finish")
def finish(
    *, file_id: UUID, by: Actor, at: datetime, stamp: Stamper | None = None
) -> EvidenceFile:  # fmt: skip
    """All pieces are here: the digest is fixed, the file stamped, and its custody begins."""
    found = _arriving(file_id, by)
    missing = missing_pieces(found)
    if missing:
        raise EvidenceRefused(
            "pieces_missing",
            Said("%(count)s pieces have not arrived, the first is number %(first)s. Send them.",
                 count=len(missing), first=missing[0]),
        )  # fmt: skip
    digest = _whole_digest(found)
    if found.told_digest is not None and bytes(found.told_digest) != digest:
        raise EvidenceRefused(
            "wrong_digest",
            Said("The bytes that arrived have the digest %(found)s, not the one that was said. "
                 "Give this upload up and send the file anew.", found=digest.hex()),
            field="digest",
        )  # fmt: skip
    changed = {"digest": digest, "kept_at": at, "checked_at": at}
    try:
        with transaction.atomic():
            custody.add(found, CustodyAct.RECEIVE, found.said, by=by, at=at, changed=changed,
                        size=found.size, looks_like=_looks_like(found))  # fmt: skip
    except IntegrityError:
        raise _had_already(found, digest) from None
    if found.original_id:
        _note_redacted(found, by=by, at=at)
    _digests.pop(found.id, None)
    if stamp is not None and (given := stamp(digest, at)) is not None:
        FileStamp.objects.create(
            file=found, token=given.token, stamped_at=given.at, authority=given.authority[:200]
        )
    return found


@told("evidence:give_up")
def give_up(*, file_id: UUID, why: str, by: Actor, at: datetime) -> None:
    """End an upload that will not be finished: its key is destroyed, its pieces go."""
    found = _arriving(file_id, by)
    names = [piece.stored_as for piece in queries.pieces_of(found.id)]
    custody.add(found, CustodyAct.GIVE_UP, {"why": why}, by=by, at=at,
                changed={"wrapped_key": None})  # fmt: skip
    transaction.on_commit(lambda: store.remove(names))


def _looks_like(file: EvidenceFile) -> str:
    """What its bytes say that it is, for the log, beside what its sender called it."""
    first = FilePiece.objects.filter(file=file, number=0)
    try:
        return what_is(next(opened(file, list(first)).chunks(), b"")).value
    except sealing.Damaged:  # a reading will say so, with its alarm
        return Kind.UNKNOWN.value


def missing_pieces(file: EvidenceFile) -> list[int]:
    """The numbers of the pieces that have not arrived."""
    here = set(FilePiece.objects.filter(file=file).values_list("number", flat=True))
    return [number for number in range(piece_count(file)) if number not in here]


def piece_count(file: EvidenceFile) -> int:
    """How many pieces the file has."""
    return -(-file.size // file.piece_bytes)


# What an upload is checked for


def _arriving(file_id: UUID, by: Actor) -> EvidenceFile:
    by.named_person  # noqa: B018  (raises PersonNeeded)
    found = custody.locked(file_id, by)
    if found.state != CustodyState.ARRIVING or found.organisation_id != by.organisation_id:
        raise EvidenceRefused(
            "not_arriving", Said("This file is not on its way in. Look at the list of files.")
        )
    return found


def _check_size(file: NewFile) -> None:
    most = load_limits().evidence_file_mib * 1024 * 1024
    if not 0 < file.size <= most:
        raise EvidenceRefused(
            "file_size",
            Said("The file has %(size)s bytes; 1 to %(most)s are taken.", size=file.size,
                 most=most),
            field="size",
        )  # fmt: skip


def _not_too_many(case_id: UUID, by: Actor) -> None:
    open_ones = EvidenceFile.objects.filter(case_id=case_id, state="arriving",
                                            organisation_id=by.organisation_id).count()  # fmt: skip
    if open_ones >= load_limits().evidence_uploads_open:
        raise EvidenceRefused(
            "too_many",
            Said("%(count)s uploads of this case are not finished. Finish them, or give them up.",
                 count=open_ones),
        )  # fmt: skip


def _original(file: NewFile, case_id: UUID, by: Actor) -> EvidenceFile | None:
    if file.original_id is None:
        return None
    found = custody.locked(file.original_id, by)
    if found.case_id != case_id or found.original_id or found.state != CustodyState.KEPT:
        raise EvidenceRefused(
            "no_original",
            Said("A copy with parts blacked out belongs to an original of this case that is in "
                 "the vault."),
            field="original",
        )  # fmt: skip
    return found


def _check_piece(file: EvidenceFile, number: int, length: int) -> None:
    if not 0 <= number < piece_count(file):
        raise EvidenceRefused(
            "no_such_piece",
            Said("There is no piece %(number)s; this file has %(count)s, from 0 on.",
                 number=number, count=piece_count(file)),
            field="number",
        )  # fmt: skip
    if length != piece_size(file, number):
        raise EvidenceRefused(
            "piece_size",
            Said("Piece %(number)s has %(size)s bytes; it should have %(wanted)s.", number=number,
                 size=length, wanted=piece_size(file, number)),
            field="number",
        )  # fmt: skip


def _the_same(known: FilePiece, digest: bytes) -> FilePiece:
    if bytes(known.digest) != digest:
        raise EvidenceRefused(
            "piece_differs",
            Said("Piece %(number)s is here already with other bytes. Give this upload up and send "
                 "the file anew.", number=known.number),
            field="number",
        )  # fmt: skip
    return known


def _stored(name: str, sealed: list[bytes]) -> None:
    try:
        store.put(name, sealed)
    except store.Away as fault:
        raise EvidenceRefused(
            "no_room",
            Said("The vault could not store this piece (%(fault)s). Nothing is lost: send it "
                 "again later.", fault=str(fault)),
        ) from None  # fmt: skip


def _had_already(file: EvidenceFile, digest: bytes) -> EvidenceRefused:
    known = EvidenceFile.objects.filter(case_id=file.case_id, digest=digest).first()
    return EvidenceRefused(
        "known_already",
        Said("These very bytes are in the case already, as file %(number)s. Give this upload up.",
             number=known.number if known else 0),
    )  # fmt: skip


def _note_redacted(file: EvidenceFile, *, by: Actor, at: datetime) -> None:
    original = custody.locked(file.original_id, by)  # type: ignore[arg-type]
    custody.add(original, CustodyAct.REDACT, {"why": file.what or file.said["why"]}, by=by, at=at,
                redacted=str(file.id))  # fmt: skip


# The digest of the whole, counted along

MOST_KEPT: Final = 200
_digests: OrderedDict[UUID, tuple[int, Digest]] = OrderedDict()


def _digest_before(file_id: UUID, number: int) -> Digest | None:
    """The digest over all pieces before this one, if this process has it."""
    if number == 0:
        return hashlib.sha256()
    following, digest = _digests.get(file_id, (-1, None))
    return digest.copy() if digest is not None and following == number else None


def _keep_digest(file_id: UUID, following: int, digest: Digest | None) -> None:
    if digest is None:
        return
    _digests[file_id] = (following, digest)
    _digests.move_to_end(file_id)
    while len(_digests) > MOST_KEPT:
        _digests.popitem(last=False)


def _whole_digest(file: EvidenceFile) -> bytes:
    following, digest = _digests.get(file.id, (-1, None))
    if digest is not None and following == piece_count(file):
        return bytes(digest.digest())
    return digest_of(file, queries.pieces_of(file.id))


def _counted(content: BinaryIO, length: int, *digests: Digest | None) -> Any:
    """The chunks of a piece, each counted into the digests; raises EvidenceRefused if too short."""
    left = length
    while left:
        chunk = sealing.read_exactly(content, min(left, sealing.CHUNK))
        if len(chunk) != min(left, sealing.CHUNK):
            raise EvidenceRefused(
                "piece_cut", Said("The piece ended early. Send it again."), field="number"
            )
        for digest in digests:
            if digest is not None:
                digest.update(chunk)
        left -= len(chunk)
        yield chunk
