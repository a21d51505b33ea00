"""Moments and days: a zone always, no day the calendar lacks, summer time said aloud."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.moments import (
    check_is_past,
    iso_utc,
    read_day,
    read_local_moment,
    read_moment,
)
from recoup.core.text import NotReadable

BELGRADE = ZoneInfo("Europe/Belgrade")
AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T14:05:00+01:00", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("2026-11-21T14:05Z", datetime(2026, 11, 21, 14, 5, tzinfo=UTC)),
        ("2026-11-21 14:05:09.25-03:30", datetime(2026, 11, 21, 17, 35, 9, 250_000, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_moment_with_a_zone_is_read_into_utc(text, moment):
    assert read_moment(text) == moment
    assert read_moment(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("2026-04-31T10:00Z", "no_such_day", "no day 31 in month 04 of 2026"),
        ("2026-13-01T10:00Z", "no_such_day", "no month 13"),
        ("2025-02-29T10:00Z", "no_such_day", "no day 29 in month 02 of 2025"),
        ("0000-01-01T10:00Z", "no_such_day", "of 0000"),
        ("2026-11-21T24:00Z", "no_such_time", "24:00"),
        ("2026-11-21T10:60Z", "no_such_time", "10:60"),
        ("2026-11-21T10:00:60Z", "no_such_time", "10:00:60"),
        ("2026-11-21T10:00", "zone_missing", "does not say its time zone"),
        ("2026-11-21T10:00+25:00", "no_such_zone", "+25:00"),
        ("2026-11-21T10:00+0100", "not_a_moment", ""),
        ("2026-11-21T10:00Z ", "not_a_moment", ""),
        ("2026-11-21T10:00[Europe/Belgrade]", "not_a_moment", ""),
        ("2026-11-21", "not_a_moment", ""),
        ("21.11.2026 10:00", "not_a_day", ""),
        ("２０26-11-21T10:00Z", "not_a_day", ""),
        ("0001-01-01T00:00+14:00", "not_a_moment", "outside the calendar"),
        ("9999-12-31T23:59-14:00", "not_a_moment", "outside the calendar"),
        ("", "not_a_moment", ""),
        (1_700_000_000, "not_a_moment", ""),
        (None, "not_a_moment", ""),
    ],
)
def test_a_moment_that_is_not_one_is_refused_and_says_why(text, code, says):
    with pytest.raises(NotReadable) as refusal:
        read_moment(text, field="paid_at")
    assert refusal.value.code == code
    assert refusal.value.field == "paid_at"
    assert says in refusal.value.problem


def test_a_day_is_read():
    assert read_day("2026-11-21") == date(2026, 11, 21)
    for text in ("2026-04-31", "2026-1-1", "21.11.2026", "20261121", " 2026-11-21", None, 5):
        with pytest.raises(NotReadable):
            read_day(text)


def test_a_local_time_becomes_a_moment_by_its_zone():
    found = read_local_moment("2026-07-01T14:05", zone=BELGRADE)
    assert found.moment == datetime(2026, 7, 1, 12, 5, tzinfo=UTC)
    assert not found.was_twice
    assert read_local_moment("2026-07-01T14:05Z", zone=BELGRADE).moment.hour == 14


def test_a_time_that_the_clock_skipped_is_refused():
    with pytest.raises(NotReadable, match="skipped") as refusal:
        read_local_moment("2026-03-29T02:30", zone=BELGRADE)
    assert refusal.value.code == "time_skipped"


def test_a_time_that_the_clock_showed_twice_is_refused_or_taken_as_said():
    with pytest.raises(NotReadable, match="twice"):
        read_local_moment("2026-10-25T02:30", zone=BELGRADE)
    earlier = read_local_moment("2026-10-25T02:30", zone=BELGRADE, when_twice="earlier")
    later = read_local_moment("2026-10-25T02:30", zone=BELGRADE, when_twice="later")
    assert earlier.was_twice and later.was_twice
    assert earlier.moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert later.moment - earlier.moment == timedelta(hours=1)


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar_do_no_harm(text):
    for zone in (BELGRADE, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/New_York")):
        try:
            read_local_moment(text, zone=zone)
        except NotReadable as refusal:
            assert refusal.value


def test_the_future_and_the_far_past_are_refused():
    check_is_past(AT + timedelta(minutes=5), "", at=AT)
    check_is_past(AT - timedelta(days=10), "", at=AT, oldest_days=10)
    for moment, code, days in (
        (AT + timedelta(minutes=6), "in_the_future", None),
        (datetime(1999, 12, 31, tzinfo=UTC), "too_long_ago", None),
        (AT - timedelta(days=11), "too_long_ago", 10),
    ):
        with pytest.raises(NotReadable) as refusal:
            check_is_past(moment, "x", at=AT, oldest_days=days)
        assert refusal.value.code == code


def test_a_moment_is_written_with_z():
    assert iso_utc(datetime(2026, 11, 21, 14, 5, tzinfo=BELGRADE)) == "2026-11-21T13:05:00Z"
    with pytest.raises(ValueError, match="time zone"):
        iso_utc(datetime(2026, 11, 21))  # noqa: DTZ001


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_reads_back_the_same(moment):
    assert read_moment(iso_utc(moment)) == moment


LOCAL_TIMES = st.datetimes(
    datetime(1950, 1, 1),  # noqa: DTZ001
    datetime(2100, 1, 1),  # noqa: DTZ001
)


@given(LOCAL_TIMES)
def test_a_local_time_is_one_moment_or_two_or_none(local):
    text = local.isoformat(timespec="microseconds")
    try:
        found = read_local_moment(text, zone=BELGRADE, when_twice="later")
    except NotReadable as refusal:
        assert refusal.code == "time_skipped"
    else:
        assert found.moment.astimezone(BELGRADE).replace(tzinfo=None) == local


@given(st.one_of(st.text(max_size=50), st.from_regex(r"\A\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,9}\Z")))
def test_any_text_is_read_or_refused(text):
    for read in (read_day, read_moment, lambda t: read_local_moment(t, zone=BELGRADE)):
        try:
            read(text)
        except NotReadable as refusal:
            assert refusal.value.isprintable()
