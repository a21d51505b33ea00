"""Adds a link to the chain of custody: event, state and line of the log in one transaction.

The one place where a file's state changes. What is legal stands in ``core.custody``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.evidence import queries
from recoup.apps.evidence.models import CustodyEvent, EvidenceFile
from recoup.apps.evidence.refusals import EvidenceRefused, no_such_file, told
from recoup.apps.members.models import Organisation
from recoup.core.access import Actor
from recoup.core.custody import NEEDS, CustodyAct, CustodyState, after, check_said
from recoup.core.said import Said

# Acts that a person does by a page or the API; the others are the vault's own or have a page.
BY_PERSONS = frozenset({
    CustodyAct.SEAL, CustodyAct.UNSEAL, CustodyAct.OFFER, CustodyAct.ACCEPT, CustodyAct.DECLINE,
    CustodyAct.WITHDRAW, CustodyAct.LEND, CustodyAct.TAKE_BACK,
})  # fmt: skip
PERSONAL = ("why", "given_by", "given_to", "place")


def locked(file_id: UUID, by: Actor) -> EvidenceFile:
    """The file, which nobody else changes until the transaction ends; raises EvidenceRefused."""
    rows = queries.visible_to(by).select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=file_id).first()
    if found is None:
        raise no_such_file()
    return found


@told("evidence:custody")
def act(
    *, file_id: UUID, what: CustodyAct, said: Mapping[str, str], by: Actor, at: datetime,
    offered_to: Organisation | None = None,
) -> CustodyEvent:  # fmt: skip
    """What a person did with the file; raises CustodyRefused or EvidenceRefused with words."""
    if what not in BY_PERSONS:
        raise EvidenceRefused("not_by_hand", Said("This is not told by hand."), field="act")
    by.named_person  # noqa: B018  (raises PersonNeeded)
    found = locked(file_id, by)
    after(CustodyState(found.state), what)
    _check_whose(found, what, by)
    changed: dict[str, Any] = {}
    if what is CustodyAct.OFFER:
        changed["offered_to_id"] = _taker(found, offered_to)
    if what in (CustodyAct.ACCEPT, CustodyAct.DECLINE, CustodyAct.WITHDRAW):
        changed["offered_to_id"] = None
    if what is CustodyAct.ACCEPT:
        changed["holder_id"] = by.organisation_id
    if what is CustodyAct.SEAL:
        changed["seal"] = said.get("seal", "")
    if what is CustodyAct.UNSEAL:
        _check_seal(found, said.get("seal", ""))
        changed["seal"] = ""
    return add(found, what, said, by=by, at=at, changed=changed)


def add(
    file: EvidenceFile, what: CustodyAct, said: Mapping[str, str], *, by: Actor, at: datetime,
    changed: Mapping[str, Any] | None = None, **facts: Any,
) -> CustodyEvent:  # fmt: skip
    """Add an event to a file that is locked, with its state and its line; raises CustodyRefused."""
    said = {name: value.strip() for name, value in said.items() if value and value.strip()}
    before = CustodyState(file.state)
    state = after(before, what)
    check_said(what, said)
    last = CustodyEvent.objects.filter(file=file).order_by("-seq").first()
    event = CustodyEvent.objects.create(
        file=file, seq=(last.seq if last else 0) + 1, act=what, before=before, after=state, at=at,
        organisation_id=by.organisation_id, person_id=by.person_id, role=by.role, **said,
    )  # fmt: skip
    file.state = state
    for name, value in (changed or {}).items():
        setattr(file, name, value)
    file.save(update_fields=["state", *(n.removesuffix("_id") for n in changed or {})])
    audit.record(
        what=f"evidence:{what}", about=f"evidence:{file.id}", by=by, at=at, event=event.seq,
        before=before, after=state, digest=bytes(file.digest).hex() if file.digest else None,
        seal=said.get("seal"), case=str(file.case_id),
        personal={name: said[name] for name in PERSONAL if name in said}, **facts,
    )  # fmt: skip
    return event


def _check_whose(file: EvidenceFile, what: CustodyAct, by: Actor) -> None:
    whose = file.offered_to_id if NEEDS[what].by == "offered" else file.holder_id
    if whose != by.organisation_id:
        raise EvidenceRefused(
            "not_holder",
            Said("This is for the body that has the file, or to which it is offered: %(who)s.",
                 who=Organisation.objects.get(pk=whose or 0).name),
        )  # fmt: skip


def _taker(file: EvidenceFile, offered_to: Organisation | None) -> int:
    """To whom a file is offered: another member of the case, since nobody else may see it."""
    if offered_to is None or offered_to.id == file.holder_id:
        raise EvidenceRefused(
            "no_taker", Said("Say to which other body of the case the file is offered."),
            field="given_to",
        )  # fmt: skip
    if offered_to.id not in file.case.visible_to:
        raise EvidenceRefused(
            "not_of_case",
            Said("%(who)s is no member of this case. Hand the case over first.",
                 who=offered_to.name),
            field="given_to",
        )  # fmt: skip
    return offered_to.id


def _check_seal(file: EvidenceFile, found: str) -> None:
    if found.strip() != file.seal:
        raise EvidenceRefused(
            "other_seal",
            Said("The seal found is %(found)s, the one put on was %(put)s. Do not break it; ask "
                 "who had the carrier.", found=found.strip()[:60] or "-", put=file.seal),
            field="seal",
        )  # fmt: skip
