"""The form with NumPy columns and compiled walks for the rules that go by balances.

Imported only where both packages are installed. Its whole numbers have 64 bits; ``reading``
refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from recoup.core.tracing.fast import dips, touched_kernels
from recoup.core.tracing.fast.bookings import Bookings, Followed, Start, lows_of
from recoup.core.tracing.fast.columns import LARGEST, Column
from recoup.core.tracing.fast.compiling import compiled
from recoup.core.tracing.fast.touched_plain import BY_SHARE

_RULES: Final = {
    "libr": touched_kernels.LIBR,
    "prorata": touched_kernels.PRORATA,
    "tiho": touched_kernels.TIHO,
    "poison": touched_kernels.POISON,
}

_book, _totals, _lowest = compiled(dips.book), compiled(dips.totals), compiled(dips.lowest)


class CompiledForm:
    """Columns as NumPy arrays."""

    name = "compiled"

    def column(self, values: Any, largest: int) -> Column:
        return np.array(values, _kind(largest))

    def zeros(self, count: int, largest: int) -> Column:
        return np.zeros(count, _kind(largest))

    def beside(self, *columns: Column) -> Sequence[Column]:
        kind = np.dtype([(str(number), column.dtype) for number, column in enumerate(columns)])
        records = np.zeros(len(columns[0]), kind)
        for number, column in enumerate(columns):
            records[str(number)] = column
        return [records[str(number)] for number in range(len(columns))]

    def whole(self, values: Any) -> Column:
        array = np.asarray(values)
        if not array.size:
            return np.zeros(0, np.int64)
        if array.dtype.kind not in "iub" and not all(isinstance(x, int) for x in values):
            raise TypeError(f"they are of the kind {array.dtype}")
        if array.dtype.kind not in "ib" and max(map(int, array)) > LARGEST:
            raise OverflowError
        return array.astype(np.int64)

    def picked(self, column: Column, at: Column) -> Column:
        return np.asarray(column)[np.asarray(at, np.int64)]

    def inverse(self, order: Column) -> Column:
        places = np.empty(len(order), np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        return places

    def order(self, t: Column, seq: Column | None) -> Column | None:
        t = np.asarray(t)
        if seq is None and bool((t[1:] >= t[:-1]).all()):
            return None
        order = np.lexsort((np.zeros_like(t) if seq is None else np.asarray(seq), t))
        is_sorted = bool((order[1:] > order[:-1]).all())
        return None if is_sorted else order.astype(np.int32)

    def bounds(self, column: Column) -> tuple[int, int]:
        return (int(column.min()), int(column.max())) if len(column) else (0, 0)

    def size(self, column: Column) -> int:
        return int(column.nbytes)

    def total(self, column: Column) -> int:
        if isinstance(column, list):
            return sum(column)
        return (int((column >> 32).sum()) << 32) + int((column & 0xFFFFFFFF).sum())

    def counts(self, holders: Column, accounts: int) -> list[int]:
        return np.bincount(holders, minlength=accounts).tolist() if len(holders) else [0] * accounts

    def book(self, bookings: Bookings, amount: Column, used: Column, balance: Column) -> None:
        b = bookings
        _book(
            b.payer, b.payee, amount, b.credit, b.external, b.may_overdraw, used, balance,
            b.out_row, b.out_amount, b.before, b.base, b.onward,
        )  # fmt: skip

    def totals(self, bookings: Bookings, limit: int) -> tuple[list[int], list[int]]:
        b, balance = bookings, bookings.opening.astype(np.int64)
        unseen = np.zeros(len(balance), np.int64)
        _totals(
            b.payee, b.credit, b.external, b.may_overdraw, b.out_at, b.out_row, b.out_amount,
            b.before, limit, balance, unseen,
        )  # fmt: skip
        return balance.tolist(), unseen.tolist()

    def lowest(self, bookings: Bookings, by_share: bool, lows: Column) -> None:
        b = bookings
        _lowest(by_share, b.out_amount, b.before, lows, b.level_at)

    def touched(
        self, bookings: Bookings, rule: str, starts: list[Start], limit: int, most: int
    ) -> Followed:
        b = bookings
        lows = lows_of(self, b, BY_SHARE[rule]) if rule in BY_SHARE else np.zeros(0, np.int64)
        found = touched_kernels.touched(_RULES[rule], _books(b, lows, limit), _starts(starts), most)
        steps, rests, refused = found
        is_cut = len(steps) > most
        if rule == "poison" and not is_cut:
            rests[:, 2] = self._marked(b, rests, refused, limit)
        return Followed(steps, rests, int(refused), is_cut)

    def levels(self, bookings: Bookings, starts: list[Start], limit: int, most: int) -> Followed:
        books = _books(bookings, lows_of(self, bookings, False), limit)
        steps, rests, is_cut = touched_kernels.levels(books, _starts(starts), most)
        return Followed(steps, rests, is_cut=bool(is_cut))

    def _marked(self, b: Bookings, rests: Column, refused: int, limit: int) -> Column:
        """What the marks of poison are of: the whole balance of each account."""
        if refused >= 0:
            return max(int(b.before[b.place_of(refused)]), 0)
        balances = np.array(self.totals(b, limit)[0], np.int64)
        return np.where(b.external[rests[:, 0]], rests[:, 2], balances[rests[:, 0]])


def _books(b: Bookings, lows: Column, limit: int) -> Column:
    """What ``touched_kernels`` reads, in its order; valid as long as the columns are there."""
    read = (b.payee, b.out_amount, b.out_at, b.external, b.credit, b.base)
    parts = [_address(column) if len(column) else 0 for column in read]
    first = _address(lows) if len(lows) else 0
    levels = [first + 8 * begin for begin in b.level_at[:-1].tolist()]
    return np.array([*parts, b.may_overdraw, limit, len(levels), *levels], np.int64)


def _address(column: Column) -> int:
    address: int = column.__array_interface__["data"][0]
    return address


def _starts(starts: list[Start]) -> Column:
    return np.array(starts, np.int64).reshape(-1, 5)


def _kind(largest: int) -> Any:
    if largest > LARGEST:
        raise OverflowError
    small = np.int8 if largest <= 127 else np.int32
    return small if largest <= 2**31 - 1 else np.int64
