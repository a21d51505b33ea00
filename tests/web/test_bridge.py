"""The bridge from the server to the pages: bodies and their limits, and that callers may go."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from recoup.web import arriving
from recoup.web.bridge import LARGE_BYTES, MOST_IN_LINE, Bridge
from support.loops import in_a_loop

Message = dict[str, Any]


def _echo(environ: Message, start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
    start_response("200 OK", [("X-Length", environ["CONTENT_LENGTH"])])
    return [body[:20], b"!"]


def _asked(
    parts: Sequence[Message], *headers: tuple[bytes, bytes], most: int = 100
) -> list[Message]:
    """What the bridge sends for a request whose body comes in these parts."""
    sent: list[Message] = []
    rest = list(parts)

    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return rest.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": b"",
             "http_version": "1.1", "headers": list(headers)}  # fmt: skip

    async def serve() -> None:
        await Bridge(_echo, threads=1, most_bytes=lambda _: most)(scope, receive, send)

    in_a_loop(serve())
    return sent


def _scope(path: str) -> Message:
    return {"type": "http", "method": "GET", "path": path, "query_string": b"",
            "http_version": "1.1", "headers": []}  # fmt: skip


def _slow_until() -> tuple[threading.Event, Callable[..., list[bytes]]]:
    """An application that answers /slow when the gate is opened, all else at once."""
    gate = threading.Event()

    def application(environ: Message, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            gate.wait(20)
        start_response("200 OK", [])
        return []

    return gate, application


def _part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_pieces_arrives_whole_and_the_answer_leaves_whole():
    sent = _asked([_part(b"one ", more=True), _part(b"two")], (b"content-length", b"7"))
    assert sent[0]["status"] == 200
    assert sent[1]["body"] == b"one two!"


def test_a_body_in_chunks_gets_its_length():
    sent = _asked([_part(b"abc")], (b"transfer-encoding", b"chunked"))
    assert dict(sent[0]["headers"])[b"x-length"] == b"3"


def test_a_body_in_chunks_is_read_no_further_than_its_limit_and_told_by_its_length():
    parts = [_part(b"x" * 60, more=True)] * 5
    sent = _asked(parts, (b"transfer-encoding", b"chunked"))
    assert dict(sent[0]["headers"])[b"x-length"] == b"120"


def test_a_body_that_says_it_is_too_long_is_not_read():
    sent = _asked([], (b"content-length", b"101"))
    assert dict(sent[0]["headers"])[b"x-length"] == b"101"


def test_a_large_body_is_served_too():
    length = LARGE_BYTES + 1
    sent = _asked([_part(b"x" * length)], (b"content-length", b"%d" % length), most=2 * LARGE_BYTES)
    assert dict(sent[0]["headers"])[b"x-length"] == b"%d" % length


def test_a_body_that_comes_too_slowly_is_answered_with_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(arriving, "GRACE_SECONDS", -1.0)
    sent = _asked([_part(b"abc", more=True)] * 3, (b"content-length", b"9"))
    assert sent[0]["status"] == 408 and b"Send it again" in sent[1]["body"]


def test_who_goes_before_the_body_was_here_gets_nothing():
    assert _asked([{"type": "http.disconnect"}], (b"content-length", b"3")) == []


def test_urgent_requests_find_a_thread_while_all_others_wait_for_one() -> None:
    """Holds and answers of banks go on while a flood of anything else fills the other threads."""
    gate = threading.Event()

    def application(environ: Message, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            gate.wait(20)
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    async def serve() -> tuple[int, int, bytes]:
        bridge = Bridge(application, threads=4, most_bytes=lambda _: 100,
                        is_urgent=lambda one: one["path"] == "/hold")  # fmt: skip
        flood = [asyncio.create_task(bridge.ask(_scope("/slow"))) for _ in range(MOST_IN_LINE)]
        await asyncio.sleep(0.05)
        beyond = await asyncio.wait_for(bridge.ask(_scope("/slow")), 5)
        urgent = await asyncio.wait_for(bridge.ask(_scope("/hold")), 5)
        gate.set()
        answers = await asyncio.gather(*flood)
        assert {one.status for one in answers} == {200} and bridge.ordinary.length == 0
        return beyond.status, urgent.status, urgent.body

    assert in_a_loop(serve()) == (503, 200, b"/hold")


def test_who_stood_in_line_too_long_is_told_and_nothing_was_done() -> None:
    gate = threading.Event()
    asked: list[str] = []

    def application(environ: Message, start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        gate.wait(20)
        start_response("200 OK", [])
        return []

    async def serve() -> tuple[int, int]:
        bridge = Bridge(application, threads=3, most_bytes=lambda _: 100, patience=0.05)
        first = asyncio.create_task(bridge.ask(_scope("/first")))
        await asyncio.sleep(0.02)
        late = await asyncio.wait_for(bridge.ask(_scope("/late")), 5)
        gate.set()
        assert bridge.ordinary.length == 1 and (await first).status == 200
        assert bridge.ordinary.length == 0 and not bridge.ordinary.is_full()
        return late.status, len(asked)

    assert in_a_loop(serve()) == (503, 1)


def test_a_bank_that_nobody_has_seen_yet_becomes_known_in_a_flood() -> None:
    gate, application = _slow_until()

    async def serve() -> int:
        bridge = Bridge(application, threads=4, most_bytes=lambda _: 100,
                        is_first=lambda one: one["path"] == "/first")  # fmt: skip
        flood = [asyncio.create_task(bridge.ask(_scope("/slow"))) for _ in range(MOST_IN_LINE)]
        await asyncio.sleep(0.05)
        first = await asyncio.wait_for(bridge.ask(_scope("/first")), 5)
        gate.set()
        await asyncio.gather(*flood)
        return first.status

    assert in_a_loop(serve()) == 200


def test_who_is_new_takes_any_thread_while_there_is_one() -> None:
    gate, application = _slow_until()

    async def serve() -> tuple[int, int]:
        bridge = Bridge(application, threads=5, most_bytes=lambda _: 100, is_first=lambda _: True)
        slow = asyncio.create_task(bridge.ask(_scope("/slow")))
        await asyncio.sleep(0.02)
        second = await asyncio.wait_for(bridge.ask(_scope("/second")), 2)
        gate.set()
        return (await slow).status, second.status

    assert in_a_loop(serve()) == (200, 200)


def test_pages_are_made_one_after_the_other() -> None:
    """Two at once would only take the processor from each other."""
    working, most = [0], [0]

    def application(environ: Message, start_response: Any) -> list[bytes]:
        working[0] += 1
        most[0] = max(most[0], working[0])
        time.sleep(0.01)
        working[0] -= 1
        start_response("200 OK", [])
        return []

    async def serve() -> set[int]:
        bridge = Bridge(application, threads=8, most_bytes=lambda _: 100)
        answers = await asyncio.gather(*(bridge.ask(_scope("/one")) for _ in range(20)))
        assert bridge.ordinary.length == 0
        return {one.status for one in answers}

    assert in_a_loop(serve()) == {200}
    assert most == [1]


def test_beside_slow_ones_others_go_on_while_there_are_threads() -> None:
    """Who waits for a locked row lends the turn, and takes no second one when it ends."""
    gate, application = _slow_until()

    async def serve() -> tuple[int, int, int]:
        bridge = Bridge(application, threads=8, most_bytes=lambda _: 100, patience=20)
        threads = 1 + bridge.ordinary.to_lend
        slow = [asyncio.create_task(bridge.ask(_scope("/slow"))) for _ in range(threads - 1)]
        await asyncio.sleep(0.02)
        beside = await asyncio.wait_for(bridge.ask(_scope("/quick")), 10)
        full = asyncio.create_task(bridge.ask(_scope("/slow")))
        last = asyncio.create_task(bridge.ask(_scope("/quick")))
        await asyncio.sleep(0.7)
        assert not last.done() and bridge.ordinary.to_lend == 0
        gate.set()
        assert {(await one).status for one in [*slow, full]} == {200}
        assert (await last).status == 200
        line = bridge.ordinary
        return beside.status, line.to_lend - threads + 1, line.free - 1  # no turn is left over

    assert in_a_loop(serve()) == (200, 0, 0)
