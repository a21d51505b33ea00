"""Calls outside: only to public addresses, to the one that was looked at, and never for long."""

from __future__ import annotations

import http.server
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.apps import outgoing
from recoup.apps.outgoing import CallRefused, is_public, post, resolved

TYPE = "application/timestamp-query"
INSIDE = [
    "127.0.0.1", "127.255.0.9", "0.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "193.0.6.139", "2a00:1450:4001::1", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_public_however_it_is_written(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_is(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_as_public_as_what_is_wrapped(inner: ipaddress.IPv4Address) -> None:
    for network in ("::ffff:0:0", "64:ff9b::"):
        outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(network)) | int(inner))
        assert is_public(outer) == is_public(inner)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "http://", "x",
        "http://user:word@example.org/", "http://example.org:99999/", "http://example.org/a b",
        "http://example.org/\r\nHost: x", "http://[::1", "//example.org/",
    ],
)  # fmt: skip
def test_what_is_no_address_to_call_is_refused(url: str, names: Callable[..., None]) -> None:
    names("193.0.6.139")
    with pytest.raises(CallRefused):
        resolved(url)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Lets every name have these addresses; gives the names that were looked up."""
    asked: list[str] = []

    def has(*addresses: str) -> list[str]:
        def look_up(host: str, port: int, **_: Any) -> list[Any]:
            asked.append(host)
            return [(2, 1, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(outgoing.socket, "getaddrinfo", look_up)
        return asked

    return has


@pytest.mark.parametrize("inside", ["10.0.0.1", "::1", "169.254.169.254"])
def test_one_address_inside_among_several_is_enough_to_refuse(
    names: Callable[..., Any], inside: str
) -> None:
    names("193.0.6.139", inside)
    with pytest.raises(CallRefused, match="RECOUP_OUTGOING_PRIVATE"):
        resolved("https://stamps.example.org/")


def test_the_call_goes_to_the_address_that_was_looked_at(
    names: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that means another address at the second look leads nobody inside."""
    asked, gone = names("193.0.6.139"), []

    def connect(place: tuple[str, int], **_: Any) -> socket.socket:
        gone.append(place)
        names("127.0.0.1")
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing.socket, "create_connection", connect)
    with pytest.raises(OSError):
        post("http://stamps.example.org/", b"x", content_type=TYPE)
    assert gone == [("193.0.6.139", 80)] and asked == ["stamps.example.org"]


# Somebody who answers


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers as the path says."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        kind, _, more = self.path[1:].partition("/")
        getattr(self, f"answer_{kind}")(sent, more)

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def answer_echo(self, sent: bytes, _: str) -> None:
        body = sent + b"|" + str(self.headers["Host"]).encode()
        self.head(200, Content_Length=len(body))
        self.wfile.write(body)

    def answer_elsewhere(self, sent: bytes, more: str) -> None:
        self.head(302, Location=f"http://169.254.169.254/{more}", Content_Length=0)

    def answer_long(self, sent: bytes, more: str) -> None:
        self.head(200)
        with self.ignoring():
            for _ in range(int(more)):
                self.wfile.write(b"x" * 1000)

    def answer_drops(self, sent: bytes, _: str) -> None:
        self.head(200)
        with self.ignoring():
            while True:
                self.wfile.write(b"x")
                time.sleep(0.05)

    def answer_cut(self, sent: bytes, _: str) -> None:
        self.head(200, Content_Length=100)
        self.wfile.write(b"x")

    def answer_nonsense(self, sent: bytes, _: str) -> None:
        self.wfile.write(b"no http at all\r\n\r\n")

    @staticmethod
    def ignoring() -> Any:
        import contextlib

        return contextlib.suppress(OSError)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    serving.daemon_threads = True
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://localhost:{serving.server_port}"
    serving.shutdown()


@pytest.fixture
def open_inside(settings: Any) -> None:
    settings.OUTGOING_PRIVATE = ["LocalHost"]


def test_a_host_inside_is_called_only_where_it_is_named(server: str, settings: Any) -> None:
    with pytest.raises(CallRefused, match="no public address"):
        post(f"{server}/echo", b"asked", content_type=TYPE)
    settings.OUTGOING_PRIVATE = ["localhost"]
    assert post(f"{server}/echo", b"asked", content_type=TYPE).startswith(b"asked|localhost:")


@pytest.mark.usefixtures("open_inside")
@pytest.mark.parametrize("path", ["elsewhere/latest", "cut", "nonsense", "long/2000"])
def test_what_is_no_plain_answer_is_refused(server: str, path: str) -> None:
    with pytest.raises(CallRefused):
        post(f"{server}/{path}", b"x", content_type=TYPE)


@pytest.mark.usefixtures("open_inside")
def test_an_answer_up_to_the_limit_is_taken_and_no_more(server: str) -> None:
    assert len(post(f"{server}/long/5", b"x", content_type=TYPE, most_bytes=5000)) == 5000
    with pytest.raises(CallRefused, match="more than 4999"):
        post(f"{server}/long/5", b"x", content_type=TYPE, most_bytes=4999)


@pytest.mark.usefixtures("open_inside")
def test_who_answers_by_drops_is_left(server: str) -> None:
    """Each drop comes in time; the whole call has an end all the same."""
    with pytest.raises(CallRefused, match=r"within 0\.3 seconds"):
        post(f"{server}/drops", b"x", content_type=TYPE, seconds=0.3)


@pytest.mark.usefixtures("open_inside")
def test_no_proxy_of_the_environment_is_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    assert post(f"{server}/echo", b"x", content_type=TYPE)
