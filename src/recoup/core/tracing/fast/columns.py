"""Where the positions are kept: columns, the same ones in both forms.

Rows are transfers. Each account has a segment of places in ``out_*`` for its debits and one in
``in_row`` for its credits, in the order of booking: a full segment moves to the end and gets half
as much room again. When what segments left behind outgrows twice the rows, all are packed, each
with half as much room again. They are built tight; where a longer column is a copy anyhow, they
are packed at the first booking, so that not each of them has to move. An amount is not kept; it is
the distance between two ends. Where a form can, what is read together lies together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol

from recoup.core.tracing.ledger import LedgerRefused

# What ended a run of late bookings; UNSURE: which comes first takes more than columns to tell.
DONE, NO_ROOM, UNSURE = 0, 1, 2

# An array of the form: ``array.array``, a list (beyond 64 bits) or a NumPy array.
Column = Any

LARGEST: Final = 2**63 - 1
SMALL: Final = 2**31 - 1
# The columns that lie together, as records with as many bytes as they need.
TOGETHER: Final = (
    ("dstpos", "payee", "payer"),
    ("out_end", "out_row"),
    ("out_at", "gone", "out_n", "external", "out_room", "in_n"),
)
BY_ROW: Final = ("dstpos", "payee", "payer", "t")
BY_ACCOUNT: Final = (
    "out_at",
    "gone",
    "out_n",
    "external",
    "out_room",
    "in_n",
    "in_at",
    "in_room",
    "opening",
    "came",
)
OUT: Final = ("out_at", "out_n", "out_room", "out_end", "out_row")
IN: Final = ("in_at", "in_n", "in_room", "in_row")


class TooLarge(LedgerRefused):
    """Sums or times that 64 bits cannot hold, in the form that has no more."""


@dataclass(frozen=True, slots=True)
class Groups:
    """New rows by account, each account's in order; ``*_upto`` say where an account's end."""

    accounts: Column
    debits: Column
    debits_upto: Column
    credits: Column
    credits_upto: Column

    def of(self, number: int) -> tuple[int, list[int], list[int]]:
        """An account with its new debits and credits."""
        first, start = (
            (self.debits_upto[number - 1], self.credits_upto[number - 1]) if number else (0, 0)
        )
        debits = self.debits[first : self.debits_upto[number]]
        credits = self.credits[start : self.credits_upto[number]]
        return int(self.accounts[number]), [int(x) for x in debits], [int(x) for x in credits]


@dataclass(frozen=True, slots=True)
class Tables:
    """What transfers carried and credited (None: the same), what was lost where and rests where."""

    carried: Triples
    credited: Triples | None
    lost: Triples
    rests: Triples


class Form(Protocol):
    """How columns are made and searched: plain Python, or NumPy with compiled functions."""

    name: str
    grows_by_copying: bool

    def zeros(self, count: int, largest: int) -> Column:
        """A column of zeros for numbers up to ``largest`` in size; raises OverflowError."""

    def filled(self, values: Column, largest: int) -> Column:
        """A column of its own of these numbers; raises OverflowError."""

    def alike(self, column: Column, count: int) -> Column:
        """A column of zeros for the same numbers as another."""

    def beside(self, columns: Sequence[Column]) -> Sequence[Column]:
        """Columns of the same numbers that lie together, where the form can."""

    def zeros_beside(self, columns: Sequence[Column], count: int) -> Sequence[Column]:
        """Columns of zeros for the same numbers as others, lying together as these do."""

    def longer(self, columns: Sequence[Column], count: int) -> Sequence[Column]:
        """Columns that lie together, or longer ones, with at least this many places."""

    def wider(self, column: Column, largest: int) -> Column:
        """The column, or one of the same numbers, that takes such a number; OverflowError."""

    def size(self, column: Column) -> int:
        """Bytes that the numbers of a column take."""

    def whole(self, values: Any, what: str) -> Column:
        """Whole numbers of a caller, one a row; raises LedgerRefused."""

    def largest(self, column: Column) -> int:
        """The largest number of a column without its sign; 0 if there is none."""

    def first_outside(self, column: Column, low: int, high: int) -> int:
        """Where the first number stands that is below ``low`` or above ``high``; -1 if nowhere."""

    def total(self, column: Column) -> int:
        """The exact sum of numbers that are not negative."""

    def is_equal(self, one: Column, other: Column) -> bool:
        """Whether all numbers of two columns are the same."""

    def turns(self, t: Column, seq: Column) -> Column:
        """Row numbers in the order of time, sequence, row; empty where rows stand in it."""

    def segments(self, holders: Column, accounts: int) -> tuple[Column, Column]:
        """Where each account's segment begins, and how long it is."""

    def build(self, columns: Columns, amount: Column, turns: Column) -> None:
        """Fill segments and positions from rows, visited in turns (as they stand, if empty)."""

    def pack(self, segments: Sequence[Column], new: Sequence[Column]) -> int:
        """Lay segments out anew, each with half as much room again; the places used.

        segments: where they begin, how long they are, their room; then what is in them.
        """

    def append(
        self, columns: Columns, turns: Column, first: int, units: tuple[Column, Column, Column]
    ) -> None:
        """Take in rows that come after all others.

        units: amounts, credits, where debits begin (written), of each row from ``first`` on.
        """

    def upto(self, count: int) -> Column:
        """The numbers from 0 on."""

    def put(self, column: Column, first: int, values: Column) -> None:
        """Write values into a column from a place on."""

    def groups(self, columns: Columns, first: int, turns: Column) -> Groups:
        """The rows of a batch that begins at ``first`` by their accounts, in turns."""

    def take_in(
        self, columns: Columns, groups: Groups, number: int, batch: Any, sure: int
    ) -> tuple[int, int, int]:
        """Set accounts again, from one on: the number reached, what ended it, what was moved."""

    def ends(self, columns: Columns, first: int, starts: Column) -> tuple[Column, Column]:
        """The known accounts that new rows touch, and from which position on, in any order."""

    def arriving(self, steps: Column, accounts: list[int]) -> list[Step]:
        """The steps into some accounts."""

    def tables(self, steps: Column, rests: Column) -> Tables:
        """What steps and rests add up to."""

    def least(self, accounts: Column, starts: Column) -> tuple[Column, Column]:
        """Each account once, sorted, with its lowest position."""

    def concerned(self, accounts: Column, starts: Column, steps: Column) -> list[int]:
        """The labels of steps that reach beyond what ``least`` says."""

    def totals(self, columns: Columns, as_of: int | None) -> tuple[Column, Column]:
        """Each account's balance and unseen units at a time."""

    def follow(
        self, columns: Columns, starts: list[Start], as_of: int | None
    ) -> tuple[list[Step], list[Rest]]:
        """Follow the first units of rows; their labels are the numbers of their starts."""

    def follow_columns(
        self, columns: Columns, starts: Any, as_of: int | None
    ) -> tuple[Column, Column]:
        """``follow`` with steps and rests as the form keeps them."""

    def pieces(
        self, columns: Columns, rows: Column, units: Column | None, as_of: int | None, sure: int
    ) -> tuple[Column, Column] | None:
        """``follow`` from rows; None if one is wrong, or if that takes more than columns.

        sure: rows below it are in the order of their numbers where time and sequence are one.
        """

    def table(self, columns: Columns) -> Any:
        """What ``one`` looks into, as long as no column changes; None if there is no such thing."""

    def one(self, table: Any, row: int, as_of: int | None) -> Any:
        """``pieces`` of one row, quickly; None where that takes more."""

    def amounts(self, columns: Columns, rows: list[int], sure: int) -> list[int]:
        """The amounts of rows; -1 for one that only ids can find."""


# row, units that are the victim's, units of the whole debit
Start = tuple[int, int, int]
# row, label, units of the debit, units of the credit, of these: lost to an overdraft, and the
# position in the payee's account up to which they came; the payee.
Step = tuple[int, int, int, int, int, int, int]
# rows or accounts, labels, units; without zeros; what is there twice is to be added up
Triples = tuple[list[int], list[int], list[int]]
# account, label, units
Rest = tuple[int, int, int]


@dataclass(slots=True)
class Columns:
    """credit: units credited, a column only where currency was exchanged; empty otherwise.

    seq: a column only where one is not zero. owed: the first units of a credit that repay an
    overdraft; a column only under that policy. came, gone: the units that came into an account,
    with those unseen, and that left it. late_from: rows below it are numbered in the order of
    booking; the others need not be. *_is_tight: segments have no room to grow, as built.
    """

    payer: Column
    payee: Column
    t: Column
    dstpos: Column
    credit: Column
    owed: Column
    seq: Column
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
    came: Column
    gone: Column
    may_overdraw: bool
    late_from: int
    rows: int
    out_used: int
    in_used: int
    out_is_tight: bool = True
    in_is_tight: bool = True

    def start_of(self, place: int, account: int) -> int:
        """The position at which the debit at a place begins."""
        return int(self.out_end[place - 1]) if place > self.out_at[account] else 0

    def debits(self, account: int) -> tuple[int, int]:
        """The places of an account's debits: the first, and the one after the last."""
        at = int(self.out_at[account])
        return at, at + int(self.out_n[account])

    def credits(self, account: int) -> tuple[int, int]:
        """The places of an account's credits."""
        at = int(self.in_at[account])
        return at, at + int(self.in_n[account])

    def size(self, form: Form) -> int:
        columns = (getattr(self, field.name) for field in fields(self))
        return sum(form.size(x) for x in columns if not isinstance(x, int))

    def room_for_rows(self, form: Form, count: int) -> int:
        """Make room for so many rows more, and return the number of the first."""
        first = self.rows
        names = [*BY_ROW, *["owed"] * self.may_overdraw]
        names += [name for name in ("credit", "seq") if len(getattr(self, name))]
        self.lengthen(form, names, first + count)
        self.rows += count
        return first

    def lengthen(self, form: Form, names: Sequence[str], count: int) -> None:
        """See to it that columns have at least so many places."""
        for group in _together(names):
            self._put(group, form.longer(self._taken(group), count))

    def lie_together(self, form: Form) -> None:
        """Lay columns side by side, where the form can; their numbers stay."""
        for group in TOGETHER:
            self._put(group, form.beside(self._taken(group)))

    def _taken(self, names: Sequence[str]) -> list[Column]:
        return [getattr(self, name) for name in names]

    def _put(self, names: Sequence[str], columns: Sequence[Column]) -> None:
        for name, column in zip(names, columns, strict=True):
            setattr(self, name, column)

    def room_for_debits(self, form: Form, account: int, count: int) -> None:
        """See to it that so many debits more fit into an account's segment."""
        n = int(self.out_n[account])
        if n + count <= self.out_room[account]:
            return
        room = roomier(n + count)
        self.more_debits(form, room)
        if n + count <= self.out_room[account]:
            return
        at, new = int(self.out_at[account]), self.out_used
        self.out_used += room
        for column in (self.out_row, self.out_end):
            column[new : new + n] = column[at : at + n]
        self.out_at[account], self.out_room[account] = new, room

    def room_for_credits(self, form: Form, account: int, count: int) -> None:
        """See to it that so many credits more fit into an account's segment."""
        n = int(self.in_n[account])
        if n + count <= self.in_room[account]:
            return
        room = roomier(n + count)
        self.more_credits(form, room)
        if n + count <= self.in_room[account]:
            return
        at, new = int(self.in_at[account]), self.in_used
        self.in_used += room
        self.in_row[new : new + n] = self.in_row[at : at + n]
        self.in_at[account], self.in_room[account] = new, room

    def more_debits(self, form: Form, room: int) -> None:
        """See to it that so much room is free behind all segments of debits."""
        is_tight = self.out_is_tight and form.grows_by_copying
        if is_tight or self._is_loose(self.out_used + room):
            self.out_used, self.out_is_tight = self._pack(form, OUT, room), False
        self.lengthen(form, OUT[3:], self.out_used + room)

    def more_credits(self, form: Form, room: int) -> None:
        """See to it that so much room is free behind all segments of credits."""
        is_tight = self.in_is_tight and form.grows_by_copying
        if is_tight or self._is_loose(self.in_used + room):
            self.in_used, self.in_is_tight = self._pack(form, IN, room), False
        self.lengthen(form, IN[3:], self.in_used + room)

    def room_for_next(self, form: Form, row: int) -> None:
        """See to it that of a row's two segments a full one can move behind all others."""
        account, other = self.payer[row], self.payee[row]
        if self.out_n[account] == self.out_room[account]:
            self.more_debits(form, roomier(int(self.out_n[account])))
        if self.in_n[other] == self.in_room[other]:
            self.more_credits(form, roomier(int(self.in_n[other])))

    def _is_loose(self, used: int) -> bool:
        return used > 3 * self.rows + 64

    def _pack(self, form: Form, names: Sequence[str], more: int) -> int:
        """Lay segments out anew, with room for more behind them; the places used."""
        at_most = self.rows + self.rows // 2 + min(self.rows, len(self.opening))
        new = form.zeros_beside(self._taken(names[3:]), at_most + more)
        used = form.pack(self._taken(names), new)
        self._put(names[3:], new)
        return used


def _together(names: Sequence[str]) -> list[Sequence[str]]:
    """Names of columns in the groups that lie together; each of the others alone."""
    groups: list[Sequence[str]] = [group for group in TOGETHER if group[0] in names]
    alone = set(names).difference(*TOGETHER)
    return groups + [(name,) for name in names if name in alone]


def roomier(n: int) -> int:
    """The room that a segment of so many gets where it moves to."""
    return n + n // 2 + 2
