"""Tables of imported ledgers: a file of transfers, read whole or not at all, and its rows."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import UniqueConstraint

from recoup.apps.cases.models import Case
from recoup.apps.ledgers.models import Ledger
from recoup.apps.members.models import Organisation, Person


class ImportedLedger(models.Model):
    """A flow file that a person looked at in the preview and then kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="ledgers")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    profile = models.CharField(max_length=40, help_text="The declared profile it was read by.")
    sha256 = models.BinaryField(max_length=32)
    rows = models.IntegerField()
    sources = models.JSONField(default=list)
    terminals = models.JSONField(default=list)
    imported_at = models.DateTimeField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    # None where it was imported before there were positions, or its sums pass 64 bits.
    stored = models.ForeignKey(Ledger, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [UniqueConstraint(name="ledger_once", fields=["case", "sha256"])]

    def __str__(self) -> str:
        return self.name


class LaterTransfers(models.Model):
    """Transfers of a later file that were booked into an imported flow, together or none.

    rows: how many were new. known: were there already. late: lie before one that was booked in
    their accounts. is_traced_again: the kept trace reached them, and was looked up again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ledger = models.ForeignKey(ImportedLedger, models.PROTECT, related_name="later")
    name = models.CharField(max_length=200)
    sha256 = models.BinaryField(max_length=32)
    rows = models.IntegerField()
    known = models.IntegerField()
    late = models.IntegerField()
    is_traced_again = models.BooleanField()
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class LedgerTransfer(models.Model):
    """One row of an imported ledger, in valuation units of 1e-6."""

    ledger = models.ForeignKey(ImportedLedger, models.PROTECT, related_name="transfers")
    ident = models.CharField(max_length=300)
    moved_at = models.DateTimeField()
    payer = models.CharField(max_length=140)
    payer_label = models.CharField(max_length=140, blank=True)
    payee = models.CharField(max_length=140)
    payee_label = models.CharField(max_length=140, blank=True)
    units = models.BigIntegerField(help_text="Valuation units of 1e-6, half-even.")
    line = models.IntegerField(help_text="Where the row stood in the file.")
    block = models.BigIntegerField()
    tx_hash = models.CharField(max_length=140)
    value = models.CharField(max_length=60, help_text="The value as the file had it.")
    # The file that it came with, where that is not the ledger's first.
    later = models.ForeignKey(LaterTransfers, models.PROTECT, null=True, related_name="transfers")

    class Meta:
        constraints = [UniqueConstraint(name="transfer_once", fields=["ledger", "ident"])]

    def __str__(self) -> str:
        return self.ident
