"""Claims that wait for somebody to stand behind them are found without reading all cases."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0011_newest"),
        ("holds", "0014_statement_profiles"),
        ("members", "0016_number_changed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("adopted_at", None), ("state", "alleged")),
                fields=["case"],
                name="claim_waits",
            ),
        ),
    ]
