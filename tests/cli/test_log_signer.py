"""The process that holds the log's key: what it signs, what it refuses, who may read its key."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recoup.cli import log_place, log_signer
from recoup.cli.log_signer import CannotSign, Refused, open_signer
from recoup.core.checkpoints import NotSigned, Wanted
from recoup.core.merkle import EMPTY, Growing, consistency, leaf_hash, place_of
from recoup_verify.note import read_checkpoint, read_key

NAME = "hub.invalid/log"


class Kept:
    """A tree with its kept subtrees."""

    def __init__(self, count: int) -> None:
        self.tree, self.rows, self.roots = Growing(), [b""], [EMPTY]
        for number in range(count):
            self.rows.append(self.tree.add(leaf_hash(b"%d" % number)))
            self.roots.append(self.tree.root())

    def proof(self, old: int, new: int) -> list[bytes]:
        def node(level: int, index: int) -> bytes:
            place, number = place_of(level, index)
            return self.rows[place][32 * number : 32 * number + 32]

        return consistency(old, new, node)


KEPT = Kept(40)


def test_it_signs_what_continues_and_remembers_it(tmp_path: Path) -> None:
    signer = open_signer(tmp_path / "keys", NAME)
    for old, new in ((0, 3), (3, 17), (17, 17), (17, 40)):
        note = signer.sign(new, KEPT.roots[new], KEPT.proof(old, new))
        key = read_key(log_signer.verifier_key(NAME, signer.public))
        assert read_checkpoint(note, key).size == new
    again = open_signer(tmp_path / "keys", NAME)
    assert (again.size, again.root) == (40, KEPT.roots[40])
    assert again.public == signer.public


@pytest.mark.parametrize(
    ("size", "root", "proof"),
    [
        (9, KEPT.roots[9], []),
        (17, KEPT.roots[16], []),
        (20, KEPT.roots[20], []),
        (20, KEPT.roots[21], KEPT.proof(17, 20)),
        (20, KEPT.roots[20], KEPT.proof(16, 20)),
        (0, EMPTY, []),
        (-1, EMPTY, []),
    ],
)
def test_it_refuses_what_does_not_continue(
    tmp_path: Path, size: int, root: bytes, proof: list[bytes]
) -> None:
    signer = open_signer(tmp_path / "keys", NAME)
    signer.sign(17, KEPT.roots[17], [])
    with pytest.raises(Refused, match="restored or the log was rewritten"):
        signer.sign(size, root, proof)
    assert (signer.size, signer.root) == (17, KEPT.roots[17])


def test_its_key_is_its_own_alone(tmp_path: Path) -> None:
    open_signer(tmp_path / "keys", NAME)
    key = tmp_path / "keys" / "log.key"
    assert key.stat().st_mode & 0o777 == 0o400
    assert key.parent.stat().st_mode & 0o777 == 0o700
    key.chmod(0o440)
    with pytest.raises(CannotSign, match="Others may read"):
        open_signer(tmp_path / "keys", NAME)


def test_without_its_memory_it_does_not_sign(tmp_path: Path) -> None:
    open_signer(tmp_path / "keys", NAME)
    (tmp_path / "keys" / "last_signed").unlink()
    with pytest.raises(CannotSign, match="nobody knows what was signed last"):
        open_signer(tmp_path / "keys", NAME)


def test_without_its_key_it_makes_no_other(tmp_path: Path) -> None:
    open_signer(tmp_path / "keys", NAME)
    (tmp_path / "keys" / "log.key").unlink()
    with pytest.raises(CannotSign, match="bring it back"):
        open_signer(tmp_path / "keys", NAME)


# As a process


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "s" / "socket"
    monkeypatch.setenv("RECOUP_LOG_SOCKET", str(path))
    environment = {**os.environ, "RECOUP_LOG_KEYS": str(tmp_path / "keys"),
                   "RECOUP_LOG_NAME": NAME}  # fmt: skip
    started = subprocess.Popen(
        [sys.executable, "-m", "recoup", "log-signer"], env=environment, stdout=subprocess.PIPE
    )
    limit = time.monotonic() + 60
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    try:
        yield path
    finally:
        started.terminate()
        started.communicate()


def test_over_the_socket_it_signs_and_refuses(process: Path) -> None:
    limit = time.monotonic() + 20
    while True:
        try:
            told = log_place.last_signed()
            break
        except NotSigned:
            assert time.monotonic() < limit
            time.sleep(0.05)
    assert told["size"] == 0 and told["key"].startswith(NAME)
    note = log_place.sign(Wanted(17, KEPT.roots[17], []))
    assert read_checkpoint(note, read_key(told["key"])).root == KEPT.roots[17]
    with pytest.raises(NotSigned, match="does not continue"):
        log_place.sign(Wanted(9, KEPT.roots[9], []))


def test_a_question_that_is_none_is_refused(tmp_path: Path) -> None:
    signer = open_signer(tmp_path / "keys", NAME)
    for line in (b"", b"{}", b"[]", b"nothing\n", b'{"size": "x", "root": "", "proof": []}'):
        assert "refused" in log_signer.answer(signer, line)


def test_a_signer_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOUP_LOG_SOCKET", str(tmp_path / "nowhere"))
    with pytest.raises(NotSigned, match="does not answer"):
        log_place.last_signed()
