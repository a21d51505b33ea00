"""What the processes that hold a key share: its file, their memory, and the socket they answer on.

A key is its owner's alone or it is not used; what was signed is on the disk before it is given
away; one question is answered after the other.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ANSWER_SECONDS: Final = 5.0


class CannotSign(Exception):
    """The process cannot start; the message says why and what to do."""


def make_folder(folder: Path) -> None:
    """A folder for a key, which nobody else enters."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def make_key(path: Path) -> None:
    """Make a key that its owner alone reads, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


def read_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file; raises CannotSign if others may read it."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CannotSign(f"Others may read {path}: it must be its owner's alone (chmod 400).")
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))


def write_whole(path: Path, text: str) -> None:
    """Keep a text: whole, on the disk, or not at all."""
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def serve(path: Path, *, mode: int, answer: Callable[[socket.socket], bytes]) -> None:
    """Answer on a socket of this machine for as long as the process lives."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(mode)
        server.listen(16)
        while True:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                client.settimeout(ANSWER_SECONDS)
                client.sendall(answer(client))
