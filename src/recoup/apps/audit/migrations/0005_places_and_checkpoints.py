"""One order over all leaves with the tree over them, signed checkpoints, witnesses, the override.

Nothing wrote places before this: the new column is added to an empty table.
"""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_heads_by_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AuditTrouble",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("said", models.TextField()),
                ("since", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="auditsequence",
            name="hashes",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="AuditOverride",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organisation_id", models.IntegerField()),
                ("ground", models.TextField()),
                ("asked_by", models.UUIDField(help_text="The person, not the mandate.")),
                ("asked_at", models.DateTimeField()),
                ("confirmed_by", models.UUIDField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation_id", "-until"], name="audit_override_until")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                        name="audit_override_two_persons",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("confirmed_at__isnull", True),
                                ("confirmed_by__isnull", True),
                                ("until__isnull", True),
                            ),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("confirmed_by__isnull", False),
                                ("until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="audit_override_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditUnplaced",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "leaf",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="audit.auditleaf",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditWitnessed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("witness", models.CharField(max_length=100)),
                ("kind", models.CharField(max_length=20)),
                (
                    "receipt",
                    models.BinaryField(
                        help_text="What the witness gave; empty if it gives nothing."
                    ),
                ),
                ("witnessed_at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="audit.auditcheckpoint",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["witness", "-witnessed_at"], name="audit_witness_time")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("checkpoint", "witness"), name="audit_witnessed_once"
                    )
                ],
            },
        ),
    ]
