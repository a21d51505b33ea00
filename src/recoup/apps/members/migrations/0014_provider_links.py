"""Who is who in the state's own sign-in: a link that a person makes and ends for themselves.

The pages hold no right to the table but to read one's own rows. ``provider_link_make`` links only
the person whose request it is, ``provider_link_end`` ends only theirs and with it their sessions,
and ``provider_login`` tells whose log-in a digest is, before anybody is known. A new passkey for a
lost one ends the links as it ends passkeys, codes, password and sessions.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
IN_FORCE = "m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())"
SQL = f"""
alter table members_providerlink enable row level security;
alter table members_providerlink force row level security;
create policy owner_all on members_providerlink to recoup_owner using (true) with check (true);
create policy carry_out on members_providerlink to recoup_policy using (true) with check (true);
create policy own on members_providerlink for select to recoup_app
  using (exists (select from members_login l where l.id = login_id and l.person_id = {PERSON}));
grant select on members_providerlink to recoup_app;
grant select, insert, update (ended_at) on members_providerlink to recoup_policy;

create function provider_login(mac bytea) returns bigint
  language sql stable security definer set search_path = public as $$
  select k.login_id from members_providerlink k where k.subject_mac = mac and k.ended_at is null
$$;

create function provider_link_make(of_login bigint, mac bytea) returns uuid
  language plpgsql security definer set search_path = public as $$
declare made uuid;
begin
  if not exists (select from members_login l join members_mandate m on m.person_id = l.person_id
      where l.id = of_login and l.is_active and l.person_id = {PERSON}
        and m.organisation_id = {ORG} and {IN_FORCE}) then return null; end if;
  insert into members_providerlink (id, login_id, subject_mac, linked_at)
  values (gen_random_uuid(), of_login, mac, now()) on conflict do nothing returning id into made;
  return made;
end $$;

create function provider_link_end(which uuid) returns uuid
  language plpgsql security definer set search_path = public as $$
declare of_login bigint; mark uuid := gen_random_uuid();
begin
  update members_providerlink k set ended_at = now() from members_login l
    where k.id = which and k.ended_at is null and l.id = k.login_id and l.person_id = {PERSON}
    returning k.login_id into of_login;
  if of_login is null then return null; end if;
  update members_login set session_mark = mark where id = of_login;
  return mark;
end $$;

create function provider_links_recovered() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  update members_providerlink set ended_at = now()
    where login_id = new.login_id and ended_at is null;
  return null;
end $$;
create trigger provider_links_recovered after update of is_agreed on members_memberchange
  for each row when (new.kind = 'recover' and new.is_agreed)
  execute function provider_links_recovered();

alter function provider_login owner to recoup_policy;
alter function provider_link_make owner to recoup_policy;
alter function provider_link_end owner to recoup_policy;
alter function provider_links_recovered owner to recoup_policy;
revoke all on function provider_login, provider_link_make, provider_link_end,
  provider_links_recovered from public;
grant execute on function provider_login, provider_link_make, provider_link_end to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0013_directory_cools_down")]

    operations = [
        migrations.CreateModel(
            name="ProviderLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_mac", models.BinaryField(max_length=32)),
                ("linked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "login",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="provider_links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("subject_mac",),
                        name="provider_link_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("login",),
                        name="provider_link_one_each",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
