"""What a backup is on disk: base copies, the log of changes, files by digest, and keys elsewhere.

`backup.json` says whose it is and lists the base copies. `base/NAME` is one, with PostgreSQL's own
manifest; `wal` is what changed since, as it was streamed. `files/objects` holds every file once, by
its SHA-256, `files/index` which file was where at a moment. Keys are in a folder of their own, in
the same form: whoever gets one of the two folders can read nothing that is sealed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

FORMAT: Final = 1
# Under the data folder: what can be made again, what is somebody else's, and the database itself.
LEFT_OUT: Final = (
    "pg", "log", "locale", "static", "demo/ledgers", "drill", "environment.lock",
    "run/hub.json", "run/up.lock", "demo/frauds.json",
)  # fmt: skip
LEFT_OUT_BEGINNINGS: Final = ("test-pg", "bench")
KEY_PLACES: Final = (
    "secret_key", "authority", "keys", "demo/keys", "demo/sign_ins.json", "run", "log-signer",
    "log-cosigner",
)  # fmt: skip
KEY_SIGNS: Final = re.compile(rb"PRIVATE KEY-----|rk_[a-z0-9-]+_[A-Za-z0-9_-]{24}")
LOOKED_AT: Final = 65_536


class CannotBackUp(Exception):
    """A backup could not be made or read; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Base:
    """One base copy. ended_at: from this moment on the state can be made again."""

    name: str
    started_at: datetime
    ended_at: datetime
    bytes: int
    manifest_sha256: str

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(), "bytes": self.bytes,
            "manifest_sha256": self.manifest_sha256,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Backup:
    """A folder with a backup."""

    folder: Path

    @property
    def wal(self) -> Path:
        return self.folder / "wal"

    def base(self, name: str) -> Path:
        return self.folder / "base" / name

    @property
    def note(self) -> Path:
        return self.folder / "backup.json"

    def read(self) -> dict[str, Any]:
        """What `backup.json` says; raises CannotBackUp."""
        try:
            told: dict[str, Any] = json.loads(self.note.read_text())
        except FileNotFoundError:
            raise CannotBackUp(
                f"{self.folder} holds no backup (no backup.json). ./recoup backup makes one."
            ) from None
        except (OSError, ValueError) as problem:
            raise CannotBackUp(f"{self.note} cannot be read: {problem}") from None
        if told.get("format") != FORMAT:
            raise CannotBackUp(
                f"{self.note} is of format {told.get('format')!r}; this Recoup reads {FORMAT}."
            )
        return told

    def bases(self) -> list[Base]:
        """The base copies, oldest first."""
        return [
            Base(
                one["name"], datetime.fromisoformat(one["started_at"]),
                datetime.fromisoformat(one["ended_at"]), one["bytes"], one["manifest_sha256"],
            )
            for one in self.read()["bases"]
        ]  # fmt: skip

    def open_for(self, system: str) -> None:
        """Make the folder, or check that it is this very database's; raises CannotBackUp."""
        if self.note.exists():
            theirs = self.read()["system"]
            if theirs != system:
                raise CannotBackUp(
                    f"{self.folder} holds the backup of another database ({theirs}; this one is "
                    f"{system}). Give a folder of its own: nothing is overwritten."
                )
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise CannotBackUp(
                f"{self.folder} is not empty and holds no backup. Give an empty folder, or one "
                "that does not exist: nothing is overwritten."
            )
        for part in (self.folder, self.wal, self.folder / "base"):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.write({"format": FORMAT, "system": system, "bases": []})

    def write(self, told: dict[str, Any]) -> None:
        write_whole(self.note, json.dumps(told, indent=1))

    def add(self, base: Base) -> None:
        told = self.read()
        told["bases"].append(base.as_json())
        self.write(told)


def write_whole(path: Path, text: str) -> None:
    """Write a file for its owner, whole and on disk, or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


# Files


def is_left_out(place: str) -> bool:
    first = place.split("/", 1)[0]
    return first.startswith(LEFT_OUT_BEGINNINGS) or _is_in(place, LEFT_OUT)


def is_key(place: str, path: Path) -> bool:
    """Whether a file is a key: by its place, or because it says so itself."""
    if _is_in(place, KEY_PLACES):
        return True
    with path.open("rb") as file:
        begins = file.read(LOOKED_AT)
    return KEY_SIGNS.search(begins) is not None


def _is_in(place: str, places: tuple[str, ...]) -> bool:
    return any(place == one or place.startswith(f"{one}/") for one in places)


def files_under(data: Path) -> Iterator[tuple[str, Path]]:
    """Each file that belongs into a backup, with its place under the data folder."""
    for folder, folders, names in os.walk(data):
        here = Path(folder).relative_to(data).as_posix()
        inside = "" if here == "." else f"{here}/"
        folders[:] = sorted(name for name in folders if not is_left_out(f"{inside}{name}"))
        for name in sorted(names):
            path = Path(folder) / name
            if not is_left_out(f"{inside}{name}") and path.is_file() and not path.is_symlink():
                yield f"{inside}{name}", path


def copy_files(data: Path, store: Path, keys: Path | None) -> tuple[int, int, int]:
    """Copy what is new by digest; note what is where now. Returns files, keys, bytes copied.

    Without a folder for keys, keys are copied nowhere.
    """
    copied = 0
    found: dict[Path, dict[str, dict[str, Any]]] = {store: {}}
    if keys is not None:
        found[keys] = {}
    kept_apart = 0
    for place, path in files_under(data):
        is_secret = is_key(place, path)
        kept_apart += is_secret
        where = keys if is_secret else store
        if where is None:
            continue
        digest, size, added = _keep(path, where)
        copied += added
        mode = path.stat().st_mode & 0o777
        found[where][place] = {"sha256": digest, "size": size, "mode": mode}
    now = datetime.now(UTC)
    for where, index in found.items():
        write_index(where, index, at=now)
    return len(found[store]), kept_apart, copied


def write_index(store: Path, index: dict[str, Any], *, at: datetime) -> None:
    """Note where every file is, unless that is what was noted last."""
    last = indexes(store)[-1:]
    if last and json.loads(last[0][1].read_text())["files"] == index:
        os.utime(last[0][1])
        return
    name = f"{at:%Y%m%dT%H%M%S.%fZ}.json"
    write_whole(store / "index" / name, json.dumps({"at": at.isoformat(), "files": index}))


def indexes(store: Path) -> list[tuple[datetime, Path]]:
    """The indexes of a store, oldest first."""
    found = sorted((store / "index").glob("*.json"))
    return [(datetime.fromisoformat(json.loads(path.read_text())["at"]), path) for path in found]


def index_at(store: Path, at: datetime | None) -> dict[str, Any]:
    """What was where at a moment. Rather too much than too little: the first index after it."""
    all_of_them = indexes(store)
    if not all_of_them:
        return {}
    later = [path for when, path in all_of_them if at is not None and when >= at]
    path = later[0] if later else all_of_them[-1][1]
    files: dict[str, Any] = json.loads(path.read_text())["files"]
    return files


def _keep(path: Path, store: Path) -> tuple[str, int, int]:
    """Copy one file into a store under its digest; returns digest, size, bytes written."""
    (store / "objects").mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = store / "objects" / f".{os.getpid()}.new"
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with path.open("rb") as source, os.fdopen(descriptor, "wb") as target:
        while block := source.read(2**20):
            digest.update(block)
            size += target.write(block)
        target.flush()
        os.fsync(target.fileno())
    object_file = object_of(store, digest.hexdigest())
    if object_file.exists():
        beside.unlink()
        return digest.hexdigest(), size, 0
    object_file.parent.mkdir(mode=0o700, exist_ok=True)
    beside.replace(object_file)
    return digest.hexdigest(), size, size


def object_of(store: Path, digest: str) -> Path:
    return store / "objects" / digest[:2] / digest


def put_back(store: Path, index: dict[str, Any], data: Path) -> int:
    """Copy the files of an index to their places, each checked against its digest on the way."""
    for place, told in index.items():
        target = data / place
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source = object_of(store, told["sha256"])
        if not source.exists():
            raise CannotBackUp(f"{place} is missing from the backup ({source}).")
        shutil.copyfile(source, target)
        if digest_of(target) != told["sha256"]:
            target.unlink()
            raise CannotBackUp(f"{place} is damaged in the backup: {source} has other bytes.")
        target.chmod(told["mode"])
    return len(index)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Base copies


def verify_base(folder: Path) -> int:
    """Check each file of a base copy against PostgreSQL's manifest; raises CannotBackUp.

    The log of changes inside it is not in the manifest: each of its records has a checksum of its
    own, which replaying checks. Returns how many files were checked.
    """
    manifest = folder / "backup_manifest"
    try:
        text = manifest.read_bytes()
        told = json.loads(text)
    except (OSError, ValueError) as problem:
        raise CannotBackUp(f"The copy in {folder} is damaged: {manifest.name}: {problem}") from None
    signed, _, _ = text.rpartition(b'"Manifest-Checksum"')
    if hashlib.sha256(signed).hexdigest() != told["Manifest-Checksum"]:
        raise CannotBackUp(f"The copy in {folder} is damaged: {manifest.name} has other bytes.")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        wrong = [one for one in pool.map(partial(_wrong_file, folder), told["Files"]) if one]
    if wrong:
        listed = "\n".join(wrong[:5])
        raise CannotBackUp(f"The copy in {folder} is damaged ({len(wrong)} files):\n{listed}")
    return len(told["Files"])


def _wrong_file(folder: Path, told: dict[str, Any]) -> str:
    """What is wrong with one file of a manifest; nothing if it is as it was copied."""
    name = told.get("Path") or bytes.fromhex(told["Encoded-Path"]).decode(errors="replace")
    path = folder / name
    if not path.exists():
        return f"{name} is missing"
    if path.stat().st_size != told["Size"]:
        return f"{name} has {path.stat().st_size} bytes, not {told['Size']}"
    if told["Checksum-Algorithm"] != "SHA256" or digest_of(path) != told["Checksum"]:
        return f"{name} has other bytes"
    return ""
