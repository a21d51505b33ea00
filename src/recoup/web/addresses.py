"""Which address a request comes from: the one place that believes a proxy, or does not.

A connection's own address cannot be invented. What stands in ``X-Forwarded-For`` can, so it is read
only of a proxy that the operator named (``RECOUP_PROXIES``), and from its right end: what a caller
wrote there himself stands to the left of what the last trusted proxy added.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any, Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_HOPS: Final = 20


def networks(text: str) -> tuple[Network, ...]:
    """The proxies of a setting: ``10.0.0.1, fd00::/8``; ValueError names what is none."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def caller(peer: str, forwarded: Iterable[str], proxies: Sequence[Network]) -> str:
    """Who asks: the connection's address, or what the nearest trusted proxy says of it.

    forwarded: the values of ``X-Forwarded-For`` in their order.
    """
    found = _address(peer)
    if found is None or not _is_among(found, proxies):
        return peer
    told = [part.strip() for value in forwarded for part in value.split(",")]
    for text in reversed(told[-MOST_HOPS:]):
        before = _address(text)
        if before is None:  # not an address: who wrote it is not to be believed beyond here
            break
        found = before
        if not _is_among(before, proxies):
            break
    return str(found)


def placed(scope: MutableMapping[str, Any], proxies: Sequence[Network]) -> MutableMapping[str, Any]:
    """A connection as it came, with the caller's address and scheme that a named proxy told."""
    peer, port = scope.get("client") or ("", 0)
    found = _address(peer)
    if not proxies or found is None or not _is_among(found, proxies):
        return scope
    told: dict[bytes, list[str]] = {b"x-forwarded-for": [], b"x-forwarded-proto": []}
    for name, value in scope["headers"]:
        if name in told:
            told[name].append(value.decode("latin-1"))
    scope = dict(scope) | {"client": (caller(peer, told[b"x-forwarded-for"], proxies), port)}
    if told[b"x-forwarded-proto"][-1:] == ["https"]:
        scope["scheme"] = "https"
    return scope


def _address(text: str) -> Address | None:
    """An address, if it is one; IPv4 that is written as IPv6 is IPv4."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_among(address: Address, proxies: Sequence[Network]) -> bool:
    return any(address in network for network in proxies if network.version == address.version)
