"""Gives the newest checkpoint to each witness that lacks it; notes that it has it, or why not."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from recoup.apps.audit.checkpoint_operations import forget_trouble, note_trouble
from recoup.apps.audit.models import AuditCheckpoint, AuditWitnessed
from recoup.apps.audit.witnesses import Witness, WitnessSilent

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
        if not _tell(witness, newest, at=at):
            failed.append(witness.name)
    return failed


def _tell(witness: Witness, newest: AuditCheckpoint, *, at: datetime) -> bool:
    try:
        receipt = witness.give(bytes(newest.note), newest.size)
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
