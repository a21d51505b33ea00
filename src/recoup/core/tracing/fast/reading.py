"""From a ledger or from columns to rows in order, and back to the names that were given.

Three numberings meet here: rows as they were *given*, rows in the *order* they count, and under
``tiho`` rows with the largest payment of a batch first. Each is kept apart only where it differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from recoup.core.tracing.fast.bookings import Bookings, Form
from recoup.core.tracing.fast.columns import LARGEST, Column
from recoup.core.tracing.fast.index import FORMS, TooLarge, is_installed
from recoup.core.tracing.fast.touched_plain import PlainForm
from recoup.core.tracing.ledger import Account, Ledger, LedgerRefused, Seed, Transfer, in_order

_SMALL = 2**31 - 1


class Numbers(Sequence[str]):
    """The numbers from 0 on as names, all of one length, so that they sort as numbers do."""

    def __init__(self, count: int) -> None:
        self._count, self._width = count, len(str(max(count - 1, 0)))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: Any) -> Any:
        if not 0 <= at < self._count:
            raise IndexError(at)
        return f"{at:0{self._width}}"

    def at(self, name: str) -> int:
        """The number of a name, or -1."""
        number = int(name) if name.isascii() and name.isdigit() else -1
        return number if 0 <= number < self._count and self[number] == name else -1


@dataclass(slots=True)
class Read:
    """Rows in order. given, rank: from order to the number given, and back, if they differ.

    highest, turn: from the order of ``tiho`` to the order of time, and back, if they differ.
    """

    payer: Column | None
    payee: Column | None
    amount: Column | None
    credit: Column | None
    t: Column
    opening: Column
    external: Column
    accounts: Sequence[str]
    ids: Sequence[str]
    sums: int
    seeds: tuple[Seed, ...] = ()
    given: Column | None = None
    rank: Column | None = None
    highest: Column | None = None
    turn: Column | None = None
    _row_of: dict[str, int] = field(default_factory=dict)

    def drop_columns(self) -> None:
        """Let go of what the index holds in its own columns."""
        self.payer = self.payee = self.amount = self.credit = None

    def id_of(self, given: int) -> str:
        """The id of a row by the number it was given; raises LedgerRefused."""
        if not 0 <= given < len(self.ids):
            raise LedgerRefused(
                f"There is no row {given}. Rows are numbered from 0 to {len(self.ids) - 1}.",
                value=str(given),
                key="seeds",
            )
        return self.ids[given]

    def row_of(self, name: str) -> int:
        """The place in order of a transfer, or -1."""
        if isinstance(self.ids, Numbers):
            given = self.ids.at(name)
        else:
            if not self._row_of:
                self._row_of = {name: at for at, name in enumerate(self.ids)}
            given = self._row_of.get(name, -1)
        return given if self.rank is None or given < 0 else int(self.rank[given])

    def place_in(self, row: int, rule: str) -> int:
        return int(self.turn[row]) if rule == "tiho" and self.turn is not None else row

    def tables(self, rule: str) -> Iterator[Column]:
        """What leads from a rule's rows to the numbers given, one table after the other."""
        if rule == "tiho" and self.highest is not None:
            yield self.highest
        if self.given is not None:
            yield self.given

    def names_in(self, rows: list[int], rule: str) -> list[str]:
        """The ids of rows in the order of a rule."""
        for table in self.tables(rule):
            rows = [int(table[row]) for row in rows]
        return list(map(self.ids.__getitem__, rows))

    def again(self, form: Form, bookings: Bookings) -> dict[str, Any]:
        """The columns from which ``booked`` makes those in the order of ``tiho``."""
        b = bookings
        amount = form.picked(b.out_amount, form.inverse(b.out_row))
        return {
            "payer": form.picked(b.payer, self.highest),
            "payee": form.picked(b.payee, self.highest),
            "amount": form.picked(amount, self.highest),
            "credit": form.picked(b.credit, self.highest) if len(b.credit) else None,
            "opening": b.opening,
            "external": b.external,
            "sums": self.sums,
            "may_overdraw": b.may_overdraw,
        }


def of_ledger(ledger: Ledger, form: str | None) -> tuple[Form, Read]:
    """Read a ledger that was checked; raises LedgerRefused."""
    rows = in_order(ledger, as_of=None)
    ends = (end for x in rows for end in (x.payer, x.payee))
    number_of = {name: at for at, name in enumerate(dict.fromkeys([*ledger.accounts, *ends]))}
    listed = [ledger.accounts.get(name, Account()) for name in number_of]
    is_exchanged = any(x.credited != x.amount for x in rows)
    sums = sum(x.opening for x in listed) + sum(x.amount + x.credited for x in rows)
    made = form_for(form, sums, [x.t for x in (rows[:1] + rows[-1:])])
    units = max(sums, _SMALL + 1)
    read = Read(
        payer=[number_of[x.payer] for x in rows],
        payee=[number_of[x.payee] for x in rows],
        amount=[x.amount for x in rows],
        credit=[x.credited for x in rows] if is_exchanged else None,
        t=made.column([x.t for x in rows], max((abs(x.t) for x in rows), default=0)),
        opening=made.column([x.opening for x in listed], units),
        external=made.column([x.external for x in listed], 1),
        accounts=list(number_of),
        ids=[x.id for x in rows],
        sums=sums,
        seeds=ledger.seeds,
    )
    _highest_first(made, read, [x.batch for x in rows], rows)
    return made, read


def of_arrays(form: str | None, *, names: Any, ids: Any, **columns: Any) -> tuple[Form, Read]:
    """Read columns; raises LedgerRefused."""
    probe: Form = PlainForm() if form == "plain" or not is_installed() else form_for(None, 0, ())
    c = {key: _whole(probe, key, values) for key, values in columns.items() if values is not None}
    _refuse_contradictions(probe, c, names, ids)
    credit = c.get("credit", c["amount"])
    sums = sum(map(probe.total, (c["opening"], c["amount"], credit)))
    lowest, highest = probe.bounds(c["t"])
    made = form_for(form, sums, (lowest, highest))
    order = _order(made, c, ids)
    rows = {key: c[key] if order is None else made.picked(c[key], order) for key in c
            if key not in ("opening", "external")}  # fmt: skip
    read = Read(
        payer=rows["payer"],
        payee=rows["payee"],
        amount=rows["amount"],
        credit=rows.get("credit"),
        t=made.column(rows["t"], max(abs(lowest), abs(highest))),
        opening=made.column(c["opening"], max(sums, _SMALL + 1)),
        external=made.column(c["external"], 1),
        accounts=Numbers(len(c["opening"])) if names is None else names,
        ids=Numbers(len(c["t"])) if ids is None else ids,
        sums=sums,
        given=order,
        rank=None if order is None else made.inverse(order),
    )
    if "batch" in rows and made.bounds(rows["batch"])[1] >= 0:
        batches = [None if x < 0 else x for x in _plain(rows["batch"])]
        _highest_first(made, read, batches, _Rows(read, rows.get("seq")))
    return made, read


def form_for(name: str | None, sums: int, times: Iterable[int]) -> Form:
    """The form that is asked for, or the best that fits; raises LedgerRefused."""
    if name is not None and name not in FORMS:
        raise LedgerRefused(
            f"There is no form {name!r}. Use one of: {', '.join(FORMS)}.", value=name
        )
    too_large = next((x for x in (sums, *times) if abs(x) > LARGEST), None)
    if name == "plain" or (name is None and (too_large is not None or not is_installed())):
        return PlainForm()
    if not is_installed():
        raise LedgerRefused(
            "The compiled form needs the packages numpy and numba, which are not installed. "
            "Install the extra 'fast', or use the form 'plain': its answers are the same.",
            value=str(name),
        )
    if too_large is not None:
        what = "The sum of openings, debits and credits" if too_large == sums else "A time"
        raise TooLarge(
            f"{what} is {too_large}, more than the compiled form can hold ({LARGEST}). "
            "Use the form 'plain', which takes any.",
            value=str(too_large),
        )
    from recoup.core.tracing.fast.touched_compiled import CompiledForm

    return CompiledForm()


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of columns that look like transfers, one at a time."""

    read: Read
    seq: Column | None

    def __getitem__(self, row: int) -> Transfer:
        r = self.read
        assert r.payer is not None and r.amount is not None  # noqa: S101
        seq = 0 if self.seq is None else int(self.seq[row])
        (name,) = r.names_in([row], "")
        return Transfer(name, int(r.t[row]), str(r.payer[row]), "", int(r.amount[row]), seq)


def _highest_first(form: Form, read: Read, batches: Sequence[Any], rows: Any) -> None:
    """Note the order of ``tiho`` if it is another: batches that follow each other by amount."""
    if all(batch is None for batch in batches):
        return
    order = list(range(len(batches)))
    at = 0
    keys = zip(batches, read.t.tolist(), _plain(read.payer), strict=True)
    for (batch, _, _), run in groupby(keys):
        upto = at + sum(1 for _ in run)
        if batch is not None and upto > at + 1:
            same = {row: rows[row] for row in range(at, upto)}
            order[at:upto] = sorted(
                same,
                key=lambda row: (-same[row].amount, same[row].seq, same[row].id),  # noqa: B023
            )
        at = upto
    if order != list(range(len(order))):
        read.highest = form.column(order, _SMALL)
        read.turn = form.inverse(read.highest)


def _plain(column: Any) -> list[Any]:
    return column.tolist() if hasattr(column, "tolist") else list(column)


def _whole(form: Form, key: str, values: Any) -> Column:
    """A column of whole numbers; raises LedgerRefused."""
    try:
        return form.whole(values)
    except OverflowError:
        if form.name == "plain":
            raise
        return PlainForm().whole(values)
    except (TypeError, ValueError) as fault:
        raise LedgerRefused(
            f"The column {key!r} does not hold whole numbers: {fault}.", value=key, key=key
        ) from None


def _refuse_contradictions(form: Form, c: dict[str, Column], names: Any, ids: Any) -> None:
    rows, accounts = len(c["t"]), len(c["opening"])
    for key, column in [*c.items(), ("names", names), ("ids", ids)]:
        length = accounts if key in ("opening", "external", "names") else rows
        if column is not None and len(column) != length:
            raise LedgerRefused(
                f"The column {key!r} has {len(column)} entries, not {length} like the others.",
                value=key,
                key=key,
            )
    for key, most in (("payer", accounts - 1), ("payee", accounts - 1), ("amount", None),
                      ("credit", None), ("opening", None)):  # fmt: skip
        column = c.get(key)
        low, high = (0, 0) if column is None or not len(column) else _bounds(form, column)
        if low < 0 or (most is not None and high > most and len(c["t"])):
            wrong = low if low < 0 else high
            upto = "zero or more" if most is None else f"the number of an account, 0 to {most}"
            raise LedgerRefused(
                f"The column {key!r} holds {wrong}. It must be {upto}.", value=str(wrong), key=key
            )
    if ids is not None and len(set(ids)) < len(ids):
        seen: set[str] = set()
        twice = next(name for name in ids if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise LedgerRefused(
            f"The transfer id {twice!r} is there twice. Give each transfer its own.",
            value=twice,
            key="ids",
        )


def _bounds(form: Form, column: Column) -> tuple[int, int]:
    return (min(column), max(column)) if isinstance(column, list) else form.bounds(column)


def _order(form: Form, c: dict[str, Column], ids: Sequence[str] | None) -> Column | None:
    """The order in which rows count, or None if they stand in it."""
    if ids is None:
        return form.order(c["t"], c.get("seq"))
    times = _plain(c["t"])
    seqs = _plain(c["seq"]) if "seq" in c else [0] * len(times)
    keys = list(zip(times, seqs, ids, strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return None if order == list(range(len(keys))) else form.column(order, _SMALL)
