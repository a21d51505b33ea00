"""The court bundle of a case: files, custody, the log's lines, time stamps; as one bag.

It tells the state as of a cut through the log: so many lines of each stream. The same cut gives the
same bytes, however often and whoever asks; ``recoup-verify bundle`` checks it without the hub.
What else goes in (paper, JSON-LD, orders) is given by whoever builds it. docs/evidence.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import rfc8785

from recoup.apps.evidence import queries
from recoup.apps.evidence.models import CustodyEvent, EvidenceFile, FileStamp
from recoup.apps.evidence.queries import Leaf
from recoup.apps.evidence.reading import Opened, opened
from recoup.core.access import Actor
from recoup.core.custody import READABLE, CustodyState
from recoup.standards.bagit import Bag, Entry, of_bytes, safe_name

FORMAT: Final = "recoup-bundle/1"
FIELDS: Final = ("why", "given_by", "given_to", "place", "seal")


@dataclass(frozen=True, slots=True)
class FileTold:
    """A file as the bundle tells it. path: of its bytes in the bag, if they are in it."""

    file: EvidenceFile
    state: CustodyState
    events: tuple[CustodyEvent, ...]
    stamp: FileStamp | None
    path: str

    @property
    def digest(self) -> str:
        return bytes(self.file.digest or b"").hex()


@dataclass(frozen=True, slots=True)
class Told:
    """All that a bundle tells, before anything is written. until: the time of the last line."""

    case_id: UUID
    reference: str
    owner: str
    files: tuple[FileTold, ...]
    leaves: tuple[Leaf, ...]
    until: datetime
    heads: Mapping[str, int]


class NotAsBefore(Exception):
    """What a bundle that was taken before contained is not to be had any more."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"File {number} cannot be read now; the bundle cannot be made again.")


def gather(
    *, case: Any, by: Actor, heads: Mapping[str, int] | None = None, redacted_only: bool = False
) -> Told:
    """Read what the bundle tells; heads: the cut of one that was taken before.

    redacted_only: of a file with a redacted copy only that copy's bytes go in.
    """
    leaves = queries.leaves_of(case.id, heads=dict(heads) if heads is not None else None)
    cut: dict[str, int] = {}
    for leaf in leaves:
        cut[leaf.stream] = max(leaf.seq, cut.get(leaf.stream, 0))
    rows = [f for f in queries.of_case(by, case.id) if f"evidence:{f.id}" in cut]
    told = _events(rows, leaves)
    hidden = {f.original_id for f in rows if f.original_id} if redacted_only else set()
    files = tuple(
        _told(file, told.get(file.id, ()), is_hidden=file.id in hidden)
        for file in rows
        if told.get(file.id)
    )
    until = max((event.at for one in files for event in one.events), default=case.opened_at)
    return Told(case.id, case.reference, case.owner.name, files, tuple(leaves), until, cut)


def _events(
    files: Sequence[EvidenceFile], leaves: Sequence[Leaf]
) -> dict[UUID, tuple[CustodyEvent, ...]]:
    """The events of each file that have a line before the cut."""
    lines: dict[str, int] = {}
    for leaf in leaves:
        number = json.loads(leaf.body)["facts"].get("event")
        if number is not None and leaf.stream.startswith("evidence:"):
            lines[leaf.stream] = max(number, lines.get(leaf.stream, 0))
    found: dict[UUID, list[CustodyEvent]] = {}
    for event in queries.events_of([file.id for file in files]):
        if event.seq <= lines.get(f"evidence:{event.file_id}", 0):
            found.setdefault(event.file_id, []).append(event)
    return {file_id: tuple(events) for file_id, events in found.items()}


def _told(file: EvidenceFile, events: tuple[CustodyEvent, ...], *, is_hidden: bool) -> FileTold:
    state = CustodyState(events[-1].after)
    stamp = FileStamp.objects.filter(file=file).first()
    path = f"files/{file.number:03}-{safe_name(file.name)}"
    return FileTold(file, state, events, stamp, path if state in READABLE and not is_hidden else "")


def bag(
    told: Told, *, extra: Mapping[str, bytes], seal: Callable[[bytes], Mapping[str, bytes]] | None
) -> Bag:
    """Make the bag ready to be written; raises NotAsBefore where a file cannot be read now."""
    entries = [of_bytes(path, content) for path, content in extra.items()]
    entries.append(of_bytes("custody.json", custody(told)))
    entries.append(of_bytes("log/leaves.jsonl", lines(told.leaves)))
    for one in told.files:
        if one.path:
            entries.append(_entry(one))
        if one.stamp is not None:
            path = f"stamps/{one.file.number:03}.tst"
            entries.append(of_bytes(path, bytes(one.stamp.token)))
    info = {
        "Source-Organization": told.owner,
        "External-Identifier": told.reference,
        "Bagging-Date": f"{told.until:%Y-%m-%d}",
        "Bag-Software-Agent": "Recoup",
        "Recoup-Bundle": FORMAT,
    }
    return Bag(entries, info, seal)


def _entry(one: FileTold) -> Entry:
    if one.file.state not in READABLE:
        raise NotAsBefore(one.file.number)
    source: Opened = opened(one.file, queries.pieces_of(one.file.id))
    return Entry(one.path, one.file.size, source.chunks)


def lines(leaves: Sequence[Leaf]) -> bytes:
    """The log's lines, one a line: stream, number, the exact body, what its commitments hide."""
    return b"".join(
        rfc8785.dumps(
            {
                "stream": leaf.stream,
                "seq": leaf.seq,
                "body": leaf.body.decode(),
                "committed": dict(leaf.committed),
            }
        )
        + b"\n"
        for leaf in leaves
    )


def custody(told: Told) -> bytes:
    """The files and their chains, as canonical JSON."""
    numbers = {one.file.id: one.file.number for one in told.files}
    return rfc8785.dumps(
        {
            "format": FORMAT,
            "case": {"id": str(told.case_id), "reference": told.reference, "owner": told.owner},
            "until": told.until.isoformat(),
            "heads": [
                {"stream": stream, "seq": seq, "leaf_hash": _head(told.leaves, stream, seq)}
                for stream, seq in sorted(told.heads.items())
            ],
            "files": [_file(one, numbers) for one in told.files],
        }
    )


def _file(one: FileTold, numbers: Mapping[UUID, int]) -> dict[str, Any]:
    file = one.file
    return {
        "number": file.number, "id": str(file.id), "name": file.name, "what": file.what,
        "media_type": file.media_type, "size": file.size, "sha256": one.digest,
        "state": str(one.state), "path": f"data/{one.path}" if one.path else None,
        "redacted_copy_of": numbers.get(file.original_id) if file.original_id else None,
        "time_stamp": _stamp(one),
        "custody": [_event(event) for event in one.events],
    }  # fmt: skip


def _stamp(one: FileTold) -> dict[str, str] | None:
    if one.stamp is None:
        return None
    path = f"data/stamps/{one.file.number:03}.tst"
    return {"path": path, "at": one.stamp.stamped_at.isoformat(), "authority": one.stamp.authority}


def _event(event: CustodyEvent) -> dict[str, Any]:
    told = {name: getattr(event, name) for name in FIELDS if getattr(event, name)}
    return {
        "seq": event.seq, "act": event.act, "before": event.before, "after": event.after,
        "at": event.at.isoformat(), "organisation": event.organisation.name, "role": event.role,
        "person": event.person.full_name if event.person else None, **told,
    }  # fmt: skip


def _head(leaves: Sequence[Leaf], stream: str, seq: int) -> str:
    [body] = [leaf.body for leaf in leaves if (leaf.stream, leaf.seq) == (stream, seq)]
    return hashlib.sha256(b"\x00" + body).hexdigest()
