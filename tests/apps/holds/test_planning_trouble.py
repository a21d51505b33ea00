"""One thing that cannot be planned, or one clock that fails, stops nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.apps.holds import clock, lapse_operations, plan_operations, trouble_operations
from support.roles import as_planner
from support.world import World, iban

PARKED = "select count(*) from holds_plantrouble where parked_at is not null"
LAPSE_NOW = "update holds_hold set until = now() - interval '1 second' where until is not null"


def tell(world: World, number: int) -> Any:
    return world.report(
        payer=iban("plum", number), payee=iban("walnut", number), amount=500_00,
        by=world.at_bank("plum"),
    )  # fmt: skip


def holds(world: World, filed: Any) -> int:
    return len(world.tickets(case__report_id=filed.id, measure="hold"))


def refuse(monkeypatch: pytest.MonkeyPatch, filed: Any) -> None:
    """Opening this report's case fails, however often it is tried."""
    opened = plan_operations.open_cases

    def open_cases(reports: Any, **more: Any) -> Any:
        if filed.id in {report.id for report in reports}:
            raise ValueError("cannot be opened")
        return opened(reports, **more)

    monkeypatch.setattr(plan_operations, "open_cases", open_cases)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be planned is logged on purpose."""
    monkeypatch.setattr(plan_operations.log, "exception", lambda *_: None)


def test_what_was_parked_is_planned_once_its_task_is_done(
    open_world: World, monkeypatch: pytest.MonkeyPatch, outside: None
) -> None:
    with monkeypatch.context() as failing:
        refuse(failing, bad := tell(open_world, 1))
        good = tell(open_world, 2)
        for _ in range(4):
            open_world.sweep()
    assert holds(open_world, good) == 1 and holds(open_world, bad) == 0
    assert open_world.run(PARKED) == [(1,)]
    open_world.sweep()
    assert holds(open_world, bad) == 0, "parked until a person has looked"
    open_world.run("update cases_task set done_at = now() where kind = 'planning_failed'")
    open_world.sweep()
    open_world.sweep()
    assert holds(open_world, bad) == 1
    assert open_world.run(PARKED) == [(0,)]


OPENED = "select opened_at, done_at from cases_task where kind = 'planning_failed'"


def test_a_worker_that_begins_tries_again_what_an_older_one_could_not(
    open_world: World, monkeypatch: pytest.MonkeyPatch, outside: None
) -> None:
    with monkeypatch.context() as failing:
        refuse(failing, bad := tell(open_world, 1))
        for _ in range(4):
            open_world.sweep()
        (task,) = open_world.run(OPENED)
        with as_planner():
            trouble_operations.try_again()
        for _ in range(4):
            open_world.sweep()
        assert open_world.run(PARKED) == [(1,)], "what fails again is parked again"
        assert open_world.run(OPENED) == [task], "and its task keeps its clock"
    with as_planner():
        trouble_operations.try_again()
    open_world.sweep()
    open_world.sweep()
    assert holds(open_world, bad) == 1 and open_world.run(PARKED) == [(0,)]


def test_a_clock_that_fails_stops_neither_planning_nor_other_clocks(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tell(open_world, 3)
    open_world.sweep()
    assert holds(open_world, old) == 1

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("cannot be fired")

    told: list[object] = []
    monkeypatch.setattr(clock.log, "exception", lambda *words: told.append(words))
    monkeypatch.setattr(clock.request_clock, "fire_due", fail)
    new = tell(open_world, 4)
    open_world.sweep()
    assert holds(open_world, new) == 1 and told
    open_world.run(LAPSE_NOW)
    open_world.sweep()
    assert "lapsed" in {row[0] for row in open_world.run("select state from holds_hold")}


def test_a_hold_that_cannot_end_stops_no_planning(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(open_world, 5)
    open_world.sweep()
    open_world.run(LAPSE_NOW)

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("cannot end")

    monkeypatch.setattr(clock.log, "exception", lambda *_: None)
    monkeypatch.setattr(lapse_operations, "ask_what_next", fail)
    new = tell(open_world, 6)
    open_world.sweep()
    assert holds(open_world, new) == 1
