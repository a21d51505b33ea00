"""A time limit as a law writes it, and how it is read: its unit is never turned into another."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from recoup.core.law.table import MOST, Table
from recoup.core.said import Said


class Unit(StrEnum):
    """In what a time limit is counted; working days by the calendar of the country."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Limit:
    """A count of a unit. source: where the law sets it; planned: no law does, we plan with it.

    ends: when its last day is over, by the words of ``counting.Ends``; unsaid, at the same time.
    unsourced: that the law sets it is said, and it was not found at the source that is named.
    Two limits are equal if they are as long; where they come from is told, not compared.
    """

    count: int
    unit: Unit
    source: str = field(default="", compare=False)
    planned: bool = field(default=False, compare=False)
    unsourced: bool = field(default=False, compare=False)
    ends: str = ""

    @property
    def about_minutes(self) -> int:
        """Roughly how long, to tell the longer of two limits; never to count a day with."""
        return self.count * _ABOUT[self.unit]


# The words of ``counting.Ends``, which reads limits and is not read here; a test compares them.
ENDS: Final = ("same_time", "day_end", "office_end")
_ABOUT: Final = {
    Unit.MINUTES: 1,
    Unit.HOURS: 60,
    Unit.DAYS: 24 * 60,
    Unit.WORKING_DAYS: 24 * 60,
    Unit.MONTHS: 30 * 24 * 60,
}


def limit_of(table: Table, key: str, *, source: str = "") -> Limit:
    """Read a limit such as ``{ hours = 72, source = "https://..." }``; raises PackRefused.

    source: what the limit rests on where the whole row has one source; else each names its own, or
    says ``planned = true``.
    """
    parts = Table(table.take(key, dict), f"{table.where}.{key}")
    units = [unit for unit in Unit if unit in parts.left]
    if len(units) != 1:
        raise table.refuse(key, Said("A limit has one unit, of %(units)s.", units=", ".join(Unit)))
    count = parts.above_zero(units[0])
    if count > MOST:
        raise table.refuse(key, Said("%(count)s is more than %(most)s.", count=count, most=MOST))
    planned = parts.take("planned", bool, default=False)
    unsourced = parts.take("unsourced", bool, default=False)
    own = parts.text("source", default="")
    ends = parts.text("ends", default="")
    parts.end()
    if ends and (ends not in ENDS or units[0] in (Unit.MINUTES, Unit.HOURS)):
        raise table.refuse(
            key,
            Said("A limit in days ends as one of %(words)s; in hours to the minute.",
                 words=", ".join(ENDS)),
        )  # fmt: skip
    if planned and own:
        raise table.refuse(
            key, Said("What a law sets is not planned: give a source, or mark it as planned.")
        )
    if planned and unsourced:
        raise table.refuse(key, Said("What is planned is looked for at no source."))
    if not planned and not (own or source):
        raise table.refuse(
            key,
            Said("A time limit names its source, or is marked as planned where no law sets it."),
        )
    if own and not own.startswith("https://"):
        raise table.refuse(key, Said("The source is a public address that begins with https://."))
    return Limit(count, units[0], own or ("" if planned else source), planned, unsourced, ends)


def limit_if_any(table: Table, key: str, *, source: str = "") -> Limit | None:
    return limit_of(table, key, source=source) if key in table.left else None
