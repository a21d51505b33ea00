"""Calendars for the tests of clocks: Serbia's autumn of 2026, and one without holidays."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from recoup.core.law import Calendar, Limit, Office, Unit

BELGRADE = ZoneInfo("Europe/Belgrade")
ARMISTICE = date(2026, 11, 11)


def calendar(**values: object) -> Calendar:
    """A Serbian calendar with Armistice Day of 2026 as its only holiday."""
    given: dict[str, object] = {
        "country": "RS",
        "name": "Serbia",
        "zone": BELGRADE,
        "holidays": {ARMISTICE: "Armistice Day"},
        "first_year": 2020,
        "last_year": 2040,
    }
    return Calendar(**{**given, **values})  # type: ignore[arg-type]


RS = calendar()
OFFICE = calendar(office=Office(time(8), time(16)))


def at(text: str, zone: ZoneInfo = BELGRADE, *, fold: int = 0) -> datetime:
    """A local time, ``2026-11-06 16:20``, as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def limit(text: str) -> Limit:
    """A limit as a person writes it: ``3 working_days``."""
    count, unit = text.split()
    return Limit(int(count), Unit(unit))


def local(moment: datetime | None, zone: ZoneInfo = BELGRADE) -> str:
    """What the wall shows, to compare with."""
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
