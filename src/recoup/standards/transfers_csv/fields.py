"""The columns, and how each value is read: the value, or ``ValueError`` with what to do."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from recoup.core.money import Currency
from recoup.core.said import Said

COLUMNS: Final = ("id", "time", "payer", "payee", "amount", "currency")
OPTIONAL: Final = ("seq", "credit")
NOT_UTF8: Final = Said("These bytes are not UTF-8. Save the file as UTF-8; no encoding is guessed.")
MOST_DIGITS: Final = 18
DAY: Final = 86_400_000_000
SECOND: Final = 1_000_000

#: An id or account: visible ASCII without comma and quotation mark.
IS_NAME: Final = re.compile(r"[!#-+\--~]{1,128}").fullmatch
_DAY: Final = "([0-9]{4})-([0-9]{2})-([0-9]{2})"
_CLOCK: Final = "[ T]([0-9]{2}):([0-9]{2})"
_END: Final = r":([0-9]{2})(?:\.([0-9]{1,6}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
_MOMENT: Final = re.compile(_DAY + _CLOCK + _END)
_IS_DAY: Final = re.compile(_DAY).fullmatch
_IS_CLOCK: Final = re.compile(_CLOCK).fullmatch
_IS_END: Final = re.compile(_END).fullmatch
NO_MOMENT: Final = Said("Not a moment. Write it as 2026-11-21 08:51:07, in UTC.")
NO_SUCH_TIME: Final = Said("There is no such day or time. Correct it.")
MOST_ENDS: Final = 100_000
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
    """Each name that is asked for gets the next number; raises ValueError."""

    def __missing__(self, text: str) -> int:
        number = self[name(text)] = len(self)
        return number


class Days(dict[str, int]):
    """When a day begins, in millionths of a second since 1970; raises ValueError."""

    def __missing__(self, text: str) -> int:
        found = _IS_DAY(text)
        if found is None:
            raise ValueError(NO_MOMENT)
        try:
            day = date(int(found[1]), int(found[2]), int(found[3])).toordinal() - _EPOCH
        except ValueError:
            raise ValueError(NO_SUCH_TIME) from None
        self[text] = day * DAY
        return day * DAY


class Clocks(dict[str, int]):
    """Hour and minute in millionths of a second, as `` 08:51``; raises ValueError."""

    def __missing__(self, text: str) -> int:
        found = _IS_CLOCK(text)
        if found is None:
            raise ValueError(NO_MOMENT)
        hour, minute = int(found[1]), int(found[2])
        if hour > 23 or minute > 59:
            raise ValueError(NO_SUCH_TIME)
        at = self[text] = (hour * 60 + minute) * 60 * SECOND
        return at


class Ends(dict[str, int]):
    """What comes after the minute, less the zone's offset, as ``:07.25+01:00``."""

    def __missing__(self, text: str) -> int:
        found = _IS_END(text)
        if found is None:
            raise ValueError(NO_MOMENT)
        if int(found[1]) > 59:
            raise ValueError(NO_SUCH_TIME)
        at = int(found[1]) * SECOND + int((found[2] or "").ljust(6, "0")) - _offset(found[3] or "Z")
        if len(self) < MOST_ENDS:
            self[text] = at
        return at


@dataclass(slots=True)
class Tables:
    """Where names, and parts of moments, that came before are found again."""

    numbers: Numbers = field(default_factory=Numbers)
    days: Days = field(default_factory=Days)
    clocks: Clocks = field(default_factory=Clocks)
    ends: Ends = field(default_factory=Ends)

    def moments(self, texts: Iterable[str]) -> list[int]:
        """Millionths of a second since 1970, UTC where no zone is told; raises ValueError."""
        days, clocks, ends = self.days, self.clocks, self.ends
        return [days[text[:10]] + clocks[text[10:16]] + ends[text[16:]] for text in texts]


def moment(text: str, tables: Tables) -> int:
    """Return millionths of a second since 1970, UTC where no zone is told."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(NO_MOMENT)
    return tables.moments([text])[0]


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(Said("There is no such zone. Write it as +01:00, or Z."))
    return (hours * 60 + minutes) * 60 * SECOND * (1 if zone[0] == "+" else -1)


def minor_units(text: str, money: Currency) -> int:
    """Return an amount above zero in minor units: digits, and a point before the decimals."""
    units = _units(text, money)
    if not units:
        raise ValueError(Said("The amount is zero. Leave the row out, or write what was paid."))
    return units


def credit(text: str, money: Currency) -> int | None:
    """Return what reached the payee in minor units, zero too; None where nothing is written."""
    return _units(text, money) if text else None


def _units(text: str, money: Currency) -> int:
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
    return int(whole + part.ljust(money.decimals, "0"))


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
