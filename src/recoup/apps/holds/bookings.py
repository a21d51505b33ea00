"""The bookings that a clerk types or pastes: from text to an answer's window, and back to the page.

Everything is read with core's own readers, and what cannot be read stays on the page as it was
typed, beside the reason. Long pastes stay text: rows would be thousands of form fields.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from recoup.core.answer import Booking, DestinationTold, WindowTold
from recoup.core.chain import Booking as DraftBooking
from recoup.core.chain import Draft, Traced, destinations_needed
from recoup.core.moments import iso_utc, read_local_moment
from recoup.core.money import Currency, parse_amount
from recoup.core.text import NotReadable, read_line
from recoup.data import assets, currencies

ROWS_AT_MOST: Final = 200
EMPTY_ROWS: Final = 3
COLUMNS: Final = ("side", "reference", "booked_at", "amount", "to_kind", "to")
SIDES: Final = {
    "credit": "credit", "c": "credit", "crdt": "credit", "+": "credit", "in": "credit",
    "debit": "debit", "d": "debit", "dbit": "debit", "-": "debit", "out": "debit",
}  # fmt: skip
SINKS: Final = ("cash", "card", "fee", "abroad", "other")


@dataclass(slots=True)
class Row:
    """One booking as it was typed. line: the ticket's line that this credit is, if it is one."""

    n: int
    side: str = ""
    reference: str = ""
    booked_at: str = ""
    amount: str = ""
    to_kind: str = ""
    to: str = ""
    line: str = ""
    problem: str = ""
    must_tell: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.reference or self.amount or self.booked_at or self.line)


@dataclass(slots=True)
class Check:
    """Whether the window closes, and what is missing; amounts in minor units."""

    opening_minor: int
    credits_minor: int
    debits_minor: int
    closing_minor: int
    problems: list[str] = field(default_factory=list)
    must_tell: list[dict[str, Any]] = field(default_factory=list)

    @property
    def expected_minor(self) -> int:
        return self.opening_minor + self.credits_minor - self.debits_minor

    @property
    def difference_minor(self) -> int:
        return self.expected_minor - self.closing_minor

    @property
    def short_minor(self) -> int:
        return -self.difference_minor

    @property
    def is_closed(self) -> bool:
        return self.difference_minor == 0 and not self.problems


@dataclass(slots=True)
class WindowForm:
    """The part of the answer form about the account's bookings, ready for the page."""

    opening: str = ""
    closing: str = ""
    from_at: str = ""
    to_at: str = ""
    rows: list[Row] = field(default_factory=list)
    pasted: str = ""
    paste_problem: str = ""
    check: Check | None = None
    told: WindowTold | None = None
    problems: list[dict[str, str]] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return len(self.rows)

    @property
    def is_blank(self) -> bool:
        typed = (self.opening, self.closing, self.pasted)
        return not any(typed) and all(row.is_empty or row.line for row in self.rows)


def empty_window(ticket: Mapping[str, Any], *, at: datetime) -> WindowForm:
    """The form before anything is typed: the disputed credits stand in it already."""
    rows: list[Row] = []
    for line in ticket["lines"]:
        payment = line["payment"]
        amount = plain(payment["amount_minor"], currency_of(ticket))
        rows.append(Row(len(rows), "credit", payment.get("reference") or "",
                        local(payment.get("at")), amount, line=str(line["line"])))  # fmt: skip
    begins = (ticket["disclose"] or {}).get("from")
    earliest = min((row.booked_at for row in rows if row.booked_at), default="")
    form = WindowForm(rows=rows, from_at=local(begins) or earliest, to_at=local(at))
    _add_empty_rows(form)
    return form


def read_window(posted: Mapping[str, str], ticket: Mapping[str, Any]) -> WindowForm:
    """Read what was typed and pasted; problems and the check stand in the result."""
    form = WindowForm(
        posted.get("opening", "").strip(), posted.get("closing", "").strip(),
        posted.get("window_from", "").strip(), posted.get("window_to", "").strip(),
        list(_typed_rows(posted)), posted.get("pasted", ""),
    )  # fmt: skip
    pasted = _pasted_rows(form, ticket)
    if posted.get("step") == "paste" and len(pasted) <= ROWS_AT_MOST and not form.paste_problem:
        form.rows, form.pasted, pasted = _joined(form.rows, pasted), "", []
    form.told = _told(form, _joined(form.rows, pasted), ticket)
    if not form.is_blank:
        _check(form, ticket)
    form.rows = [row for row in form.rows if not row.is_empty]
    _add_empty_rows(form)
    return form


def as_json(told: WindowTold) -> dict[str, Any]:
    """The window as the API's answer has it."""
    return {
        "opening_minor": told.opening_minor,
        "closing_minor": told.closing_minor,
        "from": iso_utc(told.from_at),
        "to": iso_utc(told.to_at),
        "credits": [
            {**_booking_json(b), "line": str(b.line) if b.line else None} for b in told.credits
        ],
        "debits": [{**_booking_json(b), "to": _to_json(b.to)} for b in told.debits],
    }


def currency_of(ticket: Mapping[str, Any]) -> Currency:
    """Return the currency or asset of a ticket."""
    code = ticket["currency"]
    return currencies().get(code) or assets()[code]


def plain(amount_minor: int, currency: Currency) -> str:
    """Write an amount as the form takes it: digits and a point."""
    whole, part = divmod(amount_minor, 10**currency.decimals)
    return f"{whole}.{part:0{currency.decimals}d}" if currency.decimals else str(whole)


def local(moment: datetime | str | None) -> str:
    """Write a moment as a date and time field takes it."""
    if not moment:
        return ""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return timezone.localtime(at).replace(tzinfo=None, microsecond=0).isoformat()


def read_balance(text: str, currency: Currency, *, field: str) -> int:
    """Read a sum that may be zero or below it: a balance, or the sum held."""
    kept = text.strip().replace("\N{MINUS SIGN}", "-")
    sign = -1 if kept.startswith("-") else 1
    kept = kept.removeprefix("-")
    if kept and not kept.strip("0.") and kept.count(".") <= 1 and "0" in kept:
        return 0
    return sign * parse_amount(kept, currency, field=field).minor_units


def read_at(text: str, *, field: str) -> datetime:
    """Read a local time of this hub; a zone in the text wins."""
    zone = timezone.get_current_timezone()
    return read_local_moment(text.strip(), zone=zone, field=field, when_twice="earlier").moment


def _typed_rows(posted: Mapping[str, str]) -> Iterator[Row]:
    count = posted.get("row_count", "0")
    for n in range(min(int(count) if count.isdecimal() else 0, ROWS_AT_MOST * 2)):
        values = {name: posted.get(f"row-{n}-{name}", "").strip() for name in (*COLUMNS, "line")}
        row = Row(n, **values)
        if not row.is_empty:
            yield row


def _pasted_rows(form: WindowForm, ticket: Mapping[str, Any]) -> list[Row]:
    text = form.pasted.strip("\r\n")
    if not text:
        return []
    separator = next((sign for sign in "\t;," if sign in text.splitlines()[0]), "\t")
    rows: list[Row] = []
    for place, cells in enumerate(csv.reader(text.splitlines(), delimiter=separator), start=1):
        kept = [cell.strip() for cell in cells]
        if not any(kept) or (place == 1 and kept[0].lower() not in SIDES):
            continue
        if len(kept) < 4 or kept[0].lower() not in SIDES:
            form.paste_problem = _(
                "Line %(n)s cannot be read: “%(line)s”. Begin with credit or debit, then your "
                "reference, the time and the amount."
            ) % {"n": place, "line": separator.join(cells)[:80]}
            return []
        values = dict(zip(COLUMNS, [*kept, "", ""][:6], strict=True))
        rows.append(Row(0, **{**values, "side": SIDES[kept[0].lower()]}))
    return rows


def _joined(rows: list[Row], pasted: list[Row]) -> list[Row]:
    """Put pasted rows behind the typed ones; a pasted credit takes a disputed credit's place."""
    kept = [row for row in rows if not row.is_empty]
    if not pasted:
        return kept
    for new in pasted:
        if new.side != "credit":
            continue
        for old in kept:
            if old.line and _same_number(old.amount, new.amount):
                new.line = old.line
                kept.remove(old)
                break
    joined = [*kept, *pasted]
    for n, row in enumerate(joined):
        row.n = n
    return joined


def _same_number(one: str, other: str) -> bool:
    def bare(text: str) -> str:
        return text.rstrip("0").rstrip(".") if "." in text else text

    return bare(one) == bare(other)


def _add_empty_rows(form: WindowForm) -> None:
    for n, row in enumerate(form.rows):
        row.n = n
    form.rows += [Row(n) for n in range(len(form.rows), len(form.rows) + EMPTY_ROWS)]


def _told(form: WindowForm, rows: Iterable[Row], ticket: Mapping[str, Any]) -> WindowTold | None:
    """The window in core's words, or None with the problems noted."""
    currency = currency_of(ticket)
    values: dict[str, Any] = {}
    for name, text, read in (
        ("opening", form.opening, lambda t: read_balance(t, currency, field="opening")),
        ("closing", form.closing, lambda t: read_balance(t, currency, field="closing")),
        ("window_from", form.from_at, lambda t: read_at(t, field="window_from")),
        ("window_to", form.to_at, lambda t: read_at(t, field="window_to")),
    ):
        try:
            values[name] = read(text)
        except NotReadable as problem:
            form.problems.append({"anchor": name, "message": f"{problem} ({text or '–'})"})
    bookings = [(row, _booking(row, place, currency)) for place, row in enumerate(rows, start=1)]
    for row, booking in bookings:
        if booking is None:
            form.problems.append({"anchor": "window", "message": row.problem})
    if form.paste_problem:
        form.problems.append({"anchor": "pasted", "message": form.paste_problem})
    if form.problems:
        return None
    credits = tuple(b for row, b in bookings if b and row.side == "credit")
    debits = tuple(b for row, b in bookings if b and row.side == "debit")
    return WindowTold(
        values["opening"], values["closing"], values["window_from"], values["window_to"],
        credits, debits,
    )  # fmt: skip


def _booking(row: Row, place: int, currency: Currency) -> Booking | None:
    """Read one row; what is wrong with it is noted in the row."""
    try:
        if row.side not in ("credit", "debit"):
            raise NotReadable("side", row.side, _("Say credit or debit."), "")
        return Booking(
            reference=read_line(row.reference, field="reference", max_length=140),
            amount_minor=parse_amount(row.amount, currency).minor_units,
            booked_at=read_at(row.booked_at, field="booked_at"),
            seq=place,
            line=UUID(row.line) if row.line and row.side == "credit" else None,
            to=_to(row) if row.side == "debit" else None,
        )
    except NotReadable as problem:
        shown = row.reference or row.amount or str(place)
        row.problem = _("Booking %(ref)s: %(problem)s") % {"ref": shown, "problem": problem}
        return None
    except ValueError:
        row.problem = _("Booking %(ref)s: this line is not of this ticket.") % {"ref": place}
        return None


def _to(row: Row) -> DestinationTold | None:
    if not row.to_kind and not row.to:
        return None
    if row.to_kind in SINKS:
        return DestinationTold(row.to_kind, place=row.to)
    return DestinationTold("account", ident=row.to)


def _check(form: WindowForm, ticket: Mapping[str, Any]) -> None:
    """Fill in the check: does it close, and which debits need a destination."""
    told = form.told
    if told is None:
        form.check = _partial_check(form, ticket)
        return
    form.check = Check(
        told.opening_minor,
        sum(b.amount_minor for b in told.credits),
        sum(b.amount_minor for b in told.debits),
        told.closing_minor,
    )
    for reference, units in _carrying(told, ticket).items():
        for row in form.rows:
            if row.side == "debit" and row.reference == reference:
                row.must_tell = True
        if not next(b for b in told.debits if b.reference == reference).to:
            form.check.must_tell.append({"reference": reference, "units_minor": units})


def _carrying(told: WindowTold, ticket: Mapping[str, Any]) -> dict[str, int]:
    """For each debit that carries disputed money: how many units, under the ticket's rule."""
    asked = {str(line["line"]): int(line["amount_minor"]) for line in ticket["lines"]}
    lines = [
        Traced(b.reference, min(asked[str(b.line)], b.amount_minor))
        for b in told.credits
        if str(b.line) in asked
    ]
    references = [b.reference for b in (*told.credits, *told.debits)]
    if len(references) != len(set(references)):
        return {}
    drafted = Draft(
        told.opening_minor,
        tuple(_drafted(b) for b in told.credits),
        tuple(_drafted(b) for b in told.debits),
        told.closing_minor,
    )
    return destinations_needed(drafted, lines, rule=ticket.get("rule") or "fifo")


def _drafted(booking: Booking) -> DraftBooking:
    at = int(booking.booked_at.timestamp() * 1_000_000)
    return DraftBooking(booking.reference, booking.amount_minor, at, booking.seq)


def _partial_check(form: WindowForm, ticket: Mapping[str, Any]) -> Check:
    """The sum of what can be read already, and the reasons for the rest."""
    currency = currency_of(ticket)
    sums = {"credit": 0, "debit": 0}
    for row in form.rows:
        if row.side in sums:
            sums[row.side] += _or_zero(row.amount, currency)
    return Check(
        _or_zero(form.opening, currency), sums["credit"], sums["debit"],
        _or_zero(form.closing, currency), [problem["message"] for problem in form.problems],
    )  # fmt: skip


def _or_zero(text: str, currency: Currency) -> int:
    try:
        return read_balance(text, currency, field="amount")
    except NotReadable:
        return 0


def _booking_json(booking: Booking) -> dict[str, Any]:
    return {
        "reference": booking.reference, "uetr": None, "amount_minor": booking.amount_minor,
        "booked_at": iso_utc(booking.booked_at), "seq": booking.seq,
    }  # fmt: skip


def _to_json(to: DestinationTold | None) -> dict[str, Any] | None:
    if to is None:
        return None
    return {"kind": to.kind, "scheme": to.scheme, "ident": to.ident, "place": to.place}
