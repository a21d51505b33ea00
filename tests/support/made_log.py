"""Logs made without a hub: random acts, chained, placed, signed, as an export has them."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.apps.audit import queries
from recoup.core.checkpoints import Checkpoint, signed, verifier_key
from recoup.core.merkle import Growing, leaf_hash
from recoup_verify.lines import Checked
from recoup_verify.log import check_log
from recoup_verify.note import COSIGNATURE, read_key

ORIGIN = "made.invalid/log"
BEGAN = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
WORDS = ("ground", "Разлог", 'ș\u0000\n\t"\\', "\U0001f4b6", "", "x" * 80)


@dataclass
class MadeLog:
    """lines: as exported. notes: the checkpoints signed so far, by size."""

    key: Ed25519PrivateKey
    lines: list[bytes] = field(default_factory=list)
    notes: dict[int, bytes] = field(default_factory=dict)
    tree: Growing = field(default_factory=Growing)
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        return verifier_key(ORIGIN, self.public)

    def add(self, random_: random.Random, stream: str = "", said: object = None) -> None:
        if not stream:
            stream = f"thing:{random_.randrange(6)}"
            if not random_.randrange(8):
                stream = f"once:{random_.randbytes(16).hex()}"
        last, before = self.heads.get(stream, (0, b"\0" * 32))
        at = BEGAN + timedelta(microseconds=random_.randrange(10**12))
        organisation = random_.randrange(1, 40)
        facts = {"n": random_.randrange(1000), "said": random_.choice(WORDS)}
        if said is not None:
            facts["said"] = said
        body = rfc8785.dumps(
            {
                "what": "thing:done", "stream": stream, "stream_seq": last + 1,
                "prev": before.hex(), "at": at.isoformat(), "organisation": organisation,
                "role": "officer", "person": None, "mandate": None,
                "purpose": "recovery_of_money",
                "facts": facts,
                "committed": {"name": hashlib.sha256(random_.randbytes(8)).hexdigest()},
            }
        )  # fmt: skip
        leaf = leaf_hash(body)
        hashes = self.tree.add(leaf)
        row = (
            self.tree.size, hashes, leaf, organisation, at, stream, last + 1, before, body,
        )  # fmt: skip
        self.heads[stream] = (last + 1, leaf)
        self.lines.append(queries.line(row))

    def sign(self) -> bytes:
        text = Checkpoint(ORIGIN, self.tree.size, self.tree.root()).text
        note = signed(text, name=ORIGIN, public=self.public, signature=self.key.sign(text.encode()))
        self.notes[self.tree.size] = note
        return note

    @property
    def log(self) -> bytes:
        return queries.HEAD + b"".join(self.lines)

    @property
    def kept(self) -> bytes:
        rows = sorted(self.notes.items())
        return b"".join(b"%d\t%s\n" % (n, base64.b64encode(note)) for n, note in rows)

    @property
    def newest(self) -> bytes:
        return self.notes[max(self.notes)]

    def check(self, log: bytes | None = None, kept: bytes | None = None,
              newest: bytes | None = None, held: bytes | None = None,
              witnesses: Sequence[str] = (), processes: int = 1) -> Checked:  # fmt: skip
        return check_log(
            io.BytesIO(self.log if log is None else log), key=read_key(self.verifier_key),
            newest=self.newest if newest is None else newest,
            kept=self.kept if kept is None else kept,
            held=[] if held is None else [("one", held)],
            witnesses=[read_key(key, COSIGNATURE) for key in witnesses], processes=processes,
        )  # fmt: skip


def dying(*_: object) -> None:
    """What another process is told to do in place of its work."""
    os._exit(3)


KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"only for tests").digest())


def made(size: int, seed: int, *, signed_at: tuple[int, ...] = ()) -> MadeLog:
    """A good log of this size, signed at these sizes and at its end."""
    random_, log = random.Random(seed), MadeLog(KEY)
    if 0 in signed_at:
        log.sign()
    for _ in range(size):
        log.add(random_)
        if log.tree.size in signed_at:
            log.sign()
    log.sign()
    return log
