"""A machine's key that a page makes works after a day, or once another organisation has agreed.

With a stolen session of one officer nobody speaks for an institution within minutes: a colleague
there is told at once and ends the key, or the hub's desk, of another organisation, calls the number
of the directory and agrees or refuses. The day is a condition of the table. A key by command works
at once: whoever gives it has the database. Keys of before are a day old, or begin when they are.
"""

import datetime

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
IN_FORCE = "m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())"
MADE = """
update members_apikey set works_from = created_at + interval '1 day' where made_by_id is not null;
"""
SQL = f"""
grant update (works_from, agreed_by_id, agreed_for_id, agreed_told) on members_apikey
  to recoup_policy;

create function key_tell(which uuid, of_kind text, org bigint, but uuid, due timestamptz)
  returns void language sql security definer set search_path = public as $$
  select glass_tell(which, of_kind, org, glass_head(org, but), jsonb_build_object('key',
    (select k.name from members_apikey k where k.id = which)), due)
$$;

create or replace function key_issue(digest bytea, called text, acts jsonb, days integer)
  returns uuid language plpgsql security definer set search_path = public as $$
declare of_machine uuid; who uuid; made uuid := gen_random_uuid();
begin
  if not is_of_organisation() or days not between 1 and 90 then return null; end if;
  select m.id into of_machine from members_mandate m join members_person p on p.id = m.person_id
    where m.organisation_id = {ORG} and m.role = 'machine' and p.is_system and {IN_FORCE}
    order by m.valid_from limit 1;
  if of_machine is null then
    insert into members_person (id, full_name, email, is_system)
    select gen_random_uuid(), left('System of ' || o.name, 120), '', true
    from members_organisation o where o.id = {ORG} returning id into who;
    insert into members_mandate (id, person_id, organisation_id, role, valid_from, is_on_duty)
    values (gen_random_uuid(), who, {ORG}, 'machine', now(), false) returning id into of_machine;
  end if;
  insert into members_apikey (id, mandate_id, key_sha256, created_at, name, scope, expires_at,
    made_by_id, works_from)
  values (made, of_machine, digest, now(), called, acts,
    now() + interval '1 day' + make_interval(days => days), {PERSON}, now() + interval '1 day');
  perform key_tell(made, 'key_made', {ORG}, {PERSON}, now() + interval '1 day');
  return made;
end $$;

create or replace function key_end(which uuid) returns boolean
  language plpgsql security definer set search_path = public as $$
begin
  if not is_of_organisation() then return false; end if;
  update members_apikey k set revoked_at = now() from members_mandate m
    where k.id = which and m.id = k.mandate_id and m.organisation_id = {ORG}
      and k.revoked_at is null;
  if not found then return false; end if;
  update cases_task set done_at = now() where about = which and done_at is null
    and kind in ('key_made', 'key_agreed');
  return true;
end $$;

create function key_decide(which uuid, agreed boolean, answered text) returns boolean
  language plpgsql security definer set search_path = public as $$
declare k members_apikey; who uuid := {PERSON}; org bigint := {ORG}; of_org bigint;
begin
  select * into k from members_apikey where id = which for update;
  if k.id is null or k.revoked_at is not null or k.works_from is null or k.works_from <= now()
    then return false;
  end if;
  select m.organisation_id into of_org from members_mandate m where m.id = k.mandate_id;
  if who is null or not is_hub_officer() or org = of_org or who = k.made_by_id
      or exists (select from members_mandate m where m.person_id = who
        and m.organisation_id = of_org and {IN_FORCE}) then
    raise exception using errcode = 'RC002', message = 'another person of another organisation';
  end if;
  update cases_task set done_at = now() where about = which and done_at is null
    and kind = 'key_made';
  if agreed then
    update members_apikey set works_from = now(), agreed_by_id = who, agreed_for_id = org,
      agreed_told = answered where id = which;
  else
    update members_apikey set revoked_at = now() where id = which;
  end if;
  perform key_tell(which, case when agreed then 'key_agreed' else 'key_refused' end, of_org,
    k.made_by_id, now() + interval '1 day');
  return true;
end $$;

alter function key_tell owner to recoup_policy;
alter function key_decide owner to recoup_policy;
revoke all on function key_tell, key_decide from public;
grant execute on function key_decide to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0014_provider_links"),
        ("cases", "0009_break_glass"),
    ]

    operations = [
        migrations.AddField("apikey", "works_from", models.DateTimeField(null=True)),
        migrations.AddField(
            "apikey",
            "agreed_by",
            models.ForeignKey(
                "members.Person",
                django.db.models.deletion.PROTECT,
                null=True,
                related_name="+",
                db_index=False,
            ),
        ),
        migrations.AddField(
            "apikey",
            "agreed_for",
            models.ForeignKey(
                "members.Organisation",
                django.db.models.deletion.PROTECT,
                null=True,
                related_name="+",
                db_index=False,
            ),
        ),
        migrations.AddField(
            "apikey",
            "agreed_told",
            models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.RunSQL(MADE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "apikey",
            models.CheckConstraint(
                name="key_cools_down",
                condition=models.Q(made_by=None)
                | models.Q(
                    works_from__isnull=False,
                    works_from__gte=models.F("created_at") + datetime.timedelta(days=1),
                )
                | (
                    models.Q(works_from__isnull=False, agreed_for__isnull=False)
                    & models.Q(agreed_by__isnull=False)
                    & ~models.Q(agreed_by=models.F("made_by"))
                    & ~models.Q(agreed_told="")
                ),
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
