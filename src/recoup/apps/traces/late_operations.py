"""Books a later file's transfers into an imported flow: all that are new, or none.

The positions of what comes after them are set again in their accounts only, and the kept trace of
the flow is looked up again where they lie in the way of its money.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.ledgers.load_operations import Asset
from recoup.apps.ledgers.models import Trace, Transfer
from recoup.apps.ledgers.operations import Taken, book_all, keep_trace
from recoup.apps.traces import operations, queries
from recoup.apps.traces.models import ImportedLedger, LaterTransfers
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.core.tracing import Ledger, Seed
from recoup.standards import flow_csv
from recoup.standards.flow_csv import FlowFile, FlowRow


class CannotAdd(Exception):
    """The file cannot be added to this flow; the message says why, and what to do."""


@transaction.atomic
def add_later(
    *, imported: ImportedLedger, name: str, document: bytes, by: Actor, at: datetime
) -> LaterTransfers:
    """Book what the file has beyond the flow. Raises NotReadable, LedgerRefused, CannotAdd."""
    stored = imported.stored
    if stored is None:
        raise CannotAdd(
            Said(
                "%(name)s was kept without positions, so nothing can be booked into it. Import the "
                "whole file again.",
                name=imported.name,
            )
        )
    flow = flow_csv.read(document, form=flow_csv.LONG)
    rows = _new_rows(imported, flow)
    given = flow.ledger(sources=imported.sources)
    new = {row.id for row in rows}
    taken = book_all(
        ledger=stored, transfers=[x for x in given.transfers if x.id in new],
        asset=Asset("USD", flow_csv.PLACES),
    )  # fmt: skip
    is_traced_again = _trace_again(imported, given, taken, new, by, at)
    later = LaterTransfers.objects.create(
        ledger=imported, name=name, sha256=hashlib.sha256(document).digest(), rows=len(rows),
        known=len(flow.rows) - len(rows), late=sum(one.booked.is_late for one in taken),
        is_traced_again=is_traced_again, added_at=at,
    )  # fmt: skip
    operations.store_rows(imported, rows, later)
    audit.record(
        what="ledger:extended", about=f"case:{imported.case_id}", by=by, at=at, name=name,
        sha256=bytes(later.sha256).hex(), rows=later.rows, late=later.late,
        traced_again=is_traced_again,
    )  # fmt: skip
    return later


def would_add(
    *, imported: ImportedLedger, name: str, document: bytes, by: Actor, at: datetime
) -> LaterTransfers:
    """What ``add_later`` would book; nothing is kept of it. Raises as it does."""
    with transaction.atomic():
        later = add_later(imported=imported, name=name, document=document, by=by, at=at)
        transaction.set_rollback(True)
    return later


def _new_rows(imported: ImportedLedger, flow: FlowFile) -> Sequence[FlowRow]:
    """The rows that the flow does not have; what it has must be the same."""
    there = {
        ident: (moved_at, units)
        for ident, moved_at, units in imported.transfers.values_list("ident", "moved_at", "units")
    }
    moments = {int(moved_at.timestamp()) for moved_at, _ in there.values()}
    rows = [row for row in flow.rows if row.id not in there]
    if not rows:
        raise CannotAdd(
            Said("All %(n)s transfers are there already. Nothing was changed.", n=len(flow.rows))
        )
    for row in flow.rows:
        if there.get(row.id, (row.at, row.micro_usd)) != (row.at, row.micro_usd):
            raise CannotAdd(
                Said(
                    "Line %(line)s: the transfer %(id)s is there with another time or value. "
                    "Import the whole file again.",
                    line=row.line, id=row.id,
                )
            )  # fmt: skip
    for row in rows:
        if int(row.at.timestamp()) in moments:
            raise CannotAdd(
                Said(
                    "Line %(line)s: the flow has other transfers of %(moment)s UTC already, and "
                    "the order within one moment is that of a whole file. Import the whole file "
                    "again.",
                    line=row.line, moment=f"{row.at:%Y-%m-%d %H:%M:%S}",
                )
            )  # fmt: skip
    return rows


def _trace_again(
    imported: ImportedLedger, given: Ledger, taken: Sequence[Taken], new: set[str], by: Actor,
    at: datetime,
) -> bool:  # fmt: skip
    """Look the flow's money up again where the new transfers concern it, or are losses too."""
    about = queries.kept_as(imported)
    kept = Trace.objects.filter(ledger=imported.stored_id, about=about).first()
    reached = kept is not None and any(kept.id in one.concerned for one in taken)
    losses = any(seed.transfer in new for seed in given.seeds)
    if not (reached or losses or kept is None):
        return False
    assert imported.stored is not None  # noqa: S101
    theirs = [source.lower() for source in imported.sources]
    paid = Transfer.objects.filter(ledger=imported.stored, src__name__in=theirs)
    seeds = [Seed(ident) for ident in paid.order_by("ident").values_list("ident", flat=True)]
    keep_trace(ledger=imported.stored, about=about, seeds=seeds, by=by, at=at)
    return True
