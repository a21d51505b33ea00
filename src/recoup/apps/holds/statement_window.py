"""From statements to an answer's known window: which bookings are told, and what is left out.

The statements of the ticket's account are put in order, checked against their balances, freed of
what two of them tell twice, and cut where the window begins. What comes out are the fields of the
answer form, as a clerk would have typed them: from there everything goes the usual way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.utils import timezone

from recoup.apps.holds.bookings import ROWS_AT_MOST, currency_of, local, plain
from recoup.core.answer import MOST_BOOKINGS
from recoup.core.money import Currency
from recoup.core.said import Said
from recoup.core.text import mask_cards
from recoup.standards import booking_lines
from recoup.standards.statements import (
    BalanceCheck,
    Line,
    Overlap,
    Place,
    Statement,
    check_balance,
    joined,
    overlaps,
    without_repeats,
)

MOST_REFUSED: Final = 100
LONGEST_REFERENCE: Final = 140
EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that stands against taking the statements; place: where, if it is one place."""

    said: str
    place: Place | None = None
    value: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the statements as the answer would tell it.

    n: its place among all lines, from 1. is_told: whether it lies in the window. payment: the
    place of the ticket's line that it is, or None.
    """

    n: int
    line: Line
    at: datetime
    reference: str
    is_named_by_us: bool
    is_told: bool
    payment: int | None = None

    @property
    def side(self) -> str:
        return "credit" if self.line.amount_minor > 0 else "debit"


@dataclass(slots=True)
class Assembly:
    """The statements of the ticket's account, put together."""

    mine: tuple[Statement, ...] = ()
    others: tuple[Statement, ...] = ()
    checks: tuple[BalanceCheck, ...] = ()
    overlapping: tuple[Overlap, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    opening_minor: int = 0
    closing_minor: int = 0
    from_at: datetime | None = None
    to_at: datetime | None = None
    begins: int = 1
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)

    @property
    def told(self) -> list[Entry]:
        return [one for one in self.entries if one.is_told]

    @property
    def repeated(self) -> int:
        return sum(len(one.repeats) for one in self.overlapping)

    @property
    def before(self) -> int:
        """How many lines lie before the window."""
        return sum(1 for one in self.entries if one.n < self.begins)

    @property
    def can_be_taken(self) -> bool:
        return not self.faults and bool(self.told)


def assemble(
    statements: Sequence[Statement], ticket: Mapping[str, Any], *, at: datetime, begins: int = 0
) -> Assembly:
    """Put the statements of the ticket's account together. begins: the first line, if a clerk said.

    Whatever stands against it is a fault; what only a person can judge is a doubt.
    """
    account, currency = ticket["account"]["ident"], currency_of(ticket)
    key = (account, currency.code)
    mine = tuple(one for one in statements if (one.account, one.currency) == key)
    found = Assembly(
        joined(sorted(mine, key=_begins)),
        tuple(one for one in statements if (one.account, one.currency) != key),
    )
    if not mine:
        found.faults.append(Fault(_of_another(found.others, ticket)))
        return found
    found.checks = tuple(map(check_balance, found.mine))
    found.overlapping = overlaps(found.mine)
    lines = _in_order(without_repeats(found.mine))
    _check_sums(found, lines)
    _check_limits(found, lines, currency)
    _doubt(found)
    if not found.faults:
        _cut(found, lines, ticket, at=at, begins=begins)
    return found


def fields(found: Assembly, ticket: Mapping[str, Any]) -> dict[str, str]:
    """The known window as the answer form has it, field by field."""
    currency = currency_of(ticket)
    told = found.told
    values = {
        "opening": plain_balance(found.opening_minor, currency),
        "closing": plain_balance(found.closing_minor, currency),
        "window_from": local(found.from_at, exact=True),
        "window_to": local(found.to_at, exact=True),
        "row_count": "0", "pasted": "",
    }  # fmt: skip
    rows = [_row(entry, currency) for entry in told]
    if len(rows) > ROWS_AT_MOST:
        sheet = booking_lines.Sheet(
            tuple(booking_lines.Line(n, **row) for n, row in enumerate(rows, start=1))
        )
        values |= {"pasted": booking_lines.write(sheet).decode()}
    else:
        values["row_count"] = str(len(rows))
        values |= {f"row-{n}-{name}": v for n, row in enumerate(rows) for name, v in row.items()}
    marks = {one.payment: one.reference for one in told if one.payment is not None}
    return values | {f"mark-{n}": reference for n, reference in marks.items()}


def plain_balance(amount_minor: int, currency: Currency) -> str:
    """A balance as the form takes it; unlike a booking, it may be below zero."""
    return ("-" if amount_minor < 0 else "") + plain(abs(amount_minor), currency)


def _row(entry: Entry, currency: Currency) -> dict[str, str]:
    line = entry.line
    is_account = entry.side == "debit" and bool(line.counterparty_scheme)
    return {
        "side": entry.side,
        "reference": entry.reference,
        "booked_at": local(entry.at, exact=True),
        "amount": plain(abs(line.amount_minor), currency),
        "to_kind": "account" if is_account else "",
        "to": line.counterparty if is_account else "",
        "uetr": str(line.uetr or ""),
    }


# Whether the statements fit


def _of_another(others: Sequence[Statement], ticket: Mapping[str, Any]) -> Said:
    named = sorted({f"{mask_cards(one.account)} {one.currency}" for one in others})
    return Said(
        "The file is about %(found)s. The ticket asks about %(asked)s.",
        found=", ".join(named) or "–",
        asked=f"{ticket['account']['ident']} {ticket['currency']}",
    )


def _begins(statement: Statement) -> tuple[date, date, int]:
    days = [line.booked_on for line in statement.lines]
    first = statement.from_on or min(days, default=date.max)
    last = statement.to_on or max(days, default=date.max)
    page = statement.source.page
    return first, last, int(page) if page.isdecimal() else 0


def _ends(statement: Statement) -> tuple[date, datetime, int]:
    """Which of several goes furthest: by day, by the time where one is told, by lines."""
    moments = [line.booked_at for line in statement.lines if line.booked_at]
    moments += [statement.to_at] if statement.to_at else []
    return _begins(statement)[1], max(moments, default=EARLIEST), len(statement.lines)


def _in_order(statements: Sequence[Statement]) -> list[Line]:
    """The lines of all; of several statements by day, and within a day as they stand."""
    lines = [line for one in statements for line in one.lines]
    return lines if len(statements) == 1 else sorted(lines, key=lambda line: line.booked_on)


def _check_sums(found: Assembly, lines: Sequence[Line]) -> None:
    """Every balance that is told must hold, and the statements must follow each other."""
    for check in found.checks:
        found.faults += [Fault(check.said, check.breaks[0].begins)] if check.breaks else []
    first = found.mine[0].opening_minor
    last = max(found.mine, key=_ends).closing_minor
    if first is None or last is None:
        check = next(one for one in found.checks if one.difference_minor is None)
        found.faults.append(Fault(check.said, found.mine[0].source))
        return
    found.opening_minor, found.closing_minor = first, last
    moved = sum(line.amount_minor for line in lines)
    if not found.faults and first + moved != last:
        found.faults.append(Fault(Said(
            "Together the statements do not add up: %(difference)s minor units. One between them "
            "is missing, or two tell the same bookings differently.",
            difference=f"{last - first - moved:+,}",
        )))  # fmt: skip


def _check_limits(found: Assembly, lines: Sequence[Line], currency: Currency) -> None:
    """A statement may have 18 digits; what the hub takes into an answer is less."""
    most = 10**currency.most_digits
    problem = Said(
        "The amount is longer than %(most)s digits, decimals included.", most=currency.most_digits
    )
    sums = [(line.amount_minor, line.place) for line in lines]
    sums += [
        (found.opening_minor, found.mine[0].source),
        (found.closing_minor, found.mine[-1].source),
    ]
    for amount, place in sums:
        if abs(amount) >= most and len(found.faults) < MOST_REFUSED:
            found.faults.append(Fault(problem, place, plain_balance(amount, currency)))


def _doubt(found: Assembly) -> None:
    for overlap in found.overlapping:
        for line in overlap.alone[:MOST_REFUSED]:
            said = Said("Two statements speak of this day, and only one of them has this booking.")
            found.doubts.append(Fault(said, line.place))
    for statement in found.mine:
        found.doubts += [Fault(note.said, note.place) for note in statement.notes[:MOST_REFUSED]]


# Where the window begins, and what is told


def _cut(
    found: Assembly, lines: Sequence[Line], ticket: Mapping[str, Any], *, at: datetime, begins: int
) -> None:
    moments = list(_moments(lines))
    paid = _payments(lines, ticket)
    asked = (ticket["disclose"] or {}).get("from")
    since = datetime.fromisoformat(asked) if asked else None
    if not 1 <= begins <= len(lines):
        begins = _first(lines, moments, paid, since)
    if since is not None:
        # A day without a time is taken to lie at the beginning of what is asked, in its order.
        day = timezone.localtime(since).date()
        moments = [
            max(moment, since) if n >= begins and line.booked_on == day else moment
            for n, (line, moment) in enumerate(zip(lines, moments, strict=True), start=1)
        ]
    if not paid and ticket["lines"]:
        found.doubts.append(Fault(Said("No credit of the statement fits a disputed payment.")))
    names = _references(lines)
    found.begins = begins
    found.entries = [
        Entry(
            n, line, moments[n - 1], *names[n - 1], n >= begins and bool(line.amount_minor),
            paid.get(n - 1),
        )
        for n, line in enumerate(lines, start=1)
    ]  # fmt: skip
    found.opening_minor += sum(line.amount_minor for line in lines[: begins - 1])
    told = found.told
    found.from_at = since or (told[0].at if told else None)
    found.to_at = _until(found, at)
    if timezone.localtime(found.to_at).date() < timezone.localtime(at).date():
        said = Said("The statement ends before today. Bookings since then are not in it.")
        found.doubts.append(Fault(said))
    if len(told) > MOST_BOOKINGS:
        found.faults.append(
            Fault(Said("At most %(most)s bookings fit into one answer.", most=MOST_BOOKINGS))
        )


def _first(
    lines: Sequence[Line], moments: Sequence[datetime], paid: Mapping[int, int],
    since: datetime | None,
) -> int:  # fmt: skip
    """The number of the first line that is told."""
    if since is None:
        return min(paid, default=0) + 1
    day = timezone.localtime(since).date()
    for n, (line, moment) in enumerate(zip(lines, moments, strict=True), start=1):
        if moment >= since or (line.booked_at is None and line.booked_on >= day):
            return n
    return len(lines) + 1


def _moments(lines: Sequence[Line]) -> Iterator[datetime]:
    """A moment for each line. Where only the day is told: when it begins, or the line before."""
    before: datetime | None = None
    for line in lines:
        moment = line.booked_at
        if moment is None:
            moment = timezone.make_aware(datetime.combine(line.booked_on, time()))
            if before is not None and timezone.localtime(before).date() == line.booked_on:
                moment = max(moment, before)
        before = moment
        yield moment


def _payments(lines: Sequence[Line], ticket: Mapping[str, Any]) -> dict[int, int]:
    """Which credit is which of the ticket's payments: by name, else the only one of its amount."""
    found: dict[int, int] = {}
    for n, asked in enumerate(ticket["lines"]):
        payment = asked["payment"]
        fitting = [
            at for at, line in enumerate(lines)
            if at not in found and line.amount_minor == payment["amount_minor"]
        ]  # fmt: skip
        named = [at for at in fitting if _is_named(lines[at], payment)]
        chosen = named or fitting
        if len(chosen) == 1:
            found[chosen[0]] = n
    return found


def _is_named(line: Line, payment: Mapping[str, Any]) -> bool:
    if payment.get("uetr") and line.uetr:
        return str(line.uetr) == str(payment["uetr"])
    reference = payment.get("reference") or ""
    return bool(reference) and reference in (line.reference, line.end_to_end, line.text)


def _references(lines: Sequence[Line]) -> list[tuple[str, bool]]:
    """A name for each line, once a side; whether it is ours, where the bank gives none.

    Card numbers are masked in it. A name of ours is the day and the place within the day, so that
    two statements that hold the day whole give the same.
    """
    seen: Counter[tuple[bool, str]] = Counter()
    days: Counter[date] = Counter()
    names = []
    for line in lines:
        days[line.booked_on] += 1
        own = " ".join(mask_cards(line.reference).split())[: LONGEST_REFERENCE - 8]
        name = own or f"{line.booked_on:%Y%m%d}-{days[line.booked_on]}"
        side = (line.amount_minor > 0, name)
        seen[side] += 1
        names.append((f"{name}/{seen[side]}" if seen[side] > 1 else name, not own))
    return names


def _until(found: Assembly, at: datetime) -> datetime:
    """The end of what the statements speak of, at most now."""
    ends = [one.to_at for one in found.mine if one.to_at]
    days = [one.to_on for one in found.mine if one.to_on]
    ends += (
        [timezone.make_aware(datetime.combine(day + timedelta(days=1), time())) for day in days]
        if not ends
        else []
    )
    ends += [entry.at for entry in found.told]
    return min(max(ends, default=at), at) if ends else at
