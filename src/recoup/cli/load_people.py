"""People who are signed in to a hub, for `./recoup load`: each with a session and an address.

A person has as many connections as acts are under way, as a browser with several tabs does; none
waits for another's answer. What came of an act is told, never raised: under load that is a figure.
"""

from __future__ import annotations

import http.client
import re
import select
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlencode, urlsplit

PATIENCE_SECONDS: Final = 30.0
NO_ANSWER: Final = 0
SEARCH: Final = "sought="  # a search leads to the page that shows what was found
FORM: Final = "application/x-www-form-urlencoded"


class NotSignedIn(Exception):
    """A person could not sign in; the message says who and what the hub said."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a person. fields: of a form; file: sent along as an upload."""

    method: str
    path: str
    fields: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    file: bytes = b""


@dataclass(slots=True)
class Person:
    """A session at a hub, and the address it comes from (127.1.0.0/16 is the machine itself)."""

    address: str
    login: str
    source: str
    cookies: dict[str, str] = field(default_factory=dict)
    _idle: list[http.client.HTTPConnection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sign_in(self, password: str) -> None:
        """Sign in by the form. Raises NotSignedIn."""
        _, page = self.ask(Ask("GET", "/accounts/login/"))
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        fields = {"login": self.login, "password": password}
        fields["csrfmiddlewaretoken"] = token.group(1).decode() if token else ""
        status, _ = self.ask(Ask("POST", "/accounts/login/", fields))
        if status != 302:
            raise NotSignedIn(f"{self.login} could not sign in: the hub said {status or 'nothing'}")

    def ask(self, ask: Ask) -> tuple[int, bytes]:
        """Ask for something; its status (0: no answer within 30 s, or a broken one) and body."""
        try:
            return self._ask(ask)
        except (OSError, http.client.HTTPException, ValueError):
            return NO_ANSWER, b""

    def close(self) -> None:
        for connection in self._idle:
            connection.close()

    def _ask(self, ask: Ask) -> tuple[int, bytes]:
        body, headers = self._sent(ask)
        connection, is_fresh = self._connection()
        try:
            connection.request(ask.method, ask.path, body, headers)
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            connection.close()
            if is_fresh or ask.method != "GET":
                raise
            return self._ask(ask)  # it was closed while it idled; browsers ask again too
        read = answer.read()
        with self._lock:
            for header in answer.headers.get_all("Set-Cookie") or []:
                self.cookies |= {name: one.value for name, one in SimpleCookie(header).items()}
            self._idle.append(connection)
        if ask.method == "POST" and SEARCH in (found := answer.headers.get("Location", "")):
            return self._ask(Ask("GET", found))
        return answer.status, read

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            while self._idle:
                if is_open(connection := self._idle.pop()):
                    return connection, False
                connection.close()
        place = urlsplit(self.address)
        source = (self.source, 0) if sys.platform == "linux" else None  # elsewhere there is one
        return http.client.HTTPConnection(
            place.hostname or "127.0.0.1", place.port, timeout=PATIENCE_SECONDS,
            source_address=source,
        ), True  # fmt: skip

    def _sent(self, ask: Ask) -> tuple[bytes | None, dict[str, str]]:
        with self._lock:
            cookies = dict(self.cookies)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        headers |= {"Referer": self.address + ask.path, "HX-Request": "true"}
        if ask.method == "GET":
            return None, headers
        headers |= {"Origin": self.address, "X-CSRFToken": cookies.get("csrftoken", "")}
        if not ask.file:
            return urlencode(ask.fields, doseq=True).encode(), headers | {"Content-Type": FORM}
        border = uuid.uuid4().hex
        headers["Content-Type"] = f"multipart/form-data; boundary={border}"
        return _multipart(ask, border), headers


def is_open(connection: http.client.HTTPConnection) -> bool:
    """Whether an idle connection may be used again: the server has not closed it meanwhile."""
    return connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]


def _multipart(ask: Ask, border: str) -> bytes:
    """A form with a file in it, as a browser sends it."""
    parts = [
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in ask.fields.items()
    ]
    parts += [
        f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="load.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode(),
        ask.file, f"\r\n--{border}--\r\n".encode(),
    ]  # fmt: skip
    return b"".join(parts)
