"""The keys that wrap the keys of files: outside the database, each in a file of its own.

A key of a file stands in the database only wrapped. The wrapping key is named by a number; a new
one is made by rotation, which wraps every file's key anew and touches no file. Who has the database
or its backup alone can open nothing, and neither can who has the stored files alone.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recoup.apps.evidence.sealing import KEY, NONCE

FORMAT: Final = b"recoup-vault-key/1\x00"
NAME: Final = re.compile(r"kek-(\d{6})\.key")


class NoKey(Exception):
    """A wrapping key is missing or does not fit; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A file's key as the database has it. kek: the number of the key that wraps it."""

    kek: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """The folder of wrapping keys. may_make: whether a first one may be made here."""

    folder: Path
    may_make: bool = True

    def wrap(self, key: bytes, *, file_id: UUID) -> Wrapped:
        """Wrap a file's key with the newest wrapping key."""
        number = self.newest()
        nonce = os.urandom(NONCE)
        blob = AESGCM(self._kek(number)).encrypt(nonce, key, _bound(file_id, number))
        return Wrapped(number, nonce + blob)

    def unwrap(self, wrapped: Wrapped, *, file_id: UUID) -> bytes:
        """The file's key; raises NoKey where the wrapping key is gone, or another one."""
        cipher = AESGCM(self._kek(wrapped.kek))
        nonce, blob = wrapped.blob[:NONCE], wrapped.blob[NONCE:]
        try:
            return cipher.decrypt(nonce, blob, _bound(file_id, wrapped.kek))
        except InvalidTag:
            raise NoKey(
                f"Key {wrapped.kek} in {self.folder} is not the one that wrapped the key of file "
                f"{file_id}. Put back the one that this hub had."
            ) from None

    def numbers(self) -> list[int]:
        """Which wrapping keys there are."""
        found = (NAME.fullmatch(path.name) for path in self.folder.glob("kek-*.key"))
        return sorted(int(match[1]) for match in found if match)

    def newest(self) -> int:
        """The number of the newest key; the very first is made."""
        numbers = self.numbers()
        return numbers[-1] if numbers else self.make()

    def make(self) -> int:
        """Make the next wrapping key; raises NoKey where none may be made."""
        if not self.may_make:
            raise NoKey(f"There is no wrapping key in {self.folder}. Put one there: 32 bytes.")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            number = (self.numbers() or [0])[-1] + 1
            _write_once(self._path(number), os.urandom(KEY))
        return number

    def destroy(self, number: int) -> None:
        """Overwrite and remove a key that wraps nothing any more."""
        path = self._path(number)
        path.chmod(0o600)
        with path.open("r+b") as file:
            file.write(bytes(KEY))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _read.cache_clear()

    def _kek(self, number: int) -> bytes:
        return _read(self._path(number))

    def _path(self, number: int) -> Path:
        return self.folder / f"kek-{number:06}.key"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _bound(file_id: UUID, number: int) -> bytes:
    return FORMAT + file_id.bytes + number.to_bytes(8)


@cache
def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as fault:
        raise NoKey(
            f"The wrapping key {path.name} is not in {path.parent} ({type(fault).__name__}). "
            "Files that it wraps cannot be read until it is put back."
        ) from None
    if len(key) != KEY:
        raise NoKey(f"{path} has {len(key)} bytes; a wrapping key has {KEY}. Put the right one.")
    return key


def _write_once(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
