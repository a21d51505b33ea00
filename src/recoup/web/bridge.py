"""Runs the pages and the API, which are WSGI, inside the one ASGI server: one hop to a thread.

The body is read before, and the whole answer sent after the thread's work, so a request crosses
between loop and thread twice, not once for every piece: under load that was a fifth of its cost.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from a2wsgi.wsgi import build_environ

from recoup.web.arriving import Body, ClientGone, NoRoom, Room, TooSlow, read_body
from recoup.web.arriving import Receive as Receive
from recoup.web.headers import AS_BYTES
from recoup.web.line import Line

LARGE_BYTES: Final = 1_000_000
LARGE_AT_ONCE: Final = 4
LARGE_AND_URGENT: Final = 2
KEPT_FREE: Final = 2  # threads that only urgent requests take
FIRST: Final = 2  # threads for those whose credential nobody has seen yet, on urgent paths
MOST_IN_LINE: Final = 400  # for the other threads; who comes then is told to come again
FIRST_IN_LINE: Final = 50  # of those whose credential nobody has seen yet, on urgent paths
LONGEST_IN_LINE: Final = 5.0  # seconds; by then a reader has gone, and the answer is for nobody
RETRY_SECONDS: Final = 10

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


PIECEWISE: Final = b"x-recoup-piecewise"


class Answer(NamedTuple):
    """An answer: status, headers in the server's form, body.

    rest: the body of a long download, which is asked for piece by piece while it is sent.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    rest: Iterable[bytes] | None = None


def _refused(status: int, error: str, message: str) -> Answer:
    body = json.dumps({"error": error, "message": message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        (b"retry-after", str(RETRY_SECONDS).encode()),
        *AS_BYTES,
    ]
    return Answer(status, headers, body)


TOO_SLOW: Final = _refused(
    408, "too_slow", "The body of the request came too slowly. Nothing was stored. Send it again."
)
NO_ROOM: Final = _refused(
    503, "no_room", "Too many long bodies are on their way. Nothing was stored. Send it again."
)
BUSY: Final = _refused(
    503, "busy", "The hub has more to do than it can. Nothing was stored. Send it again."
)


class Bridge:
    """A WSGI application as an ASGI one.

    most_bytes: how long a body to a path may be; of a longer one no more is read, and the
    application refuses it by its length. A body is read before the application is asked; of the
    large ones few are worked on at once, since it takes them into memory.
    is_urgent: whose requests find a thread although all others wait for one. patience: seconds that
    the others wait; then they are told to come again, and nothing was done. is_first: who may be
    urgent, but nobody has seen the credential: if no other thread is free, one finds out, in a line
    apart, so that a flood of pages keeps no bank from becoming known.
    """

    def __init__(
        self, application: Callable[..., Any], *, threads: int, most_bytes: Callable[[str], int],
        is_urgent: Callable[[Scope], bool] = lambda _: False, patience: float = LONGEST_IN_LINE,
        is_first: Callable[[Scope], bool] = lambda _: False,
    ) -> None:  # fmt: skip
        self.application = application
        self.pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="pages")
        self.most_bytes = most_bytes
        self.is_urgent = is_urgent
        self.is_first = is_first
        firsts = max(1, min(FIRST, threads - KEPT_FREE - 1))
        self.ordinary = Line(max(1, threads - KEPT_FREE - firsts), MOST_IN_LINE, patience)
        self.first = Line(firsts, FIRST_IN_LINE, patience, at_work=firsts)
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)
        self.large_urgent = asyncio.Semaphore(LARGE_AND_URGENT)
        self.room = Room()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self.most_bytes(scope["path"])
        if _declared_bytes(scope) > most:
            await self._send(await self.ask(scope), send)
            return
        try:
            body = await read_body(receive, most=most, room=self.room)
        except ClientGone:
            return
        except TooSlow:
            await self._send(TOO_SLOW, send)
            return
        except NoRoom:
            await self._send(NO_ROOM, send)
            return
        try:
            answer = await self._answered(scope, body)
        finally:
            body.close()
        await self._send(answer, send)

    async def _answered(self, scope: Scope, body: Body) -> Answer:
        if body.size <= LARGE_BYTES:
            return await self.ask(scope, body)
        async with self.large_urgent if self.is_urgent(scope) else self.large:
            return await self.ask(scope, body)

    async def _send(self, answer: Answer, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        if answer.rest is not None:
            await self._send_rest(answer.rest, send)
            return
        await send({"type": "http.response.body", "body": answer.body})

    async def _send_rest(self, rest: Iterable[bytes], send: Send) -> None:
        """Send a long body while it is made: a piece at a time is in memory, in no thread between.

        What goes wrong on the way ends the connection: the reader sees that it is not whole.
        """
        loop, pieces = asyncio.get_running_loop(), iter(rest)
        try:
            while (piece := await loop.run_in_executor(self.pool, next, pieces, None)) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            await loop.run_in_executor(self.pool, getattr(rest, "close", lambda: None))
        await send({"type": "http.response.body", "body": b""})

    async def ask(self, scope: Scope, body: Body | None = None) -> Answer:
        """Let the application answer; for a request whose body is here already, or has none."""
        if self.is_urgent(scope):
            return await self._run(scope, body)
        line = self.first if self._waits_apart(scope) else self.ordinary
        place = await line.enter()
        if place is None:
            return BUSY
        try:
            return await self._run(scope, body)
        finally:
            line.leave(place)

    def _waits_apart(self, scope: Scope) -> bool:
        return self.is_first(scope) and self.ordinary.is_full()

    async def _run(self, scope: Scope, body: Body | None) -> Answer:
        """Work on a request in a thread."""
        file, size = (body.file, body.size) if body else (io.BytesIO(), 0)
        environ = build_environ(scope, file)  # type: ignore[arg-type]
        if "CONTENT_LENGTH" not in environ:  # a body in chunks
            environ["CONTENT_LENGTH"] = str(size)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, self._answer, dict(environ))

    def _answer(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = [(status, headers)]

        parts: Iterable[bytes] = self.application(environ, start_response)
        if started and ("X-Recoup-Piecewise", "1") in started[0][1]:
            return Answer(*_head(started[0]), b"", parts)
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        return Answer(*_head(started[0]), body)


def _head(started: tuple[str, list[tuple[str, str]]]) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and headers in the server's form, without the mark of a long download."""
    status, headers = started
    encoded = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers]
    return int(status.split(" ", 1)[0]), [each for each in encoded if each[0] != PIECEWISE]


def _declared_bytes(scope: Scope) -> int:
    """What the request says of its body's length; none for a body in chunks, -1."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0
        if name == b"transfer-encoding":
            return -1
    return 0
