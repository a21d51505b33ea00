"""A ledger with the balance before each booking: traced as often as wanted by six rules.

First in, first out goes by positions and has an index of its own. The others go by balances, which
do not depend on what is traced either: they are worked out once, and an answer walks only the
accounts that hold traced money, and of their debits only those that can carry some. The answers
equal the plain walk's field by field.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

from recoup.core.tracing.fast import answer, reading
from recoup.core.tracing.fast.bookings import (
    Bookings,
    Followed,
    Form,
    Start,
    Step,
    booked,
    lows_of,
)
from recoup.core.tracing.fast.columns import Column
from recoup.core.tracing.fast.reading import Read
from recoup.core.tracing.fast.touched_plain import BY_SHARE, follow_touched
from recoup.core.tracing.ledger import (
    Ledger,
    LedgerRefused,
    Seed,
    Transfer,
    check,
    paid_with_traced,
)
from recoup.core.tracing.result import Result
from recoup.core.tracing.walk import SHORTFALLS

RULES: Final = ("libr", "lifo", "prorata", "prorata_exact", "tiho", "poison")
# How many moves an answer may take, so that time and memory stay bounded. Poison marks up to a
# third of a whole ledger.
MOST: Final = 20_000_000
MOST_MARKED: Final = 1_000_000
# Fractions fit no column: they are walked in plain Python in both forms.
_NEVER_COMPILED: Final = ("prorata_exact",)
_SMALL: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class TouchedPieces:
    """What each row carried of each label, and what rests where; columns of equal length.

    Labels are numbered as the rows that were asked for. Several rests of one account and label
    add up. lost: of the units credited, those that repaid an overdraft.
    """

    row: Column
    label: Column
    units: Column
    credited: Column
    lost: Column
    rest_account: Column
    rest_label: Column
    rest_units: Column


class TouchedIndex:
    """Balances of one ledger under one shortfall policy; make it with ``from_ledger``."""

    def __init__(self, read: Read, form: Form, *, shortfall: str) -> None:
        self.form_of_columns, self.shortfall = form, shortfall
        self.accounts, self.seeds, self._read = read.accounts, read.seeds, read
        self.bookings = booked(
            form,
            payer=read.payer,
            payee=read.payee,
            amount=read.amount,
            credit=read.credit,
            opening=read.opening,
            external=read.external,
            sums=read.sums,
            may_overdraw=shortfall == "overdraft",
        )
        read.drop_columns()
        self._highest_first: Bookings | None = None

    @classmethod
    def from_ledger(
        cls, ledger: Ledger, *, shortfall: str = "unseen", form: str | None = None
    ) -> Self:
        """Read a ledger; raises LedgerRefused.

        form: if not given, ``compiled`` where its packages are installed and no sum can pass 64
        bits, ``plain`` otherwise. ``compiled`` refuses such sums; ``plain`` takes any.
        """
        check(ledger)
        _refuse_shortfall(shortfall)
        made, read = reading.of_ledger(ledger, form)
        return cls(read, made, shortfall=shortfall)

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
        batch: Any = None,
        names: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
        shortfall: str = "unseen",
        form: str | None = None,
    ) -> Self:
        """Read columns, one number a transfer, and one an account for the last two.

        payer, payee: numbers of accounts. batch: numbers of batches, below zero for none. names:
        of the accounts, ids: of the transfers; their numbers serve if there are none. Rows keep
        the numbers that they have here, in whatever order they stand. Raises LedgerRefused.
        """
        _refuse_shortfall(shortfall)
        made, read = reading.of_arrays(
            form,
            payer=payer,
            payee=payee,
            t=t,
            amount=amount,
            opening=opening,
            external=external,
            credit=credit,
            seq=seq,
            batch=batch,
            names=names,
            ids=ids,
        )
        return cls(read, made, shortfall=shortfall)

    @property
    def form(self) -> str:
        return self.form_of_columns.name

    @property
    def bytes_per_transfer(self) -> float:
        """What the columns take that were made so far, names and ids not."""
        columns = [self._read.t, self._read.given, *self.bookings.columns()]
        if self._highest_first is not None:
            columns += [self._read.highest, *self._highest_first.columns()]
        size = sum(self.form_of_columns.size(x) for x in columns if x is not None)
        return size / max(len(self.bookings.payer), 1)

    def prepare(self, rule: str) -> None:
        """Make what is made only at the first question under a rule."""
        _refuse_rule(rule)
        bookings = self._bookings(rule)
        if rule in BY_SHARE or rule == "lifo":
            lows_of(self.form_of_columns, bookings, BY_SHARE.get(rule, False))

    def trace(
        self,
        seeds: Sequence[Seed] | None = None,
        *,
        rule: str,
        as_of: int | None = None,
        most: int | None = None,
    ) -> Result:
        """Follow victims' payments, those of the ledger if not given; raises LedgerRefused.

        most: refuse beyond so many moves; ``MOST`` or ``MOST_MARKED`` if not given. Balances and
        unseen units are counted when they are first looked at.
        """
        _refuse_rule(rule)
        seeds = self.seeds if seeds is None else seeds
        labels = sorted(seed.transfer for seed in seeds)
        found = self._follow(self._starts(seeds, labels, rule, as_of), rule, as_of, most, labels)
        return self._result(found, rule, as_of, labels)

    def pieces(
        self,
        rows: Sequence[int],
        *,
        rule: str,
        units: Sequence[int] | None = None,
        as_of: int | None = None,
        most: int | None = None,
    ) -> TouchedPieces:
        """Follow the payments of these rows by numbers alone; raises LedgerRefused.

        units: how much of each is the victim's, the first of it; all if not given. The columns
        are arrays in the compiled form and tuples or lists in the plain one.
        """
        _refuse_rule(rule)
        names = [self._read.id_of(int(row)) for row in rows]
        parts = [None] * len(names) if units is None else [int(x) for x in units]
        order = sorted(range(len(names)), key=names.__getitem__)
        labels = [names[at] for at in order]
        seeds = [Seed(name, part) for name, part in zip(names, parts, strict=True)]
        found = self._follow(self._starts(seeds, labels, rule, as_of), rule, as_of, most, labels)
        picked, asked_as = self.form_of_columns.picked, self.form_of_columns.column(order, _SMALL)
        row, label, carried, credited, lost = _columns(found.steps, 5)
        for table in self._read.tables(rule):
            row = picked(table, row)
        account, of, rest = _columns(found.rests, 3)
        label, of = picked(asked_as, label), picked(asked_as, of)
        return TouchedPieces(row, label, carried, credited, lost, account, of, rest)

    def _bookings(self, rule: str) -> Bookings:
        """The columns in the order of a rule: batches stand otherwise under ``tiho``."""
        if rule != "tiho" or self._read.highest is None:
            return self.bookings
        if self._highest_first is None:
            again = self._read.again(self.form_of_columns, self.bookings)
            self._highest_first = booked(self.form_of_columns, **again)
        return self._highest_first

    def _starts(
        self, seeds: Sequence[Seed], labels: list[str], rule: str, as_of: int | None
    ) -> list[Start]:
        """Where the victims' payments stand; their labels are numbered by code points."""
        number_of = {name: number for number, name in enumerate(labels)}
        if len(number_of) < len(seeds):
            self._refuse_seeds(seeds)
        limit, b = self._limit(as_of), self._bookings(rule)
        starts: list[Start] = []
        for seed in seeds:
            row = self._read.row_of(seed.transfer)
            amount = self.bookings.amount_of(row) if row >= 0 else 0
            units = amount if seed.amount is None else seed.amount
            if row < 0 or units.__class__ is not int or not 0 <= units <= amount:
                self._refuse_seeds(seeds)
            if row < limit:
                row = self._read.place_in(row, rule)
                label, payer = number_of[seed.transfer], int(b.payer[row])
                starts.append((row, label, units, amount, payer))
        return sorted(starts)

    def _follow(
        self, starts: list[Start], rule: str, as_of: int | None, most: int | None, ids: list[str]
    ) -> Followed:
        b, form, limit = self._bookings(rule), self.form_of_columns, self._limit(as_of)
        bound = (MOST_MARKED if rule == "poison" else MOST) if most is None else most
        if rule == "lifo":
            found = form.levels(b, starts, limit, bound)
            found = _refused_afterwards(b, starts, found)
        elif rule in _NEVER_COMPILED:
            found = follow_touched(form, b, rule, starts, limit, bound)
        else:
            found = form.touched(b, rule, starts, limit, bound)
        if found.refused >= 0:
            self._refuse_payer(found, rule, ids)
        if found.is_cut:
            raise LedgerRefused(
                f"Under the rule {rule!r} this answer takes more than {bound} moves. Ask as of an "
                "earlier time, for fewer payments, or allow more with `most`.",
                value=str(bound),
                key="rule",
            )
        return found

    def _limit(self, as_of: int | None) -> int:
        """How many rows count."""
        t = self._read.t
        return len(t) if as_of is None else bisect_right(t, as_of)

    def _result(
        self, found: Followed, rule: str, as_of: int | None, labels: Sequence[str]
    ) -> Result:
        rows, of, units, arrived, lost = _listed(found.steps, 5)
        names, of = self._read.names_in(rows, rule), list(map(labels.__getitem__, of))
        carried = _table(names, of, units)
        credited = carried if arrived == units else _table(names, of, arrived)
        payee, accounts = self._bookings(rule).payee, self.accounts
        gone = [at for at, there in enumerate(lost) if there]
        dissipated = _table(
            [accounts[payee[rows[at]]] for at in gone],
            [of[at] for at in gone],
            [lost[at] for at in gone],
        )
        where, whose, rest = _listed(found.rests, 3)
        held = _table(
            list(map(accounts.__getitem__, where)), list(map(labels.__getitem__, whose)), rest
        )
        totals = answer.Totals(partial(self._totals, rule, as_of))
        return Result(
            rule=rule,
            shortfall=self.shortfall,
            as_of=as_of,
            held=held,
            transfers=carried,
            credited=credited,
            balances=answer.Look(totals, 0),
            dissipated=dissipated,
            unseen=answer.Look(totals, 1),
        )

    def _totals(self, rule: str, as_of: int | None) -> answer.Counted:
        b = self._bookings(rule)
        balances, unseen = self.form_of_columns.totals(b, self._limit(as_of))
        inside = [x for x in enumerate(self.accounts) if not b.external[x[0]]]
        return (
            {name: balances[number] for number, name in inside},
            {name: unseen[number] for number, name in inside if unseen[number]},
        )

    def _refuse_seeds(self, seeds: Sequence[Seed]) -> None:
        """Refuse seeds that contradict the ledger, with the words of ``ledger.check``."""
        rows = {x.transfer: self._read.row_of(x.transfer) for x in seeds}
        paid = (
            Transfer(name, 0, "", "", self.bookings.amount_of(row))
            for name, row in rows.items()
            if row >= 0
        )
        check(Ledger({}, tuple(paid), tuple(seeds)))

    def _refuse_payer(self, found: Followed, rule: str, ids: list[str]) -> None:
        """Refuse a victim's payment out of traced money, as the plain walk does."""
        traced: dict[str, int] = {}
        for _, label, units in zip(*_listed(found.rests, 3), strict=True):
            traced[ids[label]] = traced.get(ids[label], 0) + units
        (name,) = self._read.names_in([found.refused], rule)
        payer = self.accounts[self._bookings(rule).payer[found.refused]]
        raise paid_with_traced(name, payer, traced)


def _refused_afterwards(b: Bookings, starts: list[Start], found: Followed) -> Followed:
    """Find the first victim's payment out of traced money from what came and went."""
    paid: dict[int, list[Step]] = {start[4]: [] for start in starts if not b.external[start[4]]}
    if not paid or found.is_cut:
        return found
    payers, payees = b.payer, b.payee
    for step in zip(*_listed(found.steps, 5), strict=True):
        for end in {int(payers[step[0]]), int(payees[step[0]])} & paid.keys():
            paid[end].append(step)
    own = {start[0] for start in starts}
    for row, _, _, _, payer in starts:
        held: dict[int, int] = {}
        for other, label, units, credited, lost in paid.get(payer, ()):
            if other < row and b.payee[other] == payer:
                held[label] = held.get(label, 0) + credited - lost
            if other < row and b.payer[other] == payer and other not in own:
                held[label] = held.get(label, 0) - units
        rests = [(payer, label, units) for label, units in held.items() if units]
        if rests:
            return Followed([], rests, refused=row)
    return found


def _columns(table: Any, width: int) -> list[Column]:
    if hasattr(table, "dtype"):
        return [table[:, at] for at in range(width)]
    return list(zip(*table, strict=True)) if table else [()] * width


def _listed(table: Any, width: int) -> list[list[Any]]:
    """The columns of a table as lists."""
    if hasattr(table, "dtype"):
        return [table[:, at].tolist() for at in range(width)]
    return [list(column) for column in _columns(table, width)]


def _table(names: list[str], labels: list[str], units: list[int]) -> answer.Table:
    """Units by name and label, without zero entries."""
    table: answer.Table = {}
    for name, label, there in zip(names, labels, units, strict=True):
        row = table.get(name)
        if not there:
            continue
        if row is None:
            table[name] = {label: there}
        else:
            row[label] = row.get(label, 0) + there
    return table


def _refuse_shortfall(shortfall: str) -> None:
    if shortfall not in SHORTFALLS:
        raise LedgerRefused(
            f"There is no shortfall policy {shortfall!r}. Use one of: {', '.join(SHORTFALLS)}.",
            value=shortfall,
            key="policy.shortfall",
        )


def _refuse_rule(rule: str) -> None:
    if rule == "fifo":
        raise LedgerRefused(
            "The rule 'fifo' goes by positions, not by balances. Use the index for it, `Index`.",
            value=rule,
            key="rule",
        )
    if rule not in RULES:
        raise LedgerRefused(
            f"There is no rule {rule!r} here. Use one of: {', '.join(RULES)}.",
            value=rule,
            key="rule",
        )
