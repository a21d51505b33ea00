"""Drop indexes that another one begins with, or that no question asks by: each row wrote them all."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0007_institutions_abroad"),
    ]

    operations = [
        migrations.AlterField(
            model_name="givenanswer",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="members.organisation",
            ),
        ),
    ]
