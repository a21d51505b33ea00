"""Ends what stops a clock for too long: whose question nobody answers waits no longer for ever.

How long a stop may last stands in ``data/requests.toml``. What ended it is written on the row: the
moment at which it had lasted so long, whenever the hub comes to look.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import F

from recoup.apps.audit import operations as audit
from recoup.apps.lawful_requests.models import ClockStop
from recoup.apps.members.queries import hub_actor
from recoup.data.requests import load_clocks

QUESTION: Final = "question"


def end_long_stops(*, at: datetime) -> int:
    """Let go on the clocks that a question stopped for the longest time; returns how many.

    Runs as the planner. The question stays, and may be replied to; it stops nothing any more.
    """
    longest = load_clocks().stop
    over = list(
        ClockStop.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(kind="stop", ground=QUESTION, ended_at=None, started_at__lte=at - longest)
        .select_related("issuer")
    )
    if not over:
        return 0
    ClockStop.objects.filter(pk__in=[row.pk for row in over]).update(
        ended_at=F("started_at") + longest
    )
    for row in over:
        audit.record(
            what="ticket:stop_ended", about=f"ticket:{row.ticket_id}", by=hub_actor(row.issuer),
            at=at, days=longest.days,
        )  # fmt: skip
    return len(over)
