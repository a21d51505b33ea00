"""What a desk asked abroad about a task: its owner adds and answers rows, the issuer reads them.

With it a task's clock may be set by its owner: what was sent waits for an answer, not for sending.
"""

import django.db.models.deletion
import uuid
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
alter table cases_requestabroad enable row level security;
alter table cases_requestabroad force row level security;
create policy hub on cases_requestabroad for select to recoup_planner using (true);
grant select on cases_requestabroad to recoup_planner;

create policy see on cases_requestabroad for select to recoup_app
  using (owner_id = {ORG} or issuer_id = {ORG});
create policy send on cases_requestabroad for insert to recoup_app
  with check (owner_id = {ORG} and exists (
    select 1 from cases_task t
    where t.id = task_id and t.owner_id = {ORG} and t.issuer_id = cases_requestabroad.issuer_id));
create policy answered on cases_requestabroad for update to recoup_app using (owner_id = {ORG});
grant select, insert on cases_requestabroad to recoup_app;
grant update (answered_at, outcome, held_minor, held_until, their_reference, note)
  on cases_requestabroad to recoup_app;

grant update (due_at) on cases_task to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_members_read_holds"),
        ("members", "0002_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="RequestAbroad",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("channel", models.CharField(max_length=24)),
                (
                    "body",
                    models.BinaryField(help_text="Canonical JSON of the request as it was sent."),
                ),
                ("sha256", models.BinaryField(max_length=32)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("sent_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=16)),
                ("held_minor", models.BigIntegerField(null=True)),
                ("held_until", models.DateTimeField(null=True)),
                ("their_reference", models.CharField(blank=True, max_length=64)),
                ("note", models.CharField(blank=True, max_length=2000)),
                (
                    "issuer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests_abroad",
                        to="cases.task",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["task", "sent_at"], name="abroad_task")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "outcome__in",
                                [
                                    "",
                                    "postponed",
                                    "nothing_left",
                                    "information",
                                    "refused",
                                    "not_sent",
                                ],
                            )
                        ),
                        name="abroad_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("outcome", "")),
                            models.Q(
                                ("answered_at__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="abroad_answered_has_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("held_minor", None),
                            models.Q(
                                ("held_minor__gte", 0),
                                ("held_minor__lte", models.F("amount_minor")),
                            ),
                            _connector="OR",
                        ),
                        name="abroad_held_within",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
