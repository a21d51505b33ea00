"""Everybody who wrote a request or a change of the law is kept, and decides nothing about it.

The database keeps the list itself, from who is acting, and refuses a decision, a hearing, a
confirmation or an approval by anybody on it. Those who wrote in what exists already are taken from
its author and its replies. A decision keeps the law that it was made under; an addressee may ask
whether an oral order was put into writing, and learns nothing else of the decision.
"""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from recoup.apps.at_once import at_once

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
KINDS = [
    "asked", "replied", "authorised", "narrowed", "refused", "written", "confirmed",
    "not_confirmed", "not_said",
]  # fmt: skip

# What exists, before anybody relies on it. The owner of the tables sees no rows otherwise.
BEFORE = """
alter table lawful_requests_request no force row level security;
alter table lawful_requests_decision no force row level security;
alter table lawful_requests_packdraft no force row level security;
update lawful_requests_request r set
  hands = array(select r.author_id union select d.person_id from lawful_requests_decision d
    where d.request_id = r.id and d.kind = 'replied'),
  submitter_id = case when r.submitted_at is not null then coalesce(
    (select d.person_id from lawful_requests_decision d
     where d.request_id = r.id and d.kind = 'replied' order by d.number desc limit 1),
    r.author_id) end;
alter table lawful_requests_packdraft disable trigger packdraft_frozen;
update lawful_requests_packdraft set hands = array[author_id];
alter table lawful_requests_packdraft enable trigger packdraft_frozen;
alter table lawful_requests_request force row level security;
alter table lawful_requests_decision force row level security;
alter table lawful_requests_packdraft force row level security;
"""

SQL = f"""
create function request_hands() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and not new.hands @> old.hands then
    raise exception 'who wrote request % stays known', old.reference;
  end if;
  if {PERSON} is not null and not new.hands @> array[{PERSON}] and (tg_op = 'INSERT'
    or (old.content, old.measure, old.danger, old.version)
      is distinct from (new.content, new.measure, new.danger, new.version)
    or (old.state in ('drafted', 'asked') and new.state = 'submitted')) then
    new.hands := new.hands || {PERSON};
  end if;
  return new;
end $$;
create trigger request_hands before insert or update on lawful_requests_request
  for each row execute function request_hands();
grant update (hands, submitter_id) on lawful_requests_request to recoup_app;

create function file_hands() returns trigger language plpgsql as $$
begin
  if new.request_id is not null and new.issuer_id = {ORG} then
    update lawful_requests_request set hands = hands || new.person_id
    where id = new.request_id and not hands @> array[new.person_id];
  end if;
  return new;
end $$;
create trigger file_hands before insert on lawful_requests_requestfile
  for each row execute function file_hands();

create function decision_by_others() returns trigger language plpgsql as $$
declare written uuid[];
begin
  select r.hands || r.author_id into written from lawful_requests_request r
  where r.id = new.request_id;
  if new.kind not in ('replied', 'not_said')
    and (new.person_id = any(written) or new.heard_by_id = any(written)) then
    raise exception 'decision_by_another: who wrote a request neither decides on it nor hears it'
      using errcode = '23514';
  end if;
  if new.kind = 'confirmed' and exists (select 1 from lawful_requests_decision d
    where d.request_id = new.request_id and d.kind in ('authorised', 'narrowed')
      and new.person_id in (d.person_id, d.heard_by_id)) then
    raise exception 'decision_confirmed_by_a_third: who decided or heard it does not confirm it'
      using errcode = '23514';
  end if;
  return new;
end $$;
create trigger decision_by_others before insert on lawful_requests_decision
  for each row execute function decision_by_others();

create function packdraft_hands() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and not new.hands @> old.hands then
    raise exception 'who wrote a change of the law stays known';
  end if;
  if {PERSON} is not null and not new.hands @> array[{PERSON}] and (tg_op = 'INSERT'
    or (old.body, old.digest, old.ground, old.comes_into_force_on)
      is distinct from (new.body, new.digest, new.ground, new.comes_into_force_on)
    or (old.state = 'drafted' and new.state = 'submitted')) then
    new.hands := new.hands || {PERSON};
  end if;
  if new.approver_id = any(new.hands || new.author_id) then
    raise exception 'draft_two_people: who wrote a change of the law does not approve it'
      using errcode = '23514';
  end if;
  return new;
end $$;
create trigger packdraft_hands before insert or update on lawful_requests_packdraft
  for each row execute function packdraft_hands();

grant select on lawful_requests_decision to recoup_policy;
create function refused_before(which uuid)
  returns table (reference text, authority text, kind text, ground text, decided_at timestamptz)
  language sql stable security definer set search_path = public as $$
  with own as (select q.* from lawful_requests_request q
    where q.id = which and q.submitted_at is not null
      and {ORG} in (q.issuer_id, q.authority_id, q.confirmer_id)),
  named as (select i ->> 'value' as value from own,
    jsonb_array_elements(own.content -> 'targets') t, jsonb_array_elements(t -> 'identifiers') i)
  select q.reference::text, o.name::text, d.kind::text, d.ground::text, d.decided_at
  from own join lawful_requests_request q on q.issuer_id = own.issuer_id
    and q.measure = own.measure and q.id <> own.id
  join lawful_requests_decision d on d.request_id = q.id
    and d.kind in ('refused', 'not_confirmed', 'not_said')
  join members_organisation o on o.id = d.authority_id
  where d.decided_at > now() - interval '1 year' and exists (
    select 1 from jsonb_array_elements(q.content -> 'targets') t,
      jsonb_array_elements(t -> 'identifiers') i
    where i ->> 'value' in (select value from named))
  order by d.decided_at desc limit 8
$$;
alter function refused_before owner to recoup_policy;
revoke all on function refused_before from public;
grant execute on function refused_before to recoup_app;

create function is_in_their_words(which uuid) returns boolean
  language sql stable security definer set search_path = public as $$
  select d.heard_by_id is null or exists (select 1 from lawful_requests_decision w
    where w.request_id = d.request_id and w.kind = 'written' and w.person_id = d.person_id)
  from lawful_requests_ticket t join lawful_requests_decision d on d.id = t.decision_id
  where t.id = which and (t.issuer_id = {ORG} or t.addressee_id = {ORG})
$$;
alter function is_in_their_words owner to recoup_policy;
revoke all on function is_in_their_words from public;
grant execute on function is_in_their_words to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lawful_requests", "0009_changes_of_the_law"),
        ("members", "0009_more_kinds"),
    ]

    operations = [
        migrations.AddField(
            "request", "hands", ArrayField(models.UUIDField(), default=list)
        ),
        migrations.AddField(
            "request", "submitter",
            models.ForeignKey(
                "members.Person", django.db.models.deletion.PROTECT, null=True, related_name="+",
                db_index=False, help_text="Who submitted it or replied last, and answers for it.",
            ),
        ),
        migrations.AddField(
            "request", "never_confirmed_at",
            models.DateTimeField(
                null=True, help_text="When what left was still not confirmed, its time being over."
            ),
        ),
        migrations.AddField(
            "request", "tries",
            models.SmallIntegerField(default=0, help_text="How often opening it failed."),
        ),
        migrations.AddField(
            "request", "try_at",
            models.DateTimeField(null=True, help_text="Not tried again before."),
        ),
        migrations.AddField(
            "decision", "pack",
            models.ForeignKey(
                "lawful_requests.PackVersion", django.db.models.deletion.PROTECT, null=True,
                related_name="+", db_index=False,
                help_text="The law that was in force when it was decided.",
            ),
        ),
        migrations.RemoveConstraint("decision", "decision_kind_known"),
        migrations.AddConstraint(
            "decision",
            models.CheckConstraint(
                name="decision_kind_known", condition=models.Q(kind__in=KINDS)
            ),
        ),
        migrations.AddField(
            "packdraft", "hands", ArrayField(models.UUIDField(), default=list)
        ),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]  # fmt: skip
    operations = at_once(operations)
