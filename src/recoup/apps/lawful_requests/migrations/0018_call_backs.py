"""Calls back to the directory's number: added by who was asked, seen by both sides, never changed."""

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
SQL = f"""
alter table lawful_requests_callback enable row level security;
alter table lawful_requests_callback force row level security;
create policy hub on lawful_requests_callback for select to recoup_planner using (true);
create policy see on lawful_requests_callback for select to recoup_app
  using (issuer_id = {ORG} or addressee_id = {ORG});
create policy add on lawful_requests_callback for insert to recoup_app
  with check (addressee_id = {ORG} and person_id = {PERSON} and exists (
    select 1 from lawful_requests_ticket t where t.id = ticket_id and t.addressee_id = {ORG}
      and t.issuer_id = lawful_requests_callback.issuer_id and t.sent_at is not null));
grant select on lawful_requests_callback to recoup_planner;
grant select, insert on lawful_requests_callback to recoup_app;
select glass_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0009_break_glass"),
        ("lawful_requests", "0017_law_from_tomorrow"),
        ("members", "0013_directory_cools_down"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(primary_key=True, serialize=False),
                ),
                ("number", models.CharField(max_length=40)),
                ("answered_by", models.CharField(max_length=120)),
                (
                    "is_right",
                    models.BooleanField(
                        help_text="Whether the code that was read out is that shown."
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "addressee",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "issuer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="call_backs",
                        to="lawful_requests.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["ticket", "-id"], name="call_back_ticket")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("answered_by", ""), _negated=True),
                        name="call_back_says_who",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        name="call_back_has_number",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
