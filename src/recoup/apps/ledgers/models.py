"""Tables of stored ledgers: accounts and transfers are the record, positions are worked out.

Derived, and never the record: ``came``, ``gone``, ``unseen``, ``last_*``, ``srcpos``, ``srcend``,
``dstpos``, ``owed``, and ``mark``, the checksum over them. ``positions.py`` says how.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from recoup.apps.members.models import Organisation
from recoup.core.tracing.walk import SHORTFALLS


def _tied(model: type[models.Model], related: str) -> Any:
    """A reference that migration 0002 ties, with the organisation, or that is verified only."""
    return models.ForeignKey(
        model, models.PROTECT, related_name=related, db_index=False, db_constraint=False
    )


class Ledger(models.Model):
    """One ledger under one shortfall policy, which its positions depend on."""

    id = models.AutoField(primary_key=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    shortfall = models.CharField(max_length=10)
    method = models.SmallIntegerField(help_text="Which way of working positions out was used.")
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(name="known_shortfall", condition=Q(shortfall__in=SHORTFALLS))
        ]

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """An account of one ledger; its id is not used in any other ledger.

    came: units that came in, the opening and those unseen included. gone: units that left. last_*:
    the key of what was booked in it last. All that is derived stays empty for an external account,
    so that those who pay very many others stand in nobody's way.
    """

    id = models.BigAutoField(primary_key=True)
    ledger = _tied(Ledger, "accounts")
    organisation = _tied(Organisation, "+")
    name = models.TextField(db_collation="C")
    opening = models.BigIntegerField()
    external = models.BooleanField()
    asset = models.CharField(max_length=20, blank=True, help_text="What its units are of.")
    decimals = models.SmallIntegerField(help_text="Places of a unit of this asset.")
    came = models.BigIntegerField(default=0)
    gone = models.BigIntegerField(default=0)
    unseen = models.BigIntegerField(default=0)
    last_t = models.BigIntegerField(null=True)
    last_seq = models.BigIntegerField(null=True)
    last_ident = models.TextField(null=True, db_collation="C")  # noqa: DJ001
    mark = models.BigIntegerField(default=0, help_text="Checksum of the positions in it.")

    class Meta:
        constraints = [UniqueConstraint(name="ledger_account_once", fields=["ledger", "name"])]

    def __str__(self) -> str:
        return self.name


class Transfer(models.Model):
    """One transfer; a row that is added never changes, but for its positions.

    credit: units credited, where that is another number than the amount. owed: the first units of
    the credit that repay an overdraft. dstpos is null where the payee is external.
    """

    id = models.BigAutoField(primary_key=True)
    ledger = _tied(Ledger, "transfers")
    organisation = _tied(Organisation, "+")
    src = _tied(Account, "debits")
    dst = _tied(Account, "credits")
    t = models.BigIntegerField()
    seq = models.BigIntegerField()
    amount = models.BigIntegerField()
    srcpos = models.BigIntegerField()
    srcend = models.BigIntegerField()
    dstpos = models.BigIntegerField(null=True)
    credit = models.BigIntegerField(null=True)
    owed = models.BigIntegerField(null=True)
    ident = models.TextField(db_collation="C")
    batch = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        constraints = [
            UniqueConstraint(name="ledger_transfer_once", fields=["ledger", "ident"]),
            CheckConstraint(name="no_negative_units", condition=Q(amount__gte=0, credit__gte=0)),
            CheckConstraint(
                name="debit_is_its_units", condition=Q(srcend=F("srcpos") + F("amount"))
            ),
        ]
        indexes = [
            Index(name="ledger_by_payer", fields=["src", "srcend", "srcpos"]),
            Index(name="ledger_by_payee", fields=["dst", "t"]),
        ]

    def __str__(self) -> str:
        return self.ident


class Trace(models.Model):
    """Victims' payments whose way was looked up, to be told when a booking may have changed it.

    about: what it was traced for, such as a case. seeds: transfer and units of each, in order.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ledger = _tied(Ledger, "traces")
    organisation = _tied(Organisation, "+")
    about = models.CharField(max_length=120)
    seeds = models.JSONField()
    traced_at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(name="ledger_trace_once", fields=["ledger", "about"])]

    def __str__(self) -> str:
        return self.about


class Reach(models.Model):
    """The highest position that a trace reaches in an account; 0 where it no longer comes."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="reaches", db_index=False)
    organisation = _tied(Organisation, "+")
    account = _tied(Account, "+")
    upto = models.BigIntegerField()

    class Meta:
        constraints = [UniqueConstraint(name="ledger_reach_once", fields=["trace", "account"])]
        indexes = [Index(name="ledger_reached", fields=["account", "upto"])]

    def __str__(self) -> str:
        return f"{self.trace_id} {self.account_id} {self.upto}"
