"""Who outside gets each checkpoint: folders of others, authorities of time, and other hubs.

A witness is set as ``name=drop:/folder``, ``name=tsa:https://…`` or ``name=hub:https://…#KEY``
(``RECOUP_WITNESSES``, with spaces between).
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from asn1crypto import tsp
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError

from recoup.apps import outgoing
from recoup.apps.loops import apart_from_loop
from recoup.standards import tlog_witness
from recoup.standards.tlog_witness import BadKey, NotCosigned, NotTaken, PublicKey

NEWEST: Final = "newest.note"
NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
NOTE_FILE: Final = re.compile(r"([0-9]{20})\.note", re.ASCII)
SECONDS: Final = 10.0
MOST_BYTES: Final = 100_000
EACH_STAMP: Final = timedelta(hours=6)
SKEW: Final = timedelta(minutes=10)  # how far the clock of another hub may be ahead of ours
SIZE_TOLD: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


class WitnessSilent(Exception):
    """A witness did not take the checkpoint; the message says why."""


class HasLater(WitnessSilent):
    """The witness has a checkpoint of a longer log: this database is an old copy, or was cut."""


class BadWitness(ValueError):
    """The setting names no witness that there is; the message says which."""


@dataclass(frozen=True, slots=True)
class Since:
    """From where a witness has to be led on. size: what it took last, by our records.

    proof: that the checkpoint of a size, the second, continues the one of another, the first.
    """

    size: int
    proof: Callable[[int, int], list[bytes]]


NOTHING_YET: Final = Since(0, lambda _old, _new: [])


class Witness(Protocol):
    """name: as the setting has it. every: how long it is left in peace after it took one."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def every(self) -> timedelta: ...

    def give(self, note: bytes, size: int, since: Since = NOTHING_YET) -> bytes:
        """Hand over a checkpoint; what it gives as proof. Raises WitnessSilent."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A folder that somebody else reads and keeps, mounted or carried away from elsewhere."""

    name: str
    folder: Path
    kind: str = "drop"
    every: timedelta = timedelta(0)

    def give(self, note: bytes, size: int, since: Since = NOTHING_YET) -> bytes:
        try:
            if not self.folder.is_dir():
                raise WitnessSilent(f"The folder {self.folder} is not there.")
            later = max(filter(None, map(_size_of, os.listdir(self.folder))), default=0)
            if later > size:
                raise HasLater(
                    f"{self.folder} has a checkpoint of {later} leaves; this log has {size} only."
                )
            self._write(f"{size:020}.note", note)
            self._write(NEWEST, note)
        except OSError as problem:
            raise WitnessSilent(f"The folder {self.folder} cannot be written: {problem}") from None
        return b""

    def _write(self, name: str, note: bytes) -> None:
        path = self.folder / name
        if name != NEWEST and path.exists() and path.read_bytes() != note:
            raise HasLater(f"{path} is another checkpoint of as many leaves.")
        beside = self.folder / f".{name}.new"
        with beside.open("wb") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
        if path.read_bytes() != note:
            raise WitnessSilent(f"{path} does not hold what was written.")


def _size_of(name: str) -> int:
    found = NOTE_FILE.fullmatch(name)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """An authority of time (RFC 3161): stamps the digest of the note, a few times a day."""

    name: str
    address: str
    kind: str = "tsa"
    every: timedelta = EACH_STAMP

    def give(self, note: bytes, size: int, since: Since = NOTHING_YET) -> bytes:
        digest = sha256(note).digest()
        try:
            asked = _Asked(self.address)
            token = apart_from_loop(lambda: asyncio.run(asked.async_timestamp(digest, "sha256")))
            stamped = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]
            if stamped["hashed_message"].native != digest:
                raise WitnessSilent(f"{self.address} stamped something else than was asked.")
            return bytes(token.dump())
        # AttributeError: how the library's refusal of a foreign nonce fails to be told.
        except (
            OSError, ValueError, TypeError, AttributeError, TimestampRequestError
        ) as problem:  # fmt: skip
            raise WitnessSilent(f"{self.address}: {type(problem).__name__}: {problem}") from None


class _Asked(TimeStamper):
    """Asks the address; the class above it checks the answer's status and nonce."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return await asyncio.to_thread(self._ask, req.dump())

    def _ask(self, query: bytes) -> tsp.TimeStampResp:
        answer = outgoing.post(
            self.address, query, content_type="application/timestamp-query", seconds=SECONDS,
            most_bytes=MOST_BYTES,
        )  # fmt: skip
        return tsp.TimeStampResp.load(answer)


@dataclass(frozen=True, slots=True)
class Hub:
    """Another hub, or any witness that speaks C2SP tlog-witness: it signs beside us.

    address: before ``/add-checkpoint``. key: without a cosignature by it nothing is witnessed.
    """

    name: str
    address: str
    key: PublicKey
    kind: str = "hub"
    every: timedelta = timedelta(0)

    def give(self, note: bytes, size: int, since: Since = NOTHING_YET) -> bytes:
        """Submit it from the size that the witness has, which it tells if it is another one."""
        try:
            old = min(since.size, size)
            status, answer = self._submit(note, size, old, since)
            if status == 409 and (told := SIZE_TOLD.fullmatch(answer)) and int(told[1]) != old:
                old = int(told[1])
                if old > size:
                    raise HasLater(
                        f"{self.address} has a checkpoint of {old} leaves; this log has {size}."
                    )
                status, answer = self._submit(note, size, old, since)
        except OSError as problem:
            raise WitnessSilent(f"{self.address}: {type(problem).__name__}: {problem}") from None
        if status != 200:
            raise HasLater(
                f"{self.address} answers {status}: this log does not continue the {old} leaves "
                "that it has."
            )
        return self._cosigned(note, answer)

    def _submit(self, note: bytes, size: int, old: int, since: Since) -> tuple[int, bytes]:
        proof = since.proof(old, size) if 0 < old < size else []
        return outgoing.exchange(
            f"{self.address}/add-checkpoint", tlog_witness.written(old, proof, note),
            content_type="text/plain; charset=utf-8", statuses=(200, 409, 422), seconds=SECONDS,
            most_bytes=MOST_BYTES,
        )  # fmt: skip

    def _cosigned(self, note: bytes, answer: bytes) -> bytes:
        """The line of the cosignature, checked with the key that was configured."""
        try:
            text = tlog_witness.read_note(note.decode()).text
            line, seconds = tlog_witness.read_cosignature(answer, text, self.key)
        except (NotCosigned, NotTaken) as problem:
            raise WitnessSilent(f"{self.address}: {problem}") from None
        if seconds > (datetime.now(UTC) + SKEW).timestamp():
            raise WitnessSilent(f"{self.address} signs with a time that has not come yet.")
        return line


def _drop(name: str, where: str) -> Witness:
    if not where.startswith("/"):
        raise BadWitness(f"The witness {name} names {where!r}: give the folder from its root.")
    return Drop(name, Path(where))


def _authority(name: str, where: str) -> Witness:
    if not where.startswith(("https://", "http://")):
        raise BadWitness(f"The witness {name} names {where!r}, which is no address.")
    return TimeAuthority(name, where)


def _hub(name: str, where: str) -> Witness:
    address, _, key = where.partition("#")
    if not address.startswith(("https://", "http://")):
        raise BadWitness(f"The witness {name} names {address!r}, which is no address.")
    try:
        return Hub(name, address.rstrip("/"), tlog_witness.read_cosigner_key(key))
    except BadKey as problem:
        raise BadWitness(f"The witness {name} needs its key behind a #: {problem}") from None


KINDS: Final[Mapping[str, Callable[[str, str], Witness]]] = {
    "drop": _drop, "tsa": _authority, "hub": _hub,
}  # fmt: skip


def read(setting: str) -> list[Witness]:
    """The witnesses of a setting; raises BadWitness."""
    found: dict[str, Witness] = {}
    for part in setting.split():
        name, is_given, rest = part.partition("=")
        kind, _, where = rest.partition(":")
        if not is_given or not NAME.fullmatch(name) or kind not in KINDS:
            kinds = " or ".join(f"NAME={one}:…" for one in KINDS)
            raise BadWitness(f"{part!r} is no witness; write {kinds}.")
        if name in found:
            raise BadWitness(f"Two witnesses are named {name}.")
        found[name] = KINDS[kind](name, where)
    return list(found.values())
