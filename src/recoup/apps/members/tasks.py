"""The members station's housekeeping, as jobs of the queue: what may go, and when it goes."""

from __future__ import annotations

from procrastinate.contrib.django import app

from recoup.apps.members import housekeeping_operations

HOUSEKEEPING = "housekeeping"


@app.periodic(cron="17 2 * * *")
@app.task(name="members.forget_given_answers", queue=HOUSEKEEPING)
def forget_given_answers(timestamp: int) -> None:
    """Each night: a machine that repeats a write does so within days, not years."""
    housekeeping_operations.forget_given_answers()
