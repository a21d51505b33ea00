"""Statements from the rows of a table, under an institution's profile.

All or nothing: every row is read or refused with its number and column. A row between the
headings and the end is a booking, a repeated heading, a declared label, or refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Any, Final

from recoup.core.money import Currency
from recoup.core.said import Said
from recoup.standards.statements import values, written
from recoup.standards.statements.faults import Faults
from recoup.standards.statements.profile import Profile
from recoup.standards.statements.rows import Number, Row, letters
from recoup.standards.statements.statement import Line, Note, Place, Point, Statement

HEADING_ROWS: Final = 60
NOTES_AT_MOST: Final = 1000
AMOUNTS: Final = frozenset({"amount", "credit", "debit", "balance"})
Told = tuple[str, str, str]


class _Wrong(ValueError):
    """A cell that cannot be taken; column: the one of ours, or empty for the row."""

    def __init__(self, column: str, value: str, problem: str) -> None:
        self.column, self.value, self.problem = column, value, problem
        super().__init__(problem)


@dataclass(slots=True)
class _Book:
    """One account in one currency, while its rows are read."""

    account: str
    scheme: str
    money: Currency
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class _Sheet:
    """What the rows so far have said."""

    profile: Profile
    currencies: values.Currencies
    zone: tzinfo
    faults: Faults
    format: str
    labels: dict[str, tuple[str, Row]] = field(default_factory=dict)
    books: dict[tuple[str, str], _Book] = field(default_factory=dict)
    points: list[tuple[int, str, Row]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    pages: int = 0
    rows: int = 0

    def place(self, row: Row, column: str = "") -> Place:
        page = row.page or (str(self.pages) if self.pages > 1 else "")
        return Place(self.faults.file, page, row.number, self.cell(row, column))

    def cell(self, row: Row, column: str) -> str:
        """Where a column of ours stands in a row: B7 in a workbook, else the heading."""
        at = self.places.get(column)
        if at is None:
            return ""
        return f"{letters(at)}{row.number}" if row.page else self.profile.headings[at]

    def note(self, place: Place, code: str, said: str) -> None:
        if len(self.notes) < NOTES_AT_MOST:
            self.notes.append(Note(place, code, said))

    def refuse(self, row: Row, wrong: _Wrong) -> None:
        cell = self.cell(row, wrong.column) or wrong.column
        where = f"{row.page}!{cell}" if row.page else cell
        self.faults.add(row.number, where, wrong.value, wrong.problem)


def read_rows(
    rows: Iterable[Row],
    profile: Profile,
    *,
    currencies: values.Currencies,
    zone: tzinfo,
    faults: Faults,
    format: str,
) -> tuple[Statement, ...]:
    """Return a statement for each account and currency of the table; raises NotReadable."""
    sheet = _Sheet(profile, currencies, zone, faults, format)
    sheet.headings = tuple(map(_folded, profile.headings))
    sheet.places = {column: n for n, column in enumerate(profile.columns) if column}
    for row in rows:
        try:
            _take(row, sheet)
        except _Wrong as wrong:
            sheet.refuse(row, wrong)
    if not sheet.pages:
        raise faults.refuse(0, "", "", _no_headings(profile))
    faults.stop()
    statements = _statements(sheet)
    faults.stop()
    return statements


def _folded(text: str) -> str:
    return " ".join(text.split()).rstrip(": ").casefold()


def _no_headings(profile: Profile) -> Said:
    return Said(
        "The headings of the profile were not found in the first %(most)s rows: %(headings)s. "
        "If the institution writes differently now, confirm a new profile.",
        most=HEADING_ROWS, headings=" | ".join(profile.headings),
    )  # fmt: skip


def _take(row: Row, sheet: _Sheet) -> None:
    """Take one row for what it is."""
    cells = row.cells
    if not any(cells):
        return
    if cells[0][:40].strip().casefold() in (sheet.headings[0], "") or not sheet.pages:
        if _is_heading(row, sheet):
            sheet.pages += 1
            return
    if _take_label(row, sheet):
        return
    if sheet.pages:
        _book(row, sheet)
    elif row.number > HEADING_ROWS:
        raise sheet.faults.refuse(row.number, "", "", _no_headings(sheet.profile))


def _is_heading(row: Row, sheet: _Sheet) -> bool:
    told = [_folded(cell) for cell in row.cells]
    while len(told) > len(sheet.headings) and not told[-1]:
        told.pop()
    told += [""] * (len(sheet.headings) - len(told))
    return tuple(told) == sheet.headings


def _take_label(row: Row, sheet: _Sheet) -> bool:
    """Take a row that begins with a declared label; a row with a day of booking is a booking."""
    if not sheet.profile.labels or (sheet.pages and _has_day(row, sheet)):
        return False
    filled = [cell for cell in row.cells if cell.strip()]
    told = _folded(filled[0]) if filled else ""
    for words, meaning in sheet.profile.labels:
        label = _folded(words)
        if told == label or told.startswith((f"{label}:", f"{label} ")):
            value = filled[0].strip()[len(label) :].strip(" :") if told != label else ""
            # As it is: a number or a day of a workbook stays one.
            _keep_label(meaning, value or next(iter(filled[1:]), ""), row, sheet)
            return True
    return False


def _has_day(row: Row, sheet: _Sheet) -> bool:
    at = sheet.places["booked_at"]
    try:
        written.day_and_moment(row.cells[at], sheet.profile.dates, sheet.zone)
    except (ValueError, IndexError):
        return False
    return True


def _keep_label(meaning: str, value: str, row: Row, sheet: _Sheet) -> None:
    if row.formulas and meaning != "left_out":
        _check_formula(row, value, meaning, sheet)
    if meaning in ("page_opening", "page_closing"):
        sheet.points.append((sheet.rows, value, row))
    elif meaning != "left_out":
        before = sheet.labels.get(meaning)
        if before is not None and before[0] != value:
            problem = Said("The file says this twice, and not alike: %(before)s.", before=before[0])
            raise _Wrong(meaning, value, problem)
        sheet.labels[meaning] = (value, row)


def _book(row: Row, sheet: _Sheet) -> None:
    """Read a row as a booking."""
    sheet.rows += 1
    told = _cells(row, sheet)
    if row.merged or row.formulas:
        _check_cells(row, sheet)
    book = _book_of(told, row, sheet)
    booked_on, booked_at = _day(told, "booked_at", sheet)
    value_on = _day(told, "value_on", sheet)[0] if told.get("value_on") else None
    to, scheme, odd = _try("to", told, values.account) if told.get("to") else ("", "", "")
    line = Line(
        sheet.place(row), _amount(told, book.money, sheet), booked_on, booked_at, value_on,
        to, scheme, _text(told, "to_name"), _text(told, "reference"), _text(told, "end_to_end"),
        _try("uetr", told, values.uetr) if told.get("uetr") else None, _text(told, "text"), False,
        _balance(told, book.money, sheet),
    )  # fmt: skip
    _check_order(line, book, told, sheet)
    if odd:
        sheet.note(sheet.place(row, "to"), "counterparty_odd", odd)
    book.lines.append(line)


def _cells(row: Row, sheet: _Sheet) -> dict[str, str]:
    """The cells by our columns; a row of another length is refused."""
    cells, wanted = row.cells, len(sheet.headings)
    if len(cells) != wanted:
        extra = any(cells[wanted:])
        if extra or (len(cells) < wanted and not row.page):
            problem = Said(
                "The row has %(given)s cells; the headings are %(wanted)s. If it is no booking, "
                "declare its first words as a label.", given=len(cells), wanted=wanted,
            )  # fmt: skip
            raise _Wrong("", " | ".join(cells), problem)
        cells = [*cells, *[""] * (wanted - len(cells))]
    return {column: cells[at] for column, at in sheet.places.items()}


def _try(column: str, told: dict[str, str], read: Any, *more: Any) -> Any:
    try:
        value = told[column]
        if isinstance(value, Number) and column not in AMOUNTS:
            value = written.text_of(value)
        return read(value, *more)
    except ValueError as wrong:
        raise _Wrong(column, told[column], wrong.args[0]) from None


def _text(told: dict[str, str], column: str) -> str:
    value = told.get(column, "")
    return str(_try(column, told, values.text)) if value else ""


def _day(told: dict[str, str], column: str, sheet: _Sheet) -> tuple[date, datetime | None]:
    read: tuple[date, datetime | None] = _try(
        column, told, written.day_and_moment, sheet.profile.dates, sheet.zone
    )
    return read


def _book_of(told: dict[str, str], row: Row, sheet: _Sheet) -> _Book:
    """The account and currency that a row is about."""
    names = _name(told, "account", sheet), _name(told, "currency", sheet)
    book = sheet.books.get(names)
    if book is None:
        account, scheme = _account(names[0], told, sheet)
        known = {"currency": names[1]}
        book = _Book(account, scheme, _try("currency", known, values.currency, sheet.currencies))
        sheet.books[names] = book
    return book


def _name(told: dict[str, str], column: str, sheet: _Sheet) -> str:
    """What the row, a label or the profile says; where two say it, they must agree."""
    of_file = sheet.labels.get(column, (getattr(sheet.profile, column), None))[0].strip()
    if column not in told:
        if not of_file:
            problem = Said("Neither a column nor a label nor the profile tells this. Declare it.")
            raise _Wrong(column, "", problem)
        return of_file
    of_row = _text(told, column)
    if not of_row:
        raise _Wrong(column, "", Said("Nothing stands here. Every booking needs it."))
    if of_file and of_row != of_file:
        problem = Said("The file is declared to be about %(declared)s.", declared=of_file)
        raise _Wrong(column, of_row, problem)
    return of_row


def _account(value: str, told: dict[str, str], sheet: _Sheet) -> tuple[str, str]:
    account, scheme, odd = _try("account", {"account": value}, values.account)
    if odd:
        raise _Wrong("account", value, odd)
    return account, scheme


def _amount(told: dict[str, str], money: Currency, sheet: _Sheet) -> int:
    """The movement: a credit above zero, a debit below."""
    decimal = sheet.profile.decimal
    if "amount" not in told:
        return _two_columns(told, money, decimal)
    amount: int = _try("amount", told, written.amount, decimal, money)
    if "side" not in told:
        return amount
    side = dict(sheet.profile.side_words).get(told["side"].strip())
    if side is None:
        words = ", ".join(word for word, _ in sheet.profile.side_words)
        problem = Said("%(value)s is not one of %(known)s.", value=told["side"], known=words)
        raise _Wrong("side", told["side"], problem)
    if amount < 0:
        raise _Wrong("amount", told["amount"], _below_zero())
    return amount if side == "credit" else -amount


def _below_zero() -> Said:
    return Said(
        "The amount is below zero, although another cell says whether it is a credit or a debit. "
        "Ask the institution what is meant."
    )


def _two_columns(told: dict[str, str], money: Currency, decimal: str) -> int:
    read = {
        side: _try(side, told, written.amount, decimal, money)
        for side in ("credit", "debit")
        if told[side].strip()
    }
    below = next((side for side, amount in read.items() if amount < 0), None)
    if below:
        raise _Wrong(below, told[below], _below_zero())
    if not read or all(read.get(side) for side in ("credit", "debit")):
        problem = Said("A booking has an amount as credit or as debit: one of the two.")
        raise _Wrong("credit", f"{told['credit']} | {told['debit']}", problem)
    return int(read.get("credit", 0) - read.get("debit", 0))


def _balance(told: dict[str, str], money: Currency, sheet: _Sheet) -> int | None:
    if not told.get("balance", "").strip():
        return None
    read: int = _try("balance", told, written.amount, sheet.profile.decimal, money)
    return read


def _check_order(line: Line, book: _Book, told: dict[str, str], sheet: _Sheet) -> None:
    """Refuse a row that does not follow the one before it in the declared order."""
    if sheet.profile.order == "any" or not book.lines:
        return
    pair = (book.lines[-1], line)
    first, second = pair if sheet.profile.order == "oldest_first" else pair[::-1]
    backwards = first.booked_on > second.booked_on
    if first.booked_at and second.booked_at:
        backwards = first.booked_at > second.booked_at
    if backwards:
        problem = Said(
            "The row is out of the declared order: the one before it is line %(before)s. Declare "
            "another order, or ask for the statement again.", before=book.lines[-1].place.line,
        )  # fmt: skip
        raise _Wrong("booked_at", told["booked_at"], problem)


def _check_cells(row: Row, sheet: _Sheet) -> None:
    """Refuse merged cells of a booking, and formulas unless their last values are declared."""
    names = sheet.profile.columns
    for at in row.merged:
        if at < len(names) and names[at]:
            problem = Said("The cell is merged with others, so it is unclear whose value it is.")
            raise _Wrong(names[at], "", problem)
    for at in row.formulas:
        if at < len(names) and names[at]:
            _check_formula(row, row.cells[at], names[at], sheet)


def _check_formula(row: Row, value: str, column: str, sheet: _Sheet) -> None:
    if sheet.profile.formulas == "refuse" or not value:
        problem = Said(
            "A formula stands here, and formulas are not calculated. Ask for values, or declare "
            "that the last value of a formula counts."
        )
        raise _Wrong(column, value, problem)
    said = Said("The value is what a formula last gave; nothing was calculated.")
    sheet.note(sheet.place(row, column), "formula", said)


def _statements(sheet: _Sheet) -> tuple[Statement, ...]:
    """Close the books; an account without bookings is a statement too."""
    if not sheet.books:
        nothing = Row(0, [])
        try:
            _book_of({}, nothing, sheet)
        except _Wrong as wrong:
            sheet.refuse(nothing, wrong)
            return ()
    single = len(sheet.books) == 1
    if not single and (sheet.points or {"opening", "closing"} & set(sheet.labels)):
        problem = Said("Balances stand beside bookings of several accounts or currencies.")
        sheet.faults.add(0, "", "", problem)
        return ()
    return tuple(_statement(book, sheet) for book in sheet.books.values())


def _statement(book: _Book, sheet: _Sheet) -> Statement:
    source = Place(sheet.faults.file, sheet.profile.sheet)
    lines = tuple(_in_order(book.lines, sheet.profile.order))
    ends = {name: _label_amount(name, book, sheet) for name in ("opening", "closing")}
    own = {(line.place.page, line.place.line) for line in lines}
    notes = [note for note in sheet.notes if (note.place.page, note.place.line) in own]
    if ends["opening"] is None and lines and lines[0].balance_minor is not None:
        ends["opening"] = lines[0].balance_minor - lines[0].amount_minor
        said = Said("The opening balance is the first balance less the first booking.")
        notes.append(Note(lines[0].place, "opening_derived", said))
    if ends["closing"] is None and lines:
        ends["closing"] = lines[-1].balance_minor
    days = {name: _label_day(name, sheet) for name in ("from", "until")}
    statement = Statement(
        book.account, book.scheme, book.money.code, ends["opening"], ends["closing"], lines,
        source, sheet.format, sheet.labels.get("number", ("",))[0],
        days["from"] or (lines[0].booked_on if lines else None),
        days["until"] or (lines[-1].booked_on if lines else None),
        points=tuple(_points(book, sheet)), notes=tuple(notes),
    )  # fmt: skip
    return statement


def _in_order(lines: list[Line], order: str) -> list[Line]:
    if order == "newest_first":
        return lines[::-1]
    return sorted(lines, key=lambda line: line.booked_on) if order == "any" else lines


def _label_amount(name: str, book: _Book, sheet: _Sheet) -> int | None:
    if name not in sheet.labels:
        return None
    value, row = sheet.labels[name]
    try:
        return written.amount(value, sheet.profile.decimal, book.money)
    except ValueError as wrong:
        sheet.refuse(row, _Wrong(name, value, wrong.args[0]))
        return None


def _label_day(name: str, sheet: _Sheet) -> date | None:
    if name not in sheet.labels:
        return None
    value, row = sheet.labels[name]
    try:
        return written.day_and_moment(value, sheet.profile.dates, sheet.zone)[0]
    except ValueError as wrong:
        sheet.refuse(row, _Wrong(name, value, wrong.args[0]))
        return None


def _points(book: _Book, sheet: _Sheet) -> Iterable[Point]:
    newest_first = sheet.profile.order == "newest_first"
    for after, value, row in sheet.points:
        try:
            balance = written.amount(value, sheet.profile.decimal, book.money)
        except ValueError as wrong:
            sheet.refuse(row, _Wrong("page_closing", value, wrong.args[0]))
            continue
        at = len(book.lines) - after if newest_first else after
        yield Point(at, balance, replace(sheet.place(row), page=row.page))
