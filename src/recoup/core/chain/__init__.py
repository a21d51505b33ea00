"""The chain of holds: facts in, conclusions out.

``plan`` rebuilds from all facts what became of every claim, which tickets should leave now and
what a person must settle; ``check`` says which invariants are broken. Both are pure functions.
"""

from __future__ import annotations

from recoup.core.chain.check import Broken, check
from recoup.core.chain.conclusions import (
    BorderTask,
    Conclusions,
    Flow,
    Task,
    Total,
    TrailRow,
    Want,
    Withdrawal,
)
from recoup.core.chain.draft import (
    Booking,
    Draft,
    Traced,
    destinations_needed,
    window_problem,
)
from recoup.core.chain.facts import (
    AccountFact,
    AnsweredLine,
    ClaimFact,
    ClosingGround,
    Destination,
    Facts,
    HoldFact,
    Line,
    OpenTicket,
    Side,
    Window,
)
from recoup.core.chain.planning import carried_debits, closure, plan
from recoup.core.chain.retrace import Retraced, as_of, is_balanced, moments, retrace
from recoup.core.chain.returns import RETURNED_DIFFERS, Returned, told_back

__all__ = [
    "RETURNED_DIFFERS",
    "AccountFact",
    "AnsweredLine",
    "Booking",
    "BorderTask",
    "Broken",
    "ClaimFact",
    "ClosingGround",
    "Conclusions",
    "Destination",
    "Draft",
    "Facts",
    "Flow",
    "HoldFact",
    "Line",
    "OpenTicket",
    "Retraced",
    "Returned",
    "Side",
    "Task",
    "Total",
    "Traced",
    "TrailRow",
    "Want",
    "Window",
    "Withdrawal",
    "as_of",
    "carried_debits",
    "check",
    "closure",
    "destinations_needed",
    "is_balanced",
    "moments",
    "plan",
    "retrace",
    "told_back",
    "window_problem",
]
