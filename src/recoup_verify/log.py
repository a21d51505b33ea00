"""`recoup-verify log`: check a log that a hub exported.

Every leaf is hashed anew and compared with what the hub kept beside it, with the leaf before it in
its stream, and with the tree over all leaves; the tree's root must be the one of every checkpoint,
above all of those that somebody else kept. Reads the export once, from front to end.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from recoup_verify.findings import BAD, GOOD, CannotCheck, Finding
from recoup_verify.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Key,
    NotANote,
    WrongSignature,
    cosigned_at,
    decode,
    read_checkpoint,
    read_key,
)
from recoup_verify.tree import EMPTY, leaf_hash

HEAD: Final = b"recoup-log 1\n"
FIRST: Final = b"0" * 64
NOTHING: Final = b"-"
ONCE: Final = b"once:"  # begins the name of a stream that has one leaf only
MOST_FINDINGS: Final = 50
FIELDS: Final = 9
KEPT: Final = "kept checkpoint "
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


def main(argv: Sequence[str]) -> int:
    """Check an export; says what is wrong, the first bad position before all."""
    options = _options(argv)
    key = _key(options.key)
    witnesses = [_key(given, "--witness", COSIGNATURE) for given in options.witness]
    held = [(str(path), _read(path)) for path in options.checkpoint]
    checked = check_export(
        options.export, key=key, held=held, files=options.files, witnesses=witnesses
    )
    _say(checked, held=len(held))
    return BAD if checked.findings else GOOD


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="recoup-verify log", description=__doc__)
    parser.add_argument("export", type=Path, help="the folder that the hub exported")
    parser.add_argument("--key", required=True, help="the log's public key, or a file with it")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[],
        help="a checkpoint that you kept yourself; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--witness", action="append", default=[],
        help="the public key of a witness that must have cosigned; may be given several times",
    )  # fmt: skip
    parser.add_argument("--files", type=Path, help="a folder of files that leaves name by digest")
    return parser.parse_args(argv)


def _key(given: str, option: str = "--key", kind: int = ED25519) -> Key:
    path = Path(given)
    try:
        return read_key(path.read_text() if len(given) < 250 and path.is_file() else given, kind)
    except (NotANote, UnicodeDecodeError) as problem:
        raise CannotCheck(f"{option}: {problem}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise CannotCheck(f"{path} cannot be read ({problem.strerror}).") from None


def _say(checked: Checked, *, held: int) -> None:
    if not checked.findings:
        against = f"{held} of your checkpoints" if held else "NO checkpoint of yours: give one"
        root = checked.root.hex()
        print(f"all well: {checked.size} leaves, root {root}, against {against}")
        for name, (size, seconds) in checked.cosigned.items():
            moment = datetime.fromtimestamp(seconds, UTC).isoformat()
            print(f"cosigned by {name}: {size} leaves at {moment}")
        return
    first = checked.first_position
    place = first if first is not None else "none can be named"
    print(f"first bad position: {place}")
    for found in checked.findings:
        print(found)
    if checked.is_cut_short:
        print(f"... and more; the first {MOST_FINDINGS} are told")


# The check


def check_export(
    folder: Path, *, key: Key, held: Sequence[tuple[str, bytes]] = (), files: Path | None = None,
    witnesses: Sequence[Key] = (),
) -> Checked:  # fmt: skip
    """Check a folder with `log`, `checkpoint` and `checkpoints`; raises CannotCheck.

    held: checkpoints kept outside, each with a name for it. witnesses: who must have cosigned.
    """
    newest = _read(folder / "checkpoint")
    kept = _read(folder / "checkpoints")
    try:
        stream = (folder / "log").open("rb")
    except OSError as problem:
        raise CannotCheck(f"{folder / 'log'} cannot be read ({problem.strerror}).") from None
    with stream:
        return check_log(stream, key=key, newest=newest, kept=kept, held=held, files=files,
                         witnesses=witnesses)  # fmt: skip


def check_log(
    stream: BinaryIO, *, key: Key, newest: bytes, kept: bytes = b"",
    held: Sequence[tuple[str, bytes]] = (), files: Path | None = None,
    witnesses: Sequence[Key] = (),
) -> Checked:  # fmt: skip
    """Check the lines of a log against all checkpoints there are."""
    log = _Log(files)
    notes = [("your " + name, note) for name, note in held]
    notes += [*_lines_of(kept, log), ("the newest checkpoint", newest)]
    due = _due(notes, key, log)
    for witness in witnesses:
        _look_for(witness, due, log)
    log.read(stream, due)
    log.end(due)
    return log.checked


@dataclass(frozen=True, slots=True)
class _Due:
    """A checkpoint that waits for the log to become as long. what: its name for people."""

    checkpoint: Checkpoint
    what: str
    note: bytes


def _lines_of(kept: bytes, log: _Log) -> Iterator[tuple[str, bytes]]:
    """The checkpoints that the hub kept itself: one on a line, its size and base64."""
    for number, line in enumerate(kept.split(b"\n")[:-1], 1):
        size, _, note = line.partition(b"\t")
        try:
            what = f"{KEPT}{size[:20].decode('ascii')}"
            yield what, decode(note.decode("ascii"), "it")
        except (NotANote, UnicodeDecodeError):
            log.tell("checkpoint", f"line {number} of the kept checkpoints cannot be read")
    if kept and not kept.endswith(b"\n"):
        log.tell("checkpoint", "the list of kept checkpoints ends in the middle of a line")


def _due(notes: list[tuple[str, bytes]], key: Key, log: _Log) -> list[_Due]:
    """The checkpoints that the key signed, the smallest last."""
    due = []
    for what, note in notes:
        try:
            checkpoint = read_checkpoint(note, key)
            if what.startswith(KEPT) and what != f"{KEPT}{checkpoint.size}":
                raise NotANote(f"it is of {checkpoint.size} leaves")
            due.append(_Due(checkpoint, what, note))
        except (NotANote, WrongSignature) as problem:
            log.tell("signature", f"{what}: {problem}")
    return sorted(due, key=lambda one: one.checkpoint.size, reverse=True)


def _look_for(witness: Key, due: list[_Due], log: _Log) -> None:
    """What a witness cosigned of the log's own checkpoints; a line of its that does not fit."""
    for one in due:
        try:
            seconds = cosigned_at(one.note, witness)
        except (NotANote, WrongSignature) as problem:
            log.tell("cosignature", f"{one.what}: {problem}")
            continue
        if seconds is not None:
            log.checked.cosigned.setdefault(witness.name, (one.checkpoint.size, seconds))
    if witness.name not in log.checked.cosigned:
        log.tell("cosignature", f"{witness.name} cosigned no checkpoint of this log")


class _Log:
    """What has been read so far: the tree, the last leaf of each stream, what was wrong."""

    def __init__(self, files: Path | None) -> None:
        self.checked = Checked()
        self.files = files
        self.size = 0
        self.well_until = 0  # the largest checkpoint so far whose root was right
        self.roots: list[bytes] = []
        self.heads: dict[bytes, tuple[int, bytes]] = {}

    def tell(self, rule: str, said: str, position: int | None = None, where: str = "") -> None:
        if len(self.checked.findings) < MOST_FINDINGS:
            self.checked.findings.append(Finding(rule, said, position, where))
        else:
            self.checked.is_cut_short = True

    def read(self, stream: BinaryIO, due: list[_Due]) -> None:
        if stream.readline(100) != HEAD:
            raise CannotCheck("This is no log: it does not begin with 'recoup-log 1'.")
        self.compare(due)
        for line in stream:
            self.line(line)
            while due and due[-1].checkpoint.size <= self.size:
                self.compare(due)

    def compare(self, due: list[_Due]) -> None:
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

    def end(self, due: list[_Due]) -> None:
        for one in reversed(due):
            self.tell(
                "cut", f"{one.what} has {one.checkpoint.size} leaves, the log only {self.size}",
                self.size + 1,
            )  # fmt: skip
        self.checked.size, self.checked.root = self.size, self.root()

    def root(self) -> bytes:
        if not self.roots:
            return EMPTY
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = sha256(b"\x01" + left + root).digest()
        return root

    def line(self, line: bytes) -> None:
        """Take in one line: a leaf at its place."""
        place = self.size + 1
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
            if type(told) is dict and _encode(told) == text:
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


def _digest(stream: BinaryIO) -> str:
    digest = sha256()
    while part := stream.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _text(raw: bytes) -> str:
    return raw[:80].decode("utf-8", "replace")
