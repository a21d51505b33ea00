"""The vault for machines: begin a file, send its pieces, finish it, read it, tell its custody.

Writes carry an Idempotency-Key, except a piece: its place and its digest already make a repeat the
same act.
"""

from __future__ import annotations

import inspect
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Router

from recoup.apps.cases import queries as cases
from recoup.apps.evidence import custody_operations, queries, upload_operations
from recoup.apps.evidence import reading_operations as reading
from recoup.apps.evidence.models import CustodyEvent, EvidenceFile
from recoup.apps.evidence.upload_operations import NewFile
from recoup.apps.members.api import ERRORS, Key, Strict, as_json, error, once
from recoup.apps.members.models import Organisation
from recoup.core.custody import CustodyAct
from recoup.core.text import read_filename
from recoup.web import evidence_seals
from recoup.web.evidence import download
from recoup.web.evidence_refused import as_json as refused
from recoup.web.evidence_refused import refusing_as_json
from recoup.web.evidence_uploads import (
    KEEP_YEARS,
    content_digest,
    digest_of,
    media_type,
    said_of,
    uploading,
)

router = Router(tags=["evidence"])


class FileIn(Strict):
    """A file before its bytes come; ``sha256`` as its sender knows it."""

    name: str = Field(max_length=500)
    size: int = Field(ge=0, le=2**50)
    media_type: str = Field("application/octet-stream", max_length=100)
    what: str = Field("", max_length=300)
    sha256: str = Field("", max_length=100)
    keep_until: str = Field("", max_length=10)
    redacted_copy_of: str = Field("", max_length=36)
    why: str = Field(max_length=400)
    given_by: str = Field(max_length=160)
    place: str = Field(max_length=160)
    seal: str = Field("", max_length=60)


class EventIn(Strict):
    """One event of the custody. given_to: for an offer, the code of the other body."""

    act: str = Field(max_length=12)
    why: str = Field("", max_length=400)
    given_by: str = Field("", max_length=160)
    given_to: str = Field("", max_length=160)
    place: str = Field("", max_length=160)
    seal: str = Field("", max_length=60)


class PurposeIn(Strict):
    """For what a file is read."""

    why: str = Field(max_length=400)


def _guarded(view: Any) -> Any:
    """Refusals as objects; the framework reads the parameters' types from the view itself."""
    guarded = refusing_as_json(view)
    guarded.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return guarded


@router.get("/cases/{case_id}/evidence", auth=Key("evidence:see"), response={200: Any, **ERRORS})
def list_files(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The files of a case, with digests and states."""
    actor = request.actor  # type: ignore[attr-defined]
    if not cases.visible_to(actor).filter(pk=case_id).exists():
        raise Http404
    return as_json(200, {"files": [_file(row) for row in queries.of_case(actor, case_id)]})


@router.post("/cases/{case_id}/evidence", auth=Key("evidence:add"), response={201: Any, **ERRORS})
@once
@_guarded
def begin_file(request: HttpRequest, case_id: UUID, body: FileIn) -> HttpResponse:
    """Begin a file; answers how long its pieces are and which are missing."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    if not cases.visible_to(actor).filter(pk=case_id).exists():
        raise Http404
    told = body.model_dump()
    try:
        until = date.fromisoformat(body.keep_until) if body.keep_until else None
        original = UUID(body.redacted_copy_of) if body.redacted_copy_of else None
    except ValueError:
        return error(422, "not_valid", "keep_until is a day, redacted_copy_of an id of a file.")
    file = NewFile(
        name=read_filename(body.name).shown, media_type=media_type(told), size=body.size,
        what=body.what, digest=digest_of(body.sha256), original_id=original,
        keep_until=until or (at + timedelta(days=365 * KEEP_YEARS)).date(),
    )  # fmt: skip
    made = upload_operations.begin(case_id=case_id, file=file, said=said_of(told), by=actor, at=at)
    return as_json(201, _file(made) | _pieces(made))


@router.get("/evidence/{file_id}", auth=Key("evidence:see"), response={200: Any, **ERRORS})
def one_file(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """One file with its custody, and the pieces that are missing."""
    found = _found(request, file_id)
    events = [_event(event) for event in queries.events_of([found.id])]
    return as_json(200, _file(found) | _pieces(found) | {"custody": events})


@router.put("/evidence/{file_id}/piece", auth=Key("evidence:add"), response={200: Any, **ERRORS})
@_guarded
def put_piece(request: HttpRequest, file_id: UUID, number: int = -1) -> HttpResponse:
    """The bytes of one piece as the body; ``Content-Digest`` (RFC 9530) is compared if it is sent.

    Sent again, it is confirmed; with other bytes under the same number it is refused.
    """
    upload_operations.add_piece(
        file_id=file_id, number=number, content=request,  # type: ignore[arg-type]
        length=int(request.META.get("CONTENT_LENGTH") or 0),
        digest=content_digest(request.headers.get("Content-Digest", "")),
        by=request.actor, at=request.at,  # type: ignore[attr-defined]
    )  # fmt: skip
    return as_json(200, {"number": number})


@router.post("/evidence/{file_id}/finish", auth=Key("evidence:add"), response={200: Any, **ERRORS})
@once
@_guarded
def finish_file(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """All pieces are sent: the digest is fixed and the custody begins."""
    kept = upload_operations.finish(
        file_id=file_id, stamp=evidence_seals.stamp,
        by=request.actor, at=request.at,  # type: ignore[attr-defined]
    )  # fmt: skip
    return as_json(200, _file(kept))


@router.post("/evidence/{file_id}/custody", auth=Key("evidence:custody"),
             response={200: Any, **ERRORS})  # fmt: skip
@once
@_guarded
def tell_custody(request: HttpRequest, file_id: UUID, body: EventIn) -> HttpResponse:
    """One event of the chain; an illegal one is refused with what is possible."""
    _found(request, file_id)
    try:
        act = CustodyAct(body.act)
    except ValueError:
        known = ", ".join(sorted(custody_operations.BY_PERSONS))
        return error(422, "no_such_act", f"{body.act!r} is no act. Possible: {known}.")
    said, taker = body.model_dump(exclude={"act"}), None
    if act is CustodyAct.OFFER:
        taker = Organisation.objects.filter(code=body.given_to).first() if body.given_to else None
        said["given_to"] = taker.name if taker else ""
    event = custody_operations.act(
        file_id=file_id, what=act, said=said, offered_to=taker,
        by=request.actor, at=request.at,  # type: ignore[attr-defined]
    )  # fmt: skip
    return as_json(200, _event(event))


@router.post("/evidence/{file_id}/content", auth=Key("evidence:read"),
             response={200: Any, **ERRORS})  # fmt: skip
@_guarded
def read_file(request: HttpRequest, file_id: UUID, body: PurposeIn) -> HttpResponse:
    """The bytes, checked against the digest first; who read and for what stands in the log."""
    found, opened = reading.read(
        file_id=file_id, why=body.why,
        by=request.actor, at=request.at,  # type: ignore[attr-defined]
    )  # fmt: skip
    if opened is None:
        return refused(reading.Alarm(found.number))
    return download(opened.chunks(), found.name, found.size)


def _found(request: HttpRequest, file_id: UUID) -> EvidenceFile:
    rows = queries.visible_to(request.actor).select_related("holder")  # type: ignore[attr-defined]
    found = rows.filter(pk=file_id).first()
    if found is None:
        raise Http404
    return found


def _file(row: EvidenceFile) -> dict[str, Any]:
    return {
        "id": str(row.id), "number": row.number, "name": row.name, "media_type": row.media_type,
        "what": row.what, "size": row.size, "state": row.state,
        "sha256": bytes(row.digest).hex() if row.digest else None,
        "redacted_copy_of": str(row.original_id) if row.original_id else None,
        "keep_until": str(row.keep_until), "holder": row.holder.code,
    }  # fmt: skip


def _pieces(row: EvidenceFile) -> dict[str, Any]:
    told = uploading(row)
    return {name: told[name] for name in ("piece_bytes", "pieces", "missing")}


def _event(event: CustodyEvent) -> dict[str, Any]:
    said = {name: getattr(event, name) for name in ("why", "given_by", "given_to", "place", "seal")}
    return {
        "seq": event.seq, "act": event.act, "before": event.before, "after": event.after,
        "at": event.at.isoformat(), "organisation": event.organisation.name,
        **{name: value for name, value in said.items() if value},
    }  # fmt: skip
