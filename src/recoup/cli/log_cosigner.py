"""`./recoup log-cosigner`: the process that alone holds the key of this hub as a witness of others.

Logs of others reach it as their bytes, through the pages and a socket of this machine. It knows
neither database nor network, and believes nobody: it reads the submission itself, checks the log's
signature with the keys it was started with (RECOUP_WITNESSED_LOGS) and the proof from what it
cosigned last, remembers that in a file of its own, and only then signs. It is another process than
the signer of our own log, so that bytes of strangers never come near that key.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.cli import log_place
from recoup.cli.key_process import (
    CannotSign,
    make_folder,
    make_key,
    read_key,
    serve,
    write_whole,
)
from recoup.core.checkpoints import COSIGNATURE, NotReadable, verifier_key
from recoup.core.merkle import EMPTY
from recoup.standards import tlog_witness
from recoup.standards.tlog_witness import BadKey, NotTaken, PublicKey, Verdict

KEY_FILE: Final = "witness.key"
STATE_FILE: Final = "held"

Held = dict[str, tuple[int, bytes]]


@dataclass(slots=True)
class Cosigner:
    """The key, the logs it witnesses, and what it holds of each, which is also in a file."""

    name: str
    key: Ed25519PrivateKey
    logs: dict[str, list[PublicKey]]
    state: Path
    held: Held
    clock: Callable[[], float] = field(default=time.time)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        return verifier_key(self.name, self.public, COSIGNATURE)

    def cosign(self, body: bytes) -> bytes:
        """The line of the cosignature for what a log submits; raises NotTaken."""
        given = tlog_witness.read_submission(body)
        tlog_witness.check_signed(given, self.logs)
        now = given.checkpoint
        tlog_witness.check_continues(given, *self.held.get(now.origin, (0, EMPTY)))
        if self.held.get(now.origin) != (now.size, now.root):
            held = {**self.held, now.origin: (now.size, now.root)}
            write_held(self.state, held)
            self.held = held
        seconds = int(self.clock())
        signature = self.key.sign(tlog_witness.cosigned_message(given.note.text, seconds))
        return tlog_witness.cosignature_line(self.name, self.public, seconds, signature)


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM; 1 if the key, its memory or a log's key cannot be used."""
    if argv:
        print(f"recoup: log-cosigner takes no {argv[0]!r}; {__doc__}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        logs = tlog_witness.read_log_keys(log_place.witnessed_logs())
        cosigner = open_cosigner(log_place.witness_folder(), log_place.witness_name(), logs)
        print(f"a witness of {len(logs)} logs as {cosigner.verifier_key}", flush=True)
        serve(
            log_place.witness_socket(), mode=log_place.witness_socket_mode(),
            answer=lambda client: answer(cosigner, read_all(client)),
        )  # fmt: skip
    except (BadKey, CannotSign, NotReadable, OSError) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 1
    return 0


def open_cosigner(folder: Path, name: str, logs: dict[str, list[PublicKey]]) -> Cosigner:
    """The cosigner with the key of this folder, which is made where there is none."""
    key_file, state = folder / KEY_FILE, folder / STATE_FILE
    if not key_file.exists():
        if state.exists():
            raise CannotSign(f"{state} is there, but its key {key_file} is not: bring it back.")
        make_folder(folder)
        write_held(state, {})
        make_key(key_file)
    key = read_key(key_file)
    if not state.exists():
        raise CannotSign(
            f"{state} is missing, so nobody knows what was cosigned last. Put size, root and name "
            "of the newest checkpoint of each log there: docs/audit-format.md says how."
        )
    return Cosigner(name, key, logs, state, read_held(state))


def read_held(state: Path) -> Held:
    """What it holds of each log: a line each with size, root in hexadecimal, and name."""
    try:
        lines = [line.split(" ") for line in state.read_text(encoding="utf-8").splitlines()]
        return {name: (int(size), bytes.fromhex(root)) for size, root, name in lines}
    except ValueError:
        raise CannotSign(
            f"{state} must hold size, root in hexadecimal and name, a line each log."
        ) from None


def write_held(state: Path, held: Held) -> None:
    """Remember what is held before a cosignature is given away."""
    lines = (f"{size} {root.hex()} {name}\n" for name, (size, root) in sorted(held.items()))
    write_whole(state, "".join(lines))


# Over the socket: the submission to its end, then one line with what became of it, and what it got


def read_all(client: socket.socket) -> bytes:
    got = b""
    while len(got) <= tlog_witness.MOST_BYTES and (part := client.recv(65_536)):
        got += part
    return got


def answer(cosigner: Cosigner, body: bytes) -> bytes:
    """``cosigned`` and the line, or the verdict with the size that is held and why."""
    try:
        line = cosigner.cosign(body)
    except NotTaken as refusal:
        if refusal.verdict != Verdict.OTHER_SIZE:  # with this a log asks what is held
            print(f"refused: {refusal.verdict}: {refusal}", flush=True)
        return f"{refusal.verdict} {refusal.held}\n{refusal}\n".encode()
    return f"{Verdict.COSIGNED} 0\n".encode() + line
