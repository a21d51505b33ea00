"""What a figure, a declaration and their age make of a control."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.guidelines import (
    Control,
    Declared,
    Figure,
    Level,
    Measured,
    NewDeclaration,
    Origin,
    Outcome,
    Side,
    Standing,
    State,
    is_aged,
    level_of,
    months_after,
    outcome_of,
    problems_of,
    progress,
    progress_by_side,
    sides_of,
    standing_of,
)

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
TODAY = NOON.date()
MEASURED = Measured("answered_in_time", "answered in time", "answered", 90, 5)


def figure(numerator: int, denominator: int) -> Figure:
    return Figure(numerator, denominator, NOON, NOON)


def control(name: str = "P-16", measured: Measured | None = MEASURED) -> Control:
    side = {"C": Side.COMMON, "L": Side.LAW_ENFORCEMENT, "P": Side.PROVIDER}[name[0]]
    return Control(name, side, 57, "text", "proof", Origin("https://x.example", False), measured)


def standing(
    *, measured: Measured | None = MEASURED, counted: Figure | None = None,
    declared: Declared | None = None,
) -> Standing:  # fmt: skip
    return standing_of(
        control(measured=measured), figure=counted, declared=declared, on=TODAY, months=12
    )


def declared(level: int, **days: date) -> Declared:
    return Declared(Level(level), TODAY, **days)


@pytest.mark.parametrize(
    ("counted", "outcome"),
    [
        ((9, 10), Outcome.MET), ((10, 10), Outcome.MET), ((899, 1000), Outcome.MISSED),
        ((0, 10), Outcome.MISSED), ((4, 4), Outcome.TOO_LITTLE), ((0, 0), Outcome.TOO_LITTLE),
        ((5, 5), Outcome.MET),
    ],
)  # fmt: skip
def test_a_figure_is_met_missed_or_too_little(counted: tuple[int, int], outcome: Outcome) -> None:
    assert outcome_of(MEASURED, figure(*counted)) is outcome


def test_nothing_counted_is_never_a_success_whatever_the_file_says() -> None:
    assert outcome_of(Measured("m", "c", "o", 1, 0), figure(0, 0)) is Outcome.TOO_LITTLE


def test_a_share_that_is_not_all_is_never_written_as_all() -> None:
    assert figure(9_999, 10_000).percent == 99
    assert figure(0, 0).percent is None


@pytest.mark.parametrize("level", [None, 0, 1, 2, 3])
def test_a_figure_speaks_louder_than_a_declaration(level: int | None) -> None:
    said = None if level is None else declared(level)
    assert standing(counted=figure(10, 10), declared=said).state is State.PROVED
    assert standing(counted=figure(1, 10), declared=said).state is State.MISSED


@pytest.mark.parametrize(
    ("level", "state"),
    [(None, State.OPEN), (0, State.OPEN), (1, State.INFORMAL), (2, State.DECLARED),
     (3, State.DECLARED)],
)  # fmt: skip
def test_with_too_little_to_count_the_declaration_stands(level: int | None, state: State) -> None:
    said = None if level is None else declared(level)
    found = standing(counted=figure(1, 1), declared=said)
    assert (found.state, found.outcome) == (state, Outcome.TOO_LITTLE)
    assert standing(measured=None, declared=said).state is state


@pytest.mark.parametrize(
    ("reviewed", "aged", "level"),
    [(date(2025, 3, 31), False, 3), (date(2025, 3, 30), True, 2), (date(2024, 1, 1), True, 2)],
)
def test_after_twelve_months_it_counts_as_one_level_less(
    reviewed: date, aged: bool, level: int
) -> None:
    said = declared(3, dated=date(2023, 1, 1), reviewed_on=reviewed)
    assert is_aged(said, on=TODAY, months=12) is aged
    assert level_of(said, on=TODAY, months=12) == level


def test_a_written_procedure_that_aged_is_informal_and_nothing_falls_below_absent() -> None:
    old = standing(measured=None, declared=declared(2, dated=date(2024, 1, 1)))
    assert (old.state, old.level, old.is_aged) == (State.INFORMAL, Level.INFORMAL, True)
    gone = standing(measured=None, declared=declared(0, dated=date(2024, 1, 1)))
    assert (gone.state, gone.level) == (State.OPEN, Level.ABSENT)


def test_it_ages_from_the_review_then_the_document_then_the_word() -> None:
    assert declared(2, dated=date(2020, 1, 1), reviewed_on=TODAY).counted_from == TODAY
    assert declared(2, dated=date(2020, 1, 1)).counted_from == date(2020, 1, 1)
    assert declared(1).counted_from == TODAY


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)), (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)), (date(2025, 1, 1), 12, date(2026, 1, 1)),
    ],
)  # fmt: skip
def test_months_end_on_the_last_day_of_a_shorter_one(day: date, months: int, after: date) -> None:
    assert months_after(day, months) == after


@pytest.mark.parametrize(
    ("kind", "side"),
    [("police", Side.LAW_ENFORCEMENT), ("prosecutor", Side.LAW_ENFORCEMENT),
     ("fiu", Side.LAW_ENFORCEMENT), ("bank", Side.PROVIDER), ("isp", Side.PROVIDER),
     ("vasp", Side.PROVIDER)],
)  # fmt: skip
def test_everybody_has_the_common_side_and_one_of_their_own(kind: str, side: Side) -> None:
    assert sides_of(kind) == (Side.COMMON, side)
    assert sides_of("public") == ()


@given(st.lists(st.sampled_from(State)))
def test_progress_counts_each_control_once(states: list[State]) -> None:
    found = progress(Standing(control(), state, None, None, None, False) for state in states)
    assert found.total == len(states)
    assert found.proved == states.count(State.PROVED)
    assert found.declared == states.count(State.DECLARED)


def test_progress_by_side_leaves_out_sides_without_controls() -> None:
    lines = [
        Standing(control(name), State.PROVED, None, None, None, False)
        for name in ("P-01", "C-01", "C-02")
    ]
    assert {s: p.total for s, p in progress_by_side(lines).items()} == {
        Side.COMMON: 2, Side.PROVIDER: 1,
    }  # fmt: skip


LATER, BEFORE = date(2026, 4, 1), date(2026, 3, 30)


@pytest.mark.parametrize(
    ("new", "fields"),
    [
        (NewDeclaration(Level.ABSENT), []),
        (NewDeclaration(Level.INFORMAL), []),
        (NewDeclaration(Level.WRITTEN), ["evidence", "dated"]),
        (NewDeclaration(Level.MEASURED, "Rules, shelf 3"), ["dated"]),
        (NewDeclaration(Level.WRITTEN, "Rules", TODAY), []),
        (NewDeclaration(Level.WRITTEN, "Rules", LATER), ["dated"]),
        (NewDeclaration(Level.INFORMAL, "", None, LATER), ["reviewed_on"]),
        (NewDeclaration(Level.WRITTEN, "Rules", TODAY, BEFORE), ["reviewed_on"]),
        (NewDeclaration(Level.WRITTEN, "Rules", BEFORE, TODAY), []),
    ],
)
def test_what_is_wrong_with_a_declaration(new: NewDeclaration, fields: list[str]) -> None:
    assert [problem.field for problem in problems_of(new, today=TODAY)] == fields
