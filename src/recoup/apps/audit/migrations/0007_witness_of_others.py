"""What this hub cosigned of other hubs' logs, and what it refused; both insert-only.

No organisation's data: names of logs, sizes, roots, signed notes. The pages add a row when a log
submits a checkpoint; each day at most one refusal for a log, a reason and what is held of it, so that
strangers cannot fill the table.
"""

from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
SQL = (
    "".join(
        f"""
alter table audit_foreign{table} enable row level security;
alter table audit_foreign{table} force row level security;
create policy see on audit_foreign{table} for select to recoup_app using ({ORG} is not null);
create policy add on audit_foreign{table} for insert to recoup_app
  with check ({ORG} is not null);
create policy hub on audit_foreign{table} for select to recoup_planner using (true);
grant select, insert on audit_foreign{table} to recoup_app;
grant select on audit_foreign{table} to recoup_planner;
create trigger audit_foreign{table}_kept before update or delete or truncate
  on audit_foreign{table} for each statement execute function audit_refuse();
"""
        for table in ("checkpoint", "refusal")
    )
    + "select glass_guard();"
)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_row_level_security_of_checkpoints"),
        ("cases", "0009_break_glass"),
    ]

    operations = [
        migrations.CreateModel(
            name="ForeignCheckpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.CharField(max_length=200)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.BinaryField()),
                ("cosignature", models.BinaryField()),
                ("cosigned_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("origin", "size"), name="foreign_checkpoint_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ForeignRefusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.CharField(blank=True, max_length=200)),
                ("why", models.CharField(max_length=20)),
                ("day", models.DateField()),
                ("held", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("note", models.BinaryField()),
                ("refused_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("origin", "why", "day", "held"),
                        name="foreign_refusal_once_a_day",
                    )
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
