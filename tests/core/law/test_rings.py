"""Who is called when: ladders, quiet hours, days off, emergencies at 03:00, substitution."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.law import Clock, Ladder, OnCall, QuietHours, Rung, due_rings, rings
from recoup.core.law.rings import AFTER_ANOTHER, AT_ONCE, EMERGENCY, EVENING, MORNING, NOBODY
from support.clocks import RS, at, local

HOUR = timedelta(hours=1)
LADDER = Ladder(
    "answer",
    (
        Rung("warning", "desk", -2 * HOUR),
        Rung("overdue", "desk", 0 * HOUR),
        Rung("supervisor", "supervisor", timedelta(minutes=10)),
        Rung("authority", "duty_officer", timedelta(minutes=20)),
    ),
    duty_desk="duty_desk",
)
QUIET = QuietHours(time(22), time(7))
ALWAYS = (at("2026-01-01 00:00"), at("2027-01-01 00:00"))


def on(role: str, *people: str) -> list[OnCall]:
    return [OnCall(person, role, *ALWAYS, rank=rank) for rank, person in enumerate(people)]


EVERYBODY = [
    *on("desk", "Goran", "Mila"), *on("supervisor", "Vera"), *on("duty_officer", "Ilija", "Ana"),
]  # fmt: skip


def clock(since: str, due: str, **values: object) -> Clock:
    return Clock(at(since), at(due), **values)  # type: ignore[arg-type]


def told(found) -> list[tuple[str, str | None, str]]:
    return [(ring.rung, ring.person, local(ring.at)) for ring in found]


def test_by_day_the_ladder_rings_as_written_and_names_whom():
    one = clock("2026-11-09 09:00", "2026-11-10 12:00")
    found = rings(one, LADDER, QUIET, RS, at("2026-11-10 12:10"), EVERYBODY)
    assert told(found) == [
        ("warning", "Goran", "2026-11-10 10:00"),
        ("overdue", "Goran", "2026-11-10 12:00"),
        ("supervisor", "Vera", "2026-11-10 12:10"),
        ("authority", "Ilija", "2026-11-10 12:20"),
    ]
    assert [ring.is_due for ring in found] == [True, True, True, False]
    assert {ring.why for ring in found} == {AT_ONCE}
    assert {ring.instead for ring in found} == {None}
    due = due_rings(one, LADDER, QUIET, RS, at("2026-11-10 12:10"), EVERYBODY)
    assert due == found[:3]


def test_a_warning_for_which_the_limit_is_too_short_is_left_out():
    one = clock("2026-11-10 10:01", "2026-11-10 12:00")
    assert [ring.rung for ring in rings(one, LADDER, QUIET, RS, at("2026-11-10 12:00"))] == [
        "overdue", "supervisor", "authority",
    ]  # fmt: skip
    exact = clock("2026-11-10 10:00", "2026-11-10 12:00")
    assert rings(exact, LADDER, QUIET, RS, at("2026-11-10 12:00"))[0].rung == "warning"


def test_quiet_hours_put_off_to_the_morning_and_the_ladder_keeps_its_distances():
    one = clock("2026-11-09 09:00", "2026-11-09 23:00")
    found = rings(one, LADDER, QUIET, RS, at("2026-11-09 23:00"), EVERYBODY)
    assert told(found) == [
        ("warning", "Goran", "2026-11-09 21:00"),
        ("overdue", "Goran", "2026-11-10 07:00"),
        ("supervisor", "Vera", "2026-11-10 07:10"),
        ("authority", "Ilija", "2026-11-10 07:20"),
    ]
    assert [ring.why for ring in found] == [AT_ONCE, MORNING, AFTER_ANOTHER, AFTER_ANOTHER]
    assert local(found[1].wanted) == "2026-11-09 23:00"
    assert [ring.is_due for ring in found] == [True, False, False, False]


@pytest.mark.parametrize(
    ("due", "warned", "why"),
    [
        ("2026-11-10 00:00", "2026-11-09 22:00", EVENING),  # wanted as the quiet begins
        ("2026-11-09 23:59", "2026-11-09 21:59", AT_ONCE),
        ("2026-11-10 02:00", "2026-11-09 22:00", EVENING),
        ("2026-11-10 07:00", "2026-11-09 22:00", EVENING),  # due as the quiet ends
        ("2026-11-10 07:01", "2026-11-10 07:00", MORNING),
        ("2026-11-10 09:00", "2026-11-10 07:00", AT_ONCE),
        ("2026-11-10 08:59", "2026-11-10 07:00", MORNING),
        # Armistice Day is off: the warning for its afternoon comes on the evening before.
        ("2026-11-11 15:00", "2026-11-10 22:00", EVENING),
        ("2026-11-12 08:00", "2026-11-12 07:00", MORNING),
        ("2026-11-15 15:00", "2026-11-13 22:00", EVENING),  # a Sunday
    ],
)
def test_a_warning_comes_before_what_it_warns_of(due, warned, why):
    found = rings(clock("2026-11-09 09:00", due), LADDER, QUIET, RS, at(due), EVERYBODY)[0]
    assert (found.rung, local(found.at), found.why) == ("warning", warned, why)


def test_what_began_in_quiet_hours_cannot_be_warned_of_on_the_evening_before():
    one = clock("2026-11-09 22:30", "2026-11-10 02:00")
    found = rings(one, LADDER, QUIET, RS, at("2026-11-10 02:00"), EVERYBODY)
    assert [(ring.rung, local(ring.at)) for ring in found][:2] == [
        ("warning", "2026-11-10 07:00"), ("overdue", "2026-11-10 07:00"),
    ]  # fmt: skip
    at_the_edge = clock("2026-11-09 22:00", "2026-11-10 02:00")
    assert local(rings(at_the_edge, LADDER, QUIET, RS, at("2026-11-10 02:00"))[0].at) == (
        "2026-11-09 22:00"
    )


def test_days_off_are_quiet_unless_said_otherwise():
    one = clock("2026-11-06 09:00", "2026-11-07 12:00")
    found = rings(one, LADDER, QUIET, RS, at("2026-11-07 12:00"), EVERYBODY)
    assert local(found[1].at) == "2026-11-09 07:00"
    staffed = QuietHours(time(22), time(7), on_days_off=False)
    found = rings(one, LADDER, staffed, RS, at("2026-11-07 12:00"), EVERYBODY)
    assert local(found[1].at) == "2026-11-07 12:00"
    assert local(rings(one, LADDER, None, RS, at("2026-11-07 12:00"))[1].at) == "2026-11-07 12:00"


def test_quiet_hours_within_a_day():
    lunch = QuietHours(time(12), time(14))
    assert [lunch.covers(time(*t)) for t in ((11, 59), (12, 0), (13, 59), (14, 0))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [QUIET.covers(time(*t)) for t in ((21, 59), (22, 0), (0, 0), (6, 59), (7, 0))] == [
        False, True, True, True, False,
    ]  # fmt: skip
    one = clock("2026-11-09 09:00", "2026-11-09 12:30")
    assert local(rings(one, LADDER, lunch, RS, at("2026-11-09 12:30"))[1].at) == "2026-11-09 14:00"
    with pytest.raises(ValueError, match="different times"):
        QuietHours(time(7), time(7))


def test_a_night_on_which_the_clock_changes_has_its_morning():
    one = clock("2026-03-27 09:00", "2026-03-29 03:30")
    staffed = QuietHours(time(22), time(7), on_days_off=False)
    found = rings(one, LADDER, staffed, RS, at("2026-03-29 03:30"), EVERYBODY)
    assert found[1].at == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    assert found[2].at == datetime(2026, 3, 29, 5, 10, tzinfo=UTC)


def test_an_emergency_at_three_climbs_by_substitution_until_somebody_acknowledges():
    one = clock("2026-11-08 02:00", "2026-11-08 03:00", is_emergency=True)
    ladder = Ladder("emergency", LADDER.rungs[1:], patience=timedelta(minutes=5))
    found = rings(one, ladder, QUIET, RS, at("2026-11-08 03:36"), EVERYBODY)
    assert told(found) == [
        ("overdue", "Goran", "2026-11-08 03:00"),
        ("overdue", "Mila", "2026-11-08 03:05"),
        ("supervisor", "Vera", "2026-11-08 03:10"),
        ("supervisor", "Vera", "2026-11-08 03:15"),
        ("authority", "Ilija", "2026-11-08 03:20"),
        ("authority", "Ana", "2026-11-08 03:25"),
        ("authority", "Ilija", "2026-11-08 03:30"),
        ("authority", "Ana", "2026-11-08 03:35"),
        ("authority", "Ilija", "2026-11-08 03:40"),
    ]
    assert [ring.is_due for ring in found] == [True] * 8 + [False]
    assert {ring.why for ring in found} == {EMERGENCY}
    taken = clock(
        "2026-11-08 02:00", "2026-11-08 03:00", is_emergency=True,
        acknowledged_at=at("2026-11-08 03:10"),
    )  # fmt: skip
    found = rings(taken, ladder, QUIET, RS, at("2026-11-08 03:36"), EVERYBODY)
    assert told(found)[-1] == ("overdue", "Mila", "2026-11-08 03:05")


def test_an_emergency_that_begins_high_on_the_ladder_rings_there_at_once():
    one = clock("2026-11-08 02:00", "2026-11-08 03:00", is_emergency=True)
    found = rings(one, LADDER, QUIET, RS, at("2026-11-08 02:00"), EVERYBODY)
    assert told(found) == [
        ("warning", "Goran", "2026-11-08 02:00"), ("warning", "Mila", "2026-11-08 02:05"),
    ]  # fmt: skip
    assert local(found[0].wanted) == "2026-11-08 02:00"


def test_an_acknowledged_clock_rings_nobody_any_more():
    one = clock("2026-11-09 09:00", "2026-11-10 12:00", acknowledged_at=at("2026-11-10 12:00"))
    found = rings(one, LADDER, QUIET, RS, at("2026-11-11 12:00"), EVERYBODY)
    assert [ring.rung for ring in found] == ["warning"]


def test_where_nobody_is_on_call_the_duty_desk_then_above_then_below():
    one = clock("2026-11-09 09:00", "2026-11-10 12:00")
    when = at("2026-11-10 12:20")

    def called(*people: OnCall) -> list[tuple[str, str | None]]:
        return [(ring.to, ring.person) for ring in rings(one, LADDER, QUIET, RS, when, people)]

    duty, officer, desk = on("duty_desk", "Nada"), on("duty_officer", "Ilija"), on("desk", "Goran")
    assert called(*duty, *officer)[0] == ("duty_desk", "Nada")
    assert called(*officer)[0] == ("duty_officer", "Ilija")
    assert called(*desk)[3] == ("desk", "Goran")
    assert called(*on("supervisor", "Vera"), *desk)[3] == ("supervisor", "Vera")
    assert called() == [
        ("desk", None), ("desk", None), ("supervisor", None), ("duty_officer", None),
    ]  # fmt: skip
    found = rings(one, LADDER, QUIET, RS, when, officer)
    assert found[0].instead == "nobody is on call for desk" and found[3].instead is None
    assert rings(one, LADDER, QUIET, RS, when)[0].instead == NOBODY


def test_who_is_on_call_is_asked_for_the_moment_of_the_ring():
    one = clock("2026-11-09 09:00", "2026-11-10 12:00")
    shifts = [
        OnCall("Early", "desk", at("2026-11-10 06:00"), at("2026-11-10 12:00")),
        OnCall("Late", "desk", at("2026-11-10 12:00"), at("2026-11-10 18:00")),
    ]
    found = rings(one, LADDER, QUIET, RS, at("2026-11-11 12:00"), shifts)
    assert [ring.person for ring in found[:2]] == ["Early", "Late"]


def test_a_ladder_has_an_order_and_patience():
    with pytest.raises(ValueError, match="order of time"):
        Ladder("x", (LADDER.rungs[1], LADDER.rungs[0]))
    with pytest.raises(ValueError, match="order of time"):
        Ladder("x", ())
    with pytest.raises(ValueError, match="patience"):
        Ladder("x", LADDER.rungs, patience=timedelta(0))


minutes = st.integers(0, 60 * 24 * 14).map(lambda n: timedelta(minutes=n))
begin = at("2026-10-20 00:00").astimezone(UTC)


@given(minutes, minutes, minutes, minutes, st.booleans())
def test_a_hub_that_starts_again_finds_the_same_rings(since, span, first, later, is_emergency):
    one = Clock(begin + since, begin + since + span, is_emergency)
    early = one.due - timedelta(days=2) + first / 2
    due = due_rings(one, LADDER, QUIET, RS, early, EVERYBODY)
    then = due_rings(one, LADDER, QUIET, RS, early + later / 7, EVERYBODY)
    assert then[: len(due)] == due
    assert all(a.at <= b.at for a, b in zip(then, then[1:], strict=False))


@given(minutes, minutes)
def test_nobody_is_disturbed_but_for_an_emergency_and_no_warning_comes_late(since, span):
    one = Clock(begin + since, begin + since + span)
    for ring in rings(one, LADDER, QUIET, RS, one.due, EVERYBODY):
        wall = ring.at.astimezone(RS.zone)
        is_quiet = QUIET.covers(wall.time()) or not RS.is_worked(wall.date())
        assert not is_quiet or wall.time() == QUIET.begin
        assert ring.at >= one.since
        if ring.rung == "warning" and ring.why != MORNING:
            assert ring.at < one.due
    urgent = Clock(one.since, one.due, is_emergency=True)
    first = rings(urgent, LADDER, QUIET, RS, one.due, EVERYBODY)[0]
    assert first.at == max(one.since, one.due - 2 * HOUR)


@given(minutes, minutes)
def test_after_the_end_the_ladder_keeps_its_order_and_distances(since, span):
    one = Clock(begin + since, begin + since + span)
    found = [r for r in rings(one, LADDER, QUIET, RS, one.due) if r.rung != "warning"]
    assert [r.rung for r in found] == ["overdue", "supervisor", "authority"]
    assert all(b.at - a.at >= timedelta(minutes=10) for a, b in zip(found, found[1:], strict=False))
    assert date(2026, 10, 20) <= found[0].at.date()
