"""Writes a ZIP file piece by piece: nothing compressed, no clock, no owner, always the same bytes.

The few fields that are left free by the format have one value each (docs/evidence.md), so that a
file can be checked to the last bit and does not depend on a library's version. Sizes beyond 4 GiB
are written as the format's 64-bit form has them, and only those.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

DATE: Final = 0x0021  # 1 January 1980, the first that the format can say
STREAMED: Final = 0x0008  # the check sum stands behind the bytes
ATTRIBUTES: Final = 0o100444 << 16
MADE_BY: Final = 0x031E  # Unix
LARGEST: Final = 0xFFFFFFFF
MOST_ENTRIES: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Written:
    name: bytes
    crc: int
    size: int
    at: int


@dataclass(slots=True)
class PlainZip:
    """One file that is being written. at: how many bytes have been given out."""

    at: int = 0
    written: list[_Written] = field(default_factory=list)

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """One entry, whose size is known before; raises ValueError if it is another."""
        encoded, begun, crc, found = name.encode("ascii"), self.at, 0, 0
        is_large = size >= LARGEST
        yield self._out(_local(encoded, is_large=is_large))
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            found += len(chunk)
            yield self._out(chunk)
        if found != size:
            raise ValueError(f"{name} has {found} bytes; {size} were said.")
        yield self._out(struct.pack("<IIQQ" if is_large else "<IIII", 0x08074B50, crc, size, size))
        self.written.append(_Written(encoded, crc, size, begun))

    def end(self) -> Iterator[bytes]:
        """The directory of all entries, which ends the file."""
        begun = self.at
        for entry in self.written:
            yield self._out(_central(entry))
        count, size = len(self.written), self.at - begun
        if begun >= LARGEST or count >= MOST_ENTRIES:
            large = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, MADE_BY, 45, 0, 0, count, count,
                                size, begun)  # fmt: skip
            yield self._out(large + struct.pack("<IIQI", 0x07064B50, 0, begun + size, 1))
        told = min(count, MOST_ENTRIES)
        yield self._out(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, told, told, size,
                                    min(begun, LARGEST), 0))  # fmt: skip

    def _out(self, data: bytes) -> bytes:
        self.at += len(data)
        return data


def _local(name: bytes, *, is_large: bool) -> bytes:
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if is_large else b""
    size = LARGEST if is_large else 0
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45 if is_large else 20, STREAMED, 0, 0, DATE, 0,
                       size, size, len(name), len(extra))  # fmt: skip
    return head + name + extra


def _central(entry: _Written) -> bytes:
    large = [value for value in (entry.size, entry.size, entry.at) if value >= LARGEST]
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size, at = min(entry.size, LARGEST), min(entry.at, LARGEST)
    head = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, MADE_BY, 45 if large else 20, STREAMED, 0,
                       0, DATE, entry.crc, size, size, len(entry.name), len(extra), 0, 0, 0,
                       ATTRIBUTES, at)  # fmt: skip
    return head + entry.name + extra
