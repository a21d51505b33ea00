"""Encrypts a file in chunks of one MiB, so that none can be changed, moved, left out or cut off.

AES-256-GCM with a key for each file. A chunk stands as nonce, ciphertext, tag; what is bound to it
is the file, its place, and whether it is the last. The nonce is random: a piece that is sent twice
never meets the same nonce with other bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK: Final = 1024 * 1024
NONCE, TAG, KEY = 12, 16, 32
FORMAT: Final = b"recoup-vault/1\x00"


class Damaged(Exception):
    """A chunk is not what was stored: changed, moved, of another file, or not there."""

    def __init__(self, file_id: UUID, index: int) -> None:
        self.index = index
        super().__init__(f"Chunk {index} of file {file_id} is not what was stored.")


def new_key() -> bytes:
    """A key for one file."""
    return os.urandom(KEY)


def chunks_of(size: int) -> int:
    """How many chunks a file of this size has; an empty one has one, which is the last."""
    return max(1, -(-size // CHUNK))


def seal(plain: Iterable[bytes], *, key: bytes, file_id: UUID, first: int, of: int
         ) -> Iterator[bytes]:  # fmt: skip
    """Encrypt chunks; first: the place of the first one, of: how many the whole file has."""
    cipher = AESGCM(key)
    for index, chunk in enumerate(plain, start=first):
        nonce = os.urandom(NONCE)
        yield nonce
        yield cipher.encrypt(nonce, chunk, bound(file_id, index, of))


def unseal(stored: BinaryIO, *, key: bytes, file_id: UUID, first: int, of: int, size: int
           ) -> Iterator[bytes]:  # fmt: skip
    """Decrypt what was stored of ``size`` bytes, chunk by chunk; raises Damaged."""
    cipher, index = AESGCM(key), first
    while size or index == first:
        length = min(size, CHUNK)
        record = read_exactly(stored, NONCE + length + TAG)
        try:
            yield cipher.decrypt(record[:NONCE], record[NONCE:], bound(file_id, index, of))
        except (InvalidTag, ValueError):
            raise Damaged(file_id, index) from None
        size, index = size - length, index + 1
    if stored.read(1):
        raise Damaged(file_id, index)


def bound(file_id: UUID, index: int, of: int) -> bytes:
    """What a chunk is bound to besides its key: the file, its place, whether it is the last."""
    return FORMAT + file_id.bytes + index.to_bytes(8) + bytes([index == of - 1])


def read_exactly(file: BinaryIO, length: int) -> bytes:
    """Read so many bytes; fewer only where the file ends."""
    parts = []
    while length:
        part = file.read(length)
        if not part:
            break
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def in_chunks(file: BinaryIO) -> Iterator[bytes]:
    """What a file holds, one MiB at a time; an empty one gives one empty chunk."""
    chunk = read_exactly(file, CHUNK)
    yield chunk
    while len(chunk) == CHUNK and (chunk := read_exactly(file, CHUNK)):
        yield chunk
