"""Index an addressee's tickets by when they were sent and answered, for its lists."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0002_row_level_security"),
        ("lawful_requests", "0002_row_level_security"),
        ("members", "0002_row_level_security"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["addressee", "-sent_at"], name="ticket_addressee_sent"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["addressee", "-answered_at"], name="ticket_addressee_answered"
            ),
        ),
    ]
