"""The columns, and how each value is read: the value, or ``ValueError`` with what to do."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, Protocol

from recoup.core.money import Currency
from recoup.core.said import Said

COLUMNS: Final = ("id", "time", "payer", "payee", "amount", "currency")
OPTIONAL: Final = ("seq",)
NOT_UTF8: Final = Said("These bytes are not UTF-8. Save the file as UTF-8; no encoding is guessed.")
MOST_DIGITS: Final = 18
DAY: Final = 86_400_000_000
SECOND: Final = 1_000_000

#: An id or account: visible ASCII without comma and quotation mark.
IS_NAME: Final = re.compile(r"[!#-+\--~]{1,128}").fullmatch
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = "[ T][0-9]{2}:[0-9]{2}:[0-9]{2}"
_REST: Final = r"(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_MOMENT: Final = re.compile(_DAY + _CLOCK + _REST)
_ZONE: Final = re.compile(r"(?:\.([0-9]{1,6}))?(Z|[+-][0-9]{2}:[0-9]{2})?")
NO_MOMENT: Final = Said("Not a moment. Write it as 2026-11-21 08:51:07, in UTC.")
NO_SUCH_TIME: Final = Said("There is no such day or time. Correct it.")
MOST_ZONES: Final = 100_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_AMOUNT: Final = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?")


def name(text: str) -> str:
    """Return an id or account as it stands."""
    if not IS_NAME(text):
        raise ValueError(
            Said("Not a name: 1 to 128 visible ASCII characters, no comma, no space, no quotes.")
        )
    return text


class Numbers(dict[str, int]):
    """Each name that is asked for gets the next number."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


class Days(dict[str, int]):
    """When a day begins, in millionths of a second since 1970; raises ValueError."""

    def __missing__(self, text: str) -> int:
        try:
            day = date(int(text[:4]), int(text[5:7]), int(text[8:])).toordinal() - _EPOCH
        except ValueError:
            raise ValueError(NO_SUCH_TIME) from None
        self[text] = day * DAY
        return day * DAY


class Clocks(dict[str, int]):
    """A time of day in millionths of a second, as `` 08:51:07``; raises ValueError."""

    def __missing__(self, text: str) -> int:
        hour, minute, second = int(text[1:3]), int(text[4:6]), int(text[7:9])
        if hour > 23 or minute > 59 or second > 59:
            raise ValueError(NO_SUCH_TIME)
        at = self[text] = (hour * 3600 + minute * 60 + second) * SECOND
        return at


class Zones(dict[str, int]):
    """A fraction of a second less the zone's offset, as ``.25+01:00``; raises ValueError."""

    def __missing__(self, text: str) -> int:
        found = _ZONE.fullmatch(text)
        if found is None:
            raise ValueError(NO_MOMENT)
        at = int((found[1] or "").ljust(6, "0")) - _offset(found[2] or "Z")
        if len(self) < MOST_ZONES:
            self[text] = at
        return at


class Tables(Protocol):
    """Where parts of moments that came before are found again."""

    days: Days
    clocks: Clocks
    zones: Zones


def moment(text: str, tables: Tables) -> int:
    """Return millionths of a second since 1970, UTC where no zone is told."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(NO_MOMENT)
    return tables.days[text[:10]] + tables.clocks[text[10:19]] + tables.zones[text[19:]]


def pattern(
    header: Sequence[str], money: Currency
) -> tuple[Callable[[str], list[tuple[str, ...]]], tuple[str, ...]]:
    """What finds all good rows of a text at once, and what its groups are called."""
    name = r"([!#-+\--~]{1,128})"
    whole = f"([0-9]{{1,{MOST_DIGITS - money.decimals}}})"
    part = rf"\.([0-9]{{{money.decimals}}})"
    cells = {
        "id": (name, ("id",)),
        "time": (f"({_DAY})({_CLOCK})({_REST})", ("day", "clock", "zone")),
        "payer": (name, ("payer",)),
        "payee": (name, ("payee",)),
        "amount": (whole + part, ("whole", "part")) if money.decimals else (whole, ("whole",)),
        "currency": (re.escape(money.code), ()),
        "seq": ("([0-9]{0,15})", ("seq",)),
    }
    row = ",".join(cells[column][0] for column in header)
    parts = tuple(part for column in header for part in cells[column][1])
    return re.compile(f"^{row}$", re.MULTILINE).findall, parts


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(Said("There is no such zone. Write it as +01:00, or Z."))
    return (hours * 60 + minutes) * 60 * SECOND * (1 if zone[0] == "+" else -1)


def minor_units(text: str, money: Currency) -> int:
    """Return an amount above zero in minor units: digits, and a point before the decimals."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(
            Said(
                "Not an amount. Write digits with a point before the decimals, above zero, "
                "without sign, exponent, separator or currency."
            )
        )
    whole, part = found[1], found[2] or ""
    if len(part) > money.decimals:
        raise ValueError(
            Said(
                "%(currency)s has %(decimals)s decimals; the amount has more.",
                currency=money.code,
                decimals=money.decimals,
            )
        )
    if len(whole) + money.decimals > MOST_DIGITS:
        raise ValueError(
            Said("The amount is longer than %(most)s digits, decimals included.", most=MOST_DIGITS)
        )
    units = int(whole + part.ljust(money.decimals, "0"))
    if not units:
        raise ValueError(Said("The amount is zero. Leave the row out, or write what was paid."))
    return units


def sequence(text: str) -> int:
    """Return a sequence number; nothing means zero."""
    if not re.fullmatch("[0-9]{0,15}", text):
        raise ValueError(Said("Not a sequence number. Write digits only."))
    return int(text or "0")


def cells(line: str) -> list[str]:
    """Tell the cells of a line apart where quotation marks stand in it."""
    if "\r" in line or "\0" in line:
        raise ValueError(Said("A carriage return or NUL stands inside the row. End lines with LF."))
    try:
        return next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration):
        raise ValueError(
            Said("A quotation mark is missing or too many, or a value holds a line break.")
        ) from None
