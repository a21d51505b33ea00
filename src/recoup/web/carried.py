"""A file that a page carries to its next step, so that nothing waits on the server between them.

What comes back is read and checked anew: it is what a browser sent, and nothing in it is trusted.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

MOST_BYTES = 4_000_000
_HEAD = 100_000


def pack(head: Mapping[str, Any], content: bytes) -> str:
    """A text for a hidden field: what belongs to the file, and the file."""
    data = json.dumps(head).encode() + b"\n" + content
    return base64.b64encode(zlib.compress(data, 6)).decode()


def unpack(token: str, *, fields: frozenset[str]) -> tuple[dict[str, Any], bytes]:
    """What ``pack`` was given; raises ValueError where the fields are others or it is too large."""
    try:
        unzip = zlib.decompressobj()
        data = unzip.decompress(base64.b64decode(token, validate=True), MOST_BYTES + _HEAD)
        if unzip.unconsumed_tail:
            raise ValueError("too large")
        head, _, content = data.partition(b"\n")
        found = json.loads(head)
    except (binascii.Error, zlib.error, json.JSONDecodeError, TypeError, RecursionError) as trouble:
        raise ValueError("not a token") from trouble
    if not isinstance(found, dict) or set(found) != fields:
        raise ValueError("other fields")
    return found, content
