"""Tables of cases: a report is one case until cases are merged; members are who may see it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from recoup.apps.members.models import Organisation, Person
from recoup.apps.reports.models import Report


class Account(models.Model):
    """One account at one institution, in one currency; written only through ``account_for``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    institution = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    scheme = models.CharField(max_length=16)
    ident = models.CharField(max_length=140)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            UniqueConstraint(
                name="account_once", fields=["institution", "scheme", "ident", "currency"]
            ),
        ]

    def __str__(self) -> str:
        return self.ident


class Case(models.Model):
    """What one report, or several merged ones, became."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=16, unique=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    report = models.OneToOneField(Report, models.PROTECT, related_name="case")
    state = models.CharField(max_length=12, default="open", help_text="open, merged or closed")
    opened_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="Last time anything shown on its page changed.")
    version = models.IntegerField(default=0, help_text="Rises with every such change.")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    handed_over_at = models.DateTimeField(null=True)
    visible_to = ArrayField(
        models.BigIntegerField(), default=list, help_text="Kept by trigger from the members."
    )

    class Meta:
        constraints = [
            CheckConstraint(
                name="case_state_known", condition=Q(state__in=["open", "merged", "closed"])
            ),
            CheckConstraint(
                name="case_merged_has_target",
                condition=~Q(state="merged") | Q(merged_into__isnull=False),
            ),
        ]
        indexes = [
            GinIndex(fields=["visible_to"], name="case_visible_to", fastupdate=True),
            models.Index(fields=["owner", "-opened_at"], name="case_owner_time"),
            models.Index(fields=["-opened_at", "id"], name="case_newest"),
        ]

    def __str__(self) -> str:
        return self.reference


class CaseMember(models.Model):
    """An organisation that may see a case. The truth from which ``visible_to`` is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="members", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(name="member_once", fields=["case", "organisation"])]
        indexes = [models.Index(fields=["organisation", "-since"], name="member_org_time")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.organisation_id}"


class CaseEvent(models.Model):
    """A line of the case's timeline: code and values, put into words by the page."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    what = models.CharField(max_length=40)
    who = models.CharField(max_length=160, blank=True, help_text="Organisation and role.")
    values = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["case", "-at"], name="event_case_time")]

    def __str__(self) -> str:
        return self.what


class CaseLink(models.Model):
    """Two cases that share an identifier, with the identifier as the reason."""

    low = models.ForeignKey(Case, models.PROTECT, related_name="+")
    high = models.ForeignKey(Case, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=24, help_text="payee_account, payer_account, reference")
    value = models.CharField(max_length=140)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="link_once", fields=["low", "high", "reason", "value"]),
            CheckConstraint(name="link_in_order", condition=Q(low__lt=F("high"))),
        ]
        indexes = [models.Index(fields=["high"], name="link_high")]

    def __str__(self) -> str:
        return self.reason


class LinkJudged(models.Model):
    """An officer's word on one link: that a report's naming of an identifier says nothing, or does.

    Said on the page of one case about another, and of no meaning beyond these two. Rows are only
    added; of one pair and identifier the last counts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="links_judged", db_index=False)
    judged_in = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="The case on whose page it was said: it counts between these two only.",
    )  # fmt: skip
    kind = models.CharField(max_length=16)
    value = models.CharField(max_length=140)
    counts = models.BooleanField()
    ground = models.CharField(max_length=200)
    by_name = models.CharField(max_length=160)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["case", "at"], name="link_judged_case")]

    def __str__(self) -> str:
        return f"{self.kind} {self.counts}"


class Task(models.Model):
    """Something a named person of an organisation has to do by a time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks", null=True, db_index=False)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=32)
    about = models.UUIDField(help_text="The ticket, claim or report it is about.")
    level = models.SmallIntegerField(default=0)
    values = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="task_once", fields=["about", "kind", "level"]),
        ]
        indexes = [
            models.Index(fields=["owner", "due_at"], condition=Q(done_at=None), name="task_open"),
            models.Index(fields=["issuer", "due_at"], condition=Q(done_at=None), name="task_asked"),
            models.Index(fields=["case"], name="task_case"),
        ]

    def __str__(self) -> str:
        return self.kind


class RequestAbroad(models.Model):
    """What a desk sent to another country about a task, on which channel, and what came back.

    Rows are added and answered, never changed otherwise; ``body`` is what was sent. The channel
    ``none`` says that somebody decided not to send anything, and ``note`` why.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, models.PROTECT, related_name="requests_abroad")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    issuer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=24)
    body = models.BinaryField(help_text="Canonical JSON of the request as it was sent.")
    sha256 = models.BinaryField(max_length=32)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    sent_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    sent_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)
    held_minor = models.BigIntegerField(null=True)
    held_until = models.DateTimeField(null=True)
    their_reference = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(
                name="abroad_outcome_known",
                condition=Q(
                    outcome__in=["", "postponed", "nothing_left", "information", "refused",
                                 "not_sent"]
                ),
            ),
            CheckConstraint(
                name="abroad_answered_has_outcome",
                condition=Q(answered_at=None, outcome="")
                | (Q(answered_at__isnull=False) & ~Q(outcome="")),
            ),
            CheckConstraint(
                name="abroad_held_within",
                condition=Q(held_minor=None)
                | Q(held_minor__gte=0, held_minor__lte=F("amount_minor")),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["task", "sent_at"], name="abroad_task")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.channel}"


class BreakGlass(models.Model):
    """That a person looks into one case of others, since somebody is in danger, for a short time.

    Rows are written by functions of the database alone, which write the notices with them: whoever
    has the pages' own log-in can open nothing unseen. Another person reviews each afterwards.
    joined_by: the second person, with whom something may be written. acts: how often it was.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=16)
    danger = models.CharField(max_length=12)
    ground = models.CharField(max_length=2000)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    reviewed_at = models.DateTimeField(null=True)
    is_justified = models.BooleanField(null=True)
    review_note = models.CharField(max_length=2000, blank=True)
    escalated_at = models.DateTimeField(null=True)
    joined_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    joined_for = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    joined_at = models.DateTimeField(null=True)
    acts = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        constraints = [
            CheckConstraint(
                name="glass_an_hour_at_most",
                condition=Q(until__gt=F("opened_at"))
                & Q(until__lte=F("opened_at") + timedelta(minutes=60)),
            ),
            CheckConstraint(name="glass_says_why", condition=~Q(ground="") & ~Q(danger="")),
            CheckConstraint(
                name="glass_reviewed_by_another",
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("person")),
            ),
            CheckConstraint(
                name="glass_reviewed_whole",
                condition=Q(reviewed_by=None, reviewed_at=None, is_justified=None)
                | (
                    Q(reviewed_by__isnull=False, reviewed_at__isnull=False)
                    & Q(is_justified__isnull=False)
                    & ~Q(review_note="")
                ),
            ),
            CheckConstraint(
                name="glass_joined_by_another",
                condition=Q(joined_by=None, joined_for=None, joined_at=None)
                | (
                    Q(joined_by__isnull=False, joined_for__isnull=False)
                    & Q(joined_at__gte=F("opened_at"), joined_at__lt=F("until"))
                    & ~Q(joined_by=F("person"))
                ),
            ),
            CheckConstraint(
                name="glass_alone_only_reads",
                condition=Q(acts=0) | Q(joined_by__isnull=False),
            ),
            CheckConstraint(
                name="glass_reviewed_by_neither",
                condition=Q(reviewed_by=None) | Q(joined_by=None) | ~Q(reviewed_by=F("joined_by")),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-until"], name="glass_person"),
            models.Index(fields=["owner", "-opened_at"], name="glass_owner"),
            models.Index(
                fields=["opened_at"], condition=Q(reviewed_at=None), name="glass_unreviewed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} until {self.until}"
