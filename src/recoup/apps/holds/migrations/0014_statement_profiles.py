"""How an institution's statements are written: its own people read and add it, nobody edits it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
alter table holds_statementprofile enable row level security;
alter table holds_statementprofile force row level security;
create policy see on holds_statementprofile for select to recoup_app using (institution_id = {ORG});
create policy confirm on holds_statementprofile for insert to recoup_app
  with check (institution_id = {ORG});
grant select, insert on holds_statementprofile to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0013_fewer_indexes"),
        ("members", "0008_fewer_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatementProfile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("format", models.CharField(max_length=8)),
                ("headings_sha256", models.BinaryField(max_length=32)),
                ("version", models.PositiveSmallIntegerField()),
                ("profile", models.JSONField()),
                ("confirmed_at", models.DateTimeField()),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["institution", "-confirmed_at"], name="statement_profile_last"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("format__in", ["csv", "xlsx"]), ("version__gt", 0)),
                        name="statement_profile_known",
                    ),
                    models.UniqueConstraint(
                        fields=("institution", "format", "headings_sha256", "version"),
                        name="statement_profile_version",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
