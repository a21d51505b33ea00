"""How long a file is kept: its term, legal holds, and erasure by two persons with a certificate.

Erasing destroys the file's wrapped key first, in the transaction: what lies in the storage, or in a
copy of it, can be read by nobody from then on. Then the pieces go. The line of the log and the
chain of custody stay, without name and content.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import rfc8785
from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.evidence import custody_operations as custody
from recoup.apps.evidence import queries, store
from recoup.apps.evidence.models import CustodyEvent, Erasure, EvidenceFile, LegalHold
from recoup.apps.evidence.refusals import EvidenceRefused, told
from recoup.core.access import Actor
from recoup.core.custody import ENDED, CustodyAct, CustodyState, after
from recoup.core.said import Said

CERTIFICATE: Final = "recoup-erasure/1"


# The term


@told("evidence:term")
def extend(*, file_id: UUID, until: date, why: str, by: Actor, at: datetime) -> EvidenceFile:
    """Keep a file for longer; a term is never shortened."""
    found = _kept(file_id, by)
    _need(why)
    if until <= found.keep_until:
        raise EvidenceRefused(
            "not_longer",
            Said("The file is kept until %(until)s already. A term is only extended.",
                 until=found.keep_until.isoformat()),
            field="until",
        )  # fmt: skip
    before, found.keep_until = found.keep_until, until
    found.save(update_fields=["keep_until"])
    _note("evidence:term_extended", found, why, by, at, before=before, until=until)
    return found


@told("evidence:hold")
def hold(
    *, case_id: UUID, why: str, by: Actor, at: datetime, file_id: UUID | None = None
) -> LegalHold:
    """Nothing of the case, or this one file, is erased until the hold is lifted."""
    _need(why)
    if file_id is not None:
        _kept(file_id, by)
    made = LegalHold.objects.create(
        case_id=case_id, file_id=file_id, organisation_id=by.organisation_id,
        person_id=by.named_person, why=why.strip()[:400], set_at=at,
    )  # fmt: skip
    _note_hold("evidence:hold_set", made, why, by, at)
    return made


@told("evidence:lift")
def lift(*, hold_id: UUID, why: str, by: Actor, at: datetime) -> LegalHold:
    """End a legal hold: by the body that set it, and not by the person who did."""
    _need(why)
    rows = LegalHold.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=hold_id, lifted_at=None, organisation_id=by.organisation_id).first()
    if found is None:
        raise EvidenceRefused(
            "no_such_hold", Said("There is no such legal hold, or your body did not set it.")
        )
    if found.person_id == by.named_person:
        raise EvidenceRefused(
            "same_person", Said("Another person than the one who set a legal hold lifts it.")
        )
    found.lifted_at, found.lifted_by_id, found.lifted_why = at, by.named_person, why.strip()[:400]
    found.save(update_fields=["lifted_at", "lifted_by", "lifted_why"])
    _note_hold("evidence:hold_lifted", found, why, by, at)
    return found


# Erasure


@told("evidence:erase")
def ask_erasure(*, file_id: UUID, why: str, by: Actor, at: datetime) -> Erasure:
    """Ask for a file to be erased; another person does it."""
    found = _kept(file_id, by)
    _need(why)
    _may_be_erased(found, by, at)
    if Erasure.objects.filter(file=found, ended_at=None).exists():
        raise EvidenceRefused("asked_already", Said("The erasure of this file is asked already."))
    made = Erasure.objects.create(
        file=found, organisation_id=by.organisation_id, asked_by_id=by.named_person, asked_at=at,
        why=why.strip()[:400],
    )  # fmt: skip
    _note("evidence:erasure_asked", found, why, by, at)
    return made


@told("evidence:erase")
def end_erasure(*, file_id: UUID, is_done: bool, why: str, by: Actor, at: datetime) -> Erasure:
    """Do what another person asked for, or refuse it; what was erased cannot be had again."""
    found = _kept(file_id, by)
    _need(why)
    asked = Erasure.objects.filter(file=found, ended_at=None).first()
    if asked is None or asked.organisation_id != by.organisation_id:
        raise EvidenceRefused("not_asked", Said("Nobody of your body asked to erase this file."))
    if asked.asked_by_id == by.named_person:
        raise EvidenceRefused(
            "same_person", Said("Another person than the one who asked erases a file.")
        )
    asked.ended_by_id, asked.ended_at, asked.is_done = by.named_person, at, is_done
    if is_done:
        _may_be_erased(found, by, at)
        asked.certificate = _erased(found, asked, why, by, at)
    else:
        _note("evidence:erasure_refused", found, why, by, at)
    asked.save(update_fields=["ended_by", "ended_at", "is_done", "certificate"])
    return asked


def _erased(file: EvidenceFile, asked: Erasure, why: str, by: Actor, at: datetime) -> bytes:
    names = [piece.stored_as for piece in queries.pieces_of(file.id)]
    kek, wrapped = file.kek, bytes(file.wrapped_key or b"")
    changed: dict[str, Any] = {
        "wrapped_key": None, "erased_at": at, "name": "", "what": "", "said": {},
    }  # fmt: skip
    event = custody.add(
        file, CustodyAct.ERASE, {"why": why}, by=by, at=at, changed=changed, pieces=len(names),
        kek=kek, wrapped_key=hashlib.sha256(wrapped).hexdigest(),
    )  # fmt: skip
    transaction.on_commit(lambda: store.remove(names))
    return rfc8785.dumps(_certificate(file, asked, event, wrapped, names, at))


def _certificate(
    file: EvidenceFile, asked: Erasure, event: CustodyEvent, wrapped: bytes, names: list[str],
    at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """What was destroyed, by whom and when, without what it was."""
    return {
        "format": CERTIFICATE, "file": str(file.id), "case": file.case.reference,
        "number": file.number, "sha256": bytes(file.digest or b"").hex(), "size": file.size,
        "kept_at": file.kept_at.isoformat() if file.kept_at else None,
        "kept_until": file.keep_until.isoformat(), "asked_by": str(asked.asked_by_id),
        "asked_at": asked.asked_at.isoformat(), "done_by": str(asked.ended_by_id),
        "done_at": at.isoformat(), "custody_event": event.seq,
        "key_destroyed": {"wrapped_by": file.kek, "sha256": hashlib.sha256(wrapped).hexdigest()},
        "pieces_removed": len(names),
    }  # fmt: skip


def _may_be_erased(file: EvidenceFile, by: Actor, at: datetime) -> None:
    after(CustodyState(file.state), CustodyAct.ERASE)
    if file.holder_id != by.organisation_id:
        raise EvidenceRefused(
            "not_holder",
            Said("Only the body that has the file erases it: %(who)s.", who=file.holder.name),
        )
    if file.keep_until >= at.date():
        raise EvidenceRefused(
            "term_runs",
            Said("The file is kept until %(until)s. Nothing is erased before its day.",
                 until=file.keep_until.isoformat()),
        )  # fmt: skip
    standing = queries.holds_on(file.case_id, file.id).first()
    if standing is not None:
        raise EvidenceRefused(
            "legal_hold",
            Said("A legal hold stands: %(why)s It has to be lifted first.", why=standing.why),
        )
    if file.case.state == "open" and file.case.handed_over_at is not None:
        raise EvidenceRefused(
            "proceeding_open",
            Said("The case is with the prosecutor and is open. Its files are kept."),
        )


def _kept(file_id: UUID, by: Actor) -> EvidenceFile:
    by.named_person  # noqa: B018  (raises PersonNeeded)
    found = custody.locked(file_id, by)
    if found.state in ENDED or found.state == CustodyState.ARRIVING:
        raise EvidenceRefused("not_kept", Said("This file is not in the vault."))
    return found


def _need(why: str) -> None:
    if not why.strip():
        raise EvidenceRefused("no_ground", Said("Say why, in a sentence."), field="why")


def _note(what: str, file: EvidenceFile, why: str, by: Actor, at: datetime, **facts: Any) -> None:
    audit.record(
        what=what, about=f"evidence:{file.id}", by=by, at=at, case=str(file.case_id),
        personal={"why": why.strip()[:400]}, **facts,
    )  # fmt: skip


def _note_hold(what: str, hold: LegalHold, why: str, by: Actor, at: datetime) -> None:
    stream = f"legal_hold:{hold.case_id}"
    take_stream(stream)
    audit.record(
        what=what, about=stream, by=by, at=at, hold=str(hold.id),
        file=str(hold.file_id) if hold.file_id else None, personal={"why": why.strip()[:400]},
    )  # fmt: skip
