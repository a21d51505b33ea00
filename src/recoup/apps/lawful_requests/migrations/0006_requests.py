"""Requests that a person drafts and another authorises, beside the tickets of the hold chain.

A ticket is of a chain (case, account, instruction), as all that exist are, or of a request (its
target, under a decision). Measures and answers are words of the data, no longer lists in a check:
a test compares them. Rows that exist stay as they are.
"""

import django.db.models.deletion
import uuid
from django.db import migrations, models

from recoup.apps.at_once import at_once


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0007_members_trace"),
        ("lawful_requests", "0005_fewer_indexes"),
        ("members", "0009_more_kinds"),
    ]

    operations = [
        migrations.CreateModel(
            name="AddresseeProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.IntegerField()),
                ("body", models.JSONField()),
                ("role", models.CharField(max_length=24)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ClockStop",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("ground", models.CharField(max_length=400)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.SmallIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("role", models.CharField(max_length=24)),
                ("ground", models.CharField(blank=True, max_length=2000)),
                ("power", models.CharField(blank=True, max_length=64)),
                (
                    "version",
                    models.IntegerField(help_text="The version of the request that was read."),
                ),
                ("content", models.JSONField(null=True)),
                (
                    "sha256",
                    models.BinaryField(
                        help_text="Of the content as canonical JSON.", max_length=32
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(
                        help_text="When it counts from: of an oral one, the hearing."
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Doubt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ground", models.CharField(max_length=400)),
                ("at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_ground", models.CharField(blank=True, max_length=400)),
            ],
        ),
        migrations.CreateModel(
            name="Request",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reference", models.CharField(max_length=16, unique=True)),
                ("measure", models.CharField(max_length=32)),
                ("power", models.CharField(blank=True, max_length=64)),
                ("danger", models.CharField(blank=True, max_length=32)),
                ("content", models.JSONField()),
                ("version", models.IntegerField(default=1)),
                ("turn", models.SmallIntegerField(default=0)),
                ("state", models.CharField(default="drafted", max_length=16)),
                ("drafted_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("authorised_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "closed_at",
                    models.DateTimeField(help_text="When its last ticket had ended.", null=True),
                ),
                ("due_at", models.DateTimeField(help_text="The clock of its state.")),
                (
                    "written_by",
                    models.DateTimeField(
                        help_text="Until then the paper has to follow.", null=True
                    ),
                ),
                (
                    "confirm_by",
                    models.DateTimeField(
                        help_text="Until then another person confirms.", null=True
                    ),
                ),
                ("ended_ground", models.CharField(blank=True, max_length=400)),
            ],
        ),
        migrations.CreateModel(
            name="RequestFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("name", models.CharField(max_length=140)),
                ("media_type", models.CharField(max_length=80)),
                ("size", models.IntegerField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("content", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TicketNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("text", models.CharField(blank=True, max_length=2000)),
                ("amount_minor", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="answer",
            name="answer_code_known",
        ),
        migrations.RemoveConstraint(
            model_name="ticket",
            name="ticket_measure_known",
        ),
        migrations.RemoveConstraint(
            model_name="ticket",
            name="ticket_rests_on_authority",
        ),
        migrations.AddField(
            model_name="deadline",
            name="first_at",
            field=models.DateTimeField(
                help_text="When it was due before it was put on.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="deadline",
            name="kind",
            field=models.CharField(
                help_text="acknowledge, answer, lapse; decide, reply, written, confirm; effect_ends",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="deadline",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deadlines",
                to="lawful_requests.ticket",
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to="cases.account",
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to="cases.case",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[a-z][a-z0-9_]{1,31}$")),
                name="answer_code_known",
            ),
        ),
        migrations.AddField(
            model_name="addresseeprofile",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="profiles",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="addresseeprofile",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="clockstop",
            name="addressee",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="clockstop",
            name="issuer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="clockstop",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="clockstop",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="stops",
                to="lawful_requests.ticket",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="author",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="authority",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="confirmer",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="first_person",
            field=models.ForeignKey(
                db_index=False,
                help_text="Who decided in the emergency that this confirms.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="heard_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="issuer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="mandate",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.mandate",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="decision",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="lawful_requests.decision",
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="addressee",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="issuer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="lifted_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="doubts",
                to="lawful_requests.ticket",
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="author",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="authority",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="requests",
                to="cases.case",
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="confirmer",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="issuer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="pack",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="lawful_requests.packversion",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="request",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="lawful_requests.request",
            ),
        ),
        migrations.AddField(
            model_name="deadline",
            name="of",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deadlines",
                to="lawful_requests.request",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="of",
            field=models.ForeignKey(
                db_index=False,
                help_text="The request whose target it is; then ``request`` is the same.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to="lawful_requests.request",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("of__isnull", False), ("state__in", ["sent", "acknowledged"])),
                fields=["addressee", "due_at"],
                name="ticket_asked",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("of__isnull", False)),
                fields=["issuer", "-sent_at"],
                name="ticket_out",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("of__isnull", False)),
                fields=("of", "kind", "level"),
                name="deadline_of_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("of", None), ("ticket__isnull", False)),
                    models.Q(("of__isnull", False), ("ticket", None)),
                    _connector="OR",
                ),
                name="deadline_of_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("measure__regex", "^[a-z][a-z0-9_]{1,31}$")),
                name="ticket_measure_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "drafted"),
                    models.Q(("instruction__isnull", False), ("of", None)),
                    models.Q(("decision__isnull", False), ("of__isnull", False)),
                    _connector="OR",
                ),
                name="ticket_rests_on_authority",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("account__isnull", False),
                        ("case__isnull", False),
                        ("decision", None),
                        ("of", None),
                    ),
                    models.Q(
                        ("account", None),
                        ("case", None),
                        ("instruction", None),
                        ("of__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="ticket_of_chain_or_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("of__isnull", False)),
                fields=("of", "round"),
                name="ticket_target_once",
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="addressee",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="authority",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="issuer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="request",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="lawful_requests.request",
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="lawful_requests.ticket",
            ),
        ),
        migrations.AddField(
            model_name="ticketnote",
            name="addressee",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="ticketnote",
            name="issuer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="ticketnote",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                help_text="Who said it.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="ticketnote",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.person",
            ),
        ),
        migrations.AddField(
            model_name="ticketnote",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notes",
                to="lawful_requests.ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="addresseeprofile",
            constraint=models.UniqueConstraint(
                fields=("organisation", "version"), name="profile_in_order"
            ),
        ),
        migrations.AddIndex(
            model_name="clockstop",
            index=models.Index(fields=["ticket", "started_at"], name="stop_ticket"),
        ),
        migrations.AddConstraint(
            model_name="clockstop",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["stop", "extension"])), name="stop_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="clockstop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at", None), ("ended_at__gte", models.F("started_at")), _connector="OR"
                ),
                name="stop_not_backwards",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockstop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "extension"), _negated=True),
                    ("ended_at__isnull", False),
                    _connector="OR",
                ),
                name="extension_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockstop",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None), ("kind", "stop")),
                fields=("ticket",),
                name="stop_one_open",
            ),
        ),
        migrations.AddIndex(
            model_name="doubt",
            index=models.Index(
                condition=models.Q(("lifted_at", None)),
                fields=["issuer", "addressee"],
                name="doubt_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="doubt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at", None)), fields=("ticket",), name="doubt_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="doubt",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground", ""), _negated=True), name="doubt_says_why"
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["issuer", "-changed_at"], name="request_issuer"),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["author", "-changed_at"], name="request_author"),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("state", "submitted")),
                fields=["authority", "due_at"],
                name="request_to_decide",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["authority", "-changed_at"], name="request_authority"),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("confirm_by__isnull", False)),
                fields=["confirmer", "due_at"],
                name="request_to_confirm",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("written_by__isnull", False)),
                fields=["authority", "due_at"],
                name="request_to_write",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("opened_at", None), ("state", "authorised")),
                fields=["authorised_at"],
                name="request_to_open",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(
                    ("closed_at", None), ("ended_at__isnull", False), ("opened_at__isnull", False)
                ),
                fields=["ended_at"],
                name="request_to_take_back",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("case__isnull", False)), fields=["case"], name="request_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "drafted",
                            "submitted",
                            "asked",
                            "authorised",
                            "refused",
                            "withdrawn",
                            "lapsed",
                        ],
                    )
                ),
                name="request_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["drafted", "withdrawn", "lapsed"]),
                    models.Q(("authority__isnull", False), ("submitted_at__isnull", False)),
                    _connector="OR",
                ),
                name="request_submitted_to_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "authorised"), _negated=True),
                    ("authorised_at__isnull", False),
                    _connector="OR",
                ),
                name="request_authorised_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opened_at", None), ("authorised_at__isnull", False), _connector="OR"
                ),
                name="request_opened_was_authorised",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                fields=("request", "number"), name="decision_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "asked",
                            "replied",
                            "authorised",
                            "narrowed",
                            "refused",
                            "written",
                            "confirmed",
                            "not_confirmed",
                        ],
                    )
                ),
                name="decision_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "replied"),
                    models.Q(("person", models.F("author")), _negated=True),
                    _connector="OR",
                ),
                name="decision_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("heard_by", None),
                    models.Q(
                        models.Q(("heard_by", models.F("author")), _negated=True),
                        models.Q(("heard_by", models.F("person")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="decision_heard_by_a_third",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "confirmed"), _negated=True),
                    models.Q(
                        ("first_person__isnull", False),
                        models.Q(("first_person", models.F("person")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="decision_confirmed_by_a_third",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["authorised", "narrowed"]), _negated=True),
                    ("content__isnull", False),
                    _connector="OR",
                ),
                name="decision_authorises_something",
            ),
        ),
        migrations.AddIndex(
            model_name="requestfile",
            index=models.Index(fields=["request", "at"], name="file_request"),
        ),
        migrations.AddIndex(
            model_name="requestfile",
            index=models.Index(fields=["ticket", "at"], name="file_ticket"),
        ),
        migrations.AddConstraint(
            model_name="requestfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["order", "attachment", "answer"])),
                name="file_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gt", 0), ("size__lte", 10485760)),
                name="file_size_bounded",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("request__isnull", False), ("ticket", None)),
                    models.Q(("request", None), ("ticket__isnull", False)),
                    _connector="OR",
                ),
                name="file_of_one",
            ),
        ),
        migrations.AddIndex(
            model_name="ticketnote",
            index=models.Index(fields=["ticket", "at"], name="note_ticket"),
        ),
        migrations.AddConstraint(
            model_name="ticketnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["question", "reply", "cost_claim", "cost_agreed", "cost_refused"])
                ),
                name="note_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cost_claim"), _negated=True),
                    models.Q(("amount_minor__gt", 0), ("amount_minor__isnull", False)),
                    _connector="OR",
                ),
                name="note_cost_has_amount",
            ),
        ),
    ]
    operations = at_once(operations)
