"""The engine as the benchmark asks it: columns in, tables of whole numbers out."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from recoup.cli.bench_arrays import Array, Arrays
from recoup.cli.bench_peers import Positions
from recoup.cli.bench_scan import Tables, summed
from recoup.core.tracing.fast import Index, TouchedIndex
from recoup.core.tracing.fast.columns import Columns, Rest, Step
from recoup.core.tracing.fast.plain import Plain
from recoup.core.tracing.fast.touched import TouchedPieces


def build(arrays: Arrays, form: str) -> Index:
    """Work out the positions of a ledger."""
    index: Index = _from_arrays(Index, arrays, form)
    return index


def _from_arrays(kind: Any, arrays: Arrays, form: str) -> Any:
    return kind.from_arrays(
        payer=arrays.payer,
        payee=arrays.payee,
        t=arrays.t,
        amount=arrays.amount,
        opening=arrays.opening,
        external=arrays.external,
        form=form,
    )


def look_up(index: Index, rows: Any, as_of: int | None = None) -> tuple[Array, Array]:
    """The pieces of rows asked for together: steps and rests."""
    return index.pieces(rows, as_of=as_of)


def asker(index: Index) -> Callable[[int], tuple[Array, Array]]:
    """What asks for one row."""
    return index.pieces


def tables(steps: Array, rests: Array) -> Tables:
    """Units by row and label, and at rest by account and label."""
    return summed(np.asarray(steps)[:, :3]), summed(np.asarray(rests))


def unaccounted(arrays: Arrays, rows: Array, steps: Array, rests: Array) -> int:
    """Units of victims' payments that are neither at rest nor lost; over all labels, in size."""
    steps, rests, rows = np.asarray(steps), np.asarray(rests), np.asarray(rows)
    there = np.zeros(len(rows), np.int64)
    np.add.at(there, rests[:, 1], rests[:, 2])
    np.add.at(there, steps[:, 1], steps[:, 4])
    return int(np.abs(arrays.amount[rows] - there).sum())


def balances(arrays: Arrays) -> TouchedIndex:
    """The index of the rules that go by balances."""
    index: TouchedIndex = _from_arrays(TouchedIndex, arrays, "compiled")
    return index


def rule_asker(index: TouchedIndex, rule: str) -> Callable[[int], TouchedPieces]:
    """What asks such an index for one row under a rule."""
    index.prepare(rule)
    return lambda row: index.pieces([row], rule=rule)


def read_rule(found: TouchedPieces) -> Tables:
    """The answer of a rule as tables."""
    moved = (found.row, found.label, found.units)
    rests = (found.rest_account, found.rest_label, found.rest_units)
    carried, held = (
        summed(np.stack([np.asarray(column, np.int64) for column in columns], axis=1))
        for columns in (moved, rests)
    )
    return carried, held


def pieces_of_rule(found: TouchedPieces) -> int:
    return len(found.row)


def positions(index: Index, arrays: Arrays) -> Positions:
    """The positions of an index just built, by row."""
    c, rows = index.columns, arrays.rows
    ends = np.empty(rows, np.int64)
    ends[np.asarray(c.out_row[:rows])] = c.out_end[:rows]
    return Positions(arrays, ends - arrays.amount, np.array(c.dstpos[:rows], np.int64))


def append(index: Index, more: Arrays, start: int, stop: int) -> int:
    """Book some of these rows, wherever they belong in time; the bookings that were moved."""
    part = slice(start, stop)
    booked = index.append_rows(
        payer=more.payer[part], payee=more.payee[part], t=more.t[part], amount=more.amount[part]
    )
    return booked.moved


class Twin:
    """Pure Python on the very positions of a compiled index: the same numbers in plain arrays."""

    def __init__(self, index: Index) -> None:
        c = index.columns
        plain = {
            one.name: _plain(getattr(c, one.name))
            for one in fields(Columns)
            if isinstance(getattr(c, one.name), np.ndarray)
        }
        self.columns: Columns = replace(c, **plain)
        self.form = Plain()

    def look_up(self, row: int) -> tuple[list[Step], list[Rest]]:
        amount = _amount_of(self.columns, row)
        return self.form.follow(self.columns, [(row, amount, amount)], None)


def _amount_of(columns: Columns, row: int) -> int:
    """The amount of a row, of which none came late."""
    c, payer = columns, columns.payer[row]
    at = int(c.out_at[payer])
    place = bisect_left(c.out_row, row, at, at + int(c.out_n[payer]))
    return int(c.out_end[place]) - c.start_of(place, payer)


def _plain(column: Array) -> Any:
    kinds = {"int8": "b", "uint8": "B", "bool": "b", "int32": "i", "uint32": "I", "int64": "q"}
    return array(kinds[column.dtype.name], column.tobytes())
