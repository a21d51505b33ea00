"""The holds station's work, by the names under which earlier stations ask for it.

One pass does all that waits, so it serves every wake-up that came before it. The worker's own
clock does the same once a second without any.
"""

from __future__ import annotations

from recoup.apps.holds import plan_operations
from recoup.apps.jobs import work


@work("holds.open_case")
@work("holds.plan")
def plan() -> bool:
    """A report was accepted, an answer came, or a person decided; whether there may be more."""
    return not plan_operations.work(most_passes=1).is_idle
