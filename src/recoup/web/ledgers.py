"""Importing a flow file into a case: preview, all or nothing; and what tracing says of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.audit import session_operations as audit
from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words, reason, refusal
from recoup.apps.traces import operations, queries
from recoup.apps.traces.findings import usd
from recoup.apps.traces.paper import verdict
from recoup.apps.traces.paper_words import KINDS, NOT_CERTAIN, RULE_WORDS
from recoup.apps.traces.voice import voice_of
from recoup.core.text import NotReadable as TextNotReadable
from recoup.core.text import read_filename
from recoup.standards import flow_csv
from recoup.standards.strict_csv import NotReadable
from recoup.web import carried
from recoup.web.ledger_exports import FORMS, RULES, rule_of

Request = Any
FIELDS = frozenset({"sources", "terminals", "name"})
SAMPLE = 20
REFUSED_SHOWN = 200


class UploadForm(forms.Form):
    """The file and, one address a line, where the loss began and where the flow ends."""

    file = forms.FileField(
        label=gettext_lazy("File of transfers"),
        help_text=gettext_lazy(
            "CSV in UTF-8, at most 4 MB (some 20,000 transfers), because the page carries the file "
            "to the next step; a longer one is kept and traced by the command "
            "./recoup ledger load FILE.csv."
        ),
    )
    profile = forms.ChoiceField(
        label=gettext_lazy("Declared profile"),
        choices=[("flow_csv", gettext_lazy("Transfers of crypto-assets, values in USD"))],
        help_text=gettext_lazy("How the file is written. Nothing is guessed."),
    )
    sources = forms.CharField(
        label=gettext_lazy("Addresses the loss came from"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One a line. Every payment out of them counts as lost."),
    )
    terminals = forms.CharField(
        label=gettext_lazy("Addresses where the flow ends, if known"),
        widget=forms.Textarea(attrs={"rows": 4}), required=False,
        help_text=gettext_lazy("One a line: deposits at exchanges, mixers, bridges."),
    )  # fmt: skip


class LaterForm(forms.Form):
    """A later file of the same flow."""

    file = forms.FileField(
        label=gettext_lazy("A later file of transfers"),
        help_text=gettext_lazy(
            "Written as the first one, at most 4 MB. Transfers that the flow has already may be in "
            "it; you see what is new before anything is stored."
        ),
    )


def _case(request: Request, case_id: UUID) -> Case:
    found = get_object_or_404(cases.visible_to(request.actor), pk=case_id)
    audit.looked_at(found.id, by=request.actor, at=request.at)
    return found


@require_GET
@allowed("case:import_ledger")
def upload(request: Request, case_id: UUID) -> HttpResponse:
    found = _case(request, case_id)
    return render(request, "cases/ledger_upload.html", {"case": found, "form": UploadForm()})


@require_POST
@allowed("case:import_ledger")
def preview(request: Request, case_id: UUID) -> HttpResponse:
    """Show what the file says, and each refused row with its reason. Stores nothing."""
    found = _case(request, case_id)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid() or not _addresses(form):
        return render(
            request, "cases/ledger_upload.html", {"case": found, "form": form}, status=422
        )
    file = form.cleaned_data["file"]
    if file.size > carried.MOST_BYTES:
        problem = gettext(
            "The file is larger than 4 MB. Keep and trace it by the command "
            "./recoup ledger load FILE.csv, or divide it."
        )
        form.add_error("file", problem)
        return render(
            request, "cases/ledger_upload.html", {"case": found, "form": form}, status=422
        )
    content = file.read()
    shown = _preview(name_of(file.name), content, form)
    return render(
        request, "cases/ledger_preview.html", {"case": found, "preview": shown},
        status=422 if shown["refused_count"] else 200,
    )  # fmt: skip


def name_of(text: str) -> str:
    try:
        return read_filename(text).shown[:200]
    except TextNotReadable:
        return gettext("a file without a usable name")


def _addresses(form: UploadForm) -> bool:
    """Read the two lists of addresses into the cleaned data; False with errors on the form."""
    for name in ("sources", "terminals"):
        try:
            read = flow_csv.read_addresses(form.cleaned_data[name].encode())
        except NotReadable as refused:
            form.add_error(name, refusal(refused.refused[0]))
            return False
        form.cleaned_data[name] = sorted(read)
    return True


def refused_rows(trouble: NotReadable) -> dict[str, Any]:
    """What a preview shows of a file that cannot be read."""
    rows = [
        {"line": r.line, "field": r.column, "value": r.value, "message": in_words(r.problem)}
        for r in trouble.refused[:REFUSED_SHOWN]
    ]
    return {"refused_count": len(trouble.refused), "refused": rows}


def columns() -> list[str]:
    return [gettext("Time (UTC)"), gettext("From"), gettext("To"), "USD"]


def sample(flow: flow_csv.FlowFile) -> list[list[str]]:
    """The first rows of a flow, under ``columns``."""
    return [
        [f"{row.at:%Y-%m-%d %H:%M:%S}", row.payer_label or row.payer,
         row.payee_label or row.payee, str(row.usd)]
        for row in flow.rows[:SAMPLE]
    ]  # fmt: skip


def _preview(name: str, content: bytes, form: UploadForm) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "file_name": name,
        "profile_text": gettext("Transfers of crypto-assets, values in USD"),
        "row_count": 0, "refused_count": 0, "facts": [], "token": "", "refused": [],
        "columns": [], "sample": [],
    }  # fmt: skip
    try:
        flow = flow_csv.read(content)
    except NotReadable as refused:
        return shown | refused_rows(refused)
    shown["row_count"] = len(flow.rows)
    shown["facts"] = [
        {"label": gettext("Addresses"), "value": len(flow.addresses)},
        {"label": gettext("Rows rounded to 1e-6"), "value": flow.rounded_rows},
        {"label": gettext("Rounding residual"), "value": f"{flow.residual_usd} USD"},
        {"label": gettext("Loss addresses"), "value": len(form.cleaned_data["sources"])},
    ]
    shown["columns"], shown["sample"] = columns(), sample(flow)
    head = {key: form.cleaned_data[key] for key in ("sources", "terminals")}
    shown["token"] = carried.pack(head | {"name": name}, content)
    return shown


@require_POST
@allowed("case:import_ledger")
def store(request: Request, case_id: UUID) -> HttpResponse:
    """Store the file that was shown: every row, or nothing."""
    found = _case(request, case_id)
    try:
        fields, content = carried.unpack(request.POST.get("token", ""), fields=FIELDS)
        if not all(isinstance(a, str) for a in [*fields["sources"], *fields["terminals"]]):
            raise ValueError("other addresses")
        sources = flow_csv.read_addresses("\n".join(fields["sources"]).encode())
        terminals = flow_csv.read_addresses("\n".join(fields["terminals"]).encode())
        ledger = operations.import_ledger(
            case=found, name=name_of(str(fields["name"])), document=content,
            sources=sorted(sources), terminals=sorted(terminals), by=request.actor, at=request.at,
        )  # fmt: skip
    except (TypeError, ValueError, NotReadable) as trouble:
        text = gettext("The file changed on its way. Upload it again.")
        return errors.page(request, 422, "422.html", problem=f"{text} ({reason(trouble)})")
    except operations.AlreadyImported as problem:
        return errors.page(request, 409, "409.html", problem=reason(problem))
    return HttpResponseRedirect(reverse("ledger", args=[ledger.id]))


@require_GET
@allowed("case:import_ledger")
def ledger(request: Request, ledger_id: UUID) -> HttpResponse:
    """Where the money of an imported flow is now, under the rule asked for."""
    row = get_object_or_404(queries.visible_to(request.actor).select_related("case"), pk=ledger_id)
    rule = rule_of(request)
    findings = queries.findings_of(row, rule=rule)
    shares, working = findings.shares, findings.picture.working
    later = list(row.later.order_by("added_at"))
    voice = voice_of(get_language() or "en", in_words)
    sums = [
        (gettext("At terminal addresses"), working.sum_of_kind("terminal")),
        (gettext("Elsewhere"), working.sum_of_kind("other")),
        (gettext("Back at a loss address"), working.sum_of_kind("source")),
    ]
    context = {
        "ledger": row, "rule": rule, "case": row.case,
        "rules": [(key, in_words(RULE_WORDS[key].name)) for key in RULES],
        "rule_name": in_words(RULE_WORDS[rule].name),
        "rule_limits": in_words(RULE_WORDS[rule].limits), "not_certain": in_words(NOT_CERTAIN),
        "forms": [(key, form.name) for key, form in FORMS.items()],
        "digest": bytes(row.sha256).hex(), "form": LaterForm(),
        "sums": [
            (label, voice.number(usd(units)), voice.percent(shares.share_of(units)))
            for label, units in sums
        ],
        "lost": voice.number(usd(shares.lost)), "unseen": voice.number(usd(shares.unseen)),
        "conservation": verdict(working, voice),
        "places": [
            (p.address, p.label, in_words(KINDS[p.kind]), voice.number(usd(p.units)))
            for p in findings.places[:100]
        ],
        "place_count": len(findings.places),
        "traced_at": queries.traced_at(row),
        "transfer_count": row.rows + sum(one.rows for one in later),
        "later": [(one, bytes(one.sha256).hex()) for one in later],
        "residual": voice.number(f"{findings.flow.residual_usd:f}"),
    }  # fmt: skip
    return render(request, "cases/ledger.html", context)
