"""The table of changes to a country's law, from a ministry officer's draft until it is in force.

A change is the whole text that would follow, with the version it was made from. What was submitted
is not changed any more, and whoever approves it is another person than its author; the database
refuses both.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from recoup.apps.members.models import Organisation, Person

# Words, not enum members: a migration must never import today's code. A test compares them.
DRAFT_STATES = ["drafted", "submitted", "approved", "refused", "withdrawn", "in_force"]


class PackDraft(models.Model):
    """One change of the law. version: what was read must be what is signed.

    ground: why the law is changed. answer: what the second person said, or why it came to nothing.
    became: the version that it is in force as. hands: everybody who wrote in it or submitted it;
    the database keeps it, and takes no approval from them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    country = models.CharField(max_length=2)
    based_on = models.ForeignKey(
        "lawful_requests.PackVersion", models.PROTECT, related_name="+", db_index=False
    )
    body = models.BinaryField(help_text="Canonical JSON of the whole law as it would be.")
    digest = models.BinaryField(max_length=32)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    hands = ArrayField(models.UUIDField(), default=list)
    state = models.CharField(max_length=12, default="drafted")
    ground = models.CharField(max_length=2000, blank=True)
    comes_into_force_on = models.DateField(null=True)
    approver = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    answer = models.CharField(max_length=2000, blank=True)
    version = models.IntegerField(default=1)
    drafted_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    became = models.OneToOneField(
        "lawful_requests.PackVersion", models.PROTECT, null=True, related_name="draft"
    )

    class Meta:
        constraints = [
            CheckConstraint(name="draft_state_known", condition=Q(state__in=DRAFT_STATES)),
            CheckConstraint(
                name="draft_two_people", condition=Q(approver=None) | ~Q(approver=F("author"))
            ),
            CheckConstraint(
                name="draft_submitted_with_day_and_ground",
                condition=Q(state__in=["drafted", "withdrawn"])
                | Q(submitted_at__isnull=False, comes_into_force_on__isnull=False) & ~Q(ground=""),
            ),
            CheckConstraint(
                name="draft_approved_by_somebody",
                condition=~Q(state__in=["approved", "in_force"])
                | Q(approver__isnull=False, decided_at__isnull=False),
            ),
            CheckConstraint(
                name="draft_in_force_became_a_version",
                condition=Q(state="in_force", became__isnull=False)
                | ~Q(state="in_force") & Q(became=None),
            ),
            UniqueConstraint(
                name="draft_one_approved", fields=["country"], condition=Q(state="approved")
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-changed_at"], name="draft_organisation"),
            models.Index(
                fields=["comes_into_force_on"], condition=Q(state="approved"), name="draft_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.state}"
