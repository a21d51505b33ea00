"""Signed notes and the checkpoints in them, as C2SP specifies (signed-note, tlog-checkpoint,
tlog-cosignature).

Read strictly: what is not written exactly so is no note. Lines by keys that are not ours are left
alone, as the specification asks, so that witnesses may add theirs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519: Final = 1  # the algorithm bytes of the specifications: a log's key,
COSIGNATURE: Final = 4  # and a witness's
STAMP: Final = 8  # bytes of the time before a cosignature, in seconds since 1970
LATEST: Final = 253_402_300_799  # the end of the year 9999
MOST_BYTES: Final = 100_000
MOST_LEAVES: Final = 1 << 62
DASH: Final = "\N{EM DASH}"
NAME: Final = re.compile(r"[^\s+]{1,200}", re.ASCII)
SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class NotANote(Exception):
    """The bytes are no signed note, or no checkpoint; the message says where."""


class WrongSignature(Exception):
    """The note bears no signature of the key, or one that does not fit its text."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key as a note names it: name, the four bytes of its id, and the key itself."""

    name: str
    key_id: bytes
    public: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: the log's name, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes


def key_id(name: str, public: bytes, kind: int = ED25519) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def read_key(text: str, kind: int = ED25519) -> Key:
    """A verifier key, ``name+id+key``, of a log or (COSIGNATURE) of a witness; raises NotANote."""
    name, _, rest = text.strip().partition("+")
    given_id, _, given = rest.partition("+")
    raw = decode(given, "the verifier key")
    if not NAME.fullmatch(name) or len(raw) != 33 or raw[0] != kind:
        raise NotANote(
            f"{text.strip()[:80]!r} is no Ed25519 verifier key (name+id+key) of the kind {kind}."
        )
    key = Key(name, key_id(name, raw[1:], kind), raw[1:])
    if given_id != key.key_id.hex():
        raise NotANote(
            f"The verifier key says its id is {given_id}, but that is {key.key_id.hex()}."
        )
    return key


def open_note(note: bytes, key: Key) -> str:
    """The text of a note that the key signed; raises NotANote or WrongSignature."""
    text, signature = _signed_by(note, key)
    if signature is None:
        raise WrongSignature(f"The note is not signed by {key.name} with key {key.key_id.hex()}.")
    _check(key, signature, text.encode())
    return text


def cosigned_at(note: bytes, witness: Key) -> int | None:
    """When a witness cosigned a note, in seconds since 1970; None if it did not.

    Raises NotANote, and WrongSignature for a line of the witness that does not fit.
    """
    text, raw = _signed_by(note, witness)
    if raw is None:
        return None
    seconds = int.from_bytes(raw[:STAMP], "big")
    if len(raw) <= STAMP or seconds > LATEST:
        raise WrongSignature(f"The cosignature of {witness.name} has no time.")
    _check(witness, raw[STAMP:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    return seconds


def _signed_by(note: bytes, key: Key) -> tuple[str, bytes | None]:
    """The text of a note, and what the key put beneath it."""
    text, lines = _split(note)
    for name, raw in map(_signature, lines):
        if name == key.name and raw[:4] == key.key_id:
            return text, raw[4:]
    return text, None


def _check(key: Key, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise WrongSignature(f"The signature of {key.name} does not fit the note.") from None


def read_checkpoint(note: bytes, key: Key) -> Checkpoint:
    """The checkpoint in a note that the key signed; raises NotANote or WrongSignature."""
    lines = open_note(note, key).split("\n")
    if len(lines) < 4:
        raise NotANote("A checkpoint has three lines: origin, size, root.")
    origin, size, root = lines[:3]
    raw = decode(root, "the root")
    if origin != key.name:
        raise NotANote(f"The checkpoint is of {origin!r}, the key of {key.name!r}.")
    if not SIZE.fullmatch(size) or int(size) > MOST_LEAVES or len(raw) != 32:
        raise NotANote(f"{size!r} and {root!r} are no size and root of a log.")
    return Checkpoint(origin, int(size), raw)


def _split(note: bytes) -> tuple[str, list[str]]:
    if len(note) > MOST_BYTES:
        raise NotANote(f"A note of {len(note)} bytes is too long; {MOST_BYTES} at most.")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise NotANote("The note is not UTF-8.") from None
    if any(ord(sign) < 0x20 and sign != "\n" for sign in whole):
        raise NotANote("The note has a control character.")
    text, found, signatures = whole.rpartition("\n\n")
    if not found or not signatures.endswith("\n"):
        raise NotANote("A note is a text, an empty line, and lines of signatures.")
    return text + "\n", signatures[:-1].split("\n")


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != DASH or not NAME.fullmatch(parts[1]):
        raise NotANote(f"{line[:80]!r} is no line of a signature.")
    raw = decode(parts[2], "the signature")
    if len(raw) < 5:
        raise NotANote(f"The signature of {parts[1]} is too short.")
    return parts[1], raw


def decode(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotANote(f"{what} is no base64: {text[:80]!r}.") from None
    if base64.b64encode(raw).decode() != text:
        raise NotANote(f"{what} is not written as base64 writes it: {text[:80]!r}.")
    return raw
