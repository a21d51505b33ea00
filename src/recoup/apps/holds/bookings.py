"""The bookings that a clerk types or pastes: from text to an answer's window, and back to the page.

Everything is read with core's own readers, and what cannot be read stays on the page as it was
typed, with the reason at its place. Long pastes stay text: rows would be thousands of form fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from recoup.apps.holds.window_check import Check, Mark, check_window, marks_of
from recoup.apps.said import reason, refusal
from recoup.core.answer import Booking, DestinationTold, WindowTold
from recoup.core.moments import iso_utc, read_local_moment
from recoup.core.money import Currency, parse_amount
from recoup.core.text import NotReadable, read_line
from recoup.data import assets, currencies
from recoup.standards import booking_lines
from recoup.standards.booking_lines import Profile

ROWS_AT_MOST: Final = 200
EMPTY_ROWS: Final = 3
PROBLEMS_AT_MOST: Final = 20
COLUMNS: Final = ("side", "reference", "booked_at", "amount", "to_kind", "to", "uetr")
SINKS: Final = ("cash", "card", "fee", "abroad", "other")


@dataclass(slots=True)
class Row:
    """One booking as it was typed. problems: what is wrong, by column. line_number: if pasted."""

    n: int
    side: str = ""
    reference: str = ""
    booked_at: str = ""
    amount: str = ""
    to_kind: str = ""
    to: str = ""
    uetr: str = ""
    line_number: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    must_tell: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.reference or self.amount or self.booked_at or self.to)

    def anchor(self, column: str) -> str:
        """The field of the page where this row's column stands."""
        return "pasted" if self.line_number else f"row-{self.n}-{column}"


@dataclass(slots=True)
class WindowForm:
    """The part of the answer form about the account's bookings, ready for the page."""

    opening: str = ""
    closing: str = ""
    from_at: str = ""
    to_at: str = ""
    rows: list[Row] = field(default_factory=list)
    pasted: str = ""
    profile: Profile = field(default_factory=Profile)
    is_proposed: bool = False
    lines_read: int = 0
    paste_problems: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    check: Check | None = None
    told: WindowTold | None = None
    problems: list[dict[str, str]] = field(default_factory=list)
    all_rows: list[Row] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> list[tuple[int, str]]:
        """What each column of a pasted line means, for as many places as the page offers."""
        named = [*self.profile.columns, *[""] * booking_lines.MOST_COLUMNS]
        return list(enumerate(named[: booking_lines.MOST_COLUMNS], start=1))

    @property
    def pasted_count(self) -> int:
        return sum(1 for row in self.all_rows if row.line_number)

    @property
    def is_blank(self) -> bool:
        typed = (self.opening, self.closing, self.pasted)
        return not any(typed) and all(row.is_empty for row in self.rows)

    def add(self, anchor: str, message: str) -> None:
        if len(self.problems) < PROBLEMS_AT_MOST:
            self.problems.append({"anchor": anchor, "message": message})


def empty_window(
    ticket: Mapping[str, Any], *, at: datetime, profile: Profile | None = None
) -> WindowForm:
    """The form before anything is typed; the window begins where the ticket says."""
    begins = local((ticket["disclose"] or {}).get("from"), exact=True)
    payments = [local(line["payment"].get("at")) for line in ticket["lines"]]
    form = WindowForm(
        from_at=begins or min((moment for moment in payments if moment), default=""),
        to_at=local(at),
        profile=profile or Profile(),
    )
    form.marks = marks_of(ticket, {}, (), is_read=False)
    _number_rows(form)
    return form


def read_window(posted: Mapping[str, str], ticket: Mapping[str, Any]) -> WindowForm:
    """Read what was typed and pasted; problems and the check stand in the result."""
    form = WindowForm(
        posted.get("opening", "").strip(), posted.get("closing", "").strip(),
        posted.get("window_from", "").strip(), posted.get("window_to", "").strip(),
        list(_typed_rows(posted)), posted.get("pasted", ""),
    )  # fmt: skip
    _number_rows(form)
    pasted = _pasted_rows(form, posted)
    if posted.get("step") == "paste" and not form.paste_problems and len(pasted) <= ROWS_AT_MOST:
        form.rows = [*(row for row in form.rows if not row.is_empty), *pasted]
        form.pasted, pasted = "", []
        for row in form.rows:
            row.line_number = 0
        _number_rows(form)
    form.all_rows = [*(row for row in form.rows if not row.is_empty), *pasted]
    _tell(form, posted, ticket)
    return form


def declared_profile(posted: Mapping[str, str]) -> Profile:
    """How the clerk says that the screen writes; raises ValueError for what cannot be meant.

    What a form does not say at all is taken as our own form has it.
    """
    places = range(1, booking_lines.MOST_COLUMNS + 1)
    columns = [posted.get(f"paste_column_{n}", "") for n in places]
    while columns and not columns[-1]:
        columns.pop()
    own = Profile()
    return Profile(
        posted.get("paste_separator") or own.separator,
        posted.get("paste_decimal") or own.decimal,
        posted.get("paste_dates") or own.dates,
        tuple(columns) if "paste_column_1" in posted else own.columns,
    )


def propose(form: WindowForm) -> None:
    """Put the one profile that fits the pasted lines before the clerk, who has to confirm it."""
    fitting = booking_lines.proposals(form.pasted.encode("utf-8", "replace"))
    if len(fitting) == 1 and fitting[0] != form.profile:
        form.profile, form.is_proposed = fitting[0], True


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


def local(moment: datetime | str | None, *, exact: bool = False) -> str:
    """Write a moment as the form takes it, in the hub's local time; exact: with microseconds."""
    if not moment:
        return ""
    at = timezone.localtime(datetime.fromisoformat(moment) if isinstance(moment, str) else moment)
    kept = at.replace(tzinfo=None) if exact else at.replace(tzinfo=None, microsecond=0)
    return kept.isoformat(sep=" ")


def read_balance(text: str, currency: Currency, *, field: str) -> int:
    """Read a sum that may be zero or below it: a balance, or the sum held."""
    kept = text.strip().replace("\N{MINUS SIGN}", "-")
    sign = -1 if kept.startswith("-") else 1
    kept = kept.removeprefix("-")
    if kept and not kept.strip("0.") and kept.count(".") <= 1 and "0" in kept:
        return 0
    return sign * parse_amount(kept, currency, field=field).minor_units


def read_at(text: str, *, field: str) -> datetime:
    """Read a local time of this hub; a zone in the text wins. An hour shown twice is refused."""
    zone = timezone.get_current_timezone()
    return read_local_moment(text.strip(), zone=zone, field=field).moment


def _typed_rows(posted: Mapping[str, str]) -> Iterator[Row]:
    count = posted.get("row_count", "0")
    told = int(count) if count.isdecimal() and len(count) < 9 else 0
    for n in range(min(told, ROWS_AT_MOST * 2)):
        values = {name: posted.get(f"row-{n}-{name}", "").strip() for name in COLUMNS}
        row = Row(n, **values)  # type: ignore[arg-type]
        if not row.is_empty:
            yield row


def _pasted_rows(form: WindowForm, posted: Mapping[str, str]) -> list[Row]:
    """Read what was pasted in the form that the clerk declared; what its remarks say fills gaps."""
    try:
        form.profile = declared_profile(posted)
        sheet = booking_lines.read(form.pasted.encode("utf-8", "replace"), form.profile)
    except ValueError as problem:
        form.paste_problems.append(reason(problem))
        return []
    except booking_lines.NotReadable as wrong:
        form.paste_problems += [refusal(refused) for refused in wrong.refused]
        return []
    form.opening, form.closing = form.opening or sheet.opening, form.closing or sheet.closing
    form.from_at = sheet.from_at or form.from_at
    form.lines_read = len(sheet.lines)
    return [
        Row(0, one.side, one.reference, one.booked_at, one.amount, one.to_kind, one.to, one.uetr,
            line_number=one.number)
        for one in sheet.lines
    ]  # fmt: skip


def _number_rows(form: WindowForm) -> None:
    """Number the rows anew, with some empty ones behind them."""
    form.rows = [row for row in form.rows if not row.is_empty]
    form.rows += [Row(0) for _row in range(EMPTY_ROWS)]
    for n, row in enumerate(form.rows):
        row.n = n


def _tell(form: WindowForm, posted: Mapping[str, str], ticket: Mapping[str, Any]) -> None:
    """Fill in what is told, what is wrong with it, the marks of the disputed credits, the check."""
    currency = currency_of(ticket)
    values = _ends(form, currency)
    pairs = [(row, _booking(row, place, currency, form))
             for place, row in enumerate(form.all_rows, start=1)]  # fmt: skip
    for message in form.paste_problems:
        form.add("pasted", message)
    credits = tuple(b for row, b in pairs if b and row.side == "credit")
    debits = tuple(b for row, b in pairs if b and row.side == "debit")
    form.marks = marks_of(ticket, posted, credits, is_read=bool(credits))
    lines = {mark.value: mark.line for mark in form.marks if mark.value and not mark.is_elsewhere}
    credits = tuple(replace(one, line=lines.get(one.reference)) for one in credits)
    told = WindowTold(
        values.get("opening", 0), values.get("closing", 0),
        values.get("window_from") or timezone.now(), values.get("window_to") or timezone.now(),
        credits, debits,
    )  # fmt: skip
    if not form.problems:
        form.told = told
    if not form.is_blank:
        form.check = check_window(told, ticket, form.marks, is_whole=not form.problems)
        form.check.problems[:0] = [problem["message"] for problem in form.problems]
        _show_needed(form)


def _ends(form: WindowForm, currency: Currency) -> dict[str, Any]:
    """Balances and times of the window, as far as they can be read."""
    values: dict[str, Any] = {}
    for name, text, read in (
        ("opening", form.opening, partial(read_balance, currency=currency)),
        ("closing", form.closing, partial(read_balance, currency=currency)),
        ("window_from", form.from_at, read_at),
        ("window_to", form.to_at, read_at),
    ):
        try:
            values[name] = read(text, field=name)
        except NotReadable as problem:
            words = {
                "opening": _("Opening balance"), "closing": _("Closing balance"),
                "window_from": _("from"), "window_to": _("until"),
            }[name]  # fmt: skip
            form.add(
                name, f"{words}: {reason(problem)}" + (f" (“{problem.value}”)" if text else "")
            )
    return values


def _booking(row: Row, place: int, currency: Currency, form: WindowForm) -> Booking | None:
    """Read one row; what is wrong with it is noted at its columns."""
    readers: dict[str, Any] = {
        "reference": lambda t: read_line(t, field="reference", max_length=140),
        "booked_at": lambda t: read_at(t, field="booked_at"),
        "amount": lambda t: parse_amount(t, currency).minor_units,
        "uetr": _read_uetr,
        "side": _read_side,
    }
    values: dict[str, Any] = {}
    for column, read in readers.items():
        text = getattr(row, column)
        try:
            values[column] = read(text)
        except NotReadable as problem:
            row.problems[column] = reason(problem)
            shown = f" (“{problem.value}”)" if text else ""
            form.add(row.anchor(column), f"{_name_of(row, place)}: {row.problems[column]}{shown}")
    if row.problems:
        return None
    to = _to(row) if row.side == "debit" else None
    return Booking(
        values["reference"], values["amount"], values["booked_at"], place, values["uetr"], None, to
    )


def _name_of(row: Row, place: int) -> str:
    if row.line_number:
        return _("Line %(n)s") % {"n": row.line_number}
    return _("Booking %(ref)s") % {"ref": row.reference or place}


def _read_uetr(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        problem, advice = _("This is not a UETR."), _("Leave it out or copy it again.")
        raise NotReadable("uetr", text, problem, advice) from None


def _read_side(text: str) -> str:
    if text not in ("credit", "debit"):
        raise NotReadable("side", text, _("Is it a credit or a debit?"), _("Choose one."))
    return text


def _to(row: Row) -> DestinationTold | None:
    if not row.to_kind and not row.to:
        return None
    if row.to_kind in SINKS:
        return DestinationTold(row.to_kind, place=row.to)
    return DestinationTold("account", ident=row.to)


def _show_needed(form: WindowForm) -> None:
    """Mark the rows of the page whose debits carry disputed money."""
    needed = form.check.carried if form.check else {}
    wrong = (
        {one["reference"]: one["problem"] for one in form.check.wrong_accounts}
        if form.check and needed
        else {}
    )
    for row in form.rows:
        if row.side == "debit" and row.reference in needed:
            row.must_tell = True
            if row.reference in wrong:
                row.problems["to"] = wrong[row.reference]


def _booking_json(booking: Booking) -> dict[str, Any]:
    return {
        "reference": booking.reference, "uetr": str(booking.uetr) if booking.uetr else None,
        "amount_minor": booking.amount_minor, "booked_at": iso_utc(booking.booked_at),
        "seq": booking.seq,
    }  # fmt: skip


def _to_json(to: DestinationTold | None) -> dict[str, Any] | None:
    if to is None:
        return None
    return {"kind": to.kind, "scheme": to.scheme, "ident": to.ident, "place": to.place}
