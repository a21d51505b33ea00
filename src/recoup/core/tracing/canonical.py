"""Bytes that are the same wherever they are written: JSON by RFC 8785, and digests of it.

Everything written here is an object with fixed ASCII keys, a list, a text, a truth value or a
small number: for these the plain writer with sorted keys gives the canonical form, fast enough for
ledgers of millions of rows (a test compares it with a full implementation). Names that come from
outside are values, never keys, and sums are texts: JSON numbers are exact up to 2^53 only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from recoup.core.tracing.ledger import LedgerRefused


def canonical(value: object) -> bytes:
    """Write a value canonically; raises LedgerRefused for text that has no UTF-8."""
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    try:
        return text.encode()
    except UnicodeEncodeError as fault:
        broken = text[max(fault.start - 20, 0) : fault.end].encode("ascii", "backslashreplace")
        raise LedgerRefused(
            f"A text holds half of a character, which cannot be written: {broken.decode()}. "
            "Correct the name or the reference.",
            value=broken.decode(),
        ) from None


def digest(lists: Mapping[str, Iterable[Any]]) -> str:
    """Return the SHA-256 of one canonical object of lists, without holding all of it at once."""
    hashed = hashlib.sha256()
    for number, key in enumerate(sorted(lists)):
        hashed.update(("," if number else "{").encode() + canonical(key) + b":[")
        for place, value in enumerate(lists[key]):
            hashed.update((b"," if place else b"") + canonical(value))
        hashed.update(b"]")
    hashed.update(b"}" if lists else b"{}")
    return hashed.hexdigest()
