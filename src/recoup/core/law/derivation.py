"""How a due moment came about, in sentences for people and as data for machines.

One line for the hover and the paper, such as "received Fri 6 Nov 2026 16:20; 3 working days; 11 Nov
holiday; due Thu 12 Nov 16:20; art. 144, Criminal Procedure Code; time zone Europe/Belgrade".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from recoup.core.law.counting import (
    ABSOLUTE,
    DAY,
    MIDNIGHT,
    Calendar,
    Ends,
    is_shown_twice,
    is_skipped,
    last_day,
    months_on,
    to_local,
)
from recoup.core.law.events import ByLaw, Extension, Stop, When
from recoup.core.law.pack import LegalBasis
from recoup.core.law.powers import Limit, Unit
from recoup.core.said import Said, SaidList, SaidMoment


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a derivation. code: for machines, with values that JSON can write."""

    code: str
    said: Said
    values: Mapping[str, object] = field(default_factory=dict)


Tell = Callable[[], Iterable[Step]]


@dataclass(frozen=True, slots=True)
class Due:
    """When a clock runs out, and how that was derived. at: None while it stands.

    tells: what tells the steps. They are written when somebody asks, for most clocks are only run.
    """

    at: datetime | None
    tells: tuple[Tell, ...] = field(repr=False, compare=False)
    stands_since: datetime | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the derivation, from the receipt to the zone."""
        return tuple(step for tell in self.tells for step in tell())

    @property
    def said(self) -> Said:
        """The derivation in one line."""
        told = {f"step_{place}": step.said for place, step in enumerate(self.steps)}
        line = "; ".join(f"%({name})s" for name in told)
        return Said(line, **told)

    def as_data(self) -> Mapping[str, object]:
        """The derivation as plain JSON values, for the paper and the interface."""
        return {
            "at": _iso(self.at),
            "stands_since": _iso(self.stands_since),
            "steps": [{"code": step.code, **step.values} for step in self.steps],
        }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def written(calendar: Calendar, moment: datetime, *, year: int | None = None) -> SaidMoment:
    """Write a moment as the wall shows it; the year only where it is another than ``year``.

    A time that the clock shows twice has its distance from UTC beside it: 02:30 (+01:00).
    """
    local = to_local(moment, calendar.zone)
    shown = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    if is_shown_twice(local, calendar.zone):
        offset = moment.astimezone(calendar.zone).isoformat()[-6:]
        shown = f"{shown} ({offset})"
    return SaidMoment(local.date(), clock=shown, has_year=local.year != year)


def limit_said(limit: Limit) -> Said:
    """Write a time limit as the law does."""
    count = limit.count
    match limit.unit:
        case Unit.MINUTES:
            return Said("1 minute") if count == 1 else Said("%(count)s minutes", count=count)
        case Unit.HOURS:
            return Said("1 hour") if count == 1 else Said("%(count)s hours", count=count)
        case Unit.DAYS:
            return Said("1 day") if count == 1 else Said("%(count)s days", count=count)
        case Unit.WORKING_DAYS:
            if count == 1:
                return Said("1 working day")
            return Said("%(count)s working days", count=count)
        case Unit.MONTHS:
            return Said("1 month") if count == 1 else Said("%(count)s months", count=count)


def _limit_data(limit: Limit) -> Mapping[str, object]:
    return {"count": limit.count, "unit": limit.unit.value}


def received(calendar: Calendar, at: datetime) -> Iterator[Step]:
    """From when on a clock runs."""
    said = Said("received %(at)s", at=written(calendar, at))
    yield Step("received", said, {"at": at.isoformat()})


def counts_from(calendar: Calendar, at: datetime, start: datetime) -> Iterator[Step]:
    """What came on a day that is not worked, or out of hours, counts from later."""
    year = to_local(start, calendar.zone).year
    said = Said("counts from %(at)s", at=written(calendar, at, year=year))
    reason = why_unworked(to_local(start, calendar.zone).date(), calendar)
    yield Step(
        "counts_from", said, {"at": at.isoformat(), "reason": reason or "outside office hours"}
    )


def limit(_: Calendar, limit: Limit) -> Iterator[Step]:
    """The limit itself, and whether a law sets it."""
    said = limit_said(limit)
    if limit.unsourced:
        said = Said("%(limit)s (not found at the source)", limit=said)
    if limit.planned:
        said = Said("%(limit)s (planned, no law)", limit=said)
    yield Step("limit", said, _limit_data(limit))


def remarks_on(
    calendar: Calendar, limit: Limit, begun: datetime, counted: datetime
) -> Iterator[Step]:
    """What a reader would stumble over: a month that is too short, a clock that was changed."""
    first, last = to_local(begun, calendar.zone), to_local(counted, calendar.zone)
    if limit.unit in ABSOLUTE:
        if first + (counted - begun) != last:
            yield Step("clock_changed", Said("the clocks change meanwhile"))
        return
    if limit.unit is Unit.MONTHS and months_on(first, limit.count).day != first.day:
        yield Step(
            "month_short",
            Said("that month has no day %(day)s", day=first.day),
            {"day": first.day},
        )
    wall = last.replace(hour=first.hour, minute=first.minute, second=first.second)
    if wall.time() != last.time() and is_skipped(wall, calendar.zone):
        said = Said("the clock skips %(time)s that night", time=f"{first:%H:%M}")
        yield Step("clock_skipped", said, {"time": f"{first:%H:%M}"})


def by_law(_: Calendar, more: ByLaw) -> Iterator[Step]:
    """More time by the law itself."""
    limit = limit_said(more.limit)
    said = (
        Said("%(limit)s more, for the end is not worked", limit=limit)
        if more.when is When.ENDS_UNWORKED
        else Said("%(limit)s more, for days in it are not worked", limit=limit)
    )
    yield Step("by_law", said, {**_limit_data(more.limit), "when": more.when.value})


def stopped(calendar: Calendar, stop: Stop) -> Iterator[Step]:
    """A stretch in which the clock stood."""
    since, by, reason = written(calendar, stop.since), stop.by, stop.reason
    if stop.until is None:
        said = Said(
            "stopped since %(since)s (%(by)s: %(reason)s)", since=since, by=by, reason=reason
        )
    else:
        said = Said(
            "stopped from %(since)s to %(until)s (%(by)s: %(reason)s)",
            since=since, until=written(calendar, stop.until), by=by, reason=reason,
        )  # fmt: skip
    values = {"since": stop.since.isoformat(), "until": _iso(stop.until)}
    yield Step("stopped", said, {**values, "by": by, "reason": reason})


def extended(calendar: Calendar, extension: Extension) -> Iterator[Step]:
    """More time that a person granted."""
    limit, at = extension.limit, extension.granted_at
    by, reason = extension.by, extension.reason
    said = Said(
        "%(limit)s more, granted %(at)s (%(by)s: %(reason)s)",
        limit=limit_said(limit), at=written(calendar, at), by=by, reason=reason,
    )  # fmt: skip
    values = {"at": at.isoformat(), "by": by, "reason": reason}
    yield Step("extended", said, {**_limit_data(limit), **values})


def holidays_between(calendar: Calendar, begun: datetime, over: datetime) -> Iterator[Step]:
    """The holidays that were passed over while working days were counted; no weekends."""
    first, last = (to_local(moment, calendar.zone).date() for moment in (begun, over))
    days = [
        day
        for day in (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
        if day in calendar.holidays and day.weekday() not in calendar.weekend
    ]
    if days:
        yield from _holidays(calendar, days)


def _holidays(calendar: Calendar, days: list[date]) -> Iterator[Step]:
    shown = [_short(calendar, day) for day in days]
    said = (
        Said("%(day)s holiday", day=shown[0])
        if len(shown) == 1
        else Said("%(days)s holidays", days=SaidList(shown))
    )
    named = [{"day": day.isoformat(), "name": calendar.holidays[day]} for day in days]
    yield Step("holidays", said, {"days": named})


def _short(calendar: Calendar, day: date) -> str:
    shown = SaidMoment(day, has_weekday=False, has_year=False)
    return Said("%(day)s (estimated)", day=shown) if day in calendar.estimated else shown


def ending(calendar: Calendar, counted: datetime, unit: Unit, ends: Ends) -> Iterator[Step]:
    """A last day that is not worked, the end of the day in place of the time, a half-day."""
    day = to_local(counted, calendar.zone).date()
    last = last_day(counted, unit, ends, calendar)
    if last != day:
        said = Said(
            "%(day)s is not worked, moved to the next working day",
            day=SaidMoment(day, has_year=False),
        )
        reason = why_unworked(day, calendar)
        yield Step("moved_on", said, {"from": day.isoformat(), "reason": reason})
    if last in calendar.half_days and unit not in ABSOLUTE:
        shuts = f"{calendar.half_days[last]:%H:%M}"
        said = Said(
            "%(day)s is a half-day to %(time)s",
            day=SaidMoment(last, has_weekday=False, has_year=False), time=shuts,
        )  # fmt: skip
        yield Step("half_day", said, {"day": last.isoformat(), "time": shuts})


def due(
    calendar: Calendar, at: datetime, start: datetime, unit: Unit, ends: Ends
) -> Iterator[Step]:
    """The result; the end of a day is written as 24:00 of that day."""
    year = to_local(start, calendar.zone).year
    local = to_local(at, calendar.zone)
    shown = written(calendar, at, year=year)
    if unit not in ABSOLUTE and ends is Ends.DAY_END and local.time() == MIDNIGHT:
        day = local.date() - DAY
        shown = SaidMoment(day, clock="24:00", has_year=day.year != year)
    yield Step("due", Said("due %(at)s", at=shown), {"at": at.isoformat()})


def stands(_: Calendar) -> Iterator[Step]:
    """No result yet: the clock was stopped and not started again."""
    yield Step("stands", Said("the clock stands, so nothing is due"))


def basis(_: Calendar, basis: LegalBasis) -> Iterator[Step]:
    """The article; one that no lawyer has confirmed is not printed as certain."""
    instrument = Said(basis.instrument)
    said = (
        Said("art. %(article)s, %(instrument)s", article=basis.article, instrument=instrument)
        if basis.confirmed
        else Said(
            "art. %(article)s, %(instrument)s (not confirmed)",
            article=basis.article, instrument=instrument,
        )
    )  # fmt: skip
    values = {"article": basis.article, "instrument": basis.instrument}
    yield Step("basis", said, {**values, "confirmed": basis.confirmed})


def zone(calendar: Calendar) -> Iterator[Step]:
    """In which zone the times are, and by which calendar days were counted."""
    name = calendar.zone.key
    values = {"zone": name, "calendar": calendar.country, "confirmed": calendar.is_confirmed}
    yield Step("zone", Said("time zone %(zone)s", zone=name), values)


def why_unworked(day: date, calendar: Calendar) -> str | None:
    """The holiday's name or "weekend"; None for a day that is worked."""
    if calendar.is_worked(day):
        return None
    return calendar.holidays.get(day, "weekend")


def too_late(calendar: Calendar, over: datetime) -> Said:
    """A stop or an extension came after the limit had run out."""
    return Said(
        "The limit ran out on %(at)s; it can be stopped or extended only before that. Ask anew.",
        at=written(calendar, over),
    )


def too_early(calendar: Calendar, start: datetime) -> Said:
    """An extension was granted before there was a clock."""
    return Said(
        "The limit begins on %(at)s only; it cannot be extended before. Check the day.",
        at=written(calendar, start),
    )


def stop_ends_before(calendar: Calendar, since: datetime) -> Said:
    """A stop ends before it begins."""
    return Said(
        "The stop ends before it begins on %(at)s. Check both moments.",
        at=written(calendar, since),
    )


def not_foreseen(when: When) -> Said:
    """An extension that the law allows on a condition, which does not hold."""
    if when is When.ENDS_UNWORKED:
        return Said("The law extends this limit only if it ends on a day that is not worked.")
    return Said("The law extends this limit only if it includes a day that is not worked.")
