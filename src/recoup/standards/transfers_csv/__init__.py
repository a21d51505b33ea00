"""Transfers between accounts as CSV, read into columns: any ledger, a million rows at a time.

One row a transfer: id, time, payer, payee, amount, currency, and if there are any sequence numbers
and credits. Nothing is guessed, every wrong cell is named, and no row is kept unless all are good.
Rows become numbers in arrays, not objects, for a ledger has millions of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice
from operator import eq, le, lt
from typing import Any, BinaryIO, Final

from recoup.core.money import Currency
from recoup.core.said import Said
from recoup.core.tracing import Account, Ledger, Seed, Transfer
from recoup.standards.strict_csv import NotReadable, Refusal
from recoup.standards.transfers_csv import fields, together
from recoup.standards.transfers_csv.fields import COLUMNS, OPTIONAL

__all__ = ["COLUMNS", "OPTIONAL", "NotReadable", "Refusal", "TransferFile", "read", "read_names"]

NAME: Final = "Transfers between accounts (CSV)"
EDITION: Final = "1"
SOURCE: Final = "defined here"
MAX_ROWS: Final = 20_000_000
MAX_REFUSED: Final = 100_000
MAX_LINE: Final = 4_000
BLOCK: Final = 1 << 16

Told = Callable[[int, int], None]


@dataclass(slots=True)
class TransferFile:
    """All transfers by columns, in the order of the file; t in millionths of a second.

    payer, payee: places in ``accounts``. seq, credit: empty where the file has none. credit: what
    reached the payee; the amount is what left the payer.
    """

    currency: Currency
    accounts: list[str]
    ids: list[str]
    t: array[int]
    payer: array[int]
    payee: array[int]
    amount: array[int]
    seq: array[int]
    credit: array[int] = field(default_factory=lambda: array("q"))

    @property
    def rows(self) -> int:
        return len(self.ids)

    def order(self) -> Sequence[int]:
        """The rows in the order of booking: time, sequence, id. The row number never counts."""
        t, rows = self.t, self.rows
        if not rows or all(map(lt, t, islice(t, 1, None))):
            return range(rows)
        placed: list[int] | range = range(rows)
        if not all(map(le, t, islice(t, 1, None))):
            placed = sorted(placed, key=t.__getitem__)
        times = t if isinstance(placed, range) else list(map(t.__getitem__, placed))
        alike = compress(range(1, rows), map(eq, times, islice(times, 1, None)))
        for begin, end in _runs(alike):
            run = list(placed[begin:end])
            booked = sorted(run, key=self._within_moment)
            if booked != run:
                placed = placed if isinstance(placed, list) else list(placed)
                placed[begin:end] = booked
        return placed

    def _within_moment(self, row: int) -> tuple[int, str]:
        return (self.seq[row] if self.seq else 0, self.ids[row])

    def ledger(self, *, losses: Iterable[str], external: Iterable[str]) -> Ledger:
        """The transfers as objects, for rules that replay the ledger."""
        names, seq = self.accounts, self.seq
        return Ledger(
            accounts={name: Account(external=True) for name in sorted(external)},
            transfers=tuple(
                Transfer(
                    name, self.t[row], names[self.payer[row]], names[self.payee[row]],
                    self.amount[row], seq[row] if seq else 0,
                    self.credit[row] if self.credit else None,
                )
                for row, name in enumerate(self.ids)
            ),
            seeds=tuple(Seed(name) for name in losses),
        )  # fmt: skip


def _runs(alike: Iterable[int]) -> Iterator[tuple[int, int]]:
    """From places that are like the one before: where each run begins, and after its end."""
    begin = end = 0
    for place in alike:
        if place != end:
            if end:
                yield begin, end
            begin = place - 1
        end = place + 1
    if end:
        yield begin, end


@dataclass(slots=True)
class _Reading:
    """What was read so far. places: of our columns in a row; of the optional ones, or -1."""

    currencies: Mapping[str, Currency]
    header: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    seq_at: int = -1
    credit_at: int = -1
    line: int = 0
    code: str = ""
    money: Currency | None = None
    tables: fields.Tables = field(default_factory=fields.Tables)
    ids: list[str] = field(default_factory=list)
    t: array[int] = field(default_factory=lambda: array("q"))
    payer: array[int] = field(default_factory=lambda: array("l"))
    payee: array[int] = field(default_factory=lambda: array("l"))
    amount: array[int] = field(default_factory=lambda: array("q"))
    credit: array[int] = field(default_factory=lambda: array("q"))
    seq: array[int] = field(default_factory=lambda: array("q"))
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, column: str, value: str, problem: str, line: int | None = None) -> None:
        self.refused.append(Refusal(line or self.line, column, value, problem))
        if len(self.refused) >= MAX_REFUSED:
            raise NotReadable(tuple(self.refused))


def read(
    file: BinaryIO, *, currencies: Mapping[str, Currency], told: Told | None = None
) -> TransferFile:
    """Read all transfers or raise NotReadable with every refused cell.

    told: is called now and then with the bytes read and the rows so far.
    """
    reading, done, rest, marked = _Reading(currencies), 0, b"", True
    while block := file.read(BLOCK):
        done += len(block)
        if marked:
            block, marked = block.removeprefix(b"\xef\xbb\xbf"), False
        block = rest + block
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        _take(block[:end], reading)
        if len(rest) > MAX_LINE * 4:
            reading.line += 1
            raise _too_long(reading, rest)
        if told is not None:
            told(done, len(reading.ids))
    if rest or not reading.header:
        _take(rest, reading)
    return _finished(reading)


def read_names(document: bytes) -> list[str]:
    """Read ids or accounts, one a line; empty lines say nothing; raises NotReadable."""
    names: list[str] = []
    refused: list[Refusal] = []
    for line, raw in enumerate(document.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            name = raw.decode("utf-8").strip(" \t\r")
            if name:
                names.append(fields.name(name))
        except UnicodeDecodeError:
            refused.append(Refusal(line, "", raw[:8].hex(" "), fields.NOT_UTF8))
        except ValueError as fault:
            refused.append(Refusal(line, "", name, fault.args[0]))
    if refused:
        raise NotReadable(tuple(refused))
    return names


def _take(block: bytes, reading: _Reading) -> None:
    """Take whole lines; a block that is plain goes the short way."""
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = reading.line + block.count(b"\n", 0, fault.start) + 1
        value = block[fault.start : fault.start + 8].split(b"\n")[0].hex(" ")
        reading.refuse("", value, fields.NOT_UTF8, line)
        raise NotReadable(tuple(reading.refused)) from None
    text = (text.replace("\r\n", "\n") if "\r" in text else text).removesuffix("\n")
    left: str | None = text
    if not reading.header:
        reading.line = 1
        header, left = _cut(text)
        _read_header(header, reading)
    if left is not None and not reading.code:
        first, left = _cut(left)
        _rows([first], reading)
    if left is not None and not _together(left, reading):
        _rows(left.split("\n"), reading)
    if len(reading.ids) > MAX_ROWS:
        problem = Said("There are more than %(most)s rows. Divide the file.", most=f"{MAX_ROWS:,}")
        reading.refuse("", "", problem)
        raise NotReadable(tuple(reading.refused))


def _cut(text: str) -> tuple[str, str | None]:
    """The first line, and what is left after it, if anything."""
    first, mark, left = text.partition("\n")
    return first, left if mark else None


def _rows(lines: list[str], reading: _Reading) -> None:
    """Read row by row, so that whatever is wrong is named."""
    width = len(reading.header)
    for reading.line, line in enumerate(lines, start=reading.line + 1):  # noqa: B020
        cells = line.split(",")
        if len(cells) != width or '"' in line or "\r" in line or len(line) > MAX_LINE:
            cells = _cells(line, reading)
        row = _slow(cells, reading) if cells else None
        if row is None:
            continue
        reading.ids.append(cells[reading.places[0]])
        at, payer, payee, amount, credit, seq = row
        reading.t.append(at)
        reading.payer.append(payer)
        reading.payee.append(payee)
        reading.amount.append(amount)
        if reading.seq_at >= 0:
            reading.seq.append(seq)
        if reading.credit_at >= 0:
            reading.credit.append(credit)


def _together(text: str, reading: _Reading) -> bool:
    """Read many good rows at once; False, and nothing kept, where one of them is not plain."""
    if reading.money is None:
        return False
    found = together.read(text, reading.header, reading.money, reading.tables)
    if found is None:
        return False
    reading.ids.extend(found.ids)
    reading.t.extend(found.t)
    reading.payer.extend(found.payer)
    reading.payee.extend(found.payee)
    reading.amount.extend(found.amount)
    reading.credit.extend(found.credit)
    reading.seq.extend(found.seq)
    reading.line += len(found.ids)
    return True


def _slow(cells: list[str], reading: _Reading) -> tuple[int, ...] | None:
    """Read a row cell by cell, naming each that cannot be taken."""
    before = len(reading.refused)
    id_at, time_at, payer_at, payee_at, amount_at, currency_at = reading.places

    def attempt(at: int, reader: Callable[[str], Any]) -> Any:
        try:
            return reader(cells[at])
        except ValueError as fault:
            reading.refuse(reading.header[at], cells[at], fault.args[0])
            return 0

    attempt(id_at, fields.name)
    attempt(currency_at, lambda text: _currency(text, reading))
    at = attempt(time_at, lambda text: fields.moment(text, reading.tables))
    payer = attempt(payer_at, lambda text: reading.tables.numbers[text])
    payee = attempt(payee_at, lambda text: reading.tables.numbers[text])
    amount, credit = 0, None
    if (money := reading.money) is not None:
        amount = attempt(amount_at, lambda text: fields.minor_units(text, money))
        if reading.credit_at >= 0:
            credit = attempt(reading.credit_at, lambda text: fields.credit(text, money))
    seq = attempt(reading.seq_at, fields.sequence) if reading.seq_at >= 0 else 0
    credit = amount if credit is None else credit
    return (at, payer, payee, amount, credit, seq) if len(reading.refused) == before else None


def _currency(text: str, reading: _Reading) -> int:
    """The currency of the whole file: the first row says it. Two are never added."""
    if text not in reading.currencies:
        raise ValueError(Said("This is not a currency code of ISO 4217."))
    if not reading.code:
        reading.code, reading.money = text, reading.currencies[text]
    if text != reading.code:
        raise ValueError(
            Said(
                "The file began in %(first)s. Amounts of two currencies are never added: give "
                "each currency a file of its own.",
                first=reading.code,
            )
        )
    return 0


def _cells(line: str, reading: _Reading) -> list[str]:
    """The cells of a line that is not plain; none, and a refusal, where they cannot be told."""
    if len(line) > MAX_LINE:
        raise _too_long(reading, line.encode())
    try:
        cells = fields.cells(line)
    except ValueError as fault:
        reading.refuse("", line, fault.args[0])
        return []
    if len(cells) != len(reading.header):
        problem = Said(
            "The row has %(given)s values; the header has %(columns)s columns.",
            given=len(cells), columns=len(reading.header),
        )  # fmt: skip
        reading.refuse("", line, problem)
        return []
    return cells


def _too_long(reading: _Reading, line: bytes) -> NotReadable:
    problem = Said(
        "The line is longer than %(most)s characters. Nothing after it was read.", most=MAX_LINE
    )
    reading.refused.append(Refusal(reading.line, "", line[:40].decode("utf-8", "replace"), problem))
    return NotReadable(tuple(reading.refused))


def _read_header(line: str, reading: _Reading) -> None:
    """Take the header: our columns in any order, each once."""
    header = tuple(line.split(","))
    for column in header:
        if column not in (*COLUMNS, *OPTIONAL):
            known = ", ".join((*COLUMNS, *OPTIONAL))
            problem = Said("This column is not known. Known are: %(known)s.", known=known)
            reading.refuse(column, column, problem)
        elif header.count(column) > 1:
            reading.refuse(column, column, Said("The header names this column twice."))
    for column in COLUMNS:
        if column not in header:
            reading.refuse(column, "", Said("The header does not name this column. Add it."))
    if reading.refused:
        raise NotReadable(tuple(reading.refused))
    reading.header = header
    reading.places = tuple(map(header.index, COLUMNS))
    reading.seq_at, reading.credit_at = (
        header.index(column) if column in header else -1 for column in OPTIONAL
    )


def _finished(reading: _Reading) -> TransferFile:
    if not reading.ids and not reading.refused:
        reading.refuse("", "", Said("There is no transfer in the file, only a header."), 1)
    if not reading.refused and _may_repeat(reading.ids):
        _refuse_twice(reading)
    if reading.refused or reading.money is None:
        raise NotReadable(tuple(reading.refused))
    return TransferFile(
        reading.money, list(reading.tables.numbers), reading.ids, reading.t, reading.payer,
        reading.payee, reading.amount, reading.seq, reading.credit,
    )  # fmt: skip


def _may_repeat(ids: list[str]) -> bool:
    """Ids that only go up, as most files have them, need no set of all."""
    return not all(map(lt, ids, islice(ids, 1, None))) and len(set(ids)) < len(ids)


def _refuse_twice(reading: _Reading) -> None:
    first: dict[str, int] = {}
    for line, name in enumerate(reading.ids, start=2):
        before = first.setdefault(name, line)
        if before != line:
            problem = Said(
                "The id stands on line %(before)s too. Give each transfer its own.", before=before
            )
            reading.refuse("id", name, problem, line)
