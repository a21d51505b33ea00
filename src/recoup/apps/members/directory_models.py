"""Table of changes to the directory: proposed by an organisation, agreed by the hub's desk, later.

Whom others call back, and where tickets go, is changed by no one person and no one organisation,
and never at once: the old number is called first, and everybody at the organisation can stop it.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

COOL_DOWN_AT_LEAST = timedelta(hours=24)  # the database keeps it, whatever policy.toml says
OPEN = Q(acted_at=None, stopped_at=None) & (Q(is_agreed=None) | Q(is_agreed=True))


class DirectoryChange(models.Model):
    """What an organisation wants to have changed in its own entry, and what became of it.

    changes: new values by field, and ``hosted_add``, ``hosted_end`` as pairs of scheme and
    identifier. before: the values that stood there. called_number: the old number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("members.Organisation", models.PROTECT, db_index=False)
    changes = models.JSONField()
    before = models.JSONField()
    ground = models.CharField(max_length=300)
    proposed_by = models.ForeignKey("members.Person", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("members.Person", models.PROTECT, null=True, related_name="+")
    decided_for = models.ForeignKey(
        "members.Organisation", models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    is_agreed = models.BooleanField(null=True)
    called_number = models.CharField(max_length=40, blank=True)
    told = models.CharField(max_length=300, blank=True, help_text="Who answered, and what.")
    acts_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey("members.Person", models.PROTECT, null=True, related_name="+")
    stopped_at = models.DateTimeField(null=True)
    stop_ground = models.CharField(max_length=300, blank=True)
    acted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(
                name="directory_two_persons",
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
            ),
            CheckConstraint(
                name="directory_two_organisations",
                condition=Q(decided_for=None) | ~Q(decided_for=F("organisation")),
            ),
            CheckConstraint(
                name="directory_cools_down",
                condition=Q(acts_at=None) | Q(acts_at__gte=F("decided_at") + COOL_DOWN_AT_LEAST),
            ),
            CheckConstraint(
                name="directory_acts_when_agreed",
                condition=Q(acted_at=None)
                | Q(is_agreed=True, stopped_at=None, acted_at__gte=F("acts_at")),
            ),
            UniqueConstraint(
                name="directory_one_at_a_time", fields=["organisation"], condition=OPEN
            ),  # fmt: skip
        ]
        indexes = [
            models.Index(fields=["acts_at"], condition=Q(acted_at=None), name="directory_due"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {', '.join(sorted(self.changes))}"
