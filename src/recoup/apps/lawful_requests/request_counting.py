"""Counts the clocks of requests by the calendar of their country, and tells how each came about.

Nothing is stored of a count but its moment and the frozen line in the ticket: from limit, start,
stops and extensions it is counted again whenever somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from recoup.apps.lawful_requests.models import ClockStop, Ticket
from recoup.core.law import (
    Calendar,
    Clock,
    ClockRefused,
    Due,
    Ends,
    Extension,
    Ladder,
    LegalBasis,
    Limit,
    Rung,
    Stop,
    Unit,
    When,
    condition_holds,
    due,
    rings,
)
from recoup.core.moments import read_moment
from recoup.data.calendars import load_calendar
from recoup.data.requests import load_quiet_hours

FIRST_YEAR, LAST_YEAR = 2020, 2040
MADE_UP: Final = frozenset({"ZZ"})
# The clocks that a question of the addressee stops; more time is given for the answer only.
STOPPED: Final = frozenset({"acknowledge", "answer"})
EXTENDED: Final = frozenset({"answer"})


@cache
def calendar_of(country: str, zone: str) -> Calendar:
    """The calendar of a country; raises PackRefused where none is known.

    A made-up country has Saturdays and Sundays, and no holidays: no real one is counted like that.
    """
    if country in MADE_UP:
        return Calendar(country, country, ZoneInfo(zone), {}, FIRST_YEAR, LAST_YEAR)
    return load_calendar(country)


def own_calendar() -> Calendar:
    """The calendar of this hub's country."""
    return calendar_of(settings.COUNTRY, settings.TIME_ZONE)


def calendar_for(ticket: Ticket) -> Calendar:
    """The calendar of the law under which a ticket was made; of its addressee's part, if said."""
    return calendar_told(ticket.draft)


def calendar_told(told: Mapping[str, Any]) -> Calendar:
    """The calendar that a ticket names: of a part of the country, such as BA-SRP, or of all."""
    code: str = told.get("calendar") or told["pack"]["country"]
    return calendar_of(code, settings.TIME_ZONE)


def moment_after(start: datetime, limit: Limit, *, calendar: Calendar) -> datetime:
    """When a limit that nothing stops is over."""
    at = due(limit, start, calendar, ends=_ends(limit)).at
    if at is None:
        raise ValueError("A clock that nothing stops cannot stand.")
    return at


def next_call(before: datetime, span: timedelta, *, calendar: Calendar, is_urgent: bool
              ) -> datetime:  # fmt: skip
    """When a ladder's next step is called, so long after the one before.

    What is no emergency waits for the end of the quiet hours, and keeps the ladder's distances from
    there: nobody is called over another's head in the morning.
    """
    if is_urgent:
        return before + span
    return _outside(_outside(before, calendar) + span, calendar)


def warning_call(due_at: datetime, early: timedelta, *, since: datetime, calendar: Calendar
                 ) -> datetime | None:  # fmt: skip
    """When to warn that something is due; None where the limit is not longer than that."""
    if due_at - since <= early:
        return None
    return _called(Clock(since, due_at), -early, calendar)


def _outside(moment: datetime, calendar: Calendar) -> datetime:
    return _called(Clock(moment, moment), timedelta(0), calendar)


def _called(clock: Clock, after: timedelta, calendar: Calendar) -> datetime:
    ladder = Ladder("requests", (Rung("step", "", after),))
    quiet = load_quiet_hours(calendar.country)
    return rings(clock, ladder, quiet, calendar, clock.due)[0].at


def limit_told(limit: Limit | None) -> dict[str, Any] | None:
    """A limit as a ticket keeps it."""
    if limit is None:
        return None
    return {"count": limit.count, "unit": limit.unit.value, "planned": limit.planned,
            "unsourced": limit.unsourced, "ends": limit.ends}  # fmt: skip


def limit_of(told: Mapping[str, Any]) -> Limit:
    return Limit(
        told["count"], Unit(told["unit"]), planned=told.get("planned", False),
        unsourced=told.get("unsourced", False), ends=told.get("ends", ""),
    )  # fmt: skip


def basis_of(told: Mapping[str, Any]) -> LegalBasis:
    """The power of a ticket, as its line names it."""
    return LegalBasis(basis="", source="", **told)


def derived(ticket: Ticket, name: str, *, start: datetime, stops: Iterable[ClockStop] = ()) -> Due:
    """How one clock of a ticket comes about. A limit that no law sets names no article."""
    return derived_from(ticket.draft, name, start=start, stops=stops)


def derived_from(
    told: Mapping[str, Any], name: str, *, start: datetime, stops: Iterable[ClockStop] = ()
) -> Due:
    """The same from what a ticket says, as its addressee got it."""
    limit = limit_of(told["limits"][name])
    basis = None if limit.planned else basis_of(told["legal_basis"])
    calendar = calendar_told(told)
    if name == "effect" and told.get("extends"):  # it goes on where the other would have ended
        start = read_moment(told["extends"]["until"])
    events: list[Stop | Extension] = []
    for event in _events(stops, name, calendar):
        try:
            _due(limit, start, calendar, [*events, event])
        except ClockRefused:
            continue  # it came when this clock was over: that one stays over
        events.append(event)
    return _due(limit, start, calendar, events, basis)


def _due(
    limit: Limit, start: datetime, calendar: Calendar, events: Iterable[Stop | Extension],
    basis: LegalBasis | None = None,
) -> Due:  # fmt: skip
    rows = list(events)
    stops = [one for one in rows if isinstance(one, Stop)]
    more = [one for one in rows if isinstance(one, Extension)]
    return due(limit, start, calendar, stops, more, basis=basis, ends=_ends(limit))


def _ends(limit: Limit) -> Ends:
    """When the last day of a limit is over: as the law says, else at the same time of day."""
    return Ends(limit.ends) if limit.ends else Ends.SAME_TIME


def _events(stops: Iterable[ClockStop], name: str, calendar: Calendar) -> list[Stop | Extension]:
    """What happened to a clock, in the order of time."""
    found: list[Stop | Extension] = []
    for row in sorted(stops, key=lambda one: (one.started_at, one.at, one.kind != "stop")):
        if row.kind == "stop" and name in STOPPED:
            found.append(Stop(row.started_at, row.ended_at, row.ground, ""))
        elif row.kind == "extension" and name in EXTENDED:
            days = days_between(row, calendar)
            found.append(Extension(Limit(days, Unit.DAYS), row.started_at, row.ground, ""))
    return found


def days_between(row: ClockStop, calendar: Calendar) -> int:
    """How many days an extension gave, by the calendar's own days."""
    ended = row.ended_at or row.started_at
    first, last = (one.astimezone(calendar.zone).date() for one in (row.started_at, ended))
    return (last - first).days


def told_of(found: Due) -> dict[str, Any]:
    """A derivation as a ticket freezes it: the line, and its steps for machines."""
    return {"said": str(found.said), **found.as_data()}


def extension_told(power_limits: Mapping[str, Any], start: datetime, calendar: Calendar
                   ) -> dict[str, Any] | None:  # fmt: skip
    """Whether the law's condition for more time holds, and until when that would be.

    Nothing is prolonged by it: whoever decides on more time is told that it may be asked for.
    """
    more, effect = power_limits.get("extension"), power_limits.get("effect")
    if not more or not effect:
        return None
    limit, when = limit_of(effect), more.get("on")
    holds = condition_holds(When(when), limit, start, calendar) if when else None
    until = None
    if holds is not False:
        given = Extension(limit_of(more), start, "", "")
        until = _due(limit, start, calendar, (given,)).at
    return {"when": more["when"], "on": when, "holds": holds,
            "until": until.isoformat() if until else None}  # fmt: skip


def without_open(stops: Iterable[ClockStop], until: datetime) -> list[ClockStop]:
    """The same, with a clock that still stands taken as begun again at a moment."""
    return [_ended(row, until) if row.ended_at is None else row for row in stops]


def _ended(row: ClockStop, until: datetime) -> ClockStop:
    return ClockStop(
        kind=row.kind, ground=row.ground, started_at=row.started_at, at=row.at,
        ended_at=max(row.started_at, until),
    )  # fmt: skip
