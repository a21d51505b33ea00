"""Changes of a country's law by its ministry, and the day from which a version is in force.

Versions that exist are in force since the day on which they were loaded. The law is everybody's to
read. A version is added by its owner (our files) or by the planner, and then only with the bytes of
a change that is approved; nobody changes one. A change is its ministry's alone until it is
approved; the database refuses another text than was submitted, an approval in somebody else's name,
and one by the author.
"""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
MINISTRY = (
    f"exists (select 1 from members_organisation o where o.id = {ORG} and o.kind = 'ministry')"
)

SQL = f"""
alter table lawful_requests_packversion enable row level security;
alter table lawful_requests_packversion force row level security;
create policy public_to_read on lawful_requests_packversion for select using (true);
create policy enrol on lawful_requests_packversion to recoup_owner using (true) with check (true);
create policy come_into_force on lawful_requests_packversion for insert to recoup_planner
  with check (exists (select 1 from lawful_requests_packdraft d
    where d.country = lawful_requests_packversion.country and d.state = 'approved'
      and d.digest = lawful_requests_packversion.digest
      and d.body = lawful_requests_packversion.body));
grant insert on lawful_requests_packversion to recoup_planner;
grant usage on sequence lawful_requests_packversion_id_seq to recoup_planner;

alter table lawful_requests_packdraft enable row level security;
alter table lawful_requests_packdraft force row level security;
create policy hub on lawful_requests_packdraft to recoup_planner using (true) with check (true);
grant select on lawful_requests_packdraft to recoup_planner;
grant update (state, became_id, answer, changed_at) on lawful_requests_packdraft to recoup_planner;
create policy enrol on lawful_requests_packdraft for select to recoup_owner using (true);
create policy see on lawful_requests_packdraft for select to recoup_app
  using (organisation_id = {ORG} or state in ('approved', 'in_force'));
create policy draft on lawful_requests_packdraft for insert to recoup_app
  with check (organisation_id = {ORG} and {MINISTRY} and author_id = {PERSON}
    and state = 'drafted');
create policy step on lawful_requests_packdraft for update to recoup_app
  using (organisation_id = {ORG} and {MINISTRY})
  with check (organisation_id = {ORG} and state <> 'in_force'
    and (state <> 'approved' or approver_id = {PERSON}));
grant select, insert on lawful_requests_packdraft to recoup_app;
grant update (body, digest, state, ground, comes_into_force_on, approver_id, answer, version,
  changed_at, submitted_at, decided_at) on lawful_requests_packdraft to recoup_app;

create function packdraft_frozen() returns trigger language plpgsql as $$
begin
  if old.state in ('refused', 'withdrawn', 'in_force') then
    raise exception 'a change of the law that has ended is not changed';
  end if;
  if old.state <> 'drafted' and (old.body, old.digest, old.ground, old.comes_into_force_on)
    is distinct from (new.body, new.digest, new.ground, new.comes_into_force_on) then
    raise exception 'a change of the law that was submitted is not changed';
  end if;
  if new.state = 'in_force' and old.state <> 'approved' then
    raise exception 'a change of the law comes into force after it was approved';
  end if;
  return new;
end $$;
create trigger packdraft_frozen before update on lawful_requests_packdraft
  for each row execute function packdraft_frozen();

grant select on lawful_requests_request to recoup_policy;
grant select on members_organisation to recoup_policy;
create policy definer on lawful_requests_deadline for select to recoup_policy using (true);
grant select on lawful_requests_deadline to recoup_policy;
create function open_by_measure()
  returns table (measure text, drafts bigint, requests bigint, tickets bigint, clocks bigint)
  language sql stable security definer set search_path = public as $$
  with r as (select id, q.measure, state from lawful_requests_request q
      where closed_at is null and state in ('drafted', 'submitted', 'asked', 'authorised')),
    t as (select id, k.measure from lawful_requests_ticket k
      where state in ('drafted', 'authorised', 'sent', 'acknowledged'))
  select m.measure, sum(m.drafts)::bigint, sum(m.requests)::bigint, sum(m.tickets)::bigint,
    sum(m.clocks)::bigint
  from (
    select r.measure, count(*) filter (where r.state = 'drafted') drafts,
      count(*) filter (where r.state <> 'drafted') requests, 0 tickets, 0 clocks
    from r group by r.measure
    union all
    select t.measure, 0, 0, count(*), 0 from t group by t.measure
    union all
    select coalesce(r.measure, t.measure), 0, 0, 0, count(*) from lawful_requests_deadline d
    left join r on r.id = d.of_id left join t on t.id = d.ticket_id
    where d.fired_at is null and (r.id is not null or t.id is not null)
    group by 1) m
  where {MINISTRY}
  group by m.measure
$$;
alter function open_by_measure owner to recoup_policy;
revoke all on function open_by_measure from public;
grant execute on function open_by_measure to recoup_app;
"""
LOADED = "update lawful_requests_packversion set in_force_from = loaded_at::date"


class Migration(migrations.Migration):
    dependencies = [
        ("lawful_requests", "0008_papers_by_code"),
        ("members", "0009_more_kinds"),
    ]

    operations = [
        migrations.AddField("packversion", "in_force_from", models.DateField(null=True)),
        migrations.RunSQL(LOADED, migrations.RunSQL.noop),
        migrations.AlterField("packversion", "in_force_from", models.DateField()),
        migrations.CreateModel(
            name="PackDraft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("country", models.CharField(max_length=2)),
                (
                    "body",
                    models.BinaryField(help_text="Canonical JSON of the whole law as it would be."),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("state", models.CharField(default="drafted", max_length=12)),
                ("ground", models.CharField(blank=True, max_length=2000)),
                ("comes_into_force_on", models.DateField(null=True)),
                ("answer", models.CharField(blank=True, max_length=2000)),
                ("version", models.IntegerField(default=1)),
                ("drafted_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "approver",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "based_on",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lawful_requests.packversion",
                    ),
                ),
                (
                    "became",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="lawful_requests.packversion",
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "-changed_at"], name="draft_organisation"),
                    models.Index(
                        condition=models.Q(("state", "approved")),
                        fields=["comes_into_force_on"],
                        name="draft_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "drafted",
                                    "submitted",
                                    "approved",
                                    "refused",
                                    "withdrawn",
                                    "in_force",
                                ],
                            )
                        ),
                        name="draft_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver", None),
                            models.Q(("approver", models.F("author")), _negated=True),
                            _connector="OR",
                        ),
                        name="draft_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["drafted", "withdrawn"]),
                            models.Q(
                                ("comes_into_force_on__isnull", False),
                                ("submitted_at__isnull", False),
                                models.Q(("ground", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="draft_submitted_with_day_and_ground",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "in_force"]), _negated=True),
                            models.Q(("approver__isnull", False), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="draft_approved_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("became__isnull", False), ("state", "in_force")),
                            models.Q(
                                models.Q(("state", "in_force"), _negated=True), ("became", None)
                            ),
                            _connector="OR",
                        ),
                        name="draft_in_force_became_a_version",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "approved")),
                        fields=("country",),
                        name="draft_one_approved",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
