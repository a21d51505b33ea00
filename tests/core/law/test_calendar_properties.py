"""What holds of every clock: monotone, never due on a day off, stops add their length, no splits.

Written for all the zones of the jurisdictions; two of the weeks tried are those in which the clock
is changed in Belgrade (29 March and 25 October 2026). Istanbul has had no summer time since 2016.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from recoup.core.law import ByLaw, Calendar, Ends, Extension, Limit, Stop, Unit, When, due
from recoup.core.law.counting import add, finish, length, push, to_local, to_moment
from recoup.data.calendars import calendars, load_calendar
from support.clocks import at, calendar

JURISDICTIONS = ("AL", "BA", "BA-BIH", "BA-SRP", "BA-BRC", "ME", "MK", "RS", "TR", "XK")
FIRST, LAST = datetime(2024, 1, 1), datetime(2028, 12, 31)  # noqa: DTZ001
DAY = timedelta(days=1)


def _near(text: str) -> st.SearchStrategy[datetime]:
    middle = at(text).astimezone(UTC)
    return st.integers(-72 * 60, 72 * 60).map(lambda n: middle + timedelta(minutes=n))


moments = st.one_of(
    st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    _near("2026-03-29 03:00"),
    _near("2026-10-25 04:00"),
    _near("2028-02-29 12:00"),
    _near("2026-12-31 12:00"),
)
all_calendars = st.sampled_from(JURISDICTIONS).map(load_calendar)
units = st.sampled_from(list(Unit))
MOST = {
    Unit.MINUTES: 10_000, Unit.HOURS: 500, Unit.DAYS: 400, Unit.WORKING_DAYS: 60, Unit.MONTHS: 24,
}  # fmt: skip
limits = units.flatmap(lambda u: st.integers(0, MOST[u]).map(lambda n: Limit(n, u)))
spans = st.integers(0, 20_000).map(lambda n: timedelta(minutes=n))
kinds_of_end = st.sampled_from([Ends.SAME_TIME, Ends.DAY_END])


def _shown_twice(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows this time for the second time that night."""
    return bool(moment.astimezone(zone).fold)


def test_every_jurisdiction_of_the_issue_is_tried():
    assert set(calendars()) == set(JURISDICTIONS)


@given(limits, moments, st.integers(0, 10_000), all_calendars, kinds_of_end)
def test_later_received_is_never_earlier_due(limit, start, later, country, ends):
    second = start + timedelta(minutes=later)
    # Within the hour that is shown twice the wall, and so a limit in days, goes back once.
    assume(limit.unit in (Unit.MINUTES, Unit.HOURS) or not _shown_twice(second, country.zone))
    first = due(limit, start, country, ends=ends).at
    assert first <= due(limit, second, country, ends=ends).at
    assert first >= start


@given(limits, st.integers(0, 50), moments, all_calendars, kinds_of_end)
def test_a_longer_limit_is_never_earlier_due(limit, more, start, country, ends):
    longer = Limit(limit.count + more, limit.unit)
    assert due(limit, start, country, ends=ends).at <= due(longer, start, country, ends=ends).at


@given(st.integers(0, 60), moments, all_calendars, spans, spans)
def test_working_days_are_never_due_on_a_day_off(count, start, country, wait, stopped):
    since = start + wait
    before = due(Limit(count, Unit.WORKING_DAYS), start, country)
    assert country.is_worked(to_local(before.at, country.zone).date())
    assume(since <= before.at)
    stop = Stop(since, since + stopped, "why", "who")
    after = due(Limit(count, Unit.WORKING_DAYS), start, country, [stop])
    assert country.is_worked(to_local(after.at, country.zone).date())


@given(limits, moments, all_calendars)
def test_limits_that_end_with_a_day_end_with_a_working_day(limit, start, country):
    assume(limit.unit in (Unit.DAYS, Unit.WORKING_DAYS, Unit.MONTHS))
    whole = due(limit, start, country, ends=Ends.DAY_END).at
    last = to_local(whole - timedelta(microseconds=1), country.zone).date()
    assert country.is_worked(last)
    assert to_local(whole, country.zone).time().isoformat() == "00:00:00"
    if limit.unit is not Unit.WORKING_DAYS:
        assert due(limit, start, country).at <= whole


@given(st.integers(0, 60), moments, all_calendars)
def test_working_days_are_counted_one_by_one(count, start, country):
    """A slow count: walk day by day from the day of receipt, and count what is worked."""
    found = due(Limit(count, Unit.WORKING_DAYS), start, country)
    local = to_local(start, country.zone)
    if not country.is_worked(local.date()):
        while not country.is_worked(local.date()):
            local = datetime.combine(local.date(), datetime.min.time()) + DAY
    day, left = local, count
    while left:
        day += DAY
        is_off = day.weekday() in (5, 6) or day.date() in country.holidays
        left -= not is_off
    assert found.at == to_moment(day, country.zone)


@given(limits, moments, all_calendars, spans, spans)
def test_a_stop_adds_exactly_its_length(limit, start, country, wait, stopped):
    plain = due(limit, start, country).at
    since = start + wait
    assume(since <= plain)
    until = since + stopped
    late = due(limit, start, country, [Stop(since, until, "why", "who")]).at
    if limit.unit in (Unit.MINUTES, Unit.HOURS):
        assert late - plain == stopped
    else:
        span = length(since, until, limit.unit, country)
        assert late == push(plain, span, limit.unit, country)
        assert late >= plain


@given(st.integers(0, 60), moments, all_calendars, spans)
def test_what_is_pushed_on_working_days_is_measured_as_it_was_pushed(_, start, country, span):
    begin = due(Limit(0, Unit.WORKING_DAYS), start, country).at
    end = push(begin, span, Unit.WORKING_DAYS, country)
    local_end = to_local(end, country.zone)
    assume(to_local(to_moment(local_end, country.zone), country.zone) == local_end)
    measured = length(begin, end, Unit.WORKING_DAYS, country)
    assert abs(measured - span) <= timedelta(hours=1)
    if country.zone.key == "Europe/Istanbul":
        assert measured == span


@given(moments, all_calendars, st.lists(st.tuples(spans, spans), max_size=4), st.randoms())
def test_overlapping_stops_count_once_and_their_order_does_not_matter(start, country, parts, rng):
    limit = Limit(400, Unit.HOURS)
    stops = [Stop(start + a, start + a + b, "why", "who") for a, b in parts]
    assume(all(stop.since <= start + timedelta(hours=400) for stop in stops))
    covered = timedelta(0)
    edge = start
    for stop in sorted(stops, key=lambda one: one.since):
        covered += max(stop.until - max(stop.since, edge), timedelta(0))
        edge = max(edge, stop.until)
    shuffled = stops[:]
    rng.shuffle(shuffled)
    found = due(limit, start, country, stops).at
    assert found - start == timedelta(hours=400) + covered
    assert found == due(limit, start, country, shuffled).at


@given(limits, st.integers(0, 30), moments, all_calendars)
def test_counting_in_two_parts_gives_the_same_moment(limit, part, start, country):
    """A hub that starts again between the two counts on to the same moment."""
    assume(limit.unit is not Unit.MONTHS)
    part = min(part, limit.count)
    between = due(Limit(part, limit.unit), start, country).at
    local = to_local(start, country.zone)
    assume(limit.unit in (Unit.MINUTES, Unit.HOURS) or not 1 <= local.hour <= 3)
    rest = due(Limit(limit.count - part, limit.unit), between, country).at
    assert rest == due(limit, start, country).at


@given(limits, moments, all_calendars, kinds_of_end)
def test_the_same_facts_give_the_same_answer(limit, start, country, ends):
    first, again = (due(limit, start, country, ends=ends) for _ in range(2))
    assert (first.at, first.said, first.as_data()) == (again.at, again.said, again.as_data())
    zone = country.zone
    assert due(limit, start.astimezone(zone), country, ends=ends).at == first.at


@given(moments, all_calendars, st.integers(1, 60))
def test_the_law_adds_its_time_or_nothing(start, country, count):
    limit, more = Limit(count, Unit.HOURS), Limit(48, Unit.HOURS)
    plain = due(limit, start, country).at
    found = due(limit, start, country, by_law=ByLaw(more, When.INCLUDES_UNWORKED)).at
    touched = {
        to_local(start + timedelta(minutes=n), country.zone).date() for n in range(0, count * 60)
    }
    if all(country.is_worked(day) for day in touched):
        assert found == plain
    else:
        assert found == plain + timedelta(hours=48)


@given(limits, moments, all_calendars, spans)
def test_an_extension_is_never_a_shortening(limit, start, country, wait):
    plain = due(limit, start, country).at
    assume(start + wait <= plain)
    more = Extension(Limit(2, limit.unit), start + wait, "why", "who")
    found = due(limit, start, country, (), [more]).at
    assert found > plain
    assert found == add(plain, Limit(2, limit.unit), country)


@given(moments, st.sampled_from([load_calendar("RS"), load_calendar("TR")]))
def test_the_wall_time_is_kept_or_was_skipped(start, country):
    local = to_local(start, country.zone)
    found = to_local(due(Limit(1, Unit.DAYS), start, country).at, country.zone)
    if found.time() != local.time():
        assert (found.hour, found.minute, found.second) == (3, 0, 0) and local.hour == 2
        assert (found.month, country.country) == (3, "RS")
    assert found.date() == local.date() + DAY


@given(moments)
def test_without_holidays_and_weekends_working_days_are_days(start):
    plain: Calendar = calendar(weekend=frozenset(), holidays={})
    for count in (0, 1, 7):
        ours = due(Limit(count, Unit.WORKING_DAYS), start, plain).at
        assert ours == due(Limit(count, Unit.DAYS), start, plain).at


@given(moments, all_calendars)
def test_every_moment_is_a_wall_time_and_back(moment, country):
    assume(not _shown_twice(moment, country.zone))
    assert to_moment(to_local(moment, country.zone), country.zone) == moment
    assert finish(moment, Unit.HOURS, Ends.DAY_END, country) == moment
