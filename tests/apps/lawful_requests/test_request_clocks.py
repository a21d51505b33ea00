"""The clocks of requests by the calendar of their country: holidays, stops, more time, the line."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.apps.lawful_requests import (
    addressee_operations,
    request_law,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.models import ClockStop, Deadline, Ticket
from recoup.apps.lawful_requests.request_counting import (
    calendar_of,
    derived,
    extension_told,
    limit_of,
    limit_told,
    moment_after,
    next_call,
    told_of,
    warning_call,
)
from recoup.apps.lawful_requests.target_operations import write_out
from recoup.core.law import ClockRefused, Ends, Limit, PackRefused, Unit, When, due
from recoup.core.law.units import ENDS
from recoup.core.moments import read_moment
from recoup.data import load_pack
from recoup.data.requests import load_quiet_hours
from support.requests import Desk, law_of, pass_time
from support.roles import as_owner
from support.world import World

FRIDAY = datetime(2026, 11, 6, 15, 20, tzinfo=UTC)  # 16:20 in Belgrade; 11 Nov is a holiday
BASIS = {
    "instrument": "An invented act", "article": "7", "text": "x", "binding": True,
    "confirmed": True, "assumed": False,
}  # fmt: skip


def ticket(**limits: Any) -> Ticket:
    """A ticket that is about to leave, with limits of its own."""
    limits = {
        "acknowledge": limit_told(Limit(1, Unit.HOURS, planned=True)),
        "answer": limit_told(Limit(3, Unit.WORKING_DAYS)), "effect": None, **limits,
    }  # fmt: skip
    draft = {"limits": limits, "legal_basis": BASIS, "pack": {"country": "RS"}, "asks": "x"}
    return Ticket(draft=draft, issuer_id=1, addressee_id=2, sent_at=FRIDAY)


def test_an_answer_is_due_by_the_working_days_of_the_country_and_says_why() -> None:
    found = derived(ticket(), "answer", start=FRIDAY)
    assert found.at == datetime(2026, 11, 12, 15, 20, tzinfo=UTC)
    line = str(found.said)
    for part in ("received Fri 6 Nov 2026 16:20", "3 working days", "11 Nov holiday",
                 "due Thu 12 Nov 16:20", "art. 7, An invented act"):  # fmt: skip
        assert part in line
    assert told_of(found)["at"] == "2026-11-12T15:20:00+00:00"


def test_a_limit_that_no_law_sets_names_no_article() -> None:
    assert "art." not in str(derived(ticket(), "acknowledge", start=FRIDAY).said)


def stop(since: timedelta, until: timedelta | None, kind: str = "stop") -> ClockStop:
    ended = None if until is None else FRIDAY + until
    return ClockStop(kind=kind, ground="x", started_at=FRIDAY + since, ended_at=ended, at=FRIDAY)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("stops", "day"),
    [
        ([], 12),
        ([stop(3 * DAY, 4 * DAY)], 13),  # Monday to Tuesday: one working day
        ([stop(1 * DAY, 2 * DAY)], 12),  # a Saturday is not worked anyway
        ([stop(3 * DAY, 3 * DAY + 2 * DAY, "extension")], 14),  # two days from where it would end
        ([stop(30 * DAY, 31 * DAY)], 12),  # it was over before
    ],
)
def test_stops_and_extensions_count_along_the_line_of_the_limit(
    stops: list[ClockStop], day: int
) -> None:
    found = derived(ticket(), "answer", start=FRIDAY, stops=stops)
    assert found.at == datetime(2026, 11, day, 15, 20, tzinfo=UTC)


def test_a_clock_that_stands_is_due_at_no_time() -> None:
    found = derived(ticket(), "answer", start=FRIDAY, stops=[stop(DAY, None)])
    assert found.at is None and found.stands_since == FRIDAY + DAY


def test_more_time_for_the_answer_is_no_more_time_to_acknowledge() -> None:
    more = [stop(timedelta(minutes=5), DAY, "extension")]
    plain = derived(ticket(), "acknowledge", start=FRIDAY).at
    assert derived(ticket(), "acknowledge", start=FRIDAY, stops=more).at == plain


def test_what_leaves_has_the_line_of_each_clock_and_no_clock_of_the_requester() -> None:
    one = ticket(effect=limit_told(Limit(3, Unit.MONTHS)), notify=limit_told(Limit(6, Unit.MONTHS)))
    due = {row.kind: row.due_at for row in write_out(one, at=FRIDAY)}
    assert one.body is not None
    body = bytes(one.body).decode()
    assert due["notify"] == datetime(2027, 5, 6, 14, 20, tzinfo=UTC)  # summer time: the same wall
    assert due["effect_ends"] == one.hold_until == datetime(2027, 2, 6, 15, 20, tzinfo=UTC)
    assert "3 working days; 11 Nov holiday" in body
    assert "notify" not in body


def rs_146() -> dict[str, Any]:
    """The limits of Serbia's article 146 as a ticket keeps them."""
    power = next(p for p in load_pack("RS").powers if p.power == "rs_cpc_146")
    # Whether a weekend is a holiday here nobody has confirmed: the pack does not say that it is.
    assert power.extension_on is None and "holidays" in power.extension_when
    more = {**(limit_told(power.extension) or {}), "when": power.extension_when,
            "on": When.INCLUDES_UNWORKED}  # fmt: skip
    return {"effect": limit_told(power.effect), "extension": more}


@pytest.mark.parametrize(
    ("start", "holds", "until"),
    [
        (datetime(2026, 11, 2, 15, 20, tzinfo=UTC), False, None),  # Monday to Thursday
        (FRIDAY, True, "2026-11-11T15:20:00+00:00"),
        (datetime(2026, 11, 10, 8, 0, tzinfo=UTC), True, "2026-11-15T08:00:00+00:00"),  # 11 Nov
    ],
)
def test_a_limit_may_be_extended_if_its_time_includes_days_off(
    start: datetime, holds: bool, until: str | None
) -> None:
    told = extension_told(rs_146(), start, calendar_of("RS", "Europe/Belgrade"))
    assert told is not None
    assert (told["holds"], told["until"]) == (holds, until)
    assert "the court orders it" in told["when"]  # the words for people stay


def test_of_article_146_it_is_not_said_that_a_weekend_makes_it_longer() -> None:
    limits = rs_146() | {"extension": {**rs_146()["extension"], "on": None}}
    told = extension_told(limits, FRIDAY, calendar_of("RS", "Europe/Belgrade"))
    assert told is not None and told["holds"] is None and told["when"]


def test_a_limit_that_was_not_found_at_its_source_says_so_on_its_line() -> None:
    limit = Limit(72, Unit.HOURS, source="https://example.org", unsourced=True)
    assert limit_of(limit_told(limit) or {}).unsourced
    found = due(limit, FRIDAY, calendar_of("RS", "Europe/Belgrade"))
    assert "72 hours (not found at the source)" in str(found.said)


def test_a_limit_may_end_with_the_day_and_move_off_a_day_that_is_not_worked() -> None:
    assert set(ENDS) == set(Ends)
    calendar = calendar_of("RS", "Europe/Belgrade")
    plain, moved = Limit(8, Unit.DAYS), Limit(8, Unit.DAYS, ends="day_end")
    assert limit_of(limit_told(moved) or {}).ends == "day_end"
    assert moment_after(FRIDAY, plain, calendar=calendar) == FRIDAY + timedelta(days=8)
    last = moment_after(FRIDAY, moved, calendar=calendar)
    assert last.astimezone(calendar.zone).isoformat() == "2026-11-17T00:00:00+01:00"


def test_a_country_without_a_calendar_is_refused_and_not_counted_without_holidays() -> None:
    with pytest.raises(PackRefused):
        calendar_of("DE", "Europe/Berlin")


def test_a_condition_in_words_only_is_neither_met_nor_not() -> None:
    limits = {"effect": limit_told(Limit(3, Unit.MONTHS)),
              "extension": {**(limit_told(Limit(3, Unit.MONTHS)) or {}), "when": "important",
                            "on": None}}  # fmt: skip
    told = extension_told(limits, FRIDAY, calendar_of("RS", "Europe/Belgrade"))
    assert told is not None and told["holds"] is None
    assert extension_told({"effect": None}, FRIDAY, calendar_of("RS", "Europe/Belgrade")) is None


def test_a_made_up_country_has_weekends_only() -> None:
    calendar = calendar_of("ZZ", "Europe/Belgrade")
    due = moment_after(FRIDAY, Limit(3, Unit.WORKING_DAYS), calendar=calendar)
    assert due == datetime(2026, 11, 11, 15, 20, tzinfo=UTC)


# Whatever the moment: over the nights in which the clock is changed, leap days, ends of years

EDGES = ("2026-03-29T01:00", "2026-10-25T01:00", "2028-02-29T12:00", "2027-12-31T23:00")
moments = st.tuples(st.sampled_from(EDGES), st.integers(-72 * 60, 72 * 60)).map(
    lambda one: datetime.fromisoformat(one[0]).replace(tzinfo=UTC) + timedelta(minutes=one[1])
)
limits = st.sampled_from(list(Unit)).flatmap(
    lambda unit: st.integers(1, 40).map(lambda count: Limit(count, unit))
)
spans = st.integers(0, 40_000).map(lambda minutes: timedelta(minutes=minutes))


def again(one: Ticket) -> Ticket:
    """The same ticket as another process reads it."""
    draft = json.loads(json.dumps(one.draft))
    return Ticket(draft=draft, issuer_id=1, addressee_id=2, sent_at=one.sent_at)


@given(moments, limits, st.lists(st.tuples(spans, spans), max_size=3))
def test_what_is_frozen_is_what_anybody_counts_again(
    start: datetime, limit: Limit, pauses: list[tuple[timedelta, timedelta]]
) -> None:
    one = ticket(answer=limit_told(limit))
    one.sent_at = start
    try:
        rows = {row.kind: row.due_at for row in write_out(one, at=start)}
    except ClockRefused:
        return  # beyond the years whose holidays are known
    body = json.loads(bytes(one.body or b""))
    plain = derived(again(one), "answer", start=start)
    assert rows["answer"] == plain.at == read_moment(body["clocks"]["answer_by"])
    assert body["derivations"]["answer"]["said"] == str(plain.said)
    stops = [
        ClockStop(kind="stop", ground="x", started_at=start + a, ended_at=start + a + b, at=start)
        for a, b in pauses
    ]
    with suppress(ClockRefused):
        later = derived(one, "answer", start=start, stops=stops).at
        assert later == derived(again(one), "answer", start=start, stops=stops[::-1]).at
        assert later is not None and plain.at is not None and later >= plain.at


@given(moments, spans)
def test_a_call_that_can_wait_disturbs_no_night_and_no_day_off(
    before: datetime, span: timedelta
) -> None:
    calendar = calendar_of("RS", "Europe/Belgrade")
    called = next_call(before, span, calendar=calendar, is_urgent=False)
    local = called.astimezone(calendar.zone)
    assert called >= before + span and calendar.is_worked(local.date())
    assert not load_quiet_hours("RS").covers(local.time())
    assert next_call(before, span, calendar=calendar, is_urgent=True) == before + span


def test_the_supervisor_is_not_called_over_the_desk_s_head_in_the_morning() -> None:
    calendar, ten = calendar_of("RS", "Europe/Belgrade"), timedelta(minutes=10)
    night = datetime(2026, 11, 6, 22, 0, tzinfo=UTC)  # Friday, 23:00 in Belgrade
    monday = datetime(2026, 11, 9, 6, 0, tzinfo=UTC)
    assert next_call(night, ten, calendar=calendar, is_urgent=False) == monday + ten


def test_a_desk_is_warned_the_evening_before_rather_than_too_late() -> None:
    calendar, early = calendar_of("RS", "Europe/Belgrade"), timedelta(hours=12)
    due = datetime(2026, 11, 9, 5, 30, tzinfo=UTC)  # Monday 06:30, after a weekend
    at = warning_call(due, early, since=FRIDAY, calendar=calendar)
    assert at == datetime(2026, 11, 6, 19, 0, tzinfo=UTC)
    assert warning_call(due, early, since=due - early, calendar=calendar) is None


# In the engine


@pytest.fixture
def working(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A law whose answers take two working days, and whose oral decisions one to be written."""
    law = law_of()
    days = Limit(2, Unit.WORKING_DAYS)
    powers = tuple(
        replace(p, answer_within=days, written_within=Limit(1, Unit.WORKING_DAYS))
        for p in law.powers
    )
    law = replace(law, powers=powers)
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


def counted(limit: Limit, start: datetime) -> datetime:
    return moment_after(start, limit, calendar=calendar_of("RS", "Europe/Belgrade"))


def test_the_engine_counts_by_the_calendar_and_freezes_the_line(working: Desk) -> None:
    (one,) = working.sent()
    assert one.sent_at is not None
    due = counted(Limit(2, Unit.WORKING_DAYS), one.sent_at)
    with as_owner():
        row = Deadline.objects.get(ticket=one, kind="answer", level=0)
    assert row.due_at == due
    body = working.body(one)
    assert body["derivations"]["answer"]["at"] == due.isoformat()
    assert "2 working days" in body["derivations"]["answer"]["said"]


def test_more_time_is_counted_from_the_end_and_what_is_late_gets_none(
    working: Desk, refused: Callable[..., str]
) -> None:
    (one,) = working.sent()
    extend = lambda: working.do(  # noqa: E731
        addressee_operations.extend, working.officer, ticket_id=one.id, days=3, ground="Leave."
    )
    extend()
    assert one.sent_at is not None
    first = counted(Limit(2, Unit.WORKING_DAYS), one.sent_at)
    with working.world.acting(working.officer):
        found = request_queries.answer_clock(Ticket.objects.get(pk=one.pk))
        assert request_queries.answers_due([one.id])[one.id] == found.at  # type: ignore[union-attr]
    assert found is not None and found.at == counted(Limit(3, Unit.DAYS), first)
    assert "Leave." in str(found.said)
    working.world.run(
        "update lawful_requests_ticket set sent_at = sent_at - interval '40 days' where id = %s",
        one.id,
    )
    assert refused(extend) == "extension_too_late"


def test_a_question_after_the_end_stops_nothing(working: Desk) -> None:
    (one,) = working.sent()
    working.world.run(
        "update lawful_requests_ticket set sent_at = sent_at - interval '40 days' where id = %s",
        one.id,
    )
    ask = {"ticket_id": one.id, "text": "Which?"}
    working.do(addressee_operations.ask_back, working.isp, **ask)
    assert working.world.run("select count(*) from lawful_requests_clockstop") == [(0,)]
    reply = {"ticket_id": one.id, "text": "That."}
    working.do(addressee_operations.reply_to_addressee, working.officer, **reply)


def test_when_the_person_is_to_be_told_the_issuer_gets_a_task(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = law_of()
    powers = tuple(replace(p, notify_after=Limit(6, Unit.MONTHS)) for p in law.powers)
    law = replace(law, powers=powers)
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    desk = Desk(world, law)
    (one,) = desk.sent()
    given = Answered(answer=uuid4(), code="given", fields={"name": "A."})
    desk.do(addressee_operations.answer, desk.isp, ticket_id=one.id, given=given)
    pass_time(world, timedelta(days=200), kind="notify")
    tasks = world.run("select kind, issuer_id = owner_id from cases_task where about = %s", one.id)
    assert tasks == [("notify", True)]


def test_while_two_desks_doubt_a_requester_its_clocks_stand_and_nobody_sees_whose_doubt(
    working: Desk,
) -> None:
    desk = working
    other = desk.enrol("otherisp", "clerk", kind="isp")
    third = desk.enrol("thirdisp", "clerk", kind="isp")
    first, second, unsure = desk.sent("heron", "otherisp", "thirdisp")
    desk.do(addressee_operations.ask_back, third, ticket_id=unsure.id, text="Which?")
    for one, by in ((first, desk.isp), (second, other)):
        desk.do(addressee_operations.doubt, by, ticket_id=one.id, ground="Odd.")
    desk.world.sweep()
    with desk.world.acting(desk.officer):
        assert set(ClockStop.objects.values_list("ticket_id", "ground")) == {
            (first.id, "doubt"), (second.id, "doubt"), (unsure.id, "question"),
        }  # fmt: skip
        assert request_queries.answer_clock(Ticket.objects.get(pk=first.pk)).at is None  # type: ignore[union-attr]
    desk.do(addressee_operations.ask_back, desk.isp, ticket_id=first.id, text="And you are?")
    desk.do(addressee_operations.lift_doubt, other, ticket_id=second.id, ground="Called back.")
    desk.world.sweep()
    with as_owner():
        stands = ClockStop.objects.filter(ended_at=None).values_list("ticket_id", "ground")
        assert set(stands) == {(first.id, "question"), (unsure.id, "question")}


def test_the_desk_that_has_not_answered_is_warned_before(working: Desk) -> None:
    (one,) = working.sent()
    pass_time(working.world, timedelta(days=9), kind="answer_warn")
    tasks = working.world.run(
        "select kind, owner_id, due_at from cases_task where about = %s", one.id
    )
    assert one.sent_at is not None
    due = counted(Limit(2, Unit.WORKING_DAYS), one.sent_at)
    assert tasks == [("answer_warn", one.addressee_id, due)]


def test_who_answered_is_not_warned(working: Desk) -> None:
    (one,) = working.sent()
    given_ = Answered(answer=uuid4(), code="given", fields={"name": "A."})
    working.do(addressee_operations.answer, working.isp, ticket_id=one.id, given=given_)
    pass_time(working.world, timedelta(days=9), kind="answer_warn")
    assert working.world.run("select count(*) from cases_task where about = %s", one.id) == [(0,)]


def test_a_year_after_its_close_the_unit_looks_whether_it_needs_the_data(working: Desk) -> None:
    (one,) = working.sent()
    given_ = Answered(answer=uuid4(), code="given", fields={"name": "A."})
    working.do(addressee_operations.answer, working.isp, ticket_id=one.id, given=given_)
    working.do(request_operations.close, working.officer, ticket_id=one.id)
    pass_time(working.world, timedelta(days=364), kind="retention")
    kinds = "select kind, owner_id = issuer_id from cases_task where about = %s"
    assert working.world.run(kinds, one.of_id) == []
    pass_time(working.world, timedelta(days=2), kind="retention")
    assert working.world.run(kinds, one.of_id) == [("request_retention", True)]
