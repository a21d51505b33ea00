"""Where the encrypted pieces lie: Django's storage of the name ``vault``.

By default a folder beside the database, in which a piece appears whole or not at all, is never
overwritten and is read-only from then on; by setting an S3-compatible server (settings.py). Names
are random and say nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages


class Away(Exception):
    """The storage could not be reached, or had no room; what lies there is not judged by it."""


class AlreadyThere(Exception):
    """Something lies under this name already, and nothing is ever overwritten."""


class VaultFiles(FileSystemStorage):
    """A folder in which a file is written once: whole, on the disk, and read-only."""

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            descriptor = os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)
            with os.fdopen(descriptor, "wb") as file:
                for part in content.chunks():
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            os.link(half, target)  # fails where something is, which a rename would replace
        except FileExistsError:
            raise AlreadyThere(f"{name} is there already; the vault overwrites nothing.") from None
        finally:
            half.unlink(missing_ok=True)
        _settle(target.parent)
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def vault() -> Storage:
    """The storage of this installation."""
    return storages["vault"]


def name_for(file_id: UUID, number: int) -> str:
    """A name for a piece: of the file's random id, and new at each try."""
    return f"{file_id.hex[:2]}/{file_id.hex}/{number:06}-{secrets.token_hex(6)}"


def put(name: str, parts: Iterable[bytes]) -> None:
    """Store a piece; raises AlreadyThere, and Away where it could not be stored."""
    content = ContentFile(b"".join(parts))
    try:
        stored_as = vault().save(name, content)
    except _faults() as fault:
        raise Away(type(fault).__name__) from fault
    if stored_as != name:
        raise AlreadyThere(f"{name} was taken; the vault overwrites nothing.")


def opened(name: str) -> BinaryIO:
    """A piece, for reading; raises FileNotFoundError where there is none, and Away."""
    try:
        return vault().open(name, "rb")  # type: ignore[return-value]
    except FileNotFoundError:
        raise
    except _faults() as fault:
        raise Away(type(fault).__name__) from fault


@cache
def _faults() -> tuple[type[Exception], ...]:
    """What a storage raises where it cannot be reached: the system's, or the S3 client's."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError, ClientError)


def remove(names: Iterable[str]) -> None:
    """Delete pieces; one that is gone already is no fault."""
    for name in names:
        vault().delete(name)


def every_name(storage: Storage | None = None, folder: str = "") -> Iterator[str]:
    """Every piece that lies in the storage."""
    storage = storage or vault()
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{folder}/{name}" if folder else name
    for inner in folders:
        yield from every_name(storage, f"{folder}/{inner}" if folder else inner)


def is_older(name: str, than: timedelta) -> bool:
    """Whether a piece has lain there for longer."""
    return datetime.now(UTC) - vault().get_modified_time(name) > than
