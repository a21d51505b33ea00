"""What the pages of the vault show: files with their copies, unfinished uploads, chains, terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from recoup.apps.cases.models import Case
from recoup.apps.evidence import queries
from recoup.apps.evidence.models import CustodyEvent, EvidenceFile
from recoup.apps.evidence.upload_operations import PIECE_BYTES, missing_pieces, piece_count
from recoup.apps.members import queries as members
from recoup.apps.said import in_words
from recoup.core.access import Actor
from recoup.core.custody import (
    ACT_WORDS,
    CHECKED,
    NEEDS,
    READABLE,
    STATE_WORDS,
    CustodyAct,
    CustodyState,
    ways_out,
)
from recoup.data.policy import load_limits
from recoup.web.evidence_picture import TONES as LINE_TONES
from recoup.web.evidence_picture import picture

TONES: Final = {
    "kept": "good", "sealed": "returned", "offered": "wait", "out": "wait", "doubtful": "bad",
    "arriving": "info", "erased": "", "given_up": "",
}  # fmt: skip
# What a button says; the word of the chain is the past of it.
BUTTONS: Final = {
    CustodyAct.SEAL: gettext_lazy("Put under seal"), CustodyAct.UNSEAL: gettext_lazy("Unseal"),
    CustodyAct.OFFER: gettext_lazy("Offer to another body"),
    CustodyAct.ACCEPT: gettext_lazy("Take over"), CustodyAct.DECLINE: gettext_lazy("Decline"),
    CustodyAct.WITHDRAW: gettext_lazy("Keep it after all"),
    CustodyAct.LEND: gettext_lazy("Hand out"), CustodyAct.TAKE_BACK: gettext_lazy("Take back"),
}  # fmt: skip
FIELDS: Final = {
    "why": gettext_lazy("Why"), "given_by": gettext_lazy("From whom"),
    "given_to": gettext_lazy("To whom"), "place": gettext_lazy("Where"),
    "seal": gettext_lazy("Number of the seal"),
}  # fmt: skip


def of_case(actor: Actor, case: Case, *, at: datetime) -> dict[str, Any]:
    """All files of a case: originals with their redacted copies beside them."""
    rows = list(queries.of_case(actor, case.id))
    events = _by_file(queries.events_of([row.id for row in rows]))
    copies: dict[UUID, list[dict[str, Any]]] = {}
    told = {row.id: file_told(row, events.get(row.id, []), at=at) for row in rows}
    for row in rows:
        if row.original_id and row.state not in ("arriving", "given_up"):
            copies.setdefault(row.original_id, []).append(told[row.id])
    kept = [
        told[row.id] | {"copies": copies.get(row.id, [])}
        for row in rows
        if row.original_id is None and row.state not in ("arriving", "given_up")
    ]
    return {
        "case": case, "files": kept, "count": sum(1 + len(one["copies"]) for one in kept),
        "unfinished": [unfinished(row, actor) for row in rows if row.state == "arriving"],
        "holds": list(queries.holds_on(case.id)),
        "bundles": list(queries.bundles_of(case.id)[:20]),
        "limits": {"most_bytes": load_limits().evidence_file_mib * 1024 * 1024,
                   "piece_bytes": PIECE_BYTES},
        "term": (at + timedelta(days=3652)).date(),
        "originals": [one for one in kept if one["state"] == "kept"],
        "can_add": case.state == "open",
    }  # fmt: skip


def of_file(actor: Actor, case: Case, file_id: UUID, *, at: datetime) -> dict[str, Any]:
    """One file: its digest, its chain as picture and list, and what may be done with it."""
    rows = {row.id: row for row in queries.of_case(actor, case.id)}
    row = rows[file_id]
    related = [r for r in rows.values() if r.original_id == file_id or r.id == row.original_id]
    events = list(queries.events_of([file_id]))
    told = file_told(row, events, at=at)
    asked = [e for e in queries.erasures_of(case.id) if e.file_id == file_id]
    return {
        "case": case, "file": told, "row": row, "is_mine": row.holder_id == actor.organisation_id,
        "events": [_event(event) for event in events],
        "picture": picture(events, _written) if events else None,
        "related": [file_told(other, [], at=at) for other in related if other.state != "given_up"],
        "acts": acts(row, actor, case), "holds": list(queries.holds_on(case.id, file_id)),
        "is_expired": row.keep_until < at.date(),
        "may_check": row.state in CHECKED,
        "erasure": next((e for e in asked if e.ended_at is None), None),
        "erased": next((e for e in asked if e.is_done), None),
        "me": actor.person_id, "unfinished": unfinished(row, actor),
    }  # fmt: skip


def file_told(row: EvidenceFile, events: Sequence[CustodyEvent], *, at: datetime) -> dict[str, Any]:
    """A file as lists show it."""
    digest = bytes(row.digest or b"").hex()
    stamp = getattr(row, "stamp", None)
    received = events[0] if events else None
    return {
        "id": row.id, "number": row.number, "name": row.name or gettext("erased"),
        "what": row.what, "size": size_of(row.size), "bytes": row.size, "state": row.state,
        "state_words": in_words(STATE_WORDS[CustodyState(row.state)]),
        "tone": TONES[row.state], "digest": digest,
        "digest_groups": [digest[place : place + 8] for place in range(0, len(digest), 8)],
        "media_type": row.media_type, "holder": row.holder.name, "kept_at": row.kept_at,
        "checked_at": row.checked_at, "keep_until": row.keep_until, "stamp": stamp,
        "is_copy": row.original_id is not None, "is_readable": row.state in READABLE,
        "given_by": received.given_by if received else "", "seal": row.seal,
        "links": [{"tone": LINE_TONES[event.after], "act": event.act} for event in events],
        "link_count": len(events),
    }  # fmt: skip


def unfinished(row: EvidenceFile, actor: Actor) -> dict[str, Any]:
    """An upload that stopped: how much is here, and whether this reader may go on."""
    if row.state != "arriving":
        return {}
    count = piece_count(row)
    here = count - len(missing_pieces(row))
    return {
        "id": row.id, "number": row.number, "name": row.name, "size": size_of(row.size),
        "bytes": row.size, "here": here, "count": count, "percent": here * 100 // count,
        "begun_at": row.begun_at, "person": row.person.full_name,
        "is_mine": row.organisation_id == actor.organisation_id,
    }  # fmt: skip


def acts(row: EvidenceFile, actor: Actor, case: Case) -> list[dict[str, Any]]:
    """What this reader may do with the file now, with the fields that each act asks for."""
    found = []
    for act in ways_out(CustodyState(row.state)):
        whose = row.offered_to_id if NEEDS[act].by == "offered" else row.holder_id
        if act not in BUTTONS or whose != actor.organisation_id:
            continue
        fields = [
            {"name": name, "label": label, "is_needed": name in NEEDS[act].must}
            for name, label in FIELDS.items()
            if name in NEEDS[act].must | NEEDS[act].may
        ]
        takers = _takers(case, actor) if act is CustodyAct.OFFER else []
        if act is not CustodyAct.OFFER or takers:
            found.append({"act": act, "button": BUTTONS[act], "fields": fields, "takers": takers})
    return found


def _takers(case: Case, actor: Actor) -> list[Any]:
    ids = [one for one in case.visible_to if one != actor.organisation_id]
    return list(members.organisations().filter(pk__in=ids).order_by("name"))


def _event(event: CustodyEvent) -> dict[str, Any]:
    said = [(label, getattr(event, name)) for name, label in FIELDS.items()]
    return {
        "number": event.seq, "act": event.act, "words": in_words(ACT_WORDS[CustodyAct(event.act)]),
        "at": event.at, "organisation": event.organisation.name, "role": event.role,
        "kind": event.organisation.kind, "tone": LINE_TONES[event.after],
        "person": event.person.full_name if event.person else "",
        "said": [(label, value) for label, value in said if value],
    }  # fmt: skip


def _by_file(events: Any) -> dict[UUID, list[CustodyEvent]]:
    found: dict[UUID, list[CustodyEvent]] = {}
    for event in events:
        found.setdefault(event.file_id, []).append(event)
    return found


def _written(at: datetime) -> tuple[str, str]:
    local = timezone.localtime(at)
    return f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}"


def size_of(size: int) -> str:
    """A size in the unit that suits it."""
    value, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
