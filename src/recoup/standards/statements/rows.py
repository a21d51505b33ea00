"""Rows of a table, from a CSV file or a workbook, as the reader of tables takes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from recoup.core.said import Said
from recoup.standards.booking_lines.fields import SEPARATORS
from recoup.standards.statements.encodings import decoded
from recoup.standards.statements.faults import Faults

MAX_ROWS: Final = 1_000_000
LONGEST_ROW: Final = 64_000


class Number(str):
    """A cell of a workbook that is a number: digits and a point, whatever the profile says."""


class Day(str):
    """A cell of a workbook that is a day or a moment, written year-month-day."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. number: from 1; for CSV the line on which it begins. page: the sheet, or empty.

    formulas: places of the cells whose value is what a formula last gave. merged: places that a
    merged cell covers.
    """

    number: int
    cells: list[str]
    page: str = ""
    formulas: tuple[int, ...] = ()
    merged: tuple[int, ...] = ()


def csv_rows(document: bytes, *, encoding: str, separator: str, faults: Faults) -> Iterator[Row]:
    """Give the rows of a CSV file; a row that cannot be told apart ends the reading."""
    text = decoded(document, encoding, faults)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=SEPARATORS[separator], strict=True)
    number = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            problem = Said(
                "A quotation mark is missing or too many, or the row is too long. Nothing after "
                "it was read."
            )
            raise faults.refuse(number, "", "", problem) from None
        if cells is None:
            return
        if sum(map(len, cells)) > LONGEST_ROW or number > MAX_ROWS:
            problem = Said("The row is too long, or there are too many rows. Divide the file.")
            raise faults.refuse(number, "", "", problem)
        yield Row(number, cells)
        number = reader.line_num + 1


def letters(place: int) -> str:
    """Return how a spreadsheet names the column at this place, which is counted from 0."""
    name, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name
