"""By how much a returned sum may be wrong: told by two tickets, or beside money that went on.

Zero for what is there: no row before this says how its sum was told.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("holds", "0010_second_reporters")]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="returned_doubt_minor",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="By how much that may be wrong: what was told is more than the payment.",
            ),
        ),
        migrations.AddField(
            model_name="trail",
            name="doubted",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="By how much returned may be wrong; no part of inn.",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(returned_doubt_minor__gte=0), name="claim_doubt_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="trail",
            constraint=models.CheckConstraint(
                condition=models.Q(doubted__gte=0), name="trail_doubt_not_negative"
            ),
        ),
    ]
