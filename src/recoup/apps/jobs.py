"""Defers work by name, in the transaction of the change that asks for it (decision 2).

An earlier station never imports a later one: it names the job, and a test resolves every name.
The job is only a wake-up: what has to be done is read from the tables, so a lost job loses nothing.
"""

from __future__ import annotations

from typing import Any, Final

from procrastinate.contrib.django import app

HOLDS_QUEUE: Final = "holds"
URGENT: Final = 10


def defer(name: str, **arguments: Any) -> None:
    """Ask for a job of the holds queue; it starts after the transaction commits."""
    app.configure_task(name, queue=HOLDS_QUEUE, priority=URGENT, allow_unknown=True).defer(
        **arguments
    )
