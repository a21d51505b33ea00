"""Who merges a case away ends what it left to do, whoever has to do it.

A task is ended by its owner; those of a merged case belong to the police, the prosecutor, the FIU
and, for tickets that were overdue, to banks.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
create policy definer on cases_task to recoup_policy using (true) with check (true);
grant select on cases_task to recoup_policy;
grant update (done_at) on cases_task to recoup_policy;

create function end_tasks_of_merged(which uuid, ended timestamptz)
  returns table (task_id uuid, kind text)
  language sql volatile security definer set search_path = public as $$
  update cases_task t set done_at = ended
  where t.done_at is null
    and (t.case_id = which or t.about in (
      select l.id from lawful_requests_ticket l where l.case_id = which and l.measure = 'hold'))
    and exists (select 1 from cases_case k where k.id = which and k.state = 'merged'
      and k.visible_to @> array[{ORG}])
  returning t.id, t.kind
$$;
alter function end_tasks_of_merged owner to recoup_policy;
revoke all on function end_tasks_of_merged from public;
grant execute on function end_tasks_of_merged to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0008_reporters_see_the_holding_rule"),
        ("cases", "0003_members_read_holds"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
