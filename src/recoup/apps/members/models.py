"""Tables of who takes part: organisations, persons, mandates, sign-in and machines' keys.

A person is not an account and an account is not a mandate: a mandate is a role in one organisation
from a day to a day. Duties and given answers are seen by their organisation alone; the other tables
have no row-level security: sign-in reads them before anyone is known, and the directory of
organisations is open to every desk (the exceptions are in ``docs/adr/0004-row-level-security.md``).
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.crypto import salted_hmac

from recoup.apps.members import passwords

ORGANISATION_KINDS = [
    "bank", "payment", "vasp", "isp", "police", "prosecutor", "fiu", "public", "foreign_bank",
    "account_registry", "acquirer", "asset_office", "banking_association", "card_processor",
    "central_authority", "central_bank", "cert", "contact_24_7", "court", "foreign_fiu",
    "foreign_provider", "hosting", "interpol_ncb", "ministry", "msb", "platform", "psp",
    "registrar", "registry", "telecom",
]  # fmt: skip
NOT_KNOWN = "not-known:"  # and a country: written by institution_abroad, in 0007


class Organisation(models.Model):
    """An organisation; its id is small, read by row-level security, and never shown to people."""

    id = models.IntegerField(primary_key=True)
    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=120)
    name_sr = models.CharField(max_length=120, blank=True, help_text="In Serbian Cyrillic.")
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2.")
    bank_code = models.CharField(max_length=12, blank=True, db_index=True)
    bic = models.CharField(max_length=11, blank=True)
    answers_by = models.CharField(max_length=8, default="desk", help_text="api or desk")
    contact_name = models.CharField(max_length=120, blank=True)
    contact_name_sr = models.CharField(max_length=120, blank=True, help_text="In Cyrillic.")
    contact_phone = models.CharField(max_length=40, blank=True)
    contact_email = models.CharField(max_length=120, blank=True)
    is_invented = models.BooleanField(default=False)

    class Meta:
        constraints = [
            CheckConstraint(
                name="organisation_kind_known", condition=Q(kind__in=ORGANISATION_KINDS)
            ),
            CheckConstraint(
                name="organisation_answers_by_known", condition=Q(answers_by__in=["api", "desk"])
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_not_known(self) -> bool:
        """Whether this stands for whichever institution of its country nobody could name."""
        return self.code.startswith(NOT_KNOWN)


class HostedIdentifier(models.Model):
    """A phone alias, wallet or card range that an institution has told the directory it serves.

    An IBAN names its bank by itself; these do not.
    """

    institution = models.ForeignKey(Organisation, models.PROTECT, related_name="hosted")
    scheme = models.CharField(max_length=16)
    ident = models.CharField(max_length=140, help_text="The normalised key, or a card's first six.")

    class Meta:
        constraints = [UniqueConstraint(name="hosted_once", fields=["scheme", "ident"])]

    def __str__(self) -> str:
        return f"{self.scheme} {self.ident}"


class Person(models.Model):
    """A natural person; or the one system of an institution that speaks by key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    full_name = models.CharField(max_length=120)
    email = models.CharField(max_length=120, blank=True)
    is_system = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.full_name


class Mandate(models.Model):
    """A role of a person in an organisation, for a time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="mandates")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="mandates")
    role = models.CharField(max_length=24)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    is_on_duty = models.BooleanField(default=False, help_text="Named person of the duty desk.")

    class Meta:
        constraints = [
            UniqueConstraint(name="mandate_once", fields=["person", "organisation", "role"]),
        ]

    def __str__(self) -> str:
        return f"{self.role} at {self.organisation_id}"


class LoginManager(BaseUserManager["Login"]):
    """Logins without the hash of their password, which the pages may not read."""

    def get_queryset(self) -> models.QuerySet[Login]:
        return super().get_queryset().defer("password")


class Login(AbstractBaseUser):
    """What somebody signs in with. It carries no right: the mandate does.

    session_mark: what a session is tied to; it changes with the password, and ends the others.
    """

    username = models.CharField(max_length=64, unique=True)
    email = models.CharField(max_length=120, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="logins")
    is_active = models.BooleanField(default=True)
    session_mark = models.UUIDField(default=uuid.uuid4, editable=False)
    proved = ""

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = LoginManager()

    def __str__(self) -> str:
        return self.username

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password. The proof of it is kept for changing it in this request."""
        self.proved = passwords.proof(self.username, raw_password or "")
        return bool(self.proved)

    def has_usable_password(self) -> bool:
        return True

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        return salted_hmac(
            "recoup.session", str(self.session_mark), secret=secret, algorithm="sha256"
        ).hexdigest()


class ApiKey(models.Model):
    """The key of an institution's system. Only its hash is stored.

    scope: the acts it is for; None for all that its role may do. made_by: None for a command.
    works_from: a day after it was made on a page, unless another organisation agreed before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mandate = models.ForeignKey(Mandate, models.PROTECT)
    key_sha256 = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=60, blank=True, default="")
    scope = models.JSONField(null=True, help_text="Acts; null for all it may.")
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    works_from = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    agreed_for = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    agreed_told = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            CheckConstraint(
                name="key_cools_down",
                condition=Q(made_by=None)
                | Q(
                    works_from__isnull=False,
                    works_from__gte=F("created_at") + timedelta(days=1),
                )
                | (
                    Q(works_from__isnull=False, agreed_for__isnull=False)
                    & Q(agreed_by__isnull=False)
                    & ~Q(agreed_by=F("made_by"))
                    & ~Q(agreed_told="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class GivenAnswer(models.Model):
    """What a machine's write was answered, so that the same key gets the same bytes again."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, db_index=False)
    key = models.UUIDField()
    request_sha256 = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    body = models.BinaryField()
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="given_answer_once", fields=["organisation", "key"]),
        ]

    def __str__(self) -> str:
        return str(self.key)


class Duty(models.Model):
    """Who is on duty at an organisation, from when to when, and at which place of the ladder.

    instead_of: the person stands in for another, whose calls come to them in that time. A duty is
    handed over by ending it and adding the next; rows are never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="duties", db_index=False
    )
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="duties", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="duties", db_index=False)
    instead_of = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    rank = models.SmallIntegerField(default=0, help_text="The lowest is called first.")
    since = models.DateTimeField()
    until = models.DateTimeField()
    noted_by = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    noted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When it was handed over or called off.")
    ended_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            CheckConstraint(name="duty_not_backwards", condition=Q(until__gt=F("since"))),
            CheckConstraint(name="duty_rank_known", condition=Q(rank__gte=0, rank__lte=9)),
            CheckConstraint(
                name="duty_for_another",
                condition=Q(instead_of=None) | ~Q(instead_of=F("person")),
            ),
            CheckConstraint(
                name="duty_ended_by_somebody",
                condition=Q(ended_at=None, ended_by=None)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "until"], name="duty_organisation")]

    def __str__(self) -> str:
        return f"{self.person_id} from {self.since} until {self.until}"


# How people sign in, and changes of the directory; below, since they point up here.
from recoup.apps.members.directory_models import DirectoryChange  # noqa: E402, F401
from recoup.apps.members.sign_in_models import (  # noqa: E402, F401
    CodeSecret,
    MemberChange,
    Passkey,
    ProviderLink,
)
