"""Tables of requests: what an officer drafts, who decided what, what both sides told each other.

A request has one ticket for each target, opened when it is authorised. Issuer, authority and
addressee are copied on every row, since row-level security reads nothing else. Decisions, files and
notes are only added; triggers refuse to change them.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from recoup.apps.cases.models import Case
from recoup.apps.members.models import Mandate, Organisation, Person

# Words, not enum members: a migration must never import today's code. A test compares them.
ORDER_STATES = [
    "drafted", "submitted", "asked", "authorised", "refused", "withdrawn", "lapsed",
]  # fmt: skip
DECISION_KINDS = [
    "asked", "replied", "authorised", "narrowed", "refused", "written", "confirmed",
    "not_confirmed", "not_said", "put",
]  # fmt: skip
# What came of emergencies and oral decisions that somebody had to stand by afterwards.
STOOD_BY = Q(heard_by__isnull=False) | Q(
    kind__in=["written", "confirmed", "not_confirmed", "not_said"]
)
MOST_FILE_BYTES = 10 * 1024 * 1024


class Request(models.Model):
    """What is asked under one power, of one or many addressees; frozen once it is submitted.

    content: targets, data, period, amount, the fields of the form. turn: how often it was
    submitted. opened_at: when its tickets were opened; authorised and empty, it waits for the hub.
    hands: everybody who wrote, changed, submitted or replied; the database keeps it (``hands``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=16, unique=True)
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    authority = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    confirmer = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="requests", db_index=False
    )
    measure = models.CharField(max_length=32)
    power = models.CharField(max_length=64, blank=True)
    pack = models.ForeignKey("lawful_requests.PackVersion", models.PROTECT, db_index=False)
    danger = models.CharField(max_length=32, blank=True)
    content = models.JSONField()
    version = models.IntegerField(default=1)
    turn = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=16, default="drafted")
    drafted_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    authorised_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text="When its last ticket had ended.")
    due_at = models.DateTimeField(help_text="The clock of its state.")
    written_by = models.DateTimeField(null=True, help_text="Until then the paper has to follow.")
    confirm_by = models.DateTimeField(null=True, help_text="Until then another person confirms.")
    put_by = models.DateTimeField(
        null=True, help_text="Until then it is put before whoever confirms it."
    )
    never_confirmed_at = models.DateTimeField(
        null=True, help_text="When what left was still not confirmed, its time being over."
    )
    hands = ArrayField(models.UUIDField(), default=list)
    submitter = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="Who submitted it or replied last, and answers for it.",
    )  # fmt: skip
    tries = models.SmallIntegerField(default=0, help_text="How often opening it failed.")
    try_at = models.DateTimeField(null=True, help_text="Not tried again before.")
    ended_ground = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(name="request_state_known", condition=Q(state__in=ORDER_STATES)),
            CheckConstraint(
                name="request_submitted_to_somebody",
                condition=Q(state__in=["drafted", "withdrawn", "lapsed"])
                | Q(authority__isnull=False, submitted_at__isnull=False),
            ),
            CheckConstraint(
                name="request_authorised_when",
                condition=~Q(state="authorised") | Q(authorised_at__isnull=False),
            ),
            CheckConstraint(
                name="request_opened_was_authorised",
                condition=Q(opened_at=None) | Q(authorised_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["issuer", "-changed_at"], name="request_issuer"),
            models.Index(fields=["author", "-changed_at"], name="request_author"),
            models.Index(
                fields=["authority", "due_at"], condition=Q(state="submitted"),
                name="request_to_decide",
            ),
            models.Index(fields=["authority", "-changed_at"], name="request_authority"),
            models.Index(
                fields=["confirmer", "due_at"], condition=Q(confirm_by__isnull=False),
                name="request_to_confirm",
            ),
            models.Index(
                fields=["authority", "due_at"], condition=Q(written_by__isnull=False),
                name="request_to_write",
            ),
            models.Index(
                fields=["authorised_at"], condition=Q(state="authorised", opened_at=None),
                name="request_to_open",
            ),
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False, opened_at__isnull=False, closed_at=None),
                name="request_to_take_back",
            ),
            models.Index(fields=["case"], condition=Q(case__isnull=False), name="request_case"),
            models.Index(
                fields=["never_confirmed_at"], condition=Q(never_confirmed_at__isnull=False),
                name="request_never_confirmed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference


class Decision(models.Model):
    """One word on a request, by one person, on the version that was read. Never changed.

    The author is copied, so that the database itself refuses an author who decides.
    content: what was authorised, narrowed or not. heard_by: it was oral, and who heard it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(Request, models.PROTECT, related_name="decisions", db_index=False)
    number = models.SmallIntegerField()
    kind = models.CharField(max_length=16)
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    authority = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    confirmer = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    author = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=24)
    heard_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    first_person = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="Who decided in the emergency that this confirms.",
    )  # fmt: skip
    ground = models.CharField(max_length=2000, blank=True)
    power = models.CharField(max_length=64, blank=True)
    pack = models.ForeignKey(
        "lawful_requests.PackVersion", models.PROTECT, null=True, related_name="+",
        db_index=False, help_text="The law that was in force when it was decided.",
    )  # fmt: skip
    version = models.IntegerField(help_text="The version of the request that was read.")
    content = models.JSONField(null=True)
    sha256 = models.BinaryField(max_length=32, help_text="Of the content as canonical JSON.")
    decided_at = models.DateTimeField(help_text="When it counts from: of an oral one, the hearing.")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="decision_in_order", fields=["request", "number"]),
            CheckConstraint(name="decision_kind_known", condition=Q(kind__in=DECISION_KINDS)),
            CheckConstraint(
                name="decision_by_another", condition=Q(kind="replied") | ~Q(person=F("author"))
            ),
            CheckConstraint(
                name="decision_heard_by_a_third",
                condition=Q(heard_by=None) | (~Q(heard_by=F("author")) & ~Q(heard_by=F("person"))),
            ),
            CheckConstraint(
                name="decision_confirmed_by_a_third",
                condition=~Q(kind="confirmed")
                | (Q(first_person__isnull=False) & ~Q(first_person=F("person"))),
            ),
            CheckConstraint(
                name="decision_authorises_something",
                condition=~Q(kind__in=["authorised", "narrowed"]) | Q(content__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["recorded_at"], condition=STOOD_BY, name="decision_stood_by")
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.kind}"


class AddresseeProfile(models.Model):
    """What an organisation says of itself to those who ask it; each change is a new version."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="profiles", db_index=False
    )
    version = models.IntegerField()
    body = models.JSONField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=24)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="profile_in_order", fields=["organisation", "version"])
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.version}"


class RequestFile(models.Model):
    """A file of a request (order, attachment) or of an answer; bytes and digest, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(
        Request, models.PROTECT, null=True, related_name="files", db_index=False
    )
    ticket = models.ForeignKey(
        "lawful_requests.Ticket", models.PROTECT, null=True, related_name="files", db_index=False
    )
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    authority = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    addressee = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12)
    name = models.CharField(max_length=140)
    media_type = models.CharField(max_length=80)
    size = models.IntegerField()
    sha256 = models.BinaryField(max_length=32)
    content = models.BinaryField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                name="file_kind_known", condition=Q(kind__in=["order", "attachment", "answer"])
            ),
            CheckConstraint(
                name="file_size_bounded", condition=Q(size__gt=0, size__lte=MOST_FILE_BYTES)
            ),
            CheckConstraint(
                name="file_of_one",
                condition=Q(request__isnull=False, ticket=None)
                | Q(request=None, ticket__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["request", "at"], name="file_request"),
            models.Index(fields=["ticket", "at"], name="file_ticket"),
        ]

    def __str__(self) -> str:
        return self.name


class TicketNote(models.Model):
    """What addressee and issuer tell each other about a ticket beside the answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(
        "lawful_requests.Ticket", models.PROTECT, related_name="notes", db_index=False
    )
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16)
    text = models.CharField(max_length=2000, blank=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", db_index=False, help_text="Who said it."
    )
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                name="note_kind_known",
                condition=Q(kind__in=["question", "reply", "cost_claim", "cost_agreed",
                                      "cost_refused"]),
            ),
            CheckConstraint(
                name="note_cost_has_amount",
                condition=~Q(kind="cost_claim")
                | Q(amount_minor__gt=0) & Q(amount_minor__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["ticket", "at"], name="note_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class ClockStop(models.Model):
    """Why an answer is due later: the clock stood still, or the issuer gave more time.

    A stop lasts from ``started_at`` to ``ended_at``; of an extension that is the time given.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(
        "lawful_requests.Ticket", models.PROTECT, related_name="stops", db_index=False
    )
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12)
    ground = models.CharField(max_length=400)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(name="stop_kind_known", condition=Q(kind__in=["stop", "extension"])),
            CheckConstraint(
                name="stop_not_backwards",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
            ),
            CheckConstraint(
                name="extension_has_an_end",
                condition=~Q(kind="extension") | Q(ended_at__isnull=False),
            ),
            UniqueConstraint(
                name="stop_one_open", fields=["ticket"], condition=Q(kind="stop", ended_at=None)
            ),
        ]
        indexes = [models.Index(fields=["ticket", "started_at"], name="stop_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class Doubt(models.Model):
    """That a desk doubts whether a request is genuine. Two desks' doubts pause its requester."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(
        "lawful_requests.Ticket", models.PROTECT, related_name="doubts", db_index=False
    )
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    ground = models.CharField(max_length=400)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    lifted_ground = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="doubt_once", fields=["ticket"], condition=Q(lifted_at=None)),
            CheckConstraint(name="doubt_says_why", condition=~Q(ground="")),
        ]
        indexes = [
            models.Index(
                fields=["issuer", "addressee"], condition=Q(lifted_at=None), name="doubt_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}"


class CallBack(models.Model):
    """That an addressee's desk called the directory's number back, and which code it was told.

    number: that of the directory, never the request's. Rows are only added; the last counts.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(
        "lawful_requests.Ticket", models.PROTECT, related_name="call_backs", db_index=False
    )
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=40)
    answered_by = models.CharField(max_length=120)
    is_right = models.BooleanField(help_text="Whether the code that was read out is that shown.")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(name="call_back_says_who", condition=~Q(answered_by="")),
            CheckConstraint(name="call_back_has_number", condition=~Q(number="")),
        ]
        indexes = [models.Index(fields=["ticket", "-id"], name="call_back_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.is_right}"
