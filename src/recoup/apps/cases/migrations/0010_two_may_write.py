"""A second person joins a look by break-glass; only then two acts may be done, by these functions.

``glass_guard`` stays as it is: no statement of the pages writes through an open glass, joined or
not. ``glass_join`` takes another natural person, of the same organisation or of the prosecutor's
office that directs it, while the glass is open. ``glass_act`` writes for one of the two, and only
while both have their mandates: a word to whose case it is, or that a report is adopted. Whoever
took part does not review, and what was not right goes back to whose case it is.
"""

import django.db.models.deletion
from django.db import migrations, models

from recoup.apps.at_once import at_once

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
IN_FORCE = "m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())"
LOOKING = "'officer', 'duty_officer', 'prosecutor', 'fiu_officer'"
JOINING = f"{LOOKING}, 'unit_head', 'fiu_head'"
HEADS = "('unit_head', 'fiu_head', 'prosecutor', 'supervisor', 'duty_officer', 'judge')"
HUB = """(select m.organisation_id from members_mandate m where m.role = 'hub_officer'
    and m.valid_from <= now() and (m.valid_until is null or m.valid_until > now())
    order by m.valid_from, m.id limit 1)"""
OPEN = "g.ended_at is null and g.until > now()"

SQL = f"""
grant update (joined_by_id, joined_for_id, joined_at, acts) on cases_breakglass to recoup_policy;
grant update (person_id) on cases_task to recoup_policy;
grant insert on cases_caseevent, holds_planwanted to recoup_policy;
grant update (version, changed_at) on cases_case to recoup_policy;
grant update (adopted_at, adopted_by_id, possible_double_of_id) on holds_claim to recoup_policy;
create policy carry_out on cases_caseevent for insert to recoup_policy with check (true);
create policy carry_out on holds_planwanted for insert to recoup_policy with check (true);
create policy carry_out on holds_claim for update to recoup_policy using (true) with check (true);

-- The prosecutor's office of a country directs its police.
create function glass_directs(of_org bigint) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from members_organisation o join members_organisation p
    on p.country = o.country where o.id = {ORG} and o.kind = 'prosecutor'
      and p.id = of_org and p.kind = 'police')
$$;
drop policy see on cases_breakglass;
create policy see on cases_breakglass for select to recoup_app
  using (organisation_id = {ORG} or owner_id = {ORG} or joined_for_id = {ORG} or is_hub_officer()
    or (ended_at is null and until > now() and glass_directs(organisation_id)));

create function glass_holds(who uuid, org bigint, of_roles text[]) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from members_mandate m where m.person_id = who
    and m.organisation_id = org and m.role = any(of_roles) and {IN_FORCE})
$$;

create or replace function glass_opens(which uuid) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from cases_breakglass g
    join members_mandate m on m.person_id = g.person_id and m.organisation_id = g.organisation_id
    where g.case_id = which and g.person_id = {PERSON} and g.organisation_id = {ORG}
      and g.ended_at is null and g.until > now() and m.role in ({LOOKING}) and {IN_FORCE})
  or exists (select from cases_breakglass g where g.case_id = which and {OPEN}
    and g.joined_by_id = {PERSON} and g.joined_for_id = {ORG}
    and glass_holds({PERSON}, {ORG}, array[{JOINING}]))
$$;

-- Who leads a desk and took no part.
create function glass_apart(which uuid, of_org bigint) returns uuid
  language sql stable security definer set search_path = public as $$
  select m.person_id from members_mandate m, cases_breakglass g
  where g.id = which and m.organisation_id = of_org and m.person_id <> g.person_id
    and m.person_id is distinct from g.joined_by_id and {IN_FORCE}
    and m.role in ('unit_head', 'fiu_head', 'prosecutor', 'supervisor', 'duty_officer', 'judge',
      'hub_officer')
  order by not m.is_on_duty, m.valid_from, m.id limit 1
$$;

create function glass_told(which uuid) returns jsonb
  language sql stable security definer set search_path = public as $$
  select jsonb_build_object('glass', g.id, 'place', a.full_name || ', ' || b.full_name || ', '
    || o.name || ': ' || g.reference)
  from cases_breakglass g join members_person a on a.id = g.person_id
    join members_person b on b.id = g.joined_by_id
    join members_organisation o on o.id = g.organisation_id where g.id = which
$$;

create function glass_join(which uuid) returns boolean
  language plpgsql security definer set search_path = public as $$
declare who uuid := {PERSON}; org bigint := {ORG}; g cases_breakglass; desk bigint := {HUB};
begin
  select * into g from cases_breakglass where id = which for update;
  if g.id is null or not ({OPEN}) then return false; end if;
  if g.joined_by_id is not null then
    raise exception using errcode = 'RC007', message = 'joined already';
  end if;
  if who is null or org is null or not glass_holds(who, org, array[{JOINING}])
      or not (org = g.organisation_id or glass_directs(g.organisation_id)) then
    raise exception using errcode = 'RC002', message = 'not for this role';
  end if;
  if who = g.person_id or exists (select from members_person a join members_person b
      on lower(a.email) = lower(b.email) where a.id = who and b.id = g.person_id
      and a.email <> '') then
    raise exception using errcode = 'RC008', message = 'another natural person';
  end if;
  update cases_breakglass set joined_by_id = who, joined_for_id = org, joined_at = now()
    where id = which;
  update cases_task set person_id = glass_apart(which, owner_id)
    where about = which and kind = 'glass_review' and person_id = who;
  perform glass_tell(which, 'glass_joined', g.owner_id, glass_apart(which, g.owner_id),
    glass_told(which), now() + interval '1 hour');
  perform glass_tell(which, 'glass_joined_hub', desk, glass_apart(which, desk),
    glass_told(which), now() + interval '1 hour');
  if org <> g.organisation_id then
    perform glass_tell(which, 'glass_joined_home', org, glass_apart(which, org),
      glass_told(which), now() + interval '1 hour');
  end if;
  return true;
end $$;

create function glass_act(which uuid, act text, note text) returns boolean
  language plpgsql security definer set search_path = public as $$
declare who uuid := {PERSON}; org bigint := {ORG}; g cases_breakglass; line uuid;
  names text;
begin
  select * into g from cases_breakglass where id = which for update;
  if g.id is null or not ({OPEN}) then return false; end if;
  if g.joined_by_id is null then
    raise exception using errcode = 'RC006', message = 'alone one only reads';
  end if;
  if who is null or (who, org) not in ((g.person_id, g.organisation_id),
        (g.joined_by_id, g.joined_for_id))
      or not glass_holds(g.person_id, g.organisation_id, array[{LOOKING}])
      or not glass_holds(g.joined_by_id, g.joined_for_id, array[{JOINING}]) then
    raise exception using errcode = 'RC002', message = 'not one of the two';
  end if;
  if act = 'adopt' then
    update holds_claim set adopted_by_id = coalesce(adopted_by_id, who),
      adopted_at = coalesce(adopted_at, now()), possible_double_of_id = null
    where case_id = g.case_id and state in ('alleged', 'confirmed')
      and (adopted_at is null or possible_double_of_id is not null);
    if not found then
      raise exception using errcode = 'RC009', message = 'nothing to adopt';
    end if;
    insert into holds_planwanted (id, case_id, since)
      values (gen_random_uuid(), g.case_id, now());
  elsif act <> 'note' or length(note) < 1 then
    raise exception using errcode = 'RC002', message = 'no such act';
  end if;
  select a.full_name || ' + ' || b.full_name into names from members_person a, members_person b
    where a.id = g.person_id and b.id = g.joined_by_id;
  line := gen_random_uuid();
  insert into cases_caseevent (id, case_id, at, what, who, values)
  values (line, g.case_id, now(), 'glass_' || act, left(names, 160),
    jsonb_build_object('glass', which, 'ground', note, 'by', who));
  update cases_case set version = version + 1, changed_at = now() where id = g.case_id;
  update cases_breakglass set acts = acts + 1 where id = which;
  perform glass_tell(line, 'glass_acted_' || act, g.owner_id, glass_apart(which, g.owner_id),
    glass_told(which), now() + interval '1 hour');
  return true;
end $$;

create or replace function glass_end(which uuid) returns boolean
  language sql security definer set search_path = public as $$
  update cases_breakglass g set ended_at = now()
  where g.id = which and {OPEN} and {PERSON} is not null
    and (g.person_id = {PERSON} or g.owner_id = {ORG} or g.organisation_id = {ORG}
      or (g.joined_by_id = {PERSON} and g.joined_for_id = {ORG}) or is_hub_officer())
    and exists (select from members_mandate m where m.person_id = {PERSON}
      and m.organisation_id = {ORG} and {IN_FORCE})
  returning true
$$;

create or replace function glass_review(which uuid, justified boolean, note text) returns boolean
  language plpgsql security definer set search_path = public as $$
declare who uuid := {PERSON}; org bigint := {ORG}; g cases_breakglass; told jsonb;
begin
  select * into g from cases_breakglass where id = which for update;
  if g.id is null or g.reviewed_at is not null or {OPEN} then return false; end if;
  if who is null or who = g.person_id or who = g.joined_by_id
      or not (is_hub_officer() or (g.owner_id = org
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
      glass_apart(which, g.organisation_id), told, now() + interval '1 day');
    if g.joined_for_id <> g.organisation_id then
      perform glass_tell(which, 'glass_unjustified_joined', g.joined_for_id,
        glass_apart(which, g.joined_for_id), told, now() + interval '1 day');
    end if;
    if g.acts > 0 then
      perform glass_tell(which, 'glass_undo', g.owner_id, glass_apart(which, g.owner_id), told,
        now() + interval '1 day');
    end if;
  end if;
  return true;
end $$;

alter function glass_directs owner to recoup_policy;
alter function glass_holds owner to recoup_policy;
alter function glass_apart owner to recoup_policy;
alter function glass_told owner to recoup_policy;
alter function glass_join owner to recoup_policy;
alter function glass_act owner to recoup_policy;
revoke all on function glass_directs, glass_holds, glass_apart, glass_told, glass_join, glass_act
  from public;
grant execute on function glass_directs, glass_join, glass_act to recoup_app;
grant execute on function glass_apart to recoup_planner;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0009_break_glass"),
        ("holds", "0014_statement_profiles"),
        ("members", "0013_directory_cools_down"),
    ]

    operations = at_once(
        [
            migrations.AddField(
                "breakglass",
                "joined_by",
                models.ForeignKey(
                    "members.Person",
                    django.db.models.deletion.PROTECT,
                    null=True,
                    related_name="+",
                    db_index=False,
                ),
            ),
            migrations.AddField(
                "breakglass",
                "joined_for",
                models.ForeignKey(
                    "members.Organisation",
                    django.db.models.deletion.PROTECT,
                    null=True,
                    related_name="+",
                    db_index=False,
                ),
            ),
            migrations.AddField("breakglass", "joined_at", models.DateTimeField(null=True)),
            migrations.AddField(
                "breakglass", "acts", models.PositiveSmallIntegerField(db_default=0)
            ),
            migrations.AddConstraint(
                "breakglass",
                models.CheckConstraint(
                    name="glass_joined_by_another",
                    condition=models.Q(joined_by=None, joined_for=None, joined_at=None)
                    | (
                        models.Q(joined_by__isnull=False, joined_for__isnull=False)
                        & models.Q(
                            joined_at__gte=models.F("opened_at"), joined_at__lt=models.F("until")
                        )
                        & ~models.Q(joined_by=models.F("person"))
                    ),
                ),
            ),
            migrations.AddConstraint(
                "breakglass",
                models.CheckConstraint(
                    name="glass_alone_only_reads",
                    condition=models.Q(acts=0) | models.Q(joined_by__isnull=False),
                ),
            ),
            migrations.AddConstraint(
                "breakglass",
                models.CheckConstraint(
                    name="glass_reviewed_by_neither",
                    condition=models.Q(reviewed_by=None)
                    | models.Q(joined_by=None)
                    | ~models.Q(reviewed_by=models.F("joined_by")),
                ),
            ),
            migrations.RunSQL(SQL, migrations.RunSQL.noop),
        ]
    )
