"""Tables of reports: the five facts as they were told, and what the reporter added later."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from recoup.apps.members.models import Organisation


class Report(models.Model):
    """A loss as somebody told it. The facts are never changed; a correction is another report.

    organisation is whose report it is ("public" for people without an account); competent is the
    police unit that acts on it. Both may see it, nobody else.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=16, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    competent = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=12, help_text="public, bank or call_taker")
    client_id = models.UUIDField(help_text="Made by the sender: a repeat is not a second report.")
    amount_minor = models.BigIntegerField(help_text="Whole minor units, for example cents.")
    currency = models.CharField(max_length=3)
    paid_at = models.DateTimeField()
    payer_scheme = models.CharField(max_length=16)
    payer_ident = models.CharField(max_length=140)
    payer_institution = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    payee_scheme = models.CharField(max_length=16)
    payee_ident = models.CharField(max_length=140)
    payee_institution = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    payment_reference = models.CharField(max_length=140, blank=True)
    secret_sha256 = models.BinaryField(max_length=32, null=True)
    sender_mark = models.BinaryField(
        max_length=32, null=True, help_text="Keyed digest of where it came from, for the caps."
    )
    received_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, help_text="When a case was opened from it.")

    class Meta:
        constraints = [
            UniqueConstraint(name="report_sent_once", fields=["organisation", "client_id"]),
            CheckConstraint(name="report_amount_above_zero", condition=Q(amount_minor__gt=0)),
            CheckConstraint(
                name="report_channel_known",
                condition=Q(channel__in=["public", "bank", "call_taker"]),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-received_at"], name="report_org_time"),
            models.Index(fields=["competent", "-received_at"], name="report_competent_time"),
            models.Index(
                fields=["received_at"], condition=Q(opened_at=None), name="report_waiting"
            ),
            models.Index(fields=["sender_mark", "received_at"], name="report_sender_time"),
            models.Index(fields=["payee_ident", "received_at"], name="report_payee_time"),
            models.Index(fields=["payer_ident"], name="report_payer"),
        ]

    def __str__(self) -> str:
        return self.reference


class ReportStory(models.Model):
    """The second page: how to reach the reporter and what happened, after the tickets are out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="stories")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    competent = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=120, blank=True)
    story = models.TextField(blank=True, max_length=8000)
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)
