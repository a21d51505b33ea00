"""What a file is says its beginning, in one place; its name and its sender's word say nothing."""

from __future__ import annotations

import ast
import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import recoup
from recoup.standards.sniffing import BEGINNINGS, LOOKED_AT, TEXTS, Kind, what_is

ROOT = Path(recoup.__file__).parent
CORPUS = Path(__file__).parents[3] / "shared" / "badinput"
REQUIRE_ALL = os.environ.get("RECOUP_REQUIRE_ALL") == "1"
# Commands and the demonstration run on their own; a paper is compared with the one that was issued.
ELSEWHERE = ("demo/", "cli/", "standards/sniffing.py", "apps/lawful_requests/papers/comparing.py")

needs_corpus = pytest.mark.skipif(
    not CORPUS.exists() and not REQUIRE_ALL,
    reason="the collection of bad input is not beside this checkout: its files were NOT tried",
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", Kind.EMPTY), (b" \n\t", Kind.EMPTY), (b"%PDF-1.7\n", Kind.PDF),
        (b"\x89PNG\r\n\x1a\n....", Kind.PNG), (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"PK\x03\x04rest", Kind.ZIP), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
        (b"\x1f\x8b\x08", Kind.GZIP), (b"\x7fELF\x02", Kind.PROGRAM), (b"Rar!\x1a\x07\0", Kind.RAR),
        (b"RIFF\0\0\0\0WEBPVP8 ", Kind.WEBP), (b"\0\0\0\x18ftypmp42", Kind.VIDEO),
        (b"<?xml version='1.0'?><Document/>", Kind.XML), (b"\xef\xbb\xbf <a/>", Kind.XML),
        (b"<svg onload='x()'/>", Kind.SVG), (b"<!DOCTYPE html><p>", Kind.HTML),
        (b'{"a": 1}', Kind.JSON), (b"[1]", Kind.JSON), (b"date,amount\n", Kind.TEXT),
        (b":20:X\n:25:ACC\n:60F:C260101EUR1,\n", Kind.MT940), (b":20:X\n", Kind.TEXT),
        ("datum;iznos".encode("utf-16-le"), Kind.TEXT), ("<a/>".encode("utf-16"), Kind.XML),
        (b"\x01\x02\0\0\x07", Kind.UNKNOWN), (b"PK is how a word begins", Kind.TEXT),
        (b"\0" * (LOOKED_AT + 1), Kind.UNKNOWN), (b"{\\rtf1", Kind.RTF),
    ],
)  # fmt: skip
def test_what_a_file_is(content: bytes, kind: Kind) -> None:
    assert what_is(content) is kind


def test_only_its_beginning_is_looked_at() -> None:
    assert what_is(b"a,b\n" * LOOKED_AT + b"\0\0\0") is Kind.TEXT


def signatures(text: str) -> Iterator[tuple[int, bytes]]:
    """Bytes in a file's syntax tree that begin as a known kind of file does."""
    known = tuple(begin for begin, _ in BEGINNINGS if len(begin) > 2) + (b"%PDF", b"PK\x03", b"PK")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            if node.value.startswith(known):
                yield node.lineno, node.value


def compared(text: str) -> Iterator[int]:
    """Where a file's first bytes are compared: startswith of what is called content or document."""
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "startswith"
            and ast.unparse(node.func.value).split(".")[-1] in ("content", "head", "bytes", "data")
        ):
            yield node.lineno


def test_nothing_else_looks_at_how_files_begin() -> None:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if name.startswith(ELSEWHERE) or "/migrations/" in name:
            continue
        found += [f"{name}:{line} knows {value!r}" for line, value in signatures(text)]
        found += [f"{name}:{line} compares" for line in compared(text)]
    assert found == []


def test_a_place_that_does_is_found() -> None:
    assert list(signatures('x = {b"%PDF": 1}')) and list(compared("file.content.startswith(a)"))


def corpus() -> list[Any]:
    if not CORPUS.exists():
        return []
    with (CORPUS / "index.csv").open(newline="") as index:
        return [pytest.param(row, id=row["file"]) for row in csv.DictReader(index)]


@needs_corpus
def test_the_collection_is_there() -> None:
    assert len(corpus()) > 50


@needs_corpus
@pytest.mark.parametrize("row", corpus())
def test_each_file_of_the_collection_has_one_kind_whatever_it_is_called(
    row: dict[str, str],
) -> None:
    content = (CORPUS / row["file"]).read_bytes()
    kind = what_is(content)
    assert isinstance(kind, Kind) and what_is(content + b"") is kind
    if row["file"].startswith(("xml/", "iso20022/", "json/", "csv/")):
        assert kind in TEXTS | {Kind.EMPTY, Kind.UNKNOWN}
    if row["file"] == "upload/html_called.png":
        assert kind is Kind.HTML
    if row["file"] == "upload/text_called.pdf":
        assert kind is not Kind.PDF
    if row["file"].endswith(".zip"):
        assert kind is Kind.ZIP
