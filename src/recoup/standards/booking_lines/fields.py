"""The columns of a line, the words that may stand in them, and how a profile writes its values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from recoup.core.said import Said

COLUMNS: Final = ("side", "reference", "booked_at", "amount", "to_kind", "to", "uetr")
FEWEST: Final = 4
MOST: Final = 8

# Ours, and the words of ISO 20022 (CreditDebitCode).
SIDES: Final[Mapping[str, str]] = {
    "credit": "credit", "CRDT": "credit", "debit": "debit", "DBIT": "debit",
}  # fmt: skip
KINDS: Final = ("", "account", "cash", "card", "fee", "abroad", "other")
HEADS: Final[Mapping[str, str]] = {
    "opening balance": "opening", "closing balance": "closing", "from": "from_at",
}  # fmt: skip

SEPARATORS: Final[Mapping[str, str]] = {"tab": "\t", "semicolon": ";", "comma": ","}
DECIMALS: Final = ("point", "comma")
DATES: Final = ("year_first", "day_first")

COMMA_AMOUNT: Final = re.compile(r"(-?)([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,([0-9]+))?")
DAY_FIRST: Final = re.compile(
    r"(?P<day>[0-9]{2})\.(?P<month>[0-9]{2})\.(?P<year>[0-9]{4})\.? (?P<time>[0-9:.+-]+)"
)
YEAR_FIRST: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z-]+")


def side(text: str) -> str:
    """Return credit or debit; raises ValueError."""
    if text not in SIDES:
        raise ValueError(Said("A line begins with credit or debit."))
    return SIDES[text]


def kind(text: str) -> str:
    """Return where a debit went, in our word; raises ValueError."""
    if text not in KINDS:
        raise ValueError(Said("Write one of %(known)s, or nothing.", known=", ".join(KINDS[1:])))
    return text


def amount(text: str, decimal: str) -> str:
    """Return an amount with a point before the decimals and no other sign; raises ValueError."""
    if decimal == "point":
        if "," in text:
            raise ValueError(
                Said("The declared form has a point before the decimals and no comma.")
            )
        return text
    found = COMMA_AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(Said("In the declared form an amount looks like 120.000,00."))
    sign, whole, part = found.groups()
    return sign + whole.replace(".", "") + (f".{part}" if part else "")


def moment(text: str, dates: str) -> str:
    """Return a time with the year first; whether the day exists is not asked. Raises ValueError."""
    if dates == "year_first":
        if not YEAR_FIRST.fullmatch(text):
            raise ValueError(Said("In the declared form a time looks like 2026-11-21 08:51:07."))
        return text.replace("T", " ")
    found = DAY_FIRST.fullmatch(text)
    if found is None:
        raise ValueError(Said("In the declared form a time looks like 21.11.2026 08:51:07."))
    return f"{found['year']}-{found['month']}-{found['day']} {found['time']}"
