"""The holds station's jobs, by the names under which earlier stations defer them.

Jobs are wake-ups: each does all that waits, also what the jobs behind it were asked for, so those
are dropped first. The sweep of the worker does the same without any job.
"""

from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app

from recoup.apps.holds import plan_operations
from recoup.apps.jobs import HOLDS_QUEUE


@app.task(name="holds.open_case", queue="holds")
def open_case(report_id: str) -> None:
    """A report was accepted: open its case and whatever else waits."""
    _work()


@app.task(name="holds.plan", queue="holds")
def plan() -> None:
    """An answer came, or a person decided: plan what is connected to it."""
    _work()


# Whoever asked for these committed before now, and is seen by the pass that follows.
DROP_WAITING = """
delete from procrastinate_jobs where queue_name = %s and status = 'todo'
"""


def _work() -> None:
    with connection.cursor() as cursor:
        cursor.execute(DROP_WAITING, [HOLDS_QUEUE])
    plan_operations.work()
