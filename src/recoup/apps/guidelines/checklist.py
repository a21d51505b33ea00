"""An organisation's checklist: every control that binds it, with figure, declaration and standing.

The page and the file are made of the same rows, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from recoup.apps.guidelines import queries
from recoup.apps.guidelines.figures import Took, count
from recoup.apps.guidelines.models import Declaration
from recoup.core.access import Actor
from recoup.core.guidelines import (
    Control,
    Guidelines,
    Progress,
    Side,
    Standing,
    progress,
    progress_by_side,
    sides_of,
    standing_of,
)
from recoup.data.guidelines import load_guidelines


@dataclass(frozen=True, slots=True)
class Line:
    """One control as it stands, with the declaration behind it. took: how long answers took."""

    standing: Standing
    declaration: Declaration | None
    took: Took | None = None

    @property
    def control(self) -> Control:
        return self.standing.control


@dataclass(frozen=True, slots=True)
class Checklist:
    """other_side: controls that bind one's partners; they are shown, not judged."""

    guidelines: Guidelines
    lines: tuple[Line, ...]
    whole: Progress
    by_side: Mapping[Side, Progress]
    other_side: tuple[Control, ...]
    at: datetime

    def of_side(self, side: Side) -> list[Line]:
        return [line for line in self.lines if line.control.side is side]


def checklist_of(actor: Actor, *, at: datetime) -> Checklist:
    """Count and judge everything that binds the actor's organisation."""
    guidelines = load_guidelines()
    sides = sides_of(actor.organisation_kind)
    lines = lines_of(actor, guidelines.of_sides(sides), at=at)
    standings = [line.standing for line in lines]
    others = [side for side in Side if side not in sides]
    return Checklist(
        guidelines, lines, progress(standings), progress_by_side(standings),
        guidelines.of_sides(others), at,
    )  # fmt: skip


def lines_of(actor: Actor, controls: tuple[Control, ...], *, at: datetime) -> tuple[Line, ...]:
    """Judge some controls of the actor's organisation."""
    counting = load_guidelines().counting
    counted = count(actor, controls, counting=counting, at=at)
    declarations = queries.last_declarations(actor)
    today = timezone.localdate(at)
    lines = []
    for control in controls:
        row = declarations.get(control.control)
        standing = standing_of(
            control,
            figure=counted.figures.get(control.measured.measure) if control.measured else None,
            declared=queries.as_declared(row) if row else None,
            on=today,
            months=counting.review_after_months,
        )
        timed = control.measured is not None and control.measured.measure == "answered_in_time"
        lines.append(Line(standing, row, counted.took if timed else None))
    return tuple(lines)
