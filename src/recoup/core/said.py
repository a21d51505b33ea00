"""A sentence for people, as a template and the values in it, so that pages can translate it.

Core says what is wrong in English and knows of no other language. A ``Said`` is that English text,
and whoever shows it in another language translates the template and puts the values in again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


class Said(str):
    """Text made of a template with ``%(name)s`` in it. A value may be said itself, or a sum."""

    template: str
    values: Mapping[str, str | int]

    def __new__(cls, template: str, /, **values: str | int) -> Said:
        """Fill the template; one without values is the text as it stands."""
        said = super().__new__(cls, template % values if values else template)
        said.template, said.values = template, values
        return said


class SaidSum(str):
    """An amount in English, such as ``480,000.00 RSD``, and what pages write it from."""

    minor_units: int
    currency: str
    decimals: int

    def __new__(cls, text: str, /, *, minor_units: int, currency: str, decimals: int) -> SaidSum:
        """Keep the text and what it says."""
        said = super().__new__(cls, text)
        said.minor_units, said.currency, said.decimals = minor_units, currency, decimals
        return said


class SaidCode(str):
    """A word of the API, such as ``no_such_debit``, and what pages call it in English."""

    words: str

    def __new__(cls, code: str, /, *, words: str) -> SaidCode:
        """Keep the code and its words."""
        said = super().__new__(cls, code)
        said.words = words
        return said


class SaidList(str):
    """Several things, one after the other, each of which may be said itself."""

    parts: tuple[str, ...]

    def __new__(cls, parts: Iterable[str], /) -> SaidList:
        """Join them with commas."""
        kept = tuple(parts)
        said = super().__new__(cls, ", ".join(kept))
        said.parts = kept
        return said


class SaidMoment(str):
    """A local day in English, such as ``Fri 6 Nov 2026 16:20``, and what pages write it from.

    clock: the time of day as it is written, ``24:00`` for the end of the day; empty for none.
    """

    day: date
    clock: str
    has_weekday: bool
    has_year: bool

    def __new__(
        cls, day: date, /, *, clock: str = "", has_weekday: bool = True, has_year: bool = True
    ) -> SaidMoment:
        """Write it in English and keep its parts."""
        parts = (
            WEEKDAYS[day.weekday()] if has_weekday else "",
            str(day.day),
            MONTHS[day.month - 1],
            str(day.year) if has_year else "",
            clock,
        )
        said = super().__new__(cls, " ".join(part for part in parts if part))
        said.day, said.clock = day, clock
        said.has_weekday, said.has_year = has_weekday, has_year
        return said
