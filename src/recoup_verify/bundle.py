"""Checks a court bundle without the hub: files, manifests, the log's chains, custody, signatures.

Trusts nothing in the bundle: every digest is counted anew, every line of the log hashed again,
every event of a custody held against its line. With the root certificate of the hub's authority it
also says who signed. Needs the standard library; signatures and stamps need
the package ``cryptography``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recoup_verify.container import first_difference
from recoup_verify.signatures import SignatureFault, signer_of, trusted
from recoup_verify.stamps import StampFault, stamped_at

CHUNK: Final = 1024 * 1024
MOST_TEXT: Final = 512 * 1024 * 1024
FORMAT: Final = "recoup-bundle/1"
FIRST: Final = "00" * 32
SIGNATURE: Final = "signature/tagmanifest-sha256.sig"
CERTIFICATES: Final = ("signature/signer.crt", "signature/root.crt")
FIELDS: Final = ("why", "given_by", "given_to", "place")
MOVES: Final = frozenset(
    tuple(move.split())
    for move in (
        "arriving receive kept", "arriving give_up given_up", "kept check kept",
        "kept alarm doubtful", "kept seal sealed", "kept offer offered", "kept lend out",
        "kept redact kept", "kept erase erased", "sealed check sealed", "sealed alarm doubtful",
        "sealed unseal kept", "offered accept kept", "offered decline kept",
        "offered withdraw kept", "offered check offered", "offered alarm doubtful",
        "out take_back kept", "out check out", "out alarm doubtful", "doubtful clear kept",
        "doubtful alarm doubtful", "doubtful erase erased",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where. code: for machines."""

    code: str
    where: str
    said: str

    def __str__(self) -> str:
        return f"{self.code}: {self.where}: {self.said}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found wrong, and what the bundle is, in lines for people."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def check(path: str | Path, *, roots: Sequence[bytes] = ()) -> list[Finding]:
    """What is wrong with a bundle; nothing if it is good. roots: certificates in PEM or DER."""
    return list(examine(path, roots=roots).findings)


def examine(path: str | Path, *, roots: Sequence[bytes] = ()) -> Report:
    """Check a bundle and tell what it is."""
    bundle = _Bundle(tuple(roots))
    try:
        with zipfile.ZipFile(path) as archive:
            bundle.read(archive)
            if place := first_difference(archive, Path(path)):
                bundle.wrong("other_container", *place)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as fault:
        bundle.wrong("not_a_bundle", str(path), f"It cannot be read as a ZIP file ({fault}).")
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, struct.error) as fault:
        bundle.wrong("not_readable", str(path), f"It is not written as a bundle is ({fault!r}).")
    return Report(tuple(bundle.findings), tuple(bundle.notes))


class _Bundle:
    """One check. digests: SHA-256 of every entry; texts: the small ones, read whole."""

    def __init__(self, roots: tuple[bytes, ...]) -> None:
        self.roots = roots
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.digests: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.texts: dict[str, bytes] = {}

    def wrong(self, code: str, where: str, said: str) -> None:
        self.findings.append(Finding(code, where, said))

    def read(self, archive: zipfile.ZipFile) -> None:
        self._entries(archive)
        self._bag()
        if "data/custody.json" not in self.texts or "data/log/leaves.jsonl" not in self.texts:
            self.wrong("incomplete", "data", "The custody or the log's lines are missing.")
            return
        told = json.loads(self.texts["data/custody.json"])
        if told["format"] != FORMAT:
            self.wrong("other_format", "data/custody.json", f"{told['format']!r} is not known.")
            return
        log = self._log(told)
        for file in told["files"]:
            self._file(file, log.get(f"evidence:{file['id']}", []))
        self._only_told_files(told)
        self._seal()
        kept = sum(1 for file in told["files"] if file["path"])
        self.notes.append(
            f"Case {told['case']['reference']} of {told['case']['owner']}, as of {told['until']}: "
            f"{len(told['files'])} files ({kept} with their bytes), "
            f"{sum(map(len, log.values()))} lines of the log in {len(log)} streams."
        )

    # The bag

    def _entries(self, archive: zipfile.ZipFile) -> None:
        for entry in archive.infolist():
            name = entry.filename
            parts = name.split("/")
            if name in self.digests or name.startswith("/") or ".." in parts or "" in parts:
                self.wrong("bad_name", name, "The name stands twice, or leads elsewhere.")
                continue
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                self.wrong("bad_entry", name, "It is compressed or encrypted; no bundle is.")
                continue
            self._entry(archive, entry)

    def _entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        name, digest, size, kept = entry.filename, hashlib.sha256(), 0, []
        is_text = not name.startswith("data/files/") and entry.file_size <= MOST_TEXT
        try:
            with archive.open(entry) as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    if is_text:
                        kept.append(chunk)
        except zipfile.BadZipFile as fault:
            self.wrong("damaged", name, str(fault))
        self.digests[name], self.sizes[name] = digest.hexdigest(), size
        if is_text:
            self.texts[name] = b"".join(kept)

    def _bag(self) -> None:
        if not self.texts.get("bagit.txt", b"").startswith(b"BagIt-Version: 1.0\n"):
            self.wrong("no_bag", "bagit.txt", "It is missing, or of another version.")
        payload = {name for name in self.digests if name.startswith("data/")}
        tags = {n for n in self.digests if "/" not in n} - {"tagmanifest-sha256.txt"}
        self._manifest("manifest-sha256.txt", payload)
        self._manifest("tagmanifest-sha256.txt", tags)
        known = payload | tags | {"tagmanifest-sha256.txt", SIGNATURE, *CERTIFICATES}
        for name in sorted(set(self.digests) - known):
            self.wrong("not_listed", name, "It belongs to no bundle.")
        oxum = f"{sum(self.sizes[name] for name in payload)}.{len(payload)}"
        if f"\nPayload-Oxum: {oxum}\n" not in self.texts.get("bag-info.txt", b"").decode():
            self.wrong("other_size", "bag-info.txt", f"The payload is {oxum}.")

    def _manifest(self, name: str, expected: set[str]) -> None:
        listed: dict[str, str] = {}
        for number, line in enumerate(self.texts.get(name, b"").decode().splitlines(), start=1):
            digest, _, entry = line.partition("  ")
            if entry in listed:
                self.wrong("listed_twice", f"{name}, line {number}", f"{entry} stands twice.")
            listed[entry] = digest
        for entry in sorted(expected - listed.keys()):
            self.wrong("not_listed", entry, f"{name} does not name it.")
        for entry, digest in listed.items():
            if entry not in self.digests:
                self.wrong("missing", entry, f"{name} names it, and it is not there.")
            elif self.digests[entry] != digest:
                self.wrong("changed", entry, f"Its digest is not the one in {name}.")

    # The log

    def _log(self, told: Any) -> dict[str, list[dict[str, Any]]]:
        """Each stream's lines, hashed and chained again; committed values put in."""
        log: dict[str, list[dict[str, Any]]] = {}
        heads: dict[str, tuple[int, str]] = {}
        text = self.texts["data/log/leaves.jsonl"].decode()
        for number, line in enumerate(text.splitlines(), start=1):
            where = f"data/log/leaves.jsonl, line {number}"
            leaf = json.loads(line)
            body = leaf["body"].encode()
            said = json.loads(body)
            seq, before = heads.get(leaf["stream"], (0, FIRST))
            if (said["stream"], said["stream_seq"]) != (leaf["stream"], leaf["seq"]):
                self.wrong("other_line", where, "The line is not the one that it says.")
            if leaf["seq"] != seq + 1:
                self.wrong("gap", where, f"{leaf['stream']} goes from {seq} to {leaf['seq']}.")
            if said["prev"] != before:
                self.wrong("broken_chain", where, "It does not continue the line before.")
            heads[leaf["stream"]] = (leaf["seq"], hashlib.sha256(b"\0" + body).hexdigest())
            said["opened"] = self._opened(leaf, said, where)
            log.setdefault(leaf["stream"], []).append(said)
        self._heads(told, heads)
        return log

    def _opened(self, leaf: Any, said: Any, where: str) -> dict[str, str]:
        opened = {}
        for name, (salt, value) in leaf["committed"].items():
            digest = hashlib.sha256(bytes.fromhex(salt) + value.encode()).hexdigest()
            if said["committed"].get(name) != digest:
                self.wrong("other_value", where, f"{name} is not what was committed to.")
            opened[name] = value
        return opened

    def _heads(self, told: Any, heads: dict[str, tuple[int, str]]) -> None:
        named = {head["stream"]: (head["seq"], head["leaf_hash"]) for head in told["heads"]}
        for stream in sorted(heads.keys() | named.keys()):
            if heads.get(stream) != named.get(stream):
                self.wrong("other_head", stream, "The log does not end where the custody says.")

    # The files

    def _file(self, file: Any, lines: list[dict[str, Any]]) -> None:
        where = f"file {file['number']} ({file['name']})"
        if file["path"]:
            if self.digests.get(file["path"]) != file["sha256"]:
                self.wrong("other_bytes", where, "Its bytes do not give the digest in its custody.")
            if self.sizes.get(file["path"]) != file["size"]:
                self.wrong("other_size", where, "It is not as long as its custody says.")
        events = [line for line in lines if "event" in line["facts"]]
        if len(events) != len(file["custody"]):
            self.wrong(
                "other_custody", where,
                f"{len(file['custody'])} events are told, the log has {len(events)}.",
            )  # fmt: skip
        state = "arriving"
        for event, line in zip(file["custody"], events, strict=False):
            self._event(file, event, line, state, where)
            state = event["after"]
        if state != file["state"]:
            self.wrong("other_state", where, f"It is told {file['state']}; the chain ends {state}.")
        if file["time_stamp"]:
            self._stamp(file, where)

    def _event(self, file: Any, event: Any, line: Any, state: str, where: str) -> None:
        at = f"{where}, event {event['seq']}"
        facts = line["facts"]
        in_log = (line["what"], facts["event"], facts["before"], facts["after"], line["at"])
        if in_log != (
            f"evidence:{event['act']}", event["seq"], event["before"], event["after"], event["at"],
        ):  # fmt: skip
            self.wrong("other_event", at, "The log has another event in its place.")
        if event["before"] != state or (event["before"], event["act"], event["after"]) not in MOVES:
            self.wrong("illegal_event", at, f"A file that is {state} cannot be so changed.")
        if facts["digest"] not in (file["sha256"], None):
            self.wrong("other_digest", at, "The log has another digest of this file.")
        for name in FIELDS:
            if event.get(name, "") != line["opened"].get(name, ""):
                self.wrong("other_words", at, f"The log has something else for {name}.")
        if event.get("seal") != facts.get("seal"):
            self.wrong("other_words", at, "The log has another seal.")

    def _only_told_files(self, told: Any) -> None:
        paths = {file["path"] for file in told["files"]}
        for name in self.digests:
            if name.startswith("data/files/") and name not in paths:
                self.wrong("not_told", name, "No custody tells of it.")

    def _stamp(self, file: Any, where: str) -> None:
        token = self.texts.get(file["time_stamp"]["path"], b"")
        try:
            at = stamped_at(token, bytes.fromhex(file["sha256"]), trusted(self.roots))
        except StampFault as fault:
            self.wrong("other_stamp", where, f"Its time stamp: {fault}")
            return
        if at.isoformat() != file["time_stamp"]["at"]:
            self.wrong("other_stamp", where, f"It was stamped {at.isoformat()}, not as it is told.")

    # The signature

    def _seal(self) -> None:
        if SIGNATURE not in self.texts:
            self.notes.append("Nobody signed this bundle: who made it is not shown.")
            return
        try:
            name = signer_of(
                self.texts.get("tagmanifest-sha256.txt", b""), self.texts[SIGNATURE],
                [self.texts.get(name, b"") for name in CERTIFICATES], self.roots,
            )  # fmt: skip
        except SignatureFault as fault:
            self.wrong("bad_signature", SIGNATURE, str(fault))
        else:
            self.notes.append(name)


def lines_of(report: Report) -> Iterator[str]:
    """What a command prints."""
    yield from report.notes
    yield from (f"WRONG  {finding}" for finding in report.findings)
    yield "NOT GOOD" if report.findings else "GOOD"


def main(argv: Sequence[str] | None = None) -> int:
    """Check one bundle; 0 if it is good, 1 if not."""
    parser = argparse.ArgumentParser(prog="recoup-verify bundle", description=__doc__)
    parser.add_argument("bundle", type=Path, help="the ZIP file")
    parser.add_argument(
        "--root", type=Path, action="append", default=[],
        help="certificate of an authority that is trusted, PEM or DER; may be given often",
    )  # fmt: skip
    options = parser.parse_args(argv)
    report = examine(options.bundle, roots=[path.read_bytes() for path in options.root])
    print("\n".join(lines_of(report)))  # noqa: T201  (a command)
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
