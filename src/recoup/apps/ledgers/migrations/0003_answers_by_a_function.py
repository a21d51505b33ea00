"""A FIFO answer of a stored ledger as a function, whose plan a session makes once.

Planning the recursive statement takes as long as answering it. The function runs as its caller, so
row-level security counts the caller's organisation each time; the plan depends on none, since an
account's id or a ledger's stands in every condition. A payee's name is read from the index.
"""

from django.db import migrations

PIECES = """
create function ledgers_pieces(
  of_ledger integer, seed_idents text[], seed_units bigint[], upto bigint, most integer
) returns table (
  label integer, carried bigint, credited bigint, lost bigint, low bigint, high bigint, id bigint,
  ident text, t bigint, seq bigint, src_id bigint, srcpos bigint, srcend bigint, dst_id bigint,
  is_first boolean, payee text
) language plpgsql stable set plan_cache_mode = force_generic_plan set jit = off as $$
#variable_conflict use_column
begin return query
with recursive piece (label, carried, credited, lost, low, high, id, ident, t, seq, src_id, srcpos, srcend, dst_id, is_first) as (
select s.label::integer as label, 
  o.last - o.first, e.last - e.first, r.lost, x.dstpos + e.first + r.lost, x.dstpos + e.last,
  x.id, x.ident, x.t, x.seq, x.src_id, x.srcpos, x.srcend, x.dst_id
, true as is_first
from unnest(seed_idents::text[], seed_units::bigint[]) with ordinality s (ident, units, label)
join ledgers_transfer x on x.ledger_id = of_ledger and x.ident = s.ident collate "C"
cross join lateral (select 0::bigint as first, coalesce(s.units, x.amount) as last) o
cross join lateral (
  select case when x.credit is null then o.first
           else div(o.first::numeric * x.credit, greatest(x.amount, 1))::bigint end as first,
         case when x.credit is null then o.last
           else div(o.last::numeric * x.credit, greatest(x.amount, 1))::bigint end as last
) e
cross join lateral (
  select least(greatest(coalesce(x.owed, 0) - e.first, 0), e.last - e.first) as lost
) r
 where x.t <= upto
  union all
  select p.label, 
  o.last - o.first, e.last - e.first, r.lost, x.dstpos + e.first + r.lost, x.dstpos + e.last,
  x.id, x.ident, x.t, x.seq, x.src_id, x.srcpos, x.srcend, x.dst_id
, false from piece p 
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
cross join lateral (
  select case when x.credit is null then o.first
           else div(o.first::numeric * x.credit, greatest(x.amount, 1))::bigint end as first,
         case when x.credit is null then o.last
           else div(o.last::numeric * x.credit, greatest(x.amount, 1))::bigint end as last
) e
cross join lateral (
  select least(greatest(coalesce(x.owed, 0) - e.first, 0), e.last - e.first) as lost
) r
where p.low < p.high and o.first < o.last and x.t <= upto
)
select label, carried, credited, lost, low, high, id, ident, t, seq, src_id, srcpos, srcend, dst_id, is_first,
  (select b.name from ledgers_account b where b.id = p.dst_id) as payee
from (select * from piece limit most) p;
end $$
"""
SQL = f"""
{PIECES};
revoke execute on function ledgers_pieces from public;
grant execute on function ledgers_pieces to recoup_app, recoup_planner;
create index ledger_account_named on ledgers_account (id) include (name);
"""


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
