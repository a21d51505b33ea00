"""Pages of the evidence vault: a case's files, one file with its chain, reading, the bundle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.evidence import bundle_operations, queries
from recoup.apps.evidence import reading_operations as reading
from recoup.apps.members.allowed import allowed
from recoup.core.text import read_line
from recoup.web import evidence_orders, evidence_page, evidence_parts, evidence_seals
from recoup.web.evidence_refused import as_page, refusing
from recoup.web.evidence_uploads import case_of

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope


@require_GET
@allowed("evidence:see")
def files(request: Request, case_id: UUID) -> HttpResponse:
    found = case_of(request, case_id)
    context = evidence_page.of_case(request.actor, found, at=request.at)
    return render(request, "evidence/files.html", context)


@require_GET
@allowed("evidence:see")
def one(request: Request, file_id: UUID) -> HttpResponse:
    row = get_object_or_404(queries.visible_to(request.actor), pk=file_id)
    found = case_of(request, row.case_id)
    context = evidence_page.of_file(request.actor, found, file_id, at=request.at)
    return render(request, "evidence/one.html", context)


@require_POST
@allowed("evidence:read")
@refusing
def read(request: Request, file_id: UUID) -> HttpResponse:
    """The bytes, for a stated purpose; checked before the first of them leaves."""
    why = read_line(request.POST.get("why", ""), field="why", max_length=400, required=False)
    found, opened = reading.read(file_id=file_id, why=why, by=request.actor, at=request.at)
    if opened is None:
        return as_page(request, reading.Alarm(found.number))
    return download(opened.chunks(), found.name, found.size)


@require_POST
@allowed("evidence:bundle")
@refusing
def bundle(request: Request, case_id: UUID) -> HttpResponse:
    """The court bundle of the case; ``again`` names one that was taken before."""
    found = case_of(request, case_id)
    told = request.POST
    try:
        again = UUID(told["again"]) if told.get("again") else None
    except ValueError:
        again = UUID(int=0)
    taken = bundle_operations.take(
        case=found, why=read_line(told.get("why", ""), field="why", max_length=400, required=False),
        extras=evidence_parts.parts, signer=evidence_seals.sign, by=request.actor, at=request.at,
        again=again, redacted_only=told.get("copies") == "redacted",
        language=get_language() or "en", orders=evidence_orders.of_case(request.actor, found.id),
    )  # fmt: skip
    if taken is None:
        return as_page(request, reading.Alarm())
    return download(taken.chunks(), taken.name, taken.size, "application/zip")


def download(
    chunks: Iterable[bytes], name: str, size: int, kind: str = "application/octet-stream"
) -> HttpResponse:
    """A file to keep, never to show: its sender chose what is in it."""
    response = StreamingHttpResponse(chunks, content_type=kind)
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Recoup-Piecewise"] = "1"
    return response  # type: ignore[return-value]
