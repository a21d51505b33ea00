"""Transfers as arrays, in order: time, sequence, payer, payee and the two amounts of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recoup.core.patterns.books import Books, open_books
from recoup.core.tracing.ledger import LedgerRefused, Transfer

# A NumPy array; a side is where each account's places begin, and the places by account.
Column = Any
Side = tuple[Column, Column]
LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Columns:
    """moment: a number for each time and sequence, in order. transfers: the same as objects.

    outside: for each account whether it is outside what is known. names: what the numbers of
    accounts stand for.
    """

    t: Column
    moment: Column
    payer: Column
    payee: Column
    amount: Column
    credited: Column
    outside: Column
    names: Sequence[str]
    transfers: Sequence[Transfer]
    second: int

    @property
    def accounts(self) -> int:
        return len(self.outside)

    def is_small(self) -> bool:
        """Whether a hundred times the sum of all amounts stays within 64 bits."""
        sums = [whole_sum(self.amount), whole_sum(self.credited)]
        return 100 * max(sums) <= LARGEST

    def books(self, credits: Side, debits: Side, accounts: Iterable[int] = ()) -> Books:
        """Some accounts for the plain form, whose functions word the findings."""
        shown = list(accounts)
        sides = Places(self, credits, shown), Places(self, debits, shown)
        return Books(self.transfers, *sides, frozenset(), self.second)


class Places(Mapping[str, Sequence[int]]):
    """One side of the books by account's name, read when it is asked for."""

    def __init__(self, columns: Columns, side: Side, accounts: Iterable[int]) -> None:
        self.side = side
        self.number = {columns.names[x]: x for x in accounts}

    def __getitem__(self, name: str) -> Sequence[int]:
        number = self.number[name]
        at, places = self.side
        return places[at[number] : at[number + 1]].tolist()  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return iter(self.number)

    def __len__(self) -> int:
        return len(self.number)


class Written(Sequence[Transfer]):
    """Transfers of arrays as objects, each made when it is asked for."""

    def __init__(
        self, columns: Mapping[str, Column], names: Sequence[str], id_of: Callable[[int], str]
    ) -> None:
        self.columns, self.names, self.id_of = columns, names, id_of
        self.rows = len(columns["t"])

    def __getitem__(self, place: Any) -> Any:
        row = {name: int(column[place]) for name, column in self.columns.items()}
        return Transfer(
            self.id_of(row["row"]),
            row["t"],
            self.names[row["payer"]],
            self.names[row["payee"]],
            row["amount"],
            credit=row["credited"],
        )

    def __len__(self) -> int:
        return self.rows


class Numbered(Sequence[str]):
    """Names of accounts that have none but their numbers."""

    def __init__(self, count: int) -> None:
        self.accounts = count

    def __getitem__(self, number: Any) -> Any:
        return f"N{int(number)}"

    def __len__(self) -> int:
        return self.accounts


def of_transfers(
    transfers: Iterable[Transfer], *, outside: Collection[str] = (), second: int = 1
) -> Columns | None:
    """Transfers as arrays; None where a number is too large for them. Raises LedgerRefused."""
    import numpy as np

    kept = open_books(transfers, outside=(), second=second).transfers
    names = sorted({x.payer for x in kept} | {x.payee for x in kept})
    number = {name: n for n, name in enumerate(names)}
    ranks: list[int] = []
    before: tuple[int, int] | None = None
    for x in kept:
        ranks.append((ranks[-1] + (before != (x.t, x.seq))) if ranks else 0)
        before = (x.t, x.seq)
    try:
        return Columns(
            np.array([x.t for x in kept], np.int64),
            np.array(ranks, np.int32),
            np.array([number[x.payer] for x in kept], np.int32),
            np.array([number[x.payee] for x in kept], np.int32),
            np.array([x.amount for x in kept], np.int64),
            np.array([x.credited for x in kept], np.int64),
            np.array([name in outside for name in names], np.uint8),
            names,
            kept,
            second,
        )
    except OverflowError:
        return None


def of_arrays(
    t: Column,
    payer: Column,
    payee: Column,
    amount: Column,
    *,
    accounts: int,
    outside: Collection[int] = (),
    names: Sequence[str] | None = None,
    id_of: Callable[[int], str] = "{:09}".format,
    second: int = 1,
) -> Columns:
    """Take numbers as they are, in any order; raises LedgerRefused.

    Rows of one time keep their order. Accounts without names are called after their numbers, and
    transfers after their rows.
    """
    import numpy as np

    _check(t, payer, payee, amount, accounts)
    rows = np.nonzero((np.asarray(payer) != payee) & (np.asarray(amount) != 0))[0]
    rows = rows[np.argsort(np.asarray(t)[rows], kind="stable")]
    columns: dict[str, Column] = {
        "row": rows,
        "t": np.asarray(t, np.int64)[rows],
        "payer": np.asarray(payer, np.int32)[rows],
        "payee": np.asarray(payee, np.int32)[rows],
        "amount": np.asarray(amount, np.int64)[rows],
    }
    columns["credited"] = columns["amount"]
    times = columns["t"]
    moment = np.zeros(len(times), np.int32)
    np.cumsum(times[1:] != times[:-1], out=moment[1:])
    is_outside = np.zeros(accounts, np.uint8)
    is_outside[list(outside)] = 1
    called = names if names is not None else Numbered(accounts)
    return Columns(
        times,
        moment,
        columns["payer"],
        columns["payee"],
        columns["amount"],
        columns["credited"],
        is_outside,
        called,
        Written(columns, called, id_of),
        second,
    )


def whole_sum(column: Column) -> int:
    """The sum of numbers of 64 bits, whatever it comes to."""
    return (int((column >> 32).sum()) << 32) + int((column & 0xFFFFFFFF).sum())


def _check(t: Column, payer: Column, payee: Column, amount: Column, accounts: int) -> None:
    import numpy as np

    if not len(t) == len(payer) == len(payee) == len(amount):
        sizes = ", ".join(str(len(x)) for x in (t, payer, payee, amount))
        raise LedgerRefused(f"The columns have {sizes} rows. Give the same number in each.")
    columns: list[tuple[str, Column, int]] = [
        ("payer", payer, accounts - 1), ("payee", payee, accounts - 1), ("amount", amount, LARGEST)
    ]  # fmt: skip
    for what, column, most in columns:
        wrong = np.nonzero((np.asarray(column) < 0) | (np.asarray(column) > most))[0]
        if len(wrong):
            row, value = int(wrong[0]), int(column[wrong[0]])
            raise LedgerRefused(
                f"Row {row} has the {what} {value}. It must be from 0 to {most}.", value=str(value)
            )
