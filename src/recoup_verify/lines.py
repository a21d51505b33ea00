"""The lines of a log, one after the other: what each must be, and what it adds to the tree.

What is wrong with a line is told with its position; the line is taken in all the same, so that
those after it are judged by what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from recoup_verify.findings import Finding
from recoup_verify.note import Checkpoint
from recoup_verify.tree import EMPTY, leaf_hash, root_over

FIRST: Final = b"0" * 64
NOTHING: Final = b"-"
ONCE: Final = b"once:"  # begins the name of a stream that has one leaf only
MOST_FINDINGS: Final = 50
FIELDS: Final = 9
DEEP: Final = 64  # objects and lists within each other; Python alone would say where it gives up
_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


@dataclass(slots=True)
class Checked:
    """What came of a check. findings are in the order of the log.

    cosigned: by the name of a witness, the largest checkpoint that it cosigned, and when (seconds
    since 1970).
    """

    size: int = 0
    root: bytes = EMPTY
    findings: list[Finding] = field(default_factory=list)
    cosigned: dict[str, tuple[int, int]] = field(default_factory=dict)
    is_cut_short: bool = False

    @property
    def first_position(self) -> int | None:
        places = [found.position for found in self.findings if found.position is not None]
        return min(places) if places else None


@dataclass(frozen=True, slots=True)
class Due:
    """A checkpoint that waits for the log to become as long. what: its name for people."""

    checkpoint: Checkpoint
    what: str
    note: bytes


class Log:
    """What has been read so far: the tree, the last leaf of each stream, what was wrong.

    files: a folder with what leaves name by digest. before: leaves that others read before these.
    """

    def __init__(self, files: Path | None, before: int = 0) -> None:
        self.checked = Checked()
        self.files = files
        self.before = before
        self.size = 0
        self.well_until = 0  # the largest checkpoint so far whose root was right
        self.roots: list[bytes] = []
        self.heads: dict[bytes, tuple[int, bytes]] = {}

    def tell(self, rule: str, said: str, position: int | None = None, where: str = "") -> None:
        if len(self.checked.findings) < MOST_FINDINGS:
            self.checked.findings.append(Finding(rule, said, position, where))
        else:
            self.checked.is_cut_short = True

    def compare(self, due: list[Due]) -> None:
        """Compare the root with the checkpoints of this size, which are then done with."""
        while due and due[-1].checkpoint.size == self.size:
            one = due.pop()
            if one.checkpoint.root == self.root():
                self.well_until = self.size
                continue
            first = None if self.is_named() else self.well_until + 1
            self.tell(
                "root", f"{one.what} has another root for {self.size} leaves: what was altered "
                f"is one of the positions {self.well_until + 1} to {self.size}", first,
            )  # fmt: skip

    def is_named(self) -> bool:
        """Whether an exact place since the last good checkpoint is known to be wrong."""
        return any(found.position is not None and found.position > self.well_until
                   for found in self.checked.findings)  # fmt: skip

    def end(self, due: list[Due]) -> None:
        for one in reversed(due):
            self.tell(
                "cut", f"{one.what} has {one.checkpoint.size} leaves, the log only {self.size}",
                self.size + 1,
            )  # fmt: skip
        self.checked.size, self.checked.root = self.size, self.root()

    def root(self) -> bytes:
        return root_over(self.roots)

    def line(self, line: bytes) -> None:
        """Take in one line: a leaf at its place."""
        place = self.before + self.size + 1
        parts = line[:-1].split(b"\t", FIELDS - 1)
        if len(parts) != FIELDS or line[-1:] != b"\n":
            self.add(leaf_hash(line))
            self.tell("malformed", f"a line of a log has {FIELDS} fields", place)
            return
        position, nodes, stored, organisation, recorded, stream, number, before, body = parts
        if position != b"%d" % place:
            self.misplaced(parts, place)
            if position == b"0":
                return
        leaf = sha256(b"\x00" + body).digest()
        if nodes.decode("ascii", "replace") != (made := self.add(leaf)):
            self.differs(nodes, leaf, made, place)
        if body == NOTHING and stored == NOTHING:
            self.tell("deleted", "the leaf of this place is missing", place)
            return
        digest = leaf.hex().encode()
        if stored != digest:
            self.tell("leaf", f"the leaf hashes to {digest.decode()}, not as stored", place)
        told = self.body(body, place)
        self.row(told, organisation, recorded, stream, number, before, place)
        self.chain(stream, number, before, digest, place)
        if self.files is not None:
            self.file(told.get("facts"), place)

    def misplaced(self, parts: list[bytes], place: int) -> None:
        if parts[0] == b"0":
            where = parts[5].decode("utf-8", "replace")
            self.tell("no place", f"a leaf of {where} has no place in the order", place)
        else:
            named = parts[0][:20].decode("ascii", "replace")
            self.tell("gap", f"the next position is named {named!r}, not {place}", place)

    def add(self, leaf: bytes) -> str:
        """Extend the tree; the hashes of all subtrees that this leaf completes, in hexadecimal."""
        size, roots, made = self.size, self.roots, leaf.hex()
        while size & 1:
            leaf = sha256(b"\x01" + roots.pop() + leaf).digest()
            made += leaf.hex()
            size >>= 1
        roots.append(leaf)
        self.size += 1
        return made

    def differs(self, nodes: bytes, leaf: bytes, made: str, place: int) -> None:
        """The order's own record of this place is another: the leaf's hash, or a subtree's."""
        if nodes[:64] != made[:64].encode():
            self.tell("place", "another leaf was placed here", place)
        elif not self.checked.findings:
            self.tell("node", "the tree that was kept beside the leaves differs", place)

    def body(self, body: bytes, place: int) -> dict[str, Any]:
        try:
            text = body.decode("utf-8")
            told, _ = _decode(text)
            is_flat = text.count("{") + text.count("[") <= DEEP or not _is_deep(told)
            if type(told) is dict and is_flat and _encode(told) == text:
                return told
        except (ValueError, RecursionError):
            pass
        self.tell("canonical", "the body is no canonical JSON object", place)
        return {}

    def row(
        self, told: dict[str, Any], organisation: bytes, recorded: bytes, stream: bytes,
        number: bytes, before: bytes, place: int,
    ) -> None:  # fmt: skip
        """What the database keeps beside the body says the same as the body."""
        try:
            beside = (
                organisation.decode(), recorded.decode(), stream.decode(), number.decode(),
                before.decode(),
            )  # fmt: skip
        except UnicodeDecodeError:
            beside = ("", "", "", "", "")
        said = (
            str(told.get("organisation")), told.get("at"), told.get("stream"),
            str(told.get("stream_seq")), told.get("prev"),
        )  # fmt: skip
        if beside == said:
            return
        names = ("organisation", "time", "stream", "number in its stream", "hash before it")
        for name, kept, inside in zip(names, beside, said, strict=True):
            if kept != inside:
                self.tell("row", f"the {name} beside the body is {kept!r}, in it {inside!r}", place)

    def chain(self, stream: bytes, number: bytes, before: bytes, digest: bytes, place: int) -> None:
        if stream.startswith(ONCE):
            if number != b"1" or before != FIRST:
                self.tell("stream", f"{_text(stream)} has more than its one leaf", place)
            return
        last, head = self.heads.get(stream, (0, FIRST))
        try:
            found = int(number)
        except ValueError:
            found = -1
        if found != last + 1:
            self.tell("stream", f"{_text(stream)} goes on with {found} after {last}", place)
        elif before != head:
            self.tell("stream", f"{_text(stream)} does not continue the leaf before it", place)
        self.heads[stream] = (found if found > 0 else last, digest)

    def file(self, facts: object, place: int) -> None:
        """A file that a leaf names with its digest hashes to it."""
        assert self.files is not None  # noqa: S101  (asked by the caller)
        if not isinstance(facts, dict) or not {"file", "sha256"} <= facts.keys():
            return
        name, digest = str(facts["file"]), facts["sha256"]
        if not name or "/" in name or name.startswith("."):
            self.tell("file", f"{name!r} is no name of a file", place)
            return
        try:
            with (self.files / name).open("rb") as stream:
                found = _digest(stream)
        except OSError:
            self.tell("file", f"file {name} is missing", place)
            return
        if found != digest:
            self.tell("file", f"file {name} hashes to {found}, not to {digest}", place)


def _is_deep(told: object) -> bool:
    within = [told]
    for _ in range(DEEP):
        within = [one for each in within for one in _parts(each) if isinstance(one, dict | list)]
    return bool(within)


def _parts(each: object) -> Iterable[object]:
    return each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()


def _digest(stream: BinaryIO) -> str:
    digest = sha256()
    while part := stream.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _text(raw: bytes) -> str:
    return raw[:80].decode("utf-8", "replace")
