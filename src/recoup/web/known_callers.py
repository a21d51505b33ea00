"""Whose keys and sessions were found good here lately: theirs are the threads kept for holds.

Whether a key or a session is good is found out in a thread. If a made-up one were enough to be let
into the threads that are kept for urgent work, strangers could fill those too. So the first request
of a caller stands in the common line, and further ones need not. Nothing is allowed by this: what
somebody may do is asked anew at each request.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from django.conf import settings

MOST_KEPT: Final = 20_000
KEPT_SECONDS: Final = 900.0
SESSION: Final = re.compile(rf"(?:^|;\s*){re.escape(settings.SESSION_COOKIE_NAME)}=([^;]+)")


@dataclass(slots=True)
class KnownCallers:
    """Digests of credentials, and when each was last found good; safe for threads."""

    _seen: OrderedDict[bytes, float] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def remember(self, authorization: str, cookie: str) -> None:
        """This credential belongs to somebody."""
        if (mark := _mark(authorization, cookie)) is None:
            return
        with self._lock:
            self._seen[mark] = time.monotonic()
            self._seen.move_to_end(mark)
            if len(self._seen) > MOST_KEPT:
                self._seen.popitem(last=False)

    def has(self, authorization: str, cookie: str) -> bool:
        """Whether this credential was found good within the last minutes."""
        mark = _mark(authorization, cookie)
        seen = self._seen.get(mark) if mark is not None else None
        return seen is not None and time.monotonic() - seen < KEPT_SECONDS


def _mark(authorization: str, cookie: str) -> bytes | None:
    if authorization:
        return hashlib.sha256(b"key " + authorization.encode("latin-1", "replace")).digest()
    found = SESSION.search(cookie)
    return hashlib.sha256(b"session " + found[1].encode()).digest() if found else None


callers = KnownCallers()
