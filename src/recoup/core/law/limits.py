"""Time limits, counted from a moment that is given: nothing here reads a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recoup.core.law.pack import EscalationStep, MeasureRule


@dataclass(frozen=True, slots=True)
class Clocks:
    """The moments printed on a request. hold_until: the hold ends unless something binding came."""

    sent_at: datetime
    acknowledge_by: datetime
    answer_by: datetime
    lapses_at: datetime | None
    hold_until: datetime | None


def clocks(rule: MeasureRule, *, sent_at: datetime, is_precautionary: bool = False) -> Clocks:
    """Return the clocks of a request; a precautionary hold lapses by its own, shorter one."""
    lapse = rule.lapses_after
    if is_precautionary and rule.precautionary_lapses_after is not None:
        lapse = rule.precautionary_lapses_after
    lapses_at = None if lapse is None else sent_at + lapse
    hold_until = None if rule.hold_limit is None else sent_at + rule.hold_limit
    if is_precautionary and hold_until is not None and lapses_at is not None:
        hold_until = min(hold_until, lapses_at)
    return Clocks(
        sent_at=sent_at,
        acknowledge_by=sent_at + rule.acknowledge_within,
        answer_by=sent_at + rule.answer_within,
        lapses_at=lapses_at,
        hold_until=hold_until,
    )


def escalated_to(
    ladder: Sequence[EscalationStep], *, overdue_since: datetime, at: datetime
) -> tuple[EscalationStep, ...]:
    """Return the steps that are due at a moment, first the nearest desk."""
    return tuple(step for step in ladder if overdue_since + step.after <= at)
