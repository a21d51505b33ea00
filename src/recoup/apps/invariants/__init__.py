"""What must always be true of the hub, I01 to I20: a function each, asked of the database.

``check_all`` asks them as the planner, who looks past organisations; what an organisation may see
is asked as the pages' own log-in. A check says what is wrong and where. What cannot be true or
false yet, because what it speaks of does not exist, says so by name and is never counted as held.
"""

from __future__ import annotations

from recoup.apps.invariants.asking import Ask, Verdict, Wrong, checks, verdict_of
from recoup.apps.invariants.authority import check_i01, check_i02, check_i14, check_i19
from recoup.apps.invariants.flow import (
    check_i03,
    check_i04,
    check_i06,
    check_i09,
    check_i12,
    check_i13,
    check_i16,
)
from recoup.apps.invariants.keeping import (
    check_i10,
    check_i11,
    check_i15,
    check_i17,
    check_i18,
    check_i20,
)
from recoup.apps.invariants.trail import check_i05, check_i07, check_i08

__all__ = [
    "Ask", "Verdict", "Wrong", "check_all", "check_i01", "check_i02", "check_i03", "check_i04",
    "check_i05", "check_i06", "check_i07", "check_i08", "check_i09", "check_i10", "check_i11",
    "check_i12", "check_i13", "check_i14", "check_i15", "check_i16", "check_i17", "check_i18",
    "check_i19", "check_i20",
]  # fmt: skip


def check_all(ask: Ask) -> list[Verdict]:
    """Ask every invariant, in the order of their numbers."""
    return [verdict_of(number, ask) for number in checks()]
