"""The root over leaves that come one after the other, by the hashing of RFC 9162.

A leaf is hashed behind a byte 0x00, two nodes behind a byte 0x01. Kept are only the roots of the
complete subtrees, the largest first: as many as the number of leaves has ones in binary.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def root_over(roots: Sequence[bytes]) -> bytes:
    """The root above complete subtrees, the largest first."""
    if not roots:
        return EMPTY
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = sha256(b"\x01" + left + root).digest()
    return root


class Tree:
    """Takes the hashes of leaves in order; says its root after any of them."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        size, roots = self.size, self._roots
        while size & 1:
            leaf = sha256(b"\x01" + roots.pop() + leaf).digest()
            size >>= 1
        roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        return root_over(self._roots)
