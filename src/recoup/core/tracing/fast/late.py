"""Booking into an index: at the end without touching anything else, or late.

A late booking moves the positions of what was booked after it in its two accounts, and of nothing
else. What changed is told, so that only the cases whose money lies there are traced again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recoup.core.tracing.fast.columns import Column, Columns
from recoup.core.tracing.fast.plain import amount_of

if TYPE_CHECKING:
    from recoup.core.tracing.fast.index import Index, Key

# key, 0 for a debit and 1 for a credit, row, units
Entry = tuple["Key", int, int, int]


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


@dataclass(frozen=True, slots=True)
class _Suffix:
    """What was booked in one account after some key. debits, credits: how many came before."""

    account: int
    debits: int
    credits: int
    entries: list[Entry]


def append(index: Index, row: int, amount: int, credited: int) -> Booked:
    """Take in a row that comes after all others."""
    c, form = index.columns, index.form_of_columns
    payer, payee = int(c.payer[row]), int(c.payee[row])
    c.room_for_debit(form, payer)
    start, place = c.paid_out(payer), c.out_at[payer] + c.out_n[payer]
    c.out_row[place], c.out_end[place] = row, start + amount
    c.out_n[payer] += 1
    position = _came(c, payee, int(c.in_n[payee]), c.paid_out(payee))
    c.room_for_credit(form, payee)
    c.in_row[c.in_at[payee] + c.in_n[payee]] = row
    c.in_n[payee] += 1
    if not c.external[payee]:
        _credit(c, row, position, credited, c.paid_out(payee))
    return Booked(False, 0, _changed(index, row, start))


def insert(index: Index, row: int, amount: int, credited: int) -> Booked:
    """Take in a row that others come after; set the positions of these in its two accounts."""
    c, form = index.columns, index.form_of_columns
    payer, payee, key = int(c.payer[row]), int(c.payee[row]), index.key(row)
    suffixes = [_suffix(index, account, key) for account in {payer, payee}]
    start = 0
    for suffix in suffixes:
        if suffix.account == payer:
            start = c.start_of(int(c.out_at[payer]) + suffix.debits, payer)
            c.room_for_debit(form, payer)
            at, stop = _place(c.out_at[payer], suffix.debits, c.out_n[payer])
            # The ends only have to be there: all from here on are set again.
            _open(c.out_row, at, stop, row)
            _open(c.out_end, at, stop, start)
            c.out_n[payer] += 1
            suffix.entries.append((key, 0, row, amount))
        if suffix.account == payee:
            c.room_for_credit(form, payee)
            _open(c.in_row, *_place(c.in_at[payee], suffix.credits, c.in_n[payee]), row)
            c.in_n[payee] += 1
            suffix.entries.append((key, 1, row, credited))
    moved = sum(len(suffix.entries) for suffix in suffixes) - 2
    c.is_in_order = False
    for suffix in suffixes:
        _set_again(c, suffix)
    return Booked(True, moved, _changed(index, row, start))


def _place(at: Column, before: int, n: Column) -> tuple[int, int]:
    return int(at) + before, int(at) + int(n)


def _open(column: Column, at: int, stop: int, value: int) -> None:
    """Move what stands from one place on by one, and put a value there."""
    column[at + 1 : stop + 1] = column[at:stop]
    column[at] = value


def _changed(index: Index, row: int, start: int) -> tuple[Changed, ...]:
    """What a booking changed: units its payer still had, and positions after its credit."""
    c = index.columns
    ends = {(int(c.payer[row]), start), (int(c.payee[row]), int(c.dstpos[row]))}
    return tuple(
        Changed(index.accounts[account], position)
        for account, position in sorted(ends)
        if not c.external[account]
    )


def _suffix(index: Index, account: int, key: Key) -> _Suffix:
    c = index.columns
    at, stop = _place(c.out_at[account], 0, c.out_n[account])
    place = bisect_left(c.out_row, key, at, stop, key=index.key)
    entries: list[Entry] = []
    start = c.start_of(place, account)
    for there in range(place, stop):
        row, end = int(c.out_row[there]), int(c.out_end[there])
        entries.append((index.key(row), 0, row, end - start))
        start = end
    first, last = _place(c.in_at[account], 0, c.in_n[account])
    credit = bisect_left(c.in_row, key, first, last, key=index.key)
    if not c.external[account]:
        for there in range(credit, last):
            row = int(c.in_row[there])
            entries.append((index.key(row), 1, row, credited_of(c, row)))
    return _Suffix(account, place - at, credit - first, entries)


def _set_again(c: Columns, suffix: _Suffix) -> None:
    """Carry out again what was booked in an account after a late booking."""
    account = suffix.account
    place = int(c.out_at[account]) + suffix.debits
    gone = c.start_of(place, account)
    came = _came(c, account, suffix.credits, gone)
    for _, is_credit, row, units in sorted(suffix.entries):
        if not is_credit:
            gone += units
            c.out_end[place] = gone
            place += 1
            came = came if c.may_overdraw else max(came, gone)
        elif not c.external[account]:
            _credit(c, row, came, units, gone)
            came += units


def _credit(c: Columns, row: int, position: int, units: int, gone: int) -> None:
    c.dstpos[row] = position
    if len(c.owed):
        c.owed[row] = min(max(gone - position, 0), units)


def _came(c: Columns, account: int, credits: int, gone: int) -> int:
    """The units that came into an account, with those unseen, after so many of its credits."""
    came = int(c.opening[account])
    if credits and not c.external[account]:
        row = int(c.in_row[int(c.in_at[account]) + credits - 1])
        came = int(c.dstpos[row]) + credited_of(c, row)
    return came if c.may_overdraw else max(came, gone)


def credited_of(c: Columns, row: int) -> int:
    """The units that reached a row's payee."""
    return int(c.credit[row]) if len(c.credit) else amount_of(c, row)
