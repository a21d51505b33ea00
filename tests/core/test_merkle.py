"""The tree of the log: known roots, proofs of all small sizes, and that nothing else passes."""

from __future__ import annotations

import hashlib
import random

import pytest

from recoup.core import merkle
from recoup.core.merkle import Growing, NotProved, check_consistency, check_inclusion
from recoup_verify.tree import Tree

# The inputs of the test of RFC 6962's reference log, and its roots after each of them.
INPUTS = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def plain_root(leaves: list[bytes]) -> bytes:
    """The definition, word for word: recursive, slow, right."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


class Kept:
    """A tree whose subtrees are kept at the place that completed them, as the database does."""

    def __init__(self, count: int) -> None:
        self.leaves = [merkle.leaf_hash(b"%d" % n) for n in range(count)]
        self.tree, self.rows = Growing(), [b""]
        for leaf in self.leaves:
            self.rows.append(self.tree.add(leaf))

    def node(self, level: int, index: int) -> bytes:
        place, number = merkle.place_of(level, index)
        found = self.rows[place][32 * number : 32 * number + 32]
        assert len(found) == 32
        return found


def test_the_roots_of_the_reference_log() -> None:
    tree, other = Growing(), Tree()
    assert tree.root() == other.root() == hashlib.sha256(b"").digest()
    for given, root in zip(INPUTS, ROOTS, strict=True):
        tree.add(merkle.leaf_hash(bytes.fromhex(given)))
        other.add(merkle.leaf_hash(bytes.fromhex(given)))
        assert tree.root().hex() == other.root().hex() == root


def test_the_root_is_the_one_of_the_definition_at_every_size() -> None:
    tree, leaves = Growing(), []
    for n in range(130):
        leaves.append(merkle.leaf_hash(b"%d" % n))
        tree.add(leaves[-1])
        assert tree.root() == plain_root(leaves)


def test_a_tree_is_taken_up_again_from_its_kept_subtrees() -> None:
    kept = Kept(77)
    again = Growing(77, [kept.node(*peak) for peak in merkle.peaks(77)])
    assert again.root() == kept.tree.root()
    assert again.add(b"x" * 32) == kept.tree.add(b"x" * 32)


def test_every_leaf_is_proved_in_every_tree_that_has_it() -> None:
    kept = Kept(40)
    for size in range(1, 41):
        root = plain_root(kept.leaves[:size])
        for index in range(size):
            proof = merkle.inclusion(index, size, kept.node)
            check_inclusion(kept.leaves[index], index, size, proof, root)
            with pytest.raises(NotProved):
                check_inclusion(kept.leaves[index - 1], index, size, proof, root[::-1])


def test_every_tree_is_proved_to_continue_every_smaller_one() -> None:
    kept = Kept(40)
    roots = [plain_root(kept.leaves[:size]) for size in range(41)]
    for new in range(41):
        for old in range(new + 1):
            proof = merkle.consistency(old, new, kept.node)
            check_consistency(old, new, proof, roots[old], roots[new])


def test_no_changed_proof_and_no_changed_root_passes() -> None:
    kept, random_ = Kept(64), random.Random(5)
    roots = [plain_root(kept.leaves[:size]) for size in range(65)]
    for _ in range(2_000):
        old, new = sorted(random_.sample(range(1, 65), 2))
        parts = [roots[old], roots[new], *merkle.consistency(old, new, kept.node)]
        which = random_.randrange(len(parts))
        raw = bytearray(parts[which])
        raw[random_.randrange(32)] ^= 1 << random_.randrange(8)
        parts[which] = bytes(raw)
        with pytest.raises(NotProved):
            check_consistency(old, new, parts[2:], parts[0], parts[1])


def test_a_proof_with_more_or_less_in_it_does_not_pass() -> None:
    kept = Kept(23)
    roots = [plain_root(kept.leaves[:size]) for size in range(24)]
    for old in range(1, 23):
        proof = merkle.consistency(old, 23, kept.node)
        for wrong in (proof[:-1], [*proof, b"\0" * 32], proof[::-1] if len(proof) > 1 else [b""]):
            with pytest.raises(NotProved):
                check_consistency(old, 23, wrong, roots[old], roots[23])


def test_a_shorter_log_continues_nothing() -> None:
    kept = Kept(9)
    with pytest.raises(NotProved):
        check_consistency(9, 8, [], plain_root(kept.leaves), plain_root(kept.leaves[:8]))
