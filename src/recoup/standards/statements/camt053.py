"""Statements in ISO 20022 camt.053, editions .04, .07 and .08; .02 is read tolerantly.

Entries that are booked become lines; pending ones are left out with a note. A collective entry
becomes a line for each of its transactions where these add up to it. Nothing is validated that is
not read: other elements may stand in the file and say nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Any, Final

from recoup.core.money import Currency
from recoup.core.said import Said
from recoup.standards.statements import camt_fields, values
from recoup.standards.statements.bounded_xml import Element, read_xml
from recoup.standards.statements.faults import Faults
from recoup.standards.statements.pages import joined
from recoup.standards.statements.statement import Line, Note, Place, Statement
from recoup.standards.statements.written import moment

NAME: Final = "Bank-to-customer statement (camt.053)"
EDITION: Final = "camt.053.001.08, .07, .04; .02 tolerantly"
SOURCE: Final = "https://www.iso20022.org/iso-20022-message-definitions"
NAMES: Final = frozenset({"Ntry", "Stmt", "GrpHdr"})
SIGNS: Final = {"CRDT": 1, "DBIT": -1}
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_FRACTION: Final = re.compile(r"(\.[0-9]{6})0+")
#: what a statement says of itself, and no entry
OF_STATEMENT: Final = ("Acct/", "Bal")


class _Wrong(ValueError):
    """Something in an element that cannot be taken."""

    def __init__(self, where: Element, path: str, value: str, problem: str) -> None:
        self.line, self.path, self.value, self.problem = where.line, path, value, problem
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class _Balance:
    code: str
    amount_minor: int
    day: date
    line: int


@dataclass(slots=True)
class _Account:
    """The statement whose entries are being read. Its head stands before its entries."""

    account: str
    scheme: str
    money: Currency
    balances: list[_Balance]


@dataclass(slots=True)
class _Reading:
    faults: Faults
    currencies: values.Currencies
    zone: tzinfo
    edition: str = ""
    page: str = ""
    head: _Account | None = None
    lines: list[Line] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    entries: int = 0
    done: list[Statement] = field(default_factory=list)
    statements: int = 0

    def place(self, line: int, cell: str = "") -> Place:
        return Place(self.faults.file, self.page, line, cell)

    @property
    def which(self) -> str:
        return f"Stmt[{self.statements + 1}]"

    @property
    def where(self) -> str:
        return f"{self.which}/Ntry[{self.entries}]" if self.entries else self.which


def read_camt053(
    document: bytes, *, file: str, currencies: values.Currencies, zone: tzinfo
) -> tuple[Statement, ...]:
    """Read all statements of a file or raise NotReadable. zone: of times that say none."""
    reading = _Reading(Faults(file), currencies, zone)

    def ended(one: Element, inside: list[Element]) -> bool:
        return _ended(one, inside, reading)

    read_xml(document, names=NAMES, ended=ended, faults=reading.faults)
    reading.faults.stop()
    if not reading.done:
        problem = Said("There is no statement (Stmt of camt.053) in the file.")
        raise reading.faults.refuse(0, "", "", problem)
    return joined(reading.done)


def _ended(one: Element, inside: list[Element], reading: _Reading) -> bool:
    """Take an element that has ended; what stands elsewhere is left alone."""
    if [outer.name for outer in inside[-2:]] == ["Document", "BkToCstmrStmt"]:
        _check_edition(one, reading)
        if one.name == "GrpHdr":
            reading.page = one.value("MsgPgntn", "PgNb")
        elif one.name == "Stmt":
            _close(one, reading)
        return True
    if one.name == "Ntry" and inside[-1].name == "Stmt":
        reading.entries += 1
        try:
            _entry(one, inside[-1], reading)
        except _Wrong as wrong:
            _refuse(wrong, reading)
        return True
    return False


def _check_edition(one: Element, reading: _Reading) -> None:
    edition = one.namespace.removeprefix(camt_fields.NAMESPACE)
    if edition not in camt_fields.EDITIONS:
        problem = Said(
            "This is not camt.053 in an edition that is read: %(known)s.",
            known=", ".join(f"camt.053.001.{known}" for known in camt_fields.EDITIONS),
        )
        raise reading.faults.refuse(one.line, one.name, one.namespace, problem)
    reading.edition = f"camt.053.001.{edition}"


def _refuse(wrong: _Wrong, reading: _Reading) -> None:
    of_statement = wrong.path.startswith(OF_STATEMENT)
    where = f"{reading.which if of_statement else reading.where}/{wrong.path}"
    reading.faults.add(wrong.line, where, wrong.value, wrong.problem)


# The statement


def _head(stmt: Element, reading: _Reading) -> _Account:
    """Account, currency and balances, which stand before the entries."""
    if reading.head is None:
        account = stmt.first("Acct")
        told = _first(account, camt_fields.ACCOUNT) if account else ""
        if account is None or not told:
            raise _Wrong(stmt, "Acct/Id", "", Said("The statement does not say its account."))
        key, scheme, odd = _try(account, "Acct/Id", told, values.account)
        if odd or (account.value("Id", "IBAN") and not scheme):
            raise _Wrong(account, "Acct/Id", told, odd or Said("This is not an IBAN."))
        amounts = [bal.first("Amt") for bal in stmt.all("Bal")]
        codes = (one.attributes.get("Ccy", "") for one in amounts if one is not None)
        code = account.value("Ccy") or next(codes, "")
        money = _try(account, "Acct/Ccy", code, values.currency, reading.currencies)
        balances = [_balance(bal, money, reading.zone) for bal in stmt.all("Bal")]
        reading.head = _Account(key, scheme, money, balances)
    return reading.head


def _balance(bal: Element, money: Currency, zone: tzinfo) -> _Balance:
    code = bal.value("Tp", "CdOrPrtry", "Cd") or bal.value("Tp", "CdOrPrtry", "Prtry")
    told = bal.first("Dt")
    day = _day(told, f"Bal[{code}]", zone)[0] if told else None
    if day is None:
        raise _Wrong(bal, f"Bal[{code}]/Dt", "", Said("The balance does not say its day."))
    return _Balance(code, _signed(bal, money, f"Bal[{code}]/"), day, bal.line)


def _close(stmt: Element, reading: _Reading) -> None:
    """Finish a statement, unless something in it was refused."""
    try:
        reading.page = stmt.value("StmtPgntn", "PgNb") or reading.page
        head = _head(stmt, reading)
        _note_summary(stmt, reading)
        statement = _statement(stmt, head, reading)
        reading.done.append(statement)
    except _Wrong as wrong:
        reading.entries = 0
        _refuse(wrong, reading)
    reading.head, reading.lines, reading.notes, reading.entries = None, [], [], 0
    reading.statements += 1


def _statement(stmt: Element, head: _Account, reading: _Reading) -> Statement:
    opening = _end(head.balances, camt_fields.OPENING, first=True)
    closing = _end(head.balances, camt_fields.CLOSING, first=False)
    if closing is opening and closing is not None and closing.code == "ITBD":
        closing = None
    from_at, to_at = (_period(stmt, name, reading) for name in ("FrDtTm", "ToDtTm"))
    _note_order(reading)
    return Statement(
        head.account, head.scheme, head.money.code,
        opening.amount_minor if opening else None, closing.amount_minor if closing else None,
        tuple(reading.lines), reading.place(stmt.line, reading.where.partition("/")[0]),
        reading.edition, _first(stmt, camt_fields.NUMBER),
        _day_of(from_at, reading.zone) or (opening.day if opening else None),
        _day_of(to_at, reading.zone) or (closing.day if closing else None),
        from_at, to_at, notes=tuple(reading.notes),
    )  # fmt: skip


def _day_of(at: datetime | None, zone: tzinfo) -> date | None:
    return at.astimezone(zone).date() if at else None


def _end(balances: Iterable[_Balance], codes: tuple[str, ...], *, first: bool) -> _Balance | None:
    """The balance at one end: of the best kind that is told, the earliest or the latest."""
    told = list(balances)
    for code in codes:
        of_kind = sorted((one for one in told if one.code == code), key=lambda one: one.day)
        if of_kind:
            return of_kind[0 if first else -1]
    return None


def _period(stmt: Element, name: str, reading: _Reading) -> datetime | None:
    value = stmt.value("FrToDt", name)
    if not value:
        return None
    return _moment(stmt, f"FrToDt/{name}", value, reading.zone)


def _note_summary(stmt: Element, reading: _Reading) -> None:
    told = stmt.value("TxsSummry", "TtlNtries", "NbOfNtries")
    if told and told.lstrip("0") != (str(reading.entries) if reading.entries else ""):
        said = Said(
            "The summary says %(told)s entries; %(given)s stand in the statement.",
            told=told, given=reading.entries,
        )  # fmt: skip
        reading.notes.append(Note(reading.place(stmt.line), "summary_differs", said))


def _note_order(reading: _Reading) -> None:
    pairs = zip(reading.lines, reading.lines[1:], strict=False)
    late = next((after for before, after in pairs if after.booked_on < before.booked_on), None)
    if late is not None:
        said = Said("Bookings are not in the order of their days; they are kept as they stand.")
        reading.notes.append(Note(late.place, "out_of_order", said))


# An entry


def _entry(entry: Element, stmt: Element, reading: _Reading) -> None:
    head = _head(stmt, reading)
    status = entry.value("Sts", "Cd") or entry.value("Sts")
    place = reading.place(entry.line, reading.where)
    if status != camt_fields.BOOKED:
        said = Said("The entry is not booked (%(status)s) and was left out.", status=status or "–")
        reading.notes.append(Note(place, "not_booked", said))
        return
    line = _plain_line(entry, head, place, reading)
    details = entry.all("NtryDtls", "TxDtls")
    parts = _parts(details, line, head) if len(details) > 1 else None
    if parts is None:
        if len(details) > 1:
            said = Said("The transactions of the entry do not add up to it; it is kept whole.")
            reading.notes.append(Note(place, "batch_whole", said))
        one = details[0] if len(details) == 1 else None
        reading.lines.append(_told(line, one, entry, head, reading))
        return
    for number, (amount, part) in enumerate(zip(parts, details, strict=True), start=1):
        cell = f"{place.cell}/TxDtls[{number}]"
        of_part = replace(line, amount_minor=amount, place=reading.place(part.line, cell))
        reading.lines.append(_told(of_part, part, entry, head, reading))


def _plain_line(entry: Element, head: _Account, place: Place, reading: _Reading) -> Line:
    """What the entry itself says."""
    booked, value = entry.first("BookgDt"), entry.first("ValDt")
    day = booked or value
    if day is None:
        raise _Wrong(entry, "BookgDt", "", Said("The entry does not say when it was booked."))
    if booked is None:
        said = Said("The entry has no day of booking; the value date was taken.")
        reading.notes.append(Note(place, "value_date_taken", said))
    booked_on, booked_at = _day(day, "BookgDt", reading.zone)
    if booked_on is None:
        raise _Wrong(day, "BookgDt", "", Said("The entry does not say when it was booked."))
    return Line(
        place, _signed(entry, head.money, ""), booked_on, booked_at,
        _day(value, "ValDt", reading.zone)[0] if value else None,
        reference=_reference(entry, entry.value("AcctSvcrRef"), "AcctSvcrRef"),
        text=_try(entry, "AddtlNtryInf", entry.value("AddtlNtryInf"), values.text),
        is_reversal=entry.value("RvslInd") in ("true", "1"),
    )  # fmt: skip


def _parts(details: list[Element], line: Line, head: _Account) -> list[int] | None:
    """The signed amounts of an entry's transactions, if they add up to the entry."""
    amounts = []
    for one in details:
        own = one if one.first("Amt") else one.first("AmtDtls", "TxAmt")
        told = own.first("Amt") if own else None
        if own is None or told is None or told.attributes.get("Ccy") != head.money.code:
            return None
        side = one.value("CdtDbtInd")
        sign = SIGNS.get(side, 1 if line.amount_minor >= 0 else -1)
        amounts.append(sign * _amount(own, head.money, "NtryDtls/TxDtls/"))
    return amounts if sum(amounts) == line.amount_minor else None


def _told(
    line: Line, part: Element | None, entry: Element, head: _Account, reading: _Reading
) -> Line:
    """The line with what its transaction says."""
    if part is None:
        return line
    told = {name: _first(part, paths) for name, paths in camt_fields.OF_TRANSACTION.items()}
    account, scheme, name = _other_side(line, part, head, reading)
    uetr = _try(part, "Refs/UETR", told["uetr"], values.uetr) if told["uetr"] else None
    return replace(
        line,
        counterparty=account, counterparty_scheme=scheme, counterparty_name=name,
        reference=_reference(part, told["reference"], "Refs/AcctSvcrRef") or line.reference,
        end_to_end=_reference(part, told["end_to_end"], "Refs/EndToEndId"), uetr=uetr,
        text=_remittance(part) or line.text,
    )  # fmt: skip


def _other_side(
    line: Line, part: Element, head: _Account, reading: _Reading
) -> tuple[str, str, str]:
    """Account, scheme and name of the other side; a reversal keeps the sides of its payment."""
    side = "CRDT" if (line.amount_minor >= 0) != line.is_reversal else "DBIT"
    path, names = camt_fields.PARTIES[side]
    holder = part.first(*path)
    told = _first(holder, camt_fields.ACCOUNT) if holder else ""
    where = "/".join(path)
    account, scheme, odd = _try(part, where, told, values.account) if told else ("", "", "")
    if odd:
        reading.notes.append(Note(line.place, "counterparty_odd", odd))
    return account, scheme, _try(part, where, _first(part, names), values.text)


def _remittance(part: Element) -> str:
    told = [one.text for one in part.all("RmtInf", "Ustrd")]
    told += [one.text for one in part.all("RmtInf", "Strd", "CdtrRefInf", "Ref")]
    written = "\n".join(told) or part.value("AddtlTxInf")
    return str(_try(part, "RmtInf", written, values.text))


# Values


def _first(one: Element, paths: tuple[camt_fields.Path, ...]) -> str:
    for path in paths:
        found = one.first(*path)
        if found is not None and (told := found.text.strip()):
            return told
    return ""


def _try(where: Element, path: str, value: str, read: Any, *more: Any) -> Any:
    try:
        return read(value, *more)
    except ValueError as wrong:
        raise _Wrong(where, path, value, wrong.args[0]) from None


def _reference(where: Element, value: str, path: str) -> str:
    read: str = _try(where, path, value, values.text)
    return "" if read.upper() in camt_fields.SAYS_NOTHING else read


def _signed(one: Element, money: Currency, path: str) -> int:
    side = one.value("CdtDbtInd")
    if side not in SIGNS:
        problem = Said("Is it a credit or a debit? CRDT or DBIT has to be said.")
        raise _Wrong(one, f"{path}CdtDbtInd", side, problem)
    return SIGNS[side] * _amount(one, money, path)


def _amount(one: Element, money: Currency, path: str) -> int:
    """Read an amount, which is never below zero and in the account's currency."""
    told = one.first("Amt")
    if told is None:
        raise _Wrong(one, f"{path}Amt", "", Said("The amount is missing."))
    code = told.attributes.get("Ccy", "")
    if code != money.code:
        problem = Said("The account is in %(currency)s.", currency=money.code)
        raise _Wrong(told, f"{path}Amt/@Ccy", code, problem)
    if told.children:
        raise _Wrong(told, f"{path}Amt", told.text, Said("Elements stand inside the amount."))
    return int(_try(told, f"{path}Amt", told.text.strip(), values.minor_units, money))


def _day(one: Element, path: str, zone: tzinfo) -> tuple[date | None, datetime | None]:
    """Read a choice of Dt and DtTm: the day, and the moment if a time is told."""
    told = one.value("DtTm")
    if told:
        at = _moment(one, f"{path}/DtTm", told, zone)
        return at.astimezone(zone).date(), at
    told = one.value("Dt")
    if not told:
        return None, None
    found = _DAY.fullmatch(told)
    if found is None:
        problem = Said("In the declared form a day looks like %(right)s.", right="2025-12-31")
        raise _Wrong(one, f"{path}/Dt", told, problem)
    return _try(one, f"{path}/Dt", found[1], values.day, found[2], found[3]), None


def _moment(where: Element, path: str, value: str, zone: tzinfo) -> datetime:
    at: datetime = _try(where, path, _FRACTION.sub(r"\1", value), moment, zone)
    return at
