"""Tables of the money side: claims, what banks told, holds and blocks, and the trail.

Facts (alleged payments, claims, movements with their sides and destinations, windows) are only ever
added. Conclusions (hold, block, trail, flow, total) are rebuilt by the planner from the facts, and
nothing else writes them (DATAMODEL B1).
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from recoup.apps import lookups  # noqa: F401  (declares "any")
from recoup.apps.cases.models import Account, Case
from recoup.apps.holds.statement_models import StatementProfile  # noqa: F401  (a table of this app)
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.members.models import Organisation, Person
from recoup.apps.reports.models import Report

SINKS = ["cash", "card", "fee", "abroad", "other"]


class Movement(models.Model):
    """One payment, whoever tells of it. Found by UETR or the payer bank's reference, never by sums.

    Written only through ``movement_for``; what is known of it stands in its sides and destination.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    uetr = models.UUIDField(null=True, unique=True)
    payer_institution = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    payer_reference = models.CharField(max_length=140, blank=True)
    same_as = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+",
        help_text="Two banks told one payment without a common reference; the planner joined them.",
    )  # fmt: skip

    class Meta:
        constraints = [
            UniqueConstraint(
                name="movement_reference_once",
                fields=["payer_institution", "payer_reference"],
                condition=~Q(payer_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.uetr or self.payer_reference or self.id)


class MovementSide(models.Model):
    """One bank's booking of a movement: its account, amount, time and place in the order."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="sides", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="sides")
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    is_credit = models.BooleanField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    booked_at = models.DateTimeField()
    seq = models.BigIntegerField()
    reference = models.CharField(max_length=140, help_text="The bank's own, unique at that bank.")
    line = models.ForeignKey(
        "TicketLine", models.PROTECT, null=True, related_name="+",
        help_text="The bank says: this credit is the payment that the line asks about.",
    )  # fmt: skip

    class Meta:
        constraints = [
            UniqueConstraint(name="side_once", fields=["movement", "is_credit", "answer"]),
            UniqueConstraint(
                name="side_booking_once", fields=["account", "reference", "is_credit", "answer"]
            ),
            CheckConstraint(name="side_amount_above_zero", condition=Q(amount_minor__gt=0)),
        ]
        indexes = [models.Index(fields=["account", "booked_at", "seq"], name="side_account_order")]

    def __str__(self) -> str:
        return f"{self.account_id} {'+' if self.is_credit else '-'}{self.amount_minor}"


class Destination(models.Model):
    """Where a debit went, as the payer's bank told it: an account, or out of the trail."""

    movement = models.ForeignKey(
        Movement, models.PROTECT, related_name="destinations", db_index=False
    )
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="+")
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    sink = models.CharField(max_length=8, blank=True)
    place = models.CharField(max_length=140, blank=True)
    credit_minor = models.BigIntegerField(null=True)
    credit_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="destination_once", fields=["movement", "answer"]),
            CheckConstraint(
                name="destination_account_or_sink",
                condition=Q(account__isnull=False, sink="") | Q(account=None, sink__in=SINKS),
            ),
        ]

    def __str__(self) -> str:
        return self.sink or str(self.account_id)


class LedgerWindow(models.Model):
    """What a bank disclosed of an account: opening + credits - debits = closing over a span."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="windows", db_index=False)
    answer = models.OneToOneField(Answer, models.PROTECT, related_name="window")
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    opening_minor = models.BigIntegerField()
    closing_minor = models.BigIntegerField()
    is_complete = models.BooleanField(default=True)

    class Meta:
        constraints = [
            CheckConstraint(name="window_in_order", condition=Q(from_at__lte=F("to_at"))),
        ]
        indexes = [models.Index(fields=["account", "from_at"], name="window_account_time")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.from_at:%H:%M:%S}-{self.to_at:%H:%M:%S}"


class AllegedPayment(models.Model):
    """A payment as a report tells it, before any bank has spoken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.OneToOneField(Report, models.PROTECT, related_name="alleged_payment")
    payer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    payee = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    paid_at = models.DateTimeField()
    reference = models.CharField(max_length=140, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class Claim(models.Model):
    """The disputed units of one payment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="claims", db_index=False)
    payment = models.OneToOneField(AllegedPayment, models.PROTECT, related_name="claim")
    movement = models.OneToOneField(Movement, models.PROTECT, null=True, related_name="claim")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=12, default="alleged", help_text="alleged, confirmed, denied, withdrawn, double"
    )
    adopted_at = models.DateTimeField(null=True)
    adopted_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    returned_minor = models.BigIntegerField(default=0, help_text="Stopped or recalled units.")
    returned_doubt_minor = models.BigIntegerField(
        default=0, db_default=0,
        help_text="By how much that may be wrong: what was told is more than the payment.",
    )  # fmt: skip
    is_barred = models.BooleanField(
        default=False, help_text="Beyond the caps: nothing is asked before an officer adopts it."
    )
    possible_double_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The same loss seems reported already: nothing is held twice before the payer's "
        "bank names the payment.",
    )

    class Meta:
        constraints = [
            CheckConstraint(name="claim_amount_above_zero", condition=Q(amount_minor__gt=0)),
            CheckConstraint(
                name="claim_state_known",
                condition=Q(state__in=["alleged", "confirmed", "denied", "withdrawn", "double"]),
            ),
            CheckConstraint(
                name="claim_returned_within",
                condition=Q(returned_minor__gte=0, returned_minor__lte=F("amount_minor")),
            ),
            CheckConstraint(
                name="claim_doubt_not_negative", condition=Q(returned_doubt_minor__gte=0)
            ),
        ]
        indexes = [
            models.Index(fields=["case"], name="claim_case"),
            models.Index(
                fields=["case"], condition=Q(adopted_at=None, state="alleged"), name="claim_waits"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class TicketLine(models.Model):
    """What a ticket asks for, claim by claim and arrival by arrival."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="lines", db_index=False)
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="+")
    arrival = models.ForeignKey(Movement, models.PROTECT, null=True, related_name="+")
    asked_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(
                name="line_once", fields=["ticket", "claim", "arrival"], nulls_distinct=False
            ),
            CheckConstraint(name="line_asked_not_negative", condition=Q(asked_minor__gte=0)),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Block(models.Model):
    """The bank's own object on an account; one open at a time, carrying all holds there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="blocks")
    institution = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    reference = models.CharField(max_length=64, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                name="block_one_open", fields=["account"], condition=Q(closed_at=None)
            ),
            CheckConstraint(name="block_not_negative", condition=Q(amount_minor__gte=0)),
        ]

    def __str__(self) -> str:
        return str(self.amount_minor)


class Hold(models.Model):
    """The legal measure between a case and a block: what is asked, what is held, until when."""

    id = models.UUIDField(primary_key=True, editable=False, help_text="The tickets' request.")
    case = models.ForeignKey(Case, models.PROTECT, related_name="holds")
    account = models.ForeignKey(Account, models.PROTECT, related_name="holds", db_index=False)
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    block = models.ForeignKey(Block, models.PROTECT, null=True, related_name="holds")
    state = models.CharField(max_length=12, default="asked")
    asked_minor = models.BigIntegerField()
    held_minor = models.BigIntegerField(default=0)
    limit_minor = models.BigIntegerField(
        null=True, help_text="No more may be asked: an officer reduced or withdrew it."
    )
    asked_kind = models.CharField(max_length=16)
    asked_currency = models.CharField(max_length=3)
    is_precautionary = models.BooleanField(default=True)
    answered_at = models.DateTimeField(null=True)
    answered_round = models.IntegerField(default=0)
    freed_at = models.DateTimeField(null=True, help_text="When the sum held last fell.")
    ground = models.CharField(max_length=24, blank=True, help_text="Why nothing more is asked.")
    until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                name="hold_one_in_force",
                fields=["case", "account"],
                condition=Q(state__in=["asked", "placed"]),
            ),
            CheckConstraint(
                name="hold_state_known",
                condition=Q(
                    state__in=["asked", "placed", "declined", "lifted", "lapsed", "replaced"]
                ),
            ),
            CheckConstraint(
                name="hold_sums_not_negative",
                condition=Q(held_minor__gte=0, asked_minor__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["addressee", "state"], name="hold_addressee_state"),
            models.Index(fields=["account"], name="hold_account"),
            models.Index(
                fields=["until"], condition=Q(state__in=["asked", "placed"]), name="hold_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.held_minor}"


class PlanWanted(models.Model):
    """The planner's work list for acts of people: a case whose claims they decided on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.case_id)


class PlanTrouble(models.Model):
    """A thing on the work list with which planning failed; parked after some tries, with a task.

    One thing that cannot be planned must not stop the planning of all others.
    """

    about = models.UUIDField(primary_key=True, help_text="Report, answer or wanted plan.")
    tries = models.IntegerField(default=0)
    trouble = models.CharField(max_length=400)
    last_at = models.DateTimeField()
    parked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.about)


class Trail(models.Model):
    """Conclusion: what became of a claim's money on one account, under one rule."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="trail", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="+")
    rule = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    account_ident = models.CharField(max_length=140)
    institution_name = models.CharField(max_length=120)
    inn = models.BigIntegerField()
    held = models.BigIntegerField()
    lying = models.BigIntegerField()
    moved = models.BigIntegerField()
    spent = models.BigIntegerField()
    returned = models.BigIntegerField()
    unknown = models.BigIntegerField()
    doubted = models.BigIntegerField(
        default=0, db_default=0, help_text="By how much returned may be wrong; no part of inn."
    )

    class Meta:
        constraints = [
            UniqueConstraint(name="trail_once", fields=["account", "claim", "rule", "currency"]),
            CheckConstraint(
                name="trail_balances",
                condition=Q(
                    inn=F("held") + F("lying") + F("moved") + F("spent") + F("returned")
                    + F("unknown")
                ),
            ),
            CheckConstraint(
                name="trail_not_negative",
                condition=Q(
                    inn__gte=0, held__gte=0, lying__gte=0, moved__gte=0, spent__gte=0,
                    returned__gte=0, unknown__gte=0,
                ),
            ),
            CheckConstraint(name="trail_doubt_not_negative", condition=Q(doubted__gte=0)),
        ]  # fmt: skip
        indexes = [models.Index(fields=["case", "rule"], name="trail_case_rule")]

    def __str__(self) -> str:
        return f"{self.account_ident} {self.rule}"


class Flow(models.Model):
    """Conclusion: the part of a movement that carries a claim's money; a band of the picture."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="flows", db_index=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="+")
    movement = models.ForeignKey(Movement, models.PROTECT, null=True, related_name="+")
    rule = models.CharField(max_length=16)
    payer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    payee = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    payer_ident = models.CharField(max_length=140, blank=True)
    payer_institution = models.CharField(max_length=120, blank=True)
    payee_ident = models.CharField(max_length=140, blank=True)
    payee_institution = models.CharField(max_length=120, blank=True)
    sink = models.CharField(max_length=8, blank=True)
    place = models.CharField(max_length=140, blank=True)
    state = models.CharField(max_length=12, default="arrived")
    carried = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    credited = models.BigIntegerField(null=True)
    credit_currency = models.CharField(max_length=3, blank=True)
    booked_at = models.DateTimeField(null=True)
    told_by = models.CharField(max_length=120, blank=True)
    told_at = models.DateTimeField(null=True)
    ticket_reference = models.CharField(max_length=16, blank=True)

    class Meta:
        indexes = [models.Index(fields=["case", "rule"], name="flow_case_rule")]

    def __str__(self) -> str:
        return f"{self.carried} {self.currency}"


class CaseTotal(models.Model):
    """Conclusion: lost = held + there but not held + gone + returned + unknown, per currency."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="totals", db_index=False)
    rule = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    lost = models.BigIntegerField()
    held = models.BigIntegerField()
    lying = models.BigIntegerField()
    gone = models.BigIntegerField()
    returned = models.BigIntegerField()
    unknown = models.BigIntegerField()
    exchanged_out = models.BigIntegerField(default=0)
    exchanged_in = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            UniqueConstraint(name="total_once", fields=["case", "rule", "currency"]),
            CheckConstraint(
                name="total_balances",
                condition=Q(
                    lost=F("held")
                    + F("lying")
                    + F("gone")
                    + F("returned")
                    + F("unknown")
                    + F("exchanged_out")
                    - F("exchanged_in")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.currency}"


class BookingProfile(models.Model):
    """How an institution's own screen writes bookings, as one of its people has confirmed it.

    Rows are only added: the last one counts, those before say what was confirmed earlier. The words
    are those of ``recoup.standards.booking_lines.Profile``; columns are separated by commas.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    institution = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    separator = models.CharField(max_length=16)
    decimal = models.CharField(max_length=16)
    dates = models.CharField(max_length=16)
    columns = models.CharField(max_length=120)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                name="booking_profile_known",
                condition=Q(separator__in=["tab", "semicolon", "comma"])
                & Q(decimal__in=["point", "comma"])
                & Q(dates__in=["year_first", "day_first"]),
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "-confirmed_at"], name="booking_profile_last")
        ]

    def __str__(self) -> str:
        return f"{self.separator} {self.decimal} {self.dates}"
