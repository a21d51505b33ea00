"""One clock that cannot act holds back no other; a person is told of it, and lets it act later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from recoup.apps.holds import clock, lapse_operations
from recoup.apps.lawful_requests import clock as request_clock
from support.world import World, iban

OVERDUE = "update lawful_requests_deadline set due_at = now() - interval '1 minute' where kind = %s"
LAPSE_NOW = "update holds_hold set until = now() - interval '1 second' where until is not null"
END_SOON = "update holds_hold set until = now() + interval '1 hour' where until is not null"
FAILED = "select person_id, owner_id, done_at from cases_task where kind = 'clock_failed'"
FINISH = "update cases_task set done_at = now() where kind = 'clock_failed'"


def reported(world: World, number: int) -> Any:
    filed = world.report(
        payer=iban("plum", number), payee=iban("walnut", number), amount=500_00,
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()
    return filed


def hold_of(world: World, filed: Any) -> Any:
    (ticket,) = world.tickets(case__report_id=filed.id, measure="hold")
    return ticket


def rung(world: World) -> set[UUID]:
    """The tickets of which somebody was told that the acknowledgement is overdue."""
    rows = world.run("select about from cases_task where kind = 'acknowledge_overdue'")
    return {about for (about,) in rows}


def state_of(world: World, hold: UUID) -> str:
    return str(world.run("select state from holds_hold where id = %s", hold)[0][0])


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot act is logged on purpose."""
    monkeypatch.setattr(clock.log, "exception", lambda *_: None)


def break_for(
    monkeypatch: pytest.MonkeyPatch, room: Any, name: str, is_bad: Callable[[Any], bool]
) -> None:
    """What this function does to such a row fails in the database itself."""
    whole = getattr(room, name)

    def act(row: Any, **more: Any) -> Any:
        if is_bad(row):
            with connection.cursor() as cursor:
                cursor.execute("select 1 / 0")
        return whole(row, **more)

    monkeypatch.setattr(room, name, act)


def test_a_deadline_that_cannot_fire_holds_back_no_other(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (hold_of(open_world, reported(open_world, number)) for number in (1, 2))
    with monkeypatch.context() as failing:
        break_for(failing, request_clock, "_escalate", lambda d: d.ticket_id == bad.id)
        open_world.run(OVERDUE, "acknowledge")
        open_world.sweep()
        assert good.id in rung(open_world) and bad.id not in rung(open_world)
        for _ in range(3):
            open_world.sweep()
        ((person, owner, done),) = open_world.run(FAILED)
        assert person is not None and owner == bad.issuer_id and done is None
        open_world.run(OVERDUE, "answer")
        open_world.sweep()  # the ticket's other clock is tried, and noted by itself
        tries = open_world.run("select count(*) from holds_plantrouble where tries = 1")
        assert tries == [(1,)]
    open_world.sweep()
    assert bad.id not in rung(open_world), "parked until a person has looked"
    open_world.run(FINISH)
    open_world.sweep()
    open_world.sweep()
    assert bad.id in rung(open_world)
    fired = open_world.run(
        "select count(*) from cases_task where kind = 'acknowledge_overdue' and level = 0"
        " and about = any(%s)", [bad.id, good.id],
    )  # fmt: skip
    assert fired == [(2,)], "each has fired once"


@pytest.mark.breaks_invariants
def test_a_deadline_of_a_kind_that_nobody_knows_holds_back_no_other(open_world: World) -> None:
    good = hold_of(open_world, reported(open_world, 3))
    open_world.run(
        "update lawful_requests_deadline set kind = 'odd', due_at = now() - interval '1 hour' "
        "where kind = 'answer' and ticket_id = %s", good.id,
    )  # fmt: skip
    open_world.run(OVERDUE, "acknowledge")
    for _ in range(4):
        open_world.sweep()
    assert good.id in rung(open_world)
    assert len(open_world.run(FAILED)) == 1


def test_a_hold_that_cannot_end_holds_back_no_other(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (hold_of(open_world, reported(open_world, number)).request for number in (5, 6))
    with monkeypatch.context() as failing:
        break_for(failing, lapse_operations, "ask_what_next", lambda hold: hold.id == bad)
        open_world.run(LAPSE_NOW)
        for _ in range(3):
            open_world.sweep()
    assert (state_of(open_world, good), state_of(open_world, bad)) == ("lapsed", "asked")
    assert len(open_world.run(FAILED)) == 1
    lines = "select count(*) from audit_auditleaf where stream = %s"
    assert open_world.run(lines, f"hold:{good}") == [(1,)]
    open_world.run(FINISH)
    open_world.sweep()
    open_world.sweep()
    assert state_of(open_world, bad) == "lapsed"
    assert open_world.run(lines, f"hold:{bad}") == [(1,)], "it ended once"


def test_a_warning_that_fails_holds_back_neither_others_nor_the_end(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (hold_of(open_world, reported(open_world, number)).request for number in (7, 8))
    open_world.run("update holds_hold set state = 'placed', held_minor = 1")
    open_world.run(END_SOON)
    break_for(monkeypatch, clock, "_warn", lambda hold: hold.id == bad)
    for _ in range(4):
        open_world.sweep()
    warned = open_world.run("select about from cases_task where kind = 'hold_ends'")
    assert warned == [(good,)]
    assert len(open_world.run(FAILED)) == 1
    open_world.run(LAPSE_NOW)
    open_world.sweep()
    assert state_of(open_world, bad) == "lapsed"
