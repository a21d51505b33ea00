"""Uploads from the page: in pieces by the script, or a small file whole where there is none."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case
from recoup.apps.evidence import queries, upload_operations
from recoup.apps.evidence.models import EvidenceFile
from recoup.apps.evidence.refusals import EvidenceRefused
from recoup.apps.evidence.upload_operations import NewFile, missing_pieces, piece_count
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.members.api import as_json
from recoup.core.said import Said
from recoup.core.text import read_filename, read_line, read_note
from recoup.web import evidence_seals
from recoup.web.evidence_refused import refusing, refusing_as_json

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope

KEEP_YEARS: Final = 10
SAID: Final = {"why": 400, "given_by": 160, "place": 160, "seal": 60}
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
CONTENT_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")


def case_of(request: Request, case_id: UUID) -> Case:
    """The case, if the actor sees it; looking at it is noted."""
    found = get_object_or_404(cases.visible_to(request.actor), pk=case_id)
    audit.looked_at(found.id, by=request.actor, at=request.at)
    return found


@require_POST
@allowed("evidence:add")
@refusing_as_json
def begin(request: Request, case_id: UUID) -> HttpResponse:
    """Begin a file; answers where its pieces go and how long they are."""
    found = case_of(request, case_id)
    told = request.POST
    size = told.get("size", "")
    file = NewFile(
        name=read_filename(told.get("name", "")).shown, media_type=media_type(told),
        size=int(size) if re.fullmatch(r"[0-9]{1,15}", size) else 0, what=what_of(told),
        keep_until=term_of(told, request.at.date()), digest=digest_of(told.get("sha256", "")),
        original_id=original_of(told),
    )  # fmt: skip
    made = upload_operations.begin(
        case_id=found.id, file=file, said=said_of(told), by=request.actor, at=request.at
    )
    return as_json(201, uploading(made))


@require_POST
@allowed("evidence:add")
@refusing_as_json
def piece(request: Request, file_id: UUID) -> HttpResponse:
    """Take one piece: the body is its bytes, ``number`` stands in the address."""
    number = request.GET.get("number", "")
    upload_operations.add_piece(
        file_id=file_id, number=int(number) if re.fullmatch(r"[0-9]{1,7}", number) else -1,
        content=request, length=int(request.META.get("CONTENT_LENGTH") or 0),
        digest=content_digest(request.headers.get("Content-Digest", "")), by=request.actor,
        at=request.at,
    )  # fmt: skip
    return as_json(200, {"number": int(number)})


@require_GET
@allowed("evidence:add")
def pieces(request: Request, file_id: UUID) -> HttpResponse:
    """Which pieces are missing, for one who goes on."""
    found = get_object_or_404(queries.visible_to(request.actor), pk=file_id)
    return as_json(200, uploading(found))


@require_POST
@allowed("evidence:add")
@refusing_as_json
def finish(request: Request, file_id: UUID) -> HttpResponse:
    """All pieces are here: the file is in the vault."""
    kept = upload_operations.finish(
        file_id=file_id, by=request.actor, at=request.at, stamp=evidence_seals.stamp
    )
    return as_json(200, {
        "id": str(kept.id), "sha256": bytes(kept.digest or b"").hex(),
        "url": reverse("evidence-file", args=[kept.id]),
    })  # fmt: skip


@require_POST
@allowed("evidence:add")
@refusing
def give_up(request: Request, file_id: UUID) -> HttpResponse:
    """End an upload that will not be finished."""
    found = get_object_or_404(queries.visible_to(request.actor), pk=file_id)
    why = read_note(request.POST.get("why", ""), field="why", max_length=400)
    upload_operations.give_up(
        file_id=file_id, why=why or gettext("Not finished."), by=request.actor, at=request.at
    )
    return HttpResponseRedirect(reverse("evidence", args=[found.case_id]))


@require_POST
@allowed("evidence:add")
@refusing
def whole(request: Request, case_id: UUID) -> HttpResponse:
    """A file in one request, for a browser without the script."""
    found = case_of(request, case_id)
    sent = request.FILES.get("file")
    if sent is None:
        return errors.page(request, 422, "422.html", problem=gettext("Choose a file."))
    told = request.POST
    file = NewFile(
        name=read_filename(sent.name).shown,
        media_type=media_type({"media_type": sent.content_type}),
        size=sent.size, what=what_of(told), keep_until=term_of(told, request.at.date()),
        digest=digest_of(told.get("sha256", "")), original_id=original_of(told),
    )  # fmt: skip
    by, at = request.actor, request.at
    made = upload_operations.begin(case_id=found.id, file=file, said=said_of(told), by=by, at=at)
    for number in range(piece_count(made)):
        length = min(made.piece_bytes, made.size - number * made.piece_bytes)
        upload_operations.add_piece(
            file_id=made.id, number=number, content=sent, length=length, by=by, at=at
        )
    upload_operations.finish(file_id=made.id, by=by, at=at, stamp=evidence_seals.stamp)
    return HttpResponseRedirect(reverse("evidence-file", args=[made.id]))


def uploading(file: EvidenceFile) -> dict[str, Any]:
    """Where an upload stands, for the script."""
    return {
        "id": str(file.id), "state": file.state, "name": file.name, "size": file.size,
        "piece_bytes": file.piece_bytes, "pieces": piece_count(file),
        "missing": missing_pieces(file) if file.state == "arriving" else [],
        "piece_url": reverse("evidence-piece", args=[file.id]),
        "finish_url": reverse("evidence-finish", args=[file.id]),
    }  # fmt: skip


# What is typed


def said_of(told: Any, names: Any = SAID) -> dict[str, str]:
    """What is said of an event; raises NotReadable."""
    return {
        name: read_line(told.get(name, ""), field=name, max_length=most, required=False)
        for name, most in names.items()
    }


def what_of(told: Any) -> str:
    return read_line(told.get("what", ""), field="what", max_length=300, required=False)


def media_type(told: Any) -> str:
    """What the file is said to be; nothing is guessed, and it is never served as that."""
    text = str(told.get("media_type", "")).lower()
    is_one = re.fullmatch(upload_operations.MEDIA_TYPE, text)
    return text if is_one else "application/octet-stream"


def term_of(told: Any, today: date) -> date:
    """Until when it is kept: the day typed, else so many years."""
    text = str(told.get("keep_until", ""))
    try:
        day = date.fromisoformat(text) if text else today.replace(
            year=today.year + KEEP_YEARS, day=min(today.day, 28)
        )  # fmt: skip
    except ValueError:
        day = today
    if day <= today:
        raise EvidenceRefused(
            "not_a_term", Said("Say until which day in the future the file is kept."),
            field="keep_until",
        )  # fmt: skip
    return day


def digest_of(text: str) -> bytes | None:
    """A digest in hexadecimal, as one pastes it; None for none."""
    plain = re.sub(r"[\s:]", "", text).lower()
    if plain and not DIGEST.fullmatch(plain):
        raise EvidenceRefused(
            "not_a_digest", Said("A digest (SHA-256) has 64 signs, 0 to 9 and a to f."),
            field="sha256",
        )  # fmt: skip
    return bytes.fromhex(plain) or None


def content_digest(header: str) -> bytes | None:
    """The digest of a piece, as RFC 9530 writes it; None where it is not told."""
    found = CONTENT_DIGEST.search(header)
    try:
        return base64.b64decode(found[1]) if found else None
    except binascii.Error:
        return None


def original_of(told: Any) -> UUID | None:
    try:
        return UUID(told["original"]) if told.get("original") else None
    except ValueError:
        return None
