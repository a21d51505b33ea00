"""How far an organisation follows the guidelines for co-operation: controls, figures, standings.

A control is one thing that the guidelines ask for. It is proved by a figure that Recoup counts in
its own tables, or it is declared by the organisation. A figure that was counted speaks louder than
a declaration; where there is too little to count, the declaration stands. Nothing here reads a
clock or a table.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

from recoup.core.said import Said


class Side(StrEnum):
    """Whom a control binds: both, those who ask, or those who answer."""

    COMMON = "common"
    LAW_ENFORCEMENT = "law_enforcement"
    PROVIDER = "provider"


class Level(IntEnum):
    """How far something has come, as the organisation says."""

    ABSENT = 0
    INFORMAL = 1
    WRITTEN = 2
    MEASURED = 3


class Outcome(StrEnum):
    """What a figure says against its target."""

    MET = "met"
    MISSED = "missed"
    TOO_LITTLE = "too_little"


class State(StrEnum):
    """Where a control stands. Only the first two count as done."""

    PROVED = "proved"
    DECLARED = "declared"
    INFORMAL = "informal"
    MISSED = "missed"
    OPEN = "open"


DONE = (State.PROVED, State.DECLARED)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a control comes from. is_sourced: a public page names it; else general knowledge only.

    Neither is a confirmation: confirmed_by is empty until somebody compared it with the text.
    """

    source: str
    is_sourced: bool
    confirmed_by: str = ""

    @property
    def is_confirmed(self) -> bool:
        return bool(self.confirmed_by)


@dataclass(frozen=True, slots=True)
class Measured:
    """How a figure is counted: counts (numerator) of (denominator), in words for people.

    target: percent that has to be reached. enough: the smallest denominator that says anything.
    """

    measure: str
    counts: str
    of: str
    target: int
    enough: int


@dataclass(frozen=True, slots=True)
class Control:
    """One thing asked for. paragraph: of the guidelines, approximate. proof: what shows it."""

    control: str
    side: Side
    paragraph: int
    text: str
    proof: str
    origin: Origin
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """Over what figures are counted, and when a declaration has aged.

    newest, newest_read: no more requests than these, the second where each is opened and read.
    Office hours are local, from hour to hour, and not on the days_off (1 is Monday).
    """

    days: int
    newest: int
    newest_read: int
    office_from: int
    office_until: int
    days_off: tuple[int, ...]
    open_at_most: int
    review_after_months: int


@dataclass(frozen=True, slots=True)
class Guidelines:
    """All controls, in the order of the guidelines. title, source, to_check: of the text itself."""

    title: str
    source: str
    to_check: str
    counting: Counting
    controls: tuple[Control, ...]

    def control(self, name: str) -> Control | None:
        return next((c for c in self.controls if c.control == name), None)

    def of_sides(self, sides: Iterable[Side]) -> tuple[Control, ...]:
        wanted = frozenset(sides)
        return tuple(c for c in self.controls if c.side in wanted)


@dataclass(frozen=True, slots=True)
class Figure:
    """What was counted, from when to when. since: the oldest thing that was looked at."""

    numerator: int
    denominator: int
    since: datetime
    at: datetime

    @property
    def percent(self) -> int | None:
        """The share, rounded down, so that what is not all is never written as 100 %."""
        return self.numerator * 100 // self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class Declared:
    """What an organisation says of one control. dated: its document; reviewed_on: the last look."""

    level: Level
    declared_on: date
    dated: date | None = None
    reviewed_on: date | None = None

    @property
    def counted_from(self) -> date:
        """The day from which it ages: the last review, else the document, else the word itself."""
        return self.reviewed_on or self.dated or self.declared_on


@dataclass(frozen=True, slots=True)
class Standing:
    """One control of one organisation. level: what the declaration still counts as."""

    control: Control
    state: State
    outcome: Outcome | None
    figure: Figure | None
    level: Level | None
    is_aged: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How many controls of a side are proved, declared, and neither."""

    proved: int
    declared: int
    open: int

    @property
    def total(self) -> int:
        return self.proved + self.declared + self.open


LAW_ENFORCEMENT_KINDS = frozenset({"police", "prosecutor", "fiu"})


def sides_of(organisation_kind: str) -> tuple[Side, ...]:
    """Return which sides bind an organisation, by its kind; none for the public."""
    if organisation_kind == "public":
        return ()
    asks = organisation_kind in LAW_ENFORCEMENT_KINDS
    return (Side.COMMON, Side.LAW_ENFORCEMENT if asks else Side.PROVIDER)


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def is_aged(declared: Declared, *, on: date, months: int) -> bool:
    """Whether nobody has looked at it for more than so many months."""
    return on > months_after(declared.counted_from, months)


def level_of(declared: Declared, *, on: date, months: int) -> Level:
    """Return what a declaration counts as on a day: one level less once it has aged."""
    if not is_aged(declared, on=on, months=months):
        return declared.level
    return Level(max(declared.level - 1, Level.ABSENT))


def outcome_of(measured: Measured, figure: Figure) -> Outcome:
    """Return what a figure says; too little is an answer of its own, never a success."""
    if figure.denominator < max(measured.enough, 1):
        return Outcome.TOO_LITTLE
    is_met = figure.numerator * 100 >= measured.target * figure.denominator
    return Outcome.MET if is_met else Outcome.MISSED


def standing_of(
    control: Control, *, figure: Figure | None, declared: Declared | None, on: date, months: int
) -> Standing:
    """Return where a control stands: by its figure, else by what was declared."""
    level = level_of(declared, on=on, months=months) if declared else None
    aged = bool(declared and is_aged(declared, on=on, months=months))
    outcome = outcome_of(control.measured, figure) if control.measured and figure else None
    if outcome is Outcome.MET:
        state = State.PROVED
    elif outcome is Outcome.MISSED:
        state = State.MISSED
    else:
        state = _by_level(level)
    return Standing(control, state, outcome, figure, level, aged)


def _by_level(level: Level | None) -> State:
    if level is None or level == Level.ABSENT:
        return State.OPEN
    return State.INFORMAL if level == Level.INFORMAL else State.DECLARED


def progress(standings: Iterable[Standing]) -> Progress:
    """Count standings; informal and missed ones are open."""
    states = [standing.state for standing in standings]
    proved, declared = states.count(State.PROVED), states.count(State.DECLARED)
    return Progress(proved, declared, len(states) - proved - declared)


def progress_by_side(standings: Iterable[Standing]) -> Mapping[Side, Progress]:
    """Count each side by itself, in the order of the guidelines; sides without controls are out."""
    kept = list(standings)
    sides = [side for side in Side if any(s.control.side is side for s in kept)]
    return {side: progress(s for s in kept if s.control.side is side) for side in sides}


@dataclass(frozen=True, slots=True)
class NewDeclaration:
    """What somebody wants to declare."""

    level: Level
    evidence: str = ""
    dated: date | None = None
    reviewed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a declaration is not taken. field: where it was written."""

    field: str
    said: Said


def problems_of(new: NewDeclaration, *, today: date) -> Iterator[Problem]:
    """Name all that is wrong with a declaration; nothing is in the future."""
    if new.level >= Level.WRITTEN and not new.evidence:
        yield Problem("evidence", Said("Say which document it is and where it is kept."))
    if new.level >= Level.WRITTEN and new.dated is None:
        yield Problem("dated", Said("Give the date that stands on the document."))
    for field, day in (("dated", new.dated), ("reviewed_on", new.reviewed_on)):
        if day is not None and day > today:
            said = Said("%(day)s has not come yet. Give a day up to today.", day=day.isoformat())
            yield Problem(field, said)
    if new.dated and new.reviewed_on and new.reviewed_on < new.dated:
        yield Problem(
            "reviewed_on",
            Said(
                "%(day)s is before the document. A review comes after what it reviews.",
                day=new.reviewed_on.isoformat(),
            ),
        )
