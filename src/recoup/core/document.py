"""What a paper says: request, order, answer, refusal, receipt, each as plain frozen values.

The paper for people is printed from these values and carries them inside, as canonical JSON (RFC
8785), so that a machine reads what the clerk reads. Everything is copied in: a paper never needs a
table to be understood. Moments are in UTC; the paper prints them in ``time_zone``.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import rfc8785

from recoup.core.moments import iso_utc, read_moment
from recoup.core.said import Said
from recoup.core.text import NotReadable

FORMAT: Final = "recoup paper 1"
MOST_BYTES: Final = 1_000_000
# In the PDF: what the values are called, and the keyword that says the digest printed on the page.
ATTACHMENT: Final = "recoup-paper.json"
DIGEST_KEY: Final = "recoup-values-sha256:"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks in a paper. call_back: the directory's number, never one that the paper's author
    typed. mandate: under which the person acts. person is empty where no single one decided.
    """

    organisation: str
    code: str
    kind: str
    country: str
    person: str = ""
    mandate: str = ""
    contact: str = ""
    email: str = ""
    call_back: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """To whom a paper goes. kind: bank, isp, and so on."""

    organisation: str
    code: str
    kind: str
    country: str


@dataclass(frozen=True, slots=True)
class PowerSaid:
    """The rule relied on, in its own words. Not confirmed and assumed are printed as such."""

    power: str
    instrument: str
    article: str
    text: str
    is_binding: bool
    is_confirmed: bool
    is_assumed: bool
    confirmed_by: str = ""
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class PackSaid:
    """The version of the country's rules, named by the digest of its bytes."""

    country: str
    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """What every paper begins with. language: of the print; names are written in it.

    verification: the code and the address at which everybody may check the paper.
    """

    reference: str
    measure: str
    title: str
    issued_at: datetime
    language: str
    time_zone: str
    sender: Sender
    to: Addressee
    power: PowerSaid
    pack: PackSaid
    verification_code: str
    verification_address: str


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount in minor units, with the decimals that its currency has."""

    minor_units: int
    currency: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Identifier:
    """What is asked about. port and at belong to an IP address that many share."""

    scheme: str
    value: str
    shown: str
    port: int | None = None
    at: datetime | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """A disputed payment that a request about money rests on."""

    reference: str
    at: datetime | None
    disputed: Sum
    payment: Sum
    payer: str = ""
    payee: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when data are asked for; an end that is not set means until the answer."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment that counts, and how it was counted: one sentence a step."""

    clock: str
    at: datetime
    derivation: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Who decided, in which role, and in which form: written, oral, or a standing instruction.

    narrowed: what the decision took away from the request, one sentence each. written_by,
    confirmed_by: until when it has to follow in writing, or an emergency be confirmed. extends: the
    reference of what this makes longer. new_facts: why a longest time begins anew.
    """

    form: str
    reference: str
    decided_by: tuple[str, ...]
    decided_at: datetime | None = None
    narrowed: tuple[Said, ...] = ()
    written_by: datetime | None = None
    confirmed_by: datetime | None = None
    extends: str = ""
    new_facts: str = ""


@dataclass(frozen=True, slots=True)
class AnswerCode:
    """An answer that the addressee may give: its code and what it is called."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted, of what, for which time, why, by when, and how it may be answered."""

    wanted: tuple[Said, ...]
    identifiers: tuple[Identifier, ...]
    clocks: tuple[Clock, ...]
    data: tuple[str, ...] = ()
    amount: Sum | None = None
    payments: tuple[Payment, ...] = ()
    period: Period | None = None
    necessity: str = ""
    until: datetime | None = None
    is_secret: bool = False
    answers: tuple[AnswerCode, ...] = ()
    costs: str = ""


@dataclass(frozen=True, slots=True)
class RequestDocument:
    """A request. authorisation: none for a draft that still has to be decided."""

    head: Head
    ask: Ask
    authorisation: Authorisation | None = None


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """The paper of an authorised request. Without a decision there is no order."""

    head: Head
    ask: Ask
    authorisation: Authorisation
    request: str


@dataclass(frozen=True, slots=True)
class About:
    """The paper that another one speaks of, by its reference and the digest of its values."""

    reference: str
    sha256: str
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileSaid:
    """A file beside a paper: its name, length and digest."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Told:
    """One value of an answer: which field, and what it says."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class AnswerDocument:
    """What the addressee answered, in codes and fields, with its files."""

    head: Head
    about: About
    answer: AnswerCode
    answered_at: datetime
    told: tuple[Told, ...] = ()
    files: tuple[FileSaid, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class RefusalDocument:
    """Why the addressee does not do what was asked. way_on: the step that is left."""

    head: Head
    about: About
    answer: AnswerCode
    answered_at: datetime
    ground: str
    way_on: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptDocument:
    """That an answer arrived: which bytes, when, and whether they were taken."""

    head: Head
    about: About
    answer: AnswerCode
    received_at: datetime
    body_sha256: str
    is_taken: bool
    files: tuple[FileSaid, ...] = ()


Document = RequestDocument | OrderDocument | AnswerDocument | RefusalDocument | ReceiptDocument
KINDS: Final[Mapping[str, type[Any]]] = {
    "request": RequestDocument,
    "order": OrderDocument,
    "answer": AnswerDocument,
    "refusal": RefusalDocument,
    "receipt": ReceiptDocument,
}
_NAMES: Final = {kind: name for name, kind in KINDS.items()}


class NotADocument(Exception):
    """These bytes are not the values of a paper; the message says what is wrong, and where."""


def kind_of(document: Document) -> str:
    """Return what kind of paper it is, as in KINDS."""
    return _NAMES[type(document)]


def canonical(document: Document) -> bytes:
    """Return the values as canonical JSON: the same values always give the same bytes."""
    plain = _plain(document)
    assert isinstance(plain, dict)  # noqa: S101  (a document is a dataclass)
    return rfc8785.dumps({"format": FORMAT, "paper": kind_of(document), **plain})


def digest_of(content: bytes) -> str:
    """Return the digest that the paper prints of its values."""
    return sha256(content).hexdigest()


def read_document(content: bytes) -> Document:
    """Return the values of a paper from canonical JSON; raises NotADocument."""
    if len(content) > MOST_BYTES:
        raise NotADocument(f"{len(content)} bytes are more than a paper has.")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise NotADocument(f"This is no JSON: {type(fault).__name__}.") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise NotADocument(f"The format is not {FORMAT!r}.")
    kind = told.get("paper")
    if not isinstance(kind, str) or kind not in KINDS:
        raise NotADocument("There is no such kind of paper.")
    values = {name: value for name, value in told.items() if name not in ("format", "paper")}
    document: Document = _dataclass(KINDS[kind], values, kind)
    if canonical(document) != content:
        raise NotADocument("The JSON is not in its canonical form.")
    return document


# --- Values to plain JSON, and back -----------------------------------------------------------


def _plain(value: object) -> object:
    if isinstance(value, Said):
        return {"said": value.template, "values": dict(value.values)}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return iso_utc(value)
    return value.isoformat() if isinstance(value, date) else value


def _value(kind: Any, told: object, where: str) -> Any:
    """Read one value as the type that its field has; nothing is converted or guessed."""
    if get_origin(kind) in (Union, types.UnionType):
        wanted = next(one for one in get_args(kind) if one is not types.NoneType)
        return None if told is None else _value(wanted, told, where)
    if get_origin(kind) is tuple:
        if not isinstance(told, list):
            raise NotADocument(f"{where} is no list.")
        return tuple(_value(get_args(kind)[0], one, f"{where}[{n}]") for n, one in enumerate(told))
    if is_dataclass(kind):
        return _dataclass(kind, told, where)
    if kind in (datetime, date):
        return _moment(kind, told, where)
    if kind is Said:
        return _said(told, where)
    if type(told) is not kind:
        raise NotADocument(f"{where} is no {kind.__name__}.")
    return told


def _dataclass(kind: Any, told: object, where: str) -> Any:
    if not isinstance(told, dict) or set(told) != {one.name for one in fields(kind)}:
        raise NotADocument(f"{where} has other fields than it should.")
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], one, f"{where}.{name}") for name, one in told.items()})


def _moment(kind: Any, told: object, where: str) -> Any:
    try:
        return read_moment(told) if kind is datetime else date.fromisoformat(str(told))
    except (NotReadable, ValueError):
        raise NotADocument(f"{where} is no {kind.__name__}.") from None


def _said(told: object, where: str) -> Said:
    if not isinstance(told, dict) or set(told) != {"said", "values"}:
        raise NotADocument(f"{where} is no sentence.")
    template, values = told["said"], told["values"]
    if not isinstance(template, str) or not isinstance(values, dict):
        raise NotADocument(f"{where} is no sentence.")
    if not all(type(one) in (str, int) for one in values.values()):
        raise NotADocument(f"{where} has a value that is neither text nor number.")
    try:
        return Said(template, **values)
    except (TypeError, ValueError, KeyError):
        raise NotADocument(f"{where} has other values than its sentence.") from None
