"""The table of what organisations declare of themselves, control by control; rows are only added.

What is counted is stored nowhere: it is asked of the tables of the other stations each time.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, F, Q

from recoup.apps.members.models import Organisation, Person


class Declaration(models.Model):
    """What a person said of one control for their organisation. Of one control the last counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    control = models.CharField(max_length=8, help_text="As in guidelines.toml, such as L-05.")
    level = models.SmallIntegerField(help_text="0 absent, 1 informal, 2 written, 3 and measured.")
    evidence = models.CharField(max_length=1000, blank=True)
    dated = models.DateField(null=True, help_text="The day on the document.")
    reviewed_on = models.DateField(null=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=24)
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(name="declaration_level_known", condition=Q(level__range=(0, 3))),
            CheckConstraint(
                name="declaration_written_has_document",
                condition=Q(level__lt=2) | (Q(dated__isnull=False) & ~Q(evidence="")),
            ),
            CheckConstraint(
                name="declaration_reviewed_after_it_was_written",
                condition=Q(reviewed_on=None) | Q(dated=None) | Q(reviewed_on__gte=F("dated")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "control", "-declared_at"], name="declaration_last"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.control} {self.level}"
