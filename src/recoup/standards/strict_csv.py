"""Reading CSV without guessing, and writing cells that no spreadsheet will run.

UTF-8, commas, RFC 4180 quotes, a header of known columns in any order, every row as long as the
header. Anything else is refused with its line, column and value. All rows are looked at, so one
reading names everything that has to be corrected. Values are kept exactly as they stand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from recoup.core.said import Said
from recoup.standards.sniffing import TEXTS, Kind, what_is

_CELL: Final = re.compile(r'"([^"]*(?:""[^"]*)*)"|([^",\r\n]*)')
_END: Final = re.compile(r",|\r?\n|\Z")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*\Z")
MISSING: Final = Said("The header does not name this column. Add it.")
_FORMULA_STARTS: Final = frozenset("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that cannot be taken as it stands.

    line: counted from 1, the header included; 0 where no line can be named.
    column: name from the header; empty where the whole row or file is meant.
    """

    line: int
    column: str
    value: str
    problem: str

    def __str__(self) -> str:
        where = f"Line {self.line}" if self.line else "The file"
        column = f", column {self.column}" if self.column else ""
        value = f", value {shortened(self.value)!r}" if self.value else ""
        return f"{where}{column}{value}: {self.problem}"


class NotReadable(Exception):
    """A document that was not taken; ``refused`` names every reason, in the order of lines."""

    def __init__(self, refused: tuple[Refusal, ...]) -> None:
        self.refused = tuple(sorted(refused, key=lambda x: x.line))
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        super().__init__(f"{self.refused[0]}{more}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, and its values by column."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StrictCsv:
    """What a CSV document must look like.

    columns: must all be there. optional: may be there. No other column may.
    """

    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    max_bytes: int = 16 * 1024 * 1024
    max_rows: int = 200_000
    max_characters: int = 4_000

    def read(self, document: bytes) -> tuple[Row, ...]:
        """Return all rows; raises NotReadable if any one is not good."""
        rows, refused = self.sift(document)
        if refused:
            raise NotReadable(refused)
        return rows

    def sift(self, document: bytes) -> tuple[tuple[Row, ...], tuple[Refusal, ...]]:
        """Return the rows that are well formed, and a refusal for each fault.

        Raises NotReadable where no row can be told apart: encoding, size, header.
        """
        records = _records(decoded(document, max_bytes=self.max_bytes))
        header = self._header(next(records, _Record(1, ())))
        rows: list[Row] = []
        refused: list[Refusal] = []
        for record in records:
            if len(rows) + len(refused) >= self.max_rows:
                problem = Said(
                    "There are more than %(most)s rows. Divide the file.", most=f"{self.max_rows:,}"
                )
                raise NotReadable((Refusal(record.line, "", "", problem),))
            faults = record.faults or tuple(self._faults(header, record))
            refused.extend(faults)
            if not faults:
                rows.append(Row(record.line, dict(zip(header, record.cells, strict=True))))
        return tuple(rows), tuple(refused)

    def _header(self, record: _Record) -> tuple[str, ...]:
        """Return the names of the columns; raises NotReadable."""
        refused = list(record.faults)
        known = (*self.columns, *self.optional)
        for name, times in Counter(record.cells).items():
            if name not in known:
                problem = Said(
                    "This column is not known. Known are: %(known)s.", known=", ".join(known)
                )
                refused.append(Refusal(record.line, name, name, problem))
            elif times > 1:
                problem = Said(
                    "The header names this column %(times)s times. Leave one of them.", times=times
                )
                refused.append(Refusal(record.line, name, name, problem))
        if not record.faults:
            refused += [
                Refusal(record.line, name, "", MISSING)
                for name in self.columns
                if name not in record.cells
            ]
        if refused:
            raise NotReadable(tuple(refused))
        return record.cells

    def _faults(self, header: tuple[str, ...], record: _Record) -> Iterator[Refusal]:
        if len(record.cells) != len(header):
            problem = Said(
                "The row has %(given)s values, the header names %(columns)s columns.",
                given=len(record.cells),
                columns=len(header),
            )
            yield Refusal(record.line, "", ",".join(record.cells), problem)
            return
        for column, cell in zip(header, record.cells, strict=True):
            if "\0" in cell:
                problem = Said("A NUL character stands in it. Write the value again.")
                yield Refusal(record.line, column, cell, problem)
            if len(cell) > self.max_characters:
                problem = Said(
                    "It is %(given)s characters long; at most %(most)s.",
                    given=f"{len(cell):,}",
                    most=f"{self.max_characters:,}",
                )
                yield Refusal(record.line, column, cell, problem)


def decoded(document: bytes, *, max_bytes: int) -> str:
    """Return the text of a UTF-8 document (a byte order mark is dropped); raises NotReadable."""
    if len(document) > max_bytes:
        problem = Said(
            "It has %(given)s bytes; at most %(most)s. Divide the file.",
            given=f"{len(document):,}",
            most=f"{max_bytes:,}",
        )
        raise NotReadable((Refusal(0, "", "", problem),))
    kind = what_is(document)
    if kind not in TEXTS and kind not in (Kind.EMPTY, Kind.UNKNOWN):
        problem = Said("This is no text, but %(kind)s. Export it as CSV.", kind=kind.value)
        raise NotReadable((Refusal(0, "", "", problem),))
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = document.count(b"\n", 0, fault.start) + 1
        value = document[fault.start : fault.start + 8].split(b"\n")[0].hex(" ")
        problem = Said("These bytes are not UTF-8. Save the file as UTF-8; no encoding is guessed.")
        raise NotReadable((Refusal(line, "", value, problem),)) from None


def neutral_cell(text: str) -> str:
    """Return a cell for an export that no spreadsheet takes for a formula.

    An apostrophe is put before it; plain numbers and all other text stay as they are.
    """
    if _NUMBER.match(text):
        return text
    begin = text.lstrip(" \u00a0")[:1] or text[:1]
    return f"'{text}" if begin in _FORMULA_STARTS and begin else text


def shortened(value: str, *, characters: int = 80) -> str:
    """Return a value for a message, cut where it is long."""
    return value if len(value) <= characters else f"{value[:characters]}…"


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    cells: tuple[str, ...]
    faults: tuple[Refusal, ...] = ()


def _records(text: str) -> Iterator[_Record]:
    """Cut a text into records; ends early where a quotation mark makes the rest unsure."""
    position, line = 0, 1
    while position < len(text):
        cells: list[str] = []
        begun = line
        while True:
            cell = _CELL.match(text, position)
            end = _END.match(text, cell.end()) if cell else None
            if cell is None or end is None:
                record, position = _broken(text, position, begun, line)
                yield record
                line += 1
                break
            quoted = cell[1]
            cells.append(cell[2] if quoted is None else quoted.replace('""', '"'))
            line += 0 if quoted is None else quoted.count("\n")
            position = end.end()
            if end[0] != ",":
                yield _Record(begun, tuple(cells))
                line += 1
                break


def _broken(text: str, position: int, begun: int, line: int) -> tuple[_Record, int]:
    """Say what is wrong with the cell at this position, and where reading may go on."""
    next_line = text.find("\n", position) + 1 or len(text)
    shown = text[position:next_line].rstrip("\r\n")
    if text[position] == '"':
        closes = _CELL.match(text, position)
        if closes is not None and closes[1] is not None:
            problem = Said(
                "Text follows the closing quotation mark on line %(line)s. A quotation mark is "
                "missing or too many. Nothing after it was read.",
                line=line + closes[1].count("\n"),
            )
        else:
            problem = Said("The quotation mark is never closed. Nothing after it was read.")
        return _Record(begun, (), (Refusal(line, "", shown, problem),)), len(text)
    if '"' in shown:
        problem = Said(
            "A quotation mark stands inside a value. Quote the whole value and double it."
        )
    else:
        problem = Said("A carriage return stands inside the row. End lines with LF or CRLF.")
    return _Record(begun, (), (Refusal(line, "", shown, problem),)), next_line
