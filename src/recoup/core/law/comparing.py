"""What is different between two versions of a country's law, and who and what is affected by it.

A difference is one value of one power, or a whole power that came or went. What is under way is
counted by its measure and told beside it: it keeps the version it was made under.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

from recoup.core.law.pack import Pack
from recoup.core.law.powers import Missing, Power
from recoup.core.law.units import Limit


class Kind(StrEnum):
    """How something differs."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. field: the changed value's name; empty where the whole power came or went.

    before, after: the values as the pack's types have them; None for what there was not.
    """

    kind: Kind
    power: str
    measure: str
    field: str = ""
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How much of a measure is open under older versions, which it keeps.

    drafts: not submitted yet. clocks: limits that run, of requests and of tickets.
    """

    drafts: int = 0
    requests: int = 0
    tickets: int = 0
    clocks: int = 0


@dataclass(frozen=True, slots=True)
class Affected:
    """Who and what one measure's differences concern.

    requesters, addressees: kinds of organisation; roles: who authorises or confirms, before or
    after. under_way: what is open.
    """

    measure: str
    requesters: tuple[str, ...]
    roles: tuple[str, ...]
    addressees: tuple[str, ...]
    under_way: UnderWay = UnderWay()


# Of these the parts are compared one by one, by their own names.
_PARTS: Final = ("legal_basis", "standing")
# What one part says is not said again by the other.
_SAID_ELSEWHERE: Final = frozenset({"basis", "confirmed", "assumed", "source", "read_on",
                                    "to_check"})  # fmt: skip


def compare(before: Pack, after: Pack) -> tuple[Difference, ...]:
    """Return every difference, in the order of the later version, what was removed at the end."""
    old = {power.power: power for power in before.powers}
    new = {power.power: power for power in after.powers}
    found: list[Difference] = []
    for name, power in new.items():
        if name not in old:
            found.append(Difference(Kind.ADDED, name, power.measure, after=power))
        else:
            found += _changes(old[name], power)
    found += [
        Difference(Kind.REMOVED, name, power.measure, before=power)
        for name, power in old.items() if name not in new
    ]  # fmt: skip
    return (*found, *_missing(before.missing, after.missing))


def _changes(old: Power, new: Power) -> list[Difference]:
    before, after = values_of(old), values_of(new)
    return [
        Difference(Kind.CHANGED, new.power, new.measure, name, before[name], after[name])
        for name in after if not _is_same(before[name], after[name])
    ]  # fmt: skip


def _is_same(before: Any, after: Any) -> bool:
    """Limits compare by length alone; here another source is another text too."""
    if isinstance(before, Limit) and isinstance(after, Limit):
        return _all_of(before) == _all_of(after)
    return bool(before == after)


def _all_of(limit: Limit) -> tuple[Limit, str, bool, bool, str]:
    return limit, limit.source, limit.planned, limit.unsourced, limit.ends


def values_of(power: Power) -> dict[str, Any]:
    """Each value of a power by its name in the pack, in the order in which it is read."""
    found: dict[str, Any] = {}
    for entry in fields(Power):
        value = getattr(power, entry.name)
        if entry.name not in _PARTS:
            found[entry.name] = value
            continue
        for part in fields(value):
            if entry.name == "standing" or part.name not in _SAID_ELSEWHERE:
                found[part.name] = getattr(value, part.name)
    del found["power"]
    return found


def _missing(old: Sequence[Missing], new: Sequence[Missing]) -> list[Difference]:
    """What is said of a measure for which no power is known; coming or going is told as well."""
    before = {measure: row.why for row in old for measure in row.measures}
    after = {measure: row.why for row in new for measure in row.measures}
    return [
        Difference(_kind(before.get(measure), after.get(measure)), "", measure, "missing",
                   before.get(measure), after.get(measure))
        for measure in dict.fromkeys((*before, *after))
        if before.get(measure) != after.get(measure)
    ]  # fmt: skip


def _kind(before: str | None, after: str | None) -> Kind:
    if before is None:
        return Kind.ADDED
    return Kind.REMOVED if after is None else Kind.CHANGED


def affected(
    differences: Sequence[Difference],
    before: Pack,
    after: Pack,
    *,
    under_way: Mapping[str, UnderWay],
) -> tuple[Affected, ...]:
    """Return who and what is affected, measure by measure, in the order of the differences.

    under_way: what is open, by measure.
    """
    touched: dict[str, set[str]] = {}
    for one in differences:
        touched.setdefault(one.measure, set()).add(one.power)
    found = []
    for measure, names in touched.items():
        powers = [p for pack in (before, after) for p in pack.powers if p.power in names]
        found.append(
            Affected(
                measure=measure,
                requesters=_all(power.requested_by for power in powers),
                roles=_all(_deciding(power) for power in powers),
                addressees=_all(power.addressees for power in powers),
                under_way=under_way.get(measure, UnderWay()),
            )
        )
    return tuple(found)


def _deciding(power: Power) -> tuple[str, ...]:
    urgent = power.emergency
    more = (*urgent.authorised_by, *urgent.confirmed_by) if urgent else ()
    return (*power.authorised_by, *more)


def _all(groups: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for group in groups for word in group))
