"""Tables of the audit trail, insert-only, in their final shape (SECURITY 6.1, decision 27).

A leaf's body is kept as the canonical bytes that were hashed (RFC 8785), never as a document that
a database may rewrite. Personal data is in the body only as a salted commitment; salt and value
stand in ``AuditCommitment`` and can be erased without breaking a proof.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import UniqueConstraint


class AuditLeaf(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation_id = models.IntegerField(help_text="Whose actor did it; the policy reads this.")
    stream = models.CharField(max_length=64, help_text="Kind and id of the object, kind:uuid.")
    stream_seq = models.IntegerField()
    prev_stream_hash = models.BinaryField(max_length=32)
    body = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32, help_text="SHA-256(0x00 then body).")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="audit_stream_in_order", fields=["stream", "stream_seq"]),
        ]
        indexes = [models.Index(fields=["organisation_id", "-recorded_at"], name="audit_org_time")]

    def __str__(self) -> str:
        return f"{self.stream} {self.stream_seq}"


class AuditSequence(models.Model):
    """The one order over all leaves, given after they are visible; a table of its own."""

    seq = models.BigIntegerField(primary_key=True)
    leaf = models.OneToOneField(AuditLeaf, models.PROTECT, db_constraint=False)

    def __str__(self) -> str:
        return str(self.seq)


class AuditCommitment(models.Model):
    """Salt and value behind a commitment in a leaf; erasing the row leaves the proof valid."""

    leaf = models.ForeignKey(AuditLeaf, models.PROTECT, db_constraint=False)
    organisation_id = models.IntegerField()
    field = models.CharField(max_length=40)
    salt = models.BinaryField(max_length=16)
    value = models.TextField()

    def __str__(self) -> str:
        return self.field
