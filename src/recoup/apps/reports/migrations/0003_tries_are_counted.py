"""Tries to open a report, or to write to one, are counted in the database.

A restart forgot them and each process counted for itself. A row is what was tried, under a keyed
digest of who or which reference, in one stretch of time; nobody reads the table, and the one
function that counts also throws away what is over.
"""

from django.db import migrations

SQL = """
create table reports_trycount (
  what text not null,
  mark bytea not null,
  ends_at timestamptz not null,
  times integer not null,
  primary key (what, mark, ends_at)
);
create index try_ends on reports_trycount (ends_at);
alter table reports_trycount enable row level security;
alter table reports_trycount force row level security;
create policy definer on reports_trycount to recoup_policy using (true) with check (true);
grant select, insert, update, delete on reports_trycount to recoup_policy;

-- Counts by one and tells how often it was in this stretch; zero only looks.
create function count_try(of_what text, of_mark bytea, seconds integer, by_one boolean)
  returns integer language plpgsql security definer set search_path = public as $$
declare
  stretch_ends timestamptz :=
    to_timestamp((floor(extract(epoch from now()) / seconds) + 1) * seconds);
  counted integer;
begin
  if not by_one then
    select c.times into counted from reports_trycount c
    where c.what = of_what and c.mark = of_mark and c.ends_at = stretch_ends;
    return coalesce(counted, 0);
  end if;
  insert into reports_trycount as c (what, mark, ends_at, times)
  values (of_what, of_mark, stretch_ends, 1)
  on conflict (what, mark, ends_at) do update set times = c.times + 1
  returning c.times into counted;
  if counted = 1 then
    delete from reports_trycount where ctid in (
      select c.ctid from reports_trycount c where c.ends_at < now()
      limit 100 for update skip locked);
  end if;
  return counted;
end $$;
alter function count_try owner to recoup_policy;
revoke all on function count_try from public;
grant execute on function count_try to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
