"""The form with NumPy columns and compiled loops; imported only where both are installed.

Whole numbers have 64 bits here. ``Index`` refuses a ledger whose sums could pass that, so that no
sum wraps; the product of an exchange is taken with 126 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recoup.core.tracing.fast import kernels, late_loops, loops
from recoup.core.tracing.fast.columns import (
    LARGEST,
    SMALL,
    Column,
    Columns,
    Groups,
    Rest,
    Start,
    Step,
    Tables,
    TooLarge,
    Triples,
)
from recoup.core.tracing.fast.compiling import compiled
from recoup.core.tracing.fast.pieces import Pieces
from recoup.core.tracing.ledger import LedgerRefused

_LOW = 2**32 - 1
# Records begin where what the processor fetches at once begins.
_LINE = 64


class Compiled:
    """Columns as NumPy arrays."""

    name = "compiled"
    grows_by_copying = True

    def __init__(self) -> None:
        # What a single look-up writes.
        self._work = [np.zeros((loops.FEW, width), np.int64) for width in loops.WIDTHS]

    def __reduce__(self) -> Any:
        """A copy of an index has tables of its own."""
        return Compiled, ()

    def zeros(self, count: int, largest: int) -> Column:
        return np.zeros(count, _kind(largest))

    def filled(self, values: Column, largest: int) -> Column:
        return np.array(values, _kind(largest))

    def alike(self, column: Column, count: int) -> Column:
        return np.zeros(count, column.dtype)

    def beside(self, columns: Sequence[Column]) -> Sequence[Column]:
        return self._copied(columns, len(columns[0]))

    def zeros_beside(self, columns: Sequence[Column], count: int) -> Sequence[Column]:
        if len(columns) == 1:
            return [self.alike(columns[0], count)]
        kind = np.dtype([(str(number), column.dtype) for number, column in enumerate(columns)])
        # Two at least, since a single one would count as a column that lies alone.
        size = max(count, 2) * kind.itemsize
        room = np.zeros(size + _LINE, np.uint8)
        first = -_address(room) % _LINE
        records = room[first : first + size].view(kind)
        return [records[str(number)] for number in range(len(columns))]

    def longer(self, columns: Sequence[Column], count: int) -> Sequence[Column]:
        if count <= len(columns[0]):
            return columns
        return self._copied(columns, count + count // 8 + 16)

    def _copied(self, columns: Sequence[Column], count: int) -> Sequence[Column]:
        new = self.zeros_beside(columns, count)
        for column, old in zip(new, columns, strict=True):
            column[: len(old)] = old
        return new

    def wider(self, column: Column, largest: int) -> Column:
        return column if largest <= np.iinfo(column.dtype).max else column.astype(_kind(largest))

    def size(self, column: Column) -> int:
        return int(column.nbytes)

    def whole(self, values: Any, what: str) -> Column:
        column = np.asarray(values)
        if column.ndim != 1:
            raise LedgerRefused(
                f"The {what} is an array of {column.ndim} dimensions. Give one number a row.",
                value=str(column.shape),
            )
        if column.dtype.kind == "i" or not len(column):
            return np.require(column, np.int64, ["C", "A", "W"])
        if column.dtype.kind == "u":
            if int(column.max()) > LARGEST:
                raise _too_large(what, int(column.argmax()), int(column.max()))
            return column.astype(np.int64)
        raise _not_whole(values, column, what)

    def first_outside(self, column: Column, low: int, high: int) -> int:
        if not len(column) or (column.min() >= low and column.max() <= high):
            return -1
        return int(np.argmax((column < low) | (column > high)))

    def total(self, column: Column) -> int:
        if not len(column):
            return 0
        if int(column.max()) <= LARGEST // len(column):
            return int(column.sum())
        return (int((column >> 32).sum()) << 32) + int((column & _LOW).astype(np.uint64).sum())

    def largest(self, column: Column) -> int:
        return max(-int(column.min()), int(column.max())) if len(column) else 0

    def is_equal(self, one: Column, other: Column) -> bool:
        return bool(np.array_equal(one, other))

    def turns(self, t: Column, seq: Column) -> Column:
        if len(seq):
            is_later = (t[1:] > t[:-1]) | ((t[1:] == t[:-1]) & (seq[1:] >= seq[:-1]))
            return _NONE if is_later.all() else np.lexsort((seq, t))
        return _NONE if (t[1:] >= t[:-1]).all() else np.argsort(t, kind="stable")

    def segments(self, holders: Column, accounts: int) -> tuple[Column, Column]:
        room = np.bincount(holders, minlength=accounts)
        at = np.zeros(accounts, np.int64)
        np.cumsum(room[:-1], out=at[1:])
        return at, room.astype(np.int32)

    def build(self, columns: Columns, amount: Column, turns: Column) -> None:
        c = columns
        _build(
            turns, c.payer, c.payee, amount, c.credit, c.external, c.may_overdraw,
            c.out_at, c.out_n, c.in_at, c.in_n, c.came, c.gone, c.out_row, c.out_end, c.in_row,
            c.dstpos, c.owed,
        )  # fmt: skip

    def append(
        self, columns: Columns, turns: Column, first: int, units: tuple[Column, Column, Column]
    ) -> None:
        """``units``: amounts, credits, where debits begin (written), of each row of the batch."""
        c, done = columns, 0
        while done < len(turns):
            used = np.array((c.out_used, c.in_used), np.int64)
            done = _append(
                turns, done, first, *units, used, c.payer, c.payee, c.external, c.may_overdraw,
                c.out_at, c.out_n, c.out_room, c.in_at, c.in_n, c.in_room, c.came, c.gone,
                c.out_row, c.out_end, c.in_row, c.dstpos, c.owed,
            )  # fmt: skip
            c.out_used, c.in_used = used.tolist()
            if done < len(turns):
                c.room_for_next(self, first + int(turns[done]))

    def upto(self, count: int) -> Column:
        return np.arange(count)

    def put(self, column: Column, first: int, values: Column) -> None:
        column[first : first + len(values)] = values

    def groups(self, columns: Columns, first: int, turns: Column) -> Groups:
        rows = first + turns
        payers, payees = columns.payer[rows], columns.payee[rows]
        by_payer, by_payee = (np.argsort(x, kind="stable") for x in (payers, payees))
        accounts = np.union1d(payers, payees).astype(np.int64)
        return Groups(
            accounts=accounts,
            debits=rows[by_payer],
            debits_upto=np.searchsorted(payers[by_payer], accounts, side="right"),
            credits=rows[by_payee],
            credits_upto=np.searchsorted(payees[by_payee], accounts, side="right"),
        )

    def take_in(
        self, columns: Columns, groups: Groups, number: int, batch: Any, sure: int
    ) -> tuple[int, int, int]:
        c, g = columns, groups
        used = np.array((c.out_used, c.in_used), np.int64)
        number, why, moved = late_loops.take_in(
            g.accounts, g.debits, g.debits_upto, g.credits, g.credits_upto, number, used,
            (batch.first, batch.amount, batch.credited, batch.starts), (c.t, c.seq, sure),
            (c.out_at, c.out_n, c.out_room, c.out_row, c.out_end),
            (c.in_at, c.in_n, c.in_room, c.in_row),
            (c.payer, c.credit, c.external, c.may_overdraw, c.opening, c.came, c.gone, c.dstpos,
             c.owed),
        )  # fmt: skip
        c.out_used, c.in_used = used.tolist()
        return number, why, moved

    def ends(self, columns: Columns, first: int, starts: Column) -> tuple[Column, Column]:
        c, upto = columns, first + len(starts)
        accounts = np.concatenate((c.payer[first:upto], c.payee[first:upto]))
        positions = np.concatenate((starts, c.dstpos[first:upto]))
        is_known = c.external[accounts] == 0
        return accounts[is_known], positions[is_known]

    def arriving(self, steps: Column, accounts: list[int]) -> list[Step]:
        return list(map(tuple, steps[np.isin(steps[:, 6], accounts)].tolist()))

    def tables(self, steps: Column, rests: Column) -> Tables:
        row, label, units, arrived, lost, _, payee = steps.T
        carried = _added(row, label, units)
        is_same = np.array_equal(units, arrived)
        return Tables(
            carried=carried,
            credited=None if is_same else _added(row, label, arrived),
            lost=_added(payee, label, lost) if lost.any() else _NOTHING,
            rests=_added(*rests.T),
        )

    def least(self, accounts: Column, starts: Column) -> tuple[Column, Column]:
        order = np.lexsort((starts, accounts))
        accounts, starts = accounts[order], starts[order]
        is_first = np.ones(len(accounts), bool)
        is_first[1:] = accounts[1:] != accounts[:-1]
        return accounts[is_first], starts[is_first]

    def concerned(self, accounts: Column, starts: Column, steps: Column) -> list[int]:
        if not len(accounts):
            return []
        place = np.minimum(np.searchsorted(accounts, steps[:, 6]), len(accounts) - 1)
        is_there = (accounts[place] == steps[:, 6]) & (steps[:, 5] > starts[place])
        labels: list[int] = np.unique(steps[is_there, 1]).tolist()
        return labels

    def pack(self, segments: Sequence[Column], new: Sequence[Column]) -> int:
        at, n, room, *old = segments
        return int(_pack(at, n, room, *[_NONE, *old][-2:], *[_NONE, *new][-2:]))

    def totals(self, columns: Columns, as_of: int | None) -> tuple[Column, Column]:
        c = columns
        came, top, balance, unseen = (np.zeros(len(c.opening), np.int64) for _ in range(4))
        _totals(
            c.payee, c.t, c.dstpos, c.credit, c.out_row, c.out_end, c.out_at, c.out_n,
            c.opening, c.external, c.may_overdraw, _moment(as_of), came, top, balance, unseen,
        )  # fmt: skip
        return balance.tolist(), unseen.tolist()

    def follow(
        self, columns: Columns, starts: list[Start], as_of: int | None
    ) -> tuple[list[Step], list[Rest]]:
        steps, rests = self.follow_columns(columns, starts, as_of)
        return list(map(tuple, steps.tolist())), list(map(tuple, rests.tolist()))

    def follow_columns(
        self, columns: Columns, starts: Any, as_of: int | None
    ) -> tuple[Column, Column]:
        """``follow`` with rows of arrays for steps and rests, for very many seeds."""
        starts = np.array(starts, np.int64).reshape(-1, 3)
        return loops.follow(_addresses(columns), starts, _moment(as_of))  # type: ignore[no-any-return]

    def pieces(
        self, columns: Columns, rows: Column, units: Column | None, as_of: int | None, sure: int
    ) -> tuple[Column, Column] | None:
        if self.first_outside(rows, 0, columns.rows - 1) >= 0:
            return None
        amounts = self._amounts(columns, rows, sure)
        parts = amounts if units is None else units
        if (amounts < 0).any() or (parts > amounts).any():
            return None
        is_there = columns.t[rows] <= _moment(as_of)
        starts = np.stack((rows, np.where(is_there, parts, 0), amounts), axis=1)
        return self.follow_columns(columns, starts, as_of)

    def table(self, columns: Columns) -> Any:
        """How many rows there are, and addresses for ``loops.one``: where they are, and they."""
        if columns.late_from != LARGEST:
            return None
        written = [_address(table) for table in self._work]
        addresses = np.append(_addresses(columns), written)
        return columns.rows, _address(addresses), addresses

    def one(self, table: Any, row: int, as_of: int | None) -> Pieces | None:
        rows, address, _ = table
        if not 0 <= row < rows:
            return None
        found = _one(address, row, LARGEST if as_of is None else _moment(as_of))
        if found < 0:
            return None
        steps, rests, _, _ = self._work
        return Pieces(steps[: found & _LOW].copy(), rests[: found >> _SHIFT].copy())

    def _amounts(self, columns: Columns, rows: Column, sure: int) -> Column:
        c = columns
        return late_loops.amounts(
            c.payer, c.t, c.seq, c.out_row, c.out_end, c.out_at, c.out_n, rows, sure, c.late_from
        )

    def amounts(self, columns: Columns, rows: list[int], sure: int) -> list[int]:
        found: list[int] = self._amounts(columns, np.array(rows, np.int64), sure).tolist()
        return found


def _addresses(columns: Columns) -> Column:
    """Where what ``loops`` reads begins, valid as long as no column is another."""
    c = columns
    read = (c.dstpos, c.out_end, c.out_at, c.t, c.credit, c.owed)
    parts = [_address(column) if len(column) else 0 for column in read]
    return np.array([*parts, c.late_from == LARGEST, c.t.dtype.itemsize > 4], np.int64)


def _address(column: Column) -> int:
    address: int = column.__array_interface__["data"][0]
    return address


def _kind(largest: int) -> Any:
    if largest > LARGEST:
        raise OverflowError
    return np.int32 if largest <= SMALL else np.int64


def _added(name: Any, label: Any, units: Any) -> Triples:
    """Units by name and label, each pair once, without zeros."""
    order = np.lexsort((label, name))
    name, label, units = name[order], label[order], units[order]
    is_first = np.ones(len(name), bool)
    is_first[1:] = (name[1:] != name[:-1]) | (label[1:] != label[:-1])
    sums = np.add.reduceat(units, np.flatnonzero(is_first)) if len(units) else units
    some = sums > 0
    return name[is_first][some].tolist(), label[is_first][some].tolist(), sums[some].tolist()


def _moment(as_of: int | None) -> int:
    return LARGEST if as_of is None else max(-LARGEST, min(as_of, LARGEST))


def _too_large(what: str, row: int, value: object) -> TooLarge:
    return TooLarge(
        f"The {what} of row {row} is {value}, more than the compiled form can hold ({LARGEST}). "
        "Use the form 'plain', which takes any sum.",
        value=str(value),
    )


def _not_whole(values: Any, column: Any, what: str) -> LedgerRefused:
    """What is wrong with numbers of another kind, shown by the first that is no whole number."""
    as_given = values if isinstance(values, list | tuple) else column.tolist()
    for row, value in enumerate(as_given):
        if value.__class__ is int and abs(value) > LARGEST:
            return _too_large(what, row, value)
        if value.__class__ is not int:
            return LedgerRefused(
                f"The {what} of row {row} is {value!r} (of {column.dtype}). "
                "It must be a whole number; give an array of whole numbers.",
                value=str(value),
            )
    return LedgerRefused(
        f"The {what} comes as {column.dtype}. Give an array of whole numbers of 64 bits.",
        value=str(column.dtype),
    )


_NOTHING: Triples = ([], [], [])
_NONE = np.zeros(0, np.int64)
_build = compiled(kernels.build)
_append = compiled(kernels.append)
_pack = compiled(kernels.pack)
_totals = compiled(kernels.totals)
_one, _SHIFT = loops.one, loops.SHIFT
