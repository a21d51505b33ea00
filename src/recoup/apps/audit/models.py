"""Tables of the audit trail, insert-only, in their final shape (SECURITY 6.1, decision 27).

A leaf's body is kept as the canonical bytes that were hashed (RFC 8785), never as a document that
a database may rewrite. Personal data is in the body only as a salted commitment; salt and value
stand in ``AuditCommitment`` and can be erased without breaking a proof.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, UniqueConstraint


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
    """The one order over all leaves, given after they are visible; a table of its own.

    With it the tree over them (``core/merkle.py``): each place keeps the hashes of the complete
    subtrees that end there, its own leaf's first.
    """

    seq = models.BigIntegerField(primary_key=True)
    leaf = models.OneToOneField(AuditLeaf, models.PROTECT, db_constraint=False)
    hashes = models.BinaryField()

    def __str__(self) -> str:
        return str(self.seq)


class AuditUnplaced(models.Model):
    """A leaf that waits for its place in the order; a trigger writes it with the leaf."""

    leaf = models.OneToOneField(AuditLeaf, models.PROTECT, db_constraint=False)

    def __str__(self) -> str:
        return str(self.leaf_id)


class AuditCheckpoint(models.Model):
    """A signed checkpoint: the note as it goes out, byte for byte."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.BinaryField()
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.size)

    @property
    def text(self) -> str:
        return bytes(self.note).decode()


class AuditWitnessed(models.Model):
    """That a witness outside has a checkpoint, with what it gave as its proof."""

    checkpoint = models.ForeignKey(AuditCheckpoint, models.PROTECT, db_constraint=False)
    witness = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)
    receipt = models.BinaryField(help_text="What the witness gave; empty if it gives nothing.")
    witnessed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="audit_witnessed_once", fields=["checkpoint", "witness"]),
        ]
        indexes = [models.Index(fields=["witness", "-witnessed_at"], name="audit_witness_time")]

    def __str__(self) -> str:
        return f"{self.witness} {self.checkpoint_id}"


class ForeignCheckpoint(models.Model):
    """A checkpoint of another hub's log that this hub cosigned, as its witness."""

    origin = models.CharField(max_length=200)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.BinaryField()
    cosignature = models.BinaryField()
    cosigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="foreign_checkpoint_once", fields=["origin", "size"]),
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.size}"


class ForeignRefusal(models.Model):
    """That something was not cosigned: once a day for a log and a reason, whoever asks how often.

    origin: empty where the log is not known. held: the size that this hub has of it; once it has
    more, the same reason is told again. note: what the log's key had signed, else empty.
    """

    origin = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=20)
    day = models.DateField()
    held = models.BigIntegerField()
    size = models.BigIntegerField()
    note = models.BinaryField()
    refused_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(
                name="foreign_refusal_once_a_day", fields=["origin", "why", "day", "held"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.why} {self.origin}"


class AuditTrouble(models.Model):
    """Why a witness, or the signer, does not answer; gone when it does again."""

    name = models.CharField(max_length=100, primary_key=True)
    said = models.TextField()
    since = models.DateTimeField()
    tried_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.said}"


class AuditOverride(models.Model):
    """Two persons of an organisation let its coercive acts leave without a fresh checkpoint."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation_id = models.IntegerField()
    ground = models.TextField()
    asked_by = models.UUIDField(help_text="The person, not the mandate.")
    asked_at = models.DateTimeField()
    confirmed_by = models.UUIDField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(
                name="audit_override_two_persons",
                condition=~models.Q(confirmed_by=models.F("asked_by")),
            ),
            CheckConstraint(
                name="audit_override_whole",
                condition=models.Q(
                    confirmed_by__isnull=True, confirmed_at__isnull=True, until__isnull=True
                )
                | models.Q(
                    confirmed_by__isnull=False, confirmed_at__isnull=False, until__isnull=False
                ),
            ),
        ]
        indexes = [models.Index(fields=["organisation_id", "-until"], name="audit_override_until")]

    def __str__(self) -> str:
        return f"{self.organisation_id} until {self.until}"


class AuditCommitment(models.Model):
    """Salt and value behind a commitment in a leaf; erasing the row leaves the proof valid."""

    leaf = models.ForeignKey(AuditLeaf, models.PROTECT, db_constraint=False)
    organisation_id = models.IntegerField()
    field = models.CharField(max_length=40)
    salt = models.BinaryField(max_length=16)
    value = models.TextField()

    def __str__(self) -> str:
        return self.field
