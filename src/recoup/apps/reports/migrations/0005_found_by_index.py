"""Reports are found by the account that paid, as they are by the one that was paid."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0016_number_changed"),
        ("reports", "0004_fewer_indexes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["payer_ident"], name="report_payer"),
        ),
    ]
