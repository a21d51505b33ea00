"""What a checkpoint says, as bytes: a signed note of C2SP (signed-note, tlog-checkpoint).

Here are the bytes only. Who holds the key signs them elsewhere; who checks them, checks elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

# The algorithm bytes of the specification: a log's own signature, and that of a witness beside it.
ED25519: Final = b"\x01"
COSIGNATURE: Final = b"\x04"
DASH: Final = "\N{EM DASH}"
NAME: Final = re.compile(r"[^\s+]{1,200}", re.ASCII)


class NotSigned(Exception):
    """The signer does not answer, or refuses; the message says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the signer is asked: to sign this root, which continues what it signed last."""

    size: int
    root: bytes
    proof: list[bytes]


class NotReadable(Exception):
    """The text is no name of a log, no key or no checkpoint; the message says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log's name, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(name: str, public: bytes, kind: bytes = ED25519) -> bytes:
    """The four bytes by which a signature names its key."""
    if not NAME.fullmatch(name):
        raise NotReadable(f"{name!r} is no name of a log: no spaces, no plus sign.")
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def verifier_key(name: str, public: bytes, kind: bytes = ED25519) -> str:
    """The public key as verifiers take it: ``name+id+key``."""
    encoded = base64.b64encode(kind + public).decode()
    return f"{name}+{key_id(name, public, kind).hex()}+{encoded}"


def signed(text: str, *, name: str, public: bytes, signature: bytes) -> bytes:
    """The note: its text, an empty line, and the line of the signature."""
    encoded = base64.b64encode(key_id(name, public) + signature).decode()
    return f"{text}\n{DASH} {name} {encoded}\n".encode()


def read_text(note: bytes) -> Checkpoint:
    """What a note of our own says; its signature is not looked at. Raises NotReadable."""
    lines = note.decode("utf-8", "replace").split("\n")
    try:
        return Checkpoint(lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True))
    except (IndexError, ValueError, binascii.Error):
        raise NotReadable(f"{lines[:3]} is no checkpoint: origin, size, root.") from None
