"""Writes a bag (BagIt 1.0, RFC 8493) as one ZIP file, piece by piece and always the same bytes.

Nothing is compressed, no clock and no owner is written, entries stand in the order given: the same
content gives the same file. The digests of the payload are counted while it is written, so that a
bag of any size needs no more memory than a chunk.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from recoup.standards.plain_zip import PlainZip

BAGIT: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the payload. path: below data/. size: of its bytes, as they will come."""

    path: str
    size: int
    chunks: Callable[[], Iterable[bytes]]


@dataclass(slots=True)
class Bag:
    """What goes into a bag. info: lines of bag-info.txt. seal: signs the tag manifest, if anybody.

    After it was written: ``manifest`` and ``tagmanifest`` hold what they say.
    """

    entries: list[Entry]
    info: Mapping[str, str]
    seal: Callable[[bytes], Mapping[str, bytes]] | None = None
    manifest: bytes = b""
    tagmanifest: bytes = b""
    digests: dict[str, str] = field(default_factory=dict)

    def chunks(self) -> Iterator[bytes]:
        """The ZIP file, piece by piece."""
        archive = PlainZip()
        for entry in sorted(self.entries, key=lambda one: one.path):
            yield from self._add(archive, f"data/{entry.path}", entry)
        for name, content in self._tags():
            yield from self._add(archive, name, of_bytes(name, content))
        yield from archive.end()

    def _tags(self) -> Iterator[tuple[str, bytes]]:
        """The tag files; the manifest is whole once the payload was written."""
        self.manifest = _manifest(self.digests)
        tags = {
            "bag-info.txt": self._info(),
            "bagit.txt": BAGIT,
            "manifest-sha256.txt": self.manifest,
        }
        yield from tags.items()
        self.tagmanifest = _manifest({n: hashlib.sha256(c).hexdigest() for n, c in tags.items()})
        yield "tagmanifest-sha256.txt", self.tagmanifest
        if self.seal is not None:
            yield from sorted(self.seal(self.tagmanifest).items())

    def _info(self) -> bytes:
        oxum = f"{sum(entry.size for entry in self.entries)}.{len(self.entries)}"
        lines = {**self.info, "Payload-Oxum": oxum}
        return "".join(f"{name}: {_line(value)}\n" for name, value in lines.items()).encode()

    def _add(self, archive: PlainZip, name: str, entry: Entry) -> Iterator[bytes]:
        digest = hashlib.sha256()

        def counted() -> Iterator[bytes]:
            for chunk in entry.chunks():
                digest.update(chunk)
                yield chunk

        yield from archive.add(name, entry.size, counted())
        if name.startswith("data/"):
            self.digests[name] = digest.hexdigest()


def of_bytes(path: str, content: bytes) -> Entry:
    """An entry whose bytes are here."""
    return Entry(path, len(content), lambda: (content,))


def safe_name(name: str) -> str:
    """A name that every system takes: ASCII, no separators; the true one stands elsewhere."""
    return UNSAFE.sub("_", name).strip("._")[-80:] or "file"


def _manifest(digests: Mapping[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def _line(value: str) -> str:
    return " ".join(value.split())
