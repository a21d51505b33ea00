"""How time is counted: by the absolute clock, by the wall clock, or on working days only.

Every unit of a time limit runs along one of three lines:

* **absolute**: minutes and hours; an hour is an hour, whatever the clocks on the walls do;
* **wall**: days and months; the local time of day stays what it was, also over summer time;
* **working**: working days; the wall's line with the days cut out that are not worked.

A wall time that the clock skips is the moment at which it jumps; one that it shows twice is the
first of the two. So later never becomes earlier, but within the hour that is shown twice.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from recoup.core.law.powers import Limit, Unit
from recoup.core.said import Said

DAY: Final = timedelta(days=1)
MIDNIGHT: Final = time(0)
MOST: Final = 1_000_000
ABSOLUTE: Final = frozenset({Unit.MINUTES, Unit.HOURS})


class Ends(StrEnum):
    """When the last day of a limit in days, working days or months is over.

    SAME_TIME: at the time of day at which the limit began, on whatever day that is.
    DAY_END: with the end of the last day; where that day is not worked, of the next that is.
    OFFICE_END: the same, but when the offices close.
    """

    SAME_TIME = "same_time"
    DAY_END = "day_end"
    OFFICE_END = "office_end"


class ClockRefused(Exception):
    """A clock that cannot be computed as it was told. code: for machines; said: the sentence."""

    def __init__(self, code: str, said: Said) -> None:
        self.code, self.said = code, said
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Office:
    """When offices are open on a working day; what comes outside counts from the next opening."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked in a country, and in which zone its clocks run.

    country: the code of the jurisdiction, or of a part of it (BA-SRP). holidays: official days off
    by day, with their names. estimated: those whose day was only computed, and not announced yet
    (moveable feasts). worked: days of a weekend that are worked by decision. half_days: from
    when on offices are shut; such a day counts as worked. first_year, last_year: the years whose
    holidays are known; outside them no working day is counted. procedure: when limits end by the
    country's own code of procedure; is_confirmed: whether a lawyer has confirmed it. note: what has
    to stand wherever the name does.
    """

    country: str
    name: str
    zone: ZoneInfo
    holidays: Mapping[date, str]
    first_year: int
    last_year: int
    weekend: frozenset[int] = frozenset({5, 6})
    estimated: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    half_days: Mapping[date, time] = field(default_factory=dict)
    office: Office | None = None
    procedure: Ends = Ends.SAME_TIME
    is_confirmed: bool = False
    note: str = ""

    def is_worked(self, day: date) -> bool:
        """Whether the day is a working day; raises ClockRefused outside the years known."""
        if not self.first_year <= day.year <= self.last_year:
            raise ClockRefused(
                "year_not_known",
                Said(
                    "The holidays of %(year)s are not known, only those of %(first)s to %(last)s.",
                    year=day.year, first=self.first_year, last=self.last_year,
                ),
            )  # fmt: skip
        if day.weekday() in self.weekend:
            return day in self.worked
        return day not in self.holidays

    def next_worked(self, day: date) -> date:
        """Return the first working day after a day."""
        day += DAY
        while not self.is_worked(day):
            day += DAY
        return day

    def this_or_next_worked(self, day: date) -> date:
        """Return the day itself if it is worked, else the next that is."""
        return day if self.is_worked(day) else self.next_worked(day)

    def closes(self, day: date, office: Office) -> time:
        """When offices close on a day; earlier on a half-day."""
        return min(office.closes, self.half_days.get(day, office.closes))


def to_utc(moment: datetime) -> datetime:
    """Return the moment in UTC, where adding an hour adds an hour."""
    if moment.tzinfo is None:
        raise ValueError(f"A moment needs a time zone, and {moment.isoformat()} has none.")
    return moment.astimezone(UTC)


def to_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows, without its zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def to_moment(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which the wall shows a time; of two the first, of none the jump."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if to_local(first, zone) == local:
        return first
    return _jump(local, zone)


def is_skipped(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock on the wall never shows this time."""
    return to_local(local.replace(tzinfo=zone).astimezone(UTC), zone) != local


def is_shown_twice(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock on the wall shows this time twice that night."""
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and not is_skipped(local, zone)


def _jump(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clock jumped over a local time, to the second."""
    early, late = (
        local.replace(tzinfo=zone, fold=fold, microsecond=0).astimezone(UTC) for fold in (1, 0)
    )
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def add(moment: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """Return the moment a limit later, along the line of its unit; no end of day is looked at."""
    if not 0 <= limit.count <= MOST:
        raise ClockRefused(
            "count_not_possible",
            Said("A limit of %(count)s is not possible.", count=str(limit.count)),
        )
    try:
        return _add(moment, limit, calendar)
    except (OverflowError, ValueError) as trouble:
        said = Said("The limit of %(count)s ends after the calendar does.", count=limit.count)
        raise ClockRefused("beyond_calendar", said) from trouble


def _add(moment: datetime, limit: Limit, calendar: Calendar) -> datetime:
    if limit.count == 0:
        return moment  # not by way of the wall, which might show it twice
    local, zone = to_local(moment, calendar.zone), calendar.zone
    match limit.unit:
        case Unit.MINUTES:
            return moment + timedelta(minutes=limit.count)
        case Unit.HOURS:
            return moment + timedelta(hours=limit.count)
        case Unit.DAYS:
            return to_moment(local + timedelta(days=limit.count), zone)
        case Unit.MONTHS:
            return to_moment(months_on(local, limit.count), zone)
        case Unit.WORKING_DAYS:
            return to_moment(working_days_on(local, limit.count, calendar), zone)


def months_on(local: datetime, count: int) -> datetime:
    """Return the same day of a later month; where there is none, the last of that month."""
    years, month = divmod(local.month - 1 + count, 12)
    year = local.year + years
    last = monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last))


def working_days_on(local: datetime, count: int, calendar: Calendar) -> datetime:
    """Return the same time of day so many working days later; the day itself does not count."""
    day = local.date()
    for _ in range(count):
        day = calendar.next_worked(day)
    return datetime.combine(day, local.time())


def counted_from(moment: datetime, ends: Ends, calendar: Calendar) -> datetime:
    """From when a limit in working days counts for something received at a moment.

    On a day that is not worked: from the beginning of the next working day, and from its opening
    where office hours are given; those move on what comes before opening and after closing too. A
    limit that ends with a day, and not at a time of day, needs no beginning of the next day.
    """
    local = to_local(moment, calendar.zone)
    day, office = local.date(), calendar.office
    if office is not None and calendar.is_worked(day) and local.time() < office.opens:
        return to_moment(datetime.combine(day, office.opens), calendar.zone)
    is_late = office is not None and local.time() >= calendar.closes(day, office)
    if calendar.is_worked(day) and not is_late:
        return moment
    if office is None and ends is not Ends.SAME_TIME:
        return moment
    opens = office.opens if office else MIDNIGHT
    return to_moment(datetime.combine(calendar.next_worked(day), opens), calendar.zone)


def length(since: datetime, until: datetime, unit: Unit, calendar: Calendar) -> timedelta:
    """How long a stretch is along the line of a unit; nothing where it ends before it begins."""
    if until <= since:
        return timedelta(0)
    if unit in ABSOLUTE:
        return until - since
    first, last = to_local(since, calendar.zone), to_local(until, calendar.zone)
    if unit is Unit.WORKING_DAYS:
        first, last = _on_working_line(first, calendar), _on_working_line(last, calendar)
        days = _worked_between(first.date(), last.date(), calendar)
        return days * DAY + (_of_day(last) - _of_day(first))
    return max(last - first, timedelta(0))


def push(moment: datetime, span: timedelta, unit: Unit, calendar: Calendar) -> datetime:
    """Move a moment on by a span that was measured along the line of a unit."""
    if unit in ABSOLUTE or not span:
        return moment + span
    local = to_local(moment, calendar.zone)
    if unit is not Unit.WORKING_DAYS:
        return to_moment(local + span, calendar.zone)
    local = _on_working_line(local, calendar)
    days, rest = divmod(_of_day(local) + span, DAY)
    day = working_days_on(datetime.combine(local.date(), MIDNIGHT), days, calendar)
    return to_moment(day + rest, calendar.zone)


def _on_working_line(local: datetime, calendar: Calendar) -> datetime:
    if calendar.is_worked(local.date()):
        return local
    return datetime.combine(calendar.next_worked(local.date()), MIDNIGHT)


def _of_day(local: datetime) -> timedelta:
    return local - datetime.combine(local.date(), MIDNIGHT)


def _worked_between(first: date, last: date, calendar: Calendar) -> int:
    """How many working days come after ``first``, up to and with ``last``."""
    return sum(
        calendar.is_worked(first + timedelta(days=days))
        for days in range(1, (last - first).days + 1)
    )


def last_day(moment: datetime, unit: Unit, ends: Ends, calendar: Calendar) -> date:
    """Return the day with which a limit ends: moved on to a working day where the rule says so."""
    day = to_local(moment, calendar.zone).date()
    if unit in ABSOLUTE or ends is Ends.SAME_TIME:
        return day
    return calendar.this_or_next_worked(day)


def finish(moment: datetime, unit: Unit, ends: Ends, calendar: Calendar) -> datetime:
    """Return when the limit is over that was counted to a moment."""
    if unit in ABSOLUTE or ends is Ends.SAME_TIME:
        return moment
    day = last_day(moment, unit, ends, calendar)
    if ends is Ends.DAY_END:
        return to_moment(datetime.combine(day + DAY, MIDNIGHT), calendar.zone)
    if calendar.office is None:
        said = Said("The calendar of %(country)s has no office hours.", country=calendar.country)
        raise ClockRefused("no_office_hours", said)
    closes = calendar.closes(day, calendar.office)
    return to_moment(datetime.combine(day, closes), calendar.zone)
