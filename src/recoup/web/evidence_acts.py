"""What a person does with a file in the vault: custody, check, term, legal hold, erasure."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.evidence import custody_operations, keeping_operations, queries
from recoup.apps.evidence import reading_operations as reading
from recoup.apps.evidence.models import Erasure
from recoup.apps.evidence.refusals import EvidenceRefused
from recoup.apps.members.allowed import allowed
from recoup.apps.members.models import Organisation
from recoup.core.custody import CustodyAct
from recoup.core.said import Said
from recoup.core.text import read_line
from recoup.web.evidence_refused import as_page, refusing
from recoup.web.evidence_uploads import case_of, said_of

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
EVENT = {"why": 400, "given_by": 160, "given_to": 160, "place": 160, "seal": 60}


def _back(file_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("evidence-file", args=[file_id]))


def _why(request: Request) -> str:
    return read_line(request.POST.get("why", ""), field="why", max_length=400, required=False)


@require_POST
@allowed("evidence:custody")
@refusing
def custody(request: Request, file_id: UUID) -> HttpResponse:
    """One event of the chain, as ``act`` says."""
    get_object_or_404(queries.visible_to(request.actor), pk=file_id)
    try:
        what = CustodyAct(request.POST.get("act", ""))
    except ValueError:
        refusal = EvidenceRefused("no_such_act", Said("Choose what happened to the file."))
        return as_page(request, refusal)
    said, taker = said_of(request.POST, EVENT), None
    if what is CustodyAct.OFFER:
        code = said["given_to"]
        taker = Organisation.objects.filter(code=code).first() if code else None
        said["given_to"] = taker.name if taker else ""
    custody_operations.act(
        file_id=file_id, what=what, said=said, offered_to=taker, by=request.actor, at=request.at
    )
    return _back(file_id)


@require_POST
@allowed("evidence:read")
@refusing
def check(request: Request, file_id: UUID) -> HttpResponse:
    """Compare the stored bytes with the digest now."""
    reading.check(file_id=file_id, by=request.actor, at=request.at)
    return _back(file_id)


@require_POST
@allowed("evidence:term")
@refusing
def term(request: Request, file_id: UUID) -> HttpResponse:
    """Keep the file for longer."""
    get_object_or_404(queries.visible_to(request.actor), pk=file_id)
    try:
        until = date.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        refusal = EvidenceRefused("not_a_day", Said("Say until which day."), field="until")
        return as_page(request, refusal)
    keeping_operations.extend(
        file_id=file_id, until=until, why=_why(request), by=request.actor, at=request.at
    )
    return _back(file_id)


@require_POST
@allowed("evidence:term")
@refusing
def hold_file(request: Request, file_id: UUID) -> HttpResponse:
    """Set a legal hold on one file."""
    found = get_object_or_404(queries.visible_to(request.actor), pk=file_id)
    keeping_operations.hold(
        case_id=found.case_id, file_id=file_id, why=_why(request), by=request.actor, at=request.at
    )
    return _back(file_id)


@require_POST
@allowed("evidence:term")
@refusing
def hold_case(request: Request, case_id: UUID) -> HttpResponse:
    """Set a legal hold on all files of a case."""
    found = case_of(request, case_id)
    keeping_operations.hold(case_id=found.id, why=_why(request), by=request.actor, at=request.at)
    return HttpResponseRedirect(reverse("evidence", args=[case_id]))


@require_POST
@allowed("evidence:term")
@refusing
def lift(request: Request, case_id: UUID) -> HttpResponse:
    """Lift a legal hold of the case or of one of its files."""
    found = case_of(request, case_id)
    try:
        hold_id = UUID(request.POST.get("hold", ""))
    except ValueError:
        refusal = EvidenceRefused("which_hold", Said("Say which legal hold."), field="hold")
        return as_page(request, refusal)
    keeping_operations.lift(hold_id=hold_id, why=_why(request), by=request.actor, at=request.at)
    return HttpResponseRedirect(reverse("evidence", args=[found.id]))


@require_POST
@allowed("evidence:erase")
@refusing
def erase(request: Request, file_id: UUID) -> HttpResponse:
    """Ask for erasure, or do or refuse what another person asked."""
    step, why = request.POST.get("step", "ask"), _why(request)
    if step == "ask":
        keeping_operations.ask_erasure(file_id=file_id, why=why, by=request.actor, at=request.at)
    else:
        keeping_operations.end_erasure(
            file_id=file_id, why=why, is_done=step == "do", by=request.actor, at=request.at
        )
    return _back(file_id)


@require_GET
@allowed("evidence:see")
def certificate(request: Request, file_id: UUID) -> HttpResponse:
    """The certificate of an erasure; 404 page where nothing was erased."""
    found = get_object_or_404(queries.visible_to(request.actor), pk=file_id)
    done = Erasure.objects.filter(file=found, is_done=True).first()
    if done is None or done.certificate is None:
        refusal = EvidenceRefused("not_erased", Said("This file was not erased."))
        return as_page(request, refusal)
    response = HttpResponse(bytes(done.certificate), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="erasure-{file_id}.json"'
    return response
