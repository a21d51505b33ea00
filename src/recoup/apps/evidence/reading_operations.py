"""Lets a person read a file, for a stated purpose: checked against its digest before it leaves.

A file that is not what was received is given to nobody: it is put in doubt, and the alarm is an
event of its custody and a line of the log.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.evidence import custody_operations as custody
from recoup.apps.evidence import queries
from recoup.apps.evidence.models import EvidenceFile
from recoup.apps.evidence.reading import Opened, digest_of, opened
from recoup.apps.evidence.refusals import EvidenceRefused, no_such_file, told
from recoup.apps.evidence.sealing import Damaged
from recoup.core.access import Actor
from recoup.core.custody import CHECKED, READABLE, STATE_WORDS, CustodyAct, CustodyState
from recoup.core.said import Said, SaidCode


class Alarm(EvidenceRefused):
    """The stored bytes are not those that were received; of which file, where it is one."""

    def __init__(self, number: int | None = None) -> None:
        if number is None:
            said = Said(
                "A file is not what was received: its bytes do not give its digest. It is shown to "
                "nobody, and the alarm is noted."
            )
            super().__init__("digest_differs", said)
            return
        super().__init__(
            "digest_differs",
            Said("File %(number)s is not what was received: its bytes do not give its digest. It "
                 "is shown to nobody, and the alarm is noted.", number=number),
        )  # fmt: skip


@told("evidence:read")
def read(*, file_id: UUID, why: str, by: Actor, at: datetime) -> tuple[EvidenceFile, Opened | None]:
    """Check a file and note its reading; nothing to read where the check raised the alarm.

    The caller then answers with ``Alarm`` and commits: the alarm stays.
    """
    found = _found(file_id, by)
    if found.state not in READABLE:
        raise EvidenceRefused(
            "not_readable",
            Said("A file that is %(state)s is shown to nobody.",
                 state=SaidCode(found.state, words=STATE_WORDS[CustodyState(found.state)])),
        )  # fmt: skip
    if not why.strip():
        raise EvidenceRefused("no_purpose", Said("Say for what you need the file."), field="why")
    by.named_person  # noqa: B018  (raises PersonNeeded)
    if not checked(found, by=by, at=at):
        return found, None
    found = custody.locked(file_id, by)
    audit.record(
        what="evidence:read", about=f"evidence:{found.id}", by=by, at=at, case=str(found.case_id),
        digest=bytes(found.digest or b"").hex(), personal={"why": why.strip()[:400]},
    )  # fmt: skip
    return found, opened(found, queries.pieces_of(found.id))


@told("evidence:check")
def check(*, file_id: UUID, by: Actor, at: datetime) -> bool:
    """Compare what is stored with the digest; both outcomes are events of the custody."""
    found = _found(file_id, by)
    if found.state not in CHECKED:
        raise EvidenceRefused("not_now", Said("There is nothing to check yet, or nothing left."))
    is_good = checked(found, by=by, at=at)
    if is_good and found.state != CustodyState.DOUBTFUL:
        custody.add(custody.locked(file_id, by), CustodyAct.CHECK, {}, by=by, at=at,
                    changed={"checked_at": at})  # fmt: skip
    elif is_good:
        custody.add(custody.locked(file_id, by), CustodyAct.CLEAR,
                    {"why": "The stored bytes give the recorded digest again."}, by=by, at=at,
                    changed={"checked_at": at})  # fmt: skip
    return is_good


def checked(file: EvidenceFile, *, by: Actor, at: datetime) -> bool:
    """Whether the stored bytes give the digest; else the alarm is raised."""
    fault = fault_of(file)
    if not fault:
        return True
    with transaction.atomic():
        custody.add(custody.locked(file.id, by), CustodyAct.ALARM, {"why": fault}, by=by, at=at)
    return False


def fault_of(file: EvidenceFile) -> str:
    """What is wrong with the stored bytes, in a sentence; nothing if nothing is."""
    try:
        found = digest_of(file, queries.pieces_of(file.id))
    except Damaged as damage:
        return str(damage)
    if found != bytes(file.digest or b""):
        return f"The stored bytes have the digest {found.hex()}."
    return ""


def _found(file_id: UUID, by: Actor) -> EvidenceFile:
    found = queries.visible_to(by).filter(pk=file_id).first()
    if found is None:
        raise no_such_file()
    return found
