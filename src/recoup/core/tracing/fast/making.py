"""From a ledger, or from columns that somebody has, to the columns of an index.

Whatever does not fit is refused before anything is worked out, with the row and the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from recoup.core.tracing.fast.columns import LARGEST, SMALL, Column, Columns, Form, TooLarge
from recoup.core.tracing.fast.plain import Plain
from recoup.core.tracing.ledger import Account, Ledger, LedgerRefused, Transfer, in_order
from recoup.core.tracing.walk import SHORTFALLS

FORMS: Final = ("plain", "compiled")


@dataclass(frozen=True, slots=True)
class Rows:
    """Transfers by numbers. credit: empty where nothing was exchanged; seq: where all are zero."""

    payer: Column
    payee: Column
    t: Column
    amount: Column
    credit: Column
    seq: Column

    @property
    def credited(self) -> Column:
        return self.credit if len(self.credit) else self.amount

    def sums(self, form: Form) -> int:
        return form.total(self.amount) + form.total(self.credited)


NO_ROWS: Final = Rows([], [], [], [], [], [])


def is_installed() -> bool:
    """Whether the packages of the compiled form are there."""
    return all(find_spec(name) is not None for name in ("numpy", "numba"))


def form_named(name: str) -> Form:
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


def check_shortfall(shortfall: str) -> None:
    if shortfall not in SHORTFALLS:
        raise LedgerRefused(
            f"There is no shortfall policy {shortfall!r}. Use one of: {', '.join(SHORTFALLS)}.",
            value=shortfall,
        )


def units_kind(sums: int) -> int:
    """Columns of units have 64 bits at least, so that bookings fit."""
    return max(sums, SMALL + 1)


def refuse_what_wraps(form: Form, sums: int, rows: Rows) -> None:
    """Refuse sums and times beyond 64 bits, where there are no more; raises TooLarge."""
    if form.name == "plain":
        return
    if sums > LARGEST:
        raise TooLarge(
            f"Openings, debits and credits add up to {sums}, more than the compiled form can hold "
            f"({LARGEST}). Use the form 'plain', which takes any sum.",
            value=str(sums),
        )
    for what, column in (("time", rows.t), ("sequence", rows.seq)):
        if form.largest(column) > LARGEST:
            raise TooLarge(
                f"The {what} {-form.largest(column)} is beyond what the compiled form can hold "
                f"({LARGEST}). Use the form 'plain'.",
                value=str(-form.largest(column)),
            )


def read_rows(
    form: Form,
    accounts: int,
    *,
    payer: Any,
    payee: Any,
    t: Any,
    amount: Any,
    credit: Any = None,
    seq: Any = None,
) -> Rows:
    """Take a caller's columns, one number a row in each; raises LedgerRefused."""
    rows = Rows(
        payer=form.whole(payer, "payer"),
        payee=form.whole(payee, "payee"),
        t=form.whole(t, "time"),
        amount=form.whole(amount, "amount"),
        credit=form.whole([] if credit is None else credit, "credit"),
        seq=form.whole([] if seq is None else seq, "sequence"),
    )
    count = len(rows.amount)
    optional = [("credit", rows.credit, credit), ("sequence", rows.seq, seq)]
    given = [(what, column) for what, column, values in optional if values is not None]
    for what, column in [("payer", rows.payer), ("payee", rows.payee), ("time", rows.t), *given]:
        refuse_other_length(what, len(column), "amount", count)
    for what, column in (("payer", rows.payer), ("payee", rows.payee)):
        _refuse_unknown(form, what, column, accounts)
    for what, column in (("amount", rows.amount), ("credit", rows.credit)):
        refuse_below_zero(form, f"{what} of row", column)
    return _without_what_says_nothing(form, rows)


def _without_what_says_nothing(form: Form, rows: Rows) -> Rows:
    is_exchanged = len(rows.credit) and not form.is_equal(rows.credit, rows.amount)
    return Rows(
        payer=rows.payer,
        payee=rows.payee,
        t=rows.t,
        amount=rows.amount,
        credit=rows.credit if is_exchanged else form.whole([], "credit"),
        seq=rows.seq if form.largest(rows.seq) else form.whole([], "sequence"),
    )


def refuse_other_length(what: str, count: int, other: str, right: int) -> None:
    if count != right:
        raise LedgerRefused(
            f"There are {count} numbers of the {what} and {right} of the {other}. "
            "Give as many of each.",
            value=str(count),
        )


def refuse_below_zero(form: Form, what: str, column: Column) -> None:
    row = form.first_outside(column, 0, max(LARGEST, form.largest(column)))
    if row >= 0:
        raise LedgerRefused(
            f"The {what} {row} is {column[row]}. "
            "It must be a whole number of minor units, zero or more.",
            value=str(column[row]),
        )


def _refuse_unknown(form: Form, what: str, column: Column, accounts: int) -> None:
    row = form.first_outside(column, 0, accounts - 1)
    if row >= 0:
        raise LedgerRefused(
            f"The {what} of row {row} is the account {column[row]}, which is not there: "
            f"{accounts} accounts are known, numbered from 0. Correct it, or add the account.",
            value=str(column[row]),
        )


def read_accounts(form: Form, opening: Any, external: Any) -> tuple[Column, Column]:
    """Openings, and 1 for each account outside what is known; raises LedgerRefused."""
    openings = form.whole(opening, "opening")
    kinds = getattr(external, "dtype", None)
    if kinds is not None and kinds.kind == "b":
        external = external.astype("i8")
    elif kinds is None:
        external = [int(x) if x.__class__ is bool else x for x in external]
    outside = form.whole(external, "flag 'external'")
    refuse_other_length("flag 'external'", len(outside), "opening", len(openings))
    refuse_below_zero(form, "opening of account", openings)
    wrong = form.first_outside(outside, 0, 1)
    if wrong >= 0:
        raise LedgerRefused(
            f"The flag 'external' of account {wrong} is {outside[wrong]}. "
            "It must be true or false.",
            value=str(outside[wrong]),
        )
    return openings, outside


def rows_of(form: Form, ledger: Ledger) -> tuple[Rows, list[Transfer], dict[str, int]]:
    """The rows of a checked ledger, in order; its transfers so; accounts by name."""
    transfers = in_order(ledger, as_of=None)
    names = dict.fromkeys(
        [*ledger.accounts, *(end for x in transfers for end in (x.payer, x.payee))]
    )
    number_of = {name: number for number, name in enumerate(names)}
    is_exchanged = any(x.credited != x.amount for x in transfers)
    has_seq = any(x.seq for x in transfers)
    rows = Rows(
        payer=form.whole([number_of[x.payer] for x in transfers], "payer"),
        payee=form.whole([number_of[x.payee] for x in transfers], "payee"),
        t=form.whole([x.t for x in transfers], "time"),
        amount=form.whole([x.amount for x in transfers], "amount"),
        credit=form.whole([x.credited for x in transfers] if is_exchanged else [], "credit"),
        seq=form.whole([x.seq for x in transfers] if has_seq else [], "sequence"),
    )
    return rows, transfers, number_of


def accounts_of(form: Form, ledger: Ledger, number_of: dict[str, int]) -> tuple[Column, Column]:
    listed = [ledger.accounts.get(name, Account()) for name in number_of]
    return read_accounts(form, [x.opening for x in listed], [x.external for x in listed])


def refuse_too_many(count: int) -> None:
    """Row and account numbers have 32 bits."""
    if count > SMALL:
        raise TooLarge(f"There are {count} rows; at most {SMALL} fit.", value=str(count))


def columns_of(
    form: Form, rows: Rows, opening: Column, external: Column, *, shortfall: str
) -> tuple[Columns, int, int]:
    """All columns, with positions; the sum of all units; the row that was booked last."""
    n = len(rows.amount)
    refuse_too_many(max(n, len(opening)))
    sums = form.total(opening) + rows.sums(form)
    refuse_what_wraps(form, sums, rows)
    turns = form.turns(rows.t, rows.seq)
    columns = _unfilled(form, rows, opening, external, units_kind(sums), shortfall)
    columns.late_from = 0 if len(turns) else LARGEST
    columns.lie_together(form)
    form.build(columns, rows.amount, turns)
    return columns, sums, int(turns[-1]) if len(turns) else n - 1


def _unfilled(
    form: Form, rows: Rows, opening: Column, external: Column, units: int, shortfall: str
) -> Columns:
    """All columns, with the segments measured out and still empty."""
    n, accounts, may_overdraw = len(rows.amount), len(opening), shortfall == "overdraft"
    out_at, out_room = form.segments(rows.payer, accounts)
    in_at, in_room = form.segments(rows.payee, accounts)
    return Columns(
        payer=form.filled(rows.payer, SMALL),
        payee=form.filled(rows.payee, SMALL),
        t=form.filled(rows.t, form.largest(rows.t)),
        dstpos=form.zeros(n, units),
        credit=form.filled(rows.credit, units),
        owed=form.zeros(n if may_overdraw else 0, units),
        seq=form.filled(rows.seq, form.largest(rows.seq)),
        out_row=form.zeros(n, SMALL),
        out_end=form.zeros(n, units),
        in_row=form.zeros(n, SMALL),
        out_at=out_at,
        out_n=form.zeros(accounts, SMALL),
        out_room=out_room,
        in_at=in_at,
        in_n=form.zeros(accounts, SMALL),
        in_room=in_room,
        opening=form.filled(opening, units),
        external=form.filled(external, 1),
        came=form.filled(opening, units),
        gone=form.zeros(accounts, units),
        may_overdraw=may_overdraw,
        late_from=LARGEST,
        rows=n,
        out_used=n,
        in_used=n,
    )
