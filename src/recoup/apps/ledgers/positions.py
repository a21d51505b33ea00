"""Positions worked out again from what is stored, in SQL: to verify them, or to set them anew.

One window over each account's debits and credits, in their order: what came and went so far, and
the largest shortfall so far, which is the unseen money. It shares nothing with the loop that wrote
the positions (``core/tracing/fast/numbering.py``), so that one finds what the other got wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from recoup.core.tracing.fast.numbering import METHOD

AT_MOST: Final = 20

# Numeric sums are exact; what would not fit is an error when it is cast, and never wraps.
_BOOKED: Final = """
with side as (
  select id, src_id as account_id, t, seq, ident, 0 as is_credit, amount as debit,
    0::bigint as credit
  from ledgers_transfer where ledger_id = %(ledger)s
  union all
  select id, dst_id, t, seq, ident, 1, 0, coalesce(credit, amount)
  from ledgers_transfer where ledger_id = %(ledger)s
), summed as (
  select s.id, s.account_id, s.t, s.seq, s.ident, s.is_credit, s.debit, s.credit, a.opening,
    sum(s.debit) over w as gone, sum(s.credit) over w as credits
  from side s join ledgers_account a on a.id = s.account_id and not a.external
  window w as (partition by s.account_id order by s.t, s.seq, s.ident, s.is_credit
    rows unbounded preceding)
), short as (
  select *, case when %(may_overdraw)s then 0 else greatest(0, max(gone - credits - opening)
    filter (where is_credit = 0) over w) end as unseen
  from summed
  window w as (partition by account_id order by t, seq, ident, is_credit
    rows unbounded preceding)
), placed as (
  select id, account_id, t, seq, ident, is_credit, gone, opening + credits + unseen as came, unseen,
    case is_credit when 0 then gone - debit else opening + credits + unseen - credit end as start,
    case when is_credit = 1 and %(may_overdraw)s
      then least(greatest(gone - (opening + credits - credit), 0), credit) else 0 end as owed
  from short
)
"""
# What each transfer and each account should have; nothing is right at an account of another ledger.
_RIGHT: Final = f"""
{_BOOKED}, place as (
  select id, max(start) filter (where is_credit = 0) as srcpos,
    max(start) filter (where is_credit = 1) as dstpos, max(owed) as owed
  from placed group by id
), right_transfer as (
  select x.id, x.ident, case when s.external then 0 else p.srcpos end as srcpos,
    case when d.external then null else coalesce(p.dstpos, -1) end as dstpos,
    nullif(p.owed, 0) as owed
  from ledgers_transfer x
  left join place p on p.id = x.id
  left join ledgers_account s on s.id = x.src_id and s.ledger_id = x.ledger_id
  left join ledgers_account d on d.id = x.dst_id and d.ledger_id = x.ledger_id
  where x.ledger_id = %(ledger)s
), ends as (
  select distinct on (account_id) account_id, gone, came, unseen, t, seq, ident
  from placed order by account_id, t desc, seq desc, ident desc, is_credit desc
), right_account as (
  select a.id, coalesce(e.came, case when a.external then 0 else a.opening end) as came,
    coalesce(e.gone, 0) as gone, coalesce(e.unseen, 0) as unseen,
    e.t as last_t, e.seq as last_seq, e.ident as last_ident
  from ledgers_account a left join ends e on e.account_id = a.id where a.ledger_id = %(ledger)s
)
"""  # noqa: S608
_OTHER: Final = """(x.srcpos, x.dstpos, x.owed) is distinct from (r.srcpos, r.dstpos, r.owed)"""
_OTHER_SUMS: Final = """(a.came, a.gone, a.unseen, a.last_t, a.last_seq, a.last_ident)
  is distinct from (r.came, r.gone, r.unseen, r.last_t, r.last_seq, r.last_ident)"""
_MARKS: Final = """
select a.id, a.name, a.mark, case when a.external then 0
  else coalesce(d.mark, 0) # coalesce(c.mark, 0) end as should_be
from ledgers_account a
left join (
  select src_id, bit_xor(ledgers_mark_of_debit(ident, srcpos, srcend)) as mark
  from ledgers_transfer where ledger_id = %(ledger)s group by src_id
) d on d.src_id = a.id
left join (
  select dst_id, bit_xor(ledgers_mark_of_credit(ident, dstpos, owed)) as mark
  from ledgers_transfer where ledger_id = %(ledger)s group by dst_id
) c on c.dst_id = a.id
where a.ledger_id = %(ledger)s
"""
WRONG: Final = f"""
{_RIGHT}
select 'transfer ' || x.ident from right_transfer r join ledgers_transfer x on x.id = r.id
where {_OTHER}
union all
select 'account ' || a.name from right_account r join ledgers_account a on a.id = r.id
where {_OTHER_SUMS}
limit %(most)s
"""  # noqa: S608
WRONG_MARKS: Final = f"""
select 'checksum of account ' || name from ({_MARKS}) m where mark <> should_be limit %(most)s
"""  # noqa: S608
CHECKSUM: Final = """
select coalesce(bit_xor(hashint8extended(mark, hashtextextended(name, 0))), 0) from ledgers_account
where ledger_id = %(ledger)s
"""
SET_TRANSFERS: Final = f"""
{_RIGHT}
update ledgers_transfer x set srcpos = r.srcpos, srcend = r.srcpos + x.amount, dstpos = r.dstpos,
  owed = r.owed
from right_transfer r where x.id = r.id and {_OTHER}
"""  # noqa: S608
SET_ACCOUNTS: Final = f"""
{_RIGHT}
update ledgers_account a set came = r.came, gone = r.gone, unseen = r.unseen, last_t = r.last_t,
  last_seq = r.last_seq, last_ident = r.last_ident
from right_account r where a.id = r.id and {_OTHER_SUMS}
"""  # noqa: S608
SET_MARKS: Final = f"""
update ledgers_account a set mark = m.should_be from ({_MARKS}) m
where a.id = m.id and a.mark <> m.should_be
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Verified:
    """checksum: over all positions; equal positions have an equal one. wrong: at most twenty."""

    checksum: str
    is_method_known: bool
    wrong: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return self.is_method_known and not self.wrong


def verify(ledger: int, *, shortfall: str, method: int, thoroughly: bool = True) -> Verified:
    """Compare stored positions with their checksums and, thoroughly, with those worked out anew."""
    values = asked(ledger, shortfall)
    wrong: list[str] = []
    with over_all_rows() as cursor:
        for statement in (WRONG_MARKS, WRONG)[: 1 + thoroughly]:
            cursor.execute(statement, values)
            wrong += [row[0] for row in cursor.fetchall()]
    return Verified(checksum(ledger), method == METHOD, tuple(wrong[:AT_MOST]))


@contextmanager
def over_all_rows() -> Iterator[Any]:
    """A cursor for statements over whole ledgers: joined by hash or sort, with room for both.

    What the planner knows of a ledger that was just loaded is nothing, and a nested loop forever.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local enable_nestloop = off; set local work_mem = '256MB'")
        yield cursor
        cursor.execute("set local enable_nestloop to default; set local work_mem to default")


def checksum(ledger: int) -> str:
    """One value over all positions of a ledger, whatever order its rows are in."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKSUM, {"ledger": ledger})
        return f"{cursor.fetchone()[0] % 2**64:016x}"


def statements_to_set() -> tuple[str, ...]:
    """What sets positions, sums and checksums anew, in this order."""
    return SET_TRANSFERS, SET_ACCOUNTS, SET_MARKS


def asked(ledger: int, shortfall: str) -> dict[str, Any]:
    return {"ledger": ledger, "may_overdraw": shortfall == "overdraft", "most": AT_MOST}
