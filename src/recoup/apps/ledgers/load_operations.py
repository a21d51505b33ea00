"""Stores a whole ledger with its positions, or nothing: by COPY into temporary tables, then SQL.

The positions are worked out while the rows pass through, in one loop that keeps the accounts only
(``core/tracing/fast/numbering.py``); the windows in ``positions.py`` find the same ones again from
what is stored. Tables with row-level security take no COPY, hence the temporary ones. Transfers are
stored by payer and position, so that those which an answer looks at lie side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from recoup.apps.audit import operations as audit
from recoup.apps.ledgers import models
from recoup.core.access import Actor
from recoup.core.tracing.fast.columns import LARGEST
from recoup.core.tracing.fast.numbering import METHOD, Account, carry_out
from recoup.core.tracing.ledger import Account as Known
from recoup.core.tracing.ledger import Ledger, LedgerRefused, Transfer, check, in_order
from recoup.core.tracing.walk import SHORTFALLS

AT_ONCE: Final = 5_000
LONGEST: Final = 600
NULL: Final = "\\N"
Watch = Callable[[str], None]

INCOMING: Final = """
create temporary table incoming (
  src integer not null, dst integer not null, t bigint not null, seq bigint not null,
  amount bigint not null, srcpos bigint not null, dstpos bigint, credit bigint, owed bigint,
  ident text collate "C" not null, batch text
) on commit drop;
create temporary table incoming_account (
  number integer not null, name text collate "C" not null, opening bigint not null,
  external boolean not null, asset text not null, decimals smallint not null,
  came bigint not null, gone bigint not null, unseen bigint not null,
  last_t bigint, last_seq bigint, last_ident text collate "C"
) on commit drop
"""
STORE_ACCOUNTS: Final = """
insert into ledgers_account (ledger_id, organisation_id, name, opening, external, asset, decimals,
  came, gone, unseen, last_t, last_seq, last_ident, mark)
select %(ledger)s, %(organisation)s, a.name, a.opening, a.external, a.asset, a.decimals, a.came,
  a.gone, a.unseen, a.last_t, a.last_seq, a.last_ident,
  case when a.external then 0 else coalesce(d.mark, 0) # coalesce(c.mark, 0) end
from incoming_account a
left join (
  select src, bit_xor(ledgers_mark_of_debit(ident, srcpos, srcpos + amount)) as mark
  from incoming group by src
) d on d.src = a.number
left join (
  select dst, bit_xor(ledgers_mark_of_credit(ident, dstpos, owed)) as mark
  from incoming group by dst
) c on c.dst = a.number
order by a.number
"""
NUMBERED: Final = """
create temporary table incoming_id on commit drop as
select i.number, a.id from incoming_account i
join ledgers_account a on a.ledger_id = %(ledger)s and a.name = i.name
"""
STORE_TRANSFERS: Final = """
insert into ledgers_transfer (ledger_id, organisation_id, src_id, dst_id, t, seq, amount, srcpos,
  srcend, dstpos, credit, owed, ident, batch)
select %(ledger)s, %(organisation)s, s.id, d.id, i.t, i.seq, i.amount, i.srcpos,
  i.srcpos + i.amount, i.dstpos, i.credit, i.owed, i.ident, i.batch
from incoming i join incoming_id s on s.number = i.src join incoming_id d on d.number = i.dst
order by s.id, i.srcpos, i.t, i.seq, i.ident
"""


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
    with connection.cursor() as cursor:
        cursor.execute("set local work_mem = '256MB'")
        cursor.execute(INCOMING)
        _copy_transfers(cursor, listed, may_overdraw=shortfall == "overdraft", watch=watch)
        _copy_accounts(cursor, listed)
        keys = {"ledger": stored.id, "organisation": by.organisation_id}
        for told, statement in (
            ("know the incoming rows", "analyze incoming, incoming_account"),
            ("store accounts", STORE_ACCOUNTS),
            ("number accounts", NUMBERED),
            ("store transfers", STORE_TRANSFERS),
        ):
            watch(told)
            cursor.execute(statement, keys if "%(" in statement else None)
        cursor.execute("drop table incoming, incoming_account, incoming_id")
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
        for number in (x.t, x.seq):
            if abs(number) > LARGEST:
                raise LedgerRefused(
                    f"The time or sequence of transfer {x.id!r} is {number}, beyond what the "
                    f"database's columns can hold ({LARGEST}).",
                    value=x.id,
                )
        for text in (x.id, x.payer, x.payee):
            if len(text) > LONGEST or "\0" in text:
                raise LedgerRefused(
                    f"The name {text[:60]!r} cannot be stored: it has a NUL character, or more "
                    f"than {LONGEST} characters.",
                    value=text[:60],
                )


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

    def lines(self, *, may_overdraw: bool) -> Iterator[str]:
        """Each row as COPY takes it, with its positions."""
        number_of, sums, last = self.number_of, self.sums, self.last
        for place, x in enumerate(self.rows):
            src, dst, credited = number_of[x.payer], number_of[x.payee], x.credited
            srcpos, dstpos, owed = carry_out(
                sums[src], sums[dst], x.amount, credited, may_overdraw=may_overdraw
            )
            last[src] = last[dst] = place
            credit = NULL if credited == x.amount else credited
            batch = NULL if x.batch is None else escaped(x.batch)
            yield (
                f"{src}\t{dst}\t{x.t}\t{x.seq}\t{x.amount}\t{srcpos}\t"
                f"{NULL if dstpos is None else dstpos}\t{credit}\t{owed or NULL}\t"
                f"{escaped(x.id)}\t{batch}\n"
            )

    def accounts(self) -> Iterator[str]:
        for number, (name, known) in enumerate(self.known.items()):
            sums, asset = self.sums[number], self.asset_of[name]
            key = f"{NULL}\t{NULL}\t{NULL}"
            if self.last[number] >= 0 and not known.external:
                x = self.rows[self.last[number]]
                key = f"{x.t}\t{x.seq}\t{escaped(x.id)}"
            yield (
                f"{number}\t{escaped(name)}\t{known.opening}\t{'t' if known.external else 'f'}\t"
                f"{escaped(asset.code)}\t{asset.decimals}\t"
                f"{sums.came}\t{sums.gone}\t{sums.unseen}\t{key}\n"
            )


def _copy_transfers(cursor: Any, listed: _Listed, *, may_overdraw: bool, watch: Watch) -> None:
    count = len(listed.rows)
    with cursor.copy("copy incoming from stdin") as copy:
        for done, chunk in _chunks(listed.lines(may_overdraw=may_overdraw)):
            copy.write(chunk)
            watch(f"copy transfers, {done:,} of {count:,}")


def _copy_accounts(cursor: Any, listed: _Listed) -> None:
    with cursor.copy("copy incoming_account from stdin") as copy:
        for _, chunk in _chunks(listed.accounts()):
            copy.write(chunk)


def _chunks(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    done, chunk = 0, []
    for line in lines:
        chunk.append(line)
        done += 1
        if len(chunk) == AT_ONCE:
            yield done, "".join(chunk)
            chunk.clear()
    yield done, "".join(chunk)


def escaped(text: str) -> str:
    """Text as COPY reads it."""
    if text.isalnum():
        return text
    for sign, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(sign, written)
    return text
