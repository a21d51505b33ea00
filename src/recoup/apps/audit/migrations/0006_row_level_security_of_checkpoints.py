"""Who places leaves, signs checkpoints, reads witnesses, overrides: policies, grants, triggers.

Every new leaf is noted as waiting for its place by a trigger, whoever writes it; the leaves that
exist are noted here, in the order of their time. Places, checkpoints and what witnesses gave are
insert-only, as leaves are.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
TABLES = ["unplaced", "checkpoint", "witnessed", "trouble", "override"]
SHOWN = [
    "checkpoint",
    "witnessed",
    "trouble",
]  # numbers, roots, names of witnesses: no personal data

SQL = (
    "".join(
        f"""
alter table audit_audit{table} enable row level security;
alter table audit_audit{table} force row level security;
create policy hub on audit_audit{table} to recoup_planner using (true) with check (true);
grant select, insert on audit_audit{table} to recoup_planner;
"""
        for table in TABLES
    )
    + "".join(
        f"""
create policy see on audit_audit{table} for select to recoup_app using ({ORG} is not null);
grant select on audit_audit{table} to recoup_app;
"""
        for table in SHOWN
    )
    + f"""
grant delete on audit_auditunplaced to recoup_planner;
grant update, delete on audit_audittrouble to recoup_planner;

create policy see on audit_auditoverride for select to recoup_app using (organisation_id = {ORG});
create policy ask on audit_auditoverride for insert to recoup_app
  with check (organisation_id = {ORG} and asked_by = {PERSON} and confirmed_by is null);
create policy confirm on audit_auditoverride for update to recoup_app
  using (organisation_id = {ORG} and confirmed_by is null)
  with check (organisation_id = {ORG} and confirmed_by = {PERSON});
grant select, insert on audit_auditoverride to recoup_app;
grant update (confirmed_by, confirmed_at, until) on audit_auditoverride to recoup_app;

create policy place on audit_auditunplaced for insert to recoup_policy with check (true);
grant insert on audit_auditunplaced to recoup_policy;
create function audit_note_unplaced() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  insert into audit_auditunplaced (leaf_id) select id from added;
  return null;
end $$;
alter function audit_note_unplaced owner to recoup_policy;
revoke all on function audit_note_unplaced from public;
create trigger audit_leaf_waits after insert on audit_auditleaf
  referencing new table as added for each statement execute function audit_note_unplaced();

create trigger audit_checkpoint_kept before update or delete or truncate on audit_auditcheckpoint
  for each statement execute function audit_refuse();
create trigger audit_witnessed_kept before update or delete or truncate on audit_auditwitnessed
  for each statement execute function audit_refuse();

create policy behind on audit_auditunplaced for select to recoup_policy using (true);
create policy behind on audit_auditsequence for select to recoup_policy using (true);
create policy behind on audit_auditwitnessed for select to recoup_policy using (true);
grant select on audit_auditunplaced, audit_auditsequence, audit_auditwitnessed to recoup_policy;
create function audit_behind(names text[])
  returns table (size bigint, witnessed_at timestamptz, since timestamptz)
  language sql stable security definer set search_path = public as $$
  with last as (
    select w.checkpoint_id, w.witnessed_at from audit_auditwitnessed w
    where w.witness = any(names) order by w.checkpoint_id desc, w.witnessed_at limit 1)
  select (select checkpoint_id from last), (select l.witnessed_at from last l),
    least(
      (select min(a.recorded_at)
       from (select leaf_id from audit_auditsequence
             where seq > coalesce((select checkpoint_id from last), 0) order by seq limit 1000) s
       join audit_auditleaf a on a.id = s.leaf_id),
      (select min(a.recorded_at)
       from (select leaf_id from audit_auditunplaced order by id limit 1000) u
       join audit_auditleaf a on a.id = u.leaf_id))
$$;
alter function audit_behind owner to recoup_policy;
revoke all on function audit_behind from public;
grant execute on function audit_behind to recoup_app, recoup_planner;

create policy begin on audit_auditleaf for select to recoup_owner using (true);
create policy begin on audit_auditunplaced for insert to recoup_owner with check (true);
insert into audit_auditunplaced (leaf_id)
  select id from audit_auditleaf order by recorded_at, stream, stream_seq;
drop policy begin on audit_auditleaf;
drop policy begin on audit_auditunplaced;
"""
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_places_and_checkpoints")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
