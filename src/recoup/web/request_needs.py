"""What an officer needs, in plain words, and what this country's law offers for it.

The officer says what is needed; each measure that serves it is shown with its article, who decides,
of whom and by when it is asked. Where there is no power, the reason stands there, and what is near.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy, ngettext

from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN, Form, Law
from recoup.apps.said import in_words
from recoup.core.law import Choice, Limit, Need, NoPower, Power, Unit
from recoup.core.law.powers import NoPowerCode, choose
from recoup.data import load_measures, load_words

_ = gettext_lazy


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that officers need. measures: what serves it, the nearest to hand first."""

    wish: str
    name: object
    text: object
    measures: tuple[str, ...]


WISHES: Final = (
    Wish(
        "who", _("Who is behind it"),
        _("The customer behind an address on the internet, a telephone, an account or a domain."),
        ("subscriber_domestic", "subscriber_direct_foreign", "subscriber_mla",
         "government_to_government_order", "domain_registration"),
    ),
    Wish(
        "keep", _("Data have to be kept"),
        _("Nothing is disclosed yet: it only must not be gone when the order comes."),
        ("preservation_domestic", "preservation_foreign"),
    ),
    Wish(
        "traffic", _("Who spoke with whom, when and from where"),
        _("Records of connections, without what was said."),
        ("traffic_production", "partial_disclosure", "realtime_traffic"),
    ),
    Wish(
        "content", _("What was written or stored"), _("Messages, files and mail."),
        ("content_production", "emergency_disclosure", "mla"),
    ),
    Wish(
        "account", _("Whose account it is, and what happened on it"),
        _("Holder, balance and bookings of a bank account, a wallet or a payment account."),
        ("account_information", "transaction_records", "account_monitoring", "fiu_request"),
    ),
    Wish(
        "stop", _("Money has to be stopped or held"),
        _("A payment is stopped, an account or a wallet is frozen, a payment is called back."),
        ("postponement_fiu", "suspension_court", "freezing", "vasp_freeze", "private_hold",
         "igrip", "sepa_recall", "wire_recall", "card_chargeback", "confiscation"),
    ),
    Wish(
        "tell", _("Somebody has to be told"),
        _("A page is to go, a warning to be given, or others should know what you found."),
        ("takedown", "spontaneous", "trend_notice", "feedback"),
    ),
)  # fmt: skip
UNITS: Final = {
    Unit.MINUTES: lambda n: ngettext("%(n)s minute", "%(n)s minutes", n),
    Unit.HOURS: lambda n: ngettext("%(n)s hour", "%(n)s hours", n),
    Unit.DAYS: lambda n: ngettext("%(n)s day", "%(n)s days", n),
    Unit.WORKING_DAYS: lambda n: ngettext("%(n)s working day", "%(n)s working days", n),
    Unit.MONTHS: lambda n: ngettext("%(n)s month", "%(n)s months", n),
}
ORDER: Final = list(NoPowerCode)


@dataclass(frozen=True, slots=True)
class Option:
    """One measure for a wish: its powers, or why there is none."""

    measure: str
    name: str
    asks: str
    condition: str
    powers: tuple[Mapping[str, Any], ...]
    why_not: str = ""
    to_check: str = ""
    nearest: str = ""


def wish_of(word: str) -> Wish | None:
    return next((one for one in WISHES if one.wish == word), None)


def options(wish: Wish, law: Law, *, requester_kind: str, on: date) -> list[Option]:
    """Every measure for a wish, what may be asked first; of the others why not, what is near."""
    found = [
        option(measure, law, requester_kind=requester_kind, on=on)
        for measure in wish.measures
        if measure in law.forms
    ]
    offered = [one for one in found if one.powers]
    nearest = offered[0].name if offered else ""
    others = [_with_nearest(one, nearest, law) for one in found if not one.powers]
    return [*offered, *others]


def _with_nearest(one: Option, nearest: str, law: Law) -> Option:
    measure = load_measures().get(one.measure)
    fallback = law.forms.get(measure.fallback) if measure and measure.fallback else None
    near = nearest or (gettext(fallback.name) if fallback else "")
    return Option(
        one.measure, one.name, one.asks, one.condition, (), one.why_not, one.to_check, near
    )


def option(measure: str, law: Law, *, requester_kind: str, on: date) -> Option:
    """What the law says of one measure for this requester, whoever is asked."""
    form = law.forms[measure]
    by_power: dict[str, tuple[Choice, list[str]]] = {}
    refusals: list[NoPower] = []
    for kind in form.addressees:
        try:
            choice = _choose(law, Need(measure, (), requester_kind, kind, on))
        except NoPower as refusal:
            refusals.append(refusal)
            continue
        by_power.setdefault(choice.power.power, (choice, []))[1].append(kind)
    known = load_measures().get(measure)
    condition = gettext(known.condition) if known and known.condition else ""
    powers = tuple(power_shown(choice, kinds) for choice, kinds in by_power.values())
    if powers:
        return Option(measure, gettext(form.name), gettext(form.asks), condition, powers)
    near = max(refusals, key=lambda one: ORDER.index(one.code))
    return Option(
        measure,
        gettext(form.name),
        gettext(form.asks),
        condition,
        (),
        in_words(near.said),
        gettext(near.missing.to_check) if near.missing else "",
    )


def _choose(law: Law, need: Need) -> Choice:
    """The power, or why not in the words of the country's pack."""
    return choose(law.powers, need, missing=law.missing, catalogue=load_measures())


def why_no_power(form: Form, law: Law, *, requester_kind: str, on: date) -> str:
    """Why nobody may be asked for a measure; empty where somebody may."""
    return option(form.measure, law, requester_kind=requester_kind, on=on).why_not


def power_shown(choice: Choice, kinds: Iterable[str]) -> dict[str, Any]:
    """A power as pages show it."""
    power = choice.power
    return {
        **basis_shown(power), "authorised_by": roles_shown(choice.authorised_by),
        "asked_of": kinds_shown(kinds), "acknowledge": limit_shown(power.acknowledge_within),
        "answer": limit_shown(power.answer_within), "effect": limit_shown(power.effect),
        "oral": limit_shown(power.written_within), "is_secret": power.is_secret,
        "confirmed_by": roles_shown(choice.confirmed_by),
        "confirm_within": limit_shown(choice.confirm_within),
        "emergency": dangers_shown(power),
    }  # fmt: skip


def basis_shown(power: Power) -> dict[str, Any]:
    """The article, and how far it may be relied on."""
    basis = power.legal_basis
    return {
        "power": power.power, "instrument": gettext(basis.instrument), "article": basis.article,
        "text": gettext(basis.text), "binding": basis.binding, "assumed": power.standing.assumed,
        "is_confirmed": power.standing.is_confirmed,
        "to_check": gettext(power.standing.to_check) if power.standing.to_check else "",
        "source": power.standing.source,
    }  # fmt: skip


def limit_shown(limit: Limit | None) -> str:
    """A limit in words; what no law sets is marked."""
    if limit is None:
        return ""
    words = UNITS[limit.unit](limit.count) % {"n": limit.count}
    if limit.planned:
        return gettext("%(limit)s (planned, no law)") % {"limit": words}
    if limit.unsourced:
        return gettext("%(limit)s (not found at the source)") % {"limit": words}
    return words


def roles_shown(roles: Iterable[str]) -> str:
    known = load_words().roles
    return ", ".join(gettext(known[one].name) if one in known else one for one in roles)


def kinds_shown(kinds: Iterable[str]) -> str:
    known = load_words().kinds
    return ", ".join(gettext(known[one].name) if one in known else one for one in kinds)


def dangers_shown(power: Power) -> list[tuple[str, str]]:
    known = load_words().dangers
    dangers = power.emergency.dangers if power.emergency else ()
    return [(one, gettext(known[one].name) if one in known else one) for one in dangers]


def category_shown(category: str) -> str:
    known = load_words().categories
    return gettext(known[category].name) if category in known else category


def asked_for(measure: str) -> bool:
    """Whether requests ask for it; the four of the hold chain are asked by the chain."""
    return measure not in OF_THE_CHAIN
