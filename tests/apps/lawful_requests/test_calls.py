"""Who is called about a request that waits, when, and that somebody has taken it on."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests import (
    call_operations,
    clock,
    decision_operations,
    duty_operations,
    request_law,
    request_operations,
)
from recoup.apps.lawful_requests.models import Deadline, Request
from recoup.apps.members.models import Duty
from recoup.core.access import Actor
from recoup.data import load_pack
from recoup.data.calendars import load_calendar
from support.requests import Desk, law_of
from support.roles import as_owner, as_planner
from support.world import World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONE = ZoneInfo("Europe/Belgrade")


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


def night(desk: Desk) -> datetime:
    """A coming three in the morning with worked days around it; the day before is to come too."""
    day = desk.world.now().astimezone(ZONE).date() + 2 * DAY
    calendar = load_calendar(settings.COUNTRY)
    while not all(calendar.is_worked(day + n * DAY) for n in (-1, 0, 1, 2)):
        day += DAY
    return datetime.combine(day, time(3), ZONE)


def urgent(desk: Desk, *, at: datetime, **given: Any) -> Request:
    draft = desk.draft(danger="life", **given)
    return desk.submit(draft, at=at, confirmer="prosecutor", by=given.get("by"))


def fire(at: datetime) -> None:
    with as_planner():
        clock.fire_due(pack=load_pack(settings.COUNTRY), at=at)


def called(found: Request) -> list[tuple[int, str, str]]:
    """Each call: its step, the rung that was called, and whom it names."""
    with as_owner():
        rows = Task.objects.filter(about=found.id, kind="request_decide").order_by("level")
        return [
            (row.level % 10, row.values["called"], row.person.full_name if row.person else "")
            for row in rows.select_related("person")
        ]


def on_duty(desk: Desk, who: Actor, since: datetime, until: datetime, **given: Any) -> Duty:
    assert who.mandate_id
    duty: Duty = desk.do(
        duty_operations.note_duty, desk.prosecutor, mandate_id=who.mandate_id, since=since,
        until=until, **given,
    )  # fmt: skip
    return duty


# In danger, at any hour


def test_at_three_in_the_morning_one_after_the_other_is_called(desk: Desk) -> None:
    """On call, again; then who stands in; then the head of the office."""
    listed = desk.enrol("prosecutor", "prosecutor", name="On Call")
    desk.enrol("prosecutor", "prosecutor", name="Stand In")
    desk.enrol("prosecutor", "unit_head", name="The Head")
    start = night(desk)
    on_duty(desk, listed, start - HOUR, start + 5 * HOUR)
    found = urgent(desk, at=start)
    for minute in range(0, 35, 5):
        fire(start + minute * MINUTE)
    told = called(found)
    assert [(step, rung) for step, rung, _ in told] == [
        (0, "on_call"), (1, "on_call"), (2, "stand_in"), (3, "stand_in"), (4, "head"),
        (5, "head"), (6, "head"),
    ]  # fmt: skip
    assert [name for _, _, name in told[:2]] == ["On Call", "On Call"]
    assert {name for _, rung, name in told if rung == "head"} == {"The Head"}
    assert desk.again(found).state == "submitted", "nobody is passed over: nothing is decided"


def test_the_first_call_does_not_wait(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    assert len(called(found)) == 1
    assert "request:called" in [line["what"] for line in desk.trail(found.id)]


def test_who_has_it_ends_the_calls_for_ten_minutes(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    desk.do(
        call_operations.take_on, desk.prosecutor, request_id=found.id, at=start + MINUTE
    )  # fmt: skip
    assert desk.trail(found.id)[-1]["what"] == "request:taken_on"
    for minute in (5, 10):
        fire(start + minute * MINUTE)
    assert len(called(found)) == 1
    with as_owner():
        assert not Task.objects.filter(about=found.id, kind="request_decide", done_at=None)
    for minute in (15, 20, 25):  # nothing followed
        fire(start + minute * MINUTE)
    assert [step for step, _, _ in called(found)] == [0, 1, 2, 3]


def test_who_has_it_and_decides_is_not_called_again(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    desk.do(
        call_operations.take_on, desk.prosecutor, request_id=found.id, at=start + MINUTE
    )  # fmt: skip
    fire(start + 5 * MINUTE)
    desk.do(
        decision_operations.refuse, desk.prosecutor, request_id=found.id, version=1,
        ground="No danger.", at=start + 6 * MINUTE,
    )  # fmt: skip
    for minute in (10, 15, 20, 60):
        fire(start + minute * MINUTE)
    assert len(called(found)) == 1


def test_who_may_not_decide_takes_nothing_on(desk: Desk) -> None:
    idle = desk.enrol("prosecutor", "duty_officer")
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    assert refusal(desk, idle, found.id) == "wrong_role"
    fire(start + 5 * MINUTE)
    assert len(called(found)) == 2


def test_a_decision_ends_the_calls(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    desk.do(
        decision_operations.refuse, desk.prosecutor, request_id=found.id, version=1,
        ground="No danger.", at=start + MINUTE,
    )  # fmt: skip
    fire(start + 30 * MINUTE)
    with as_owner():
        rows = Task.objects.filter(about=found.id, kind="request_decide")
        assert [row.done_at is not None for row in rows] == [True]


def test_calls_that_another_desk_ended_are_closed_by_the_hub(desk: Desk) -> None:
    """Who withdraws is of another organisation, and may not touch the tasks of the authority."""
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    desk.do(
        request_operations.withdraw, desk.officer, request_id=found.id, ground="He is safe.",
        at=start + MINUTE,
    )  # fmt: skip
    fire(start + 5 * MINUTE)
    with as_owner():
        rows = Task.objects.filter(about=found.id, kind="request_decide")
        assert [row.done_at for row in rows] == [start + 5 * MINUTE]


def test_what_lapses_calls_nobody_any_more(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    fire(start + 31 * DAY)
    assert desk.again(found).state == "lapsed"
    with as_owner():
        assert not Task.objects.filter(about=found.id, kind="request_decide", done_at=None)


def test_calls_of_a_new_turn_are_not_ended_by_clocks_of_the_old(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    ask, answer = decision_operations.ask, request_operations.reply
    given = {"request_id": found.id, "version": 1}
    desk.do(ask, desk.prosecutor, text="Whose?", at=start + MINUTE, **given)
    desk.do(answer, desk.officer, text="His own.", at=start + 2 * MINUTE, **given)
    fire(start + 3 * MINUTE)
    assert [step for step, _, _ in called(found)] == [0]
    fire(start + 6 * MINUTE)  # a clock of the first turn
    with as_owner():
        assert Task.objects.filter(about=found.id, kind="request_decide", done_at=None).exists()


def test_the_author_is_not_called_about_the_own_request(desk: Desk) -> None:
    desk.enrol("prosecutor", "prosecutor", name="Another One")
    start = night(desk)
    on_duty(desk, desk.prosecutor, start - HOUR, start + 5 * HOUR)
    found = urgent(desk, at=start, by=desk.prosecutor)
    for minute in (0, 5, 10, 20):
        fire(start + minute * MINUTE)
    assert desk.prosecutor.person_name not in {name for _, _, name in called(found)}
    assert called(found)[0][2] == "Another One"


def test_who_stands_in_is_called_in_the_other_s_place(desk: Desk) -> None:
    other = desk.enrol("prosecutor", "prosecutor", name="Other One")
    start = night(desk)
    on_duty(desk, desk.prosecutor, start - HOUR, start + 5 * HOUR)
    on_duty(
        desk, other, start, start + 6 * MINUTE, instead_of=desk.prosecutor.mandate_id
    )  # fmt: skip
    found = urgent(desk, at=start)
    for minute in (0, 5, 10):
        fire(start + minute * MINUTE)
    assert [name for _, _, name in called(found)][:2] == ["Other One", "Other One"]


def test_nobody_is_called_whose_mandate_has_ended(desk: Desk) -> None:
    gone = desk.enrol("prosecutor", "prosecutor", name="Gone One")
    start = night(desk)
    on_duty(desk, gone, start - HOUR, start + 5 * HOUR)
    found = urgent(desk, at=start)
    desk.world.run(
        "update members_mandate set valid_until = %s where id = %s", start - HOUR, gone.mandate_id
    )
    fire(start)
    assert [name for _, _, name in called(found)] == [desk.prosecutor.person_name]


def test_a_duty_that_was_handed_over_is_called_at_its_new_person(desk: Desk) -> None:
    other = desk.enrol("prosecutor", "prosecutor", name="New One")
    start = night(desk)
    duty = on_duty(desk, desk.prosecutor, start - HOUR, start + 5 * HOUR)
    desk.do(
        duty_operations.hand_over, desk.prosecutor, duty_id=duty.id, to=other.mandate_id, at=start
    )
    found = urgent(desk, at=start + MINUTE)
    fire(start + MINUTE)
    assert [name for _, _, name in called(found)] == ["New One"]


# What can wait, waits for the morning


def test_what_is_no_danger_does_not_ring_at_three_in_the_morning(desk: Desk) -> None:
    due = night(desk)
    found = desk.submit(desk.draft(), at=due - DAY)
    fire(due)
    assert called(found) == []
    with as_owner():
        waits = Deadline.objects.get(of=found, kind="decide", level=10)
    assert waits.fired_at is None and waits.first_at == due
    assert waits.due_at == due + 4 * HOUR, "put off to seven"
    fire(due + 4 * HOUR - MINUTE)
    assert called(found) == []
    fire(due + 4 * HOUR)
    assert [(step, rung) for step, rung, _ in called(found)] == [(0, "on_call")]


def test_steps_that_were_put_off_keep_their_distance(desk: Desk) -> None:
    desk.enrol("prosecutor", "prosecutor", name="Stand In")
    due = night(desk)
    found = desk.submit(desk.draft(), at=due - DAY)
    fire(due + 4 * HOUR)
    fire(due + 4 * HOUR)
    assert len(called(found)) == 1, "nobody is called over another's head at seven"
    fire(due + 8 * HOUR)
    assert [rung for _, rung, _ in called(found)] == ["on_call", "stand_in"]


def test_a_call_fires_once_whatever_restarts_happen(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    for _ in range(3):
        fire(start)
    assert len(called(found)) == 1


# Who may take it on


def test_only_the_authority_takes_it_on(desk: Desk) -> None:
    start = night(desk)
    found = urgent(desk, at=start)
    fire(start)
    for who, code in ((desk.head, "no_such_request"), (desk.isp, "no_such_request")):
        assert refusal(desk, who, found.id) == code
    assert refusal(desk, desk.prosecutor, found.id) == ""
    assert refusal(desk, desk.prosecutor, found.id) == "not_now"


def refusal(desk: Desk, who: Actor, request_id: UUID) -> str:
    from recoup.apps.lawful_requests.refusals import REFUSALS, code_of

    try:
        desk.do(call_operations.take_on, who, request_id=request_id)
    except REFUSALS as problem:
        return code_of(problem)
    return ""
