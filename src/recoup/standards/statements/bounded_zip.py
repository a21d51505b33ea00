"""A ZIP container, bounded before anything in it is unpacked.

What the directory says is checked first: number of entries, sizes, how much larger they become,
names, overlaps. Nothing is written to disk, and no entry gives more than it declared.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from recoup.core.said import Said
from recoup.standards.statements.faults import Faults

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_ENTRIES: Final = 1000
MAX_ENTRY: Final = 256 * 1024 * 1024
MAX_TOTAL: Final = 384 * 1024 * 1024
MAX_RATIO: Final = 200
RATIO_FROM: Final = 4 * 1024 * 1024
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED: Final = 0x1
#: what the container's reader raises for bytes that are none, or that were changed
DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError, RuntimeError,
    ValueError,
)  # fmt: skip
SYMLINK: Final = 0o120000


class BoundedZip:
    """The entries of a container that keeps within the bounds."""

    def __init__(self, document: bytes, faults: Faults) -> None:
        self._faults = faults
        if len(document) > MAX_BYTES:
            problem = Said(
                "The file has %(given)s bytes; at most %(most)s. Divide the file.",
                given=f"{len(document):,}", most=f"{MAX_BYTES:,}",
            )  # fmt: skip
            raise faults.refuse(0, "", "", problem)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(document))
        except DAMAGED:
            raise faults.refuse(0, "", "", Said("This is not a workbook (XLSX).")) from None
        entries = self._zip.infolist()
        wrong = next(_problems(entries), None)
        if wrong is not None:
            raise faults.refuse(0, wrong[0], "", wrong[1])
        self._entries = {one.filename: one for one in entries}

    @property
    def unpacked_bytes(self) -> int:
        """What all entries say that they become."""
        return sum(one.file_size for one in self._entries.values())

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> bytes:
        """Return an entry's bytes; raises NotReadable where it is missing or damaged."""
        if name not in self._entries:
            raise self._faults.refuse(0, name, "", Said("The workbook lacks this part."))
        try:
            return self._zip.read(self._entries[name])
        except DAMAGED:
            problem = Said("This part of the workbook is damaged.")
            raise self._faults.refuse(0, name, "", problem) from None


def _problems(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, str]]:
    """Say what is wrong with the directory, worst first."""
    if len(entries) > MAX_ENTRIES:
        yield "", Said("The container has more than %(most)s entries.", most=MAX_ENTRIES)
    total = sum(one.file_size for one in entries)
    packed = sum(one.compress_size for one in entries)
    if total > MAX_TOTAL or (total > RATIO_FROM and total > MAX_RATIO * max(packed, 1)):
        yield max(entries, key=lambda one: one.file_size).filename, _too_large()
    names = [one.filename for one in entries]
    for one in entries:
        if one.file_size > MAX_ENTRY or (
            one.file_size > RATIO_FROM and one.file_size > MAX_RATIO * max(one.compress_size, 1)
        ):
            yield one.filename, _too_large()
        if one.flag_bits & ENCRYPTED or one.compress_type not in METHODS:
            yield one.filename, Said("The entry is encrypted, or packed in an unknown way.")
        if _leaves(one) or names.count(one.filename) > 1:
            yield one.filename, Said("The entry's name leaves the container or stands twice.")
    by_place = sorted(entries, key=lambda one: one.header_offset)
    for one, after in zip(by_place, by_place[1:], strict=False):
        if one.header_offset + one.compress_size > after.header_offset:
            yield after.filename, Said("Entries of the container overlap.")


def _too_large() -> Said:
    return Said("Unpacked, this would become far larger than a statement. It was not unpacked.")


def _leaves(one: zipfile.ZipInfo) -> bool:
    """Whether the name points outside, or the entry is a link."""
    name = one.filename
    odd = name.startswith(("/", "\\")) or "\\" in name or ":" in name or ".." in name.split("/")
    return odd or (one.external_attr >> 16) & 0o170000 == SYMLINK
