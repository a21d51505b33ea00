"""That an emergency was put before whoever confirms it: by when, and the word that it was."""

from django.db import migrations, models

KINDS = [
    "asked", "replied", "authorised", "narrowed", "refused", "written", "confirmed",
    "not_confirmed", "not_said", "put",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0014_extensions")]
    operations = [
        migrations.AddField(
            "request", "put_by",
            models.DateTimeField(
                null=True, help_text="Until then it is put before whoever confirms it."
            ),
        ),
        migrations.RemoveConstraint("decision", "decision_kind_known"),
        migrations.AddConstraint(
            "decision",
            models.CheckConstraint(
                condition=models.Q(("kind__in", KINDS)), name="decision_kind_known"
            ),
        ),
        migrations.RunSQL(
            "grant update (put_by) on lawful_requests_request to recoup_app",
            migrations.RunSQL.noop,
        ),
    ]  # fmt: skip
