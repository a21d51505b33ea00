"""Bags: what other programs read from them, and that the same content is the same bytes."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from recoup.standards.bagit import Bag, of_bytes, safe_name
from recoup.standards.plain_zip import LARGEST, PlainZip
from recoup_verify.container import first_difference

FAULTS = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, RuntimeError, OSError,
          zlib.error)  # fmt: skip


def bag(**entries: bytes) -> bytes:
    given = [of_bytes(name, held) for name, held in entries.items()]
    return b"".join(Bag(given, {"Source-Organization": "X"}).chunks())


def test_other_programs_read_it_and_its_manifests_fit(tmp_path: Path) -> None:
    content = bag(**{"b/two.txt": b"two" * 1000, "one.txt": b""})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.read("data/b/two.txt") == b"two" * 1000
        manifest = archive.read("manifest-sha256.txt").decode()
        assert f"{hashlib.sha256(b'').hexdigest()}  data/one.txt\n" in manifest
        assert "Payload-Oxum: 3000.2\n" in archive.read("bag-info.txt").decode()
    path = tmp_path / "bag.zip"
    path.write_bytes(content)
    if shutil.which("unzip"):
        run = subprocess.run(["unzip", "-tq", str(path)], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout


def test_the_order_in_which_entries_are_given_does_not_matter() -> None:
    assert bag(a=b"1", b=b"2") == bag(b=b"2", a=b"1")


def test_every_flipped_bit_outside_the_content_is_found(tmp_path: Path) -> None:
    content = bag(a=b"x")
    path = tmp_path / "bag.zip"
    missed = []
    for place in range(len(content) * 8):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            with zipfile.ZipFile(path) as archive:
                whole = {name: archive.read(name) for name in archive.namelist()}
                if first_difference(archive, path) is None and whole:
                    missed.append(place)
        except FAULTS:
            continue
    assert missed == []


def test_what_is_put_before_between_or_behind_is_found(tmp_path: Path) -> None:
    content, path = bag(a=b"x"), tmp_path / "bag.zip"
    for changed in (b"MZ" + content, content + b"\0"):
        path.write_bytes(changed)
        with zipfile.ZipFile(path) as archive:
            assert first_difference(archive, path) is not None


def test_an_entry_beyond_four_gibibytes_is_told_in_the_long_form() -> None:
    """Nothing of that size is written here: the head and the directory are looked at."""
    archive = PlainZip()
    archive.at = LARGEST + 10
    head = b"".join(archive.add("late", 1, [b"x"]))
    end = b"".join(archive.end())
    assert head[4:6] == b"\x14\0"
    assert b"\x01\0\x08\0" + (LARGEST + 10).to_bytes(8, "little") in end
    assert b"PK\x06\x06" in end and b"PK\x06\x07" in end


def test_a_size_that_was_not_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="were said"):
        list(PlainZip().add("a", 2, [b"x"]))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("извод.pdf", "pdf"),
        ("a b.pdf", "a_b.pdf"),
        ("…", "file"),
    ],
)
def test_names_in_a_bag_are_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe
