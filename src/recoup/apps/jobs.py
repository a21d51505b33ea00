"""Wakes a later station by name, in the transaction of the change that asks for it (decision 2).

An earlier station never imports a later one: it names what has to be done, and a test resolves
every name. What has to be done is read from work lists, which are tables: a wake-up that is lost
loses nothing, and two are as good as one, so it is a notification and no row (ADR 0011).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import connection

CHANNEL: Final = "recoup_work"
WORK: Final[dict[str, Callable[[], bool]]] = {}


def work(name: str) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
    """Declare what is done under a name: in the worker, once for any number of wake-ups.

    The function tells whether there may be more; it is called again then.
    """

    def declare(function: Callable[[], bool]) -> Callable[[], bool]:
        WORK[name] = function
        return function

    return declare


def defer(name: str) -> None:
    """Ask for the work of a name; the worker hears of it when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, name])
