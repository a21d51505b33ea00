"""Switches the scoping of the code off, so that nothing but row-level security protects.

A condition that names an organisation or a person on a guarded table is left out of whatever the
pages and the API ask: `Case.objects.filter(visible_to__contains=[own])` then asks for every case.
What an exclusion says stays, since without it more would be hidden, not less.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.db.models.sql.query import Query
from django.db.models.sql.where import WhereNode

from recoup.apps.keyed import Keyed

# The columns by which a row is somebody's.
OWNERS = frozenset(
    {"organisation", "issuer", "addressee", "owner", "authority", "confirmer", "institution",
     "competent", "visible_to", "person", "author", "taken_by", "ledger__organisation"}
)  # fmt: skip


@dataclass
class Dropped:
    """What was left out: each condition by its table and column, and how often."""

    times: dict[str, int] = field(default_factory=dict)

    def note(self, model: type[Model], name: str) -> None:
        key = f"{model._meta.db_table}.{name}"
        self.times[key] = self.times.get(key, 0) + 1


def guarded_tables() -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relrowsecurity"
        )
        return frozenset(row[0] for row in cursor.fetchall())


@contextlib.contextmanager
def without_scoping() -> Iterator[Dropped]:
    """Within the block no query names whose rows it wants; gives what was left out."""
    guarded, dropped, before = guarded_tables(), Dropped(), Query.build_filter

    def build_filter(self: Query, told: Any, *rest: Any, **more: Any) -> Any:
        if isinstance(told, tuple | list) and self.model and not is_negated(rest, more):
            name = owner_named(str(told[0]))
            if name and self.model._meta.db_table in guarded:
                dropped.note(self.model, name)
                return WhereNode(), ()
        return before(self, told, *rest, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Query, "build_filter", build_filter)
        # What was composed once has its conditions in it.
        patched.setattr(Keyed, "__call__", lambda self, *keys: list(self.compose(*keys)))
        yield dropped


def is_negated(rest: tuple[Any, ...], more: dict[str, Any]) -> bool:
    named = {**dict(zip(("branch_negated", "current_negated"), rest, strict=False)), **more}
    return bool(named.get("branch_negated") or named.get("current_negated"))


def owner_named(argument: str) -> str:
    """The owner's column that a condition names; empty if it names none."""
    name = argument
    for ending in ("__contains", "__exact", "__in", "__any", "__id", "_id"):
        name = name.removesuffix(ending)
    return name if name in OWNERS else ""
