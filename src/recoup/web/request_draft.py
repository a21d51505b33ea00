"""What the drafting page shows around the form: addressees, lacks at their fields, who may decide.

Each check is the engine's (``request_check``); here it is put into words and sorted to the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext

from recoup.apps.cases.models import Case
from recoup.apps.lawful_requests.refusals import REFUSALS, RequestRefused
from recoup.apps.lawful_requests.request_check import (
    Found,
    Wanted,
    check_request,
    choices_of,
    power_of,
    profiles_of,
)
from recoup.apps.lawful_requests.request_content import read_content
from recoup.apps.lawful_requests.request_law import Form, Law
from recoup.apps.members import queries as members
from recoup.apps.members.models import Mandate, Organisation
from recoup.apps.reports.models import Report
from recoup.apps.said import reason
from recoup.core.access import Actor
from recoup.core.accounts import read_account
from recoup.core.authorisation import deciding
from recoup.core.completeness import Lack, Profile
from recoup.core.law import Choice
from recoup.core.said import Said, SaidCode, SaidList
from recoup.data import load_measures, load_pack, load_words
from recoup.web import request_form, request_needs
from recoup.web.names import organisation_name
from recoup.web.request_form import Row, Typed
from recoup.web.request_lines import read_lines

PRESERVATION: Final = "preservation_domestic"
# Where a lack of the engine stands on the page.
PLACES: Final = {
    "measure": "targets", "targets": "targets", "identifiers": "identifiers", "period": "period",
    "data": "data", "justification": "justification", "proportionality": "proportionality",
    "amount_minor": "amount", "currency": "amount", "danger_facts": "danger_facts",
}  # fmt: skip
ACCOUNTS: Final = {"iban": "iban", "phone": "phone", "card": "card", "wallet": "wallet"}


@dataclass(slots=True)
class Checked:
    """A form that was checked. at_field: by place on the page, what is wrong or worth knowing."""

    at_field: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    content: dict[str, Any] | None = None
    choice: Choice | None = None
    choices: list[Choice] = field(default_factory=list)
    why_no_power: str = ""
    preserve_first: bool = False

    @property
    def blocks(self) -> int:
        return sum(row["blocks"] for rows in self.at_field.values() for row in rows)

    @property
    def warns(self) -> int:
        return sum(not row["blocks"] for rows in self.at_field.values() for row in rows)

    @property
    def is_complete(self) -> bool:
        return self.content is not None and self.choice is not None and not self.blocks

    @property
    def laws(self) -> list[dict[str, Any]]:
        """The laws to choose from, where several fit."""
        if len(self.choices) < 2:
            return []
        shown = [request_needs.power_shown(c, c.power.addressees) for c in self.choices]
        now = self.choice.power.power if self.choice else ""
        return [
            {"power": choice.power.power, "shown": one, "is_chosen": choice.power.power == now}
            for choice, one in zip(self.choices, shown, strict=True)
        ]

    @property
    def power(self) -> dict[str, Any] | None:
        if self.choice is None:
            return None
        return request_needs.power_shown(self.choice, self.choice.power.addressees)

    def say(self, place: str, text: str, *, blocks: bool, who: str = "", code: str = "") -> None:
        part, _, name = place.partition(".")
        at = f"field-{name}" if part == "fields" and name else PLACES.get(part, "other")
        rows = self.at_field.setdefault(at, [])
        same = next((r for r in rows if r["text"] == text and r["blocks"] == blocks), None)
        if same is not None:
            same["who"] = ", ".join(filter(None, (same["who"], who)))
            return
        rows.append({"text": text, "blocks": blocks, "who": who, "code": code})


def read(post: Any, form: Form) -> Typed:
    """The form as it was sent, with the lines of a pasted list taken over into it."""
    typed = request_form.read_typed(post)
    if not typed.lines.strip():
        return typed
    rows = [one for one in members.organisations() if one.kind in form.addressees]
    by_name = {one.code.casefold(): one.code for one in rows}
    by_name |= {
        name.casefold(): one.code
        for one in rows
        for name in (one.name, one.name_sr, organisation_name(one.name))
        if name
    }
    listed = read_lines(
        typed.lines, takes=form.shape.takes, names=by_name, bank_of=partial(_bank_of, rows=rows)
    )
    typed.rows = [*typed.rows, *listed.rows][: request_form.MOST_ROWS]
    typed.addressees = list(dict.fromkeys([*typed.addressees, *listed.addressees]))
    typed.lines = "\n".join(line for _, line in listed.unread)
    for number, line in listed.unread:
        typed.wrong("identifiers", gettext("Line %(number)s is not understood: “%(line)s”.")
                    % {"number": number, "line": line[:80]})  # fmt: skip
    return typed


def _bank_of(iban: str, *, rows: Iterable[Organisation]) -> str:
    """The code of the bank that keeps an account, if the measure may be asked of it."""
    found = members.institution_of(read_account(iban, field="iban"))
    return found.code if found is not None and found in rows else ""


def lines_like(form: Form) -> str:
    """A line as it may be pasted, for a measure."""
    if "ip" in form.shape.takes:
        return "203.0.113.7:51512  2026-11-02T21:14:09+01:00"
    return "RS35 2600 0560 1001 6113 79" if "iban" in form.shape.takes else ""


def preserving(content: Mapping[str, Any], form: Form, *, after: str) -> dict[str, Any]:
    """What a request asks for, as the content of the request that has it kept until then."""
    takes = form.shape.takes
    targets = [
        {"addressee": target["addressee"],
         "identifiers": [one for one in target["identifiers"] if one["kind"] in takes]}
        for target in content["targets"]
    ]  # fmt: skip
    necessity = gettext("The data would be gone before request %(reference)s is answered.")
    fields = {name: v for name, v in content["fields"].items() if name in form.fields}
    if "necessity" in form.fields:
        fields["necessity"] = necessity % {"reference": after}
    return {
        "targets": targets, "data": [one for one in content["data"] if one in form.data],
        "period": content.get("period"), "fields": fields,
        "justification": content["justification"] or necessity % {"reference": after},
        "proportionality": content["proportionality"],
    }  # fmt: skip


def check(
    typed: Typed, form: Form, law: Law, *, by: Actor, at: datetime, own: UUID | None = None
) -> Checked:
    """What the form still lacks, in words, at its fields. Nothing is stored."""
    found = Checked()
    told = request_form.content_of(typed, form, law)
    for place, problems in typed.problems.items():
        for text in problems:
            found.say(place, text, blocks=True, code="not_read")
    try:
        found.content = read_content(told, form)
        wanted = Wanted(
            form.measure, typed.danger, found.content, by.organisation_id, by.organisation_kind, own
        )
        lacks = check_request(wanted, law=law, at=at)
    except REFUSALS as refusal:
        place = getattr(refusal, "field", "") or "targets"
        found.say(place, reason(refusal), blocks=True, code="refused")
        return found
    _say_lacks(found, lacks)
    _say_power(found, wanted, law, at=at)
    return found


def _say_lacks(found: Checked, lacks: Iterable[Found]) -> None:
    rows = list(lacks)
    names = dict(
        Organisation.objects.filter(code__in=[one.addressee for one in rows])
        .values_list("code", "name")
    )  # fmt: skip
    for one in rows:
        who = organisation_name(names[one.addressee]) if len(rows) > 1 else ""
        for lack in one.lacks:
            if lack.code == "no_valid_basis":
                continue  # said once, with its reason, by the power
            found.preserve_first |= lack.code == "preserve_first"
            found.say(lack.field, lack_words(lack), blocks=lack.blocks, who=who, code=lack.code)


def _say_power(found: Checked, wanted: Wanted, law: Law, *, at: datetime) -> None:
    found.choices = choices_of(wanted, law=law, at=at)
    try:
        found.choice = power_of(wanted, law=law, at=at)
    except REFUSALS as refusal:
        found.why_no_power = reason(refusal)


def lack_words(lack: Lack) -> str:
    """A lack in the reader's language, with names in place of the words of the API."""
    words = load_words()
    known: dict[str, str] = {
        word: one.name
        for words_of in (words.categories, words.kinds, words.fields)
        for word, one in words_of.items()
    }
    known |= {name: measure.name for name, measure in load_measures().items()}
    kinds = dict(request_form.all_identifier_kinds())

    def named(value: Any) -> Any:
        if isinstance(value, SaidList):
            return SaidList(named(part) for part in value.parts)
        if isinstance(value, str) and value in known:
            return SaidCode(value, words=known[value])
        return kinds.get(value, value) if isinstance(value, str) else value

    said = lack.said
    values = {
        name: value if name in ("value", "ip") else named(value)
        for name, value in said.values.items()
    }
    return reason(Exception(Said(said.template, **values)))


# Who may be asked, and who may decide


@dataclass(frozen=True, slots=True)
class Addressee:
    """An organisation of the directory that the measure may be asked of, and what it says."""

    code: str
    name: str
    kind: str
    has_cgnat: bool
    kept: str
    is_chosen: bool


def addressees(form: Form, typed: Typed) -> list[Addressee]:
    """The directory's organisations of the measure's kinds; two statements."""
    rows = [one for one in members.organisations() if one.kind in form.addressees]
    profiles = profiles_of([one.id for one in rows])
    return [
        Addressee(
            one.code, organisation_name(one.name), request_needs.kinds_shown([one.kind]),
            bool((profile := profiles.get(one.id)) and profile.has_cgnat),
            _kept(profile, form), one.code in typed.addressees,
        )
        for one in rows
    ]  # fmt: skip


def _kept(profile: Profile | None, form: Form) -> str:
    if profile is None:
        return ""
    said = []
    for category in form.data:
        held = profile.held.get(category)
        if held is not None:
            name = request_needs.category_shown(category)
            days = held.kept_for.days if held.kept_for else None
            said.append(
                gettext("%(data)s: %(days)s days") % {"data": name, "days": days}
                if days else gettext("%(data)s: while a customer") % {"data": name}
            )  # fmt: skip
    return "; ".join(said)


def deciders(roles: Iterable[str], *, by: Actor) -> list[dict[str, str]]:
    """The organisations where somebody else than the author holds one of the roles today."""
    named = tuple(roles)
    ranks = Q(role__in=deciding(named, is_own=False))
    ranks |= Q(role__in=deciding(named, is_own=True), organisation_id=by.organisation_id)
    rows = (
        Mandate.objects.filter(members.valid_now(), ranks, person__is_system=False)
        .exclude(person_id=by.named_person)
        .order_by("organisation__name")
        .values_list("organisation__code", "organisation__name")
        .distinct()
    )
    return [{"code": code, "name": organisation_name(name)} for code, name in rows]


# Filled from the case


def prefilled(case: Case | None, form: Form) -> Typed:
    """What the case knows already: accounts, the sum, the period, the file number."""
    data = list(form.data) if len(form.data) == 1 else []
    if case is None:
        return Typed(data=data, currency=load_pack(settings.COUNTRY).currency)
    report: Report = case.report
    takes = form.shape.takes
    rows: list[Row] = []
    codes: list[str] = []
    for scheme, ident, institution in (
        (report.payee_scheme, report.payee_ident, report.payee_institution),
        (report.payer_scheme, report.payer_ident, report.payer_institution),
    ):
        kind = ACCOUNTS.get(scheme, "account")
        if kind not in takes or (codes and kind == "wallet"):
            continue
        rows.append(Row(kind=kind, value=ident, addressee=institution.code if institution else ""))
        if institution and institution.kind in form.addressees:
            codes.append(institution.code)
        break  # the account that received it; the payer's own is asked about seldom
    zone = "+00:00"
    return Typed(
        addressees=codes, rows=rows, data=data,
        period={"from": report.paid_at.strftime(request_form.MOMENT), "until": "", "zone": zone}
        if form.shape.needs_period and codes else {},
        amount=request_form.plain(report.amount_minor, report.currency)
        if form.shape.needs_amount else "",
        currency=report.currency, fields=_facts(case, form),
    )  # fmt: skip


def _facts(case: Case, form: Form) -> dict[str, str]:
    known = {
        "reference": case.reference, "police_report": case.report.reference,
        "offence": gettext("Fraud"),
    }  # fmt: skip
    return {name: value for name, value in known.items() if name in form.fields}


def no_authority() -> RequestRefused:
    return RequestRefused(
        "nobody_decides_there", Said("Choose who should decide on this request."), field="authority"
    )
