"""The columns under the rules that go by balances, and what a form has to know to use them.

Rows are transfers in the order they count. Each account has a segment of places for its debits, in
that order, with the balance it had before each. None of it depends on what is traced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from recoup.core.tracing.fast.columns import LARGEST, Column
from recoup.core.tracing.fast.dips import levels_of

_SMALL = 2**31 - 1

# row, label, units that are the victim's, units of the whole debit, payer
Start = tuple[int, int, int, int, int]
# row, label, units of the debit, units of the credit, of these: lost to an overdraft
Step = tuple[int, int, int, int, int]
# account, label, units
Rest = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Followed:
    """What a walk found. refused: the row of a victim's payment out of traced money, or -1; then
    the rests are what its payer held of it. is_cut: there would be more steps than were allowed.
    """

    steps: list[Step] | Column
    rests: list[Rest] | Column
    refused: int = -1
    is_cut: bool = False


@dataclass(slots=True)
class Bookings:
    """credit: units credited by row, only where currency was exchanged; empty otherwise.

    before, base: the payer's and the payee's balance before; below zero in an overdraft. onward:
    the place of the payee's next debit.
    lows: the lowest depths of blocks of places for each kind of depth, made when first needed.
    """

    payer: Column
    payee: Column
    credit: Column
    base: Column
    onward: Column
    out_at: Column
    out_row: Column
    out_amount: Column
    before: Column
    opening: Column
    external: Column
    may_overdraw: bool
    level_at: Column
    lows: dict[bool, Column] = field(default_factory=dict)

    def place_of(self, row: int) -> int:
        """Where a row stands among its payer's debits."""
        payer = self.payer[row]
        at, stop = int(self.out_at[payer]), int(self.out_at[payer + 1])
        return bisect_left(self.out_row, row, at, stop)

    def amount_of(self, row: int) -> int:
        return int(self.out_amount[self.place_of(row)])

    def columns(self) -> list[Column]:
        return [
            self.payer, self.payee, self.credit, self.base, self.onward, self.out_at, self.out_row,
            self.out_amount, self.before, self.opening, self.external, *self.lows.values(),
        ]  # fmt: skip


class Form(Protocol):
    """How columns are made and walked: plain Python, or NumPy with compiled functions."""

    name: str

    def column(self, values: object, largest: int) -> Column:
        """A column of these numbers, each up to ``largest`` in size."""

    def zeros(self, count: int, largest: int) -> Column:
        """A column of zeros for numbers up to ``largest`` in size."""

    def beside(self, *columns: Column) -> Sequence[Column]:
        """The same columns; what is read together lies together, if it can."""

    def whole(self, values: object) -> Column:
        """A column of whole numbers; raises TypeError, ValueError or OverflowError."""

    def picked(self, column: Column, at: Column) -> Column:
        """The entries of a column at these places."""

    def inverse(self, order: Column) -> Column:
        """Where each number stands in an order."""

    def order(self, t: Column, seq: Column | None) -> Column | None:
        """The order by time, sequence and number of rows; None if they stand in it."""

    def bounds(self, column: Column) -> tuple[int, int]:
        """The lowest and the highest number; zero if there are none."""

    def size(self, column: Column) -> int:
        """Bytes that the numbers of a column take."""

    def total(self, column: Column) -> int:
        """The sum of a column, exact whatever its size."""

    def counts(self, holders: Column, accounts: int) -> list[int]:
        """How many rows each account holds."""

    def book(self, bookings: Bookings, amount: Column, used: Column, balance: Column) -> None:
        """Fill segments and balances from rows that stand in order."""

    def totals(self, bookings: Bookings, limit: int) -> tuple[list[int], list[int]]:
        """Each account's balance and unseen units after the rows below a limit."""

    def lowest(self, bookings: Bookings, by_share: bool, lows: Column) -> None:
        """Fill the lowest depths of blocks."""

    def touched(
        self, bookings: Bookings, rule: str, starts: list[Start], limit: int, most: int
    ) -> Followed:
        """Walk the touched accounts only; starts in the order of rows."""

    def levels(self, bookings: Bookings, starts: list[Start], limit: int, most: int) -> Followed:
        """Follow intervals of balance levels, last in first out; starts in the order of rows."""


def booked(
    form: Form,
    *,
    payer: Column,
    payee: Column,
    amount: Column,
    credit: Column | None,
    opening: Column,
    external: Column,
    sums: int,
    may_overdraw: bool,
) -> Bookings:
    """Make the columns of rows that stand in order. sums: all openings, debits and credits."""
    count, accounts, units = len(payer), len(opening), max(sums, _SMALL + 1)
    out_at = [0, *accumulate(form.counts(payer, accounts))]
    paid_to, onward = form.beside(form.column(payee, _SMALL), form.zeros(count, _SMALL))
    out_amount, before, out_row = form.beside(
        form.zeros(count, units), form.zeros(count, units), form.zeros(count, _SMALL)
    )
    bookings = Bookings(
        payer=form.column(payer, _SMALL),
        payee=paid_to,
        credit=form.column([] if credit is None else credit, units),
        base=form.zeros(count, units),
        onward=onward,
        out_at=form.column(out_at, LARGEST),
        out_row=out_row,
        out_amount=out_amount,
        before=before,
        opening=form.column(opening, units),
        external=form.column(external, 1),
        may_overdraw=may_overdraw,
        level_at=form.column(levels_of(count), LARGEST),
    )
    form.book(
        bookings,
        form.column(amount, units),
        form.column(out_at[:accounts], LARGEST),
        form.column(opening, units),
    )
    return bookings


def lows_of(form: Form, bookings: Bookings, by_share: bool) -> Column:
    """The lowest depths of one kind, made at the first question that needs them."""
    lows = bookings.lows.get(by_share)
    if lows is None:
        largest = LARGEST if form.name == "compiled" else _widest(bookings)
        lows = form.zeros(int(bookings.level_at[-1]), largest)
        form.lowest(bookings, by_share, lows)
        bookings.lows[by_share] = lows
    return lows


def _widest(bookings: Bookings) -> int:
    """More than 64 bits only where the amounts take more."""
    return LARGEST + 1 if isinstance(bookings.before, list) else LARGEST
