"""One person looks into one case of others for an hour at most, since somebody is in danger.

Only ``glass_open`` makes such a row, and it writes the notices and the review with it: a statement
of the pages' own log-in can do no less. What it opens, a policy on cases opens, and only in a
transaction that names the case (``recoup.glass``). In such a transaction a restrictive policy
refuses every write but that of the log, on every table that the pages may write: looking never
becomes acting. ``glass_guard`` makes these policies; a migration with a new table calls it again.
"""

import datetime
import django.db.models.deletion
import django.db.models.expressions
import uuid
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
GLASS = "nullif(current_setting('recoup.glass', true), '')::uuid"
IN_FORCE = "m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())"
LOOKING = "('officer', 'duty_officer', 'prosecutor', 'fiu_officer')"
HEADS = "('unit_head', 'fiu_head', 'prosecutor', 'supervisor', 'duty_officer', 'judge')"
HUB = """(select m.organisation_id from members_mandate m where m.role = 'hub_officer'
    and m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())
    order by m.valid_from, m.id limit 1)"""

SQL = f"""
alter table cases_breakglass enable row level security;
alter table cases_breakglass force row level security;
create policy hub on cases_breakglass to recoup_planner using (true) with check (true);
create policy carry_out on cases_breakglass to recoup_policy using (true) with check (true);
create policy see on cases_breakglass for select to recoup_app
  using (organisation_id = {ORG} or owner_id = {ORG} or is_hub_officer());
grant select on cases_breakglass to recoup_app, recoup_planner, recoup_policy;
grant update (escalated_at) on cases_breakglass to recoup_planner;
grant insert, update (ended_at, reviewed_by_id, reviewed_at, is_justified, review_note)
  on cases_breakglass to recoup_policy;
create policy tell on cases_task for insert to recoup_policy with check (true);
create policy told on cases_task for select to recoup_policy using (true);
create policy done_by on cases_task for update to recoup_policy using (true);
grant select, insert, update (done_at) on cases_task to recoup_policy;

create function glass_opens(which uuid) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from cases_breakglass g
    join members_mandate m on m.person_id = g.person_id and m.organisation_id = g.organisation_id
    where g.case_id = which and g.person_id = {PERSON} and g.organisation_id = {ORG}
      and g.ended_at is null and g.until > now() and m.role in {LOOKING} and {IN_FORCE})
$$;
create policy glass on cases_case for select to recoup_app
  using (id = {GLASS} and glass_opens(id));

create function glass_head(of_org bigint, but uuid) returns uuid
  language sql stable security definer set search_path = public as $$
  select m.person_id from members_mandate m
  where m.organisation_id = of_org and m.person_id is distinct from but and {IN_FORCE}
    and m.role in ('unit_head', 'fiu_head', 'prosecutor', 'supervisor', 'duty_officer', 'judge',
      'hub_officer')
  order by not m.is_on_duty, m.valid_from, m.id limit 1
$$;

create function glass_tell(which uuid, of_kind text, to_org bigint, to_person uuid, told jsonb,
    due timestamptz) returns void
  language sql security definer set search_path = public as $$
  insert into cases_task (id, owner_id, issuer_id, person_id, kind, about, level, values,
    opened_at, due_at)
  values (gen_random_uuid(), to_org, to_org, to_person, of_kind, which, 0, told, now(), due)
  on conflict (about, kind, level) do nothing
$$;

create function glass_open(ref text, peril text, why text, minutes integer, review interval,
    often integer) returns uuid
  language plpgsql security definer set search_path = public as $$
declare who uuid := {PERSON}; org bigint := {ORG}; k cases_case; made uuid := gen_random_uuid();
  desk bigint := {HUB}; told jsonb;
begin
  if who is null or org is null or not exists (select from members_mandate m
      where m.person_id = who and m.organisation_id = org and m.role in {LOOKING} and {IN_FORCE})
    then raise exception using errcode = 'RC002', message = 'not for this role';
  end if;
  if desk is null then
    raise exception using errcode = 'RC005', message = 'nobody to tell';
  end if;
  select * into k from cases_case where reference = ref;
  if k.id is null then raise exception using errcode = 'RC001', message = 'no such case'; end if;
  if k.visible_to @> array[org] then
    raise exception using errcode = 'RC003', message = 'open to you as it is';
  end if;
  if exists (select from cases_breakglass g where g.person_id = who and g.case_id = k.id
      and g.ended_at is null and g.until > now()) then
    raise exception using errcode = 'RC004', message = 'open already';
  end if;
  insert into cases_breakglass (id, organisation_id, person_id, case_id, owner_id, reference,
    danger, ground, opened_at, until, review_note)
  values (made, org, who, k.id, k.owner_id, k.reference, peril, why, now(),
    now() + make_interval(mins => minutes), '');
  told := jsonb_build_object('place',
    (select p.full_name || ', ' || o.name || ': ' || k.reference from members_person p,
      members_organisation o where p.id = who and o.id = org), 'glass', made);
  perform glass_tell(made, 'glass_opened', k.owner_id, glass_head(k.owner_id, who), told,
    now() + interval '1 hour');
  perform glass_tell(made, 'glass_opened_hub', desk, glass_head(desk, who), told,
    now() + interval '1 hour');
  perform glass_tell(made, 'glass_opened_home', org, glass_head(org, who), told,
    now() + interval '1 hour');
  perform glass_tell(made, 'glass_review', k.owner_id, glass_head(k.owner_id, who), told,
    now() + review);
  if (select count(*) from cases_breakglass g where g.person_id = who
      and g.opened_at > now() - interval '7 days') >= often then
    perform glass_tell(made, 'glass_often', desk, glass_head(desk, who), told,
      now() + interval '1 day');
  end if;
  return made;
end $$;

create function glass_end(which uuid) returns boolean
  language sql security definer set search_path = public as $$
  update cases_breakglass g set ended_at = now()
  where g.id = which and g.ended_at is null and g.until > now() and {PERSON} is not null
    and (g.person_id = {PERSON} or g.owner_id = {ORG} or g.organisation_id = {ORG}
      or is_hub_officer())
    and exists (select from members_mandate m where m.person_id = {PERSON}
      and m.organisation_id = {ORG} and {IN_FORCE})
  returning true
$$;

create function glass_review(which uuid, justified boolean, note text) returns boolean
  language plpgsql security definer set search_path = public as $$
declare who uuid := {PERSON}; org bigint := {ORG}; g cases_breakglass; told jsonb;
begin
  select * into g from cases_breakglass where id = which for update;
  if g.id is null or g.reviewed_at is not null
      or (g.ended_at is null and g.until > now()) then return false; end if;
  if who is null or who = g.person_id or not (is_hub_officer() or (g.owner_id = org
      and exists (select from members_mandate m where m.person_id = who
        and m.organisation_id = org and m.role in {HEADS} and {IN_FORCE}))) then
    raise exception using errcode = 'RC002', message = 'another person';
  end if;
  update cases_breakglass set reviewed_by_id = who, reviewed_at = now(), is_justified = justified,
    review_note = note where id = which;
  update cases_task set done_at = now()
    where about = which and done_at is null and kind in ('glass_review', 'glass_late');
  if not justified then
    told := jsonb_build_object('place', g.reference, 'glass', which);
    perform glass_tell(which, 'glass_unjustified', g.organisation_id,
      glass_head(g.organisation_id, g.person_id), told, now() + interval '1 day');
  end if;
  return true;
end $$;

alter function glass_opens owner to recoup_policy;
alter function glass_head owner to recoup_policy;
alter function glass_tell owner to recoup_policy;
alter function glass_open owner to recoup_policy;
alter function glass_end owner to recoup_policy;
alter function glass_review owner to recoup_policy;
revoke all on function glass_opens, glass_head, glass_tell, glass_open, glass_end, glass_review
  from public;
grant execute on function glass_opens, glass_open, glass_end, glass_review to recoup_app;
grant execute on function glass_head to recoup_planner;

create function glass_guard() returns void language plpgsql set search_path = public as $$
declare one record; name text;
begin
  for one in select distinct p.tablename, w.command
      from pg_policies p cross join (values ('insert'), ('update'), ('delete')) w (command)
      where p.schemaname = 'public' and p.permissive = 'PERMISSIVE'
        and ('recoup_app' = any(p.roles) or 'public' = any(p.roles))
        and lower(p.cmd) in (w.command, 'all')
        and p.tablename not in ('audit_auditleaf', 'audit_auditcommitment')
  loop
    name := 'glass_reads_only_' || one.command;
    if not exists (select from pg_policies g where g.tablename = one.tablename
        and g.policyname = name) then
      execute format('create policy %I on %I as restrictive for %s to recoup_app %s (%s)', name,
        one.tablename, one.command,
        case one.command when 'insert' then 'with check' else 'using' end,
        $g${GLASS} is null$g$);
    end if;
  end loop;
end $$;
revoke all on function glass_guard from public;
select glass_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0008_what_connects"),
        ("members", "0012_keys_that_end"),
        ("audit", "0006_row_level_security_of_checkpoints"),
        ("evidence", "0002_row_level_security"),
        ("guidelines", "0002_row_level_security"),
        ("holds", "0014_statement_profiles"),
        ("lawful_requests", "0013_one_final_answer"),
        ("ledgers", "0003_answers_by_a_function"),
        ("reports", "0004_fewer_indexes"),
        ("traces", "0004_later_transfers"),
    ]

    operations = [
        migrations.CreateModel(
            name="BreakGlass",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reference", models.CharField(max_length=16)),
                ("danger", models.CharField(max_length=12)),
                ("ground", models.CharField(max_length=2000)),
                ("opened_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("is_justified", models.BooleanField(null=True)),
                ("review_note", models.CharField(blank=True, max_length=2000)),
                ("escalated_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.case",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "-until"], name="glass_person"),
                    models.Index(fields=["owner", "-opened_at"], name="glass_owner"),
                    models.Index(
                        condition=models.Q(("reviewed_at", None)),
                        fields=["opened_at"],
                        name="glass_unreviewed",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__gt", models.F("opened_at")),
                            (
                                "until__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("opened_at"),
                                    "+",
                                    models.Value(datetime.timedelta(seconds=3600)),
                                ),
                            ),
                        ),
                        name="glass_an_hour_at_most",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ground", ""), _negated=True),
                            models.Q(("danger", ""), _negated=True),
                        ),
                        name="glass_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by", None),
                            models.Q(("reviewed_by", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="glass_reviewed_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("is_justified", None), ("reviewed_at", None), ("reviewed_by", None)
                            ),
                            models.Q(
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                ("is_justified__isnull", False),
                                models.Q(("review_note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="glass_reviewed_whole",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
