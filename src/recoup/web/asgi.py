"""One address, one port: waiting is native here, everything else runs as WSGI in a thread pool.

A long poll and a case's events only *wait* here. What is answered, and to whom, is always asked of
Django with the caller's own key or cookie, so that there is one place that decides who may see what
(decision 39). NOTIFY wakes the waiting; a poll stands behind it (decision 25).
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from django.conf import settings

from recoup.data.policy import load_limits
from recoup.data.rate_limits import load_rate_limits
from recoup.web.addresses import networks, placed
from recoup.web.bodies import longest_body
from recoup.web.bridge import Answer, Bridge, Receive, Scope, Send
from recoup.web.headers import AS_BYTES
from recoup.web.known_callers import callers
from recoup.web.live import Tide
from recoup.web.waiting import Waits, too_many
from recoup.web.wsgi import application as wsgi

log = logging.getLogger("recoup.live")
THREADS = int(os.environ.get("RECOUP_THREADS", "8"))
INBOXES = frozenset({"/api/v1/tickets", "/api/v1/request-tickets"})
LONGEST_WAIT = 25
SECONDS_BETWEEN_CHECKS = 15
INSIDE = b"x-recoup-"  # what Django tells this module only
AGAIN_SECONDS = 1.0
MOST_CALLERS = 10_000
NO_MORE = b'"more":false}'
EMPTY_INBOX = b'{"tickets":[],' + NO_MORE


PROXIES = networks(settings.PROXIES)


def _is_urgent(scope: Scope) -> bool:
    """Whether a request has threads that are kept for it: what holds and answers of banks are.

    A stranger's is not, wherever it goes, nor one whose key or session nobody has seen yet.
    """
    return _is_of_holds(scope) and callers.has(*_credential(scope))


def _is_first(scope: Scope) -> bool:
    """Whether somebody comes with holds or answers who was not seen here yet."""
    return _is_of_holds(scope) and any(_credential(scope))


def _is_of_holds(scope: Scope) -> bool:
    return load_rate_limits().of_path(scope["path"]).urgent


def _credential(scope: Scope) -> tuple[str, str]:
    named = dict(scope["headers"])
    key, cookie = (named.get(name, b"").decode("latin-1") for name in (b"authorization", b"cookie"))
    return key, cookie


django = Bridge(wsgi, threads=THREADS, most_bytes=longest_body, is_urgent=_is_urgent,
                is_first=_is_first)  # fmt: skip
tide = Tide(os.environ.get("DATABASE_URL", ""))
waits = Waits(load_limits().waits_per_login, load_limits().waits_per_process)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Route one connection."""
    if scope["type"] == "http":
        await _answer(placed(scope, PROXIES), receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] in INBOXES and scope["method"] == "GET" and _wait(scope):
        await _long_poll(scope, receive, send)
    elif scope["path"] == "/desk/events":
        await _events(scope, receive, send, "/desk/version")
    elif scope["path"].startswith("/cases/") and scope["path"].endswith("/events"):
        await _events(scope, receive, send, scope["path"].removesuffix("events") + "version")
    else:
        await django(scope, receive, send)


def _wait(scope: Scope) -> int:
    values = parse_qs(scope["query_string"].decode("latin-1")).get("wait", ["0"])
    text = values[-1]
    is_short = len(text) <= 2 and text.isascii() and text.isdigit()
    return int(text) if is_short and int(text) <= LONGEST_WAIT else 0


async def ask_django(scope: Scope, path: str | None = None) -> Answer:
    """Let Django answer a request without a body."""
    asked = dict(scope)
    if path is not None:
        asked |= {"path": path, "raw_path": path.encode(), "method": "GET", "query_string": b""}
    return await django.ask(asked)


async def _long_poll(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer when there is a ticket, or when the time is up. The first answer decides who asks."""
    tide.start()
    loop = asyncio.get_running_loop()
    ends = loop.time() + _wait(scope)
    waiting = ""
    gone = asyncio.create_task(_disconnected(receive))
    caller = dict(scope["headers"]).get(b"authorization", b"")
    try:
        await _after_delivery(caller, until=gone)
        while True:
            seen = tide.mark()
            status, headers, body, _ = await ask_django(scope)
            org = next((int(v) for k, v in headers if k == b"x-recoup-organisation"), 0)
            if org and body != EMPTY_INBOX and body.endswith(NO_MORE):
                _delivered[caller] = Delivered(org, seen, loop.time())
            left = ends - loop.time()
            if status != 200 or body != EMPTY_INBOX or left <= 0 or gone.done():
                break
            if not waiting:
                if why := waits.enter(_caller(headers)):
                    status, headers, body, _ = too_many(why)
                    break
                waiting = _caller(headers)
            await tide.inbox_changed(org, since=seen, timeout=left, until=gone)
    finally:
        gone.cancel()
        waits.leave(waiting)
    headers = [(name, value) for name, value in headers if not name.startswith(INSIDE)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Delivered(NamedTuple):
    """When a caller was last given tickets, and of which inbox."""

    organisation_id: int
    mark: int
    at: float


_delivered: dict[bytes, Delivered] = {}


async def _after_delivery(caller: bytes, *, until: asyncio.Task[None]) -> None:
    """Who comes back at once has its tickets and asks for new ones: wait for a first sign of one.

    Whoever lost them is given them again after a moment; only who was known then waits here.
    """
    last = _delivered.pop(caller, None)
    if len(_delivered) > MOST_CALLERS:
        _delivered.clear()
    if last and asyncio.get_running_loop().time() - last.at < AGAIN_SECONDS:
        await tide.inbox_changed(
            last.organisation_id, since=last.mark, timeout=AGAIN_SECONDS, until=until
        )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _events(scope: Scope, receive: Receive, send: Send, version_at: str) -> None:
    """Server-sent events of a case or a desk: only that something changed, never what.

    Django is asked again every few seconds whether the reader may still see it.
    """
    tide.start()
    status, headers, body, _ = await ask_django(scope, version_at)
    caller = _caller(headers)
    if status == 200 and (why := waits.enter(caller)):
        status, headers, body, _ = too_many(why)
    if status != 200:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    try:
        await _stream(scope, receive, send, version_at, _woken_by(version_at, headers), body)
    finally:
        waits.leave(caller)


def _caller(headers: list[Any]) -> str:
    """Whose wait it is: the person that Django found behind cookie or key."""
    return next((v.decode() for k, v in headers if k == b"x-recoup-caller"), "unknown")


async def _stream(
    scope: Scope, receive: Receive, send: Send, version_at: str, wakes: str, version: bytes
) -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8"),
               (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"),
               *AS_BYTES]  # fmt: skip
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.create_task(_disconnected(receive))
    await _event(send, "version", version)
    try:
        while not gone.done():
            seen = tide.mark()
            changed = await tide.changed(
                wakes, since=seen, timeout=SECONDS_BETWEEN_CHECKS, until=gone
            )
            if gone.done():
                break
            status, _, body, _ = await ask_django(scope, version_at)
            if status != 200:
                await _event(send, "ended", b"")
                break
            name = "changed" if changed or body != version else "same"
            version = body
            await _event(send, name, version)
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})


def _woken_by(version_at: str, headers: list[Any]) -> str:
    """The notification that wakes a reader: the case's, or the inbox of the desk's organisation."""
    if version_at.startswith("/cases/"):
        return f"recoup_case:{version_at.split('/')[2]}"
    organisation = next((v for k, v in headers if k == b"x-recoup-organisation"), b"0")
    return f"recoup_inbox:{int(organisation)}"


async def _event(send: Send, name: str, data: bytes) -> None:
    body = b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})
