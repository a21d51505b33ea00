"""Who sends slowly holds back nobody: a body costs no place before all of it is here."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import pytest

from support.live import Served

LARGE = 2_000_000
AT_ONCE = 2.0  # seconds; a slow sender may take many


def connected(served: Served) -> socket.socket:
    parts = urlsplit(served.url)
    assert parts.port
    return socket.create_connection(("127.0.0.1", parts.port), timeout=30)


def begun(served: Served, path: str, *, length: int, sent: bytes) -> socket.socket:
    """A request of which the head and the beginning of its body were sent."""
    sender = connected(served)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    sender.sendall(head.encode() + sent)
    return sender


@contextmanager
def slow_senders(served: Served, count: int, *, sent: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        senders = [
            stack.enter_context(closing(begun(served, "/api/v1/answers", length=LARGE, sent=sent)))
            for _ in range(count)
        ]
        time.sleep(0.3)  # the server has begun to read them
        yield senders


def asked(served: Served, method: str, path: str, body: bytes = b"") -> tuple[int, float]:
    """The answer's status, and after how many seconds it was here."""
    parts = urlsplit(served.url)
    began = time.monotonic()
    with closing(http.client.HTTPConnection("localhost", parts.port, timeout=30)) as caller:
        caller.request(method, path, body or None, {"Content-Type": "application/json"})
        status = caller.getresponse().status
    return status, time.monotonic() - began


@pytest.mark.parametrize("sent", [b"[", b"[" + b" " * 500_000], ids=["a byte", "a quarter"])
@pytest.mark.django_db(transaction=True)
def test_others_are_answered_at_once_beside_twenty_slow_senders(
    served: Served, sent: bytes
) -> None:
    with slow_senders(served, 20, sent=sent):
        for method, path, body in (
            ("GET", "/", b""),
            ("POST", "/api/v1/answers", b"[" + b" " * (LARGE - 2) + b"]"),
            ("POST", "/api/v1/answers", b"[]"),
        ):
            status, seconds = asked(served, method, path, body)
            assert status in (200, 401), (method, path)
            assert seconds < AT_ONCE, (method, path, seconds)


@pytest.mark.django_db(transaction=True)
def test_a_slow_sender_who_sends_all_is_answered(served: Served) -> None:
    with slow_senders(served, 5, sent=b"[") as senders:
        for sender in senders:
            rest = LARGE - 1
            while rest:
                part = min(rest, 300_000)
                sender.sendall(b" " * part)
                rest -= part
            assert sender.recv(100).startswith(b"HTTP/1.1 401 ")
