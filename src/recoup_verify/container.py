"""Whether a ZIP file is written as a bundle is, to the last bit: no gap, no second directory.

Every byte that is not content is built anew from names, sizes and check sums, and compared.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Final

LARGEST: Final = 0xFFFFFFFF
MADE_BY: Final = 0x031E
ATTRIBUTES: Final = 0o100444 << 16
DATE: Final = 0x0021
MOST_END: Final = 64 * 1024 * 1024


def first_difference(archive: zipfile.ZipFile, path: Path) -> tuple[str, str] | None:
    """Where the file is first written otherwise, and how; None if nowhere."""
    at, directory = 0, b""
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    if entries != archive.infolist():
        return str(path), "Its entries are not in the order of its directory."
    with path.open("rb") as file:
        for entry in entries:
            head, tail = _local(entry), _behind(entry)
            directory += _central(entry, at)
            if file.read(len(head)) != head:
                return f"{entry.filename}, byte {at}", "Its head is not written as a bundle's."
            file.seek(entry.file_size, 1)
            at += len(head) + entry.file_size
            if file.read(len(tail)) != tail:
                return f"{entry.filename}, byte {at}", "What stands behind it is not a bundle's."
            at += len(tail)
        expected = directory + _end(len(entries), len(directory), at)
        if file.read(min(len(expected), MOST_END) + 1) != expected:
            return f"byte {at}", "The directory at its end is not written as a bundle's."
    return None


def _local(entry: zipfile.ZipInfo) -> bytes:
    is_large, name = entry.file_size >= LARGEST, entry.filename.encode("ascii", "replace")
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if is_large else b""
    size = LARGEST if is_large else 0
    return struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 45 if is_large else 20, 8, 0, 0, DATE, 0, size, size,
        len(name), len(extra),
    ) + name + extra  # fmt: skip


def _behind(entry: zipfile.ZipInfo) -> bytes:
    form = "<IIQQ" if entry.file_size >= LARGEST else "<IIII"
    return struct.pack(form, 0x08074B50, entry.CRC, entry.file_size, entry.file_size)


def _central(entry: zipfile.ZipInfo, at: int) -> bytes:
    name, size = entry.filename.encode("ascii", "replace"), entry.file_size
    large = [value for value in (size, size, at) if value >= LARGEST]
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    return struct.pack(
        "<IHHHHHHIIIHHHHHII", 0x02014B50, MADE_BY, 45 if large else 20, 8, 0, 0, DATE, entry.CRC,
        min(size, LARGEST), min(size, LARGEST), len(name), len(extra), 0, 0, 0, ATTRIBUTES,
        min(at, LARGEST),
    ) + name + extra  # fmt: skip


def _end(count: int, size: int, at: int) -> bytes:
    large = b""
    if at >= LARGEST or count >= 0xFFFF:
        large = struct.pack(
            "<IQHHIIQQQQ", 0x06064B50, 44, MADE_BY, 45, 0, 0, count, count, size, at
        ) + struct.pack("<IIQI", 0x07064B50, 0, at + size, 1)
    told = min(count, 0xFFFF)
    return large + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, told, told, size, min(at, LARGEST), 0)
