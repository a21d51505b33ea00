"""The form without any dependency: arrays of the standard library, exact beyond 64 bits too."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import accumulate, compress, islice
from math import inf
from operator import le
from typing import Any

from recoup.core.tracing.fast import kernels
from recoup.core.tracing.fast.columns import (
    LARGEST,
    SMALL,
    UNSURE,
    Column,
    Columns,
    Groups,
    Rest,
    Start,
    Step,
    Tables,
    Triples,
)
from recoup.core.tracing.ledger import LedgerRefused


class Plain:
    """Columns as arrays; as lists where a number needs more than 64 bits."""

    name = "plain"
    grows_by_copying = False

    def zeros(self, count: int, largest: int) -> Column:
        return self.filled([0], largest) * count

    def filled(self, values: Column, largest: int) -> Column:
        if largest > LARGEST:
            return list(values)
        return array("i" if largest <= SMALL else "q", values)

    def alike(self, column: Column, count: int) -> Column:
        return [0] * count if isinstance(column, list) else array(column.typecode, [0]) * count

    def beside(self, columns: Sequence[Column]) -> Sequence[Column]:
        return columns

    def zeros_beside(self, columns: Sequence[Column], count: int) -> Sequence[Column]:
        return [self.alike(column, count) for column in columns]

    def longer(self, columns: Sequence[Column], count: int) -> Sequence[Column]:
        for column in columns:
            if len(column) < count:
                column.extend([0] * (count + count // 8 + 16 - len(column)))
        return columns

    def wider(self, column: Column, largest: int) -> Column:
        is_wide = isinstance(column, list) or largest <= (
            SMALL if column.typecode == "i" else LARGEST
        )
        return column if is_wide else self.filled(column.tolist(), largest)

    def size(self, column: Column) -> int:
        return len(column) * (8 if isinstance(column, list) else column.itemsize)

    def whole(self, values: Any, what: str) -> Column:
        column = values.tolist() if hasattr(values, "tolist") else list(values)
        for row, value in enumerate(column):
            if value.__class__ is not int:
                raise LedgerRefused(
                    f"The {what} of row {row} is {value!r}. It must be a whole number.",
                    value=str(value),
                )
        return column

    def first_outside(self, column: Column, low: int, high: int) -> int:
        return next((row for row, x in enumerate(column) if not low <= x <= high), -1)

    def total(self, column: Column) -> int:
        return sum(column)

    def largest(self, column: Column) -> int:
        return max(map(abs, column), default=0)

    def is_equal(self, one: Column, other: Column) -> bool:
        return bool(one == other)

    def turns(self, t: Column, seq: Column) -> Column:
        keys = list(zip(t, seq, strict=True)) if len(seq) else t
        if all(map(le, keys, islice(keys, 1, None))):
            return []
        return sorted(range(len(t)), key=keys.__getitem__)

    def segments(self, holders: Column, accounts: int) -> tuple[Column, Column]:
        room = [0] * accounts
        for holder in holders:
            room[holder] += 1
        at = [0, *accumulate(room)][:accounts]
        return self.filled(at, LARGEST), self.filled(room, SMALL)

    def build(self, columns: Columns, amount: Column, turns: Column) -> None:
        c = columns
        kernels.build(
            turns, c.payer, c.payee, amount, c.credit, c.external, c.may_overdraw,
            c.out_at, c.out_n, c.in_at, c.in_n, c.came, c.gone, c.out_row, c.out_end, c.in_row,
            c.dstpos, c.owed,
        )  # fmt: skip

    def append(
        self, columns: Columns, turns: Column, first: int, units: tuple[Column, Column, Column]
    ) -> None:
        c, done = columns, 0
        while done < len(turns):
            used = [c.out_used, c.in_used]
            done = kernels.append(
                turns, done, first, *units, used, c.payer, c.payee, c.external, c.may_overdraw,
                c.out_at, c.out_n, c.out_room, c.in_at, c.in_n, c.in_room, c.came, c.gone,
                c.out_row, c.out_end, c.in_row, c.dstpos, c.owed,
            )  # fmt: skip
            c.out_used, c.in_used = used
            if done < len(turns):
                c.room_for_next(self, first + turns[done])

    def upto(self, count: int) -> Column:
        return range(count)

    def put(self, column: Column, first: int, values: Column) -> None:
        is_list = isinstance(column, list)
        column[first : first + len(values)] = values if is_list else array(column.typecode, values)

    def groups(self, columns: Columns, first: int, turns: Column) -> Groups:
        c, debits, credits = (
            columns,
            defaultdict[int, list[int]](list),
            defaultdict[int, list[int]](list),
        )
        for turn in turns:
            debits[c.payer[first + turn]].append(first + turn)
            credits[c.payee[first + turn]].append(first + turn)
        accounts = sorted(debits.keys() | credits.keys())
        return Groups(
            accounts=accounts,
            debits=[row for account in accounts for row in debits[account]],
            debits_upto=list(accumulate(len(debits[account]) for account in accounts)),
            credits=[row for account in accounts for row in credits[account]],
            credits_upto=list(accumulate(len(credits[account]) for account in accounts)),
        )

    def take_in(
        self, columns: Columns, groups: Groups, number: int, batch: Any, sure: int
    ) -> tuple[int, int, int]:
        return number, UNSURE, 0

    def ends(self, columns: Columns, first: int, starts: Column) -> tuple[Column, Column]:
        c, upto = columns, first + len(starts)
        accounts = [*c.payer[first:upto], *c.payee[first:upto]]
        positions = [*starts, *c.dstpos[first:upto]]
        is_known = [not c.external[account] for account in accounts]
        return list(compress(accounts, is_known)), list(compress(positions, is_known))

    def arriving(self, steps: Column, accounts: list[int]) -> list[Step]:
        return [step for step in steps if step[-1] in accounts]

    def tables(self, steps: Column, rests: Column) -> Tables:
        is_same = all(step[2] == step[3] for step in steps)
        arrived = [(step[0], step[1], step[3]) for step in steps if step[3]]
        lost = [(step[6], step[1], step[4]) for step in steps if step[4]]
        return Tables(
            carried=_turned([step[:3] for step in steps]),
            credited=None if is_same else _turned(arrived),
            lost=_turned(lost),
            rests=_turned(rests),
        )

    def least(self, accounts: Column, starts: Column) -> tuple[Column, Column]:
        lowest: dict[int, int] = {}
        for account, start in sorted(zip(accounts, starts, strict=True)):
            lowest.setdefault(account, start)
        return list(lowest), list(lowest.values())

    def concerned(self, accounts: Column, starts: Column, steps: Column) -> list[int]:
        lowest = dict(zip(accounts, starts, strict=True))
        return sorted({label for _, label, *_, upto, to in steps if upto > lowest.get(to, upto)})

    def pack(self, segments: Sequence[Column], new: Sequence[Column]) -> int:
        at, n, room, *old = segments
        return kernels.pack(at, n, room, *[[], *old][-2:], *[[], *new][-2:])

    def totals(self, columns: Columns, as_of: int | None) -> tuple[Column, Column]:
        c, accounts = columns, len(columns.opening)
        came, top, balance, unseen = ([0] * accounts for _ in range(4))
        kernels.totals(
            c.payee, c.t, c.dstpos, c.credit, c.out_row, c.out_end, c.out_at, c.out_n,
            c.opening, c.external, c.may_overdraw, _moment(as_of), came, top, balance, unseen,
        )  # fmt: skip
        return balance, unseen

    def follow(
        self, columns: Columns, starts: list[Start], as_of: int | None
    ) -> tuple[list[Step], list[Rest]]:
        return _Follower(columns, as_of).follow(starts)

    follow_columns = follow

    def pieces(
        self, columns: Columns, rows: Column, units: Column | None, as_of: int | None, sure: int
    ) -> None:
        """Nothing: finding amounts takes keys of rows, which ``Index`` has."""

    def table(self, columns: Columns) -> None:
        """None: a look-up here has nothing to save on the way in."""

    def one(self, table: Any, row: int, as_of: int | None) -> None:
        """Never asked."""

    def amounts(self, columns: Columns, rows: list[int], sure: int) -> list[int]:
        return [-1] * len(rows)


class _Follower:
    """Traced intervals wait in a heap for the next debit that takes of them, by its time.

    So touching intervals of one label, wherever they came from, meet at the debit that takes
    both, and go on as one. The order is for that only; the answer does not depend on it.
    """

    __slots__ = ("_as_of", "_c", "_heap", "_rests", "_steps")

    def __init__(self, columns: Columns, as_of: int | None) -> None:
        self._c, self._as_of = columns, _moment(as_of)
        # time and row of the next debit, label, first and last position, place, account
        self._heap: list[tuple[int, int, int, int, int, int, int]] = []
        self._steps: list[Step] = []
        self._rests: list[Rest] = []

    def follow(self, starts: list[Start]) -> tuple[list[Step], list[Rest]]:
        for label, (row, units, amount) in enumerate(starts):
            if units:
                self._arrive(row, 0, units, label, amount)
        heap, ends, at = self._heap, self._c.out_end, self._c.out_at
        while heap:
            _, row, label, low, high, place, account = heappop(heap)
            while heap and heap[0][1] == row and heap[0][2] == label and heap[0][3] == high:
                high = heappop(heap)[4]
            end = ends[place]
            start = ends[place - 1] if place > at[account] else 0
            upto = min(high, end)
            self._arrive(row, low - start, upto - start, label, end - start)
            if upto < high:
                self._wait(account, upto, high, label, place + 1)
        return self._steps, self._rests

    def _arrive(self, row: int, first: int, last: int, label: int, amount: int) -> None:
        """Units ``first`` to ``last`` of a transfer reach its payee."""
        c = self._c
        carried = last - first
        if c.credit and (credit := c.credit[row]) != amount:
            first, last = first * credit // amount, last * credit // amount
        payee, credited, lost = c.payee[row], last - first, 0
        if c.external[payee]:
            self._steps.append((row, label, carried, credited, 0, 0, payee))
            if credited:
                self._rests.append((payee, label, credited))
            return
        if c.owed and first < c.owed[row]:
            lost = min(last, c.owed[row]) - first
            first += lost
        position = c.dstpos[row]
        self._steps.append((row, label, carried, credited, lost, position + last, payee))
        if first < last:
            self._wait(payee, position + first, position + last, label, c.out_at[payee])

    def _wait(self, account: int, low: int, high: int, label: int, place: int) -> None:
        c = self._c
        stop = c.out_at[account] + c.out_n[account]
        place = bisect_right(c.out_end, low, place, stop)
        if place < stop and c.t[row := c.out_row[place]] <= self._as_of:
            heappush(self._heap, (c.t[row], row, label, low, high, place, account))
        else:
            self._rests.append((account, label, high - low))


def _turned(lines: list[tuple[int, int, int]]) -> Triples:
    one, other, third = zip(*lines, strict=True) if lines else ((), (), ())
    return list(one), list(other), list(third)


def _moment(as_of: int | None) -> float:
    return inf if as_of is None else as_of
