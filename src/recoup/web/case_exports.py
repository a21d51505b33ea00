"""A case's own trace to take away, under the rule and as of the moment chosen on its page.

One file is of one rule, one moment and one currency of loss; what that was exchanged into stands in
parts of its own. Each is a line of the trail with its digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.http import require_GET

from recoup.apps.audit import session_operations as audit
from recoup.apps.cases import queries as cases
from recoup.apps.holds import case_ledger
from recoup.apps.holds.case_ledger import AccountName, CaseLedger
from recoup.apps.holds.case_working import KINDS, CaseWorking, NotOnePaper, case_working
from recoup.apps.holds.wording import moment
from recoup.apps.members import errors
from recoup.apps.members import queries as members
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words
from recoup.apps.traces import export_operations, paper_page
from recoup.apps.traces.paper import Cover, HeldByBank, paper
from recoup.apps.traces.voice import Voice, voice_of
from recoup.core.said import Said
from recoup.core.tracing.working import Asset
from recoup.standards import followthemoney, working_csv
from recoup.standards.followthemoney import Known
from recoup.web import case_entitled, case_retrace
from recoup.web.case_rules import Choice, choice_of
from recoup.web.ledger_exports import BESIDE
from recoup.web.names import organisation_name
from recoup.web.templatetags.recoup_ui import decimals_of

Request = Any


@dataclass(frozen=True, slots=True)
class Asked:
    """What a download is made of."""

    found: CaseWorking
    cover: Cover
    voice: Voice


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of file. name: on the page. beside: whether it shows other rules too."""

    name: Any
    suffix: str
    content_type: str
    write: Callable[[Asked], bytes]
    beside: bool = False


def _paper(asked: Asked) -> bytes:
    found = asked.found
    return paper(found.working, asked.cover, voice=asked.voice, beside=found.beside)


def _page(asked: Asked) -> bytes:
    found = asked.found
    return paper_page.page(found.working, asked.cover, voice=asked.voice, beside=found.beside)


FORMS: Final[Mapping[str, Form]] = {
    "pdf": Form(gettext_lazy("Paper for court (PDF)"), ".pdf", "application/pdf", _paper, True),
    "page": Form(
        gettext_lazy("One page with the picture (HTML)"), ".html", "text/html; charset=utf-8",
        _page, True,
    ),
    "steps": Form(
        gettext_lazy("Every step (CSV)"), "-steps.csv", "text/csv; charset=utf-8",
        lambda asked: working_csv.steps(asked.found.working),
    ),
    "accounts": Form(
        gettext_lazy("Accounts (CSV)"), "-accounts.csv", "text/csv; charset=utf-8",
        lambda asked: working_csv.accounts(asked.found.working),
    ),
    "comparison": Form(
        gettext_lazy("Rules side by side (CSV)"), "-rules.csv", "text/csv; charset=utf-8",
        lambda asked: working_csv.comparison(asked.found.beside), True,
    ),
    "working": Form(
        gettext_lazy("The whole working (JSON)"), ".json", "application/json",
        lambda asked: asked.found.working.as_bytes(),
    ),
    "followthemoney": Form(
        gettext_lazy("FollowTheMoney"), ".ftm.json", "application/x-ndjson",
        lambda asked: followthemoney.write(
            asked.found.working,
            known={number: _known(number, name) for number, name in asked.found.known.items()},
        ),
    ),
}  # fmt: skip


@require_GET
@allowed("case:export_trace")
def export(request: Request, case_id: UUID) -> HttpResponse:
    """Give one form of the case's trace, and note who took it."""
    form = request.GET.get("form", "pdf")
    found = get_object_or_404(cases.visible_to(request.actor), pk=case_id)
    if form not in FORMS:
        raise Http404
    audit.looked_at(found.id, by=request.actor, at=request.at)
    choice, kind = choice_of(request.GET), FORMS[form]
    if choice.problem:
        return errors.page(request, 422, "422.html", problem=choice.problem)
    asset = _asset(request.GET.get("currency") or found.report.currency)
    try:
        ledger = case_ledger.ledger_of(found.id)
    except case_ledger.TooManyAccounts as problem:
        return errors.page(request, 409, "409.html", problem=case_retrace.too_much(problem))
    if ledger is None:
        raise Http404
    try:
        traced = _traced(ledger, choice, asset, kind)
    except NotOnePaper as refused:
        return errors.page(request, 409, "409.html", problem=in_words(refused.said))
    content = kind.write(
        Asked(traced, _cover(found, traced, request), voice_of(_language(), in_words))
    )
    export_operations.note_case_export(
        case=found, form=form, rule=choice.rule, currency=asset.code, until=choice.at,
        document=content, by=request.actor, at=request.at,
    )  # fmt: skip
    response = HttpResponse(content, content_type=kind.content_type)
    name = _file_name(found.reference, choice, asset.code) + kind.suffix
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _traced(ledger: CaseLedger, choice: Choice, asset: Asset, kind: Form) -> CaseWorking:
    """The working, without the rules beside it that lead through what the reader does not see.

    Raises NotOnePaper where the chosen rule does: a working with gaps proves nothing.
    """
    hidden = case_entitled.hidden(ledger)

    def is_told(rule: str) -> bool:
        again = ledger.under(rule, choice.until) if hidden else None
        return again is None or hidden.isdisjoint(case_entitled.carried(ledger, again))

    if not is_told(choice.rule):
        raise NotOnePaper(
            Said(
                "By this rule the case’s money went through payments that banks told of for "
                "another case, which you do not see, so no file is made of it. Take the trace by "
                "the rule for holding, or ask whoever leads that case."
            )
        )
    return case_working(
        ledger, rule=choice.rule, at=choice.until, asset=asset,
        beside=[rule for rule in BESIDE if is_told(rule)] if kind.beside else (),
        asset_of=_asset,
    )  # fmt: skip


def _language() -> str:
    return get_language() or "en"


def _asset(currency: str) -> Asset:
    code = "".join(c for c in currency[:8] if c.isascii() and c.isalnum())
    return Asset(code, decimals_of(code))


def _cover(case: Any, traced: CaseWorking, request: Request) -> Cover:
    actor, holds = request.actor, traced.holds
    return Cover(
        title=gettext("Case %(reference)s") % {"reference": case.reference},
        prepared_at=request.at,
        prepared_by=f"{actor.person_name}, {organisation_name(actor.organisation_name)}",
        names={number: _called(one) for number, one in traced.said.items()},
        kinds={kind: in_words(said) for kind, said in KINDS.items()},
        remarks=tuple(in_words(one) for one in traced.remarks),
        holds=tuple(
            HeldByBank(
                one.number, organisation_name(one.institution), one.units,
                moment(one.at) if one.at else None, one.asset,
            )
            for one in holds
        ) if traced.working.as_of is None else None,
    )  # fmt: skip


def _called(one: Any) -> str:
    if isinstance(one, AccountName):
        return str(organisation_name(one.institution))
    return in_words(one)


def _known(number: str, name: AccountName) -> Known:
    if name.scheme != "iban":
        return Known("wallet", number=name.ident, world="crypto-asset address")
    return Known(
        "bank", number=number, iban=name.ident, bic=members.bic_of(name.ident, name.institution),
        bank=name.institution, country=name.ident[:2], world="iban",
    )  # fmt: skip


def _file_name(reference: str, choice: Choice, currency: str) -> str:
    parts = [reference, choice.rule, currency.lower(), choice.at_typed]
    text = "-".join(part for part in parts if part)
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text)[:80]


def offered(case_id: UUID, choice: Choice, currencies: Iterable[str]) -> list[dict[str, Any]]:
    """What the case's page offers, each currency by itself."""
    start = reverse("case-export", args=[case_id]) + (choice.query(opened=()) or "?")
    joint = "" if start.endswith("?") else "&"
    return [
        {
            "currency": currency,
            "forms": [
                {"name": form.name, "url": f"{start}{joint}form={key}&currency={currency}"}
                for key, form in FORMS.items()
            ],
        }
        for currency in currencies
    ]
