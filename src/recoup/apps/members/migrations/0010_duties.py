"""Who is on duty, and who stands in for whom: seen and changed by the organisation alone.

The database takes a duty only for somebody with a mandate there, noted by the person who acts; of
a row that stands only its end is written, and nothing is deleted. The hub reads them for its calls.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
SQL = f"""
alter table members_duty enable row level security;
alter table members_duty force row level security;
create policy hub on members_duty for select to recoup_planner using (true);
grant select on members_duty to recoup_planner;
create policy see on members_duty for select to recoup_app using (organisation_id = {ORG});
create policy note on members_duty for insert to recoup_app
  with check (organisation_id = {ORG} and noted_by_id = {PERSON} and ended_at is null
    and exists (select 1 from members_mandate m
      where m.id = mandate_id and m.person_id = members_duty.person_id
        and m.organisation_id = members_duty.organisation_id));
create policy end_it on members_duty for update to recoup_app
  using (organisation_id = {ORG} and ended_at is null)
  with check (organisation_id = {ORG} and ended_by_id = {PERSON});
grant select, insert, update (ended_at, ended_by_id) on members_duty to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0009_more_kinds"),
    ]

    operations = [
        migrations.CreateModel(
            name="Duty",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "rank",
                    models.SmallIntegerField(default=0, help_text="The lowest is called first."),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                (
                    "ended_at",
                    models.DateTimeField(
                        help_text="When it was handed over or called off.", null=True
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "instead_of",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to="members.mandate",
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to="members.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to="members.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "until"], name="duty_organisation")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("since"))),
                        name="duty_not_backwards",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rank__gte", 0), ("rank__lte", 9)),
                        name="duty_rank_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("instead_of", None),
                            models.Q(("instead_of", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="duty_for_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_by", None)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="duty_ended_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
