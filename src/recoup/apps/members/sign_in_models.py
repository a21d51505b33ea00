"""Tables of how somebody signs in: passkeys, codes, links to a provider, changes by two.

A passkey and a code belong to a login, never to a mandate. Nobody is enrolled, gets a new passkey
or comes back after a suspension by one person's word: a ``MemberChange`` is proposed by the
person's organisation and decided by another person at the hub's desk.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

CHANGE_KINDS = ["enrol", "recover", "mandate", "reinstate"]


class Passkey(models.Model):
    """A public key whose private half stays in somebody's device, and how often it has signed.

    Nothing here is secret: who reads the whole table can sign in as nobody.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    login = models.ForeignKey("members.Login", models.PROTECT, related_name="passkeys")
    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(max_length=2000, help_text="COSE, as the device gave it.")
    aaguid = models.UUIDField(help_text="Which make of device it says it is.")
    sign_count = models.BigIntegerField(default=0)
    name = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    made_under = models.ForeignKey(
        "members.MemberChange", models.PROTECT, related_name="passkeys", db_index=False
    )
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.login_id}"


class CodeSecret(models.Model):
    """What a telephone makes its codes from, sealed; a code counts once."""

    login = models.OneToOneField("members.Login", models.PROTECT, primary_key=True)
    sealed = models.BinaryField(max_length=200, help_text="AES-GCM; the key is not in here.")
    last_step = models.BigIntegerField(default=0, help_text="The half minute last used.")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"codes of {self.login_id}"


class ProviderLink(models.Model):
    """That a log-in is somebody whom the state's own sign-in knows (docs/sign-in.md).

    subject_mac: a keyed digest of the provider's address and its name for the person, which stands
    nowhere here. Whoever reads the table learns nobody's number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    login = models.ForeignKey("members.Login", models.PROTECT, related_name="provider_links")
    subject_mac = models.BinaryField(max_length=32)
    linked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                name="provider_link_once", fields=["subject_mac"], condition=Q(ended_at=None)
            ),
            UniqueConstraint(
                name="provider_link_one_each", fields=["login"], condition=Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"link of {self.login_id}"


class MemberChange(models.Model):
    """Something about who may sign in that takes two persons, and the pass that it gives.

    A pass is two words: the first is shown to who proposed, the second to who agreed. Only with
    both is a passkey made, so neither of the two can sign in as the third.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("members.Organisation", models.PROTECT, db_index=False)
    kind = models.CharField(max_length=12)
    person = models.ForeignKey("members.Person", models.PROTECT, null=True, related_name="+")
    login = models.ForeignKey("members.Login", models.PROTECT, null=True, related_name="+")
    full_name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=120, blank=True)
    username = models.CharField(max_length=64, blank=True)
    role = models.CharField(max_length=24, blank=True)
    ground = models.CharField(max_length=300)
    proposed_by = models.ForeignKey("members.Person", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    first_sha256 = models.BinaryField(max_length=32)
    decided_by = models.ForeignKey("members.Person", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    is_agreed = models.BooleanField(null=True)
    second_sha256 = models.BinaryField(max_length=32, null=True)
    expires_at = models.DateTimeField(null=True)
    devices_left = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(name="change_kind_known", condition=Q(kind__in=CHANGE_KINDS)),
            CheckConstraint(
                name="change_by_two",
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
            ),
            CheckConstraint(
                name="change_not_of_oneself",
                condition=Q(person=None)
                | (~Q(proposed_by=F("person")) & (Q(decided_by=None) | ~Q(decided_by=F("person")))),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "proposed_at"], name="change_organisation")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id or self.full_name}"
