"""Asks the process that holds this hub's key as a witness, over a socket of this machine.

It gets the bytes as they came and believes nobody (``cli/log_cosigner.py``); what it answers
is one line with the verdict, and what the log gets.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from recoup.standards.tlog_witness import Verdict

ASK_SECONDS: Final = 5.0
MOST_BYTES: Final = 10_000


class CosignerSilent(Exception):
    """The process does not answer; the message says why, for the hub's own log."""


@dataclass(frozen=True, slots=True)
class Told:
    """held: the size that it has of the log. content: the cosignature's line, or why not."""

    verdict: Verdict
    held: int
    content: bytes


def ask(body: bytes) -> Told:
    """Have what a log submitted cosigned; raises CosignerSilent."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(ASK_SECONDS)
            client.connect(settings.WITNESS_SOCKET)
            client.sendall(body)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while len(answer) <= MOST_BYTES and (part := client.recv(65_536)):
                answer += part
        first, _, content = answer.partition(b"\n")
        verdict, _, held = first.decode().partition(" ")
        return Told(Verdict(verdict), int(held), content)
    except (OSError, ValueError) as problem:
        raise CosignerSilent(f"{settings.WITNESS_SOCKET!r}: {problem}") from None
