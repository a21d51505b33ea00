"""What a log and its witness tell each other, as C2SP writes it.

tlog-witness (add-checkpoint), tlog-cosignature (Ed25519, cosignature/v1), signed-note and
tlog-checkpoint. Read strictly: what is not written exactly so is refused. Lines by keys that are
not known are left alone. Here nothing is signed and nothing kept: who holds the witness's key does
both (``cli/log_cosigner.py``).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from recoup.core.checkpoints import COSIGNATURE, DASH, ED25519, NAME, Checkpoint, key_id
from recoup.core.merkle import EMPTY, NotProved, check_consistency

MOST_BYTES: Final = 16_000  # 63 lines of proof and a note with signatures of several kinds
MOST_PROOF: Final = 63
MOST_LINES: Final = 16  # of signatures, and of a checkpoint with its extensions
MOST_LEAVES: Final = (1 << 63) - 1
NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
DIGEST: Final = 32
STAMP: Final = 8  # bytes of the time before a cosignature
HEADER: Final = "cosignature/v1"
LATEST: Final = (1 << 63) - 1


class Verdict(StrEnum):
    """What becomes of a submission; the numbers that HTTP has for it are in ``STATUS``."""

    COSIGNED = "cosigned"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"  # a log that the witness was not told of
    UNSIGNED = "unsigned"  # not by a key that it has of that log
    OTHER_SIZE = "other_size"  # the old size is not the one it holds
    FORK = "fork"  # as many leaves as it holds, and another root
    UNPROVED = "unproved"


STATUS: Final = {
    Verdict.COSIGNED: 200, Verdict.MALFORMED: 400, Verdict.UNKNOWN: 404, Verdict.UNSIGNED: 403,
    Verdict.OTHER_SIZE: 409, Verdict.FORK: 409, Verdict.UNPROVED: 422,
}  # fmt: skip


class NotTaken(Exception):
    """A submission is not cosigned; the message says why. held: the size that the witness has."""

    def __init__(self, verdict: Verdict, said: str, *, held: int = 0) -> None:
        self.verdict, self.held = verdict, held
        super().__init__(said)


class BadKey(ValueError):
    """A text is no public key as it should be; the message says which."""


class NotCosigned(Exception):
    """An answer bears no cosignature of the witness that fits; the message says why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as notes name it."""

    name: str
    key_id: bytes
    public: bytes

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature of the message is by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def read_key(text: str, kind: bytes = ED25519) -> PublicKey:
    """A verifier key, ``name+id+key``, of a log or (COSIGNATURE) of a witness; raises BadKey."""
    name, _, rest = text.partition("+")
    given_id, _, given = rest.partition("+")
    raw = _decoded(given)
    if raw is None or not NAME.fullmatch(name) or len(raw) != 1 + DIGEST or raw[:1] != kind:
        raise BadKey(f"{text[:80]!r} is no verifier key (name+id+key) with the kind {kind[0]}.")
    found = PublicKey(name, key_id(name, raw[1:], kind), raw[1:])
    if given_id != found.key_id.hex():
        raise BadKey(f"{text[:80]!r} says its id is {given_id}; that is {found.key_id.hex()}.")
    return found


def read_cosigner_key(text: str) -> PublicKey:
    """The public key of a witness; raises BadKey."""
    return read_key(text, COSIGNATURE)


def read_log_keys(setting: str) -> dict[str, list[PublicKey]]:
    """The keys of the logs that are witnessed, by the log's name; raises BadKey."""
    found: dict[str, list[PublicKey]] = {}
    for part in setting.split():
        key = read_key(part)
        found.setdefault(key.name, []).append(key)
    return found


# Notes


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note. text: what is signed, with its last line feed. signatures: name and bytes."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]


def read_note(whole: str) -> Note:
    """Cut a note into text and signatures; raises NotTaken."""
    text, found, lines = whole.rpartition("\n\n")
    if not found or not lines.endswith("\n") or lines.count("\n") > MOST_LINES:
        raise _malformed("A note is a text, an empty line, and up to 16 lines of signatures.")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    return Note(text + "\n", signatures)


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    raw = _decoded(parts[2]) if len(parts) == 3 else None
    if raw is None or len(raw) < 5 or parts[0] != DASH or not NAME.fullmatch(parts[1]):
        raise _malformed("A line of the note is no signature.")
    return parts[1], raw


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note; further lines are left alone. Raises NotTaken."""
    lines = text.split("\n")
    if not 4 <= len(lines) <= MOST_LINES or not all(lines[:-1]):
        raise _malformed("A checkpoint has the lines origin, size and root.")
    root = _decoded(lines[2])
    if not NAME.fullmatch(lines[0]) or root is None or len(root) != DIGEST:
        raise _malformed("The checkpoint has no origin or root that can be read.")
    return Checkpoint(lines[0], _number(lines[1]), root)


# What a log submits


@dataclass(frozen=True, slots=True)
class Submission:
    """old: the size that the log believes the witness to have. note_bytes: as it was sent."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    note_bytes: bytes
    checkpoint: Checkpoint


def written(old: int, proof: Iterable[bytes], note: bytes) -> bytes:
    """The body of a request for a cosignature."""
    lines = [f"old {old}", *(base64.b64encode(part).decode() for part in proof), ""]
    return "\n".join(lines).encode() + b"\n" + note


def read_submission(body: bytes) -> Submission:
    """Read a request for a cosignature; raises NotTaken as malformed."""
    if len(body) > MOST_BYTES:
        raise _malformed(f"A submission has {MOST_BYTES} bytes at most.")
    try:
        whole = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("A submission is UTF-8.") from None
    if any(ord(sign) < 0x20 and sign != "\n" for sign in whole):
        raise _malformed("A submission has no control characters.")
    head, found, rest = whole.partition("\n\n")
    first, *lines = head.split("\n")
    if not found or not first.startswith("old ") or len(lines) > MOST_PROOF:
        raise _malformed("It begins with 'old SIZE', up to 63 lines of proof, an empty line.")
    proof = tuple(_hash(line) for line in lines)
    note = read_note(rest)
    checkpoint, old = read_checkpoint(note.text), _number(first[4:])
    if old > checkpoint.size:
        raise _malformed("The old size is above the checkpoint's.")
    return Submission(old, proof, note, rest.encode(), checkpoint)


def check_signed(given: Submission, keys: dict[str, list[PublicKey]]) -> None:
    """Raise NotTaken unless one of the keys of the log that it names has signed it."""
    known = keys.get(given.checkpoint.origin)
    if not known:
        raise NotTaken(Verdict.UNKNOWN, "This witness knows no log of that origin.")
    message = given.note.text.encode()
    for name, raw in given.note.signatures:
        for key in known:
            if (name, raw[:4]) == (key.name, key.key_id) and key.signed(raw[4:], message):
                return
    raise NotTaken(Verdict.UNSIGNED, "No key that this witness has of that log has signed it.")


def check_continues(given: Submission, size: int = 0, root: bytes = EMPTY) -> None:
    """Raise NotTaken unless it continues what the witness holds, from exactly there on."""
    now = given.checkpoint
    if given.old != size:
        raise NotTaken(Verdict.OTHER_SIZE, f"This witness holds {size} leaves.", held=size)
    if now.size == size and now.root != root:
        raise NotTaken(
            Verdict.FORK, f"This witness holds {size} leaves of that log with another root.",
            held=size,
        )  # fmt: skip
    try:
        check_consistency(size, now.size, given.proof, root, now.root)
    except NotProved as problem:
        raise NotTaken(Verdict.UNPROVED, str(problem), held=size) from None


# What a witness gives


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a witness signs: that at this time this was the largest tree it knew of the log."""
    return f"{HEADER}\ntime {seconds}\n{text}".encode()


def cosignature_line(name: str, public: bytes, seconds: int, signature: bytes) -> bytes:
    """The line that a witness answers with."""
    raw = key_id(name, public, COSIGNATURE) + seconds.to_bytes(STAMP, "big") + signature
    return f"{DASH} {name} {base64.b64encode(raw).decode()}\n".encode()


def read_cosignature(answer: bytes, text: str, key: PublicKey) -> tuple[bytes, int]:
    """The witness's own line of an answer, and its time in seconds, once its signature fits.

    Lines by other keys are left alone. Raises NotCosigned.
    """
    for line in answer.decode("utf-8", "replace").split("\n")[:MOST_LINES]:
        parts = line.split(" ")
        raw = (_decoded(parts[2]) or b"") if len(parts) == 3 and parts[0] == DASH else b""
        if len(raw) < 4 or (parts[1], raw[:4]) != (key.name, key.key_id):
            continue
        seconds = int.from_bytes(raw[4 : 4 + STAMP], "big")
        if seconds > LATEST or not key.signed(raw[4 + STAMP :], cosigned_message(text, seconds)):
            raise NotCosigned(f"The cosignature of {key.name} does not fit the checkpoint.")
        return line.encode() + b"\n", seconds
    raise NotCosigned(f"The answer has no cosignature of {key.name} with id {key.key_id.hex()}.")


# Small parts


def _malformed(said: str) -> NotTaken:
    return NotTaken(Verdict.MALFORMED, said)


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text) or int(text) > MOST_LEAVES:
        raise _malformed("A size is a decimal number without leading zeros.")
    return int(text)


def _hash(line: str) -> bytes:
    raw = _decoded(line)
    if raw is None or len(raw) != DIGEST:
        raise _malformed("A line of the proof is no hash in base64.")
    return raw


def _decoded(text: str) -> bytes | None:
    """The bytes of base64 as it is written in one way only; None if it is not."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
