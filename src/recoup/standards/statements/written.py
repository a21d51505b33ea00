"""Amounts and days as an institution writes them, under a declared profile.

Each reader gives the value or raises ``ValueError``. 1.234 is two amounts and 03.04.2026 two days:
which one is meant stands in the profile and is never concluded from the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Final

from recoup.core.moments import read_local_moment
from recoup.core.money import Currency
from recoup.core.said import Said
from recoup.core.text import NotReadable
from recoup.standards.statements import values
from recoup.standards.statements.rows import Day, Number

_MINUS: Final = "-\N{MINUS SIGN}\N{EN DASH}"
_GROUPED: Final[Mapping[str, re.Pattern[str]]] = {
    "comma": re.compile(
        r"([0-9]{1,3}(?:(?P<group>[. '\u00a0\u202f])[0-9]{3})(?:(?P=group)[0-9]{3})*|[0-9]+)"
        r"(?:,([0-9]+))?"
    ),
    "point": re.compile(
        r"([0-9]{1,3}(?:(?P<group>[, '\u00a0\u202f])[0-9]{3})(?:(?P=group)[0-9]{3})*|[0-9]+)"
        r"(?:\.([0-9]+))?"
    ),
}
_LOOKS: Final[Mapping[str, str]] = {"comma": "120.000,00", "point": "120,000.00"}
_TIME: Final = (
    r"(?:[T ]{1,2}(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DAYS: Final[Mapping[str, re.Pattern[str]]] = {
    "year_first": re.compile(
        r"(?P<year>[0-9]{4})(?P<sign>[-./]?)(?P<month>[0-9]{2})(?P=sign)(?P<day>[0-9]{2})\.?"
        + _TIME
    ),
    "day_first": re.compile(
        r"(?P<day>[0-9]{1,2})(?P<sign>[-./]) ?(?P<month>[0-9]{1,2})(?P=sign) ?"
        r"(?P<year>[0-9]{4})\.?" + _TIME
    ),
    "month_first": re.compile(
        r"(?P<month>[0-9]{1,2})(?P<sign>[-./])(?P<day>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})"
        + _TIME
    ),
}
_DAY_LOOKS: Final[Mapping[str, str]] = {
    "year_first": "2025-12-31", "day_first": "31.12.2025.", "month_first": "12/31/2025",
}  # fmt: skip


#: Digits that a workbook keeps; what a calculation left behind them is no amount.
KEPT_DIGITS: Final = 15
_NOISE: Final = Decimal("0.001")


def of_number(text: str, money: Currency) -> int:
    """Read a number of a workbook, kept in binary, as minor units: exactly, or not at all."""
    exact = Decimal(text).scaleb(money.decimals)
    whole = exact.to_integral_value()
    if abs(whole) >= 10**KEPT_DIGITS:
        raise ValueError(_too_long())
    if abs(exact - whole) > _NOISE:
        raise ValueError(
            Said("%(currency)s has %(decimals)s decimals; the amount has more.",
                 currency=money.code, decimals=money.decimals)
        )  # fmt: skip
    return int(whole)


def text_of(number: Number) -> str:
    """Return a number that stands where text is meant, such as a reference, in plain digits."""
    digits = f"{Decimal(number).normalize():f}"
    if len(digits.strip("-").replace(".", "")) > KEPT_DIGITS:
        raise ValueError(_too_long())
    return digits


def _too_long() -> Said:
    return Said(
        "A workbook keeps %(most)s digits of a number, so the rest is lost. Ask for a file in "
        "which it is text.", most=KEPT_DIGITS,
    )  # fmt: skip


def amount(text: str, decimal: str, money: Currency) -> int:
    """Read an amount as minor units; a sign or the currency's code may stand at either end."""
    if isinstance(text, Number):
        return of_number(text, money)
    kept = text.strip(" \u00a0").removesuffix(money.code).removeprefix(money.code)
    kept, sign = kept.strip(" \u00a0"), 1
    if kept and (kept[0] in _MINUS or kept[-1] in _MINUS):
        sign, kept = -1, kept[1:] if kept[0] in _MINUS else kept[:-1]
    elif kept[:1] == "+":
        kept = kept[1:]
    found = _GROUPED[decimal].fullmatch(kept.strip(" \u00a0"))
    if found is None:
        raise ValueError(
            Said("In the declared form an amount looks like %(right)s.", right=_LOOKS[decimal])
        )
    whole = re.sub("[^0-9]", "", found[1])
    return sign * values.minor_units(whole + (f".{found[3]}" if found[3] else ""), money)


def day_and_moment(text: str, dates: str, zone: tzinfo) -> tuple[date, datetime | None]:
    """Read a day, and the moment in UTC where a time stands behind it."""
    form = "year_first" if isinstance(text, Day) else dates
    found = _DAYS[form].fullmatch(text.strip())
    if found is None:
        raise ValueError(
            Said("In the declared form a day looks like %(right)s.", right=_DAY_LOOKS[form])
        )
    read = values.day(found["year"], found["month"], found["day"])
    if found["time"] is None:
        return read, None
    clock = found["time"] if found["time"][2] == ":" else f"0{found['time']}"
    return read, moment(f"{read.isoformat()} {clock}{_zone(found['zone'])}", zone)


def moment(text: str, zone: tzinfo) -> datetime:
    """Read a moment, year first; a zone in the text wins over the institution's."""
    try:
        return read_local_moment(text, zone=zone).moment
    except NotReadable as wrong:
        raise ValueError(wrong.said) from None


def _zone(text: str | None) -> str:
    if not text or text == "Z" or ":" in text:
        return text or ""
    return f"{text[:3]}:{text[3:]}"
