"""Loads the numbers by which requests are checked and timed (``requests.toml``), once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from recoup.core.completeness import Bounds
from recoup.core.law import Limit, QuietHours, Unit


@dataclass(frozen=True, slots=True)
class RequestClocks:
    """The clocks of a request that no law gives. danger: in an emergency."""

    submit: Limit
    decide: timedelta
    decide_in_danger: timedelta
    step: timedelta
    step_in_danger: timedelta
    steps: int
    undecided: Limit
    reply: Limit
    hear: timedelta
    ring_again: timedelta
    open_again: timedelta
    open_tries: int
    warn_before_end: timedelta
    warn_before_answer: timedelta
    release: timedelta
    retention: Limit
    stop: timedelta
    doubt: timedelta
    doubt_sent: timedelta


@dataclass(frozen=True, slots=True)
class Most:
    """How much one request or ticket may have."""

    targets: int
    identifiers: int
    files: int
    notes: int


@dataclass(frozen=True, slots=True)
class Marks:
    """When an addressee is told to look twice. day: hours on the wall within which it is usual."""

    new_mandate: timedelta
    day_begins: int
    day_ends: int
    many_addressees: int


@cache
def load_bounds() -> Bounds:
    """What is usual, old or intrusive, by category of data."""
    table = _table()
    return Bounds(
        longest=_days(table["longest"]),
        old_after=_days(table["old_after"]),
        intrusive=frozenset(table["always_proportionate"]),
        warn_before_gone=timedelta(days=table["warn_before_gone"]),
    )


@cache
def load_clocks() -> RequestClocks:
    clocks = _table()["clocks"]
    return RequestClocks(
        submit=_limit(clocks["submit_days"], Unit.DAYS),
        decide=timedelta(hours=clocks["decide_hours"]),
        decide_in_danger=timedelta(minutes=clocks["decide_danger_minutes"]),
        step=timedelta(hours=clocks["decide_step_hours"]),
        step_in_danger=timedelta(minutes=clocks["decide_danger_step_minutes"]),
        steps=clocks["decide_steps"],
        undecided=_limit(clocks["undecided_days"], Unit.DAYS),
        reply=_limit(clocks["reply_days"], Unit.DAYS),
        hear=timedelta(hours=clocks["hear_hours"]),
        ring_again=timedelta(minutes=clocks["ring_again_minutes"]),
        open_again=timedelta(minutes=clocks["open_again_minutes"]),
        open_tries=clocks["open_tries"],
        warn_before_end=timedelta(days=clocks["warn_before_end_days"]),
        warn_before_answer=timedelta(hours=clocks["warn_before_answer_hours"]),
        release=timedelta(hours=clocks["release_hours"]),
        retention=_limit(clocks["retention_days"], Unit.DAYS),
        stop=timedelta(days=clocks["stop_days"]),
        doubt=timedelta(days=clocks["doubt_days"]),
        doubt_sent=timedelta(days=clocks["doubt_sent_days"]),
    )


@cache
def load_quiet_hours(country: str) -> QuietHours:
    """When nobody is called without need in a jurisdiction."""
    table = _table()["quiet_hours"]
    own = table.get(country, table)
    return QuietHours(time.fromisoformat(own["begin"]), time.fromisoformat(own["end"]))


@cache
def load_before_writing() -> frozenset[str]:
    """The measures that leave on an oral decision before it is in writing: they can be undone."""
    return frozenset(_table()["before_writing"])


@cache
def load_most() -> Most:
    return Most(**_table()["most"])


@cache
def load_marks() -> Marks:
    marks = _table()["marks"]
    return Marks(
        new_mandate=timedelta(days=marks["new_mandate_days"]), day_begins=marks["day_begins"],
        day_ends=marks["day_ends"], many_addressees=marks["many_addressees"],
    )  # fmt: skip


def _limit(count: int, unit: Unit) -> Limit:
    return Limit(count, unit, planned=True)


def _days(table: Mapping[str, int]) -> dict[str, timedelta]:
    return {category: timedelta(days=days) for category, days in table.items()}


def _table() -> dict[str, Any]:
    return tomllib.loads((files("recoup.data") / "requests.toml").read_text(encoding="utf-8"))
