"""Due moments: each unit, each rule, at its edges; the line that says how it was counted."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest

from recoup.core.law import (
    ByLaw,
    ClockRefused,
    Ends,
    Extension,
    LegalBasis,
    Limit,
    Stop,
    Unit,
    When,
    condition_holds,
    due,
)
from support.clocks import ARMISTICE, OFFICE, RS, at, calendar, limit, local

BASIS = LegalBasis(
    basis="cpc_144", instrument="Criminal Procedure Code", article="144", text="", binding=True,
    confirmed=True, assumed=False, source="test",
)  # fmt: skip


def test_the_example_of_the_issue_comes_out_word_for_word():
    found = due(limit("3 working_days"), at("2026-11-06 16:20"), RS, basis=BASIS)
    assert found.at == datetime(2026, 11, 12, 15, 20, tzinfo=UTC)
    assert found.said == (
        "received Fri 6 Nov 2026 16:20; 3 working days; 11 Nov holiday; due Thu 12 Nov 16:20; "
        "art. 144, Criminal Procedure Code; time zone Europe/Belgrade"
    )


@pytest.mark.parametrize(
    ("start", "span", "ends"),
    [
        ("2026-11-06 16:20", "90 minutes", "2026-11-06 17:50"),
        ("2026-11-06 16:20", "72 hours", "2026-11-09 16:20"),
        ("2026-11-06 16:20", "0 hours", "2026-11-06 16:20"),
        ("2026-11-06 16:20", "1 days", "2026-11-07 16:20"),
        ("2026-11-06 16:20", "5 days", "2026-11-11 16:20"),
        ("2026-11-06 16:20", "0 working_days", "2026-11-06 16:20"),
        ("2026-11-06 16:20", "1 working_days", "2026-11-09 16:20"),
        ("2026-11-06 16:20", "2 working_days", "2026-11-10 16:20"),
        ("2026-11-10 00:00", "1 working_days", "2026-11-12 00:00"),
        ("2026-11-10 23:59", "1 working_days", "2026-11-12 23:59"),
        # Received on a day that is not worked: counts from the beginning of the next.
        ("2026-11-07 10:00", "1 working_days", "2026-11-10 00:00"),
        ("2026-11-08 23:59", "1 working_days", "2026-11-10 00:00"),
        ("2026-11-11 10:00", "1 working_days", "2026-11-13 00:00"),
        ("2026-11-11 10:00", "0 working_days", "2026-11-12 00:00"),
        # Days and hours run through the same weekend.
        ("2026-11-07 10:00", "1 days", "2026-11-08 10:00"),
        ("2026-01-30 09:00", "1 months", "2026-02-28 09:00"),
        ("2026-01-31 09:00", "1 months", "2026-02-28 09:00"),
        ("2028-01-31 09:00", "1 months", "2028-02-29 09:00"),
        ("2028-02-29 09:00", "12 months", "2029-02-28 09:00"),
        ("2028-02-29 09:00", "48 months", "2032-02-29 09:00"),
        ("2026-11-30 09:00", "3 months", "2027-02-28 09:00"),
        ("2026-12-31 09:00", "1 months", "2027-01-31 09:00"),
        ("2026-11-06 09:00", "0 months", "2026-11-06 09:00"),
        ("2028-02-28 09:00", "1 days", "2028-02-29 09:00"),
        ("2028-02-28 09:00", "1 working_days", "2028-02-29 09:00"),
    ],
)
def test_each_unit_is_counted_along_its_line(start, span, ends):
    assert local(due(limit(span), at(start), RS).at) == ends


@pytest.mark.parametrize(
    ("start", "span", "ends"),
    [
        # The clock is put forward on 29 March 2026 at 02:00 and back on 25 October at 03:00.
        ("2026-03-28 12:00", "24 hours", "2026-03-29 13:00"),
        ("2026-03-28 12:00", "1 days", "2026-03-29 12:00"),
        ("2026-03-27 12:00", "1 working_days", "2026-03-30 12:00"),
        ("2026-03-28 02:30", "1 days", "2026-03-29 03:00"),
        ("2026-03-28 01:59", "1 days", "2026-03-29 01:59"),
        ("2026-03-28 03:00", "1 days", "2026-03-29 03:00"),
        ("2026-02-28 02:30", "1 months", "2026-03-28 02:30"),
        ("2026-10-24 12:00", "24 hours", "2026-10-25 11:00"),
        ("2026-10-24 12:00", "1 days", "2026-10-25 12:00"),
        ("2026-10-23 12:00", "1 working_days", "2026-10-26 12:00"),
        ("2026-10-25 00:00", "1 days", "2026-10-26 00:00"),
    ],
)
def test_the_wall_keeps_its_time_and_an_hour_is_an_hour(start, span, ends):
    assert local(due(limit(span), at(start), RS).at) == ends


def test_a_time_that_the_clock_shows_twice_is_the_first():
    found = due(limit("1 days"), at("2026-10-24 02:30"), RS)
    assert found.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = at("2026-10-25 02:30", fold=1).astimezone(UTC)
    assert local(due(limit("1 days"), second, RS).at) == "2026-10-26 02:30"
    for nothing in ("0 days", "0 working_days", "0 months", "0 hours"):
        assert due(limit(nothing), second, calendar(weekend=frozenset())).at == second
    useless = [Stop(second, second, "why", "who")]
    assert due(limit("0 days"), second, RS, useless).at == second


def test_the_moment_of_the_jump_is_exact():
    found = due(limit("1 days"), at("2026-03-28 02:00:01"), RS)
    assert found.at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert found.at == due(limit("1 days"), at("2026-03-28 02:59:59"), RS).at


@pytest.mark.parametrize(
    ("start", "span", "ends", "said"),
    [
        ("2026-11-02 16:20", "3 days", "2026-11-06 00:00", "due Thu 5 Nov 24:00"),
        ("2026-11-04 16:20", "3 days", "2026-11-10 00:00", "due Mon 9 Nov 24:00"),
        ("2026-11-08 16:20", "3 days", "2026-11-13 00:00", "due Thu 12 Nov 24:00"),
        ("2026-10-09 16:20", "1 months", "2026-11-10 00:00", "due Mon 9 Nov 24:00"),
        ("2026-10-08 16:20", "1 months", "2026-11-10 00:00", "due Mon 9 Nov 24:00"),
        ("2026-11-06 16:20", "3 working_days", "2026-11-13 00:00", "due Thu 12 Nov 24:00"),
        # With whole days, Sunday's receipt needs no beginning of Monday: Monday is the first day.
        ("2026-11-08 16:20", "1 working_days", "2026-11-10 00:00", "due Mon 9 Nov 24:00"),
        ("2026-12-28 16:20", "3 days", "2027-01-01 00:00", "due Thu 31 Dec 24:00"),
        ("2026-11-04 16:20", "3 hours", "2026-11-04 19:20", "due Wed 4 Nov 19:20"),
    ],
)
def test_limits_that_end_with_the_day_move_on_to_one_that_is_worked(start, span, ends, said):
    found = due(limit(span), at(start), RS, ends=Ends.DAY_END)
    assert local(found.at) == ends
    assert said in found.said


def test_a_limit_that_moved_on_says_so():
    found = due(limit("3 days"), at("2026-11-04 16:20"), RS, ends=Ends.DAY_END)
    assert "Sat 7 Nov is not worked, moved to the next working day" in found.said
    assert [s.values for s in found.steps if s.code == "moved_on"] == [
        {"from": "2026-11-07", "reason": "weekend"}
    ]
    holiday = due(limit("1 days"), at("2026-11-10 16:20"), RS, ends=Ends.DAY_END)
    assert [s.values["reason"] for s in holiday.steps if s.code == "moved_on"] == ["Armistice Day"]


@pytest.mark.parametrize(("span", "ends"), [("24 hours", Ends.DAY_END), ("1 days", Ends.SAME_TIME)])
def test_what_does_not_move_on_says_nothing_of_days_off(span, ends):
    found = due(limit(span), at("2026-11-06 16:20"), RS, ends=ends)
    assert local(found.at) == "2026-11-07 16:20"
    assert "not worked" not in found.said


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2026-11-09 07:59", "2026-11-10 08:00"),
        ("2026-11-09 08:00", "2026-11-10 08:00"),
        ("2026-11-09 15:59", "2026-11-10 15:59"),
        ("2026-11-09 16:00", "2026-11-12 08:00"),
        ("2026-11-06 16:20", "2026-11-10 08:00"),
        ("2026-11-11 07:00", "2026-11-13 08:00"),
    ],
)
def test_what_comes_outside_office_hours_counts_from_the_next_opening(start, ends):
    found = due(limit("1 working_days"), at(start), OFFICE)
    assert local(found.at) == ends


def test_office_hours_change_no_hours_and_no_days():
    assert local(due(limit("3 hours"), at("2026-11-06 22:00"), OFFICE).at) == "2026-11-07 01:00"
    assert local(due(limit("1 days"), at("2026-11-06 22:00"), OFFICE).at) == "2026-11-07 22:00"


def test_a_limit_may_end_when_offices_close_and_earlier_on_a_half_day():
    found = due(limit("1 days"), at("2026-11-04 10:00"), OFFICE, ends=Ends.OFFICE_END)
    assert local(found.at) == "2026-11-05 16:00"
    half = calendar(office=OFFICE.office, half_days={date(2026, 11, 5): time(13)})
    found = due(limit("1 days"), at("2026-11-04 10:00"), half, ends=Ends.OFFICE_END)
    assert local(found.at) == "2026-11-05 13:00"
    assert "5 Nov is a half-day to 13:00" in found.said
    after = due(limit("1 working_days"), at("2026-11-05 13:00"), half)
    assert local(after.at) == "2026-11-09 08:00"
    with pytest.raises(ClockRefused, match="no office hours") as refused:
        due(limit("1 days"), at("2026-11-04 10:00"), RS, ends=Ends.OFFICE_END)
    assert refused.value.code == "no_office_hours"


def test_a_half_day_counts_as_worked_and_is_named():
    half = calendar(half_days={date(2026, 11, 9): time(13)})
    found = due(limit("1 working_days"), at("2026-11-06 16:20"), half)
    assert local(found.at) == "2026-11-09 16:20"
    assert "9 Nov is a half-day to 13:00" in found.said


def test_a_worked_saturday_counts_and_other_weekends_are_possible():
    swapped = calendar(worked=frozenset({date(2026, 11, 7)}))
    assert local(due(limit("1 working_days"), at("2026-11-06 16:20"), swapped).at) == (
        "2026-11-07 16:20"
    )
    friday = calendar(weekend=frozenset({4, 5}))
    assert local(due(limit("1 working_days"), at("2026-11-05 16:20"), friday).at) == (
        "2026-11-08 16:20"
    )


BY_LAW = ByLaw(limit("48 hours"), When.INCLUDES_UNWORKED)


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2026-11-02 16:20", "2026-11-05 16:20"),  # Monday to Thursday: nothing to add
        ("2026-11-03 16:20", "2026-11-06 16:20"),
        ("2026-11-04 00:00", "2026-11-07 00:00"),  # ends as Saturday begins
        ("2026-11-04 00:01", "2026-11-09 00:01"),
        ("2026-11-06 16:20", "2026-11-11 16:20"),
        ("2026-11-09 16:20", "2026-11-14 16:20"),  # over Armistice Day
        ("2026-11-08 23:59", "2026-11-13 23:59"),
        ("2026-11-16 00:00", "2026-11-19 00:00"),
    ],
)
def test_72_hours_are_48_more_if_they_include_days_that_are_not_worked(start, ends):
    found = due(limit("72 hours"), at(start), RS, by_law=BY_LAW)
    assert local(found.at) == ends
    assert ("48 hours more" in found.said) == (found.at - at(start) > timedelta(hours=72))


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2026-11-06 16:20", "2026-11-09 16:20"),  # includes a weekend, ends on a Monday
        ("2026-11-05 16:20", "2026-11-10 16:20"),  # ends on a Sunday
        ("2026-11-04 00:00", "2026-11-07 00:00"),  # ends with Friday
        ("2026-11-06 00:00", "2026-11-11 00:00"),  # ends with Sunday
    ],
)
def test_more_by_law_only_where_the_end_is_not_worked(start, ends):
    rule = ByLaw(limit("48 hours"), When.ENDS_UNWORKED)
    assert local(due(limit("72 hours"), at(start), RS, by_law=rule).at) == ends


@pytest.mark.parametrize(
    ("when", "start", "allowed"),
    [
        (When.INCLUDES_UNWORKED, "2026-11-02 16:20", False),
        (When.INCLUDES_UNWORKED, "2026-11-04 00:00", False),
        (When.INCLUDES_UNWORKED, "2026-11-06 16:20", True),
        (When.ENDS_UNWORKED, "2026-11-06 16:20", False),
        (When.ENDS_UNWORKED, "2026-11-05 16:20", True),
    ],
)
def test_an_extension_that_the_law_allows_on_a_condition_is_else_refused(when, start, allowed):
    more = Extension(limit("48 hours"), at(start), "days off", "Judge", only_when=when)
    assert condition_holds(when, limit("72 hours"), at(start), RS) == allowed
    if allowed:
        found = due(limit("72 hours"), at(start), RS, (), [more])
        assert found.at - at(start) == timedelta(hours=120)
        return
    with pytest.raises(ClockRefused) as refused:
        due(limit("72 hours"), at(start), RS, (), [more])
    assert refused.value.code == "extension_not_foreseen"
    assert ("ends on" in refused.value.said) == (when is When.ENDS_UNWORKED)


def test_a_condition_is_looked_at_without_stops_and_earlier_extensions():
    more = Extension(limit("48 hours"), at("2026-11-04 10:00"), "x", "y", When.INCLUDES_UNWORKED)
    first = Extension(limit("48 hours"), at("2026-11-03 10:00"), "x", "y")
    with pytest.raises(ClockRefused):
        due(limit("72 hours"), at("2026-11-02 16:20"), RS, (), [first, more])


def stop(since: str, until: str | None, zone=None) -> Stop:
    return Stop(at(since), at(until) if until else None, "waiting for the port", "M. Ilić")


@pytest.mark.parametrize(
    ("span", "stops", "ends"),
    [
        ("24 hours", [("2026-11-06 18:00", "2026-11-06 20:00")], "2026-11-07 18:20"),
        ("24 hours", [("2026-11-06 18:00", "2026-11-06 18:00")], "2026-11-07 16:20"),
        # Overlapping: 18:00 to 21:00 once.
        (
            "24 hours",
            [("2026-11-06 18:00", "2026-11-06 20:00"), ("2026-11-06 19:00", "2026-11-06 21:00")],
            "2026-11-07 19:20",
        ),
        (
            "24 hours",
            [("2026-11-06 18:00", "2026-11-06 21:00"), ("2026-11-06 19:00", "2026-11-06 20:00")],
            "2026-11-07 19:20",
        ),
        # Begun before the start: only what lies after it counts.
        ("24 hours", [("2026-11-06 10:00", "2026-11-06 17:20")], "2026-11-07 17:20"),
        ("24 hours", [("2026-11-06 10:00", "2026-11-06 16:20")], "2026-11-07 16:20"),
        ("24 hours", [("2026-11-06 10:00", "2026-11-06 11:00")], "2026-11-07 16:20"),
        # Into the time that an earlier stop has added.
        (
            "1 hours",
            [("2026-11-06 17:00", "2026-11-06 18:00"), ("2026-11-06 18:10", "2026-11-06 19:00")],
            "2026-11-06 19:10",
        ),
        ("2 days", [("2026-11-06 18:00", "2026-11-07 20:00")], "2026-11-09 18:20"),
        # A weekend in a stop adds nothing to working days.
        ("3 working_days", [("2026-11-06 18:00", "2026-11-09 00:00")], "2026-11-12 22:20"),
        ("3 working_days", [("2026-11-07 10:00", "2026-11-08 10:00")], "2026-11-12 16:20"),
        ("3 working_days", [("2026-11-10 10:00", "2026-11-12 10:00")], "2026-11-13 16:20"),
        ("1 working_days", [("2026-11-09 10:00", "2026-11-09 20:00")], "2026-11-10 02:20"),
    ],
)
def test_a_stop_adds_its_length_along_the_line_of_the_limit(span, stops, ends):
    found = due(limit(span), at("2026-11-06 16:20"), RS, [stop(*one) for one in stops])
    assert local(found.at) == ends


def test_a_stop_of_hours_is_absolute_over_a_change_of_the_clock_and_one_of_days_is_not():
    stops = [stop("2026-03-28 12:00", "2026-03-28 14:00")]
    start = at("2026-03-28 01:00")
    assert local(due(limit("24 hours"), start, RS, stops).at) == "2026-03-29 04:00"
    assert local(due(limit("1 days"), start, RS, stops).at) == "2026-03-29 03:00"


def test_an_open_stop_leaves_nothing_due_and_says_since_when():
    open_stop = stop("2026-11-06 18:00", None)
    found = due(limit("24 hours"), at("2026-11-06 16:20"), RS, [open_stop])
    assert found.at is None and found.stands_since == at("2026-11-06 18:00")
    assert "stopped since Fri 6 Nov 2026 18:00 (M. Ilić: waiting for the port)" in found.said
    assert "nothing is due" in found.said and "due Sat" not in found.said
    later = due(
        limit("24 hours"), at("2026-11-06 16:20"), RS,
        [open_stop, stop("2026-11-20 18:00", "2026-11-20 19:00")],
        [extension("1 hours", "2026-11-20 20:00")],
    )  # fmt: skip
    assert later.at is None and later.stands_since == at("2026-11-06 18:00")
    early = due(limit("24 hours"), at("2026-11-06 16:20"), RS, [stop("2026-11-05 18:00", None)])
    assert early.stands_since == at("2026-11-06 16:20")


def test_of_two_stops_of_one_moment_the_open_one_counts_in_any_order():
    both = [stop("2026-11-06 18:00", "2026-11-06 19:00"), stop("2026-11-06 18:00", None)]
    for stops in (both, both[::-1]):
        found = due(limit("24 hours"), at("2026-11-06 16:20"), RS, stops)
        assert found.stands_since == at("2026-11-06 18:00")


def extension(span: str, granted: str) -> Extension:
    return Extension(limit(span), at(granted), "many accounts", "Prosecutor J. Petrović")


@pytest.mark.parametrize(
    ("span", "more", "granted", "ends"),
    [
        ("24 hours", "12 hours", "2026-11-06 20:00", "2026-11-08 04:20"),
        ("24 hours", "12 hours", "2026-11-07 16:20", "2026-11-08 04:20"),  # at the last moment
        ("24 hours", "12 hours", "2026-11-06 16:20", "2026-11-08 04:20"),  # at the first
        ("3 working_days", "2 working_days", "2026-11-10 10:00", "2026-11-16 16:20"),
        ("3 months", "3 months", "2026-12-01 10:00", "2027-05-06 16:20"),
    ],
)
def test_an_extension_counts_on_from_the_end(span, more, granted, ends):
    found = due(limit(span), at("2026-11-06 16:20"), RS, (), [extension(more, granted)])
    assert local(found.at) == ends
    assert "many accounts" in found.said and "Prosecutor J. Petrović" in found.said


def test_an_extension_in_the_time_that_a_stop_added_is_in_time():
    found = due(
        limit("1 hours"), at("2026-11-06 16:20"), RS,
        [stop("2026-11-06 17:00", "2026-11-06 18:00")],
        [extension("1 hours", "2026-11-06 18:10")],
    )  # fmt: skip
    assert local(found.at) == "2026-11-06 19:20"


@pytest.mark.parametrize(
    ("stops", "extensions", "code"),
    [
        ([], [("1 hours", "2026-11-07 16:21")], "extension_too_late"),
        ([], [("1 hours", "2026-11-06 16:19")], "extension_too_early"),
        ([("2026-11-07 16:21", "2026-11-07 17:00")], [], "stop_too_late"),
        ([("2026-11-07 16:21", None)], [], "stop_too_late"),
        ([("2026-11-06 18:00", "2026-11-06 17:59")], [], "stop_ends_before"),
    ],
)
def test_what_comes_after_the_end_is_refused(stops, extensions, code):
    with pytest.raises(ClockRefused) as refused:
        due(
            limit("24 hours"), at("2026-11-06 16:20"), RS,
            [stop(*one) for one in stops], [extension(*one) for one in extensions],
        )  # fmt: skip
    assert refused.value.code == code
    assert "2026" in refused.value.said


def test_a_stop_at_the_very_end_still_counts():
    found = due(limit("24 hours"), at("2026-11-06 16:20"), RS, [stop("2026-11-07 16:20", None)])
    assert found.at is None


@pytest.mark.parametrize(
    ("span", "code"),
    [
        (Limit(-1, Unit.HOURS), "count_not_possible"),
        (Limit(1_000_001, Unit.MINUTES), "count_not_possible"),
        (Limit(1_000_000, Unit.MONTHS), "beyond_calendar"),
        (Limit(1_000_000, Unit.DAYS), "year_or_beyond"),
        (Limit(10_000, Unit.WORKING_DAYS), "year_not_known"),
    ],
)
def test_limits_that_no_calendar_knows_are_refused(span, code):
    if code == "year_or_beyond":
        assert due(span, at("2026-11-06 16:20"), RS).at.year > 4000
        return
    with pytest.raises(ClockRefused) as refused:
        due(span, at("2026-11-06 16:20"), RS)
    assert refused.value.code == code


def test_the_first_and_the_last_year_are_known_and_none_beyond():
    assert RS.is_worked(date(2020, 1, 1)) and RS.is_worked(date(2040, 12, 31))
    for day in (date(2019, 12, 31), date(2041, 1, 1)):
        with pytest.raises(ClockRefused, match="2020 to 2040"):
            RS.is_worked(day)


def test_a_moment_without_zone_is_refused():
    naive = datetime(2026, 11, 6, 16, 20)  # noqa: DTZ001
    with pytest.raises(ValueError, match="needs a time zone"):
        due(limit("1 hours"), naive, RS)
    with pytest.raises(ValueError, match="needs a time zone"):
        due(limit("1 hours"), at("2026-11-06 16:20"), RS, [Stop(naive, None, "", "")])


def test_moments_may_come_in_any_zone():
    for zone in (UTC, None):
        start = at("2026-03-28 12:00")
        found = due(limit("24 hours"), start.astimezone(zone) if zone else start, RS)
        assert found.at == datetime(2026, 3, 29, 11, 0, tzinfo=UTC)


def test_the_parts_are_plain_data_and_in_order():
    found = due(
        limit("3 working_days"), at("2026-11-06 16:20"), RS,
        [stop("2026-11-09 10:00", "2026-11-09 11:00")],
        [extension("1 working_days", "2026-11-10 10:00")], basis=BASIS,
    )  # fmt: skip
    codes = ["received", "limit", "stopped", "extended", "holidays", "due", "basis", "zone"]
    assert [step.code for step in found.steps] == codes
    data = json.loads(json.dumps(found.as_data()))
    assert data["at"] == "2026-11-13T16:20:00+00:00"
    assert data["steps"][4]["days"] == [{"day": "2026-11-11", "name": "Armistice Day"}]
    assert data["steps"][7] == {
        "code": "zone", "zone": "Europe/Belgrade", "calendar": "RS", "confirmed": False,
    }  # fmt: skip
    assert data["steps"][2]["by"] == "M. Ilić" and data["steps"][1]["count"] == 3


def test_an_article_that_nobody_confirmed_is_not_printed_as_certain():
    doubted = LegalBasis(
        basis="x", instrument="AML Law", article="75", text="", binding=True, confirmed=False,
        assumed=False, source="test",
    )  # fmt: skip
    found = due(limit("72 hours"), at("2026-11-06 16:20"), RS, basis=doubted)
    assert "art. 75, AML Law (not confirmed)" in found.said
    assert "(not confirmed)" not in due(limit("72 hours"), at("2026-11-06 16:20"), RS).said


def test_what_a_reader_would_stumble_over_is_said():
    def said(span: str, start: str) -> str:
        return due(limit(span), at(start), RS).said

    assert "the clocks change meanwhile" in said("24 hours", "2026-03-28 12:00")
    assert "the clocks change" not in said("24 hours", "2026-03-27 12:00")
    assert "the clock skips 02:30 that night" in said("1 days", "2026-03-28 02:30")
    assert "skips" not in said("1 days", "2026-03-28 03:00")
    assert "that month has no day 31" in said("1 months", "2026-01-31 09:00")
    assert "no day" not in said("1 months", "2026-01-28 09:00")
    assert "counts from Mon 9 Nov 00:00" in said("1 working_days", "2026-11-07 09:00")
    assert "counts from" not in said("1 working_days", "2026-11-06 09:00")
    assert "due Mon 4 Jan 2027 09:00" in said("5 working_days", "2026-12-28 09:00")
    assert "holiday" not in said("2 working_days", "2026-11-06 09:00")
    assert "holiday" not in said("1 working_days", "2026-11-11 09:00")


def test_a_time_that_is_shown_twice_is_told_apart():
    first = due(limit("1 hours"), at("2026-10-25 01:30"), RS).said
    second = due(limit("2 hours"), at("2026-10-25 01:30"), RS).said
    assert "due Sun 25 Oct 02:30 (+02:00)" in first and "due Sun 25 Oct 02:30 (+01:00)" in second
    assert "(+" not in due(limit("3 hours"), at("2026-10-25 01:59"), RS).said
    assert "(+" not in due(limit("1 hours"), at("2026-03-29 01:59"), RS).said


def test_two_holidays_are_named_together_and_estimated_ones_as_such():
    feasts = {date(2026, 5, 27): "Eid al-Adha", date(2026, 5, 28): "Eid al-Adha"}
    muslim = calendar(holidays=feasts, estimated=frozenset({date(2026, 5, 28)}))
    found = due(limit("2 working_days"), at("2026-05-26 09:00"), muslim)
    assert "27 May, 28 May (estimated) holidays" in found.said
    assert local(found.at) == "2026-06-01 09:00"
    saturday = calendar(holidays={ARMISTICE: "x", date(2026, 11, 14): "y"})
    assert "14 Nov" not in due(limit("5 working_days"), at("2026-11-10 09:00"), saturday).said
