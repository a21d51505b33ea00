"""A machine's key has a name, may be for some acts only, ends by itself, and says when it was used.

Keys are made by the organisation's officer on a page, and only by the function: the pages hold no
right to the table but to read it. What a key is stays unknown to the database, which has its digest.
"""

from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
IN_FORCE = "m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())"
SQL = f"""
update members_apikey set expires_at = now() + interval '90 days' where expires_at is null;
grant select, insert, update (revoked_at, last_used_at) on members_apikey to recoup_policy;

create function is_of_organisation() returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from members_mandate m join members_person p on p.id = m.person_id
    where m.person_id = {PERSON} and m.organisation_id = {ORG} and not p.is_system and {IN_FORCE})
$$;

create function key_issue(digest bytea, called text, acts jsonb, days integer) returns uuid
  language plpgsql security definer set search_path = public as $$
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
    made_by_id)
  values (made, of_machine, digest, now(), called, acts, now() + make_interval(days => days),
    {PERSON});
  return made;
end $$;

create function key_end(which uuid) returns boolean
  language plpgsql security definer set search_path = public as $$
begin
  if not is_of_organisation() then return false; end if;
  update members_apikey k set revoked_at = now() from members_mandate m
    where k.id = which and m.id = k.mandate_id and m.organisation_id = {ORG}
      and k.revoked_at is null;
  return found;
end $$;

create function key_used(which uuid) returns void
  language sql volatile security definer set search_path = public as $$
  update members_apikey set last_used_at = now()
    where id = which and (last_used_at is null or last_used_at < now() - interval '1 minute')
$$;
alter function is_of_organisation owner to recoup_policy;
alter function key_issue owner to recoup_policy;
alter function key_end owner to recoup_policy;
alter function key_used owner to recoup_policy;
revoke all on function is_of_organisation, key_issue, key_end, key_used from public;
grant execute on function key_issue, key_end, key_used to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0011_sign_in")]

    operations = [
        migrations.AddField(
            "apikey", "name", models.CharField(max_length=60, blank=True, default="")
        ),
        migrations.AddField(
            "apikey", "scope", models.JSONField(null=True, help_text="Acts; null for all it may.")
        ),
        migrations.AddField("apikey", "expires_at", models.DateTimeField(null=True)),
        migrations.AddField("apikey", "last_used_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "apikey", "made_by",
            models.ForeignKey(
                "members.Person", models.PROTECT, null=True, related_name="+", db_index=False
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]  # fmt: skip
