"""A contact point has a name in Serbian, as its organisation has; empty where nobody gave one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0005_no_hash_is_read")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="contact_name_sr",
            field=models.CharField(
                blank=True, default="", help_text="In Cyrillic.", max_length=120
            ),
            preserve_default=False,
        ),
    ]
