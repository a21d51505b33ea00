"""The two ways of asking PostgreSQL where units went: one statement, or one for each hop.

Both give the same steps. The recursive statement is one round trip, and stands in the database as
the function ``ledgers_pieces`` (0003), which keeps its plan. The statement for each hop
takes all intervals of a hop at once, and merges those that touch before the next: it suits a
database that is distributed by payer, and ledgers in which money is cut into very many pieces.

Of an account only the debits that an interval overlaps are read: those which end within it, and the
one that ends next after it. So a busy account costs no more than a quiet one. The texts are put
together of parts, never of values (S608).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import connection

from recoup.core.tracing.fast.columns import LARGEST

# A step of money. label: number of the seed. carried, credited: units of debit and credit. lost:
# of the credited units, those that repaid an overdraft. low, high: where the rest of them lies in
# the payee; null where that is external. is_first: the victim's payment itself. The rest says which
# transfer it was. What the payer is called is not asked: it is the payee of the step before.
FIELDS: Final = (
    "label", "carried", "credited", "lost", "low", "high", "id", "ident", "t", "seq",
    "src_id", "srcpos", "srcend", "dst_id", "is_first", "payee",
)  # fmt: skip

# Units ``first`` to ``last`` of a transfer x arrive: exchange moves both ends, and the first units
# may repay an overdraft. div() is exact whatever the product.
_ARRIVES: Final = """
cross join lateral (
  select case when x.credit is null then o.first
           else div(o.first::numeric * x.credit, greatest(x.amount, 1))::bigint end as first,
         case when x.credit is null then o.last
           else div(o.last::numeric * x.credit, greatest(x.amount, 1))::bigint end as last
) e
cross join lateral (
  select least(greatest(coalesce(x.owed, 0) - e.first, 0), e.last - e.first) as lost
) r
"""
_STEP: Final = """
  o.last - o.first, e.last - e.first, r.lost, x.dstpos + e.first + r.lost, x.dstpos + e.last,
  x.id, x.ident, x.t, x.seq, x.src_id, x.srcpos, x.srcend, x.dst_id
"""
_SEEDS: Final = f"""
select s.label::integer as label, {_STEP}, true as is_first
from unnest(%(idents)s::text[], %(units)s::bigint[]) with ordinality s (ident, units, label)
join ledgers_transfer x on x.ledger_id = %(ledger)s and x.ident = s.ident collate "C"
cross join lateral (select 0::bigint as first, coalesce(s.units, x.amount) as last) o
{_ARRIVES}
"""  # noqa: S608
# The debits that take of an interval p of an account.
_TAKEN: Final = f"""
cross join lateral (
  (select * from ledgers_transfer d
   where d.src_id = p.dst_id and d.srcend > p.low and d.srcend <= p.high)
  union all
  (select * from ledgers_transfer d where d.src_id = p.dst_id and d.srcend > p.high
   order by d.srcend, d.srcpos limit 1)
) x
cross join lateral (
  select greatest(p.low, x.srcpos) - x.srcpos as first, least(p.high, x.srcend) - x.srcpos as last
) o
{_ARRIVES}
where p.low < p.high and o.first < o.last and x.t <= %(as_of)s
"""  # noqa: S608
_STEP_NAMES: Final = (
    "label, carried, credited, lost, low, high, id, ident, t, seq, src_id, srcpos, srcend, dst_id, "
    "is_first"
)
# Each name is looked up by itself: a join might be planned as a scan of all accounts.
_NAMED: Final = f"""
select {_STEP_NAMES},
  (select b.name from ledgers_account b where b.id = p.dst_id) as payee
from piece p
"""  # noqa: S608
BY_FUNCTION: Final = f"""
select {", ".join(FIELDS)}
from ledgers_pieces(%(ledger)s, %(idents)s, %(units)s::bigint[], %(as_of)s, %(most)s)
"""  # noqa: S608
FIRST_HOP: Final = f"with piece ({_STEP_NAMES}) as ({_SEEDS} where x.t <= %(as_of)s) {_NAMED}"  # noqa: S608
NEXT_HOP: Final = f"""
with piece ({_STEP_NAMES}) as (
  select p.label, {_STEP}, false
  from unnest(%(labels)s::integer[], %(accounts)s::bigint[], %(lows)s::bigint[],
    %(highs)s::bigint[]) as p (label, dst_id, low, high)
  {_TAKEN}
)
{_NAMED}
"""  # noqa: S608

Step = tuple[Any, ...]
LABEL, CARRIED, CREDITED, LOST, LOW, HIGH, ID, IDENT, T, SEQ, SRC, SRCPOS, SRCEND, DST, IS_FIRST, \
    PAYEE = range(len(FIELDS))  # fmt: skip


class TooManyPieces(Exception):
    """One statement would give more steps than were allowed."""


def by_one_statement(
    ledger: int, idents: Sequence[str], units: Sequence[int | None], as_of: int | None, *, most: int
) -> list[Step]:
    """All steps, in no order; raises TooManyPieces."""
    asked = {"ledger": ledger, "idents": list(idents), "units": list(units)}
    steps = _asked(BY_FUNCTION, asked | {"as_of": moment(as_of), "most": most + 1})
    if len(steps) > most:
        raise TooManyPieces
    return steps


def by_hops(
    ledger: int, idents: Sequence[str], units: Sequence[int | None], as_of: int | None
) -> list[Step]:
    """All steps, a statement a hop; intervals that touch go on as one."""
    asked = {"ledger": ledger, "idents": list(idents), "units": list(units)}
    found = steps = _asked(FIRST_HOP, asked | {"as_of": moment(as_of)})
    while waiting := merged(found):
        columns = zip(
            ("labels", "accounts", "lows", "highs"), zip(*waiting, strict=True), strict=True
        )
        asked = {name: list(column) for name, column in columns}
        found = _asked(NEXT_HOP, asked | {"as_of": moment(as_of)})
        steps = steps + found
    return steps


def merged(steps: Iterable[Step]) -> list[tuple[int, int, int, int]]:
    """Label, account, low and high of what arrived, with intervals that touch as one."""
    arrived = sorted(
        (step[LABEL], step[DST], step[LOW], step[HIGH])
        for step in steps
        if step[LOW] is not None and step[LOW] < step[HIGH]
    )
    whole: list[tuple[int, int, int, int]] = []
    for label, account, low, high in arrived:
        if whole and whole[-1][:2] == (label, account) and whole[-1][3] == low:
            whole[-1] = (label, account, whole[-1][2], high)
        else:
            whole.append((label, account, low, high))
    return whole


def moment(as_of: int | None) -> int:
    """A time that the columns can hold; none is later than the largest."""
    return LARGEST if as_of is None else max(-LARGEST, min(as_of, LARGEST))


def _asked(statement: str, asked: dict[str, Any]) -> list[Step]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()
