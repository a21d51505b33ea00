"""Booking into an index: at the end without touching anything else, or late.

Positions are each account's own affair, so a late booking moves those of what was booked after it
in its two accounts, and of nothing else; of many late ones together, each account is set again
once. What changed is told, so that only the cases whose money lies there are traced again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recoup.core.tracing.fast.columns import DONE, UNSURE, Column, Columns
from recoup.core.tracing.fast.making import Rows

if TYPE_CHECKING:
    from recoup.core.tracing.fast.index import Index
    from recoup.core.tracing.fast.pieces import Pieces


@dataclass(frozen=True, slots=True)
class Changed:
    """From this position on, an account's units may have another way than before."""

    account: str
    start: int

    def concerns(self, reach: Mapping[str, int]) -> bool:
        """Whether a case has to be traced again, told by its ``Index.reach`` from before."""
        return reach.get(self.account, 0) > self.start


@dataclass(frozen=True, slots=True)
class Booked:
    """is_late: other transfers come after it. moved: bookings whose positions were set again."""

    is_late: bool
    moved: int
    changed: tuple[Changed, ...]

    def concerns(self, reach: Mapping[str, int]) -> bool:
        return any(one.concerns(reach) for one in self.changed)


class Ends:
    """From which position on each account may have changed; sorted when first asked."""

    __slots__ = ("_index", "_least", "_raw")

    def __init__(self, index: Index, raw: tuple[Column, Column]) -> None:
        self._index, self._raw = index, raw
        self._least: tuple[Column, Column] | None = None

    def least(self) -> tuple[Column, Column]:
        """The accounts, by number, and the lowest position of each."""
        if self._least is None:
            self._least = self._index.form_of_columns.least(*self._raw)
        return self._least

    def start(self, account: str) -> int | None:
        accounts, starts = self.least()
        number = self._index.accounts.number(account)
        place = bisect_left(accounts, number)
        is_there = place < len(accounts) and accounts[place] == number
        return int(starts[place]) if is_there else None

    def labels(self, pieces: Pieces) -> list[int]:
        return self._index.form_of_columns.concerned(*self.least(), pieces.steps)


@dataclass(frozen=True, slots=True)
class BookedRows:
    """A batch, as rows from ``first`` on in the order given; so many of them were late.

    moved: bookings from before whose positions were set again.
    """

    first: int
    count: int
    late: int
    moved: int
    _ends: Ends = field(repr=False, compare=False)

    @property
    def rows(self) -> range:
        return range(self.first, self.first + self.count)

    @property
    def changed(self) -> tuple[Changed, ...]:
        """Each account that may have changed, with its lowest position."""
        names = self._ends._index.accounts
        accounts, starts = self._ends.least()
        return tuple(
            Changed(names[int(account)], int(start))
            for account, start in zip(accounts, starts, strict=True)
        )

    def concerns(self, reach: Mapping[str, int]) -> bool:
        """Whether a case has to be traced again, told by its ``Index.reach`` from before."""
        for account, position in reach.items():
            start = self._ends.start(account)
            if start is not None and position > start:
                return True
        return False

    def concerned(self, pieces: Pieces) -> list[int]:
        """The labels among pieces from before, in order, that have to be looked up again."""
        return self._ends.labels(pieces)


@dataclass(frozen=True, slots=True)
class Batch:
    """New rows by numbers from ``first`` on. starts: where their debits begin, as it turns out."""

    first: int
    amount: Column
    credited: Column
    starts: Column


def book(index: Index, rows: Rows) -> tuple[BookedRows, Batch]:
    """Take in rows that have been checked: the late ones, then those at the end."""
    c, form = index.columns, index.form_of_columns
    count = len(rows.amount)
    first = c.room_for_rows(form, count)
    for name in ("payer", "payee", "t"):
        form.put(getattr(c, name), first, getattr(rows, name))
    if len(c.credit):
        form.put(c.credit, first, rows.credited)
    if len(c.seq) and len(rows.seq):
        form.put(c.seq, first, rows.seq)
    turns, is_in_order = index.turns_of(first, rows)
    late = 0
    if index.last >= 0:
        late = bisect_left(turns, index.key(index.last), key=lambda x: index.key(first + int(x)))
    if late or not is_in_order:
        c.late_from = min(c.late_from, first)
    batch = Batch(first, rows.amount, rows.credited, form.alike(c.out_end, count))
    moved = _insert(index, turns[:late], batch) if late else 0
    if late < count:
        form.append(c, turns[late:], first, (batch.amount, batch.credited, batch.starts))
        index.last = first + int(turns[-1])
    ends = Ends(index, form.ends(c, first, batch.starts))
    return BookedRows(first, count, late, moved, ends), batch


def _insert(index: Index, turns: Column, batch: Batch) -> int:
    """Set again each account that late rows concern; the old bookings that were."""
    c, form = index.columns, index.form_of_columns
    groups = form.groups(c, batch.first, turns)
    number, moved = 0, 0
    while number < len(groups.accounts):
        number, why, count = form.take_in(c, groups, number, batch, index.sure_below)
        moved += count
        if why == DONE:
            break
        account, debits, credits = groups.of(number)
        if why == UNSURE:
            moved += _take_in(index, account, debits, credits, batch)
            number += 1
        else:
            c.room_for_debits(form, account, len(debits))
            c.room_for_credits(form, account, len(credits))
    return moved


def _take_in(
    index: Index, account: int, debits: list[int], credits: list[int], batch: Batch
) -> int:
    """Set one account again from the first of its new debits and credits on."""
    c, form, key = index.columns, index.form_of_columns, index.key
    earliest = min(map(key, (*debits[:1], *credits[:1])))
    at, stop = c.debits(account)
    to, last = c.credits(account)
    before = bisect_left(c.out_row, earliest, at, stop, key=key) - at
    credits_before = bisect_left(c.in_row, earliest, to, last, key=key) - to
    is_external = bool(c.external[account])
    arrived = _came(index, account, credits_before)
    old = [(int(c.out_row[x]), _length(c, x, account)) for x in range(at + before, stop)]
    kept = [int(x) for x in c.in_row[to + credits_before : last]]
    bookings = [(key(row), 0, row, units) for row, units in old]
    bookings += [(key(row), 1, row, 0 if is_external else credited_of(index, row)) for row in kept]
    moved = len(old) + len(kept) * (not is_external)
    bookings += [(key(row), 0, row, int(batch.amount[row - batch.first])) for row in debits]
    bookings += [(key(row), 1, row, int(batch.credited[row - batch.first])) for row in credits]
    c.room_for_debits(form, account, len(debits))
    c.room_for_credits(form, account, len(credits))
    c.out_n[account] += len(debits)
    c.in_n[account] += len(credits)
    _set_again(c, account, before, credits_before, arrived, sorted(bookings), batch)
    return moved


def _set_again(
    c: Columns,
    account: int,
    before: int,
    credits_before: int,
    arrived: int,
    bookings: list[tuple[Any, int, int, int]],
    batch: Batch,
) -> None:
    """Carry out again what was booked in an account after so many debits and credits."""
    place, entry = int(c.out_at[account]) + before, int(c.in_at[account]) + credits_before
    gone = c.start_of(place, account)
    for _, is_credit, row, units in bookings:
        arrived = arrived if c.may_overdraw else max(arrived, gone)
        if not is_credit:
            if row >= batch.first:
                batch.starts[row - batch.first] = gone
            gone += units
            c.out_row[place], c.out_end[place] = row, gone
            place += 1
            continue
        c.in_row[entry] = row
        entry += 1
        if not c.external[account]:
            c.dstpos[row] = arrived
            if len(c.owed):
                c.owed[row] = min(max(gone - arrived, 0), units)
            arrived += units
    c.came[account] = arrived if c.may_overdraw else max(arrived, gone)
    c.gone[account] = gone


def _came(index: Index, account: int, credits: int) -> int:
    """The units that had come into an account after so many of its credits."""
    c = index.columns
    if not credits or c.external[account]:
        return int(c.opening[account])
    row = int(c.in_row[int(c.in_at[account]) + credits - 1])
    return int(c.dstpos[row]) + credited_of(index, row)


def _length(c: Columns, place: int, account: int) -> int:
    return int(c.out_end[place]) - c.start_of(place, account)


def credited_of(index: Index, row: int) -> int:
    """The units that reached a row's payee."""
    c = index.columns
    return int(c.credit[row]) if len(c.credit) else index.amount_of(row)
