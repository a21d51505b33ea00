"""Puts one request together for whoever decides on it: facts, law, need, what was done, what else.

Reads only what the actor may see. Nothing is decided here, and nothing is chosen beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext

from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case
from recoup.apps.holds import queries as holds
from recoup.apps.lawful_requests import request_queries
from recoup.apps.lawful_requests.models import Request
from recoup.apps.lawful_requests.refusals import REFUSALS
from recoup.apps.lawful_requests.request_check import Found, check_request, power_of
from recoup.apps.lawful_requests.request_content import ends_of
from recoup.apps.lawful_requests.request_law import Law, law_now
from recoup.apps.lawful_requests.request_operations import wanted_of
from recoup.apps.lawful_requests.request_queries import Whole
from recoup.apps.members.models import Organisation
from recoup.apps.members.queries import organisations
from recoup.apps.said import in_words, reason
from recoup.core.access import Actor
from recoup.core.completeness import BEGUN_BEFORE
from recoup.core.law import Choice, Power
from recoup.data.requests import load_bounds
from recoup.web import decision_acts, wordings
from recoup.web import decision_forms as narrowing
from recoup.web import decision_words as words
from recoup.web.case_trail import RULE
from recoup.web.request_needs import limit_shown
from recoup.web.templatetags.recoup_ui import money_plain

AT_MOST: Final = 8
# A line of the facts stands where one of these is there.
TOLD: Final = ("text", "account", "amount", "period", "organisations", "case", "clock", "hold_ends")
INNER: Final = ("content", "traffic")


def page(
    actor: Actor, whole: Whole, *, at: datetime, tried: decision_acts.Tried | None = None
) -> dict[str, Any]:
    """All that the page shows. tried: an act that was refused, with what was typed for it."""
    found, law = whole.request, law_now()
    choice, trouble = _choice(whole, law, at=at)
    case = _case(actor, found)
    held = holds.holds_of_case(case.id) if case else []
    ends = min((h.until for h in held if h.until and not h.ended_at and h.until > at), default=None)
    names = _names(found.content)
    return {
        "one": found, "measure": words.measure_words(found.measure), "state": _state(found),
        "danger": words.danger_words(found.danger) if found.danger else "",
        "facts": facts(whole, names, hold_ends=ends, case=case),
        "hold_ends": ends, "targets": targets(whole, names),
        "law": _law(choice) if choice else None, "law_trouble": trouble,
        **_warnings(found, law, at=at), "trail": _trail(case),
        "case": case, "need": found.content["justification"],
        "proportionality": found.content["proportionality"],
        "refused_before": refused_before(found),
        "danger_facts": found.content.get("danger_facts", ""),
        "done": earlier(actor, found), "holds": [_hold(row) for row in held if not row.ended_at],
        "alternatives": alternatives(found, law, at=at), "third": third(found),
        "files": whole.files, "history": [_said(row) for row in whole.decisions],
        "sentence": decision_acts.sentence(whole, choice),
        **decision_acts.context(actor, whole, choice, at=at, tried=tried),
    }  # fmt: skip


def _state(found: Request) -> dict[str, Any]:
    label, tone = words.STATES[found.state]
    return {"label": label, "tone": tone}


def _choice(whole: Whole, law: Law, *, at: datetime) -> tuple[Choice | None, str]:
    """The power: of what is decided that of the day of the decision, else today's; or why none."""
    found = whole.request
    decided = found.authorised_at is not None
    moment = found.authorised_at or (at if found.state in ("submitted", "asked") else None)
    try:
        return power_of(wanted_of(found), law=law, at=moment or found.submitted_at or at), ""
    except REFUSALS as refusal:
        return None, "" if decided else reason(refusal)


def _case(actor: Actor, found: Request) -> Case | None:
    """The request's case, if this person's organisation is one of its members."""
    if found.case_id is None:
        return None
    return cases.visible_to(actor).filter(pk=found.case_id).first()


def _names(content: Mapping[str, Any]) -> dict[str, str]:
    codes = [target["addressee"] for target in content["targets"]]
    return dict(Organisation.objects.filter(code__in=codes).values_list("code", "name"))


# The eight lines


def facts(
    whole: Whole, names: Mapping[str, str], *, hold_ends: datetime | None, case: Case | None
) -> list[dict[str, Any]]:
    """At most eight lines: what is asked, of whom, about whom, by whom and until when."""
    found, content = whole.request, whole.request.content
    idents = [one["value"] for target in content["targets"] for one in target["identifiers"]]
    addressees = [names.get(t["addressee"], t["addressee"]) for t in content["targets"]]
    waits = found.state in ("submitted", "asked") or found.written_by or found.confirm_by
    clock = found.due_at if waits else None
    rows: list[dict[str, Any]] = [
        {"name": gettext("Asked of"), "organisations": addressees[:1],
         "more": _more(len(addressees))},
        {"name": gettext("About"), "account": idents[0] if idents else "",
         "more": _more(len(idents))},
        _wanted(content),
        {"name": gettext("Extends the order"), "text": content.get("extends", "")},
        {"name": gettext("Period"), "period": content["period"]},
        {"name": gettext("Offence"), "text": content["fields"].get("offence")},
        {"name": gettext("Drafted by"), "text": found.author.full_name,
         "organisations": [found.issuer.name]},
        {"name": gettext("Case"), "case": case,
         "text": gettext("of the requester; not shown to you") if found.case_id else ""},
        {"name": gettext("Clock"), "clock": clock, "start": found.submitted_at,
         "hold_ends": hold_ends},
    ]  # fmt: skip
    return [row for row in rows if any(value for name, value in row.items() if name in TOLD)]


def _more(count: int) -> str:
    return gettext("and %(n)s more") % {"n": count - 1} if count > 1 else ""


def _wanted(content: Mapping[str, Any]) -> dict[str, Any]:
    """The amount where there is one, else the data."""
    if content["amount_minor"]:
        many = len(content["targets"])
        each = gettext("from each of the %(n)s addressees") % {"n": many} if many > 1 else ""
        return {"name": gettext("Amount"), "amount": content["amount_minor"],
                "currency": content["currency"], "more": each}  # fmt: skip
    named = [words.category_words(one) for one in content["data"]]
    return {"name": gettext("Data"), "text": ", ".join(named) or gettext("no data: an act")}


def targets(whole: Whole, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each addressee with its identifiers, the key of its box in the form, and its state.

    is_left: whether it was left in when less was authorised. The ticket's state is there for who
    sees the ticket: the unit that asks.
    """
    rows: dict[int, dict[str, Any]] = {}
    left = _left(whole)
    for key, target, one in narrowing.identifiers(whole.request.content):
        place, code = int(key.partition(".")[0]), target["addressee"]
        row = {"name": names.get(code, code), "code": code, "identifiers": []}
        box = {**one, "key": key, "is_left": left is None or (code, one.get("value")) in left}
        rows.setdefault(place, row)["identifiers"].append(box)
    tickets: dict[str, list[str]] = {}
    for ticket in whole.tickets:
        tickets.setdefault(ticket.addressee.code, []).append(ticket.state)
    for row in rows.values():
        row["is_left"] = any(box["is_left"] for box in row["identifiers"])
        own = tickets.get(row["code"]) if row["is_left"] else None
        row["state"] = own.pop(0) if own else ""
    return list(rows.values())


def _left(whole: Whole) -> set[tuple[str, str | None]] | None:
    """Whom and what a decision left in; None where nothing was left out."""
    made = [row.content for row in whole.decisions if row.kind == "narrowed" and row.content]
    if not made:
        return None
    return {
        (target["addressee"], one.get("value"))
        for target in made[0]["targets"]
        for one in target["identifiers"] or [{}]
    }


# The law


def _law(choice: Choice) -> dict[str, Any]:
    power = choice.power
    basis = power.legal_basis
    return {
        "id": power.power, "instrument": basis.instrument, "article": basis.article,
        "text": basis.text, "is_binding": basis.binding, "is_assumed": basis.assumed,
        "is_confirmed": basis.confirmed or power.standing.is_confirmed,
        "confirmed_by": power.standing.confirmed_by, "confirmed_on": power.standing.confirmed_on,
        "to_check": basis.to_check or power.standing.to_check,
        "by": words.roles_words(choice.authorised_by), "limits": _limits(choice, power),
        "is_secret": power.is_secret,
    }  # fmt: skip


def _limits(choice: Choice, power: Power) -> list[tuple[str, str]]:
    rows = [
        (gettext("acknowledged within"), power.acknowledge_within),
        (gettext("answered within"), power.answer_within),
        (gettext("lasts at most"), power.effect),
        (gettext("orally: in writing within"), power.written_within),
        (gettext("put before whoever confirms it within"), choice.submit_within),
        (gettext("another person confirms within"), choice.confirm_within),
        (gettext("the person is told after"), power.notify_after),
    ]
    rows.insert(3, (gettext("made longer once, at most by"), power.extension))
    return [(name, limit_shown(limit)) for name, limit in rows if limit]


def _warnings(found: Request, law: Law, *, at: datetime) -> dict[str, Any]:
    """What the check says of it now; what it blocks stops the decision as well.

    begins_anew: whoever authorises it says in writing what is new.
    """
    rows: list[Found] = []
    if found.state in ("submitted", "asked"):
        with suppress(*REFUSALS):
            rows = check_request(wanted_of(found), law=law, at=at)
    lacks = [lack for row in rows for lack in row.lacks]
    return {
        "warnings": list(dict.fromkeys(in_words(lack.said) for lack in lacks)),
        "begins_anew": any(lack.code == BEGUN_BEFORE for lack in lacks),
    }


# What was done, what else could be done, whom it touches


def _trail(case: Case | None) -> list[dict[str, Any]]:
    """The sums of the case, as the picture at its head has them."""
    if case is None:
        return []
    return [wordings.sums(total) for total in holds.totals_of_case(case.id, RULE)]


def _hold(row: Any) -> dict[str, Any]:
    return {
        "ident": row.account.ident, "asked": row.asked_minor, "held": row.held_minor,
        "currency": row.asked_currency, "until": row.until, "state": row.state,
    }  # fmt: skip


def earlier(actor: Actor, found: Request) -> list[dict[str, Any]]:
    """Other requests about the same persons or the same case, as far as the actor sees them."""
    values = {i["value"] for t in found.content["targets"] for i in t["identifiers"]}
    rows = request_queries.visible_requests(actor).filter(issuer_id=found.issuer_id)
    rows = rows.exclude(pk=found.pk).order_by("-changed_at")
    told = []
    for row in rows[:200]:
        own = {i["value"] for t in row.content["targets"] for i in t["identifiers"]}
        if own & values or (found.case_id and row.case_id == found.case_id):
            told.append(_told(row))
    return told[:AT_MOST]


def refused_before(found: Request) -> list[dict[str, Any]]:
    """What an authority refused of the same within a year, also another one."""
    rows = request_queries.refused_before(found.id)
    return [
        {"reference": row.reference, "authority": row.authority, "at": row.at,
         "said": words.KINDS[row.kind], "ground": words.reason_words(row.ground)}
        for row in rows
    ]  # fmt: skip


def _told(row: Request) -> dict[str, Any]:
    return {
        "id": row.id, "reference": row.reference, "measure": words.measure_words(row.measure),
        "state": _state(row), "at": row.changed_at,
        "ground": words.reason_words(row.ended_ground),
    }  # fmt: skip


def alternatives(found: Request, law: Law, *, at: datetime) -> list[str]:
    """What would do less: fewer categories, a shorter period, preservation first, less money."""
    content, told = found.content, []
    if len(content["data"]) > 1:
        inner = [one for one in content["data"] if one in INNER]
        left = [one for one in content["data"] if one not in inner] or content["data"][:1]
        named = ", ".join(words.category_words(one) for one in left)
        told.append(gettext("A narrower category: only %(data)s.") % {"data": named})
    if _may_preserve(found, law, at=at):
        told.append(gettext("Preservation first: the data are kept and nobody is told anything."))
    if days := _usual_days(content):
        told.append(gettext("A shorter period: %(days)s days are usual.") % {"days": days})
    if content["amount_minor"]:
        text = gettext("Less money: only what is traced. Asked are %(amount)s.")
        told.append(text % {"amount": money_plain(content["amount_minor"], content["currency"])})
    if len(content["targets"]) > 1:
        told.append(gettext("Fewer addressees: leave out who adds nothing."))
    return told


def _may_preserve(found: Request, law: Law, *, at: datetime) -> bool:
    """Whether there is a power to have such data kept, and this measure would have them told."""
    form = law.forms.get(found.measure)
    if form is None or not form.data or not form.discloses or form.shape.is_preservation:
        return False
    on, kind = law.day(at), found.issuer.kind
    codes = [target["addressee"] for target in found.content["targets"]]
    asked = set(organisations().filter(code__in=codes).values_list("kind", flat=True))
    kept = {
        category
        for power in law.powers
        if power.measure.startswith("preservation") and kind in power.requested_by
        and asked & set(power.addressees)
        and power.is_in_force(on) and power.measure in law.forms
        for category in power.data or law.forms[power.measure].data
    }  # fmt: skip
    return bool(kept & set(found.content["data"]))


def _usual_days(content: Mapping[str, Any]) -> int:
    """How many days are usual, where more are asked; zero if not."""
    first, last = ends_of(content)
    if not (first and last):
        return 0
    usual = [load_bounds().longest[d] for d in content["data"] if d in load_bounds().longest]
    shortest = min(usual, default=None)
    return shortest.days if shortest and last - first > shortest else 0


def third(found: Request) -> list[str]:
    """Who else is touched, by what is asked for."""
    named = [words.THIRD[one] for one in found.content["data"] if one in words.THIRD]
    if not found.content["data"] and found.content["amount_minor"]:
        named = [words.THIRD["property"]]
    return list(dict.fromkeys(map(str, named))) or [str(words.NOBODY_ELSE)]


def _said(row: Any) -> dict[str, Any]:
    return {
        "kind": words.KINDS[row.kind], "who": row.person.full_name, "role": row.role,
        "heard_by": row.heard_by.full_name if row.heard_by else "", "at": row.decided_at,
        "ground": words.reason_words(row.ground),
    }  # fmt: skip
