"""The values of a statement, read strictly: amounts, days, texts, accounts.

Each reader gives the value or raises ``ValueError`` with what is wrong and what to do.
An amount has at most 18 digits with its decimals: more is refused, so that no sum ever wraps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID

from recoup.core import accounts
from recoup.core.money import Currency, parse_amount
from recoup.core.said import Said
from recoup.core.text import NotReadable, mask_cards, read_note

MOST_DIGITS: Final = 18
TEXT_LENGTH: Final = 4000
#: Printable and composed as they stand, so that the long way round is not needed.
_PLAIN: Final = re.compile("[ -~\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f\\u0400-\\u0482]*")
_DECIMAL: Final = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?")

Currencies = Mapping[str, Currency]


def currency(code: str, known: Currencies) -> Currency:
    """Return the currency, wide enough for balances of institutions."""
    if code not in known:
        raise ValueError(Said("This is not a currency code of ISO 4217."))
    return replace(known[code], most_digits=MOST_DIGITS)


def minor_units(text: str, money: Currency) -> int:
    """Read digits with at most one point, zero or above, as minor units."""
    found = _DECIMAL.fullmatch(text)
    if found is not None:
        whole, part = found[1], found[2] or ""
        if len(part) <= money.decimals and len(whole) + money.decimals <= MOST_DIGITS:
            return int(whole + part.ljust(money.decimals, "0"))
    try:
        return parse_amount(text, money).minor_units
    except NotReadable as wrong:
        if wrong.code == "zero":
            return 0
        raise ValueError(wrong.said) from None


def text(value: str) -> str:
    """Return text of one or several lines, composed, without spaces at its ends."""
    if len(value) <= TEXT_LENGTH and _PLAIN.fullmatch(value):
        return value.strip()
    try:
        return read_note(value, max_length=TEXT_LENGTH)
    except NotReadable as wrong:
        raise ValueError(wrong.said) from None


def day(year: str, month: str, number: str) -> date:
    """Return the day; raises ValueError where the calendar lacks it."""
    try:
        return date(int(year), int(month), int(number))
    except ValueError:
        raise ValueError(Said("The calendar has no such day. Correct it.")) from None


def uetr(value: str) -> UUID:
    """Return a UETR, which is a UUID with its hyphens."""
    try:
        read = UUID(value)
    except ValueError:
        read = None
    if read is None or str(read) != value.lower():
        raise ValueError(Said("This is not a UETR. Leave it out or copy it again."))
    return read


@lru_cache(maxsize=65_536)
def account(value: str) -> tuple[str, str, str]:
    """Return key and scheme of an account, and what is wrong with it if it reads like an IBAN.

    What no scheme reads is kept as written with an empty scheme, for other countries have
    numbers of their own. Letters that only look like Latin ones are refused: another account.
    """
    try:
        read = accounts.read_account(value)
        return read.ident, read.scheme, ""
    except NotReadable as wrong:
        if wrong.code in ("character_refused", "missing", "too_long"):
            raise ValueError(wrong.said) from None
        kept = mask_cards(text(value))
        is_iban = re.match("[A-Za-z]{2}[0-9]{2}", kept) and wrong.code != "unknown_form"
        return kept, "", wrong.said if is_iban else ""
