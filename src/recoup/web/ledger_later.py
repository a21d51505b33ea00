"""Adding a later file to an imported flow: what it adds is shown first, then all or nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import reason
from recoup.apps.traces import late_operations, queries
from recoup.apps.traces.models import ImportedLedger
from recoup.core.tracing import LedgerRefused
from recoup.standards import flow_csv
from recoup.standards.strict_csv import NotReadable
from recoup.web import carried
from recoup.web.ledgers import LaterForm, columns, name_of, refused_rows, sample

Request = Any
FIELDS = frozenset({"name"})


def _flow(request: Request, ledger_id: UUID) -> ImportedLedger:
    visible = queries.visible_to(request.actor).select_related("case", "stored")
    found = get_object_or_404(visible, pk=ledger_id)
    audit.looked_at(found.case_id, by=request.actor, at=request.at)
    return found


@require_POST
@allowed("case:import_ledger")
def look(request: Request, ledger_id: UUID) -> HttpResponse:
    """Show what a later file would add, or what is refused of it. Stores nothing."""
    found = _flow(request, ledger_id)
    form = LaterForm(request.POST, request.FILES)
    if form.is_valid() and form.cleaned_data["file"].size > carried.MOST_BYTES:
        problem = gettext(
            "The file is larger than 4 MB. Book it by the command ./recoup ledger book, or divide "
            "it."
        )
        form.add_error("file", problem)
    if not form.is_valid():
        problem = " ".join(str(error) for error in form.errors.get("file", []))
        return _refused(request, found, gettext("Choose a file."), detail=problem)
    file = form.cleaned_data["file"]
    return _shown(request, found, name_of(file.name), file.read())


def _shown(request: Request, found: ImportedLedger, name: str, content: bytes) -> HttpResponse:
    context: dict[str, Any] = {"ledger": found, "case": found.case, "name": name}
    try:
        later = late_operations.would_add(
            imported=found, name=name, document=content, by=request.actor, at=request.at
        )
    except NotReadable as trouble:
        context |= refused_rows(trouble)
        return render(request, "cases/ledger_later.html", context, status=422)
    except (late_operations.CannotAdd, LedgerRefused) as trouble:
        return _refused(request, found, reason(trouble), name=name)
    flow = flow_csv.read(content)
    context |= {
        "later": later, "columns": columns(), "sample": sample(flow),
        "token": carried.pack({"name": name}, content),
    }  # fmt: skip
    return render(request, "cases/ledger_later.html", context)


def _refused(
    request: Request, found: ImportedLedger, problem: str, *, name: str = "", detail: str = ""
) -> HttpResponse:
    context = {"ledger": found, "case": found.case, "name": name, "problem": detail or problem}
    return render(request, "cases/ledger_later.html", context, status=422)


@require_POST
@allowed("case:import_ledger")
def book(request: Request, ledger_id: UUID) -> HttpResponse:
    """Book what was shown: every new transfer, or nothing."""
    found = _flow(request, ledger_id)
    try:
        fields, content = carried.unpack(request.POST.get("token", ""), fields=FIELDS)
        late_operations.add_later(
            imported=found, name=name_of(str(fields["name"])), document=content,
            by=request.actor, at=request.at,
        )  # fmt: skip
    except (late_operations.CannotAdd, LedgerRefused) as trouble:
        return errors.page(request, 409, "409.html", problem=reason(trouble))
    except (ValueError, NotReadable) as trouble:
        text = gettext("The file changed on its way. Upload it again.")
        return errors.page(request, 422, "422.html", problem=f"{text} ({reason(trouble)})")
    return HttpResponseRedirect(reverse("ledger", args=[found.id]))
