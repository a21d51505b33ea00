"""Statements in SWIFT MT940, one or several in a file, with or without the envelope of SWIFT.

Every line belongs to a field or is refused by its number, so nothing is left out in silence.
Pages of one statement (60M, 62M) are joined. What :86: says about the other side is read where it
is structured (?31, ?32, /IBAN/); otherwise it stays text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from recoup.core.money import Currency
from recoup.core.said import Said
from recoup.standards.statements import mt940_fields, values
from recoup.standards.statements.encodings import decoded
from recoup.standards.statements.faults import Faults
from recoup.standards.statements.pages import joined
from recoup.standards.statements.statement import Line, Note, Place, Statement

NAME: Final = "Customer statement message (MT940)"
EDITION: Final = "SWIFT Standards MT, Category 9"
SOURCE: Final = "https://www.swift.com/standards"
SIGNS: Final = {"C": 1, "D": -1, "RD": 1, "RC": -1}
MOST_LINES: Final = 4_000_000
LONGEST: Final = 1000
#: signs that old programs put around a message, and at the end of a file
FRAME: Final = "\x01\x03\x1a"
HALF_YEAR: Final = timedelta(days=183)
FIRST_TAGS: Final = ("20", "25", "25P")


class _Wrong(ValueError):
    """A field that cannot be taken."""

    def __init__(self, number: int, tag: str, value: str, problem: str) -> None:
        self.number, self.tag, self.value, self.problem = number, tag, value, problem
        super().__init__(problem)


@dataclass(slots=True)
class _Field:
    """One field: its tag and lines. number: of its first line in the file."""

    number: int
    tag: str
    lines: list[str]

    def wrong(self, problem: str, value: str | None = None) -> _Wrong:
        told = "\n".join(self.lines) if value is None else value
        return _Wrong(self.number, f":{self.tag}:", told, problem)


@dataclass(slots=True)
class _Message:
    """One statement, or one page of it."""

    fields: list[_Field] = field(default_factory=list)

    def first(self, *tags: str) -> _Field | None:
        return next((one for one in self.fields if one.tag in tags), None)


@dataclass(frozen=True, slots=True)
class _Balance:
    amount_minor: int
    day: date
    number: int


def read_mt940(
    document: bytes, *, file: str, currencies: values.Currencies, encoding: str = "utf-8"
) -> tuple[Statement, ...]:
    """Read all statements of a file or raise NotReadable. encoding: as declared."""
    faults = Faults(file)
    text = decoded(document, encoding, faults)
    found: list[Statement] = []
    for message in _messages(text, faults):
        try:
            found.append(_statement(message, currencies, faults))
        except _Wrong as wrong:
            faults.add(wrong.number, wrong.tag, wrong.value, wrong.problem)
    faults.stop()
    if not found:
        raise faults.refuse(0, "", "", Said("There is no statement (MT940) in the file."))
    return joined(found)


# Lines to messages


def _messages(text: str, faults: Faults) -> Iterator[_Message]:
    """Cut a file into messages. A message begins with :20:, or with :25: where none stands."""
    message = _Message()
    for one in _fields(text, faults):
        begins = one.tag == "20" or (one.tag in FIRST_TAGS and message.first("62F", "62M"))
        if begins and message.fields:
            yield message
            message = _Message()
        message.fields.append(one)
    if message.fields:
        yield message


def _fields(text: str, faults: Faults) -> Iterator[_Field]:
    """Put lines together to fields; a line that belongs to none is refused."""
    last: _Field | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        plain = _without_envelope(line.removesuffix("\r").strip(FRAME))
        if number > MOST_LINES or len(plain) > LONGEST:
            problem = Said("The line is too long, or there are too many. Divide the file.")
            raise faults.refuse(number, "", "", problem)
        found = mt940_fields.FIELD.fullmatch(plain) if plain[:1] == ":" else None
        if found is not None and _begins(found["tag"], last):
            if last:
                yield last
            last = _Field(number, found["tag"], [found["value"]])
            if found["tag"] not in mt940_fields.TAGS:
                problem = Said("MT940 has no such field. Ask for the file again.")
                faults.add(number, f":{found['tag']}:", found["value"], problem)
        elif plain in ("", "-", "--") or mt940_fields.ENVELOPE.fullmatch(plain):
            continue
        elif last is None or last.tag not in ("61", "86", "NS", "25", "25P"):
            faults.add(number, "", plain, Said("The line belongs to no field of a statement."))
        else:
            last.lines.append(plain)
    if last:
        yield last


def _begins(tag: str, last: _Field | None) -> bool:
    """Whether this is a field: within a text, a line may begin like one that MT940 lacks."""
    return tag in mt940_fields.TAGS or last is None or last.tag not in ("86", "NS")


def _without_envelope(line: str) -> str:
    """Leave out the blocks of SWIFT around the statement, which may stand on its first line."""
    begin = mt940_fields.BEGINS.match(line)
    return line[begin.end() :] if begin else line


# Messages to statements


def _statement(message: _Message, currencies: values.Currencies, faults: Faults) -> Statement:
    begin = message.fields[0]
    told = {
        "25": message.first("25", "25P"), "60": message.first("60F", "60M"),
        "62": message.first("62F", "62M"),
    }  # fmt: skip
    for tag, one in told.items():
        if one is None:
            problem = Said("The statement that begins here has no field :%(tag)s:.", tag=tag)
            raise _Wrong(begin.number, f":{begin.tag}:", "", problem)
    account, opens, closes = (one for one in told.values() if one is not None)
    money, opening = _opening(opens, currencies)
    closing = _balance(closes, money)
    number, page = _number(message)
    notes: list[Note] = []
    lines = tuple(_lines(message, money, opening, page, faults, notes))
    key, scheme = _account(account)
    return Statement(
        key, scheme, money.code, opening.amount_minor, closing.amount_minor, lines,
        Place(faults.file, page, begin.number), "mt940", number, opening.day, closing.day,
        notes=(*notes, *_order(lines)),
    )  # fmt: skip


def _account(one: _Field) -> tuple[str, str]:
    """Read :25:, where a currency may stand behind an IBAN."""
    told = one.lines[0].strip()
    if len(told) > 18 and told[:2].isalpha() and told[-3:].isalpha():
        told = told[:-3].strip()
    key, scheme, odd = _try(one, told, values.account)
    if odd:
        raise one.wrong(odd)
    return key, scheme


def _number(message: _Message) -> tuple[str, str]:
    one = message.first("28C", "28")
    if one is None:
        return "", ""
    found = mt940_fields.NUMBER.fullmatch(one.lines[0].strip())
    if found is None:
        raise one.wrong(Said("A number of a statement looks like 235/1."))
    return found["number"], found["page"].lstrip("0") if found["page"] else ""


def _opening(one: _Field, currencies: values.Currencies) -> tuple[Currency, _Balance]:
    found = mt940_fields.BALANCE.fullmatch(one.lines[0].strip())
    code = found["code"] if found else ""
    money: Currency | None = _try(one, code, values.currency, currencies) if found else None
    if money is None:
        raise one.wrong(Said("A balance looks like C251231RSD1234,56."))
    return money, _balance(one, money)


def _balance(one: _Field, money: Currency) -> _Balance:
    found = mt940_fields.BALANCE.fullmatch(one.lines[0].strip())
    if found is None:
        raise one.wrong(Said("A balance looks like C251231RSD1234,56."))
    if found["code"] != money.code:
        raise one.wrong(Said("The account is in %(currency)s.", currency=money.code))
    amount = SIGNS[found["side"]] * _amount(one, found["amount"], money)
    return _Balance(amount, _day(one, found["day"]), one.number)


def _lines(
    message: _Message, money: Currency, opening: _Balance, page: str, faults: Faults,
    notes: list[Note],
) -> Iterator[Line]:  # fmt: skip
    """The bookings, each with the :86: behind it; what is wrong is gathered."""
    for place, one in enumerate(message.fields):
        if one.tag != "61":
            continue
        behind = message.fields[place + 1] if place + 1 < len(message.fields) else None
        told = behind if behind is not None and behind.tag == "86" else None
        try:
            line = _booking(one, money, opening, Place(faults.file, page, one.number, ":61:"))
            yield _with_text(line, told, one, notes) if told else line
        except _Wrong as wrong:
            faults.add(wrong.number, wrong.tag, wrong.value, wrong.problem)


def _booking(one: _Field, money: Currency, opening: _Balance, place: Place) -> Line:
    found = mt940_fields.BOOKING.fullmatch(one.lines[0])
    if found is None:
        raise one.wrong(Said("A booking looks like 2512311231C1234,56NTRFNONREF//B-1."))
    value_on = _day(one, found["value"])
    own, _, bank = found["reference"].partition("//")
    return Line(
        place, SIGNS[found["side"]] * _amount(one, found["amount"], money),
        _booked_on(one, found["entry"], value_on), None, value_on,
        reference=_said(one, bank), end_to_end=_said(one, own),
        text=_try(one, "\n".join(one.lines[1:]), values.text),
        is_reversal=found["side"].startswith("R"),
    )  # fmt: skip


def _booked_on(one: _Field, entry: str | None, value_on: date) -> date:
    """The day of booking, told without a year: the one nearest to the value date."""
    if not entry:
        return value_on
    month, number = entry[:2], entry[2:]
    if entry == "0229":  # only some years have it
        years = (value_on.year + shift for shift in (0, -1, 1))
        leap = next((year for year in years if year % 4 == 0), value_on.year)
        return _try(one, f"{leap:04d}", values.day, month, number)  # type: ignore[no-any-return]
    day: date = _try(one, f"{value_on.year:04d}", values.day, month, number)
    if day - value_on > HALF_YEAR:
        return day.replace(year=day.year - 1)
    return day.replace(year=day.year + 1) if value_on - day > HALF_YEAR else day


def _with_text(line: Line, told: _Field, one: _Field, notes: list[Note]) -> Line:
    """The line with what its :86: says; a field of GVC form has parts behind question marks."""
    whole = "".join(told.lines)
    parts = _parts(whole) if "?" in whole[:8] else {}
    text = parts.get("text") or "\n".join(told.lines)
    searched = parts.get("text", whole)
    found = {name: pattern.search(searched) for name, pattern in mt940_fields.WORDS.items()}
    words = {name: match[match.lastindex or 0].strip() for name, match in found.items() if match}
    iban = parts.get("iban") or words.get("iban") or parts.get("account", "")
    account, scheme, odd = _try(told, iban, values.account) if iban else ("", "", "")
    if odd:
        notes.append(Note(line.place, "counterparty_odd", odd))
    kept = _try(told, text, values.text)
    return replace(
        line, counterparty=account, counterparty_scheme=scheme,
        counterparty_name=_try(told, parts.get("name") or words.get("name", ""), values.text),
        end_to_end=_said(told, words.get("end_to_end", "")) or line.end_to_end,
        uetr=_try(told, words["uetr"], values.uetr) if "uetr" in words else None,
        text="\n".join(filter(None, (line.text, kept))),
    )  # fmt: skip


def _parts(text: str) -> dict[str, str]:
    """The parts of a structured text, such as ?20 to ?29, put together by what they say."""
    parts: dict[str, str] = {}
    for piece in text.split("?")[1:]:
        meaning = mt940_fields.PARTS.get(piece[:2])
        if meaning:
            parts[meaning] = parts.get(meaning, "") + piece[2:]
    return parts


def _order(lines: tuple[Line, ...]) -> Iterator[Note]:
    pairs = zip(lines, lines[1:], strict=False)
    late = next((after for before, after in pairs if after.booked_on < before.booked_on), None)
    if late is not None:
        said = Said("Bookings are not in the order of their days; they are kept as they stand.")
        yield Note(late.place, "out_of_order", said)


# Values


def _try(one: _Field, value: str, read: Any, *more: Any) -> Any:
    try:
        return read(value, *more)
    except ValueError as wrong:
        raise one.wrong(wrong.args[0]) from None


def _said(one: _Field, value: str) -> str:
    read: str = _try(one, value, values.text)
    return "" if read.upper() in mt940_fields.SAYS_NOTHING else read


def _amount(one: _Field, text: str, money: Currency) -> int:
    """Read an amount, whose comma must stand there and is followed by decimals or nothing."""
    found = mt940_fields.AMOUNT.fullmatch(text)
    if found is None:
        raise one.wrong(Said("An amount of MT940 has one comma, like 1234,56 or 1234,."))
    plain = found[1] + (f".{found[2]}" if found[2] else "")
    return int(_try(one, plain, values.minor_units, money))


def _day(one: _Field, text: str) -> date:
    """Read YYMMDD; 80 to 99 are years of the last century, as SWIFT has it."""
    century = "19" if int(text[:2]) >= 80 else "20"
    read: date = _try(one, century + text[:2], values.day, text[2:4], text[4:])
    return read
