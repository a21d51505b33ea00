"""Workbooks (XLSX, ISO/IEC 29500): the rows of one sheet, as they stand in it.

Nothing is calculated. A formula gives the value that the program which saved the file kept, if the
profile allows it. Numbers stay the digits of the file; days are told from numbers by their format.
Merged cells are marked, for their value says nothing about the rows that it covers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from recoup.core.said import Said
from recoup.standards.statements.bounded_xml import Element, read_xml
from recoup.standards.statements.bounded_zip import BoundedZip
from recoup.standards.statements.faults import Faults
from recoup.standards.statements.rows import MAX_ROWS, Day, Number, Row

NAME: Final = "Workbook (XLSX)"
EDITION: Final = "ISO/IEC 29500"
SOURCE: Final = "https://www.iso.org/standard/71691.html"
MOST_COLUMNS: Final = 256
MOST_MERGED: Final = 1_000_000
HIDDEN: Final = ("hidden", "veryHidden")
BUILT_IN_DAYS: Final = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_DAY: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_CELL: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")


@dataclass(slots=True)
class _Book:
    zip: BoundedZip
    faults: Faults
    sheets: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    epoch: date = date(1899, 12, 30)


@dataclass(slots=True)
class _Grid:
    """What was read of one sheet so far."""

    book: _Book
    sheet: str
    rows: list[Row] = field(default_factory=list)
    merged: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    merged_cells: int = 0
    last: int = 0

    def refuse(self, row: int, cell: str, value: str, problem: str) -> None:
        self.book.faults.add(row, f"{self.sheet}!{cell}", value, problem)


def sheet_names(document: bytes, faults: Faults) -> tuple[str, ...]:
    """Return the names of the sheets that are shown."""
    return tuple(_open(document, faults).sheets)


def sheet_rows(document: bytes, sheet: str, faults: Faults) -> list[Row]:
    """Return the rows of a sheet that say something; without a name, of the only one shown."""
    book = _open(document, faults)
    name = sheet or next(iter(book.sheets), "")
    if name not in book.sheets or (not sheet and len(book.sheets) > 1):
        problem = Said(
            "Say which sheet is meant; these are shown: %(known)s.", known=", ".join(book.sheets)
        )
        raise faults.refuse(0, "", sheet, problem)
    grid = _Grid(book, name)

    def ended(one: Element, _inside: list[Element]) -> bool:
        (_row if one.name == "row" else _merge)(one, grid)
        return True

    content = book.zip.read(book.sheets[name])
    read_xml(content, names=frozenset({"row", "mergeCell"}), ended=ended, faults=faults)
    faults.stop()
    return [
        replace(row, merged=tuple(sorted(grid.merged[row.number])))
        if row.number in grid.merged
        else row
        for row in grid.rows
    ]


# The parts of a workbook


def _open(document: bytes, faults: Faults) -> _Book:
    book = _Book(BoundedZip(document, faults), faults)
    main = _target(book, "_rels/.rels", "", "/officeDocument")
    folder, _, file = main.rpartition("/")
    links = _relations(book, f"{folder}/_rels/{file}.rels".lstrip("/"), folder)
    for tree in _elements(book, main, "workbookPr"):
        if tree.attributes.get("date1904") in ("1", "true"):
            book.epoch = date(1904, 1, 1)
    for one in _elements(book, main, "sheet"):
        key = next((v for k, v in one.attributes.items() if k.rpartition("|")[2] == "id"), "")
        if one.attributes.get("state") not in HIDDEN and key in links:
            book.sheets[one.attributes.get("name", "")] = links[key][1]
    for kind, target in links.values():
        if kind.endswith("/sharedStrings"):
            book.texts = [_text(one) for one in _elements(book, target, "si")]
        elif kind.endswith("/styles"):
            _formats(book, target)
    return book


def _elements(book: _Book, part: str, name: str) -> list[Element]:
    found: list[Element] = []

    def ended(one: Element, _inside: list[Element]) -> bool:
        found.append(one)
        return True

    read_xml(book.zip.read(part), names=frozenset({name}), ended=ended, faults=book.faults)
    return found


def _relations(book: _Book, part: str, folder: str) -> dict[str, tuple[str, str]]:
    """Return kind and part by id; what leads outside the file is left alone."""
    found = {}
    for one in _elements(book, part, "Relationship"):
        told = one.attributes
        if told.get("TargetMode") != "External":
            target = told.get("Target", "")
            inside = target[1:] if target.startswith("/") else f"{folder}/{target}".lstrip("/")
            found[told.get("Id", "")] = (told.get("Type", ""), inside)
    return found


def _target(book: _Book, part: str, folder: str, kind: str) -> str:
    for told, target in _relations(book, part, folder).values():
        if told.endswith(kind):
            return target
    raise book.faults.refuse(0, part, "", Said("This is not a workbook (XLSX)."))


def _text(one: Element) -> str:
    """Return the text of a string, whose pieces may be formatted; readings aloud are left out."""
    pieces = [*one.all("t"), *one.all("r", "t")]
    return "".join(piece.text for piece in pieces)


def _formats(book: _Book, part: str) -> None:
    """Note which cell formats show days."""
    own = {
        one.attributes.get("numFmtId", ""): one.attributes.get("formatCode", "")
        for one in _elements(book, part, "numFmt")
    }
    styles = _elements(book, part, "cellXfs")
    for place, one in enumerate(styles[0].children if styles else ()):
        number = one.attributes.get("numFmtId", "0")
        bare = _NOT_DAY.sub("", own.get(number, "")).casefold().split(";")[0]
        is_built_in = number.isdecimal() and int(number) in BUILT_IN_DAYS and number not in own
        if is_built_in or any(sign in bare for sign in "dyh"):
            book.days.add(place)


# The cells of a sheet


def _row(one: Element, grid: _Grid) -> None:
    """Read a row. Rows and cells stand in their order, or the sheet is refused."""
    told = one.attributes.get("r", str(grid.last + 1))
    number = int(told) if told.isascii() and told.isdecimal() and len(told) < 8 else 0
    if number <= grid.last or number > MAX_ROWS * 2 or len(grid.rows) >= MAX_ROWS:
        problem = Said("The row is out of order, or there are too many. Save the file anew.")
        raise grid.book.faults.refuse(grid.last + 1, f"{grid.sheet}!{told}", "", problem)
    grid.last = number
    cells: list[str] = []
    formulas: list[int] = []
    for cell in one.children:
        if cell.name != "c":
            continue
        at = _column(cell, number, len(cells), grid)
        value = _value(cell, number, grid)
        if at is None or (not value and not cell.children):
            continue
        cells += [""] * (at - len(cells))
        cells.append(value)
        if cell.first("f") is not None:
            formulas.append(at)
    if any(cells) or formulas:
        grid.rows.append(Row(number, cells, grid.sheet, tuple(formulas)))


def _column(cell: Element, row: int, least: int, grid: _Grid) -> int | None:
    """Return the place of a cell from 0; one out of order or far outside is refused."""
    told = cell.attributes.get("r")
    if told is None:
        return least
    found = _CELL.fullmatch(told)
    at = _place(found[1]) if found and int(found[2]) == row else -1
    if not cell.children and (at < least or at >= MOST_COLUMNS):
        return None  # a format without a value
    if at < least or at >= MOST_COLUMNS:
        problem = Said("The cell is out of order, or too far to the right. Save the file anew.")
        grid.refuse(row, told, "", problem)
        return None
    return at


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _value(cell: Element, row: int, grid: _Grid) -> str:
    kind, kept = cell.attributes.get("t", "n"), cell.value("v")
    reader = READERS.get(kind)
    if reader is None:
        grid.refuse(row, cell.attributes.get("r", ""), kind, Said("The cell's type is not known."))
        return ""
    if kind != "inlineStr" and not kept:
        return ""
    try:
        return reader(cell, kept, grid)
    except ValueError as wrong:
        grid.refuse(row, cell.attributes.get("r", ""), kept, wrong.args[0])
        return ""


def _shared(_cell: Element, kept: str, grid: _Grid) -> str:
    texts = grid.book.texts
    if not (kept.isascii() and kept.isdecimal() and len(kept) < 9 and int(kept) < len(texts)):
        raise ValueError(Said("The text that the cell points to does not exist."))
    return texts[int(kept)]


def _number(cell: Element, kept: str, grid: _Grid) -> str:
    if not _NUMBER.fullmatch(kept):
        raise ValueError(Said("The cell says that it is a number, and is none."))
    style = cell.attributes.get("s", "0")
    if style.isascii() and style.isdecimal() and int(style) in grid.book.days:
        return _day(float(kept), grid.book.epoch)
    return Number(kept)


def _day(serial: float, epoch: date) -> Day:
    """Return a day by its number; the first two months of 1900 are counted wrongly everywhere."""
    if not 61 <= serial < 2_958_466:
        raise ValueError(Said("The number is no day of a calendar."))
    seconds = round(serial * 86_400)
    at = datetime(epoch.year, epoch.month, epoch.day) + timedelta(seconds=seconds)  # noqa: DTZ001
    return Day(f"{at:%Y-%m-%d}" if seconds % 86_400 == 0 else f"{at:%Y-%m-%d %H:%M:%S}")


def _error(_cell: Element, kept: str, _grid: _Grid) -> str:
    raise ValueError(Said("The cell holds an error instead of a value. Correct the workbook."))


READERS: Final[dict[str, Callable[[Element, str, _Grid], str]]] = {
    "s": _shared,
    "n": _number,
    "inlineStr": lambda cell, _kept, _grid: "".join(map(_text, cell.all("is"))),
    "str": lambda cell, _kept, _grid: "".join(one.text for one in cell.all("v")),
    "b": lambda _cell, kept, _grid: "TRUE" if kept == "1" else "FALSE",
    "d": lambda _cell, kept, _grid: Day(kept.removesuffix("Z").replace("T00:00:00", "")),
    "e": _error,
}


def _merge(one: Element, grid: _Grid) -> None:
    """Note the cells that a merged one covers."""
    told = one.attributes.get("ref", "")
    ends = [_CELL.fullmatch(end) for end in told.split(":")]
    first, last = ends[0], ends[-1]
    if first is None or last is None or len(ends) > 2:
        grid.refuse(0, told, "", Said("This is no range of cells."))
        return
    columns = range(_place(first[1]), min(_place(last[1]) + 1, MOST_COLUMNS))
    rows = range(int(first[2]), min(int(last[2]), grid.last) + 1)
    grid.merged_cells += len(columns) * len(rows)
    if grid.merged_cells > MOST_MERGED:
        problem = Said("There are too many merged cells. Take the merging out.")
        raise grid.book.faults.refuse(0, f"{grid.sheet}!{told}", "", problem)
    for row in rows:
        grid.merged[row].update(columns)
