"""Passkeys, codes, and changes about who may sign in, which take two persons.

The pages hold no right to make a passkey, a person, a mandate or a log-in. Definer functions do it,
and only for what another natural person, of the hub's desk, has agreed to: ``change_decide``
carries out what was proposed, ``passkey_enrol`` and ``code_enrol`` ask for both words of the pass.
``member_suspend`` and ``mandate_end`` need one person: taking a right away must not wait.

Whatever changes somebody's mandate or switches their log-in on or off, whichever way it is written,
gives their log-ins another ``session_mark``: their sessions end, and open pages are told at once.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from recoup.apps.at_once import at_once

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
IN_FORCE = "m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())"
SQL = f"""
grant select on members_passkey to recoup_app, recoup_policy;
grant update (sign_count, last_used_at) on members_passkey to recoup_app;
grant insert, update (ended_at) on members_passkey to recoup_policy;
grant select on members_codesecret to recoup_app, recoup_policy;
grant update (last_step) on members_codesecret to recoup_app;
grant insert, delete on members_codesecret to recoup_policy;
grant select, insert on members_person, members_mandate, members_login to recoup_policy;
grant update (valid_from, valid_until) on members_mandate to recoup_policy;
grant update (is_active) on members_login to recoup_policy;

create function is_hub_officer() returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from members_mandate m where m.person_id = {PERSON}
    and m.organisation_id = {ORG} and m.role = 'hub_officer' and {IN_FORCE})
$$;
alter function is_hub_officer owner to recoup_policy;
revoke all on function is_hub_officer from public;
grant execute on function is_hub_officer to recoup_app;

alter table members_memberchange enable row level security;
alter table members_memberchange force row level security;
create policy owner_all on members_memberchange to recoup_owner using (true) with check (true);
create policy carry_out on members_memberchange to recoup_policy using (true) with check (true);
create policy see on members_memberchange for select to recoup_app
  using (organisation_id = {ORG} or is_hub_officer());
create policy propose on members_memberchange for insert to recoup_app
  with check (organisation_id = {ORG} and proposed_by_id = {PERSON} and decided_by_id is null
    and is_agreed is null and devices_left = 0
    and exists (select 1 from members_mandate m where m.person_id = {PERSON}
      and m.organisation_id = {ORG} and {IN_FORCE}));
grant select, insert on members_memberchange to recoup_app;
grant select, update on members_memberchange to recoup_policy;

create function change_decide(which uuid, agreed boolean, second bytea) returns bigint
  language plpgsql security definer set search_path = public as $$
declare c members_memberchange; who uuid := {PERSON}; found_login bigint; found_person uuid;
begin
  select * into c from members_memberchange where id = which for update;
  if c.id is null or c.decided_by_id is not null or c.proposed_at < now() - interval '7 days' then
    raise exception using errcode = 'RC001', message = 'not open';
  end if;
  if who is null or not is_hub_officer() or who = c.proposed_by_id or who = c.person_id then
    raise exception using errcode = 'RC002', message = 'another person';
  end if;
  if c.kind <> 'enrol' and not exists (select from members_mandate m
      join members_login l on l.person_id = m.person_id
      where m.person_id = c.person_id and m.organisation_id = c.organisation_id and {IN_FORCE}
        and (c.login_id is null or l.id = c.login_id)) then
    raise exception using errcode = 'RC001', message = 'not of this organisation';
  end if;
  found_person := c.person_id;
  found_login := c.login_id;
  if agreed and c.kind = 'enrol' then
    select id into found_person from members_person
      where c.email <> '' and lower(email) = lower(c.email) and not is_system;
    if found_person = who or found_person = c.proposed_by_id then
      raise exception using errcode = 'RC002', message = 'another person';
    end if;
    if found_person is null then
      insert into members_person (id, full_name, email, is_system)
      values (gen_random_uuid(), c.full_name, c.email, false) returning id into found_person;
    end if;
    insert into members_login (password, username, email, person_id, is_active, session_mark)
    values ('!', c.username, c.email, found_person, true, gen_random_uuid())
    returning id into found_login;
  end if;
  if agreed and c.kind in ('enrol', 'mandate') then
    insert into members_mandate (id, person_id, organisation_id, role, valid_from, is_on_duty)
    values (gen_random_uuid(), found_person, c.organisation_id, c.role, now(), false)
    on conflict (person_id, organisation_id, role)
    do update set valid_from = now(), valid_until = null;
  end if;
  if agreed and c.kind = 'recover' then
    update members_passkey set ended_at = now() where login_id = c.login_id and ended_at is null;
    delete from members_codesecret where login_id = c.login_id;
    update members_login set session_mark = gen_random_uuid(), password = '!'
      where id = c.login_id;
  end if;
  if agreed and c.kind = 'reinstate' then
    update members_login set is_active = true where id = c.login_id;
  end if;
  update members_memberchange set decided_by_id = who, decided_at = now(), is_agreed = agreed,
    person_id = found_person, login_id = found_login, second_sha256 = second,
    expires_at = case when agreed and c.kind in ('enrol', 'recover')
      then now() + interval '72 hours' end,
    devices_left = case when agreed and c.kind in ('enrol', 'recover') then 2 else 0 end
  where id = which;
  return found_login;
end $$;

-- Asked with what the kept digests are made from: who reads the table can open nothing.
create function pass_of(first bytea, second bytea) returns table (change uuid, login bigint)
  language sql stable security definer set search_path = public as $$
  select c.id, c.login_id from members_memberchange c join members_login l on l.id = c.login_id
  where c.first_sha256 = sha256(first) and c.second_sha256 = sha256(second) and c.is_agreed
    and c.devices_left > 0 and c.expires_at > now() and l.is_active
$$;

create function passkey_enrol(first bytea, second bytea, credential bytea, key bytea, make uuid,
    signed bigint, called text) returns uuid
  language plpgsql security definer set search_path = public as $$
declare found record; made uuid := gen_random_uuid();
begin
  select p.change, p.login into found from pass_of(first, second) p;
  if found.change is null then return null; end if;
  update members_memberchange set devices_left = devices_left - 1,
    expires_at = least(expires_at, now() + interval '30 minutes') where id = found.change;
  insert into members_passkey (id, login_id, credential_id, public_key, aaguid, sign_count, name,
    made_at, made_under_id)
  values (made, found.login, credential, key, make, signed, called, now(), found.change);
  return made;
end $$;

create function code_enrol(first bytea, second bytea, secret bytea, step bigint, word text)
  returns boolean
  language plpgsql security definer set search_path = public as $$
declare found record;
begin
  select p.change, p.login into found from pass_of(first, second) p;
  if found.change is null then return false; end if;
  update members_memberchange set devices_left = devices_left - 1,
    expires_at = least(expires_at, now() + interval '30 minutes') where id = found.change;
  delete from members_codesecret where login_id = found.login;
  insert into members_codesecret (login_id, sealed, last_step, made_at)
  values (found.login, secret, step, now());
  update members_login set password = word, session_mark = gen_random_uuid()
    where id = found.login;
  return true;
end $$;

create function member_suspend(which uuid) returns integer
  language plpgsql security definer set search_path = public as $$
declare many integer;
begin
  if {PERSON} is null or which = {PERSON} then return 0; end if;
  if not is_hub_officer() and not exists (select from members_mandate m
      where m.person_id = which and m.organisation_id = {ORG} and {IN_FORCE}) then return 0; end if;
  update members_login set is_active = false where person_id = which and is_active;
  get diagnostics many = row_count;
  return many;
end $$;

create function mandate_end(which uuid) returns uuid
  language sql security definer set search_path = public as $$
  update members_mandate m set valid_until = now()
  where m.id = which and {IN_FORCE} and m.person_id <> {PERSON}
    and (m.organisation_id = {ORG} or is_hub_officer())
  returning m.person_id
$$;

create function members_session_ended() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  perform pg_notify('recoup_session', '');
  return null;
end $$;
create function members_login_switched() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  new.session_mark := gen_random_uuid();
  return new;
end $$;
create function members_mandate_changed() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  update members_login set session_mark = gen_random_uuid() where person_id = old.person_id;
  return null;
end $$;
create trigger login_switched before update of is_active on members_login for each row
  when (old.is_active is distinct from new.is_active) execute function members_login_switched();
create trigger session_ended after update on members_login for each row
  when (old.session_mark is distinct from new.session_mark)
  execute function members_session_ended();
create trigger mandate_changed
  after update of role, valid_from, valid_until, organisation_id, person_id on members_mandate
  for each row when (old.* is distinct from new.*) execute function members_mandate_changed();

alter function change_decide owner to recoup_policy;
alter function pass_of owner to recoup_policy;
alter function passkey_enrol owner to recoup_policy;
alter function code_enrol owner to recoup_policy;
alter function member_suspend owner to recoup_policy;
alter function mandate_end owner to recoup_policy;
alter function members_login_switched owner to recoup_policy;
alter function members_mandate_changed owner to recoup_policy;
revoke all on function change_decide, pass_of, passkey_enrol, code_enrol, member_suspend,
  mandate_end, members_session_ended, members_login_switched, members_mandate_changed from public;
grant execute on function change_decide, pass_of, passkey_enrol, code_enrol, member_suspend,
  mandate_end to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0010_duties"),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeSecret",
            fields=[
                (
                    "login",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sealed",
                    models.BinaryField(
                        help_text="AES-GCM; the key is not in here.", max_length=200
                    ),
                ),
                (
                    "last_step",
                    models.BigIntegerField(default=0, help_text="The half minute last used."),
                ),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="MemberChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("full_name", models.CharField(blank=True, max_length=120)),
                ("email", models.CharField(blank=True, max_length=120)),
                ("username", models.CharField(blank=True, max_length=64)),
                ("role", models.CharField(blank=True, max_length=24)),
                ("ground", models.CharField(max_length=300)),
                ("proposed_at", models.DateTimeField()),
                ("first_sha256", models.BinaryField(max_length=32)),
                ("decided_at", models.DateTimeField(null=True)),
                ("is_agreed", models.BooleanField(null=True)),
                ("second_sha256", models.BinaryField(max_length=32, null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("devices_left", models.SmallIntegerField(default=0)),
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
                    "login",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
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
            ],
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("credential_id", models.BinaryField(max_length=1023, unique=True)),
                (
                    "public_key",
                    models.BinaryField(help_text="COSE, as the device gave it.", max_length=2000),
                ),
                ("aaguid", models.UUIDField(help_text="Which make of device it says it is.")),
                ("sign_count", models.BigIntegerField(default=0)),
                ("name", models.CharField(max_length=60)),
                ("made_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "login",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passkeys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_under",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passkeys",
                        to="members.memberchange",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="memberchange",
            index=models.Index(fields=["organisation", "proposed_at"], name="change_organisation"),
        ),
        migrations.AddConstraint(
            model_name="memberchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["enrol", "recover", "mandate", "reinstate"])),
                name="change_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="memberchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="change_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="memberchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("person", None),
                    models.Q(
                        models.Q(("proposed_by", models.F("person")), _negated=True),
                        models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="change_not_of_oneself",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
    operations = at_once(operations)
