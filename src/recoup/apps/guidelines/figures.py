"""Counts: all figures of an organisation, one statement a source; and the rows behind one of them.

What has few rows is counted in one statement together.

Nothing is kept from one page to the next, so a figure is as old as the page that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from recoup.apps.guidelines.measures import Query, query_of
from recoup.apps.guidelines.sources import NOW, READ, SOURCES, TOGETHER
from recoup.core.access import Actor
from recoup.core.guidelines import Control, Counting, Figure, sides_of
from recoup.data import load_channels, load_measures

SHOWN_AT_MOST: Final = 50
WITHOUT_NAME: Final = frozenset({"other", "none"})


@dataclass(frozen=True, slots=True)
class Took:
    """How long answers took: half of them, and nine of ten, came within this time."""

    median: timedelta | None
    nine_of_ten: timedelta | None


@dataclass(frozen=True, slots=True)
class Row:
    """One thing behind a figure: what was counted and is not good. ticket: if it is one."""

    label: str
    detail: str
    at: datetime | None
    ticket: UUID | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The figure of each measure; and how long answers took, where requests were received."""

    figures: Mapping[str, Figure]
    took: Took | None


def count(
    actor: Actor, controls: Iterable[Control], *, counting: Counting, at: datetime
) -> Counted:
    """Count each measure that the controls name."""
    sides = sides_of(actor.organisation_kind)
    names = {c.measured.measure for c in controls if c.measured}
    by_source: dict[str, dict[str, Query]] = {}
    for name in sorted(names):
        query = query_of(name, sides)
        by_source.setdefault(query.source, {})[name] = query
    values = _values(actor, counting, at)
    found: dict[str, Figure] = {}
    took: Took | None = None
    together = [source for source in by_source if source in TOGETHER]
    for group in [*([source] for source in by_source if source not in TOGETHER), together]:
        counted, spans = _count({source: by_source[source] for source in group}, values, at)
        found |= counted
        took = Took(*spans) if spans else took
    return Counted(found, took)


def rows_behind(actor: Actor, control: Control, *, counting: Counting, at: datetime) -> list[Row]:
    """Return what a figure counted and found wanting, the newest first; one more than is shown."""
    if control.measured is None:
        return []
    query = query_of(control.measured.measure, sides_of(actor.organisation_kind))
    sql = (
        f"with s as ({SOURCES[query.source]}) select label, detail, at, ticket from s "  # noqa: S608
        f"where ({query.counted}) and ({query.good}) is not true "
        f"order by at desc nulls last, label limit {SHOWN_AT_MOST + 1}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(actor, counting, at))
        return [Row(*row) for row in cursor.fetchall()]


TOOK: Final = "percentile_cont(array[0.5, 0.9]) within group (order by took)"


def _count(
    by_source: Mapping[str, Mapping[str, Query]], values: Mapping[str, Any], at: datetime
) -> tuple[dict[str, Figure], list[timedelta | None] | None]:
    """One statement: the figures of its sources, and how long answers took if one says so."""
    found: dict[str, Figure] = {}
    took: list[timedelta | None] | None = None
    if not by_source:
        return found, took
    parts = [f"({_counting(*one)}) as s{place}" for place, one in enumerate(by_source.items())]
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {' cross join '.join(parts)}", values)  # noqa: S608
        row = list(cursor.fetchone())
    for source, queries in by_source.items():
        looked_at, oldest, spans, *row = row
        counts, row = row[: 2 * len(queries)], row[2 * len(queries) :]
        most = values["newest_read" if source in READ else "newest"]
        since = at if source in NOW else oldest if looked_at >= most else values["since"]
        pairs = zip(counts[::2], counts[1::2], strict=True)
        for name, (good, counted) in zip(queries, pairs, strict=True):
            found[name] = Figure(good, counted, since, at)
        took = spans or took
    return found, took


def _counting(source: str, queries: Mapping[str, Query]) -> str:
    """One row: how many were looked at, the oldest, how long they took, and the figures."""
    columns = ", ".join(
        f"count(*) filter (where ({q.counted}) and ({q.good})), count(*) filter (where {q.counted})"
        for q in queries.values()
    )
    took = TOOK if source == "received" else "null::interval[]"
    return (
        f"with s as materialized ({SOURCES[source]}) "  # noqa: S608  (conditions are our own text)
        f"select count(*), min(at), {took}, {columns} from s"
    )


def _values(actor: Actor, counting: Counting, at: datetime) -> dict[str, Any]:
    return {
        "org": actor.organisation_id,
        "now": at,
        "since": at - timedelta(days=counting.days),
        "newest": counting.newest,
        "newest_read": counting.newest_read,
        "zone": timezone.get_current_timezone_name(),
        "days_off": list(counting.days_off),
        "office_from": counting.office_from,
        "office_until": counting.office_until,
        "open_at_most": counting.open_at_most,
        "codes": [
            f"{m.measure}:{code}" for m in load_measures().values() for code in m.answer_codes
        ],
        "channels": sorted(set(load_channels()) - WITHOUT_NAME),
    }
