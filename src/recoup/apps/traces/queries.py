"""Reads of imported ledgers, back into the flow file that was imported."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db.models import QuerySet

from recoup.apps.keyed import keyed
from recoup.apps.ledgers.models import Trace
from recoup.apps.traces.findings import Findings
from recoup.apps.traces.models import ImportedLedger
from recoup.apps.traces.stored_findings import StoredFindings, StoredFlow
from recoup.core.access import Actor
from recoup.standards.flow_csv import FlowFile, FlowRow, order


def visible_to(actor: Actor) -> QuerySet[ImportedLedger]:
    return ImportedLedger.objects.filter(organisation_id=actor.organisation_id)


@keyed
def ledgers_in_case(case_id: UUID) -> QuerySet[ImportedLedger]:
    """The ledgers that were imported for a case, the newest first."""
    return ImportedLedger.objects.filter(case_id=case_id).order_by("-imported_at")


def flow_of(ledger: ImportedLedger) -> FlowFile:
    """The file's rows as they were read, whatever order the database gives them in."""
    rows = tuple(
        FlowRow(
            line=row.line, at=row.moved_at, block=row.block, tx_hash=row.tx_hash, payer=row.payer,
            payer_label=row.payer_label, payee=row.payee, payee_label=row.payee_label,
            usd=row.value, id=row.ident, file=row.later.name if row.later else "",
        )
        for row in ledger.transfers.select_related("later").order_by("line")
    )  # fmt: skip
    return FlowFile(order.arrivals_first(rows))


def traced_at(ledger: ImportedLedger) -> datetime | None:
    """When the way of its money was last looked up and kept; None for one without positions."""
    kept = Trace.objects.filter(ledger=ledger.stored_id, about=kept_as(ledger)).first()
    return kept.traced_at if kept else None


def kept_as(ledger: ImportedLedger) -> str:
    """What the kept trace of an imported flow is about."""
    return f"flow:{ledger.id}"


def findings_of(ledger: ImportedLedger, *, rule: str) -> Findings:
    """Where the money of an imported ledger is now, under one rule.

    First in, first out is looked up in the database, without reading the file's rows back.
    """
    ends = frozenset(ledger.sources), frozenset(ledger.terminals)
    if rule == "fifo" and ledger.stored is not None:
        flow = cast(FlowFile, StoredFlow(ledger, flow_of))
        return StoredFindings(ledger.name, rule, flow, *ends, imported=ledger)
    return Findings(ledger.name, rule, flow_of(ledger), *ends)
