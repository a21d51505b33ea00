"""`./recoup log-signer`: the process that alone holds the key of the log.

It listens on a socket of this machine, knows neither database nor network, and signs only what
continues the log that it signed last: it checks the proof itself and remembers the size in a file
of its own. Run it as a user of its own where the machine is not yours alone (docs/audit-format.md).
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from recoup.cli import log_place
from recoup.cli.key_process import (
    CannotSign,
    make_folder,
    make_key,
    read_key,
    serve,
    write_whole,
)
from recoup.core.checkpoints import Checkpoint, signed, verifier_key
from recoup.core.merkle import EMPTY, NotProved, check_consistency

MOST_BYTES: Final = 100_000


class Refused(Exception):
    """What was asked is not signed; the message says why."""


@dataclass(slots=True)
class Signer:
    """The key, the log's name, and what was signed last, which is also in the file of state."""

    origin: str
    key: Ed25519PrivateKey
    state: Path
    size: int
    root: bytes

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, size: int, root: bytes, proof: list[bytes]) -> bytes:
        """Sign a root that continues the last one; raises Refused."""
        try:
            check_consistency(self.size, size, proof, self.root, root)
        except NotProved as problem:
            raise Refused(
                f"{problem} The last checkpoint signed has {self.size} leaves. Either the "
                "database was restored or the log was rewritten (docs/audit-format.md)."
            ) from None
        if size > self.size:
            write_state(self.state, size, root)
            self.size, self.root = size, root
        text = Checkpoint(self.origin, size, root).text
        return signed(
            text, name=self.origin, public=self.public, signature=self.key.sign(text.encode())
        )


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM; 1 if the key or its state cannot be used."""
    if argv:
        print(f"recoup: log-signer takes no {argv[0]!r}; {__doc__}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        signer = open_signer(log_place.key_folder(), log_place.origin())
        print(f"signing for {verifier_key(signer.origin, signer.public)}", flush=True)
        serve(
            log_place.socket_path(), mode=log_place.socket_mode(),
            answer=lambda client: json.dumps(answer(signer, read_line(client))).encode() + b"\n",
        )  # fmt: skip
    except (CannotSign, OSError) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 1
    return 0


def open_signer(folder: Path, origin: str) -> Signer:
    """The signer with the key of this folder, which is made where there is none."""
    key_file, state = folder / "log.key", folder / "last_signed"
    if not key_file.exists():
        if state.exists():
            raise CannotSign(f"{state} is there, but its key {key_file} is not: bring it back.")
        make_folder(folder)
        write_state(state, 0, EMPTY)
        make_key(key_file)
    key = read_key(key_file)
    if not state.exists():
        raise CannotSign(
            f"{state} is missing, so nobody knows what was signed last. Put the size and root of "
            "the newest checkpoint that a witness has there: docs/audit-format.md says how."
        )
    size, root = read_state(state)
    return Signer(origin, key, state, size, root)


def read_state(state: Path) -> tuple[int, bytes]:
    try:
        size, root = state.read_text().split()
        return int(size), bytes.fromhex(root)
    except ValueError:
        raise CannotSign(f"{state} must hold a size and a root in hexadecimal.") from None


def write_state(state: Path, size: int, root: bytes) -> None:
    """Remember what is signed before it is given away."""
    write_whole(state, f"{size} {root.hex()}\n")


# Over the socket: one line of JSON asks, one answers


def read_line(client: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\n") and len(got) <= MOST_BYTES:
        part = client.recv(65_536)
        if not part:
            break
        got += part
    return got


def answer(signer: Signer, line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line)
        if asked == {"ask": "last"}:
            return {
                "size": signer.size,
                "root": signer.root.hex(),
                "key": verifier_key(signer.origin, signer.public),
            }
        size, root = int(asked["size"]), bytes.fromhex(asked["root"])
        proof = [bytes.fromhex(part) for part in asked["proof"]]
        return {"note": signer.sign(size, root, proof).decode()}
    except Refused as refusal:
        print(f"refused: {refusal}", flush=True)
        return {"refused": str(refusal)}
    except (ValueError, KeyError, TypeError):
        return {"refused": "This is not a question to a signer."}
