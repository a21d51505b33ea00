"""The one way in which the hub calls somebody outside; nothing else opens a connection.

An address may lead inside: to a database, to a cloud's own service, to the hub itself. So the name
is resolved once, every address that it has must be public, and the connection goes to that very
address, so that the name cannot mean another one a moment later. No redirect is followed, no proxy
of the environment asked, and whoever answers slowly or at length is left. Hosts of one's own
network are named one by one in RECOUP_OUTGOING_PRIVATE.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

SECONDS: Final = 5.0
MOST_BYTES: Final = 1_048_576
PIECE: Final = 65_536
PORTS: Final = {"https": 443, "http": 80}
# Ranges in which an address of the fourth version is wrapped, and the bytes where it stands.
WRAPPED: Final = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 12),
    (ipaddress.IPv6Network("::/96"), 12),
    (ipaddress.IPv6Network("64:ff9b::/96"), 12),
    (ipaddress.IPv6Network("2002::/16"), 2),
)
TEREDO: Final = ipaddress.IPv6Network("2001::/32")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class CallRefused(OSError):
    """The hub does not call this address, or will not take its answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: the name for the certificate, the resolved address for the connection."""

    is_tls: bool
    host: str
    address: str
    port: int
    path: str


def post(
    url: str, body: bytes, *, content_type: str, seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES, headers: Mapping[str, str] | None = None,
) -> bytes:  # fmt: skip
    """Send bytes and return the answer's; raises CallRefused, or OSError where nobody answers."""
    said = {"Content-Type": content_type, **(headers or {})}
    return _call("POST", url, body, said, seconds, most_bytes)[1]


def exchange(
    url: str, body: bytes, *, content_type: str, statuses: Collection[int],
    seconds: float = SECONDS, most_bytes: int = MOST_BYTES,
) -> tuple[int, bytes]:  # fmt: skip
    """As ``post``, where a refusal tells something too: one of these statuses, and the bytes."""
    said = {"Content-Type": content_type}
    return _call("POST", url, body, said, seconds, most_bytes, statuses)


def get(url: str, *, seconds: float = SECONDS, most_bytes: int = MOST_BYTES) -> bytes:
    """Fetch a document; raises CallRefused, or OSError where nobody answers."""
    return _call("GET", url, None, {}, seconds, most_bytes)[1]


def _call(
    method: str, url: str, body: bytes | None, said: Mapping[str, str], seconds: float,
    most_bytes: int, statuses: Collection[int] = (http.client.OK,),
) -> tuple[int, bytes]:  # fmt: skip
    target = resolved(url)
    headers = {**said, "Accept-Encoding": "identity", "Connection": "close"}
    connection = _Pinned(target, seconds)
    with _ended_after(seconds, connection) as is_over:
        try:
            connection.request(method, target.path, body, headers)
            return _answer(connection, target, most_bytes, is_over, statuses)
        except http.client.HTTPException as fault:
            raise CallRefused(f"{target.host} answered what is no HTTP: {fault!r}") from None
        finally:
            connection.close()


def resolved(url: str) -> Target:
    """The one address to which a call goes; raises CallRefused unless all of the name's may be."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as fault:
        raise CallRefused(f"{url!r} is no address: {fault}.") from None
    if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.password:
        raise CallRefused(f"{url!r} is no address of http or https with a host and nobody's name.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(ord(sign) <= 32 or ord(sign) > 126 for sign in path):
        raise CallRefused(f"{url!r} has a sign in its path that no address has.")
    found = list(_addresses(parts.hostname, port))
    allowed = parts.hostname.lower() in own_hosts()
    for address in found:
        if not allowed and not is_public(ipaddress.ip_address(address)):
            raise CallRefused(
                f"{parts.hostname} is {address}, which is no public address. A host of your own "
                "network is named in RECOUP_OUTGOING_PRIVATE."
            )
    return Target(parts.scheme == "https", parts.hostname, found[0], port, path)


def own_hosts() -> Collection[str]:
    """Hosts of the hub's own network that it may call, as the settings name them."""
    return {host.strip().lower() for host in settings.OUTGOING_PRIVATE if host.strip()}


def _addresses(host: str, port: int) -> Iterator[str]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise CallRefused(f"{host} has no address: {fault}.") from None
    for *_, place in rows:
        yield str(place[0]).partition("%")[0]


def is_public(address: Address) -> bool:
    """Whether an address is of the open net, also where one of another version is wrapped in it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in TEREDO:
            return False
        for network, begin in WRAPPED:
            if address in network:
                return is_public(ipaddress.IPv4Address(address.packed[begin : begin + 4]))
    return address.is_global and not address.is_multicast and not address.is_reserved


# The connection


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was looked at, and asks for the certificate of the name."""

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self.target = target
        self.raw: socket.socket | None = None  # stays known when the answer has taken it over

    def connect(self) -> None:
        place = (self.target.address, self.target.port)
        self.sock = self.raw = socket.create_connection(place, timeout=self.timeout)
        if self.target.is_tls:
            context = ssl.create_default_context()
            self.sock = self.raw = context.wrap_socket(self.sock, server_hostname=self.target.host)


@contextlib.contextmanager
def _ended_after(seconds: float, connection: _Pinned) -> Iterator[threading.Event]:
    """The whole call has an end; a limit for each piece alone would let drops come for ever."""
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        if connection.raw is not None:
            with contextlib.suppress(OSError):
                connection.raw.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds, end)
    clock.daemon = True
    clock.start()
    try:
        yield is_over
    except (OSError, ValueError):
        if is_over.is_set():
            raise CallRefused(f"No whole answer came within {seconds:g} seconds.") from None
        raise
    finally:
        clock.cancel()


def _answer(
    connection: _Pinned, target: Target, most_bytes: int, is_over: threading.Event,
    statuses: Collection[int],
) -> tuple[int, bytes]:  # fmt: skip
    response = connection.getresponse()
    if response.status not in statuses:
        only = ", ".join(map(str, statuses))
        raise CallRefused(f"{target.host} answered {response.status}; only {only} is taken.")
    content = b""
    while piece := response.read1(PIECE):
        content += piece
        if len(content) > most_bytes:
            raise CallRefused(f"{target.host} answers more than {most_bytes} bytes.")
    if is_over.is_set():
        raise CallRefused("The call had to end before the answer did.")
    if response.length:
        raise CallRefused(f"{target.host} ended {response.length} bytes before its answer did.")
    return response.status, content
