"""What a decision page calls things: coded reasons, states, kinds of decisions, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from recoup.data import load_measures, load_words

# Why a request is refused. The code stands before the words in the decision's ground.
REASONS: Final[Mapping[str, str | Promise]] = {
    "no_legal_power": gettext_lazy("The law does not allow this"),
    "not_necessary": gettext_lazy("It is not necessary"),
    "not_proportionate": gettext_lazy("It goes too far for what is suspected"),
    "too_broad": gettext_lazy("It asks for too much"),
    "facts_missing": gettext_lazy("The facts do not carry it"),
    "milder_first": gettext_lazy("Something milder has to be tried first"),
    "wrong_addressee": gettext_lazy("This addressee is not the right one"),
    "other": gettext_lazy("Another reason, written below"),
}
STATES: Final[Mapping[str, tuple[str | Promise, str]]] = {
    "drafted": (gettext_lazy("draft"), "info"),
    "submitted": (gettext_lazy("waits for a decision"), "wait"),
    "asked": (gettext_lazy("a question waits for the author"), "wait"),
    "authorised": (gettext_lazy("authorised"), "good"),
    "refused": (gettext_lazy("refused"), "bad"),
    "withdrawn": (gettext_lazy("withdrawn"), "info"),
    "lapsed": (gettext_lazy("lapsed"), "bad"),
}
KINDS: Final[Mapping[str, str | Promise]] = {
    "asked": gettext_lazy("asked"),
    "replied": gettext_lazy("replied"),
    "authorised": gettext_lazy("authorised"),
    "narrowed": gettext_lazy("authorised less"),
    "refused": gettext_lazy("refused"),
    "written": gettext_lazy("confirmed in writing"),
    "confirmed": gettext_lazy("confirmed the emergency"),
    "not_confirmed": gettext_lazy("refused to confirm"),
    "not_said": gettext_lazy("said that it was never decided so"),
    "put": gettext_lazy("put it before whoever confirms it"),
}
# Whom it touches who did nothing, by what is asked for.
THIRD: Final[Mapping[str, str | Promise]] = {
    "subscriber": gettext_lazy("Whoever shares the connection or the account is named as well."),
    "traffic": gettext_lazy("Everybody the person communicated with becomes visible."),
    "traffic_route_only": gettext_lazy("Other providers on the way become visible, no persons."),
    "content": gettext_lazy("The words of everybody who wrote to the person are read as well."),
    "transactions": gettext_lazy("Everybody who paid this account or was paid becomes visible."),
    "future_transactions": gettext_lazy("Everybody who will pay or be paid becomes visible."),
    "account_holder": gettext_lazy("Joint holders and those with a mandate are named as well."),
    "balance": gettext_lazy("Joint holders’ money is told as well."),
    "property": gettext_lazy(
        "Joint holders, and honest payees, cannot use what is frozen. They may object."
    ),
}
NOBODY_ELSE: Final = gettext_lazy("Nobody beside those named, as far as the measure tells.")


def reason_words(ground: str) -> str:
    """A ground as it was stored, ``code: words`` or words alone, for people."""
    code, colon, rest = ground.partition(":")
    if not colon or code not in REASONS:
        return ground
    return f"{REASONS[code]}: {rest.strip()}" if rest.strip() else str(REASONS[code])


def measure_words(measure: str) -> str:
    found = load_measures().get(measure)
    return gettext(found.name) if found else measure


def category_words(category: str) -> str:
    found = load_words().categories.get(category)
    return gettext(found.name) if found else category


def danger_words(danger: str) -> str:
    found = load_words().dangers.get(danger)
    return gettext(found.name) if found else danger


def roles_words(roles: Iterable[str]) -> str:
    known = load_words().roles
    return ", ".join(gettext(known[role].name) if role in known else role for role in roles)
