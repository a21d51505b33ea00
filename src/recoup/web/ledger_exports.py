"""A trace to take away: paper, tables, files for machines; each one is a line of the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.http import require_GET

from recoup.apps.audit import session_operations as audit
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words
from recoup.apps.traces import document, export_operations, queries
from recoup.apps.traces.findings import Findings
from recoup.apps.traces.models import ImportedLedger
from recoup.apps.traces.paper import Cover, paper
from recoup.apps.traces.voice import voice_of
from recoup.core.tracing.side_by_side import SideBySide, side_by_side
from recoup.core.tracing.working import Working
from recoup.standards import followthemoney, working_csv
from recoup.standards.followthemoney import Known

Request = Any
# Exact fractions grow without bound, so that one large file could stop a page; the shell has them.
RULES: Final = ("fifo", "lifo", "prorata", "libr", "tiho", "poison")
BESIDE: Final = ("fifo", "lifo", "prorata", "libr", "tiho")
WALLETS: Final = Known("wallet", world="crypto-asset address")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a download is made of."""

    findings: Findings
    cover: Cover
    language: str

    @property
    def working(self) -> Working:
        return self.findings.working


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of file. name: on the page."""

    name: Any
    suffix: str
    content_type: str
    write: Callable[[Asked], bytes]


def _paper(asked: Asked) -> bytes:
    voice = voice_of(asked.language, in_words)
    return paper(asked.working, asked.cover, voice=voice, beside=beside(asked.working))


def beside(working: Working) -> SideBySide:
    """The rule that was asked for, and then the others; shown beside it, never added."""
    rules = [working.rule, *(rule for rule in BESIDE if rule != working.rule)]
    return side_by_side(
        working.ledger, rules=rules, shortfall=working.shortfall, as_of=working.as_of,
        sources=working.sources, names=working.names, terminals=working.terminals,
        asset=working.asset, times=working.times,
    )  # fmt: skip


FORMS: Final[Mapping[str, Form]] = {
    "pdf": Form(gettext_lazy("Paper for court (PDF)"), ".pdf", "application/pdf", _paper),
    "page": Form(
        gettext_lazy("One page with the picture (HTML)"), ".html", "text/html; charset=utf-8",
        lambda asked: document.page(asked.findings).encode(),
    ),
    "steps": Form(
        gettext_lazy("Every step (CSV)"), "-steps.csv", "text/csv; charset=utf-8",
        lambda asked: working_csv.steps(asked.working),
    ),
    "accounts": Form(
        gettext_lazy("Accounts (CSV)"), "-accounts.csv", "text/csv; charset=utf-8",
        lambda asked: working_csv.accounts(asked.working),
    ),
    "comparison": Form(
        gettext_lazy("Rules side by side (CSV)"), "-rules.csv", "text/csv; charset=utf-8",
        lambda asked: working_csv.comparison(beside(asked.working)),
    ),
    "working": Form(
        gettext_lazy("The whole working (JSON)"), ".json", "application/json",
        lambda asked: asked.working.as_bytes(),
    ),
    "followthemoney": Form(
        gettext_lazy("FollowTheMoney"), ".ftm.json", "application/x-ndjson",
        lambda asked: followthemoney.write(asked.working, others=WALLETS),
    ),
}  # fmt: skip


def rule_of(request: Request) -> str:
    """The rule that was asked for; first in, first out where it is none of ours."""
    asked = request.GET.get("rule")
    return asked if asked in RULES else "fifo"


@require_GET
@allowed("case:export_trace")
def export(request: Request, ledger_id: UUID) -> HttpResponse:
    """Give one form of the trace of an imported ledger, and note who took it."""
    form = request.GET.get("form", "pdf")
    ledger = get_object_or_404(
        queries.visible_to(request.actor).select_related("case"), pk=ledger_id
    )
    if form not in FORMS:
        raise Http404
    audit.looked_at(ledger.case_id, by=request.actor, at=request.at)
    rule, kind = rule_of(request), FORMS[form]
    findings = queries.findings_of(ledger, rule=rule)
    cover = _cover(ledger, request.actor, request.at)
    content = kind.write(Asked(findings, cover, get_language() or "en"))
    export_operations.note_export(
        ledger=ledger, form=form, rule=rule, document=content, by=request.actor, at=request.at
    )
    response = HttpResponse(content, content_type=kind.content_type)
    name = f"{file_name(ledger.name)}-{rule}{kind.suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _cover(ledger: ImportedLedger, actor: Any, at: datetime) -> Cover:
    return Cover(
        title=ledger.name,
        prepared_at=at,
        reference=ledger.case.reference,
        prepared_by=f"{actor.person_name}, {actor.organisation_name}",
    )


def file_name(name: str) -> str:
    """A name that every system takes."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)[:60] or "trace"
