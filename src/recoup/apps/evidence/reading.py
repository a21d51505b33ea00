"""Gives the bytes of a file again, chunk by chunk, each checked against what was stored.

Never more than a piece is in memory. What is read here is for one who may read it: who and why is
noted in ``reading_operations``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from recoup.apps.evidence import queries, sealing, store
from recoup.apps.evidence.keys import Wrapped
from recoup.apps.evidence.models import EvidenceFile, FilePiece


@dataclass(frozen=True, slots=True)
class Opened:
    """All that reading needs, without the database: for bytes that leave after its transaction."""

    file_id: UUID
    size: int
    piece_bytes: int
    key: bytes
    names: tuple[str, ...]

    def chunks(self) -> Iterator[bytes]:
        """The bytes; raises Damaged where they are not those that were stored."""
        of, left = sealing.chunks_of(self.size), self.size
        for number, name in enumerate(self.names):
            size, first = min(left, self.piece_bytes), number * self.piece_bytes // sealing.CHUNK
            try:
                with store.opened(name) as stored:
                    yield from sealing.unseal(stored, key=self.key, file_id=self.file_id,
                                              first=first, of=of, size=size)  # fmt: skip
            except FileNotFoundError:
                raise sealing.Damaged(self.file_id, first) from None
            left -= size
        if left:
            raise sealing.Damaged(self.file_id, of - 1)


def unwrapped(file: EvidenceFile) -> bytes:
    """The file's key; raises NoKey."""
    wrapped = Wrapped(file.kek, bytes(file.wrapped_key or b""))
    return queries.keyring().unwrap(wrapped, file_id=file.id)


def opened(file: EvidenceFile, pieces: list[FilePiece]) -> Opened:
    """Make ready for reading."""
    names = tuple(piece.stored_as for piece in pieces)
    return Opened(file.id, file.size, file.piece_bytes, unwrapped(file), names)


def piece_size(file: EvidenceFile, number: int) -> int:
    """How many bytes a piece of the file has."""
    return min(file.piece_bytes, file.size - number * file.piece_bytes)


def digest_of(file: EvidenceFile, pieces: list[FilePiece]) -> bytes:
    """SHA-256 over the bytes as they are in the storage now; raises Damaged."""
    digest = hashlib.sha256()
    for chunk in opened(file, pieces).chunks():
        digest.update(chunk)
    return digest.digest()
