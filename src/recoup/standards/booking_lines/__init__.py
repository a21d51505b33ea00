"""Bookings as a clerk copies them from the bank's own screen: one a line, in a declared form.

How the screen separates, writes amounts and dates is said by a person (``Profile``), never guessed:
1.234 is two different amounts (decision 16). Values come out as our pages write them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from recoup.core.said import Said
from recoup.standards.booking_lines import fields
from recoup.standards.strict_csv import NotReadable, Refusal, decoded

__all__ = [
    "MOST_COLUMNS",
    "Line",
    "NotReadable",
    "Profile",
    "Refusal",
    "Sheet",
    "proposals",
    "read",
    "write",
]

NAME: Final = "Bookings copied from a bank's screen"
EDITION: Final = "1"
SOURCE: Final = "defined here"
MAX_BYTES: Final = 8_000_000
REFUSED_AT_MOST: Final = 20
LONGEST_LINE: Final = 4000
LINES_TRIED: Final = 50
MOST_COLUMNS: Final = fields.MOST


@dataclass(frozen=True, slots=True)
class Profile:
    """How a bank's screen writes: separator tab, semicolon or comma; decimal point or comma;
    dates year_first or day_first.

    columns: what each column of a line means, from the left; empty for one that is left out.
    """

    separator: str = "tab"
    decimal: str = "point"
    dates: str = "year_first"
    columns: tuple[str, ...] = fields.COLUMNS

    def __post_init__(self) -> None:
        known = (fields.SEPARATORS, fields.DECIMALS, fields.DATES)
        for value, words in zip((self.separator, self.decimal, self.dates), known, strict=True):
            if value not in words:
                raise ValueError(
                    Said("%(value)s is not one of %(known)s.", value=value, known=", ".join(words))
                )
        if self.separator == self.decimal == "comma":
            raise ValueError(Said("A comma cannot separate columns and stand in amounts."))
        self._check_columns()

    def _check_columns(self) -> None:
        named = [column for column in self.columns if column]
        if len(self.columns) > fields.MOST or not set(named) <= set(fields.COLUMNS):
            known = ", ".join(fields.COLUMNS)
            raise ValueError(
                Said("Name at most %(most)s columns: %(known)s.", most=fields.MOST, known=known)
            )
        twice = [column for column in fields.COLUMNS if named.count(column) > 1]
        if twice:
            raise ValueError(
                Said("%(column)s is named for two columns. Name it once.", column=twice[0])
            )
        missing = [column for column in fields.COLUMNS[: fields.FEWEST] if column not in named]
        if missing:
            raise ValueError(
                Said("No column is named %(column)s. Say which one it is.", column=missing[0])
            )

    @property
    def fewest(self) -> int:
        """How many columns a line has at least: up to the last that no booking lacks."""
        needed = fields.COLUMNS[: fields.FEWEST]
        return max(place for place, name in enumerate(self.columns, 1) if name in needed)


@dataclass(frozen=True, slots=True)
class Line:
    """One booking, as text: amount 120000.00, booked_at 2026-11-21 08:51:07 as the screen's clock.

    number: its line in what was copied, counted from 1.
    """

    number: int
    side: str
    reference: str
    booked_at: str
    amount: str
    to_kind: str = ""
    to: str = ""
    uetr: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All lines, and what the remarks above them say: balances, and the time they begin."""

    lines: tuple[Line, ...] = ()
    opening: str = ""
    closing: str = ""
    from_at: str = ""


@dataclass(slots=True)
class _Found:
    lines: list[Line] = field(default_factory=list)
    heads: dict[str, str] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


def read(document: bytes, profile: Profile | None = None) -> Sheet:
    """Read all lines or none; raises NotReadable with the first refused ones by their number."""
    profile, found = profile or Profile(), _Found()
    for number, cells in _cells(decoded(document, max_bytes=MAX_BYTES), profile):
        try:
            if cells[0].startswith("#"):
                _head(cells, profile, found)
            else:
                found.lines.append(_line(number, cells, profile))
        except _WrongCell as wrong:
            found.refused.append(Refusal(number, wrong.column, wrong.value, wrong.problem))
            if len(found.refused) >= REFUSED_AT_MOST:
                break
    if found.refused:
        raise NotReadable(tuple(found.refused))
    return Sheet(tuple(found.lines), **found.heads)


def proposals(document: bytes) -> tuple[Profile, ...]:
    """The profiles, columns in our order, under which the first lines can all be read.

    For a person to choose from and confirm: where two remain, as for 1.234, nobody can know.
    """
    head = b"\n".join(document.split(b"\n", LINES_TRIED)[:LINES_TRIED])
    found = []
    for separator, decimal, dates in product(fields.SEPARATORS, fields.DECIMALS, fields.DATES):
        if separator == decimal:
            continue
        profile = Profile(separator, decimal, dates)
        try:
            sheet = read(head, profile)
        except NotReadable:
            continue
        if sheet.lines:
            found.append(profile)
    return tuple(found)


def write(sheet: Sheet) -> bytes:
    """Write a sheet in the default form, so that ``read`` gives the same back."""
    heads = [
        f"# {words}\t{value}"
        for words, name in fields.HEADS.items()
        if (value := getattr(sheet, name))
    ]
    rows = ("\t".join(_written(line)) for line in sheet.lines)
    return "\n".join([*heads, *rows, ""]).encode()


class _WrongCell(ValueError):
    def __init__(self, column: str, value: str, problem: str) -> None:
        self.column, self.value, self.problem = column, value, problem
        super().__init__(problem)


def _cells(text: str, profile: Profile) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that says something. A line is a line: quotes do not join two."""
    separator = fields.SEPARATORS[profile.separator]
    for number, line in enumerate(text.split("\n"), start=1):
        plain = line.removesuffix("\r")
        if not plain.strip():
            continue
        if len(plain) > LONGEST_LINE or profile.separator == "tab" or '"' not in plain:
            cells = plain[:LONGEST_LINE].split(separator)
        else:
            cells = next(csv.reader([plain], delimiter=separator))
        yield number, [cell.strip(" ") for cell in cells]


def _head(cells: list[str], profile: Profile, found: _Found) -> None:
    """Read a remark of ours; any other remark says nothing."""
    words, value = cells[0].removeprefix("#").strip(), cells[1] if len(cells) > 1 else ""
    name = fields.HEADS.get(words)
    if name == "from_at":
        found.heads[name] = _try(words, value, fields.moment, profile.dates)
    elif name:
        found.heads[name] = _try(words, value, fields.amount, profile.decimal)


def _line(number: int, cells: list[str], profile: Profile) -> Line:
    most = len(profile.columns)
    if len(cells) < profile.fewest or len(cells) > most:
        problem = Said(
            "%(given)s columns were found; %(fewest)s to %(most)s are expected: %(columns)s. "
            "Check the declared separator.",
            given=len(cells),
            fewest=profile.fewest,
            most=most,
            columns=", ".join(column or "–" for column in profile.columns),
        )
        raise _WrongCell("", "\t".join(cells), problem)
    told = dict.fromkeys(fields.COLUMNS, "") | dict(zip(profile.columns, cells, strict=False))
    return Line(
        number,
        _try("side", told["side"], fields.side),
        told["reference"],
        _try("booked_at", told["booked_at"], fields.moment, profile.dates),
        _try("amount", told["amount"], fields.amount, profile.decimal),
        _try("to_kind", told["to_kind"], fields.kind),
        told["to"],
        told["uetr"],
    )


def _try(column: str, value: str, reader: object, *form: str) -> str:
    try:
        return reader(value, *form)  # type: ignore[operator, no-any-return]
    except ValueError as problem:
        raise _WrongCell(column, value, problem.args[0]) from None


def _written(line: Line) -> Iterable[str]:
    cells = [str(getattr(line, column)) for column in fields.COLUMNS]
    while len(cells) > fields.FEWEST and not cells[-1]:
        cells.pop()
    return cells
