"""Runs the pages and the API, which are WSGI, inside the one ASGI server: one hop to a thread.

The body is read before, and the whole answer sent after the thread's work, so a request crosses
between loop and thread twice, not once for every piece: under load that was a fifth of its cost.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from a2wsgi.wsgi import build_environ

LARGE_BYTES: Final = 1_000_000
LARGE_AT_ONCE: Final = 4
BODY_SECONDS: Final = 60.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Answer(NamedTuple):
    """A whole answer: status, headers in the server's form, body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class ClientGone(Exception):
    """The caller went away before its request was here."""


class Bridge:
    """A WSGI application as an ASGI one.

    most_bytes: how long a body to a path may be; of a longer one no more is read, and the
    application refuses it by its length. Few large bodies are in memory at once; the others wait.
    """

    def __init__(
        self, application: Callable[..., Any], *, threads: int, most_bytes: Callable[[str], int]
    ) -> None:
        self.application = application
        self.pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="pages")
        self.most_bytes = most_bytes
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self.most_bytes(scope["path"])
        if _declared_bytes(scope) > most:
            await self._send(await self.ask(scope), send)
        elif most <= LARGE_BYTES or 0 <= _declared_bytes(scope) <= LARGE_BYTES:
            await self._serve(scope, receive, send, most)
        else:
            async with self.large:
                await self._serve(scope, receive, send, most)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive, most)
        except (ClientGone, TimeoutError):
            return
        await self._send(await self.ask(scope, body), send)

    @staticmethod
    async def _send(answer: Answer, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def ask(self, scope: Scope, body: bytes = b"") -> Answer:
        """Let the application answer; for a request whose body is here already."""
        environ = build_environ(scope, io.BytesIO(body))  # type: ignore[arg-type]
        if "CONTENT_LENGTH" not in environ:  # a body in chunks
            environ["CONTENT_LENGTH"] = str(len(body))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, self._answer, dict(environ))

    def _answer(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = [(status, headers)]

        parts: Iterable[bytes] = self.application(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        status, headers = started[0]
        return Answer(
            int(status.split(" ", 1)[0]),
            [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            body,
        )


def _declared_bytes(scope: Scope) -> int:
    """What the request says of its body's length; none for a body in chunks, -1."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0
        if name == b"transfer-encoding":
            return -1
    return 0


async def _body(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts)
