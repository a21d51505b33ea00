"""What had to be stood by afterwards is counted without reading all that was decided."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0011_newest"),
        ("lawful_requests", "0018_call_backs"),
        ("members", "0016_number_changed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(
                    ("heard_by__isnull", False),
                    ("kind__in", ["written", "confirmed", "not_confirmed", "not_said"]),
                    _connector="OR",
                ),
                fields=["recorded_at"],
                name="decision_stood_by",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("never_confirmed_at__isnull", False)),
                fields=["never_confirmed_at"],
                name="request_never_confirmed",
            ),
        ),
    ]
