"""Counts who waits: long polls and event streams, per login or key and in this whole process.

Waiting costs no thread, but each costs a connection and is asked for again every few seconds. A
script at an open desk, or with a stolen key, could otherwise open them without end. The newest is
refused, with 429 and when to try again: closing the oldest would have a browser with many tabs open
and close its own streams for ever, since each that is closed comes back.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from recoup.web.bridge import Answer
from recoup.web.headers import AS_BYTES

RETRY_SECONDS = 30


@dataclass(slots=True)
class Waits:
    """Who waits in this process now, by person (a key's system is a person too)."""

    per_caller: int
    in_all: int
    _open: Counter[str] = field(default_factory=Counter)

    def enter(self, caller: str) -> str:
        """Count one more wait; gives why it may not begin, or nothing. Who may, leaves later."""
        if self._open[caller] >= self.per_caller:
            return (
                f"This sign-in or key has {self.per_caller} pages or requests that wait already, "
                "which is the most. Close one, or ask without waiting."
            )
        if self._open.total() >= self.in_all:
            return "The hub has as many waiting pages as it can serve. Ask without waiting."
        self._open[caller] += 1
        return ""

    def leave(self, caller: str) -> None:
        """What was entered ends."""
        self._open[caller] -= 1
        if self._open[caller] <= 0:
            del self._open[caller]


def too_many(why: str) -> Answer:
    """The answer to a wait that may not begin."""
    body = json.dumps({"error": "too_many_waiting", "message": why}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(RETRY_SECONDS).encode()),
        *AS_BYTES,
    ]
    return Answer(429, headers, body)
