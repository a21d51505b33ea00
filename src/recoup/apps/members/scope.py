"""Enters the scope of an actor: from here on row-level security shows its organisation's rows only.

The one code path that sets ``recoup.org`` (DATAMODEL A4, pitfall 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from recoup.core.access import Actor

ENTER = "select set_config('recoup.org', %s, true), set_config('recoup.person', %s, true), now()"


def enter(actor: Actor) -> datetime:
    """Set the scope for the rest of the transaction and return the database's time."""
    if not connection.in_atomic_block:
        raise RuntimeError("A scope needs a transaction around it.")
    with connection.cursor() as cursor:
        cursor.execute(ENTER, [str(actor.organisation_id), str(actor.person_id or "")])
        return cursor.fetchone()[2]


@contextmanager
def scope(actor: Actor) -> Iterator[datetime]:
    """A transaction in the scope of an actor; gives the database's time."""
    with transaction.atomic():
        yield enter(actor)


def database_time() -> datetime:
    """The database's time, for work that looks past organisations (planner, clocks)."""
    with connection.cursor() as cursor:
        cursor.execute("select now()")
        return cursor.fetchone()[0]
