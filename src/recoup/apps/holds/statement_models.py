"""How an institution writes its statements of accounts, as its people have confirmed it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from recoup.apps.members.models import Organisation, Person


class StatementProfile(models.Model):
    """One way of writing tables of bookings: the headings, and what they mean.

    Rows are only added. Each set of headings has versions of its own; the last one counts, those
    before say what was confirmed earlier. ``profile`` is ``as_json`` of
    ``recoup.standards.statements.Profile``, always without an account.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    institution = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    format = models.CharField(max_length=8)
    headings_sha256 = models.BinaryField(max_length=32)
    version = models.PositiveSmallIntegerField()
    profile = models.JSONField()
    confirmed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                name="statement_profile_known",
                condition=Q(format__in=["csv", "xlsx"]) & Q(version__gt=0),
            ),
            UniqueConstraint(
                name="statement_profile_version",
                fields=["institution", "format", "headings_sha256", "version"],
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "-confirmed_at"], name="statement_profile_last")
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.version}"
