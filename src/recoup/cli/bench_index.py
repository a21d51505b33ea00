"""The engine as the benchmark asks it: columns in, tables of whole numbers out."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from recoup.cli.bench_arrays import Array, Arrays, ledger_of
from recoup.cli.bench_peers import Positions
from recoup.cli.bench_scan import Tables, summed
from recoup.core.tracing import Transfer
from recoup.core.tracing.fast import Index
from recoup.core.tracing.fast.columns import Columns, Rest, Step
from recoup.core.tracing.fast.plain import Plain, amount_of


def build(arrays: Arrays, form: str) -> Index:
    """Work out the positions of a ledger."""
    if not hasattr(Index, "from_arrays"):
        return Index.of(ledger_of(arrays), form=form)
    return Index.from_arrays(
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
    if hasattr(index, "pieces"):
        found = index.pieces(rows, as_of=as_of)
        return found.steps, found.rests
    amounts = [amount_of(index.columns, row) for row in rows]
    moment = as_of
    starts = [
        (row, amount, amount)
        for row, amount in zip(rows, amounts, strict=True)
        if moment is None or index.columns.t[row] <= moment
    ]
    steps, rests = index.form_of_columns.follow(index.columns, starts, as_of)
    return (
        np.array(steps, np.int64).reshape(-1, 7),
        np.array(rests, np.int64).reshape(-1, 3),
    )


def asker(index: Index) -> Callable[[int], tuple[Array, Array]]:
    """What asks for one row."""
    return lambda row: look_up(index, [row])


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


def rule(name: str, arrays: Arrays) -> tuple[float, Callable[[int], Any]] | None:
    """Seconds to build what a rule other than first in, first out needs, and what asks it.

    None where there is no fast form of it.
    """
    return None


def read(found: Any) -> Tables:
    """The answer of a rule: tables as they are, or columns summed."""
    return found


def positions(index: Index, arrays: Arrays) -> Positions:
    """The positions of an index just built, by row."""
    c, rows = index.columns, arrays.rows
    ends = np.empty(rows, np.int64)
    ends[np.asarray(c.out_row[:rows])] = c.out_end[:rows]
    return Positions(arrays, ends - arrays.amount, np.array(c.dstpos[:rows], np.int64))


def append(index: Index, more: Arrays, start: int, stop: int) -> None:
    """Book some of these rows, which come after all others."""
    part = slice(start, stop)
    if hasattr(index, "append_rows"):
        index.append_rows(
            payer=more.payer[part],
            payee=more.payee[part],
            t=more.t[part],
            amount=more.amount[part],
        )
        return
    for row in range(start, stop):
        index.book(_transfer(index, more, row))


def book_late(index: Index, late: Arrays, row: int) -> int:
    """Book one of these rows where it belongs in time; the bookings that were moved."""
    return index.book(_transfer(index, late, row)).moved


def _transfer(index: Index, arrays: Arrays, row: int) -> Transfer:
    payer, payee = int(arrays.payer[row]), int(arrays.payee[row])
    name = f"{index.columns.rows:09}"
    names = index.accounts
    return Transfer(name, int(arrays.t[row]), names[payer], names[payee], int(arrays.amount[row]))


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
        amount = amount_of(self.columns, row)
        return self.form.follow(self.columns, [(row, amount, amount)], None)


def _plain(column: Array) -> Any:
    kinds = {"int8": "b", "uint8": "B", "bool": "b", "int32": "i", "uint32": "I", "int64": "q"}
    return array(kinds[column.dtype.name], column.tobytes())
