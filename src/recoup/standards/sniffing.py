"""What a file is, by its bytes: the one place that looks how files begin.

Never by its name, nor by the type that its sender gave it: both are words of the sender. What this
says decides which reader gets a file, and which upload is refused; whether the file is a *good* one
of its kind is the reader's business. A kind that is not known here is ``UNKNOWN`` and goes nowhere
but, sealed, into the evidence vault.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LOOKED_AT: Final = 65_536


class Kind(StrEnum):
    """A kind of file, as its bytes tell it; the value is the word for people and for the log."""

    EMPTY = "empty"
    PDF = "PDF"
    PNG = "PNG"
    JPEG = "JPEG"
    GIF = "GIF"
    TIFF = "TIFF"
    WEBP = "WebP"
    ZIP = "ZIP"  # also workbooks and documents of an office
    OLE = "OLE"  # old workbooks and documents
    GZIP = "gzip"
    SEVEN_ZIP = "7z"
    RAR = "RAR"
    PROGRAM = "program"
    SQLITE = "SQLite"
    VIDEO = "MP4"
    RTF = "RTF"
    XML = "XML"
    SVG = "SVG"
    HTML = "HTML"
    JSON = "JSON"
    MT940 = "MT940"
    TEXT = "text"
    UNKNOWN = "unknown"


BEGINNINGS: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"%PDF-", Kind.PDF),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"PK\x07\x08", Kind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
    (b"\x1f\x8b", Kind.GZIP),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"\x7fELF", Kind.PROGRAM),
    (b"MZ\x90\0", Kind.PROGRAM),
    (b"SQLite format 3\0", Kind.SQLITE),
    (b"{\\rtf", Kind.RTF),
)
MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Of these a person can be shown the text, and a text reader may try.
TEXTS: Final = frozenset({Kind.XML, Kind.SVG, Kind.HTML, Kind.JSON, Kind.MT940, Kind.TEXT})
XMLS: Final = frozenset({Kind.XML, Kind.SVG, Kind.HTML})
STATEMENT_FIELDS: Final = (b":20:", b":25:")
BALANCE_FIELDS: Final = (b":60F:", b":60M:")


def what_is(content: bytes) -> Kind:
    """The kind of a file; its first 64 KiB are enough."""
    head = content[:LOOKED_AT]
    found = next((kind for begin, kind in BEGINNINGS if head.startswith(begin)), None)
    if found is not None:
        return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[4:8] == b"ftyp":
        return Kind.VIDEO
    if not head.strip(b" \t\r\n\0"):
        return Kind.EMPTY if len(content) <= LOOKED_AT else Kind.UNKNOWN
    return _of_text(head) if _is_text(head) else Kind.UNKNOWN


def is_pdf(content: bytes) -> bool:
    return what_is(content) is Kind.PDF


def _is_text(head: bytes) -> bool:
    """Whether there is no zero byte, or every second byte is one, as in UTF-16."""
    if b"\0" not in head or head.startswith(MARKS[1:]):
        return True
    half = max(1, len(head) // 2)
    zeros = sorted((head[0::2].count(0) / half, head[1::2].count(0) / half))
    return zeros[0] == 0 and zeros[1] > 0.4


def _of_text(head: bytes) -> Kind:
    """Which text it is, by how it begins; in UTF-16 as well."""
    text = head
    for mark in MARKS:
        text = text.removeprefix(mark)
    text = text.replace(b"\0", b"").lstrip()
    if text.startswith(b"<"):
        return _of_tags(text[:2_000].lower())
    if text.startswith((b"{", b"[")):
        return Kind.JSON
    is_statement = all(field in text for field in STATEMENT_FIELDS)
    if is_statement and any(field in text for field in BALANCE_FIELDS):
        return Kind.MT940
    return Kind.TEXT


def _of_tags(text: bytes) -> Kind:
    if b"<svg" in text:
        return Kind.SVG
    return Kind.HTML if text.startswith((b"<!doctype html", b"<html")) else Kind.XML
