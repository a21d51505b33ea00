"""The tree over all leaves of the log: hashing, growing and proofs as RFC 9162 (2.1) has them.

A leaf is hashed behind a byte 0x00, two nodes behind a byte 0x01. Only complete subtrees are ever
kept: ``(level, index)`` names the one over the leaves ``index * 2**level`` onwards, counted from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()

Node = Callable[[int, int], bytes]


class NotProved(Exception):
    """A proof does not lead to the root that was given."""


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


# Growing


@dataclass(slots=True)
class Growing:
    """A tree that leaves are added to: its size, and the roots of its complete subtrees.

    roots: of the largest first, as ``peaks(size)`` names them.
    """

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> bytes:
        """Add the hash of a leaf; the hashes of all subtrees it completes, the leaf's own first."""
        made, size = [leaf], self.size
        while size & 1:
            made.append(node_hash(self.roots.pop(), made[-1]))
            size >>= 1
        self.roots.append(made[-1])
        self.size += 1
        return b"".join(made)

    def root(self) -> bytes:
        return joined(self.roots)


def peaks(size: int, *, start: int = 0) -> list[tuple[int, int]]:
    """Names of the complete subtrees of a tree of this size, the largest first.

    start: where the tree begins; a multiple of its largest subtree's size.
    """
    found = []
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def joined(roots: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, the largest first."""
    if not roots:
        return EMPTY
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = node_hash(left, root)
    return root


def place_of(level: int, index: int) -> tuple[int, int]:
    """Where the hash of a subtree is kept: the place (from 1) that completed it, and its number."""
    return (index + 1) << level, level


# Proofs


def _range(start: int, end: int, node: Node) -> bytes:
    return joined([node(level, index) for level, index in peaks(end - start, start=start)])


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The proof that the leaf of this index (from 0) is in the tree of this size (2.1.3.1)."""
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range(middle, end, node))
            end = middle
        else:
            proof.append(_range(start, middle, node))
            start = middle
    return proof[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of the new size continues the one of the old size (2.1.4.1)."""
    if not 0 < old < new:
        return []
    start, end, proof, is_whole = 0, new, [], True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range(middle, end, node))
            end = middle
        else:
            proof.append(_range(start, middle, node))
            start, is_whole = middle, False
    return ([] if is_whole else [_range(start, end, node)]) + proof[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
                    ) -> None:  # fmt: skip
    """Raise NotProved unless the leaf is at this index under the root (2.1.3.2)."""
    if not 0 <= index < size:
        raise NotProved(f"A tree of {size} leaves has none with the index {index}.")
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise NotProved("The proof is too long.")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise NotProved(f"The proof does not lead from leaf {index} to the root.")


def check_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Raise NotProved unless the new tree begins with the old one (2.1.4.2)."""
    if not 0 <= old <= new:
        raise NotProved(f"A log of {new} leaves does not continue one of {old}.")
    if old == new or old == 0:
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY):
            raise NotProved(f"Two trees of {old} and {new} leaves differ where they must not.")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise NotProved("The proof is empty.")
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise NotProved("The proof is too long.")
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    if last or first != old_root or second != new_root:
        raise NotProved(f"The log of {new} leaves does not continue the one of {old}.")
