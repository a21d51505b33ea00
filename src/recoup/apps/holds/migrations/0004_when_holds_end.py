"""Index the end of holds in force: the clock looks for it every second."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0002_row_level_security"),
        ("holds", "0003_one_account_a_side"),
        ("members", "0002_row_level_security"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("state__in", ["asked", "placed"])),
                fields=["until"],
                name="hold_ends",
            ),
        ),
    ]
