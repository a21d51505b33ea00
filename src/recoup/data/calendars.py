"""The calendars of the jurisdictions: official holidays from a library, put right by our own file.

The days come from the library ``holidays``; ``holidays.toml`` adds, removes and renames, each with
its source, and says what still has to be checked. ``differences`` tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from holidays import HALF_DAY, PUBLIC, country_holidays

from recoup.core.law import Calendar, Ends, PackRefused
from recoup.data import read_toml

FILE: Final = "holidays.toml"
LANGUAGE: Final = "en_US"
WEEKEND: Final = frozenset({5, 6})
ESTIMATED: Final = "estimated"


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which our calendar and the library differ. what: added, removed or renamed."""

    day: date
    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a calendar's days come from, and what has to be read before it is confirmed."""

    law: str
    source: str
    read_on: date
    to_check: str
    is_confirmed: bool
    procedure: str
    procedure_source: str
    procedure_to_check: str


@cache
def calendars() -> Mapping[str, Calendar]:
    """Return the calendars by code: AL, BA with its parts, ME, MK, RS, TR, XK."""
    return MappingProxyType({code: load_calendar(code) for code in _tables()})


@cache
def load_calendar(code: str) -> Calendar:
    """Return the calendar of a jurisdiction or of a part of it; raises PackRefused."""
    if code not in _tables():
        known = ", ".join(_tables())
        raise PackRefused(FILE, f"There is no calendar {code!r}. Known are {known}. Add a table.")
    return _calendar(code)


def parts_of(country: str) -> dict[str, str]:
    """The parts of a country that have a calendar of their own, with their names: BA alone has."""
    return {code: t["name"] for code, t in _tables().items() if code.startswith(f"{country}-")}


def source_of(code: str) -> Source:
    """Return on what a calendar rests."""
    table = _tables()[code]
    rule = _procedure(code)
    return Source(
        law=table["law"],
        source=table["source"],
        read_on=date.fromisoformat(table["read_on"]),
        to_check=table["to_check"],
        is_confirmed=table["confirmed"],
        procedure=f"{rule['instrument']}, {rule['article']}",
        procedure_source=rule["source"],
        procedure_to_check=rule["to_check"],
    )


def differences(code: str, years: Iterable[int]) -> tuple[Difference, ...]:
    """Return where our calendar and the library differ in some years, in the order of days."""
    ours, theirs = load_calendar(code).holidays, _from_library(code, PUBLIC)
    wanted = frozenset(years)
    found = [Difference(day, "added", ours[day]) for day in ours.keys() - theirs.keys()]
    found += [Difference(day, "removed", theirs[day]) for day in theirs.keys() - ours.keys()]
    found += [
        Difference(day, "renamed", ours[day])
        for day in ours.keys() & theirs.keys()
        if ours[day] != theirs[day]
    ]
    return tuple(sorted((d for d in found if d.day.year in wanted), key=lambda d: d.day))


@cache
def _document() -> Mapping[str, Any]:
    return read_toml(FILE)


def _tables() -> Mapping[str, Any]:
    return {code: table for code, table in _document().items() if isinstance(table, dict)}


def _procedure(code: str) -> Mapping[str, Any]:
    table = _tables()[code]
    rule: Mapping[str, Any] = _tables()[table.get("procedure_of", code)]["procedure"]
    return rule


@cache
def _from_library(code: str, category: str) -> Mapping[date, str]:
    document = _document()
    country, part = (*_tables()[code].get("library", [code]), None)[:2]
    years = range(document["first_year"], document["last_year"] + 1)
    found = country_holidays(
        country, subdiv=part, years=years, language=LANGUAGE, categories=(category,)
    )
    return MappingProxyType(dict(found.items()))


def _calendar(code: str) -> Calendar:
    table, document = _tables()[code], _document()
    for needed in ("name", "zone", "law", "source", "read_on", "to_check", "confirmed"):
        if needed not in table:
            raise PackRefused(f"{FILE}: {code}", f"There is no {needed}. Add it.")
    holidays = _holidays(code, table)
    return Calendar(
        country=code,
        name=table["name"],
        zone=ZoneInfo(table["zone"]),
        holidays=MappingProxyType(holidays),
        estimated=frozenset(day for day, name in holidays.items() if ESTIMATED in name),
        first_year=document["first_year"],
        last_year=document["last_year"],
        weekend=WEEKEND,
        half_days=MappingProxyType(_half_days(code, table)),
        procedure=Ends(_procedure(code)["ends"]),
        is_confirmed=table["confirmed"],
        note=table.get("note", ""),
    )


def _holidays(code: str, table: Mapping[str, Any]) -> dict[date, str]:
    days = {
        day: _our_name(name, table.get("names", {}))
        for day, name in _from_library(code, PUBLIC).items()
    }
    for row in table.get("removed", ()):
        day = _day(code, row)
        if day not in days:
            raise PackRefused(f"{FILE}: {code}", f"{day} is removed, but is no holiday. Drop it.")
        del days[day]
    for row in table.get("added", ()):
        day = _day(code, row)
        days[day] = row["name"]
    return days


def _our_name(name: str, names: Mapping[str, str]) -> str:
    for theirs, ours in names.items():
        name = name.replace(theirs, ours)
    return name


def _day(code: str, row: Mapping[str, Any]) -> date:
    """The day of a row; one without name or source is refused with its place."""
    day = date.fromisoformat(row["day"])
    if not row.get("name") or not row.get("source"):
        raise PackRefused(f"{FILE}: {code} {day}", "A day needs a name and a source. Add them.")
    return day


def _half_days(code: str, table: Mapping[str, Any]) -> dict[date, time]:
    """From when on offices are shut, on the days that the library calls half holidays."""
    if "half_days" not in table:
        return {}
    shuts = time.fromisoformat(table["half_days"])
    whole = _holidays(code, table)
    return {day: shuts for day in _from_library(code, HALF_DAY) if day not in whole}
