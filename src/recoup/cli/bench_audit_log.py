"""A long log in a folder, made without a hub: what the outside verifier is timed with."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.core.checkpoints import Checkpoint, signed, verifier_key
from recoup.core.merkle import Growing, leaf_hash

ORIGIN = "bench.invalid/log"
BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
EACH = 20_000  # leaves between two checkpoints


def make(folder: Path, *, leaves: int, seed: int) -> str:
    """Write a log with its checkpoints; returns its public key. Bodies are as the hub's are."""
    import rfc8785

    from recoup.apps.audit.queries import HEAD, line

    random_, tree, heads = random.Random(seed), Growing(), dict[str, tuple[int, bytes]]()  # noqa: S311
    key, note = Ed25519PrivateKey.generate(), b""
    with (folder / "log").open("wb") as file, (folder / "checkpoints").open("wb") as kept:
        file.write(HEAD)
        for number in range(leaves):
            stream = f"ticket:{UUID(int=random_.randrange(leaves // 4 + 1))}"
            last, before = heads.get(stream, (0, b"\0" * 32))
            at = BEGAN + timedelta(milliseconds=5 * number, microseconds=1)
            body = rfc8785.dumps(_told(random_, stream, last + 1, before, at))
            leaf = leaf_hash(body)
            heads[stream] = (last + 1, leaf)
            row = (number + 1, tree.add(leaf), leaf, 7, at, stream, last + 1, before, body)
            file.write(line(row))
            if tree.size % EACH == 0 or tree.size == leaves:
                note = _sign(key, tree)
                kept.write(b"%d\t%s\n" % (tree.size, base64.b64encode(note)))
    (folder / "checkpoint").write_bytes(note)
    return verifier_key(ORIGIN, key.public_key().public_bytes_raw())


def _told(random_: random.Random, stream: str, number: int, before: bytes, at: datetime
          ) -> dict[str, Any]:  # fmt: skip
    return {
        "what": "ticket:answered", "stream": stream, "stream_seq": number, "prev": before.hex(),
        "at": at.isoformat(), "organisation": 7, "role": "machine",
        "person": str(UUID(int=random_.getrandbits(128))),
        "mandate": str(UUID(int=random_.getrandbits(128))), "purpose": "recovery_of_money",
        "facts": {"code": "held", "stage": "final", "held_minor": random_.randrange(10**7),
                  "sha256": random_.randbytes(32).hex()},
        "committed": {},
    }  # fmt: skip


def _sign(key: Ed25519PrivateKey, tree: Growing) -> bytes:
    text = Checkpoint(ORIGIN, tree.size, tree.root()).text
    public = key.public_key().public_bytes_raw()
    return signed(text, name=ORIGIN, public=public, signature=key.sign(text.encode()))
