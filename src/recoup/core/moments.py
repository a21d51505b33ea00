"""Moments and days that people and machines send us.

A moment is kept in UTC. A local time becomes one by a named time zone that is given as an
argument: nothing here knows what time it is or where it runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal

from recoup.core.said import Said
from recoup.core.text import NotReadable

EARLIEST_YEAR: Final = 2000
CLOCK_SKEW: Final = timedelta(minutes=5)
DAY: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
TIME: Final = re.compile(
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.(?P<part>[0-9]{1,6}))?)?"
)
ZONE: Final = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")
MOMENT_ADVICE: Final = Said("Write it like 2026-11-21T14:05:00+01:00.")
DAY_ADVICE: Final = Said("Write year, month and day like 2026-11-21.")
NOT_A_MOMENT: Final = Said("This is not a moment.")
OUTSIDE: Final = Said("The moment lies outside the calendar.")

WhenTwice = Literal["earlier", "later", "refuse"]


@dataclass(frozen=True, slots=True)
class LocalMoment:
    """A local time as a moment. was_twice: the clock showed it twice that night."""

    moment: datetime
    was_twice: bool


def read_day(text: object, *, field: str = "date") -> date:
    """Return a day written year-month-day; a day that the calendar lacks is refused."""
    found = DAY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise NotReadable(field, text, Said("This is not a day."), DAY_ADVICE, code="not_a_day")
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    if not 1 <= month <= 12:
        problem = Said("There is no month %(month)s.", month=f"{month:02d}")
        raise NotReadable(field, text, problem, DAY_ADVICE, code="no_such_day")
    try:
        return date(year, month, day)
    except ValueError:
        problem = Said(
            "There is no day %(day)s in month %(month)s of %(year)s.",
            day=f"{day:02d}",
            month=f"{month:02d}",
            year=f"{year:04d}",
        )
        raise NotReadable(field, text, problem, DAY_ADVICE, code="no_such_day") from None


def _parts(text: object, *, field: str) -> tuple[datetime, str]:
    """Split into local time and the text of the zone, empty if there is none."""
    if not isinstance(text, str) or len(text) > 40 or len(text) < 16 or text[10] not in "T ":
        raise NotReadable(field, text, NOT_A_MOMENT, MOMENT_ADVICE, code="not_a_moment")
    day = read_day(text[:10], field=field)
    rest = TIME.match(text, 11)
    zone = text[rest.end() :] if rest else ""
    if rest is None or (zone and not ZONE.fullmatch(zone)):
        raise NotReadable(field, text, NOT_A_MOMENT, MOMENT_ADVICE, code="not_a_moment")
    hour, minute, second = int(rest["hour"]), int(rest["minute"]), int(rest["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        problem = Said("The clock never shows %(time)s.", time=rest.group())
        raise NotReadable(field, text, problem, MOMENT_ADVICE, code="no_such_time")
    micro = int((rest["part"] or "").ljust(6, "0"))
    return datetime(day.year, day.month, day.day, hour, minute, second, micro), zone  # noqa: DTZ001


def read_moment(text: object, *, field: str = "at") -> datetime:
    """Return a moment of ISO 8601 that says its zone, in UTC."""
    local, zone = _parts(text, field=field)
    if not zone:
        problem = Said("The moment does not say its time zone.")
        raise NotReadable(field, text, problem, MOMENT_ADVICE, code="zone_missing")
    if zone == "Z":
        return local.replace(tzinfo=UTC)
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        problem = Said("There is no time zone %(zone)s.", zone=zone)
        raise NotReadable(field, text, problem, MOMENT_ADVICE, code="no_such_zone")
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    try:
        return (local - offset).replace(tzinfo=UTC)
    except OverflowError:
        raise NotReadable(field, text, OUTSIDE, MOMENT_ADVICE, code="not_a_moment") from None


def read_local_moment(
    text: object, *, zone: tzinfo, field: str = "at", when_twice: WhenTwice = "refuse"
) -> LocalMoment:
    """Return the moment of a local time; a zone written in the text wins over ``zone``.

    An hour that the clock skipped is refused. One that it showed twice is refused too, or
    taken as ``when_twice`` says, and marked.
    """
    local, written_zone = _parts(text, field=field)
    if written_zone:
        return LocalMoment(read_moment(text, field=field), False)
    try:
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        is_skipped = first.astimezone(zone).replace(tzinfo=None) != local
    except OverflowError:
        raise NotReadable(field, text, OUTSIDE, MOMENT_ADVICE, code="not_a_moment") from None
    if is_skipped:
        raise NotReadable(
            field,
            text,
            Said("The clock skipped this time when summer time began."),
            Said("Write the time an hour later, or say the zone, like +01:00."),
            code="time_skipped",
        )
    if first != second and when_twice == "refuse":
        raise NotReadable(
            field,
            text,
            Said("The clock showed this time twice when summer time ended."),
            Said("Say the zone too: +02:00 for the first time, +01:00 for the second in Serbia."),
            code="time_twice",
        )
    return LocalMoment(second if when_twice == "later" else first, first != second)


def check_is_past(
    moment: datetime,
    text: object,
    *,
    at: datetime,
    field: str = "at",
    oldest_days: int | None = None,
    skew: timedelta = CLOCK_SKEW,
) -> None:
    """Refuse a moment after ``at`` (but for a clock's error), before 2000, or too long ago."""
    if moment > at + skew:
        problem, advice = Said("This moment has not come yet."), Said("Check day and time.")
        raise NotReadable(field, text, problem, advice, code="in_the_future")
    if moment.year < EARLIEST_YEAR:
        problem = Said("This is before the year %(year)s.", year=EARLIEST_YEAR)
        raise NotReadable(field, text, problem, Said("Check the year."), code="too_long_ago")
    if oldest_days is not None and moment < at - timedelta(days=oldest_days):
        problem = Said("This is more than %(days)s days ago.", days=oldest_days)
        raise NotReadable(
            field, text, problem, Said("Check the year."), code="too_long_ago", days=oldest_days
        )


def iso_utc(moment: datetime) -> str:
    """Return the moment as the API writes it, in UTC with ``Z``."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
