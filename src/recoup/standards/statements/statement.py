"""What an institution writes of an account's bookings: opening, lines, closing.

Amounts are whole minor units, credits above zero and debits below. Everything says where it stood
in the file, so that a person can look it up. Nothing here is a conclusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stood. page: of the statement, or the sheet of a workbook.

    line: row of a table or line of the file, from 1. cell: B7, a heading, or an element's path.
    """

    file: str
    page: str = ""
    line: int = 0
    cell: str = ""

    def __str__(self) -> str:
        parts = (
            self.file,
            self.page and f"page {self.page}",
            f"line {self.line}" if self.line else "",
            self.cell,
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Line:
    """One booking.

    booked_at: where a time was told, in UTC. counterparty: the other account; its scheme is empty
    where the account is kept as it was written, because no scheme we know reads it.
    reference: the bank's own. end_to_end: the payer's. balance_minor: after it, where told.
    """

    place: Place
    amount_minor: int
    booked_on: date
    booked_at: datetime | None = None
    value_on: date | None = None
    counterparty: str = ""
    counterparty_scheme: str = ""
    counterparty_name: str = ""
    reference: str = ""
    end_to_end: str = ""
    uetr: UUID | None = None
    text: str = ""
    is_reversal: bool = False
    balance_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A balance that is told: after so many lines of the statement it is this."""

    after: int
    balance_minor: int
    place: Place


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd that did not stop the reading, for the person who looks at the preview."""

    place: Place
    code: str
    said: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One account in one currency, from one file.

    account: the key of ``core.accounts``. number: the statement's own. opening_minor,
    closing_minor: None where the file tells none. points: balances told between pages.
    """

    account: str
    scheme: str
    currency: str
    opening_minor: int | None
    closing_minor: int | None
    lines: tuple[Line, ...]
    source: Place
    format: str
    number: str = ""
    from_on: date | None = None
    to_on: date | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    points: tuple[Point, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def moved_minor(self) -> int:
        """Credits less debits."""
        return sum(line.amount_minor for line in self.lines)
