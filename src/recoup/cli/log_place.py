"""Where the log's key, the signer's socket and the log's name are, and how the signer is asked."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from pathlib import Path
from typing import Any, Final

from recoup.cli import environment
from recoup.core.checkpoints import NotSigned, Wanted

LONGEST_SOCKET_PATH: Final = 100  # bytes; the kernel takes little more
ASK_SECONDS: Final = 5.0


def origin() -> str:
    """The log's name, in every checkpoint and in the public key."""
    return os.environ.get("RECOUP_LOG_NAME", "recoup.invalid/log")


def key_folder() -> Path:
    """The signer's own folder: nobody else has to read it."""
    return Path(os.environ.get("RECOUP_LOG_KEYS") or environment.VAR / "log-signer")


def socket_path() -> Path:
    """Where the signer listens: as set, else in `var/run`, or shorter where that is too long."""
    return _socket("RECOUP_LOG_SOCKET", "signer", "socket")


def socket_mode() -> int:
    """Who may ask: the owner alone, or also its group, where the signer has a user of its own."""
    return 0o660 if os.environ.get("RECOUP_LOG_SOCKET") else 0o600


def is_own_signer() -> bool:
    """Whether the hub starts the signer; with a socket that was named, somebody else does."""
    return not os.environ.get("RECOUP_LOG_SOCKET")


def _socket(setting: str, folder: str, name: str) -> Path:
    if given := os.environ.get(setting):
        return Path(given)
    path = environment.VAR / "run" / folder / "socket"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    short = hashlib.sha256(os.fsencode(environment.VAR)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"recoup-{os.getuid()}-{short}" / name


# This hub as a witness of others' logs


def witnessed_logs() -> str:
    """The public keys of the logs of others that this hub witnesses."""
    return os.environ.get("RECOUP_WITNESSED_LOGS", "")


def witness_name() -> str:
    """The name of this hub as a witness, in every cosignature and in its public key."""
    return os.environ.get("RECOUP_WITNESS_NAME") or f"{origin()}/witness"


def witness_folder() -> Path:
    """The cosigner's own folder: nobody else has to read it."""
    return Path(os.environ.get("RECOUP_WITNESS_KEYS") or environment.VAR / "log-cosigner")


def witness_socket() -> Path:
    """Where the cosigner listens."""
    return _socket("RECOUP_WITNESS_SOCKET", "cosigner", "witness")


def witness_socket_mode() -> int:
    return 0o660 if os.environ.get("RECOUP_WITNESS_SOCKET") else 0o600


def is_own_cosigner() -> bool:
    """Whether the hub starts the cosigner: it witnesses somebody, and nobody else runs one."""
    return bool(witnessed_logs().split()) and not os.environ.get("RECOUP_WITNESS_SOCKET")


# Asking


def last_signed() -> dict[str, Any]:
    """What the signer signed last, and its public key; raises NotSigned."""
    return _ask({"ask": "last"})


def sign(wanted: Wanted) -> bytes:
    """The signed checkpoint; raises NotSigned."""
    told = _ask(
        {
            "size": wanted.size,
            "root": wanted.root.hex(),
            "proof": [part.hex() for part in wanted.proof],
        }
    )
    return str(told["note"]).encode()


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    path = socket_path()
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(ASK_SECONDS)
            client.connect(str(path))
            client.sendall(json.dumps(question).encode() + b"\n")
            got = b""
            while not got.endswith(b"\n"):
                part = client.recv(65_536)
                if not part:
                    raise NotSigned(f"The signer at {path} hung up.")
                got += part
    except OSError as problem:
        raise NotSigned(f"The signer at {path} does not answer ({problem}).") from None
    told: dict[str, Any] = json.loads(got)
    if "refused" in told:
        raise NotSigned(str(told["refused"]))
    return told
