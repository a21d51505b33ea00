"""A ledger with its FIFO positions: traced as often as wanted, and booked into.

Building costs one pass over the ledger. An answer costs what it finds, whatever the size of the
ledger; it equals the plain walk's field by field, under both shortfall policies: an overdraft only
means that a credit arrives at positions that were paid out before, and those units are lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import accumulate
from typing import Final, Self

from recoup.core.tracing.fast import answer, late
from recoup.core.tracing.fast.columns import BY_ACCOUNT, LARGEST, Columns, Form, Rest, Start, Step
from recoup.core.tracing.fast.late import Booked
from recoup.core.tracing.fast.plain import Plain, amount_of, place_of
from recoup.core.tracing.ledger import (
    Account,
    Ledger,
    LedgerRefused,
    Seed,
    Transfer,
    check,
    in_order,
)
from recoup.core.tracing.result import Result
from recoup.core.tracing.walk import SHORTFALLS

FORMS: Final = ("plain", "compiled")
_SMALL: Final = 2**31 - 1
# time, sequence, id
Key = tuple[int, int, str]


class TooLarge(LedgerRefused):
    """Sums or times that 64 bits cannot hold, in the form that has no more."""


class Index:
    """FIFO positions of one ledger under one shortfall policy; make it with ``of``."""

    def __init__(self, ledger: Ledger, form: Form, *, shortfall: str) -> None:
        self.form_of_columns, self.shortfall = form, shortfall
        self.seeds = ledger.seeds
        rows = in_order(ledger, as_of=None)
        self.ids = [x.id for x in rows]
        self.row_of = {name: row for row, name in enumerate(self.ids)}
        self._seq = {row: x.seq for row, x in enumerate(rows) if x.seq}
        names = dict.fromkeys(
            [*ledger.accounts, *(end for x in rows for end in (x.payer, x.payee))]
        )
        self.accounts = list(names)
        self._number_of = {name: number for number, name in enumerate(self.accounts)}
        listed = [ledger.accounts.get(name, Account()) for name in self.accounts]
        self._sums = sum(x.opening for x in listed) + sum(x.amount + x.credited for x in rows)
        _refuse_what_wraps(form, self._sums, (x.t for x in rows))
        self.columns = _columns(form, rows, listed, self._number_of, self._sums, shortfall)
        form.build(self.columns, form.filled([x.amount for x in rows], _units(self._sums)))
        self._last = len(rows) - 1
        self._version = 0

    @classmethod
    def of(cls, ledger: Ledger, *, shortfall: str = "unseen", form: str | None = None) -> Self:
        """Read a ledger and work out its positions; raises LedgerRefused.

        form: if not given, ``compiled`` where its packages are installed and no sum can pass 64
        bits, ``plain`` otherwise. ``compiled`` refuses such sums; ``plain`` takes any. The answers
        are the same.
        """
        check(ledger)
        if shortfall not in SHORTFALLS:
            raise LedgerRefused(
                f"There is no shortfall policy {shortfall!r}. Use one of: {', '.join(SHORTFALLS)}.",
                value=shortfall,
            )
        if form is not None:
            return cls(ledger, _form(form), shortfall=shortfall)
        try:
            return cls(ledger, _form(FORMS[is_installed()]), shortfall=shortfall)
        except TooLarge:
            return cls(ledger, Plain(), shortfall=shortfall)

    @property
    def form(self) -> str:
        return self.form_of_columns.name

    @property
    def bytes_per_transfer(self) -> float:
        """What the columns take, times and tables of accounts included, names and ids not."""
        return self.columns.size(self.form_of_columns) / max(self.columns.rows, 1)

    def key(self, row: int) -> Key:
        """What a row is ordered by."""
        return int(self.columns.t[row]), self._seq.get(row, 0), self.ids[row]

    def trace(self, seeds: Sequence[Seed] | None = None, *, as_of: int | None = None) -> Result:
        """Follow victims' payments, those of the ledger if not given; raises LedgerRefused.

        The balances and unseen units of the answer are counted when they are first looked at;
        look before the next booking.
        """
        labels, starts = self._starts(seeds, as_of)
        steps, rests = self.form_of_columns.follow(self.columns, starts, as_of)
        self._refuse_traced_payer(labels, starts, steps)
        return answer.result(
            steps,
            rests,
            labels=labels,
            transfers=self.ids,
            accounts=self.accounts,
            totals=answer.Totals(partial(self._totals, as_of, self._version)),
            shortfall=self.shortfall,
            as_of=as_of,
        )

    def look_up(
        self, seeds: Sequence[Seed] | None = None, *, as_of: int | None = None
    ) -> tuple[list[Step], list[Rest]]:
        """What ``trace`` makes its tables of: by numbers, and without asking who the payers are."""
        return self.form_of_columns.follow(self.columns, self._starts(seeds, as_of)[1], as_of)

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
        self._refuse_booking(transfer)
        c = self.columns
        self._sums += transfer.amount + transfer.credited
        if transfer.credited != transfer.amount and not len(c.credit):
            self._credit_apart()
        self._widen(transfer.t)
        payer, payee = self._number(transfer.payer), self._number(transfer.payee)
        row = c.room_for_row(self.form_of_columns)
        c.payer[row], c.payee[row], c.t[row] = payer, payee, transfer.t
        if len(c.credit):
            c.credit[row] = transfer.credited
        if transfer.seq:
            self._seq[row] = transfer.seq
        self.ids.append(transfer.id)
        self.row_of[transfer.id] = row
        self._version += 1
        if self._last >= 0 and self.key(row) < self.key(self._last):
            return late.insert(self, row, transfer.amount, transfer.credited)
        self._last = row
        return late.append(self, row, transfer.amount, transfer.credited)

    def _starts(
        self, seeds: Sequence[Seed] | None, as_of: int | None
    ) -> tuple[list[str], list[Start]]:
        seeds = self.seeds if seeds is None else seeds
        if len({seed.transfer for seed in seeds}) < len(seeds):
            self._refuse_seeds(seeds)
        labels: list[str] = []
        starts: list[Start] = []
        for seed in seeds:
            row = self.row_of.get(seed.transfer, -1)
            amount = amount_of(self.columns, row) if row >= 0 else 0
            units = amount if seed.amount is None else seed.amount
            if row < 0 or units.__class__ is not int or not 0 <= units <= amount:
                self._refuse_seeds(seeds)
            if as_of is None or self.columns.t[row] <= as_of:
                labels.append(seed.transfer)
                starts.append((row, units, amount))
        return labels, starts

    def _refuse_seeds(self, seeds: Sequence[Seed]) -> None:
        """Refuse seeds that contradict the ledger, with the words of ``ledger.check``."""
        paid = {x.transfer for x in seeds} & self.row_of.keys()
        check(Ledger({}, tuple(self._transfer(name) for name in paid), tuple(seeds)))

    def _transfer(self, name: str) -> Transfer:
        c, row = self.columns, self.row_of[name]
        payer, payee = self.accounts[c.payer[row]], self.accounts[c.payee[row]]
        return Transfer(name, int(c.t[row]), payer, payee, amount_of(c, row))

    def _refuse_traced_payer(
        self, labels: list[str], starts: list[Start], steps: Sequence[Step]
    ) -> None:
        """Refuse a victim's payment out of traced money, as the plain walk does."""
        c = self.columns
        paid: dict[int, list[int]] = {}
        for row, _, _ in starts:
            if not c.external[c.payer[row]]:
                paid.setdefault(int(c.payer[row]), []).append(row)
        arrived = [step for step in steps if step[-1] in paid] if paid else []
        if not arrived:
            return
        for row in sorted((row for rows in paid.values() for row in rows), key=self.key):
            traced = self._held_before(row, arrived)
            if traced:
                raise LedgerRefused(
                    f"The victim's payment {self.ids[row]!r} leaves "
                    f"{self.accounts[c.payer[row]]!r}, which then holds {sum(traced.values())} "
                    f"units traced from {', '.join(sorted(labels[x] for x in traced))}. Trace the "
                    "two losses apart, or leave this payment out of the victims' payments.",
                    value=self.ids[row],
                )

    def _held_before(self, row: int, steps: Iterable[Step]) -> dict[int, int]:
        """The traced units, by label, in a row's payer when the row was booked."""
        c, key = self.columns, self.key(row)
        payer = int(c.payer[row])
        start = c.start_of(place_of(c, row), payer)
        traced: dict[int, int] = {}
        for other, label, _, credited, lost, upto, payee in steps:
            units = min(upto - start, credited - lost)
            if units > 0 and payee == payer and self.key(other) < key:
                traced[label] = traced.get(label, 0) + units
        return traced

    def _totals(self, as_of: int | None, version: int) -> answer.Counted:
        if version != self._version:
            raise RuntimeError(
                "Transfers were booked since this answer was made, so its balances can no longer "
                "be counted. Trace again, or look at the balances before booking."
            )
        balances, unseen = self.form_of_columns.totals(self.columns, as_of)
        inside = [
            (number, name)
            for number, name in enumerate(self.accounts)
            if not self.columns.external[number]
        ]
        return (
            {name: balances[number] for number, name in inside},
            {name: unseen[number] for number, name in inside if unseen[number]},
        )

    def _refuse_booking(self, transfer: Transfer) -> None:
        check(Ledger({}, (transfer,), ()))
        if transfer.id in self.row_of:
            raise LedgerRefused(
                f"The transfer id {transfer.id!r} is there twice. Give each transfer its own.",
                value=transfer.id,
            )
        sums = self._sums + transfer.amount + transfer.credited
        _refuse_what_wraps(self.form_of_columns, sums, (transfer.t,))

    def _widen(self, t: int) -> None:
        c, form = self.columns, self.form_of_columns
        c.t = form.wider(c.t, abs(t))
        if self._sums > LARGEST:
            for name in ("out_end", "dstpos", "opening", "credit", "owed"):
                setattr(c, name, form.wider(getattr(c, name), self._sums))

    def _number(self, name: str) -> int:
        """The number of an account, a new one if it was not seen before."""
        number = self._number_of.setdefault(name, len(self.accounts))
        if number == len(self.accounts):
            self.accounts.append(name)
            for column in BY_ACCOUNT:
                longer = self.form_of_columns.longer(getattr(self.columns, column), number + 1)
                setattr(self.columns, column, longer)
        return number

    def _credit_apart(self) -> None:
        """Give credits a column of their own, at the first exchange."""
        c = self.columns
        credits = [amount_of(c, row) for row in range(c.rows)]
        credits += [0] * (len(c.dstpos) - c.rows + 1)
        c.credit = self.form_of_columns.filled(credits, _units(self._sums))


def is_installed() -> bool:
    """Whether the packages of the compiled form are there."""
    return all(find_spec(name) is not None for name in ("numpy", "numba"))


def _form(name: str) -> Form:
    if name not in FORMS:
        raise LedgerRefused(
            f"There is no form {name!r}. Use one of: {', '.join(FORMS)}.", value=name
        )
    if name == "plain":
        return Plain()
    if not is_installed():
        raise LedgerRefused(
            "The compiled form needs the packages numpy and numba, which are not installed. "
            "Install the extra 'fast', or use the form 'plain': its answers are the same.",
            value=name,
        )
    from recoup.core.tracing.fast.compiled import Compiled

    return Compiled()


def _units(sums: int) -> int:
    """Columns of units have 64 bits at least, so that bookings fit."""
    return max(sums, _SMALL + 1)


def _refuse_what_wraps(form: Form, sums: int, times: Iterable[int]) -> None:
    if form.name == "plain":
        return
    if sums > LARGEST:
        raise TooLarge(
            f"Openings, debits and credits add up to {sums}, more than the compiled form can hold "
            f"({LARGEST}). Use the form 'plain', which takes any sum.",
            value=str(sums),
        )
    for t in times:
        if abs(t) > LARGEST:
            raise TooLarge(
                f"The time {t} is beyond what the compiled form can hold ({LARGEST}). "
                "Use the form 'plain'.",
                value=str(t),
            )


def _columns(
    form: Form,
    rows: list[Transfer],
    accounts: list[Account],
    number_of: dict[str, int],
    sums: int,
    shortfall: str,
) -> Columns:
    """All columns, with the segments measured out and still empty."""
    n, units, may_overdraw = len(rows), _units(sums), shortfall == "overdraft"
    payers, payees = [number_of[x.payer] for x in rows], [number_of[x.payee] for x in rows]
    out_at, out_room = _segments(payers, len(accounts))
    in_at, in_room = _segments(payees, len(accounts))
    is_exchanged = any(x.credited != x.amount for x in rows)
    return Columns(
        payer=form.filled(payers, _SMALL),
        payee=form.filled(payees, _SMALL),
        t=form.filled([x.t for x in rows], max((abs(x.t) for x in rows), default=0)),
        dstpos=form.zeros(n, units),
        credit=form.filled([x.credited for x in rows] if is_exchanged else [], units),
        owed=form.zeros(n if may_overdraw else 0, units),
        out_row=form.zeros(n, _SMALL),
        out_end=form.zeros(n, units),
        in_row=form.zeros(n, _SMALL),
        out_at=form.filled(out_at, LARGEST),
        out_n=form.zeros(len(accounts), _SMALL),
        out_room=form.filled(out_room, _SMALL),
        in_at=form.filled(in_at, LARGEST),
        in_n=form.zeros(len(accounts), _SMALL),
        in_room=form.filled(in_room, _SMALL),
        opening=form.filled([x.opening for x in accounts], units),
        external=form.filled([x.external for x in accounts], 1),
        may_overdraw=may_overdraw,
        is_in_order=True,
        rows=n,
        out_used=n,
        in_used=n,
    )


def _segments(holders: list[int], accounts: int) -> tuple[list[int], list[int]]:
    """Where each account's segment begins, and how long it is."""
    room = [0] * accounts
    for holder in holders:
        room[holder] += 1
    return [0, *accumulate(room)][:accounts], room
