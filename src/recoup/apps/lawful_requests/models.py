"""Tables of lawful requests: the ticket, its answers, its way out, its deadlines, its authority.

A ticket is one message. Of the hold chain it is (case, account, measure, round), and its lines
stand in ``holds``; of a request (``of``) it is one target, knows neither case nor account, and
rests on a decision (``request_models``). Issuer and addressee are on every row, since row-level
security reads nothing else (DATAMODEL A).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from recoup.apps.cases.models import Account, Case
from recoup.apps.lawful_requests.pack_models import PackDraft
from recoup.apps.lawful_requests.request_models import (
    AddresseeProfile,
    CallBack,
    ClockStop,
    Decision,
    Doubt,
    Request,
    RequestFile,
    TicketNote,
)
from recoup.apps.members.models import Organisation, Person

__all__ = [
    "AddresseeProfile", "Answer", "CallBack", "ClockStop", "Deadline", "Decision", "Dispatch",
    "Doubt", "PackDraft", "PackVersion", "Request", "RequestFile", "StandingInstruction", "Ticket",
    "TicketNote", "UnplannedAnswer",
]  # fmt: skip

# Words, not enum members: a migration must never import today's code. A test compares them.
TICKET_STATES = [
    "drafted", "authorised", "sent", "acknowledged", "answered", "closed",
    "refused", "withdrawn", "undeliverable", "lapsed",
]  # fmt: skip
OPEN_STATES = ["drafted", "authorised", "sent", "acknowledged"]
# Empty for a target of a request. Whoever reads tickets of the hold chain has both, by a check; a
# type checker that saw the null would ask every one of them.
ONLY_OF_THE_CHAIN: Any = {"null": True}
WORD = r"^[a-z][a-z0-9_]{1,31}$"  # of a measure, of an answer: data says which there are
KINDS = ["", "block", "first", "forward", "back", "set", "destination"]


class PackVersion(models.Model):
    """A country's law: numbered, immutable, named by the digest of its bytes.

    The first was loaded from our files, the others come from a ``PackDraft`` that two persons of
    the ministry signed. in_force_from: the day in that country.
    """

    country = models.CharField(max_length=2)
    number = models.IntegerField()
    digest = models.BinaryField(max_length=32)
    body = models.BinaryField(help_text="Canonical JSON.")
    loaded_at = models.DateTimeField()
    in_force_from = models.DateField()

    class Meta:
        constraints = [
            UniqueConstraint(name="pack_number_once", fields=["country", "number"]),
            UniqueConstraint(name="pack_digest_once", fields=["country", "digest"]),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.number}"


class StandingInstruction(models.Model):
    """What two named persons of the issuing unit signed, so that a measure may leave unattended."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=24, unique=True)
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    measure = models.CharField(max_length=32)
    pack = models.ForeignKey(PackVersion, models.PROTECT)
    first_signer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    second_signer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    first_role = models.CharField(max_length=60)
    second_role = models.CharField(max_length=60)
    signed_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="instruction_once", fields=["issuer", "measure", "pack"]),
            CheckConstraint(
                name="instruction_two_people", condition=~Q(first_signer=models.F("second_signer"))
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Ticket(models.Model):
    """A lawful request to one institution about one account, in one round."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=16, unique=True)
    request = models.UUIDField(help_text="The same over all rounds of one measure.")
    of = models.ForeignKey(
        Request,
        models.PROTECT,
        null=True,
        related_name="tickets",
        db_index=False,
        help_text="The request whose target it is; then ``request`` is the same.",
    )
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, db_index=False)
    order_paper = models.UUIDField(
        null=True, help_text="What the code of its order comes from: no other ticket has it."
    )
    case = models.ForeignKey(
        Case, models.PROTECT, related_name="tickets", db_index=False, **ONLY_OF_THE_CHAIN
    )
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="tickets", **ONLY_OF_THE_CHAIN
    )
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    measure = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, blank=True)
    round = models.IntegerField()
    asked_minor = models.BigIntegerField(help_text="The new total asked for, in minor units.")
    currency = models.CharField(max_length=3)
    account_ident = models.CharField(max_length=140, help_text="Copied for the addressee's search.")
    state = models.CharField(max_length=16, default="drafted")
    instruction = models.ForeignKey(StandingInstruction, models.PROTECT, null=True, db_index=False)
    pack = models.ForeignKey(PackVersion, models.PROTECT, db_index=False)
    draft = models.JSONField(help_text="What will be sent, without the clocks of sending.")
    body = models.BinaryField(null=True, help_text="The bytes the addressee gets; frozen.")
    authorised_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(help_text="The next clock that acts on it.")
    hold_until = models.DateTimeField(null=True)
    urgency = models.BigIntegerField(default=0, help_text="Expected loss a minute, minor units.")
    taken_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    taken_at = models.DateTimeField(null=True)
    withdrawn_ground = models.CharField(max_length=200, blank=True)
    withdrawn_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty if the planner took it back: then new money may be asked for again.",
        db_index=False,
    )
    version = models.IntegerField(default=1)
    lift_at = models.DateTimeField(
        null=True, help_text="Since when what was done has to be lifted."
    )
    lift_ground = models.CharField(max_length=16, blank=True, default="")
    released_at = models.DateTimeField(
        null=True, help_text="When the addressee lifted it, as it says itself."
    )
    released_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    released_note = models.CharField(max_length=400, blank=True, default="")
    extends = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="extensions", db_index=False,
        help_text="The ticket whose effect it makes longer.",
    )  # fmt: skip

    class Meta:
        constraints = [
            UniqueConstraint(
                name="ticket_round_once", fields=["case", "account", "measure", "round"]
            ),
            UniqueConstraint(
                name="ticket_one_open",
                fields=["case", "account", "measure"],
                condition=Q(state__in=OPEN_STATES),
            ),
            UniqueConstraint(name="ticket_with_parties", fields=["id", "issuer", "addressee"]),
            CheckConstraint(
                name="ticket_state_known",
                condition=Q(state__in=TICKET_STATES),
            ),
            CheckConstraint(name="ticket_measure_known", condition=Q(measure__regex=WORD)),
            CheckConstraint(name="ticket_kind_known", condition=Q(kind__in=KINDS)),
            CheckConstraint(name="ticket_asked_not_negative", condition=Q(asked_minor__gte=0)),
            CheckConstraint(
                name="ticket_sent_has_body",
                condition=Q(sent_at=None) | Q(body__isnull=False),
            ),
            CheckConstraint(
                name="ticket_rests_on_authority",
                condition=Q(state="drafted")
                | Q(of=None, instruction__isnull=False)
                | Q(of__isnull=False, decision__isnull=False),
            ),
            CheckConstraint(
                name="ticket_of_chain_or_request",
                condition=Q(of=None, case__isnull=False, account__isnull=False, decision=None)
                | Q(of__isnull=False, case=None, account=None, instruction=None),
            ),
            UniqueConstraint(
                name="ticket_target_once", fields=["of", "round"], condition=Q(of__isnull=False)
            ),
            CheckConstraint(
                name="ticket_released_was_lifted",
                condition=Q(released_at=None) | Q(lift_at__isnull=False, released_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["addressee", "-urgency"],
                condition=Q(state__in=["sent", "acknowledged"]),
                name="ticket_queue",
            ),
            models.Index(
                fields=["addressee", "sent_at"], condition=Q(state="sent"), name="ticket_inbox"
            ),
            models.Index(fields=["addressee", "-sent_at"], name="ticket_addressee_sent"),
            models.Index(fields=["addressee", "-answered_at"], name="ticket_addressee_answered"),
            models.Index(fields=["issuer", "due_at"], name="ticket_issuer_due"),
            models.Index(fields=["addressee", "due_at"], name="ticket_addressee_due"),
            models.Index(fields=["case"], name="ticket_case"),
            models.Index(fields=["addressee", "account_ident"], name="ticket_account"),
            models.Index(fields=["request"], name="ticket_request"),
            models.Index(
                fields=["addressee", "due_at"],
                condition=Q(of__isnull=False, state__in=["sent", "acknowledged"]),
                name="ticket_asked",
            ),
            models.Index(
                fields=["issuer", "-sent_at"], condition=Q(of__isnull=False), name="ticket_out"
            ),
            models.Index(
                fields=["order_paper"],
                condition=Q(order_paper__isnull=False),
                name="ticket_order_paper",
            ),
            models.Index(
                fields=["addressee", "lift_at"],
                condition=Q(lift_at__isnull=False, released_at=None),
                name="ticket_to_lift",
            ),
            models.Index(
                fields=["extends"], condition=Q(extends__isnull=False), name="ticket_extends"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Answer(models.Model):
    """What came back. Never changed: a correction is a row that replaces another."""

    id = models.UUIDField(primary_key=True, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="answers", db_index=False)
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=32)
    stage = models.CharField(max_length=12)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    held_minor = models.BigIntegerField(default=0)
    block_reference = models.CharField(max_length=64, blank=True)
    ground = models.CharField(max_length=400, blank=True)
    body = models.BinaryField(help_text="Canonical JSON as kept, destinations dropped.")
    sha256 = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            UniqueConstraint(
                name="answer_one_final",
                fields=["ticket"],
                condition=Q(replaces=None, stage="final"),
            ),
            CheckConstraint(name="answer_code_known", condition=Q(code__regex=WORD)),
            CheckConstraint(
                name="answer_stage_known",
                condition=Q(stage__in=["interim", "final", "correction"]),
            ),
            CheckConstraint(
                name="answer_correction_replaces",
                condition=Q(stage="correction", replaces__isnull=False)
                | (~Q(stage="correction") & Q(replaces=None)),
            ),
            CheckConstraint(name="answer_held_not_negative", condition=Q(held_minor__gte=0)),
        ]
        indexes = [models.Index(fields=["ticket", "received_at"], name="answer_ticket_time")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.code}"


class UnplannedAnswer(models.Model):
    """The planner's work list: an answer that no plan has taken in yet (swept if a job is lost)."""

    answer = models.OneToOneField(Answer, models.PROTECT, primary_key=True)
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.answer_id)


class Dispatch(models.Model):
    """The out-box: written with the state change; a worker sends what is in it.

    ``sent_at`` says when the row left: its ticket was sent, or turned out to be undeliverable.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="dispatch")
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["queued_at"], condition=Q(sent_at=None), name="dispatch_waiting")
        ]

    def __str__(self) -> str:
        return str(self.ticket_id)


class Deadline(models.Model):
    """A clock of a ticket, or of a request. It fires once: the row that fired says when.

    Of a request the addressee is the authority, and the level is ten times the turn and the step.
    """

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="deadlines", db_index=False
    )
    of = models.ForeignKey(
        Request, models.PROTECT, null=True, related_name="deadlines", db_index=False
    )
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(
        max_length=16,
        help_text="acknowledge, answer, lapse; decide, reply, written, confirm; effect_ends",
    )
    level = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    first_at = models.DateTimeField(null=True, help_text="When it was due before it was put on.")
    fired_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="deadline_once", fields=["ticket", "kind", "level"]),
            UniqueConstraint(
                name="deadline_of_once", fields=["of", "kind", "level"],
                condition=Q(of__isnull=False),
            ),
            CheckConstraint(
                name="deadline_of_one",
                condition=Q(ticket__isnull=False, of=None) | Q(ticket=None, of__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["due_at"], condition=Q(fired_at=None), name="deadline_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.level}"
