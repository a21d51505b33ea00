"""This hub as a witness of other hubs' logs: what they submit is cosigned or refused, and told.

The pages look first, so that only what a known log has signed reaches the process that holds the
key; that process looks again and decides. What is kept here is for people: which checkpoints were
cosigned, and that a log showed two faces.
"""

from __future__ import annotations

import logging
from datetime import date, datetime
from functools import cache
from typing import Final

from django.conf import settings
from django.db import connection

from recoup.apps.audit import cosigner
from recoup.apps.audit import operations as audit
from recoup.apps.audit.cosigner import Told
from recoup.apps.audit.models import ForeignCheckpoint
from recoup.core.access import Actor
from recoup.data.purposes import load_purposes
from recoup.standards import tlog_witness
from recoup.standards.tlog_witness import NotTaken, PublicKey, Submission, Verdict

log = logging.getLogger("recoup.log")
WENT_BACK: Final = "went_back"  # an older checkpoint than what is held, which was never cosigned
KEEP: Final = """
insert into audit_foreigncheckpoint (origin, size, root, note, cosignature, cosigned_at)
values (%s, %s, %s, %s, %s, %s) on conflict do nothing returning id
"""
REFUSE: Final = """
insert into audit_foreignrefusal (origin, why, day, held, size, note, refused_at)
values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning id
"""


def log_keys() -> dict[str, list[PublicKey]]:
    """The logs that this hub witnesses, with their keys; raises BadKey."""
    return _read(settings.WITNESSED_LOGS)


@cache
def _read(setting: str) -> dict[str, list[PublicKey]]:
    return tlog_witness.read_log_keys(setting)


def submit(*, body: bytes, by: Actor, at: datetime) -> Told:
    """Have a checkpoint of another hub cosigned, or say why not; raises CosignerSilent."""
    given = None
    try:
        given = tlog_witness.read_submission(body)
        tlog_witness.check_signed(given, log_keys())
    except NotTaken as refusal:
        is_known = given is not None and refusal.verdict == Verdict.UNSIGNED
        origin = given.checkpoint.origin if given and is_known else ""
        _refuse(origin, refusal.verdict, by=by, at=at)
        return Told(refusal.verdict, 0, f"{refusal}\n".encode())
    told = cosigner.ask(body)
    if told.verdict == Verdict.COSIGNED:
        _keep(given, told.content, by=by, at=at)
    elif why := _fault(given, told):
        _refuse(given.checkpoint.origin, why, given, told.held, by=by, at=at)
    return told


def _fault(given: Submission, told: Told) -> str:
    """What people are told of a refusal; empty if a log has only asked what is held of it."""
    if told.verdict != Verdict.OTHER_SIZE:
        return str(told.verdict)
    now = given.checkpoint
    kept = ForeignCheckpoint.objects.filter(origin=now.origin, size=now.size).first()
    if kept is not None:
        return "" if bytes(kept.root) == now.root else str(Verdict.FORK)
    return WENT_BACK if now.size < told.held else ""


def _keep(given: Submission, line: bytes, *, by: Actor, at: datetime) -> None:
    """One row and one line for each checkpoint, however often it is submitted."""
    now = given.checkpoint
    if _stored(KEEP, now.origin, now.size, now.root, given.note_bytes, line, at):
        _tell("witness:cosigned", now.origin, by=by, at=at, size=now.size, root=now.root.hex())


def _refuse(
    origin: str, why: str, given: Submission | None = None, held: int = 0, *, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    """One row and one line for each log, reason and day: strangers cannot fill the trail.

    And again once more is held, so that nobody hides a fault of today behind one of this morning.
    """
    size, note = (given.checkpoint.size, given.note_bytes) if given else (0, b"")
    if _stored(REFUSE, origin, why, at.date(), held, size, note, at):
        log.warning("witness: refused %s of %s", why, origin or "a log that is not known")
        _tell("witness:refused", origin, by=by, at=at, size=size, why=why)


def _stored(sql: str, *values: str | int | bytes | date | datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() is not None


def _tell(what: str, origin: str, *, by: Actor, at: datetime, **facts: object) -> None:
    audit.record_alone(
        what=what, by=by, at=at, purpose=load_purposes().of(what), personal={}, log=origin, **facts
    )
