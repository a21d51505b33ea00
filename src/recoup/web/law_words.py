"""A country's law in the reader's words: limits, roles, standing, and each value of a power."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext_lazy

from recoup.core.law import (
    Difference,
    DifferenceKind,
    Emergency,
    Limit,
    Power,
    Standing,
    UnderWay,
    Unit,
    Word,
)
from recoup.data import load_measures, load_words
from recoup.web.templatetags.recoup_ui import law_words

_ = gettext_lazy
FIELDS: Final = {
    "measure": _("Measure"),
    "instrument": _("Law"),
    "article": _("Article"),
    "text": _("What it says, in our words"),
    "binding": _("The addressee has to obey"),
    "requested_by": _("Who may ask"),
    "authorised_by": _("Who decides"),
    "addressees": _("Of whom it may be asked"),
    "data": _("Data"),
    "acknowledge_within": _("Acknowledge within"),
    "answer_within": _("Answer within"),
    "effect": _("Lasts at most"),
    "extension": _("Extended by"),
    "extension_when": _("Extended when"),
    "written_within": _("An oral decision is written within"),
    "notify_after": _("The person is told after"),
    "destroy_after": _("Data that served nothing are destroyed after"),
    "emergency": _("In an emergency"),
    "emergency_dangers": _("What is in danger"),
    "emergency_authorised_by": _("Who may decide first"),
    "emergency_confirmed_by": _("Who confirms it"),
    "emergency_submit_within": _("Put before whoever confirms it within"),
    "emergency_confirm_within": _("Confirmed within"),
    "is_secret": _("Kept secret from the person"),
    "is_reasoned": _("Request and order give their reasons"),
    "law_from": _("In force from"),
    "law_until": _("In force until"),
    "source": pgettext_lazy("where a law can be read", "Source"),
    "read_on": _("Read at the source on"),
    "to_check": _("What still has to be read"),
    "confirmed_by": _("Confirmed by"),
    "confirmed_on": _("Confirmed on"),
    "assumed": _("Invented, no law"),
    "missing": _("No power is known"),
}
LIMITS: Final = (
    "acknowledge_within", "answer_within", "effect", "extension", "written_within",
    "notify_after", "destroy_after",
)  # fmt: skip
KINDS: Final = {
    DifferenceKind.ADDED: (_("new power"), "good"),
    DifferenceKind.CHANGED: (_("changed"), "wait"),
    DifferenceKind.REMOVED: (_("removed"), "bad"),
}
STATES: Final = {
    "drafted": (pgettext_lazy("a change of the law", "draft"), "info"),
    "submitted": (_("waits for approval"), "wait"),
    "approved": (_("approved, not in force yet"), "good"),
    "refused": (pgettext_lazy("a change of the law", "refused"), "bad"),
    "withdrawn": (pgettext_lazy("a change of the law", "withdrawn"), "bad"),
    "in_force": (_("in force"), "good"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a power with its name."""

    label: str
    said: str


def limit(found: Limit) -> str:
    """A limit, such as ``3 working days``; what no law sets is marked."""
    n = found.count
    words = {
        Unit.MINUTES: ngettext("%(n)d minute", "%(n)d minutes", n),
        Unit.HOURS: ngettext("%(n)d hour", "%(n)d hours", n),
        Unit.DAYS: ngettext("%(n)d day", "%(n)d days", n),
        Unit.WORKING_DAYS: ngettext("%(n)d working day", "%(n)d working days", n),
        Unit.MONTHS: ngettext("%(n)d month", "%(n)d months", n),
    }[found.unit] % {"n": n}
    if found.planned:
        return gettext("%(limit)s (planned, no law)") % {"limit": words}
    if found.unsourced:
        return gettext("%(limit)s (not found at the source)") % {"limit": words}
    return words


def names(
    words: Iterable[str], known: Mapping[str, Word], *, there: Mapping[str, int] | None = None
) -> str:
    """Words as people call them, one after the other; there: with how many of them there are."""
    found = [(word, law_words(known[word].name) if word in known else word) for word in words]
    if there is None:
        return ", ".join(name for _, name in found)
    return ", ".join(f"{name} ({there.get(word, 0)})" for word, name in found)


def under_way(found: UnderWay) -> str:
    """What is open of a measure, each that there is; empty for nothing."""
    words = (
        ngettext("%(n)d draft", "%(n)d drafts", found.drafts),
        ngettext("%(n)d submitted request", "%(n)d submitted requests", found.requests),
        ngettext("%(n)d ticket", "%(n)d tickets", found.tickets),
        ngettext("%(n)d running clock", "%(n)d running clocks", found.clocks),
    )
    counts = (found.drafts, found.requests, found.tickets, found.clocks)
    return ", ".join(said % {"n": n} for said, n in zip(words, counts, strict=True) if n)


def measure(word: str) -> str:
    """A measure's name."""
    found = load_measures().get(word)
    return law_words(found.name) if found else word


def value(field: str, given: Any) -> str:
    """A value of a power as people read it; a dash for none."""
    if given is None or given in ("", ()):
        return "–"
    if isinstance(given, Limit):
        return limit(given)
    if isinstance(given, Emergency):
        return emergency(given)
    if isinstance(given, bool):
        return gettext("yes") if given else gettext("no")
    if isinstance(given, date):
        return given.isoformat()
    if isinstance(given, tuple):
        return names(given, _words_of(field))
    return measure(given) if field == "measure" else law_words(str(given))


def _words_of(field: str) -> Mapping[str, Word]:
    words = load_words()
    lists = {"authorised_by": words.roles, "data": words.categories}
    return lists.get(field, words.kinds)


def emergency(found: Emergency) -> str:
    """The shorter way in an emergency, in a sentence."""
    words = load_words()
    said = gettext("%(dangers)s: %(first)s decides first, %(second)s confirms within %(limit)s") % {
        "dangers": names(found.dangers, words.dangers),
        "first": names(found.authorised_by, words.roles),
        "second": names(found.confirmed_by, words.roles),
        "limit": limit(found.confirm_within),
    }
    if found.submit_within is None:
        return said
    put = gettext("put before them within %(limit)s") % {"limit": limit(found.submit_within)}
    return f"{said}; {put}"


def standing(found: Standing) -> tuple[str, str, str]:
    """How far a rule may be relied on: its key, its words and its tone."""
    if found.assumed:
        return "assumed", gettext("invented, no law"), "info"
    if found.is_confirmed:
        said = gettext("confirmed by %(who)s on %(day)s") % {
            "who": found.confirmed_by, "day": value("", found.confirmed_on),
        }  # fmt: skip
        return "confirmed", said, "good"
    return "not_confirmed", gettext("not confirmed by a lawyer"), "wait"


def rows(power: Power) -> list[Row]:
    """What a power says beyond its article, each value that there is."""
    shown = (
        "requested_by", "authorised_by", "addressees", "data", *LIMITS[:3], "extension",
        "extension_when", *LIMITS[4:], "emergency", "law_from", "law_until",
    )  # fmt: skip
    found = [(name, getattr(power, name)) for name in shown]
    if power.is_secret:
        found.append(("is_secret", True))
    if power.is_reasoned:
        found.append(("is_reasoned", True))
    return [
        Row(str(FIELDS[n]), value(n, given)) for n, given in found if given not in (None, "", ())
    ]


def law(found: Power) -> str:
    """The law and its article; where no number is known, what is said in its place."""
    basis = found.legal_basis
    article, instrument = law_words(basis.article), law_words(basis.instrument)
    if not any(sign.isdigit() for sign in article):
        return f"{instrument} ({article})"
    return gettext("%(law)s, art. %(article)s") % {"law": instrument, "article": article}


def power(found: Power) -> dict[str, Any]:
    """A power as the pages show it."""
    key, said, tone = standing(found.standing)
    return {
        "id": found.power, "measure": found.measure, "instrument": found.legal_basis.instrument,
        "article": found.legal_basis.article, "law": law(found), "text": found.legal_basis.text,
        "rows": rows(found),
        "standing": key, "standing_said": said, "tone": tone, "source": found.standing.source,
        "is_public": found.standing.source.startswith("https://"),
        "to_check": found.standing.to_check, "read_on": found.standing.read_on,
    }  # fmt: skip


def outlook(had: int, has: int) -> tuple[str, str]:
    """What the number of a measure's powers says, before and after: its words and tone."""
    if had and not has:
        return gettext("no power any more"), "bad"
    if has and not had:
        return gettext("gains a power"), "good"
    return "", ""


def difference(found: Difference) -> dict[str, Any]:
    """A difference as the pages show it: which power, which value, before and after."""
    said, tone = KINDS[found.kind]
    before, after = found.before, found.after
    if found.field:
        told = {"field": str(FIELDS[found.field]), "before": value(found.field, before),
                "after": value(found.field, after)}  # fmt: skip
        said = said if found.field != "missing" else FIELDS["missing"]
    else:
        told = {"field": "", "before": _whole(before), "after": _whole(after)}
    whole = before if isinstance(before, Power) else after
    return {"kind": said, "tone": tone, "power": found.power, "measure": measure(found.measure),
            "key": f"{found.measure} {found.power}",
            "whole": power(whole) if isinstance(whole, Power) else None, **told,
            "sources": _sources(before, after)}  # fmt: skip


def _whole(found: Any) -> str:
    if not isinstance(found, Power):
        return "–"
    return law(found)


def _sources(before: Any, after: Any) -> tuple[str, str]:
    """Where each of two limits stands, if they differ in nothing else."""
    if isinstance(before, Limit) and isinstance(after, Limit) and before == after:
        return before.source, after.source
    return "", ""
