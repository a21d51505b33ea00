"""How an institution's screen writes bookings: its own people read and add it, nobody edits it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
alter table holds_bookingprofile enable row level security;
alter table holds_bookingprofile force row level security;
create policy see on holds_bookingprofile for select to recoup_app using (institution_id = {ORG});
create policy confirm on holds_bookingprofile for insert to recoup_app
  with check (institution_id = {ORG});
grant select, insert on holds_bookingprofile to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0006_bounded_exchange"),
        ("members", "0002_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="BookingProfile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("separator", models.CharField(max_length=16)),
                ("decimal", models.CharField(max_length=16)),
                ("dates", models.CharField(max_length=16)),
                ("columns", models.CharField(max_length=120)),
                ("confirmed_at", models.DateTimeField()),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["institution", "-confirmed_at"], name="booking_profile_last"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("separator__in", ["tab", "semicolon", "comma"]),
                            ("decimal__in", ["point", "comma"]),
                            ("dates__in", ["year_first", "day_first"]),
                        ),
                        name="booking_profile_known",
                    )
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
