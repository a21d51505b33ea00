"""Pages of whoever decides on requests: what waits, one request, and each act on it.

Every act names the version that was read. What is refused is told on the same page, with the state
as it is now and with all that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import operations as audit
from recoup.apps.cases import queries as cases
from recoup.apps.lawful_requests import call_operations, request_queries
from recoup.apps.lawful_requests import decision_operations as acts
from recoup.apps.lawful_requests.decision_operations import Oral
from recoup.apps.lawful_requests.models import Request as Asked
from recoup.apps.lawful_requests.refusals import REFUSALS, Incomplete, code_of
from recoup.apps.lawful_requests.request_api import FORBIDDEN, NOT_FOUND, NOT_NOW
from recoup.apps.lawful_requests.request_check import form_for
from recoup.apps.lawful_requests.request_law import law_now
from recoup.apps.lawful_requests.request_queries import Whole
from recoup.apps.members.allowed import allowed
from recoup.apps.members.models import Login
from recoup.apps.said import in_words, reason
from recoup.core.access import Actor
from recoup.core.text import NotReadable, read_note
from recoup.data.policy import load_policy
from recoup.web import decision_forms, decision_page, duties
from recoup.web.decision_acts import TEXTS, Tried
from recoup.web.decision_words import REASONS, danger_words, measure_words

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
View = Callable[..., HttpResponse]
SHOWN: Final = 50
MINUTE: Final = timedelta(minutes=1)
COUNTED: Final = timedelta(days=90)
LONGEST: Final = 1900  # with the code before it, a ground has room for 2000


def keeping_words(view: View) -> View:
    """Give back what was typed to somebody whose mandate ended between reading and signing."""

    @wraps(view)
    def kept(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        login = Login.objects.filter(pk=request.came_as).first() if request.came_as else None
        if request.actor.role != "visitor" or login is None:
            return view(request, *args, **kwargs)
        typed = [
            text
            for name in ("ground", "question", "note", "new_facts")
            if (text := request.POST.get(name))
        ]
        audit.record(
            what="request:decide:refused", about=f"person:{login.person_id}", by=request.actor,
            at=request.at, code="mandate_not_valid", request=str(kwargs["request_id"]),
        )  # fmt: skip
        return render(request, "decisions/ended.html", {"kept": typed}, status=403)

    return kept


# What waits


@require_GET
@allowed("request:see")
def index(request: Request) -> HttpResponse:
    """To decide and to confirm, the most urgent clock first, and who is called now."""
    actor, at = request.actor, request.at
    deciding = list(request_queries.to_decide(actor)[: SHOWN + 1])
    confirming = list(request_queries.to_confirm(actor)[: SHOWN + 1])
    ends = _hold_ends(actor, deciding)
    context = {
        "to_decide": _rows(deciding[:SHOWN], ends, at=at),
        "to_confirm": _rows(confirming[:SHOWN], {}, at=at),
        "called": duties.called_now(actor, at=at) if load_policy().may(actor, "duty:see") else [],
        "more": len(deciding) > SHOWN or len(confirming) > SHOWN, "shown": SHOWN,
        "came": request_queries.confirmations(actor, since=at - COUNTED), "days": COUNTED.days,
    }  # fmt: skip
    return render(request, "decisions/list.html", context)


def _hold_ends(actor: Actor, rows: list[Asked]) -> dict[UUID, datetime]:
    """When the first task of each request's case ends, where the actor sees the case."""
    known = [row.case_id for row in rows if row.case_id]
    return cases.first_due(actor, known) if known else {}


def _rows(
    rows: list[Asked], ends: dict[UUID, datetime], *, at: datetime
) -> list[dict[str, Any]]:  # fmt: skip
    told = [
        {
            "one": row, "measure": measure_words(row.measure), "content": row.content,
            "danger": danger_words(row.danger) if row.danger else "",
            "count": len(row.content["targets"]),
            "hold_ends": (end := ends.get(row.case_id) if row.case_id else None),
            "first": min(filter(None, (row.due_at, end))),
            "is_written": row.written_by is not None and row.state == "authorised",
        }
        for row in rows
    ]  # fmt: skip
    return sorted(told, key=lambda row: row["first"])


# One request


def _whole(request: Request, request_id: UUID) -> Whole:
    found = request_queries.whole(request.actor, request_id)
    if found is None or found.request.submitted_at is None:
        raise Http404
    return found


def _page(
    request: Request, request_id: UUID, *, tried: Tried | None = None, status: int = 200
) -> HttpResponse:
    whole = _whole(request, request_id)
    context = decision_page.page(request.actor, whole, at=request.at, tried=tried)
    return render(request, "decisions/one.html", context, status=status)


@require_GET
@allowed("request:see")
def one(request: Request, request_id: UUID) -> HttpResponse:
    return _page(request, request_id)


@require_GET
@allowed("request:see")
def file(request: Request, request_id: UUID, file_id: UUID) -> HttpResponse:
    """A file of the request, as it was stored; never shown inside the page."""
    whole = _whole(request, request_id)
    found = get_object_or_404(whole.request.files, pk=file_id)
    response = HttpResponse(bytes(found.content), content_type=found.media_type)
    response["Content-Disposition"] = f'attachment; filename="{found.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@allowed("request:decide")
def check(request: Request, request_id: UUID) -> HttpResponse:
    """What the narrowing that is being typed would leave. It changes nothing."""
    found = _whole(request, request_id).request
    made = decision_forms.read(found, request.POST, form_for(law_now(), found.measure))
    context = {"narrowing": made, "one": found}
    return render(request, "decisions/_narrow_check.html", context)


# Acts


@keeping_words
@require_POST
@allowed("request:decide")
def decide(request: Request, request_id: UUID) -> HttpResponse:
    """Do one act; which one stands in ``act``. None is chosen beforehand."""
    return _tried(request, request_id, _ACTS)


@keeping_words
@require_POST
@allowed("request:hear")
def hear(request: Request, request_id: UUID) -> HttpResponse:
    """Note a decision that was heard."""
    return _tried(request, request_id, {"oral": _oral})


def _tried(request: Request, request_id: UUID, known: dict[str, Any]) -> HttpResponse:
    found = _whole(request, request_id).request
    name = request.POST.get("act", "")
    typed = _typed(request.POST)
    if name not in known:
        said = gettext("No act was chosen. Nothing is decided by default: choose one.")
        return _again(request, found, Tried(name, said, typed), 422)
    try:
        known[name](request, found)
    except Wrong as wrong:
        said = gettext("Nothing was decided yet. Correct what is marked.")
        return _again(request, found, Tried(name, said, typed, wrong.problems), 422)
    except REFUSALS as refusal:
        code = code_of(refusal)
        if code in NOT_FOUND:
            raise Http404 from None
        status = 403 if code in FORBIDDEN else 409 if code in NOT_NOW else 422
        problems = {"new_facts": reason(refusal)} if code == "new_facts_missing" else {}
        return _again(request, found, Tried(name, _why(refusal), typed, problems), status)
    return HttpResponseRedirect(reverse("decision", args=[request_id]))


def _again(request: Request, found: Asked, tried: Tried, status: int) -> HttpResponse:
    return _page(request, found.id, tried=tried, status=status)


def _why(refusal: Exception) -> str:
    """What happened, for the head of the page."""
    if isinstance(refusal, Incomplete):
        return " ".join(in_words(lack.said) for lack in refusal.lacks if lack.blocks)
    if code_of(refusal) == "not_now":
        return gettext(
            "Somebody was faster, or it has ended: see below how the request stands now. "
            "Nothing of yours was stored."
        )
    return reason(refusal)


def _typed(sent: QueryDict) -> dict[str, Any]:
    typed: dict[str, Any] = {name: sent.get(name, "")[:2000] for name in TEXTS}
    if sent.get("act") == "narrow":
        typed |= {name: sent.get(name, "")[:60] for name in ("amount", "from", "until")}
        typed |= {name: sent.getlist(name) for name in ("data", "identifier")}
    return typed


class Wrong(Exception):
    """What was typed cannot be taken. problems: by field, in the reader's language."""

    def __init__(self, **problems: str) -> None:
        self.problems = problems
        super().__init__(str(problems))


def _given(request: Request, found: Asked) -> dict[str, Any]:
    """The request, who acts, when, and the version that was read."""
    version = request.POST.get("version", "")
    if not version.isdecimal() or len(version) > 6:
        raise Wrong(version=gettext("It is not known which version you read. Load the page again."))
    return {
        "request_id": found.id, "version": int(version), "by": request.actor, "at": request.at,
    }  # fmt: skip


def _note(request: Request, name: str, *, needed: str = "") -> str:
    try:
        text = str(read_note(request.POST.get(name, ""), field=name, max_length=LONGEST))
    except NotReadable as problem:
        raise Wrong(**{name: reason(problem)}) from None
    if needed and not text.strip():
        raise Wrong(**{name: needed})
    return text


def _authorise(request: Request, found: Asked) -> None:
    acts.authorise(
        ground=_note(request, "note"), new_facts=_note(request, "new_facts"),
        **_given(request, found),
    )  # fmt: skip


def _narrow(request: Request, found: Asked) -> None:
    given = _given(request, found)
    made = decision_forms.read(found, request.POST, form_for(law_now(), found.measure))
    if made.problems:
        raise Wrong(**made.problems)
    if not made.narrower:
        raise Wrong(
            narrow=gettext("Nothing is narrower yet. Change a part, or authorise it as asked.")
        )
    acts.authorise(
        ground=_note(request, "note"), new_facts=_note(request, "new_facts"),
        narrower=made.narrower, **given,
    )  # fmt: skip


def _refuse(request: Request, found: Asked) -> None:
    code = request.POST.get("code", "")
    if code not in REASONS:
        raise Wrong(code=gettext("Choose why it is refused."))
    needed = gettext("Write the reason in one sentence.") if code == "other" else ""
    text = _note(request, "ground", needed=needed)
    acts.refuse(ground=f"{code}: {text}".strip(), **_given(request, found))


def _ask(request: Request, found: Asked) -> None:
    text = _note(request, "question", needed=gettext("Write what you want to know."))
    acts.ask(text=text, **_given(request, found))


def _take_on(request: Request, found: Asked) -> None:
    call_operations.take_on(request_id=found.id, by=request.actor, at=request.at)


def _write(request: Request, found: Asked) -> None:
    acts.put_in_writing(ground=_note(request, "note"), **_given(request, found))


def _not_said(request: Request, found: Asked) -> None:
    acts.not_said(
        request_id=found.id, by=request.actor, at=request.at, ground=_note(request, "note")
    )


def _confirm(request: Request, found: Asked) -> None:
    acts.confirm(ground=_note(request, "note"), **_given(request, found))


def _put(request: Request, found: Asked) -> None:
    acts.put_before(ground=_note(request, "note"), **_given(request, found))


def _oral(request: Request, found: Asked) -> None:
    problems = {}
    try:
        mandate = UUID(request.POST.get("decider", ""))
    except ValueError:
        problems["decider"] = gettext("Choose whose decision you heard.")
    text = request.POST.get("heard_at", "")
    try:
        heard = timezone.make_aware(datetime.fromisoformat(text).replace(tzinfo=None))
    except ValueError:
        problems["heard_at"] = gettext("“%(typed)s” is no moment. Write when you heard it.") % {
            "typed": text[:40]
        }
    if problems:
        raise Wrong(**problems)
    # The field knows minutes only: in the minute of the submission, it was heard after it.
    if heard < found.changed_at < heard + MINUTE:
        heard = found.changed_at
    acts.authorise(
        ground=_note(request, "note"),
        new_facts=_note(request, "new_facts"),
        oral=Oral(mandate, heard),
        **_given(request, found),
    )


_ACTS: Final[dict[str, Callable[[Request, Asked], None]]] = {
    "authorise": _authorise, "narrow": _narrow, "refuse": _refuse, "ask": _ask, "write": _write,
    "confirm": _confirm, "take_on": _take_on, "not_said": _not_said,
    "put": _put,
}  # fmt: skip
