"""Keeps an imported ledger: all of a file that a person has seen in the preview, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from recoup.apps.audit import operations as audit
from recoup.apps.cases.models import Case, CaseEvent
from recoup.apps.ledgers.load_operations import Asset, load
from recoup.apps.ledgers.models import Ledger as StoredLedger
from recoup.apps.ledgers.operations import keep_trace
from recoup.apps.traces import queries
from recoup.apps.traces.models import ImportedLedger, LaterTransfers, LedgerTransfer
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.core.tracing import Ledger, LedgerRefused
from recoup.standards import flow_csv
from recoup.standards.flow_csv import FlowRow

PROFILE = "flow_csv"
AT_ONCE = 2000


class AlreadyImported(Exception):
    """The case has this very file already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            Said(
                "This file is in the case already, as %(name)s. There is nothing to do.", name=name
            )
        )


@transaction.atomic
def import_ledger(
    *, case: Case, name: str, document: bytes, sources: list[str], terminals: list[str],
    by: Actor, at: datetime,
) -> ImportedLedger:  # fmt: skip
    """Store every row of the file. Raises NotReadable with all refused rows, AlreadyImported."""
    if by.person_id is None:
        raise ValueError("A ledger is imported by a person.")
    flow = flow_csv.read(document)
    digest = hashlib.sha256(document).digest()
    known = ImportedLedger.objects.filter(case=case, sha256=digest).first()
    if known is not None:
        raise AlreadyImported(known.name)
    ledger = ImportedLedger(
        case=case, organisation_id=by.organisation_id, name=name, profile=PROFILE, sha256=digest,
        rows=len(flow.rows), sources=sources, terminals=terminals, imported_at=at,
        person_id=by.person_id, stored=_stored(name, flow.ledger(sources=sources), by, at),
    )  # fmt: skip
    try:
        with transaction.atomic():
            ledger.save(force_insert=True)
    except IntegrityError:
        raise AlreadyImported(name) from None
    store_rows(ledger, flow.rows)
    if ledger.stored is not None:
        seeds = flow.ledger(sources=sources).seeds
        keep_trace(ledger=ledger.stored, about=queries.kept_as(ledger), seeds=seeds, by=by, at=at)
    CaseEvent.objects.bulk_create(
        [
            CaseEvent(
                case=case, at=at, what="ledger_imported",
                who=f"{by.person_name}, {by.organisation_name}",
                values={"note": f"{name}, {len(flow.rows)}"},
            )
        ]
    )  # fmt: skip
    audit.record(
        what="ledger:imported", about=f"case:{case.id}", by=by, at=at, name=name,
        sha256=digest.hex(), rows=len(flow.rows),
    )  # fmt: skip
    return ledger


def store_rows(
    ledger: ImportedLedger, rows: Iterable[FlowRow], later: LaterTransfers | None = None
) -> None:
    """Keep rows as their file has them."""
    LedgerTransfer.objects.bulk_create(
        (
            LedgerTransfer(
                ledger=ledger, ident=row.id, moved_at=row.at, payer=row.payer,
                payer_label=row.payer_label, payee=row.payee, payee_label=row.payee_label,
                units=row.micro_usd, line=row.line, block=row.block, tx_hash=row.tx_hash,
                value=row.usd, later=later,
            )
            for row in rows
        ),
        batch_size=AT_ONCE,
    )  # fmt: skip


def _stored(name: str, ledger: Ledger, by: Actor, at: datetime) -> StoredLedger | None:
    """Keep the transfers with their positions; None if their sums pass what columns can hold."""
    try:
        return load(name=name, ledger=ledger, by=by, at=at, asset=Asset("USD", flow_csv.PLACES))
    except LedgerRefused:
        return None
