"""The longest time of a law: how much of it an account has had, and whether it is made longer.

A limit in time is no limit if new orders begin it again and again for the same facts. So the sum of
what was ordered before is told, and an order that begins anew says what is new. Longer is made only
what still lasts, by the law's own extension, on the law's condition, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recoup.core.law.calendar import Calendar, Extension, condition_holds, due
from recoup.core.law.counting import Ends
from recoup.core.law.powers import Power
from recoup.core.said import Said


@dataclass(frozen=True, slots=True)
class Effect:
    """That something was kept or stopped under a power, since when and until when.

    is_new: its order said what is new, so that the longest time began anew. is_extended: it lasts
    as long as it does by an extension. is_lifted: there is no order for it any more.
    """

    reference: str
    request: str
    since: datetime
    until: datetime
    is_new: bool = False
    is_extended: bool = False
    is_lifted: bool = False


def since_new(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """Those that count together, in the order of time: from the last that rests on new facts."""
    rows = sorted(effects, key=lambda one: (one.since, one.reference))
    last = max((place for place, one in enumerate(rows) if one.is_new), default=0)
    return tuple(rows[last:])


def spent(effects: Sequence[Effect]) -> timedelta:
    """How long something lasted in all; time that two orders cover counts once."""
    total, covered = timedelta(0), None
    for one in sorted(effects, key=lambda one: one.since):
        begun = one.since if covered is None else max(one.since, covered)
        total += max(one.until - begun, timedelta(0))
        covered = one.until if covered is None else max(covered, one.until)
    return total


def extended_until(power: Power, effect: Effect, calendar: Calendar) -> datetime:
    """Until when an effect lasts that is made longer as the law allows: counted on from its end."""
    if power.effect is None or power.extension is None:
        raise ValueError(f"The power {power.power} knows no extension.")
    ends = Ends(power.extension.ends) if power.extension.ends else Ends.SAME_TIME
    at = due(power.extension, effect.until, calendar, ends=ends).at
    if at is None:
        raise ValueError("A clock that nothing stops cannot stand.")
    return at


def why_not_longer(
    power: Power, effect: Effect | None, others: Sequence[Effect], calendar: Calendar, *,
    at: datetime,
) -> Said | None:  # fmt: skip
    """Why an effect is not made longer now; None where the law lets whoever decides do it.

    others: what was kept or stopped under the same power before, of which the sum is looked at.
    """
    if power.effect is None or power.extension is None:
        return Said("This law knows no extension: what it allows ends at its time.")
    if effect is None:
        return Said("Nothing is kept or stopped here by the order that would be extended.")
    if effect.is_lifted or effect.until <= at:
        return Said("What would be extended has ended. What has ended is not made longer.")
    if effect.is_extended:
        return Said("It was extended once already; the law gives no second extension.")
    if power.extension_on and not condition_holds(
        power.extension_on, power.effect, effect.since, calendar
    ):
        return Said("The condition of the law for an extension does not hold for this time.")
    return _too_long(power, effect, others, calendar)


def _too_long(
    power: Power, effect: Effect, others: Sequence[Effect], calendar: Calendar
) -> Said | None:
    """The sum of all that counts together, with the extension, against the longest time."""
    if power.effect is None or power.extension is None:
        return None
    rows = since_new([*(one for one in others if one != effect), effect])
    if effect not in rows:
        rows = (effect,)
    until = extended_until(power, effect, calendar)
    given = (Extension(power.extension, effect.since, "", ""),)
    longest = due(power.effect, effect.since, calendar, extensions=given).at
    if longest is None:
        return None
    more = [Effect("", "", effect.until, until), *rows]
    if spent(more) <= max(longest, until) - effect.since:
        return None
    return Said(
        "With what was ordered before, this would last longer than the law allows in all "
        "(%(hours)s hours so far).",
        hours=int(spent(rows) / timedelta(hours=1)),
    )  # fmt: skip
