"""The holds station's jobs, by the names under which earlier stations defer them.

Jobs are wake-ups: each does all that waits. The sweep of the worker does the same without them.
"""

from __future__ import annotations

from procrastinate.contrib.django import app

from recoup.apps.holds import plan_operations


@app.task(name="holds.open_case", queue="holds")
def open_case(report_id: str) -> None:
    """A report was accepted: open its case and whatever else waits."""
    plan_operations.work()


@app.task(name="holds.plan", queue="holds")
def plan() -> None:
    """An answer came, or a person decided: plan what is connected to it."""
    plan_operations.work()
