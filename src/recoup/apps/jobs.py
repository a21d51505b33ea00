"""Wakes a later station by name, in the transaction of the change that asks for it (decision 2).

An earlier station never imports a later one: it names what has to be done, and a test resolves
every name. What has to be done is read from work lists, which are tables: a wake-up that is lost
loses nothing, and two are as good as one, so it is a notification and no row (ADR 0011).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from django.db import connection

WORK_CHANNEL: Final = "recoup_work"  # what has to be done, by name
INBOX_CHANNEL: Final = "recoup_inbox"  # an organisation has a ticket
CASE_CHANNEL: Final = "recoup_case"  # something changed in a case
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
    notify({WORK_CHANNEL: [name]})


def notify(notes: Mapping[str, Iterable[str]]) -> None:
    """Tell those who listen, by channel, in one statement.

    An accelerator only: there is polling behind it (decision 25).
    """
    pairs = [(channel, about) for channel, told in notes.items() for about in sorted(set(told))]
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_notify(c, p) from unnest(%s::text[], %s::text[]) as n (c, p)",
                [[channel for channel, _ in pairs], [about for _, about in pairs]],
            )
