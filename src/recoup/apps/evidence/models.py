"""Tables of the vault: files, their pieces, the chain of custody, time stamps, holds, erasures.

The bytes are elsewhere (``store``); the key of a file stands here only wrapped (``keys``). What was
received is never changed: triggers refuse another digest, size or event (0002).
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from recoup.apps.members.models import Organisation, Person

# Words, not enum members: a migration must never import today's code. A test compares them.
STATES = ["arriving", "kept", "sealed", "offered", "out", "doubtful", "erased", "given_up"]


class EvidenceFile(models.Model):
    """One file of a case, as it came, or a copy of it with parts blacked out.

    digest: SHA-256 of the bytes as they came; empty until all are here. piece_bytes: how long each
    piece but the last is. original: of which file this is a redacted copy. holder: who has custody.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="evidence", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    holder = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    offered_to = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    original = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="redacted", db_index=False
    )
    number = models.IntegerField(help_text="Its number among the files of the case.")
    name = models.CharField(max_length=140)
    media_type = models.CharField(max_length=100)
    what = models.CharField(max_length=300, blank=True, help_text="What it is, in a sentence.")
    size = models.BigIntegerField()
    piece_bytes = models.IntegerField()
    told_digest = models.BinaryField(max_length=32, null=True, help_text="As its sender said.")
    digest = models.BinaryField(max_length=32, null=True)
    state = models.CharField(max_length=12, default="arriving")
    seal = models.CharField(max_length=60, blank=True, help_text="The seal that is on it now.")
    said = models.JSONField(default=dict, help_text="What will be said of its receipt.")
    kek = models.IntegerField(help_text="Which key wraps its key.")
    wrapped_key = models.BinaryField(max_length=80, null=True)
    keep_until = models.DateField()
    begun_at = models.DateTimeField()
    kept_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True, help_text="When its bytes last were the digest's.")
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="evidence_state_known", condition=Q(state__in=STATES)),
            CheckConstraint(name="evidence_size", condition=Q(size__gt=0)),
            CheckConstraint(
                name="evidence_kept_has_digest",
                condition=Q(state__in=["arriving", "given_up"])
                | Q(digest__isnull=False, kept_at__isnull=False),
            ),
            CheckConstraint(
                name="evidence_key_until_erased",
                condition=Q(wrapped_key__isnull=False, state__in=[
                    s for s in STATES if s not in ("erased", "given_up")
                ]) | Q(wrapped_key__isnull=True, state__in=["erased", "given_up"]),
            ),
            CheckConstraint(
                name="evidence_offered_to_somebody",
                condition=Q(state="offered", offered_to__isnull=False)
                | (~Q(state="offered") & Q(offered_to__isnull=True)),
            ),
            UniqueConstraint(name="evidence_number_once", fields=["case", "number"]),
            UniqueConstraint(
                name="evidence_digest_once", fields=["case", "digest"],
                condition=~Q(state__in=["arriving", "given_up", "erased"]),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["keep_until"], name="evidence_term",
                         condition=~Q(state__in=["erased", "given_up"])),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class FilePiece(models.Model):
    """A piece of a file that is in the storage. digest: of its bytes as they were sent."""

    file = models.ForeignKey(EvidenceFile, models.PROTECT, related_name="pieces", db_index=False)
    number = models.IntegerField()
    stored_as = models.CharField(max_length=100)
    size = models.IntegerField()
    digest = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(name="piece_once", fields=["file", "number"])]

    def __str__(self) -> str:
        return self.stored_as


class CustodyEvent(models.Model):
    """One link of the chain: who did what with the file, and what was said of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.ForeignKey(EvidenceFile, models.PROTECT, related_name="custody", db_index=False)
    seq = models.IntegerField()
    act = models.CharField(max_length=12)
    before = models.CharField(max_length=12)
    after = models.CharField(max_length=12)
    at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    role = models.CharField(max_length=32)
    why = models.CharField(max_length=400, blank=True)
    given_by = models.CharField(max_length=160, blank=True)
    given_to = models.CharField(max_length=160, blank=True)
    place = models.CharField(max_length=160, blank=True)
    seal = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [UniqueConstraint(name="custody_in_order", fields=["file", "seq"])]

    def __str__(self) -> str:
        return f"{self.seq} {self.act}"


class FileStamp(models.Model):
    """A time stamp (RFC 3161) over the digest of a file: it existed then."""

    file = models.OneToOneField(EvidenceFile, models.PROTECT, related_name="stamp")
    token = models.BinaryField()
    stamped_at = models.DateTimeField(help_text="The moment that the stamp says.")
    authority = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.authority


class LegalHold(models.Model):
    """Nothing of a case, or one file of it, is erased while this stands."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="+", db_index=False)
    file = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, related_name="legal_holds", db_index=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    why = models.CharField(max_length=400)
    set_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    lifted_why = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["case"], name="legal_hold_case")]

    def __str__(self) -> str:
        return self.why


class Erasure(models.Model):
    """Asked by one person, done by another; the certificate says what was destroyed and when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.ForeignKey(EvidenceFile, models.PROTECT, related_name="erasures", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    why = models.CharField(max_length=400)
    ended_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    ended_at = models.DateTimeField(null=True)
    is_done = models.BooleanField(default=False)
    certificate = models.BinaryField(null=True, help_text="Canonical JSON.")

    class Meta:
        constraints = [
            UniqueConstraint(
                name="erasure_open_once", fields=["file"], condition=Q(ended_at__isnull=True)
            ),
            CheckConstraint(
                name="erasure_by_two",
                condition=Q(is_done=False) | ~Q(asked_by=models.F("ended_by")),
            ),
        ]

    def __str__(self) -> str:
        return self.why


class Bundle(models.Model):
    """A court bundle that was taken: up to which line of each stream, and the digest it had."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    heads = models.JSONField()
    digest = models.BinaryField(max_length=32)
    size = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["case", "-at"], name="bundle_case_time")]

    def __str__(self) -> str:
        return str(self.id)
