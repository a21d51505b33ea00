"""Stores a whole ledger with its positions, or nothing.

The positions are worked out in one loop over the rows in their order, which keeps the accounts only
(``core/tracing/fast/numbering.py``); the windows in ``positions.py`` find the same ones again from
what is stored. Rows go in as arrays, some thousand a statement: tables with row-level security take
no COPY, and the pages' log-in may make no temporary tables. The next arrays are written while the
database stores the ones before, and it tells what they add to the checksums of their accounts, so
that nothing is read twice. Transfers are stored by payer and position, so that those which an
answer looks at lie side by side.
"""

from __future__ import annotations

from array import array as Column
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import add
from typing import Any, Final

from django.db import connection, transaction

from recoup.apps.audit import operations as audit
from recoup.apps.ledgers import models
from recoup.apps.rows import array
from recoup.core.access import Actor
from recoup.core.tracing.fast.columns import LARGEST
from recoup.core.tracing.fast.numbering import METHOD, Account, carry_out
from recoup.core.tracing.ledger import Account as Known
from recoup.core.tracing.ledger import Ledger, LedgerRefused, Transfer, check, in_order
from recoup.core.tracing.walk import SHORTFALLS

AT_ONCE: Final = 5_000
LONGEST: Final = 600
NOWHERE: Final = -1
Watch = Callable[[str], None]

STORE_ACCOUNTS: Final = """
insert into ledgers_account (ledger_id, organisation_id, name, opening, external, asset, decimals,
  came, gone, unseen, last_t, last_seq, last_ident, mark)
select %s, %s, v.*, 0 from unnest(%s::text[], %s::bigint[], %s::boolean[], %s::text[],
  %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
  %s::text[]) as v
"""
ACCOUNT_IDS: Final = "select name, id from ledgers_account where ledger_id = %s"
# Stores some transfers and tells what they add to the checksums of their accounts.
STORE_TRANSFERS: Final = """
with added as (
  insert into ledgers_transfer (ledger_id, organisation_id, src_id, dst_id, t, seq, amount, srcpos,
    srcend, dstpos, credit, owed, ident, batch)
  select %s, %s, v.* from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
    %s::text[]) as v
  returning src_id, dst_id, ident, srcpos, srcend, dstpos, owed
)
select account, bit_xor(mark) from (
  select src_id as account, ledgers_mark_of_debit(ident, srcpos, srcend) as mark from added
  union all
  select dst_id, ledgers_mark_of_credit(ident, dstpos, owed) from added
) marks group by account
"""
STORE_MARKS: Final = """
update ledgers_account a set mark = v.mark from unnest(%s::bigint[], %s::bigint[]) as v (id, mark)
where a.id = v.id and not a.external
"""
KINDS: Final = ("bigint",) * 10 + ("text", "text")
ACCOUNT_KINDS: Final = (
    "text", "bigint", "boolean", "text", "smallint", *("bigint",) * 5, "text",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asset:
    """What an account's units are of, and how many decimal places one unit is."""

    code: str = ""
    decimals: int = 2


@transaction.atomic
def load(
    *, name: str, ledger: Ledger, by: Actor, at: datetime, shortfall: str = "unseen",
    asset: Asset | None = None, assets: Mapping[str, Asset] | None = None,
    watch: Watch = lambda told: None,
) -> models.Ledger:  # fmt: skip
    """Store a ledger with its positions; raises LedgerRefused with what to correct.

    asset: what all accounts are of, but those in ``assets``. watch: is told how far it is.
    """
    watch("check")
    _check(ledger, shortfall)
    listed = _Listed(ledger, asset or Asset(), assets or {})
    listed.refuse_silent_exchange()
    stored = models.Ledger.objects.create(
        organisation_id=by.organisation_id, name=name, shortfall=shortfall, method=METHOD,
        loaded_at=at,
    )  # fmt: skip
    watch("work out positions")
    listed.work_out(may_overdraw=shortfall == "overdraft")
    keys = (stored.id, by.organisation_id)
    watch("store accounts")
    ids = _store_accounts(keys, listed)
    marks = _store_transfers(keys, listed, ids, watch)
    watch("store checksums")
    _store_marks(marks)
    audit.record(
        what="ledger:loaded", about=f"ledger:{stored.id}", by=by, at=at, name=name,
        rows=len(ledger.transfers), shortfall=shortfall,
    )  # fmt: skip
    return stored


def _check(ledger: Ledger, shortfall: str) -> None:
    """Refuse what cannot be stored or contradicts itself; raises LedgerRefused."""
    check(ledger)
    if shortfall not in SHORTFALLS:
        raise LedgerRefused(
            f"There is no shortfall policy {shortfall!r}. Use one of: {', '.join(SHORTFALLS)}.",
            value=shortfall,
        )
    sums = sum(x.opening for x in ledger.accounts.values())
    sums += sum(x.amount + x.credited for x in ledger.transfers)
    refuse_what_wraps(sums, ledger.transfers)


def refuse_what_wraps(sums: int, transfers: Sequence[Transfer]) -> None:
    """Refuse what the columns, of 64 bits, cannot hold, and names that no key can be made of."""
    if sums > LARGEST:
        raise LedgerRefused(
            f"Openings, debits and credits add up to {sums}, more than the database's columns can "
            f"hold ({LARGEST}). Count in a larger unit, or trace the file in memory, "
            "which takes any sum.",
            value=str(sums),
        )
    for x in transfers:
        if not (-LARGEST <= x.t <= LARGEST and -LARGEST <= x.seq <= LARGEST):
            number = x.seq if abs(x.t) <= LARGEST else x.t
            raise LedgerRefused(
                f"The time or sequence of transfer {x.id!r} is {number}, beyond what the "
                f"database's columns can hold ({LARGEST}).",
                value=x.id,
            )
    for text in (x.id for x in transfers):
        _refuse_odd_name(text)
    for text in {end for x in transfers for end in (x.payer, x.payee)}:
        _refuse_odd_name(text)


def _refuse_odd_name(text: str) -> None:
    if len(text) > LONGEST or "\0" in text or not _is_whole_text(text):
        raise LedgerRefused(
            f"The name {text[:60]!r} cannot be stored: it has a NUL character, half of a "
            f"character, or more than {LONGEST} characters.",
            value=text[:60],
        )


def _is_whole_text(text: str) -> bool:
    """Whether it can be written: a half of a pair of code units cannot."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


class _Listed:
    """Rows in order, and each account with a number of this load's own and its running sums."""

    def __init__(self, ledger: Ledger, asset: Asset, assets: Mapping[str, Asset]) -> None:
        self.rows = in_order(ledger, as_of=None)
        ends = (end for x in self.rows for end in (x.payer, x.payee))
        self.known = {name: ledger.accounts.get(name, Known())
                      for name in dict.fromkeys([*ledger.accounts, *ends])}  # fmt: skip
        self.asset_of = {name: assets.get(name, asset) for name in self.known}
        self.number_of = {name: number for number, name in enumerate(self.known)}
        self.sums = [
            Account(came=0 if x.external else x.opening, external=x.external)
            for x in self.known.values()
        ]
        self.last: list[int] = [-1] * len(self.sums)
        self.payer, self.payee = Column("i"), Column("i")
        self.srcpos, self.dstpos, self.owed = Column("q"), Column("q"), Column("q")

    def refuse_silent_exchange(self) -> None:
        """Between accounts of different assets the units credited have to be told."""
        if len(set(self.asset_of.values())) < 2:
            return
        for x in self.rows:
            if x.credit is None and self.asset_of[x.payer] != self.asset_of[x.payee]:
                raise LedgerRefused(
                    f"Transfer {x.id!r} goes from {self.asset_of[x.payer].code!r} to "
                    f"{self.asset_of[x.payee].code!r} and does not say how many units were "
                    "credited. Give its credit.",
                    value=x.id,
                    key="transfers",
                )

    def work_out(self, *, may_overdraw: bool) -> None:
        """Give each row its positions, in order, and each account its sums."""
        number_of, sums, last = self.number_of, self.sums, self.last
        for place, x in enumerate(self.rows):
            src, dst = number_of[x.payer], number_of[x.payee]
            srcpos, dstpos, owed = carry_out(
                sums[src], sums[dst], x.amount, x.credited, may_overdraw=may_overdraw
            )
            last[src] = last[dst] = place
            self.payer.append(src)
            self.payee.append(dst)
            self.srcpos.append(srcpos)
            self.dstpos.append(NOWHERE if dstpos is None else dstpos)
            self.owed.append(owed)

    def transfers(self, ids: Sequence[int]) -> Iterator[list[str]]:
        """The rows as they are stored, by payer and position, which are in order already.

        Some thousand at a time, each column as one array.
        """
        order = sorted(range(len(self.rows)), key=self.payer.__getitem__)
        for start in range(0, len(order), AT_ONCE):
            columns = self._columns(order[start : start + AT_ONCE], ids)
            yield [array(c, kind) for kind, c in zip(KINDS, columns, strict=True)]

    def _columns(self, places: list[int], ids: Sequence[int]) -> tuple[list[Any], ...]:
        rows = [self.rows[place] for place in places]
        srcpos = [self.srcpos[place] for place in places]
        dstpos = [self.dstpos[place] for place in places]
        amount = [x.amount for x in rows]
        return (
            [ids[self.payer[place]] for place in places],
            [ids[self.payee[place]] for place in places],
            [x.t for x in rows], [x.seq for x in rows], amount,
            srcpos, list(map(add, srcpos, amount)),
            [None if x == NOWHERE else x for x in dstpos],
            [None if x.credit is None or x.credit == x.amount else x.credit for x in rows],
            [self.owed[place] or None for place in places],
            [x.id for x in rows], [x.batch for x in rows],
        )  # fmt: skip

    def accounts(self) -> Iterator[tuple[Any, ...]]:
        for number, (name, known) in enumerate(self.known.items()):
            sums, asset = self.sums[number], self.asset_of[name]
            key: tuple[Any, ...] = (None, None, None)
            if self.last[number] >= 0 and not known.external:
                x = self.rows[self.last[number]]
                key = x.t, x.seq, x.id
            yield (
                name, known.opening, known.external, asset.code, asset.decimals,
                sums.came, sums.gone, sums.unseen, *key,
            )  # fmt: skip


def _store_accounts(keys: tuple[int, int], listed: _Listed) -> list[int]:
    """Store all accounts; returns their ids by number."""
    with connection.cursor() as cursor:
        for rows in _some(listed.accounts()):
            columns = zip(ACCOUNT_KINDS, zip(*rows, strict=True), strict=True)
            cursor.execute(STORE_ACCOUNTS, [*keys, *(array(c, kind) for kind, c in columns)])
        cursor.execute(ACCOUNT_IDS, keys[:1])
        ids = dict(cursor.fetchall())
    return [ids[name] for name in listed.known]


def _store_transfers(
    keys: tuple[int, int], listed: _Listed, ids: Sequence[int], watch: Watch
) -> dict[int, int]:
    """Store all transfers; returns the checksums by account."""
    count, done = len(listed.rows), 0
    marks: dict[int, int] = {}
    with connection.cursor() as cursor:
        for arrays in _ahead(listed.transfers(ids)):
            watch(f"store transfers, {done:,} of {count:,}")
            cursor.execute(STORE_TRANSFERS, [*keys, *arrays])
            for account, mark in cursor.fetchall():
                marks[account] = marks.get(account, 0) ^ mark
            done = min(done + AT_ONCE, count)
    return marks


def _ahead(made: Iterator[list[str]]) -> Iterator[list[str]]:
    """The same, with the next one made while the database stores the one before."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, made, None)
        while (one := coming.result()) is not None:
            coming = maker.submit(next, made, None)
            yield one


def _store_marks(marks: Mapping[int, int]) -> None:
    with connection.cursor() as cursor:
        for some in _some(iter(marks.items())):
            cursor.execute(STORE_MARKS, [array(c, "bigint") for c in zip(*some, strict=True)])


def _some(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Some thousand rows at a time."""
    while some := list(islice(rows, AT_ONCE)):
        yield some
