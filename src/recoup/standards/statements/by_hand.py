"""A table whose headings nobody knows, laid out for a person to say what each column is.

Which row has the headings and what they mean is the person's word. How amounts and days are
written, and which end came first, is then tried: where several ways fit, the person chooses among
them as for any other table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import islice, product
from typing import Final

from recoup.core.said import Said
from recoup.standards.booking_lines.fields import DECIMALS, SEPARATORS
from recoup.standards.statements.faults import Faults, NotReadable
from recoup.standards.statements.heading_words import SIDE_WORDS, plain
from recoup.standards.statements.profile import DATES, FORMULAS, ORDERS, Profile
from recoup.standards.statements.proposals import (
    ROWS_TRIED,
    encodings_of,
    fits,
    head_of,
    labels_beside,
    refusals_of,
)
from recoup.standards.statements.rows import Row, csv_rows
from recoup.standards.statements.tables import HEADING_ROWS
from recoup.standards.statements.values import Currencies
from recoup.standards.statements.workbook import sheet_names, sheet_rows
from recoup.standards.strict_csv import Refusal

FEWEST_COLUMNS: Final = 2
SAMPLES: Final = 3
MOST_LAYOUTS: Final = 8
MOST_WORDS: Final = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """One way of taking a file apart. base: separator and encoding, or the sheet.

    heading: the number of the row that has the headings.
    """

    base: Mapping[str, str]
    rows: tuple[Row, ...]
    heading: int

    @property
    def headings(self) -> tuple[str, ...]:
        cells = next(row.cells for row in self.rows if row.number == self.heading)
        while cells and not cells[-1].strip():
            cells = cells[:-1]
        return tuple(cells)

    @property
    def after(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.number > self.heading)

    @property
    def may_be_headings(self) -> tuple[Row, ...]:
        """The rows among which a person finds the headings."""
        return tuple(row for row in self.rows[:HEADING_ROWS] if _filled(row) >= FEWEST_COLUMNS)

    def samples(self, column: int) -> tuple[str, ...]:
        """The first values of a column."""
        there = (row.cells[column].strip() for row in self.after if column < len(row.cells))
        return tuple(islice(filter(None, there), SAMPLES))

    def words(self, column: int) -> tuple[str, ...]:
        """What stands in a column, each once, in order."""
        there = (row.cells[column].strip() for row in self.after if column < len(row.cells))
        return tuple(islice(dict.fromkeys(filter(None, there)), MOST_WORDS))

    def under(self, heading: int) -> Layout:
        """The same with the headings in another row; as it is where that cannot be."""
        known = {row.number for row in self.may_be_headings}
        return replace(self, heading=heading) if heading in known else self


def layouts(document: bytes, *, format: str) -> tuple[Layout, ...]:
    """Return the ways in which a file is a table of several columns, the widest first."""
    found = []
    for base, rows in _tables(document, format):
        likely = max(rows[:HEADING_ROWS], key=_filled, default=None)
        if likely is None or _filled(likely) < FEWEST_COLUMNS or likely is rows[-1]:
            continue
        found.append(Layout(base, tuple(rows), likely.number))
    found.sort(key=lambda one: -len([cell for cell in one.headings if cell.strip()]))
    return tuple(found[:MOST_LAYOUTS])


def drafted(
    layout: Layout,
    columns: Mapping[str, int],
    *,
    side_words: Mapping[str, str],
    left_out: Sequence[str] = (),
) -> Profile:
    """The profile that a person's words make: our column to the place of theirs.

    side_words: their word, then credit or debit. left_out: how rows begin that are no bookings.
    Raises ValueError with what is missing.
    """
    headings = layout.headings
    named = [""] * len(headings)
    for column, at in columns.items():
        if not 0 <= at < len(headings):
            raise ValueError(Said("There is no column %(given)s in this table.", given=at + 1))
        if named[at]:
            raise ValueError(
                Said(
                    "The column %(heading)s is chosen twice. Choose it once.",
                    heading=headings[at] or str(at + 1),
                )
            )
        named[at] = column
    row = next(row for row in layout.rows if row.number == layout.heading)
    labels = dict(labels_beside(layout.rows, row)) | dict.fromkeys(left_out, "left_out")
    sides = tuple(side_words.items()) if "side" in columns else ()
    return Profile(
        tuple(named), headings, labels=tuple(labels.items()), side_words=sides, **layout.base
    )


def known_sides(words: Sequence[str]) -> dict[str, str]:
    """Of the words of a column those that are known to mean credit or debit."""
    return {word: SIDE_WORDS[plain(word)] for word in words if plain(word) in SIDE_WORDS}


def fitting(
    layout: Layout, draft: Profile, *, currencies: Currencies, zone: tzinfo
) -> tuple[Profile, ...]:
    """Return the ways of writing under which all the first rows can be read."""
    found = tuple(one for one in _ways(draft) if fits(layout.rows, one, currencies, zone))
    ordered = tuple(one for one in found if one.order != "any")
    return ordered or found


def closest(
    layout: Layout, draft: Profile, *, file: str, currencies: Currencies, zone: tzinfo
) -> tuple[Refusal, ...]:
    """Why no way fits: the places that stand against the one with the fewest."""
    format = "xlsx" if draft.sheet else "csv"
    several = (
        refusals_of(layout.rows, one, file, format, currencies, zone) for one in _ways(draft)
    )
    return min(several, key=len, default=())


def _ways(draft: Profile) -> Iterator[Profile]:
    formulas = FORMULAS if draft.sheet else FORMULAS[:1]
    for decimal, dates, order, formula in product(DECIMALS, DATES, ORDERS, formulas):
        yield replace(draft, decimal=decimal, dates=dates, order=order, formulas=formula)


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell.strip())


def _tables(document: bytes, format: str) -> Iterator[tuple[dict[str, str], list[Row]]]:
    """The first rows of each sheet, or of a CSV file under each separator."""
    faults = Faults("")
    if format == "xlsx":
        for name in sheet_names(document, faults):
            yield {"sheet": name}, sheet_rows(document, name, faults)[:ROWS_TRIED]
        return
    head = head_of(document)
    for encoding, separator in product(encodings_of(document), SEPARATORS):
        try:
            rows = csv_rows(head, encoding=encoding, separator=separator, faults=Faults(""))
            yield {"encoding": encoding, "separator": separator}, list(islice(rows, ROWS_TRIED))
        except NotReadable:
            continue
