"""What an addressee does on the page of a request: answer, upload, ask back, claim costs, doubt.

A refusal gives the page back with what was typed, and what is wrong at its place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from recoup.apps.lawful_requests import (
    addressee_operations,
    call_back_operations,
    file_operations,
    lift_operations,
)
from recoup.apps.lawful_requests.models import CallBack
from recoup.apps.lawful_requests.operations import TakenByAnother
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words, reason
from recoup.core.money import parse_amount
from recoup.core.text import NotReadable
from recoup.data import currencies
from recoup.web import asked_forms
from recoup.web.asked_forms import Typed
from recoup.web.asked_list import asked_or_404
from recoup.web.asked_page import page_of, rendered

CONFLICTS: Final = frozenset(
    {"answered_already", "answer_used", "not_now", "requester_paused", "call_back_failed"}
)
# Where a refusal of the operation stands on the page.
ANCHORS: Final = {"code": "code", "reason": "reason", "file": "upload", "files": "upload",
                  "media_type": "upload", "fields": "fields"}  # fmt: skip


@require_POST
@allowed("asked:answer")
def answer(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Store the files that came along; then the answer, unless only files were to be added."""
    page = page_of(request, asked_or_404(request, asked_id))
    typed = asked_forms.read(request.POST, page["body"])
    if page["is_open"] and page["taken_by"] and not page["is_mine"]:
        typed.add("", reason(TakenByAnother(page["taken_by"])))
        return rendered(request, page, typed, status=409)
    is_upload = request.POST.get("act") == "upload"
    _take_files(request, asked_id, typed, must=is_upload)
    if not is_upload and not typed.problems:
        asked_forms.check(typed, page["body"])
    if is_upload or typed.problems:
        status = 422 if typed.problems else 200
        return rendered(request, page_of(request, page["ticket"]), typed, status=status)
    return _answered(request, page, typed)


def _take_files(request: HttpRequest, asked_id: UUID, typed: Typed, *, must: bool) -> None:
    """Store each file; of one that is refused nothing is stored, and its reason stands there."""
    uploads = request.FILES.getlist("upload")
    if must and not uploads:
        typed.add("upload", _("Choose a file first."))
    digests = request.POST.getlist("upload_sha256")
    if len(digests) != len(uploads):
        digests = [""] * len(uploads)
    stored = []
    for upload, digest in zip(uploads, digests, strict=True):
        try:
            file = asked_forms.sent_file(upload, digest)
            made = file_operations.add_to_ticket(ticket_id=asked_id, file=file, **_by_at(request))
            stored.append(str(made.id))
        except RequestRefused as refused:
            typed.add("upload", f"{upload.name}: {in_words(refused.said)}")
    typed.files |= frozenset(stored)


def _answered(request: HttpRequest, page: dict[str, Any], typed: Typed) -> HttpResponse:
    ticket = page["ticket"]
    try:
        receipt = addressee_operations.answer(
            ticket_id=ticket.id, given=typed.told(), **_by_at(request)
        )
    except RequestRefused as refused:
        again = page_of(request, asked_or_404(request, ticket.id))
        is_conflict = refused.code in CONFLICTS
        typed.add("" if is_conflict else ANCHORS.get(refused.field, ""), in_words(refused.said))
        was_first = refused.code == "answered_already"
        status = 409 if is_conflict else 422
        return rendered(request, again, typed, status=status, was_first=was_first)
    if receipt.is_repeat:
        messages.info(request, _("This answer had arrived already. It counts once."))
    else:
        messages.success(request, _("Your answer is stored. This is its receipt."))
    return redirect(f"{reverse('asked-receipt', args=[ticket.id])}?answer={receipt.answer}")


@require_POST
@allowed("asked:answer")
def ask(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Ask back: the clock of the answer stands still until the reply."""
    text = request.POST.get("text", "").strip()

    def act() -> None:
        addressee_operations.ask_back(ticket_id=asked_id, text=text, **_by_at(request))

    done = _("Your question was sent. Your clock stands still until the reply.")
    return _small(request, asked_id, act, "ask", done)


@require_POST
@allowed("asked:answer")
def costs(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Claim what the answer costs."""
    code = request.POST.get("currency", "")

    def act() -> None:
        currency = currencies().get(code)
        if currency is None:
            raise NotReadable("currency", code[:10], _("This is no currency."), _("Write EUR."))
        money = parse_amount(request.POST.get("amount", "").strip(), currency)
        addressee_operations.claim_costs(
            ticket_id=asked_id, amount_minor=money.minor_units, currency=code,
            text=request.POST.get("text", "").strip(), **_by_at(request),
        )  # fmt: skip

    return _small(request, asked_id, act, "costs", _("Your claim of costs was sent."))


@require_POST
@allowed("asked:answer")
def released(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Say when what was kept or stopped was lifted."""
    text = request.POST.get("released_at", "")[:40]

    def act() -> None:
        try:
            when = timezone.make_aware(datetime.fromisoformat(text).replace(tzinfo=None))
        except ValueError:
            raise NotReadable(
                "released_at", text, _("This is no moment."), _("Write when it was lifted.")
            ) from None
        lift_operations.release(
            ticket_id=asked_id, released_at=when, note=request.POST.get("text", ""),
            **_by_at(request),
        )  # fmt: skip

    return _small(request, asked_id, act, "released", _("It is recorded as lifted."))


@require_POST
@allowed("asked:call_back")
def called(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Record the call to the directory's number, and check the code that was read out."""
    made: list[CallBack] = []

    def act() -> None:
        made.append(
            call_back_operations.note(
                ticket_id=asked_id, code=request.POST.get("code", "")[:20],
                answered_by=request.POST.get("answered_by", ""), **_by_at(request),
            )
        )  # fmt: skip

    answer = _small(request, asked_id, act, "called", "")
    if made and made[0].is_right:
        messages.success(request, _("The code is right. The call is recorded."))
    elif made:
        messages.warning(
            request,
            _("The code is wrong. Nothing is disclosed until it is right. Is it doubtful?"),
        )
    return answer


@require_POST
@allowed("asked:doubt")
def doubt(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Say that the request may not be genuine."""

    def act() -> None:
        addressee_operations.doubt(
            ticket_id=asked_id, ground=request.POST.get("ground", "").strip(), **_by_at(request)
        )

    done = _("Your doubt is recorded. The requester does not see it.")
    return _small(request, asked_id, act, "doubt", done)


@require_POST
@allowed("asked:lift_doubt")
def lift(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """Take the doubt back, and say what has settled it."""

    def act() -> None:
        addressee_operations.lift_doubt(
            ticket_id=asked_id, ground=request.POST.get("ground", "").strip(), **_by_at(request)
        )

    return _small(request, asked_id, act, "lift", _("Your doubt is lifted."))


def _small(
    request: HttpRequest, asked_id: UUID, act: Callable[[], None], name: str, done: str
) -> HttpResponse:
    """Do an act of a small form; refused, the form is open again with what was typed."""
    ticket = asked_or_404(request, asked_id)
    try:
        act()
    except (RequestRefused, NotReadable) as refused:
        said = in_words(refused.said) if isinstance(refused, RequestRefused) else reason(refused)
        status = 409 if getattr(refused, "code", "") in CONFLICTS else 422
        small = {"name": name, "problem": said, "typed": request.POST.dict()}
        return rendered(request, page_of(request, ticket), None, status=status, small=small)
    if done:
        messages.success(request, done)
    return redirect("asked-one", asked_id=ticket.id)


def _by_at(request: HttpRequest) -> dict[str, Any]:
    return {"by": request.actor, "at": request.at}  # type: ignore[attr-defined]
