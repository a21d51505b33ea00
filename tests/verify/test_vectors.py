"""The test vectors of docs/audit-format.md, read by two implementations that share no line.

``vectors/`` was made once and is kept: a change that reads or writes other bytes fails here. With
``RECOUP_MAKE_VECTORS=1`` it is made anew, which is a new version of the format.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from recoup.core import merkle
from recoup_verify.log import check_export
from recoup_verify.note import read_key
from support.made_log import MadeLog, made

VECTORS = Path(__file__).parent / "vectors"
SECOND = Path(__file__).parent / "second.sh"
SIZE, HELD = 11, 6


def write(log: MadeLog, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "log").write_bytes(log.log)
    (folder / "checkpoints").write_bytes(log.kept)
    (folder / "checkpoint").write_bytes(log.newest)


def second(folder: Path, key: str, *held: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SECOND), str(folder), key, *map(str, held)], capture_output=True, text=True
    )


def proofs(log: MadeLog) -> dict[str, object]:
    rows = [b"", *(bytes.fromhex(line.split(b"\t")[1].decode()) for line in log.lines)]

    def node(level: int, index: int) -> bytes:
        place, number = merkle.place_of(level, index)
        return rows[place][32 * number : 32 * number + 32]

    return {
        "root": log.tree.root().hex(),
        "inclusion": {
            str(index): [part.hex() for part in merkle.inclusion(index, SIZE, node)]
            for index in range(SIZE)
        },
        "consistency": {
            str(old): [part.hex() for part in merkle.consistency(old, SIZE, node)]
            for old in range(1, SIZE)
        },
    }


@pytest.fixture(scope="module")
def log() -> MadeLog:
    return made(SIZE, 2026, signed_at=(HELD,))


@pytest.mark.skipif("RECOUP_MAKE_VECTORS" not in os.environ, reason="the vectors are kept")
def test_make_the_vectors(log: MadeLog) -> None:
    write(log, VECTORS)
    (VECTORS / "key").write_text(log.verifier_key + "\n")
    (VECTORS / "held.note").write_bytes(log.notes[HELD])
    (VECTORS / "proofs.json").write_text(json.dumps(proofs(log), indent=1) + "\n")


def test_what_the_hub_writes_today_is_what_the_vectors_have(log: MadeLog) -> None:
    assert (VECTORS / "log").read_bytes() == log.log
    assert (VECTORS / "checkpoints").read_bytes() == log.kept
    assert (VECTORS / "checkpoint").read_bytes() == log.newest
    assert json.loads((VECTORS / "proofs.json").read_text()) == proofs(log)


def test_the_verifier_accepts_the_vectors() -> None:
    key = read_key((VECTORS / "key").read_text())
    held = [("held", (VECTORS / "held.note").read_bytes())]
    checked = check_export(VECTORS, key=key, held=held)
    assert (checked.findings, checked.size) == ([], SIZE)


def test_shell_and_openssl_accept_the_vectors(log: MadeLog) -> None:
    done = second(VECTORS, log.verifier_key, VECTORS / "held.note")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == [str(SIZE), log.tree.root().hex()]


def broken(tmp_path: Path, file: str, old: bytes, new: bytes) -> Path:
    folder = tmp_path / "broken"
    shutil.copytree(VECTORS, folder)
    raw = (folder / file).read_bytes()
    assert old in raw
    (folder / file).write_bytes(raw.replace(old, new, 1))
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("log", b'"role":"officer"', b'"role":"officeR"'),
        ("log", b"\t3\t", b"\t4\t"),
        ("checkpoint", b"11\n", b"12\n"),
        ("held.note", b"6\n", b"7\n"),
    ],
)
def test_both_find_what_was_changed(
    tmp_path: Path, log: MadeLog, file: str, old: bytes, new: bytes
) -> None:
    folder = broken(tmp_path, file, old, new)
    held = [("held", (folder / "held.note").read_bytes())]
    assert check_export(folder, key=read_key(log.verifier_key), held=held).findings
    assert second(folder, log.verifier_key, folder / "held.note").returncode == 1
