"""One table: our field, their column, and how the value is read.

A reader gives the value or raises ``ValueError`` with what is wrong and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from recoup.core.said import Said

#: One unit is a millionth of a dollar: these are valuation units, not money.
PLACES: Final = 6

_WHOLE_DIGITS: Final = 13
_ADDRESS: Final = re.compile(r"[!-+\--~]{1,128}\Z")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\Z")
_BLOCK: Final = re.compile(r"[0-9]{1,15}\Z")
_USD: Final = re.compile(r"([0-9]+)(?:\.([0-9]{1,30}))?\Z")


def read_moment(text: str) -> datetime:
    if not _MOMENT.match(text):
        raise ValueError(Said("Not a moment. Write it as 2024-07-16 12:04:47, in UTC."))
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(Said("There is no such day or time. Correct it.")) from None


def read_block(text: str) -> int:
    if not _BLOCK.match(text):
        raise ValueError(Said("Not a block number. Write digits only."))
    return int(text)


def read_hash(text: str) -> str:
    if not _ADDRESS.match(text):
        raise ValueError(
            Said("Not a transaction hash: 1 to 128 visible ASCII characters, no comma.")
        )
    return text


def read_address(text: str) -> str:
    """Addresses are the same whether in upper or lower case; the lower case is kept."""
    if not _ADDRESS.match(text):
        raise ValueError(
            Said("Not an address: 1 to 128 visible ASCII characters, no comma, no space.")
        )
    return text.lower()


def read_label(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError(Said("A control character stands in the label. Write it again."))
    return text


def read_usd(text: str) -> str:
    """Check a value and keep it as it stands; ``micro_usd`` gives its units."""
    match = _USD.match(text)
    if not match:
        raise ValueError(
            Said(
                "Not a value. Write digits with a point and up to 30 decimals, "
                "without sign, exponent, separator or currency."
            )
        )
    if len(match[1].lstrip("0")) > _WHOLE_DIGITS:
        raise ValueError(
            Said("More than %(most)s digits before the point. Correct it.", most=_WHOLE_DIGITS)
        )
    return text


def micro_usd(text: str) -> int:
    """Return a value in millionths of a dollar, rounded half to even."""
    whole, _, decimals = text.partition(".")
    kept, beyond = decimals[:PLACES].ljust(PLACES, "0"), decimals[PLACES:]
    units = int(whole + kept)
    if not beyond:
        return units
    twice, one = 2 * int(beyond), 10 ** len(beyond)
    return units + (twice > one or (twice == one and units % 2 == 1))


Reader = Callable[[str], Any]

#: our field -> (their column, reader)
FIELDS: Final[dict[str, tuple[str, Reader]]] = {
    "at": ("Timestamp", read_moment),
    "block": ("Block", read_block),
    "tx_hash": ("Tx_hash", read_hash),
    "payer": ("From", read_address),
    "payer_label": ("From_label", read_label),
    "payee": ("To", read_address),
    "payee_label": ("To_label", read_label),
    "usd": ("Value_in_USD", read_usd),
}
COLUMNS: Final = tuple(column for column, _ in FIELDS.values())
