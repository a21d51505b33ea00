"""The law of the packs in words: limits, roles and standing, for the command and docs/law.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from recoup.core.law import Catalogue, Limit, Pack, Power, Unit, Word

UNITS: Final = {
    Unit.MINUTES: ("minute", "minutes"),
    Unit.HOURS: ("hour", "hours"),
    Unit.DAYS: ("day", "days"),
    Unit.WORKING_DAYS: ("working day", "working days"),
    Unit.MONTHS: ("month", "months"),
}
LIMITS: Final = {
    "effect": "lasts at most",
    "extension": "extended by",
    "acknowledge_within": "acknowledge within",
    "answer_within": "answer within",
    "written_within": "an oral decision is written within",
    "notify_after": "the person is told after",
    "destroy_after": "data that served nothing are destroyed after",
}


def limit(found: Limit) -> str:
    """A limit in words, such as ``3 working days``; what no law sets is marked."""
    words = f"{found.count:,} {UNITS[found.unit][found.count != 1]}"
    if found.unsourced:
        return f"{words} (not found at the source)"
    return f"{words} (planned, no law)" if found.planned else words


def limits(power: Power) -> Iterator[str]:
    """Each time limit of a power, in words."""
    for name, words in LIMITS.items():
        found = getattr(power, name)
        if found is None:
            continue
        when = f", if {power.extension_when}" if name == "extension" else ""
        yield f"{words} {limit(found)}{when}"


def names(words: Iterable[str], known: Mapping[str, Word]) -> str:
    """Words as people call them."""
    return ", ".join(known[word].name for word in words)


def emergency(power: Power, catalogue: Catalogue) -> str:
    """The shorter way in an emergency, in a sentence; empty where the law has none."""
    if power.emergency is None:
        return ""
    urgent, words = power.emergency, catalogue.words
    return (
        f"{names(urgent.dangers, words.dangers)}: {names(urgent.authorised_by, words.roles)} "
        f"decides first, {names(urgent.confirmed_by, words.roles)} confirms within "
        f"{limit(urgent.confirm_within)}"
        + (
            f"; put before them within {limit(urgent.submit_within)}"
            if urgent.submit_within
            else ""
        )
    )


def standing(power: Power) -> str:
    """How far the rule may be relied on."""
    found = power.standing
    if found.assumed:
        return "ASSUMED: invented, no law"
    if found.is_confirmed:
        return f"confirmed by {found.confirmed_by} on {found.confirmed_on}"
    read = f"read at the source on {found.read_on}" if found.read_on else "not read at the source"
    return f"NOT CONFIRMED, {read}"


def validity(power: Power) -> str:
    """From when to when the law is in force, as far as that is known."""
    begins = f"from {power.law_from}" if power.law_from else ""
    ends = f"until {power.law_until}" if power.law_until else ""
    return " ".join(filter(None, (begins, ends)))


def counted(pack: Pack) -> tuple[int, int, int, int]:
    """How many powers are confirmed, not confirmed, assumed, and measures without any."""
    confirmed = sum(power.standing.is_confirmed for power in pack.powers)
    assumed = sum(power.standing.assumed for power in pack.powers)
    lacking = sum(len(row.measures) for row in pack.missing)
    return confirmed, len(pack.powers) - confirmed - assumed, assumed, lacking
