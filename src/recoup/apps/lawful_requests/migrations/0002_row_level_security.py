"""Tickets and their children: issuer and addressee see them, nobody else (DATAMODEL A3).

Who else may see a ticket, as a member of its case, reads it through ``tickets_of_case``. Only the
planner opens and sends tickets; the web moves their state by granted columns.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
BOTH = f"issuer_id = {ORG} or addressee_id = {ORG}"
TABLES = ["standinginstruction", "ticket", "answer", "unplannedanswer", "dispatch", "deadline"]

SQL = (
    "".join(
        f"""
alter table lawful_requests_{table} enable row level security;
alter table lawful_requests_{table} force row level security;
create policy hub on lawful_requests_{table} to recoup_planner using (true) with check (true);
grant select, insert, update on lawful_requests_{table} to recoup_planner;
"""
        for table in TABLES
    )
    + f"""
grant delete on lawful_requests_unplannedanswer to recoup_planner;
grant select on lawful_requests_packversion to recoup_app, recoup_planner;
create policy enrol on lawful_requests_standinginstruction to recoup_owner
  using (true) with check (true);

create policy see on lawful_requests_standinginstruction for select to recoup_app
  using (issuer_id = {ORG});
grant select on lawful_requests_standinginstruction to recoup_app;

create policy see on lawful_requests_ticket for select to recoup_app using ({BOTH});
create policy step on lawful_requests_ticket for update to recoup_app using ({BOTH});
grant select on lawful_requests_ticket to recoup_app;
grant update (state, acknowledged_at, answered_at, ended_at, due_at, taken_by_id, taken_at,
  withdrawn_ground, withdrawn_by_id, version) on lawful_requests_ticket to recoup_app;

create policy see on lawful_requests_answer for select to recoup_app using ({BOTH});
create policy own on lawful_requests_answer for insert to recoup_app
  with check (addressee_id = {ORG} and exists (select 1 from lawful_requests_ticket t
    where t.id = ticket_id and t.issuer_id = lawful_requests_answer.issuer_id
      and t.addressee_id = {ORG}));
grant select, insert on lawful_requests_answer to recoup_app;

create policy own on lawful_requests_unplannedanswer for insert to recoup_app
  with check (addressee_id = {ORG});
grant insert on lawful_requests_unplannedanswer to recoup_app;

create policy see on lawful_requests_deadline for select to recoup_app using ({BOTH});
grant select on lawful_requests_deadline to recoup_app;

create policy definer on lawful_requests_ticket for select to recoup_policy using (true);
create policy definer on lawful_requests_answer for select to recoup_policy using (true);
grant select on lawful_requests_ticket, lawful_requests_answer to recoup_policy;

create function tickets_of_case(which uuid) returns setof lawful_requests_ticket
  language sql stable security definer set search_path = public as $$
  select t.* from lawful_requests_ticket t
  where t.case_id = which and exists (
    select 1 from cases_case k where k.id = which and k.visible_to @> array[{ORG}])
$$;
alter function tickets_of_case owner to recoup_policy;
revoke all on function tickets_of_case from public;
grant execute on function tickets_of_case to recoup_app;

create function inbox_tide() returns table (addressee_id int, waiting bigint, newest timestamptz)
  language sql stable security definer set search_path = public as $$
  select t.addressee_id, count(*), max(t.sent_at) from lawful_requests_ticket t
  where t.state = 'sent' group by t.addressee_id
$$;
alter function inbox_tide owner to recoup_policy;
revoke all on function inbox_tide from public;
grant execute on function inbox_tide to recoup_app;
"""
)


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0001_initial"), ("cases", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
