"""Gives the newest checkpoint to each witness that lacks it; notes that it has it, or why not."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from recoup.apps.audit.checkpoint_operations import forget_trouble, note_trouble
from recoup.apps.audit.models import AuditCheckpoint, AuditWitnessed
from recoup.apps.audit.sequence_operations import node
from recoup.apps.audit.witnesses import Since, Witness, WitnessSilent
from recoup.core.merkle import consistency

log = logging.getLogger("recoup.log")


def tell_witnesses(witnesses: Iterable[Witness], *, at: datetime) -> list[str]:
    """Give each witness the newest checkpoint if it is due; the names of those that failed.

    No transaction is open while a witness is waited for.
    """
    newest = AuditCheckpoint.objects.order_by("-size").first()
    failed = []
    for witness in witnesses if newest else ():
        assert newest is not None  # noqa: S101  (else there are none)
        last = (
            AuditWitnessed.objects.filter(witness=witness.name).order_by("-checkpoint_id").first()
        )
        if last and (last.checkpoint_id >= newest.size or at - last.witnessed_at < witness.every):
            continue
        since = Since(last.checkpoint_id if last else 0, proof)
        if not _tell(witness, newest, since, at=at):
            failed.append(witness.name)
    return failed


def proof(old: int, new: int) -> list[bytes]:
    """That this log at the new size continues the one of the old size."""
    return consistency(old, new, node)


def _tell(witness: Witness, newest: AuditCheckpoint, since: Since, *, at: datetime) -> bool:
    try:
        receipt = witness.give(bytes(newest.note), newest.size, since)
    except WitnessSilent as problem:
        log.warning("witness %s: %s", witness.name, problem)
        note_trouble(witness.name, str(problem), at=at)
        return False
    with transaction.atomic():
        AuditWitnessed.objects.create(
            checkpoint=newest, witness=witness.name, kind=witness.kind, receipt=receipt,
            witnessed_at=at,
        )  # fmt: skip
        forget_trouble(witness.name)
    return True
