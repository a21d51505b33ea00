"""Bytes to text in a declared encoding: decided by a person or by the file, never guessed.

A byte order mark decides. Without one the declared encoding is taken, and refused where the bytes
speak against it: what is valid UTF-8 beyond ASCII was hardly meant as windows-1250.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Final

from recoup.core.said import Said
from recoup.standards.statements.faults import Faults

ENCODINGS: Final[Mapping[str, str]] = {
    "utf-8": "utf-8", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
    "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252",
}  # fmt: skip
MARKS: Final[Mapping[bytes, str]] = {
    codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
}  # fmt: skip
MAX_BYTES: Final = 64 * 1024 * 1024


def marked(document: bytes) -> str:
    """Return the encoding that a byte order mark says; empty without one."""
    return next((name for mark, name in MARKS.items() if document.startswith(mark)), "")


def is_utf8(document: bytes) -> bool:
    """Whether the bytes are UTF-8 throughout."""
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decoded(document: bytes, encoding: str, faults: Faults) -> str:
    """Return the text in the declared encoding; raises NotReadable."""
    if len(document) > MAX_BYTES:
        problem = Said(
            "The file has %(given)s bytes; at most %(most)s. Divide the file.",
            given=f"{len(document):,}", most=f"{MAX_BYTES:,}",
        )  # fmt: skip
        raise faults.refuse(0, "", "", problem)
    mark = marked(document)
    against = _against(document, encoding, mark)
    if against:
        problem = Said(
            "The declared encoding is %(declared)s, but the bytes are %(found)s. Declare that, "
            "and look at the preview.", declared=encoding, found=against,
        )  # fmt: skip
        raise faults.refuse(0, "", "", problem)
    size = next((len(begin) for begin in MARKS if mark and document.startswith(begin)), 0)
    return _text(document[size:], encoding, faults)


def _against(document: bytes, encoding: str, mark: str) -> str:
    """Return the encoding that the bytes are in, if it is not the declared one; else empty."""
    if mark:
        return "" if mark == encoding else mark
    if encoding.startswith("windows") and not document.isascii() and is_utf8(document):
        return "utf-8"
    return ""


def _text(document: bytes, encoding: str, faults: Faults) -> str:
    try:
        kept = document.decode(ENCODINGS[encoding])
    except UnicodeDecodeError as fault:
        line = document.count(b"\n", 0, fault.start) + 1
        value = document[fault.start : fault.start + 8].split(b"\n")[0].hex(" ")
        problem = Said(
            "These bytes are not %(declared)s. Declare the encoding in which the institution "
            "writes; none is guessed.", declared=encoding,
        )  # fmt: skip
        raise faults.refuse(line, "", value, problem) from None
    if "\0" in kept:
        line = kept.count("\n", 0, kept.index("\0")) + 1
        problem = Said("A NUL stands in the text: the file is damaged, or it is UTF-16.")
        raise faults.refuse(line, "", "", problem)
    return kept
