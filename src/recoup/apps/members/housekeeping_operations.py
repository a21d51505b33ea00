"""What is deleted because its time is over, by the worker's own log-in."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction

from recoup.apps.members.scope import database_time

# A machine repeats a write within minutes, after an outage within days.
GIVEN_ANSWERS_KEPT = timedelta(days=30)


@transaction.atomic
def forget_given_answers() -> int:
    """Delete the answers to Idempotency-Keys that nobody repeats any more; returns how many."""
    before = database_time() - GIVEN_ANSWERS_KEPT
    with connection.cursor() as cursor:
        cursor.execute("delete from members_givenanswer where given_at < %s", [before])
        return int(cursor.rowcount)
