"""Checks a stranger's paper in a process of its own, where time and memory have an end.

The parent sends what is trusted and the bytes, and reads one line. A process that takes too long or
too much is ended, and the verdict says so: nobody's file can hold up the hub.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from recoup.apps.lawful_requests.papers.authority import Trusted
from recoup.apps.lawful_requests.papers.verdict import (
    MOST_BYTES,
    Finding,
    PaperVerdict,
    Signature,
)
from recoup.core.document import canonical, read_document
from recoup.standards.sniffing import is_pdf

log = logging.getLogger("recoup.papers")

SECONDS: Final = 10  # of the processor
PATIENCE: Final = 30  # of the clock, where the machine has other work
MEMORY: Final = 768 * 1024 * 1024
AT_ONCE: Final = 2
_places: Final = BoundedSemaphore(AT_ONCE)


class TooManyChecks(Exception):
    """As many papers are being checked as may be at once."""


def check_apart(content: bytes, *, trusted: Trusted, at: datetime) -> PaperVerdict:
    """Return the verdict, as ``checking.check_paper`` would; raises TooManyChecks."""
    if len(content) > MOST_BYTES:
        return PaperVerdict(Finding.TOO_BIG, sha256(content).hexdigest())
    if not is_pdf(content):
        return PaperVerdict(Finding.NOT_A_PDF, sha256(content).hexdigest())
    if not _places.acquire(blocking=False):
        raise TooManyChecks
    try:
        told = _ask(content, trusted, at)
    finally:
        _places.release()
    if told is None:
        return PaperVerdict(Finding.TOO_HARD, sha256(content).hexdigest())
    return _verdict(told)


def _ask(content: bytes, trusted: Trusted, at: datetime) -> dict[str, Any] | None:
    """What the process says; None if it was ended or broke."""
    head = {
        "at": at.isoformat(),
        "roots": [root.hex() for root in trusted.roots],
        "stamp_roots": [root.hex() for root in trusted.stamp_roots],
        "revoked": {str(serial): since.isoformat() for serial, since in trusted.revoked.items()},
    }
    source = str(Path(__file__).resolve().parents[4])
    try:
        run = subprocess.run(  # noqa: S603  (this very module)
            [sys.executable, "-m", "recoup.apps.lawful_requests.papers.apart"],
            input=json.dumps(head).encode() + b"\n" + content,
            capture_output=True, timeout=PATIENCE, check=True,
            env={"PYTHONPATH": source, "PATH": os.environ.get("PATH", "")},
        )  # fmt: skip
        told: dict[str, Any] = json.loads(run.stdout)
    except (subprocess.SubprocessError, ValueError) as fault:
        log.warning("a paper could not be checked: %s", type(fault).__name__)
        return None
    return told


def main() -> int:
    """The process: limits first, then one paper from the input, one line to the output."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from recoup.apps.lawful_requests.papers.checking import check_paper

    head, _, content = sys.stdin.buffer.read().partition(b"\n")
    given = json.loads(head)
    trusted = Trusted(
        tuple(map(bytes.fromhex, given["roots"])),
        {int(n): datetime.fromisoformat(since) for n, since in given["revoked"].items()},
        tuple(map(bytes.fromhex, given["stamp_roots"])),
    )
    verdict = check_paper(content, trusted=trusted, at=datetime.fromisoformat(given["at"]))
    told = {
        "finding": verdict.finding.value,
        "sha256": verdict.sha256,
        "signatures": [asdict(one) for one in verdict.signatures],
        "document": canonical(verdict.document).decode() if verdict.document else None,
    }
    sys.stdout.write(json.dumps(told, default=lambda moment: moment.isoformat()))
    return 0


def _verdict(told: dict[str, Any]) -> PaperVerdict:
    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    return PaperVerdict(
        Finding(told["finding"]),
        told["sha256"],
        tuple(
            Signature(**one | {"claimed_at": moment(one["claimed_at"]),
                               "stamped_at": moment(one["stamped_at"])})
            for one in told["signatures"]
        ),
        read_document(told["document"].encode()) if told["document"] else None,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
