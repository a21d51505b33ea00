"""How values look on pages: amounts, moments, durations, clocks and the bar of sums.

Numbers are written with Babel's signs of the reader's language, since Django's own formats do not
group digits in every language we speak. Moments are always ISO 8601 with their zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from html import escape
from typing import Any
from uuid import UUID

from babel import Locale
from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy

from recoup.data import assets, currencies
from recoup.web import answer_choices, clocks
from recoup.web.act_words import act_words
from recoup.web.clocks import in_words
from recoup.web.figures import Figure, figure

register = template.Library()

NO_BREAK = clocks.NO_BREAK
NO_AMOUNT = SafeString('<span class="rc-amount">–</span>')
BABEL_NAMES = {"sr": "sr_Cyrl", "sr-latn": "sr_Latn", "cnr": "sr_Latn_ME"}
DECIMALS_OF_VALUATIONS = 6  # units of account of imported ledgers, which are no currency
FATES = ("held", "lying", "gone", "returned", "unknown")
# Who answers, by the kind of the institution; elsewhere a role has one name.
OF_DESK = {
    ("bank", "clerk"): gettext_lazy("fraud desk clerk"),
    ("bank", "supervisor"): gettext_lazy("fraud desk supervisor"),
    ("payment", "clerk"): gettext_lazy("fraud desk clerk"),
    ("payment", "supervisor"): gettext_lazy("fraud desk supervisor"),
    ("vasp", "clerk"): gettext_lazy("compliance desk clerk"),
    ("vasp", "supervisor"): gettext_lazy("compliance desk supervisor"),
    ("isp", "clerk"): gettext_lazy("legal desk clerk"),
    ("isp", "supervisor"): gettext_lazy("legal desk supervisor"),
}


def babel_locale() -> Locale:
    """Return Babel's locale for the language of this page."""
    code = (get_language() or "en").lower()
    return Locale.parse(BABEL_NAMES.get(code, code.split("-")[0]))


def decimals_of(currency: str) -> int:
    """Return how many minor digits the currency or asset has."""
    found = currencies().get(currency) or assets().get(currency)
    return found.decimals if found else DECIMALS_OF_VALUATIONS


def written(amount_minor: int, currency: str) -> str:
    """Return the amount in the reader's way of writing numbers, without its code."""
    digits = decimals_of(currency)
    group, point, minus = _signs((get_language() or "en").lower())
    units = int(amount_minor)
    whole, part = divmod(abs(units), 10**digits)
    text = f"{whole:,}".replace(",", group) + (f"{point}{part:0{digits}}" if digits else "")
    return minus + text if units < 0 else text


@cache
def _signs(_language: str) -> tuple[str, str, str]:
    """What stands between thousands, before minor digits and before less than nothing.

    Babel's own way of writing a number costs fifty times as much, and a list has hundreds.
    """
    signs = babel_locale().number_symbols["latn"]
    return signs["group"], signs["decimal"], signs["minusSign"]


@register.filter
def money(amount_minor: int | None, currency: str) -> SafeString:
    """Write an amount of minor units with its currency code: 480,000.00 RSD."""
    if amount_minor is None:
        return NO_AMOUNT
    return SafeString(
        f'<span class="rc-amount">{escape(written(amount_minor, currency))}{NO_BREAK}'
        f'<span class="rc-amount__code">{escape(currency)}</span></span>'
    )


@register.filter
def money_bare(amount_minor: int | None, currency: str) -> SafeString:
    """Write an amount without its code, for a table whose head names the currency."""
    if amount_minor is None:
        return NO_AMOUNT
    return SafeString(f'<span class="rc-amount">{escape(written(amount_minor, currency))}</span>')


@register.filter
def money_plain(amount_minor: int | None, currency: str) -> str:
    """Write an amount with its currency code as text only, for labels and titles."""
    return "–" if amount_minor is None else f"{written(amount_minor, currency)}{NO_BREAK}{currency}"


def as_moment(at: datetime | str | None) -> datetime | None:
    """Return a moment that may come as ISO 8601 text from a frozen ticket."""
    return datetime.fromisoformat(at) if isinstance(at, str) and at else at or None


@register.filter
def moment(value: datetime | str | None, detail: str = "minute") -> SafeString:
    """Write a moment as ISO date, time and zone; ``at|moment:"second"`` for bookings."""
    at = as_moment(value)
    if at is None:
        return SafeString("–")
    local = timezone.localtime(at)
    shown = f"{local:%Y-%m-%d %H:%M:%S}" if detail == "second" else f"{local:%Y-%m-%d %H:%M}"
    zone = escape(local.tzname() or "")
    return SafeString(f'<time class="rc-time" datetime="{local.isoformat()}">{shown} {zone}</time>')


def is_past(value: datetime | str | None, *, at: datetime) -> bool:
    """Whether a moment, which may come from a frozen ticket, has gone by."""
    due = as_moment(value)
    return due is not None and due < at


@register.filter
def time_only(value: datetime | str | None) -> SafeString:
    """Write the time of day with seconds; the day stands elsewhere on the page."""
    at = as_moment(value)
    if at is None:
        return SafeString("–")
    local = timezone.localtime(at)
    return SafeString(
        f'<time class="rc-time" datetime="{local.isoformat()}">{local:%H:%M:%S}</time>'
    )


@register.filter
def span(value: timedelta | None) -> str:
    """Write a span of time in words."""
    return "–" if value is None else in_words(value)


@register.filter
def age(value: datetime | str | None) -> str:
    """Write how long ago a moment was."""
    since = as_moment(value)
    return "–" if since is None else in_words(timezone.now() - since)


@register.filter
def get_item(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """Look a key up in a mapping, for values that are keyed by a variable."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def allows(may: Any, name: str) -> bool:
    """Whether the actor may do an act that stands in a variable: ``may|allows:"case_adopt"``."""
    return bool(may) and bool(may[name])


@register.simple_tag
def page_of(name: str, one: UUID | str) -> str:
    """``{% page_of 'case' row.id %}``: the address of one thing's page, in rows of long lists.

    What ``url`` says, which asks all addresses of the hub each time. Raises ValueError for what
    names no thing.
    """
    before, after = _around(name)
    return f"{before}{one if isinstance(one, UUID) else UUID(one)}{after}"


@cache
def _around(name: str) -> tuple[str, str]:
    nothing = UUID(int=0)
    before, _, after = reverse(name, args=[nothing]).partition(str(nothing))
    return before, after


@register.filter
def law_words(text: str) -> str:
    """A sentence of the country pack in the reader's language, where it has been translated."""
    return gettext(text) if text else ""


@register.filter
def role_name(role: str, kind: str = "") -> str:
    """Name a role of the policy table in the reader's language.

    kind: of the person's organisation; a bank's clerk sits at another desk than a provider's.
    """
    names = {
        "clerk": gettext("institution’s clerk"),
        "supervisor": gettext("institution’s supervisor"),
        "officer": gettext("police officer"),
        "duty_officer": gettext("duty officer"),
        "call_taker": gettext("call taker"),
        "prosecutor": gettext("prosecutor"),
        "fiu_officer": gettext("FIU officer"),
        "contact_point": gettext("24/7 contact point"),
        "machine": gettext("institution’s system"),
        "visitor": gettext("visitor"),
        "unit_head": gettext("head of unit"),
        "fiu_head": gettext("head of the FIU"),
        "judge": gettext("judge"),
        "minister": gettext("minister"),
        "ministry_officer": gettext("ministry officer"),
        "hub_officer": gettext("officer of the hub’s desk"),
    }
    return str(OF_DESK.get((kind, role)) or names.get(role, role))


@register.filter
def signers(signed_by: list[str]) -> str:
    """The signers of a frozen ticket, ``role, name`` each; roles in the reader’s language."""
    parts = [signed.partition(", ") for signed in signed_by]
    return "; ".join(f"{role_name(role.replace(' ', '_'))}, {name}" for role, _, name in parts)


@register.filter
def act_name(act: str) -> str:
    """Name an act of the policy table in the reader's language."""
    return act_words(act)


@register.filter
def fate_name(fate: str) -> str:
    """Name what became of money in the reader's language."""
    names = {
        "held": gettext("held"),
        "lying": gettext("there but not held"),
        "gone": gettext("gone"),
        "spent": gettext("gone"),
        "returned": gettext("returned"),
        "moved": gettext("moved on"),
        "victim": gettext("victim"),
        "unknown": gettext("unknown"),
    }
    return names.get(fate, fate)


@register.simple_tag
def clock(
    due_at: datetime | str | None,
    start_at: datetime | str | None = None,
    *,
    stopped: str = "",
    how: str = "",
    label: str = "",
) -> SafeString:
    """A clock that runs to ``due_at``: words, icon, a bar of the time left since ``start_at``.

    stopped: words to show in place of the clock when it no longer runs.
    how: how the deadline was computed, shown as a tooltip. label: what the clock is for.
    """
    return clocks.drawn(
        as_moment(due_at), as_moment(start_at), stopped=stopped, how=how, label=label
    )


@register.inclusion_tag("components/sum_bar.html")
def sum_bar(sums: Mapping[str, Any], heading: str = "") -> dict[str, Any]:
    """The bar lost = held + there but not held + gone + returned + unknown, in one currency.

    sums: ``currency``, ``lost`` and the five fates, all in minor units. ``out_by``: by how much a
    disclosure behind them does not add up, None if nobody can say; missing where all add up.
    """
    lost = sums["lost"] or sum(sums[fate] for fate in FATES) or 1
    parts: list[dict[str, Any]] = []
    left = Decimal(0)
    for fate in FATES:
        width = Decimal(sums[fate] * 1000) / Decimal(lost)
        parts.append(
            {
                "fate": fate,
                "amount": sums[fate],
                "x": round(left, 2),
                "width": round(width, 2),
                "figure": _bounds(sums, fate),
            }
        )
        left += width
    total = sum(sums[fate] for fate in FATES)
    return {
        "sums": sums,
        "parts": parts,
        "heading": heading,
        "currency": sums["currency"],
        "difference": sums["lost"] - total,
        "is_incomplete": "out_by" in sums,
        "out_by": sums.get("out_by"),
    }


def _bounds(sums: Mapping[str, Any], fate: str) -> Figure:
    """What is held is what the banks say they hold; the rest is traced, and may be a range."""
    units = 0 if fate == "held" else sums.get("out_by", 0)
    return figure(sums[fate], units, most=sums["lost"])


@register.inclusion_tag("components/field.html")
def field(
    bound: Any,
    *,
    label: str = "",
    css: str = "",
    hint: str = "",
    autocomplete: str = "",
    inputmode: str = "",
    prefix: str = "",
    suffix: str = "",
    rows: int = 0,
    spellcheck: str = "",
    with_help: bool = True,
) -> dict[str, Any]:
    """A bound form field with label, hint and errors, tied together for screen readers."""
    widget = type(bound.field.widget).__name__
    attributes = {
        "autocomplete": autocomplete,
        "inputmode": inputmode,
        "spellcheck": spellcheck,
    }
    return {
        "field": bound,
        "label": label or bound.label,
        "widget": widget,
        "css": css,
        "hint": hint or (bound.help_text if with_help else ""),
        "prefix": prefix,
        "suffix": suffix,
        "rows": rows or 4,
        "attributes": [(name, value) for name, value in attributes.items() if value],
        "input_type": getattr(bound.field.widget, "input_type", "text"),
        "choices": _choices(bound),
    }


def _choices(bound: Any) -> Sequence[Mapping[str, Any]]:
    """Return the choices of a field with its chosen values marked."""
    if not hasattr(bound.field, "choices"):
        return ()
    value = bound.value()
    chosen = {str(v) for v in value} if isinstance(value, (list, tuple)) else {str(value)}
    return [
        {"value": key, "label": label, "is_chosen": str(key) in chosen}
        for key, label in bound.field.choices
    ]


@register.filter
def measure_name(measure: str) -> str:
    """Name a measure in the reader's language."""
    return str(answer_choices.MEASURES.get(measure, measure))


@register.filter
def kind_name(kind: str) -> str:
    """Name the kind of a hold ticket in the reader's language."""
    return str(answer_choices.KINDS.get(kind, kind))


@register.simple_tag
def answer_given(
    code: str, measure: str, kind: str, asked_minor: int | None, held_minor: int | None
) -> str:
    """Name the answer that was given to a ticket; a release that was carried out is lifted."""
    return str(answer_choices.answer_given(code, measure, kind, asked_minor, held_minor))


@register.filter
def state_tag(state: str) -> SafeString:
    """Write a ticket's state as a tag."""
    label, tone = answer_choices.STATES.get(state, (state, "info"))
    return SafeString(f'<span class="rc-tag rc-tag--{tone}">{escape(str(label))}</span>')


@register.simple_tag
def choices_of(
    measure: str, kind: str, amount_minor: int | None = None
) -> Sequence[answer_choices.Choice]:
    """Return the answers that fit a ticket, in the order of the page."""
    return answer_choices.choices_for(measure, kind, amount_minor)


@register.filter
def grouped(ident: str) -> str:
    """Write an account in groups of four, as people read it out."""
    compact = ident.replace(" ", "")
    if len(compact) < 12 or not compact.isalnum():
        return ident
    return " ".join(compact[place : place + 4] for place in range(0, len(compact), 4))
