"""A log that others witness, made without a hub: a tree, a key, checkpoints and proofs."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.core.checkpoints import Checkpoint, signed, verifier_key
from recoup.core.merkle import EMPTY, Growing, consistency, leaf_hash, place_of
from recoup.standards.tlog_witness import written

ORIGIN = "far.invalid/log"


@dataclass
class FarLog:
    """roots: of each size. salt: another one makes another tree of the same log."""

    count: int = 40
    salt: bytes = b""
    origin: str = ORIGIN
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    rows: list[bytes] = field(default_factory=lambda: [b""])
    roots: list[bytes] = field(default_factory=lambda: [EMPTY])

    def __post_init__(self) -> None:
        tree = Growing()
        for number in range(self.count):
            self.rows.append(tree.add(leaf_hash(self.salt + b"%d" % number)))
            self.roots.append(tree.root())

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        return verifier_key(self.origin, self.public)

    def text(self, size: int) -> str:
        return Checkpoint(self.origin, size, self.roots[size]).text

    def note(self, size: int) -> bytes:
        text = self.text(size)
        signature = self.key.sign(text.encode())
        return signed(text, name=self.origin, public=self.public, signature=signature)

    def proof(self, old: int, new: int) -> list[bytes]:
        def node(level: int, index: int) -> bytes:
            place, number = place_of(level, index)
            return self.rows[place][32 * number : 32 * number + 32]

        return consistency(old, new, node)

    def body(self, old: int, new: int, *, proof: list[bytes] | None = None) -> bytes:
        """What it sends to a witness."""
        return written(old, self.proof(old, new) if proof is None else proof, self.note(new))

    def forked(self, salt: bytes = b"other") -> FarLog:
        """The same log, by the same key, with another tree."""
        return FarLog(self.count, salt, self.origin, self.key)
