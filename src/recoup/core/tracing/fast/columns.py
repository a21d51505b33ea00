"""Where the positions are kept: columns, the same ones in both forms.

Rows are transfers. Each account has a segment of places in ``out_*`` for its debits and one in
``in_row`` for its credits, in the order of booking, with room to grow: a full segment moves to the
end and doubles. An amount is not kept; it is the distance between two ends.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Protocol

# An array of the form: ``array.array``, a list (beyond 64 bits) or a NumPy array.
Column = Any

LARGEST: Final = 2**63 - 1
BY_ROW: Final = ("payer", "payee", "t", "dstpos")
BY_ACCOUNT: Final = (
    "out_at",
    "out_n",
    "out_room",
    "in_at",
    "in_n",
    "in_room",
    "opening",
    "external",
)


class Form(Protocol):
    """How columns are made and searched: plain Python, or NumPy with compiled functions."""

    name: str

    def zeros(self, count: int, largest: int) -> Column:
        """A column of zeros for numbers up to ``largest`` in size; raises OverflowError."""

    def filled(self, values: list[int], largest: int) -> Column:
        """A column of these numbers; raises OverflowError."""

    def longer(self, column: Column, count: int) -> Column:
        """The column, or a longer one of the same numbers, with at least this many places."""

    def wider(self, column: Column, largest: int) -> Column:
        """The column, or one of the same numbers, that takes such a number; OverflowError."""

    def size(self, column: Column) -> int:
        """Bytes that the numbers of a column take."""

    def build(self, columns: Columns, amount: Column) -> None:
        """Fill segments and positions from rows that stand in order."""

    def totals(self, columns: Columns, as_of: int | None) -> tuple[Column, Column]:
        """Each account's balance and unseen units at a time."""

    def follow(
        self, columns: Columns, starts: list[Start], as_of: int | None
    ) -> tuple[list[Step], list[Rest]]:
        """Follow the first units of rows; their labels are the numbers of their starts."""


# row, units that are the victim's, units of the whole debit
Start = tuple[int, int, int]
# row, label, units of the debit, units of the credit, of these: lost to an overdraft, and the
# position in the payee's account up to which they came; the payee.
Step = tuple[int, int, int, int, int, int, int]
# account, label, units
Rest = tuple[int, int, int]


@dataclass(slots=True)
class Columns:
    """credit: units credited, a column only where currency was exchanged; empty otherwise.

    owed: the first units of a credit that repay an overdraft; a column only under that policy.
    is_in_order: row numbers follow the order of booking; not after a late booking.
    """

    payer: Column
    payee: Column
    t: Column
    dstpos: Column
    credit: Column
    owed: Column
    out_row: Column
    out_end: Column
    in_row: Column
    out_at: Column
    out_n: Column
    out_room: Column
    in_at: Column
    in_n: Column
    in_room: Column
    opening: Column
    external: Column
    may_overdraw: bool
    is_in_order: bool
    rows: int
    out_used: int
    in_used: int

    def start_of(self, place: int, account: int) -> int:
        """The position at which the debit at a place begins."""
        return int(self.out_end[place - 1]) if place > self.out_at[account] else 0

    def paid_out(self, account: int) -> int:
        """The units that left an account so far."""
        return self.start_of(self.out_at[account] + self.out_n[account], account)

    def size(self, form: Form) -> int:
        columns = (getattr(self, field.name) for field in fields(self))
        return sum(form.size(x) for x in columns if not isinstance(x, int))

    def room_for_row(self, form: Form) -> int:
        """Make room for one row more, and return its number."""
        row = self.rows
        self.rows += 1
        names = [*BY_ROW, *["credit"] * (len(self.credit) > 0), *["owed"] * self.may_overdraw]
        for name in names:
            setattr(self, name, form.longer(getattr(self, name), self.rows))
        return row

    def room_for_debit(self, form: Form, account: int) -> None:
        """See to it that one debit more fits into an account's segment."""
        at, n = int(self.out_at[account]), int(self.out_n[account])
        if n < self.out_room[account]:
            return
        room, new = max(4, 2 * n), self.out_used
        self.out_used += room
        for name in ("out_row", "out_end"):
            column = form.longer(getattr(self, name), self.out_used)
            column[new : new + n] = column[at : at + n]
            setattr(self, name, column)
        self.out_at[account], self.out_room[account] = new, room

    def room_for_credit(self, form: Form, account: int) -> None:
        """See to it that one credit more fits into an account's segment."""
        at, n = int(self.in_at[account]), int(self.in_n[account])
        if n < self.in_room[account]:
            return
        room, new = max(4, 2 * n), self.in_used
        self.in_used += room
        self.in_row = form.longer(self.in_row, self.in_used)
        self.in_row[new : new + n] = self.in_row[at : at + n]
        self.in_at[account], self.in_room[account] = new, room
