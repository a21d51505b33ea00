"""Does things of one kind each by itself, so that one that fails holds back none of the others.

Each runs in a savepoint of its own inside the caller's transaction: what failed is undone, the rest
is stored together. Where the database itself is the trouble, everything fails and is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID, uuid5

from django.db import InterfaceError, OperationalError, transaction

T = TypeVar("T")
KEYS = UUID("6f0e5d0a-52a5-4a0e-9c0f-6d8f3c3a5b11")
ASKED_TOO_MUCH = ("54", "22", "23")
PASSING = ("40001", "40P01", "23505")
OF_ONE_STATEMENT = ("57014", "40001", "40P01")


def each_apart(
    rows: Iterable[T], act: Callable[[T], object], *, on_trouble: Callable[[T, Exception], object]
) -> list[T]:
    """Returns the rows of which all went well; ``on_trouble`` is told of each other one."""
    done: list[T] = []
    for row in rows:
        try:
            with transaction.atomic():
                act(row)
        except Exception as trouble:
            if is_away(trouble):
                raise
            on_trouble(row, trouble)
        else:
            done.append(row)
    return done


def key_of(what: str, row: object) -> UUID:
    """The name under which trouble with one act on a row is kept, whatever the row's own key is."""
    return uuid5(KEYS, f"{what}:{row}")


def is_away(trouble: Exception) -> bool:
    """Whether the database is the trouble: gone, full or ending; not what it was asked to do."""
    if not isinstance(trouble, OperationalError | InterfaceError):
        return False
    state = _state(trouble)
    return state[:2] not in ASKED_TOO_MUCH and state not in OF_ONE_STATEMENT


def passes_by(trouble: Exception) -> bool:
    """Whether somebody was in between: tried again, it may well go."""
    return _state(trouble) in PASSING


def _state(trouble: Exception) -> str:
    return getattr(trouble.__cause__, "sqlstate", "") or ""
