"""A small client of the hub's API: one connection kept open, standard library only.

It tells three outcomes apart, since each asks for something else: an answer, a refusal that
repeating cannot cure (``HubRefused``), and silence, where the same bytes are sent again later
(``HubSilent``).
"""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class HubSilent(Exception):
    """No usable answer came; the same request may be sent again, with the same key."""

    def __init__(self, what: str, why: object) -> None:
        self.what = what
        super().__init__(f"The hub did not answer {what} ({why}). Sending again later.")


class HubRefused(Exception):
    """The hub refused this request; sending the same again would be refused again."""

    def __init__(self, what: str, status: int, error: Json) -> None:
        self.what, self.status, self.error = what, status, error
        message = error.get("message") or error.get("detail") or error.get("error") or "no reason"
        super().__init__(f"The hub refused {what} with {status}: {message}")


class Hub:
    """The hub as one institution sees it. Not for two threads at once."""

    def __init__(self, url: str, key: str, *, timeout_seconds: float = 40) -> None:
        self.url = urlsplit(url)
        self.headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self.timeout_seconds = timeout_seconds
        self._connection: http.client.HTTPConnection | None = None

    def tickets(self, state: str, *, wait: int = 0) -> Json:
        """Return tickets in a state; waits up to ``wait`` seconds for the first one."""
        return self.get(f"/api/v1/tickets?state={state}&wait={wait}")

    def holds(self) -> list[Json]:
        """Return what the hub believes this institution holds."""
        found: list[Json] = self.get("/api/v1/holds")["holds"]
        return found

    def get(self, path: str) -> Json:
        """Ask for a resource; raises HubSilent or HubRefused."""
        return self._exchange("GET", path, None, {})

    def post(self, path: str, body: bytes, key: str) -> Json:
        """Send a body under its idempotency key; raises HubSilent or HubRefused."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return self._exchange("POST", path, body, headers)

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Json) -> Json:
        what = f"{method} {path}"
        try:
            status, raw = self._send(method, path, body, self.headers | headers)
            answer: Json = json.loads(raw) if raw else {}
        except (OSError, http.client.HTTPException, ValueError) as trouble:
            self.close()
            raise HubSilent(what, trouble or type(trouble).__name__) from None
        if status in AGAIN:
            raise HubSilent(what, status)
        if status >= 300:
            raise HubRefused(what, status, answer if isinstance(answer, dict) else {})
        return answer

    def _send(self, method: str, path: str, body: bytes | None, headers: Json) -> tuple[int, bytes]:
        fresh = self._connection is None
        try:
            return self._once(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if fresh:
                raise
            # A kept connection that the server closed while idle: one new try is safe,
            # since every write carries its idempotency key.
            return self._once(method, path, body, headers)

    def _once(self, method: str, path: str, body: bytes | None, headers: Json) -> tuple[int, bytes]:
        if self._connection is None:
            is_secure = self.url.scheme == "https"
            kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
            host = self.url.hostname or "127.0.0.1"
            self._connection = kind(host, self.url.port, timeout=self.timeout_seconds)
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def body_of(value: object) -> bytes:
    """Return a value as the bytes of a request."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def pauses(dice: random.Random, *, first: float = 0.2, most: float = 10.0) -> Iterator[float]:
    """Yield growing pauses in seconds for a silent hub, each up to half longer by chance."""
    pause = first
    while True:
        yield pause * (1 + dice.random() / 2)
        pause = min(most, pause * 2)
