"""A change of the law begins on the next day at the earliest, where the law is: kept here too.

It is looked at when a change is handed in and when it is approved, by the database's own clock.
"""

from django.db import migrations

FORWARD = """
create function packdraft_from_tomorrow() returns trigger language plpgsql as $$
declare
  today date := (now() at time zone (convert_from(new.body, 'UTF8')::jsonb ->> 'time_zone'))::date;
begin
  if new.comes_into_force_on <= today then
    raise exception 'draft_from_tomorrow: % is not after %', new.comes_into_force_on, today
      using errcode = '23514';
  end if;
  return new;
end $$;
create trigger packdraft_from_tomorrow before update on lawful_requests_packdraft
  for each row when (new.state in ('submitted', 'approved') and old.state <> new.state)
  execute function packdraft_from_tomorrow();
"""
BACK = """
drop trigger packdraft_from_tomorrow on lawful_requests_packdraft;
drop function packdraft_from_tomorrow;
"""


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0016_figures_by_index")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
