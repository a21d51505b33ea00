"""A ledger with its FIFO positions: traced as often as wanted, and booked into.

Building costs one pass over the ledger. An answer costs what it finds, whatever the size of the
ledger; it equals the plain walk's field by field, under both shortfall policies: an overdraft only
means that a credit arrives at positions that were paid out before, and those units are lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

from recoup.core.tracing.fast import answer, late, making
from recoup.core.tracing.fast.columns import (
    BY_ACCOUNT,
    LARGEST,
    Column,
    Columns,
    Form,
    Rest,
    Start,
    Step,
    TooLarge,
)
from recoup.core.tracing.fast.gate import Gate
from recoup.core.tracing.fast.late import Booked, BookedRows, Changed
from recoup.core.tracing.fast.making import FORMS, Rows, is_installed
from recoup.core.tracing.fast.names import Names
from recoup.core.tracing.fast.pieces import Pieces
from recoup.core.tracing.ledger import (
    Ledger,
    LedgerRefused,
    Seed,
    Transfer,
    check,
    paid_with_traced,
)
from recoup.core.tracing.result import Result

__all__ = ["FORMS", "Index", "TooLarge", "is_installed"]
# time, sequence, and the id or, in an index from arrays, the row
Key = tuple[int, int, Any]


class Index:
    """FIFO positions of one ledger under one shortfall policy; made with ``of``/``from_arrays``.

    Any number of threads may ask at once; a booking waits until they are done.
    """

    def __init__(
        self,
        form: Form,
        made: tuple[Columns, int, int],
        *,
        ids: Names,
        accounts: Names,
        seeds: tuple[Seed, ...],
        shortfall: str,
        is_by_id: bool,
    ) -> None:
        self.form_of_columns, self.shortfall, self.seeds = form, shortfall, seeds
        self.columns, self._sums, self.last = made
        self.ids, self.accounts = ids, accounts
        self._is_by_id, self._gate, self._version = is_by_id, Gate(), 0
        # Addresses of columns, worked out when asked and void after every change.
        self._table: Any = None

    @classmethod
    def of(cls, ledger: Ledger, *, shortfall: str = "unseen", form: str | None = None) -> Self:
        """Read a ledger and work out its positions; raises LedgerRefused.

        form: if not given, ``compiled`` where its packages are installed and no sum can pass 64
        bits, ``plain`` otherwise. ``compiled`` refuses such sums; ``plain`` takes any. The answers
        are the same.
        """
        check(ledger)
        making.check_shortfall(shortfall)
        if form is not None:
            return cls._of(ledger, making.form_named(form), shortfall)
        try:
            return cls._of(ledger, making.form_named(FORMS[is_installed()]), shortfall)
        except TooLarge:
            return cls._of(ledger, making.form_named("plain"), shortfall)

    @classmethod
    def _of(cls, ledger: Ledger, form: Form, shortfall: str) -> Self:
        rows, transfers, number_of = making.rows_of(form, ledger)
        opening, external = making.accounts_of(form, ledger, number_of)
        return cls(
            form,
            making.columns_of(form, rows, opening, external, shortfall=shortfall),
            ids=Names([x.id for x in transfers], len(transfers), "transfer id"),
            accounts=Names(list(number_of), len(number_of), "account"),
            seeds=ledger.seeds,
            shortfall=shortfall,
            is_by_id=True,
        )

    @classmethod
    def from_arrays(
        cls,
        *,
        payer: Any,
        payee: Any,
        t: Any,
        amount: Any,
        opening: Any,
        external: Any,
        credit: Any = None,
        seq: Any = None,
        names: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
        shortfall: str = "unseen",
        form: str = "compiled",
    ) -> Self:
        """Work out the positions of transfers that come as columns; raises LedgerRefused.

        One whole number a row; payer and payee are places in ``opening`` and ``external``. Rows
        may stand in any order and keep their numbers; they are booked by (time, sequence, row).
        Without ``names`` and ``ids`` accounts and transfers are called by their numbers. Given
        ones are kept, not copied, and looked at when first needed.
        """
        making.check_shortfall(shortfall)
        made = making.form_named(form)
        openings, outside = making.read_accounts(made, opening, external)
        rows = making.read_rows(
            made, len(openings), payer=payer, payee=payee, t=t, amount=amount, credit=credit,
            seq=seq,
        )  # fmt: skip
        count = len(rows.amount)
        if names is not None:
            making.refuse_other_length("names", len(names), "opening", len(openings))
        if ids is not None:
            making.refuse_other_length("ids", len(ids), "amount", count)
        return cls(
            made,
            making.columns_of(made, rows, openings, outside, shortfall=shortfall),
            ids=Names(ids, count, "transfer id"),
            accounts=Names(names, len(openings), "account"),
            seeds=(),
            shortfall=shortfall,
            is_by_id=False,
        )

    def __getstate__(self) -> dict[str, Any]:
        """A copy has columns of its own, at other addresses."""
        return self.__dict__ | {"_table": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.columns.lie_together(self.form_of_columns)

    @property
    def form(self) -> str:
        return self.form_of_columns.name

    @property
    def nbytes(self) -> int:
        """What the columns take, times and tables of accounts included, names and ids not."""
        return self.columns.size(self.form_of_columns)

    @property
    def bytes_per_transfer(self) -> float:
        return self.nbytes / max(self.columns.rows, 1)

    @property
    def sure_below(self) -> int:
        """Of rows of one time and sequence those below are in the order of their numbers."""
        return self.columns.late_from if self._is_by_id else LARGEST

    def key(self, row: int) -> Key:
        """What a row is ordered by."""
        c = self.columns
        seq = int(c.seq[row]) if len(c.seq) else 0
        return int(c.t[row]), seq, self.ids[row] if self._is_by_id else int(row)

    def pieces(self, rows: Any, *, units: Any = None, as_of: int | None = None) -> Pieces:
        """Follow payments by their row numbers: one, or one label for each; raises LedgerRefused.

        units: of each payment those that are the victim's, arriving first; all if not given.
        Nothing is found of a payment after ``as_of``. Who the payers are is not asked.
        """
        form = self.form_of_columns
        if units is None and rows.__class__ is int:
            with self._gate.quick:
                table = self._table or self._quick_table()
                found = form.one(table, rows, as_of) if table else None
            if found is not None:
                return found  # type: ignore[no-any-return]
        numbers = form.whole(rows if hasattr(rows, "__len__") else [rows], "row number")
        parts = None
        if units is not None:
            parts = form.whole(units if hasattr(units, "__len__") else [units], "units")
            making.refuse_other_length("units", len(parts), "row numbers", len(numbers))
            making.refuse_below_zero(form, "units of seed", parts)
        with self._gate:
            c = self.columns
            found = form.pieces(c, numbers, parts, as_of, self.sure_below)
            if found is None:
                found = form.follow_columns(c, self._starts_of(numbers, parts, as_of), as_of)
        return Pieces(*found)

    def _quick_table(self) -> Any:
        self._table = self.form_of_columns.table(self.columns)
        return self._table

    def _starts_of(self, rows: Column, units: Column | None, as_of: int | None) -> list[Start]:
        """Where to start from; each seed is looked at, so that a wrong one is named."""
        starts = []
        for number, row in enumerate(map(int, rows)):
            if not 0 <= row < self.columns.rows:
                raise LedgerRefused(
                    f"There is no row {row}. There are {self.columns.rows}, numbered from 0.",
                    value=str(row),
                )
            amount = self.amount_of(row)
            part = amount if units is None else int(units[number])
            if part > amount:
                raise LedgerRefused(
                    f"The victim's part of row {row} is {part}, more than the {amount} that was "
                    "paid. Give at most what was paid.",
                    value=str(part),
                )
            is_there = as_of is None or self.columns.t[row] <= as_of
            starts.append((row, part if is_there else 0, amount))
        return starts

    def place_of(self, row: int) -> int:
        """Where a row stands among its payer's debits."""
        c = self.columns
        at, stop = c.debits(c.payer[row])
        if c.late_from == LARGEST:
            return bisect_left(c.out_row, row, at, stop)
        return bisect_left(c.out_row, self.key(row), at, stop, key=self.key)

    def amount_of(self, row: int) -> int:
        """The units that left a row's payer."""
        c, place = self.columns, self.place_of(row)
        return int(c.out_end[place]) - c.start_of(place, c.payer[row])

    def trace(self, seeds: Sequence[Seed] | None = None, *, as_of: int | None = None) -> Result:
        """Follow victims' payments, those of the ledger if not given; raises LedgerRefused.

        The balances and unseen units of the answer are counted when they are first looked at;
        look before the next booking.
        """
        form = self.form_of_columns
        with self._gate:
            labels, starts = self._starts(seeds, as_of)
            steps, rests = form.follow_columns(self.columns, starts, as_of)
            self._refuse_traced_payer(labels, starts, steps)
            version = self._version
        return answer.result(
            form.tables(steps, rests),
            labels=labels,
            transfers=self.ids,
            accounts=self.accounts,
            totals=answer.Totals(partial(self._totals, as_of, version)),
            shortfall=self.shortfall,
            as_of=as_of,
        )

    def look_up(
        self, seeds: Sequence[Seed] | None = None, *, as_of: int | None = None
    ) -> tuple[list[Step], list[Rest]]:
        """What ``trace`` makes its tables of: by numbers, and without asking who the payers are."""
        with self._gate:
            starts = self._starts(seeds, as_of)[1]
            return self.form_of_columns.follow(self.columns, starts, as_of)

    def reach(self, seeds: Sequence[Seed] | None = None) -> dict[str, int]:
        """The highest traced position in each account; ``Booked.concerns`` asks for it."""
        highest: dict[str, int] = {}
        for *_, upto, payee in self.look_up(seeds)[0]:
            name = self.accounts[payee]
            if upto > highest.get(name, 0):
                highest[name] = upto
        return highest

    def book(self, transfer: Transfer) -> Booked:
        """Take in one transfer more, wherever it belongs in time; raises LedgerRefused.

        Nothing has changed after a refusal.
        """
        check(Ledger({}, (transfer,), ()))
        self.ids.refuse_doubles([transfer.id], 1)
        form = self.form_of_columns
        names = (transfer.payer, transfer.payee)
        rows = Rows(
            payer=form.whole([0], "payer"),
            payee=form.whole([0], "payee"),
            t=form.whole([transfer.t], "time"),
            amount=form.whole([transfer.amount], "amount"),
            credit=form.whole([transfer.credited], "credit"),
            seq=form.whole([transfer.seq] if transfer.seq else [], "sequence"),
        )
        with self._gate.booking:
            self._refuse_sums(rows)
            for column, name in zip((rows.payer, rows.payee), names, strict=True):
                column[0] = self._number(name)
            booked, batch = self._book(rows, [transfer.id])
        ends = {(int(rows.payer[0]), int(batch.starts[0]))}
        ends.add((int(rows.payee[0]), int(self.columns.dstpos[booked.first])))
        changed = tuple(
            Changed(self.accounts[account], position)
            for account, position in sorted(ends)
            if not self.columns.external[account]
        )
        return Booked(booked.late > 0, booked.moved, changed)

    def append_rows(
        self,
        *,
        payer: Any,
        payee: Any,
        t: Any,
        amount: Any,
        credit: Any = None,
        ids: Sequence[str] | None = None,
    ) -> BookedRows:
        """Take in many transfers at once, in any order, late ones too; raises LedgerRefused.

        Columns as in ``from_arrays``; an account must be there (``add_accounts``). Their rows go
        on from the last; without ``ids`` they are called so. Nothing has changed after a refusal.
        """
        form = self.form_of_columns
        with self._gate.booking:
            rows = making.read_rows(
                form, len(self.accounts), payer=payer, payee=payee, t=t, amount=amount,
                credit=credit,
            )  # fmt: skip
            count = len(rows.amount)
            if ids is not None:
                making.refuse_other_length("ids", len(ids), "amount", count)
            making.refuse_too_many(self.columns.rows + count)
            self.ids.refuse_doubles(ids, count)
            self._refuse_sums(rows)
            return self._book(rows, ids)[0]

    def add_accounts(
        self, opening: Any, external: Any, *, names: Sequence[str] | None = None
    ) -> range:
        """Take in accounts without transfers; their numbers; raises LedgerRefused."""
        form, c = self.form_of_columns, self.columns
        with self._gate.booking:
            openings, outside = making.read_accounts(form, opening, external)
            if names is not None:
                making.refuse_other_length("names", len(names), "opening", len(openings))
            self.accounts.refuse_doubles(names, len(openings))
            sums = self._sums + form.total(openings)
            making.refuse_what_wraps(form, sums, making.NO_ROWS)
            self._sums = sums
            self._version, self._table = self._version + 1, None
            first = len(self.accounts)
            self._open(names, len(openings))
            for column, values in (
                (c.opening, openings),
                (c.came, openings),
                (c.external, outside),
            ):
                form.put(column, first, values)
        return range(first, len(self.accounts))

    def turns_of(self, first: int, rows: Rows) -> tuple[Column, bool]:
        """In which order new rows are booked, and whether that is the one they stand in."""
        form, count = self.form_of_columns, len(rows.amount)
        if not self._is_by_id:
            turns = form.turns(rows.t, rows.seq)
            return (turns, False) if len(turns) else (form.upto(count), True)
        turns = sorted(range(count), key=lambda number: self.key(first + number))
        return form.filled(turns, LARGEST), turns == list(range(count))

    def _book(self, rows: Rows, ids: Sequence[str] | None) -> tuple[BookedRows, late.Batch]:
        """Take in rows that nothing is wrong with."""
        c, form, count = self.columns, self.form_of_columns, len(rows.amount)
        self._sums += rows.sums(form)
        self._version, self._table = self._version + 1, None
        if len(rows.seq) and not len(c.seq):
            c.seq = form.alike(c.payer, max(c.rows, 1))
        self._widen(rows)
        if len(rows.credit) and not len(c.credit) and not form.is_equal(rows.credit, rows.amount):
            self._credit_apart()
        self.ids.add_many(ids, count)
        return late.book(self, rows)

    def _refuse_sums(self, rows: Rows) -> None:
        form = self.form_of_columns
        making.refuse_what_wraps(form, self._sums + rows.sums(form), rows)

    def _starts(
        self, seeds: Sequence[Seed] | None, as_of: int | None
    ) -> tuple[list[str], list[Start]]:
        seeds = self.seeds if seeds is None else seeds
        if len({seed.transfer for seed in seeds}) < len(seeds):
            self._refuse_seeds(seeds)
        rows = [self.ids.number(seed.transfer) for seed in seeds]
        if -1 in rows:
            self._refuse_seeds(seeds)
        amounts = self.form_of_columns.amounts(self.columns, rows, self.sure_below)
        labels: list[str] = []
        starts: list[Start] = []
        for seed, row, found in zip(seeds, rows, amounts, strict=True):
            amount = self.amount_of(row) if found < 0 else found
            units = amount if seed.amount is None else seed.amount
            if units.__class__ is not int or not 0 <= units <= amount:
                self._refuse_seeds(seeds)
            if as_of is None or self.columns.t[row] <= as_of:
                labels.append(seed.transfer)
                starts.append((row, units, amount))
        return labels, starts

    def _refuse_seeds(self, seeds: Sequence[Seed]) -> None:
        """Refuse seeds that contradict the ledger, with the words of ``ledger.check``."""
        rows = {x.transfer: self.ids.number(x.transfer) for x in seeds}
        paid = tuple(self._transfer(name, row) for name, row in rows.items() if row >= 0)
        check(Ledger({}, paid, tuple(seeds)))

    def _transfer(self, name: str, row: int) -> Transfer:
        c = self.columns
        payer, payee = self.accounts[int(c.payer[row])], self.accounts[int(c.payee[row])]
        return Transfer(name, int(c.t[row]), payer, payee, self.amount_of(row))

    def _refuse_traced_payer(self, labels: list[str], starts: list[Start], steps: Column) -> None:
        """Refuse a victim's payment out of traced money, as the plain walk does."""
        c = self.columns
        paid: dict[int, list[int]] = {}
        for row, _, _ in starts:
            if not c.external[c.payer[row]]:
                paid.setdefault(int(c.payer[row]), []).append(row)
        arrived = self.form_of_columns.arriving(steps, list(paid)) if paid else []
        if not arrived:
            return
        for row in sorted((row for rows in paid.values() for row in rows), key=self.key):
            traced = self._held_before(row, arrived)
            if traced:
                named = {labels[x]: units for x, units in traced.items()}
                raise paid_with_traced(self.ids[row], self.accounts[c.payer[row]], named)

    def _held_before(self, row: int, steps: list[Step]) -> dict[int, int]:
        """The traced units, by label, in a row's payer when the row was booked."""
        c, key = self.columns, self.key(row)
        payer = int(c.payer[row])
        start = c.start_of(self.place_of(row), payer)
        traced: dict[int, int] = {}
        for other, label, _, credited, lost, upto, payee in steps:
            units = min(upto - start, credited - lost)
            if units > 0 and payee == payer and self.key(other) < key:
                traced[label] = traced.get(label, 0) + units
        return traced

    def _totals(self, as_of: int | None, version: int) -> answer.Counted:
        with self._gate:
            if version != self._version:
                raise RuntimeError(
                    "Transfers were booked since this answer was made, so its balances can no "
                    "longer be counted. Trace again, or look at the balances before booking."
                )
            balances, unseen = self.form_of_columns.totals(self.columns, as_of)
            outside = list(self.columns.external[: len(self.accounts)])
        names = [(number, name) for number, name in enumerate(self.accounts) if not outside[number]]
        return (
            {name: balances[number] for number, name in names},
            {name: unseen[number] for number, name in names if unseen[number]},
        )

    def _widen(self, rows: Rows) -> None:
        c, form = self.columns, self.form_of_columns
        c.t = form.wider(c.t, form.largest(rows.t))
        c.seq = form.wider(c.seq, form.largest(rows.seq))
        if self._sums > LARGEST:
            for name in ("out_end", "dstpos", "opening", "came", "gone", "credit", "owed"):
                setattr(c, name, form.wider(getattr(c, name), self._sums))

    def _number(self, name: str) -> int:
        """The number of an account, a new one if it was not seen before."""
        number = self.accounts.number(name)
        if number < 0:
            number = len(self.accounts)
            self._open([name], 1)
        return number

    def _open(self, names: Sequence[str] | None, count: int) -> None:
        self.accounts.add_many(names, count)
        self.columns.lengthen(self.form_of_columns, BY_ACCOUNT, len(self.accounts))

    def _credit_apart(self) -> None:
        """Give credits a column of their own, at the first exchange."""
        c, form = self.columns, self.form_of_columns
        credits = form.alike(c.dstpos, max(c.rows, 1))
        amounts = form.amounts(c, list(range(c.rows)), self.sure_below)
        for row, amount in enumerate(amounts):
            credits[row] = self.amount_of(row) if amount < 0 else amount
        c.credit = credits
