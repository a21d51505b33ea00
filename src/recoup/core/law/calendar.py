"""When a time limit is over: by the hour, the day, the working day or the month of a country.

The model is that of Regulation (EEC, Euratom) No 1182/71, Article 3, to which each country's own
rule is compared (``data/holidays.toml``; none is confirmed by a lawyer yet):

* the moment or day of the event does not count: a limit in hours runs from the moment, one in days
  begins with the day after;
* hours and minutes run through nights, weekends, holidays and changes of the clock;
* days, weeks and months run through weekends and holidays; where the rule says so
  (``Ends.DAY_END``) they end with the last day, and move on if it is not worked;
* a month ends on the day with the same number; where there is none, on the last of the month;
* working days are all but weekends and official holidays.

One departure, for the sake of whoever is waiting: without another rule (``Ends.SAME_TIME``) a limit
ends at the time of day at which it began, not with the end of that day. So nobody relies on hours
that a stricter reading would not give, and a hold never lasts longer than written.
``docs/clocks.md`` has examples and what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from recoup.core.law import derivation as told
from recoup.core.law.counting import (
    Calendar,
    ClockRefused,
    Ends,
    Office,
    add,
    counted_from,
    finish,
    length,
    push,
    to_local,
    to_utc,
)
from recoup.core.law.derivation import Due, Step
from recoup.core.law.events import ByLaw, Extension, Stop, When
from recoup.core.law.pack import LegalBasis
from recoup.core.law.powers import Limit, Unit

__all__ = [
    "ByLaw",
    "Calendar",
    "ClockRefused",
    "Due",
    "Ends",
    "Extension",
    "Office",
    "Step",
    "Stop",
    "When",
    "condition_holds",
    "due",
]

INSTANT = timedelta(microseconds=1)


def due(
    limit: Limit,
    start: datetime,
    calendar: Calendar,
    stops: Iterable[Stop] = (),
    extensions: Iterable[Extension] = (),
    *,
    ends: Ends = Ends.SAME_TIME,
    by_law: ByLaw | None = None,
    basis: LegalBasis | None = None,
) -> Due:
    """Return when a limit that began at ``start`` is over, and how that was derived.

    A working-day limit counts the working days after the day of receipt. What is received on a day
    that is not worked, or outside office hours where the calendar has them, counts as received when
    the next working day begins. Stops and extensions act in the order of time. A stop adds its
    length along the line of the limit's unit (see ``counting``): of a working-day limit, only the
    working days in it. Where stops overlap, time counts once; what lies before the start not at
    all. While a stop is open, ``Due.at`` is None. An extension counts on from where the limit would
    have ended. A stop or an extension after that moment raises ClockRefused.
    """
    begun = start = to_utc(start)
    if limit.unit is Unit.WORKING_DAYS:
        begun = counted_from(start, ends, calendar)
    counted = add(begun, limit, calendar)
    run = _Run(limit.unit, ends, calendar, start, (begun, counted))
    run.tell(told.received, start)
    if begun != start:
        run.tell(told.counts_from, begun, start)
    run.tell(told.limit, limit)
    run.tell(told.remarks_on, limit, begun, counted)
    if by_law is not None and run.applies(by_law.when):
        run.counted = add(counted, by_law.limit, calendar)
        run.tell(told.by_law, by_law)
    for event in _in_order(stops, extensions):
        run.stop(event) if isinstance(event, Stop) else run.extend(event)
    return run.done(start, begun, basis)


def condition_holds(when: When, limit: Limit, start: datetime, calendar: Calendar) -> bool:
    """Whether the law's condition for more time holds: what an officer or a court may be offered.

    ``start`` is when the limit begins; for its time without stops and extensions.
    """
    begun = to_utc(start)
    return _applies(when, begun, add(begun, limit, calendar), calendar)


def _applies(when: When, begun: datetime, counted: datetime, calendar: Calendar) -> bool:
    last = to_local(counted - INSTANT, calendar.zone).date()
    if when is When.ENDS_UNWORKED:
        return not calendar.is_worked(last)
    day = to_local(begun, calendar.zone).date()
    while day <= last:
        if not calendar.is_worked(day):
            return True
        day += timedelta(days=1)
    return False


def _in_order(stops: Iterable[Stop], extensions: Iterable[Extension]) -> Iterator[Stop | Extension]:
    """What happened to a clock in the order of time; of one moment the open stop, then others."""
    events: list[tuple[datetime, int, Stop | Extension]] = []
    for stop in stops:
        until = None if stop.until is None else to_utc(stop.until)
        stop = replace(stop, since=to_utc(stop.since), until=until)
        events.append((stop.since, 0 if until is None else 1, stop))
    for extension in extensions:
        extension = replace(extension, granted_at=to_utc(extension.granted_at))
        events.append((extension.granted_at, 2, extension))
    return (event for _, _, event in sorted(events, key=lambda one: one[:2]))


class _Run:
    """A clock on its way: where its limit would end by what has happened so far."""

    def __init__(
        self, unit: Unit, ends: Ends, calendar: Calendar, start: datetime,
        time: tuple[datetime, datetime],
    ) -> None:  # fmt: skip
        self.unit, self.ends, self.calendar = unit, ends, calendar
        self.start, self.time, self.counted = start, time, time[1]
        self.covered = start  # up to here stops were counted
        self.stands_since: datetime | None = None
        self.tells: list[told.Tell] = []

    def tell(self, teller: Callable[..., Iterable[Step]], *facts: object) -> None:
        self.tells.append(partial(teller, self.calendar, *facts))

    def applies(self, when: When) -> bool:
        return _applies(when, *self.time, self.calendar)

    def over(self) -> datetime:
        return finish(self.counted, self.unit, self.ends, self.calendar)

    def stop(self, stop: Stop) -> None:
        if stop.until is not None and stop.until < stop.since:
            raise ClockRefused("stop_ends_before", told.stop_ends_before(self.calendar, stop.since))
        if self.stands_since is not None:
            return  # the clock stands anyway
        if stop.since > self.over():
            raise ClockRefused("stop_too_late", told.too_late(self.calendar, self.over()))
        since = max(stop.since, self.covered)
        if stop.until is None:
            self.stands_since = since
        elif stop.until > since:
            span = length(since, stop.until, self.unit, self.calendar)
            self.counted = push(self.counted, span, self.unit, self.calendar)
            self.covered = stop.until
        else:
            return  # over before it could count
        self.tell(told.stopped, replace(stop, since=since))

    def extend(self, extension: Extension) -> None:
        granted = extension.granted_at
        if granted < self.start:
            raise ClockRefused("extension_too_early", told.too_early(self.calendar, self.start))
        if self.stands_since is None and granted > self.over():
            raise ClockRefused("extension_too_late", told.too_late(self.calendar, self.over()))
        if extension.only_when is not None and not self.applies(extension.only_when):
            raise ClockRefused("extension_not_foreseen", told.not_foreseen(extension.only_when))
        self.counted = add(self.counted, extension.limit, self.calendar)
        self.tell(told.extended, extension)

    def done(self, start: datetime, begun: datetime, basis: LegalBasis | None) -> Due:
        over = self.over()
        if self.unit is Unit.WORKING_DAYS:
            self.tell(told.holidays_between, begun, over)
        if self.stands_since is not None:
            self.tell(told.stands)
        else:
            self.tell(told.ending, self.counted, self.unit, self.ends)
            self.tell(told.due, over, start, self.unit, self.ends)
        if basis is not None:
            self.tell(told.basis, basis)
        self.tell(told.zone)
        return Due(None if self.stands_since else over, tuple(self.tells), self.stands_since)
