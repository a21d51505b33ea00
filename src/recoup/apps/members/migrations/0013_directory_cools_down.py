"""An entry of the directory changes under two organisations, after a day, and can be stopped.

The pages have no right to write the directory or these rows: functions do it. ``directory_propose``
takes what somebody who leads a desk wants for the own organisation, and tells a colleague;
``directory_decide`` takes the word of the hub's desk, of another organisation, with who answered
under the *old* number; ``directory_act``, for the clock alone, carries out what has cooled down. The
day is a condition of the table: no caller can ask for less.
"""

import datetime
import django.db.models.deletion
import django.db.models.expressions
import uuid
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
IN_FORCE = "m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())"
PROPOSING = "('supervisor', 'unit_head', 'fiu_head', 'prosecutor', 'judge', 'contact_point')"
COLUMNS = ["contact_name", "contact_name_sr", "contact_phone", "contact_email", "answers_by",
           "bank_code", "bic"]  # fmt: skip
KEYS = ", ".join(f"'{name}'" for name in [*COLUMNS, "hosted_add", "hosted_end"])
TAKE = ", ".join(f"{c} = coalesce(c.changes->>'{c}', o.{c})" for c in COLUMNS)
OPEN = "acted_at is null and stopped_at is null and is_agreed is not false"

SQL = f"""
alter table members_directorychange enable row level security;
alter table members_directorychange force row level security;
create policy hub on members_directorychange for select to recoup_planner using (true);
create policy carry_out on members_directorychange to recoup_policy using (true) with check (true);
create policy see on members_directorychange for select to recoup_app
  using (organisation_id = {ORG} or is_hub_officer());
grant select on members_directorychange to recoup_app, recoup_planner;
grant select, insert, update on members_directorychange to recoup_policy;
grant select, update ({", ".join(COLUMNS)}) on members_organisation to recoup_policy;
grant select, insert, delete on members_hostedidentifier to recoup_policy;

create function directory_tell(which uuid, of_kind text, org bigint, but uuid, due timestamptz)
  returns void language sql security definer set search_path = public as $$
  select glass_tell(which, of_kind, org, glass_head(org, but), jsonb_build_object('directory',
    (select o.name from members_directorychange c join members_organisation o
      on o.id = c.organisation_id where c.id = which)), due)
$$;

-- A bank's code decides whose an account is: nobody takes another's, nor an identifier it hosts.
create function directory_taken(org bigint, wanted jsonb) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from members_organisation o where o.id <> org
      and (o.bank_code <> '' and o.bank_code = wanted->>'bank_code'
        or o.bic <> '' and o.bic = wanted->>'bic'))
    or exists (select from members_hostedidentifier h, jsonb_array_elements(wanted->'hosted_add') e
      where h.institution_id <> org and h.scheme = e->>0 and h.ident = e->>1)
$$;

create function directory_propose(wanted jsonb, why text) returns uuid
  language plpgsql security definer set search_path = public as $$
declare who uuid := {PERSON}; org bigint := {ORG}; made uuid := gen_random_uuid(); desk bigint;
begin
  if who is null or not exists (select from members_mandate m where m.person_id = who
      and m.organisation_id = org and m.role in {PROPOSING} and {IN_FORCE}) then
    raise exception using errcode = 'RC002', message = 'not for this role';
  end if;
  if wanted = '{{}}' or exists (select from jsonb_object_keys(wanted) k where k not in ({KEYS}))
    then raise exception using errcode = 'RC006', message = 'not a field of the directory';
  end if;
  if directory_taken(org, wanted) then
    raise exception using errcode = 'RC007', message = 'somebody else has it';
  end if;
  if exists (select from members_directorychange c where c.organisation_id = org and {OPEN}) then
    raise exception using errcode = 'RC004', message = 'one at a time';
  end if;
  select m.organisation_id into desk from members_mandate m where m.role = 'hub_officer'
    and m.organisation_id <> org and {IN_FORCE} order by m.valid_from, m.id limit 1;
  if desk is null then
    raise exception using errcode = 'RC005', message = 'nobody of another organisation';
  end if;
  insert into members_directorychange (id, organisation_id, changes, before, ground,
    proposed_by_id, proposed_at, called_number, told, stop_ground)
  select made, org, wanted, coalesce((select jsonb_object_agg(k, to_jsonb(o)->k)
      from jsonb_object_keys(wanted) k where to_jsonb(o) ? k), '{{}}'),
    why, who, now(), '', '', ''
  from members_organisation o where o.id = org;
  perform directory_tell(made, 'directory_proposed', org, who, now() + interval '1 hour');
  perform directory_tell(made, 'directory_decide', desk, who, now() + interval '1 day');
  return made;
end $$;

create function directory_decide(which uuid, agreed boolean, answered text, hours integer)
  returns timestamptz language plpgsql security definer set search_path = public as $$
declare c members_directorychange; who uuid := {PERSON}; org bigint := {ORG}; due timestamptz;
begin
  select * into c from members_directorychange where id = which for update;
  if c.id is null or c.is_agreed is not null or c.stopped_at is not null
      or c.proposed_at < now() - interval '7 days' then
    raise exception using errcode = 'RC001', message = 'not open';
  end if;
  if who is null or not is_hub_officer() or who = c.proposed_by_id or org = c.organisation_id
      or exists (select from members_mandate m where m.person_id = who
        and m.organisation_id = c.organisation_id and {IN_FORCE}) then
    raise exception using errcode = 'RC002', message = 'another person of another organisation';
  end if;
  due := case when agreed then now() + make_interval(hours => hours) end;
  update members_directorychange set decided_by_id = who, decided_for_id = org,
    decided_at = now(), is_agreed = agreed, told = answered, acts_at = due,
    called_number = (select o.contact_phone from members_organisation o
      where o.id = c.organisation_id)
  where id = which;
  update cases_task set done_at = now() where about = which and kind = 'directory_decide'
    and done_at is null;
  if agreed then
    perform directory_tell(which, 'directory_agreed', c.organisation_id, c.proposed_by_id, due);
  end if;
  return due;
end $$;

create function directory_stop(which uuid, why text) returns boolean
  language sql security definer set search_path = public as $$
  update members_directorychange c set stopped_by_id = {PERSON}, stopped_at = now(),
    stop_ground = why
  where c.id = which and {OPEN} and (c.organisation_id = {ORG} or is_hub_officer())
    and exists (select from members_mandate m where m.person_id = {PERSON}
      and m.organisation_id = {ORG} and {IN_FORCE})
  returning true
$$;

create function directory_act() returns setof uuid
  language plpgsql security definer set search_path = public as $$
declare c members_directorychange;
begin
  for c in select * from members_directorychange where acted_at is null and stopped_at is null
      and is_agreed and decided_by_id is not null and decided_for_id <> organisation_id
      and acts_at <= now() order by acts_at for update skip locked
  loop
    if directory_taken(c.organisation_id, c.changes) then continue; end if;
    update members_organisation o set {TAKE} where o.id = c.organisation_id;
    delete from members_hostedidentifier h using jsonb_array_elements(c.changes->'hosted_end') e
      where h.institution_id = c.organisation_id and h.scheme = e->>0 and h.ident = e->>1;
    insert into members_hostedidentifier (institution_id, scheme, ident)
      select c.organisation_id, e->>0, e->>1 from jsonb_array_elements(c.changes->'hosted_add') e
      on conflict do nothing;
    update members_directorychange set acted_at = now() where id = c.id;
    return next c.id;
  end loop;
end $$;

create function directory_changed(since timestamptz)
  returns table (organisation_id bigint, acted_at timestamptz)
  language sql stable security definer set search_path = public as $$
  select c.organisation_id::bigint, max(c.acted_at) from members_directorychange c
  where c.acted_at > since group by 1
$$;

alter function directory_tell owner to recoup_policy;
alter function directory_taken owner to recoup_policy;
alter function directory_propose owner to recoup_policy;
alter function directory_decide owner to recoup_policy;
alter function directory_stop owner to recoup_policy;
alter function directory_act owner to recoup_policy;
alter function directory_changed owner to recoup_policy;
revoke all on function directory_tell, directory_taken, directory_propose, directory_decide, directory_stop,
  directory_act, directory_changed from public;
grant execute on function directory_propose, directory_decide, directory_stop, directory_changed
  to recoup_app;
grant execute on function directory_act to recoup_planner;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0012_keys_that_end"),
        ("cases", "0009_break_glass"),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectoryChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("changes", models.JSONField()),
                ("before", models.JSONField()),
                ("ground", models.CharField(max_length=300)),
                ("proposed_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("is_agreed", models.BooleanField(null=True)),
                ("called_number", models.CharField(blank=True, max_length=40)),
                (
                    "told",
                    models.CharField(
                        blank=True, help_text="Who answered, and what.", max_length=300
                    ),
                ),
                ("acts_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("stop_ground", models.CharField(blank=True, max_length=300)),
                ("acted_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "decided_for",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="members.organisation",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "stopped_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("acted_at", None)),
                        fields=["acts_at"],
                        name="directory_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="directory_two_persons",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_for", None),
                            models.Q(("decided_for", models.F("organisation")), _negated=True),
                            _connector="OR",
                        ),
                        name="directory_two_organisations",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acts_at", None),
                            (
                                "acts_at__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("decided_at"),
                                    "+",
                                    models.Value(datetime.timedelta(days=1)),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="directory_cools_down",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acted_at", None),
                            models.Q(
                                ("acted_at__gte", models.F("acts_at")),
                                ("is_agreed", True),
                                ("stopped_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="directory_acts_when_agreed",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("acted_at", None),
                            ("stopped_at", None),
                            models.Q(("is_agreed", None), ("is_agreed", True), _connector="OR"),
                        ),
                        fields=("organisation",),
                        name="directory_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
