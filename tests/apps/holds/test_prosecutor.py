"""The prosecutor's desk: what it reads of a case handed over, what it decides, and its clocks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.apps.cases.models import Case, CaseEvent, Task
from recoup.apps.holds import case_queries, decision_operations, operations
from recoup.apps.holds.operations import NotPossible
from recoup.apps.members.models import Login
from recoup.apps.sought import Sought
from support.bank import Banks, Ledger
from support.chain import report
from support.roles import as_owner
from support.world import OFFICER, PROSECUTOR, World

LAW = "Suspension of the transaction by a judge"


@pytest.fixture
def case(ledger: Ledger) -> Case:
    """A case with money held at two banks, handed over to the prosecutor."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 400, minute=14)
    filed = report(ledger, paid)
    Banks(ledger).run()
    found = ledger.world.case_of(filed)
    hand_over(ledger.world, found)
    return ledger.world.case_of(filed)


def hand_over(world: World, case: Case, note: str = "Order the hold.") -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.hand_over(case=case, note=note, by=by, at=at)


def decide(world: World, act: Any, case: Case, **more: Any) -> None:
    with world.acting(by := world.actor(PROSECUTOR)) as at:
        act(case=case, by=by, at=at, **more)


def client_of(login: str) -> Client:
    client = Client()
    client.force_login(Login.objects.get(username=login))
    return client


def open_tasks(case: Case) -> dict[str, Task]:
    with as_owner():
        rows = Task.objects.filter(case=case, done_at=None).select_related("owner")
        return {row.kind: row for row in rows}


def test_a_prosecutor_reads_blocks_and_ends_of_a_case_handed_over(
    case: Case, open_world: World
) -> None:
    with open_world.acting(open_world.actor(PROSECUTOR)):
        references = case_queries.block_references(case.id).values()
        ends = case_queries.first_ends([case.id])
    assert sorted(references) == ["B-first", "B-second"]
    assert list(ends) == [case.id]
    page = client_of(PROSECUTOR).get(f"/cases/{case.id}/hand-over").content.decode()
    assert "B-first" in page and "B-second" in page


def test_nobody_reads_blocks_and_ends_of_a_case_that_is_not_theirs(
    ledger: Ledger, case: Case
) -> None:
    world = ledger.world
    other = report(ledger, ledger.pay("victim", "third", 300, minute=20))
    Banks(ledger).run()
    not_handed_over = world.case_of(other).id
    for login, forbidden in ((PROSECUTOR, not_handed_over), ("mila.linden", case.id)):
        with world.acting(world.actor(login)):
            assert case_queries.block_references(forbidden) == {}
            assert case_queries.first_ends([forbidden]) == {}


def test_the_list_shows_the_prosecutor_when_the_first_hold_ends(
    case: Case, open_world: World
) -> None:
    from recoup.web import case_list

    with open_world.acting(actor := open_world.actor(PROSECUTOR)) as at:
        [row] = case_list.page(actor, {}, Sought(), at=at)["rows"]
        ends = case_queries.first_ends([case.id])
    assert row["due_at"] == ends[case.id]
    assert row["next_act"] == "prosecutor decides"


@pytest.mark.breaks_invariants
def test_without_an_end_the_list_shows_when_the_task_is_due(case: Case, open_world: World) -> None:
    from recoup.web import case_list

    open_world.run("update holds_hold set until = null")
    with open_world.acting(actor := open_world.actor(PROSECUTOR)) as at:
        [row] = case_list.page(actor, {}, Sought(), at=at)["rows"]
    assert row["due_at"] == open_tasks(case)["decide_hold"].due_at


@pytest.mark.parametrize("path", ["/tasks", "/desk", "/cases/{case}"])
def test_once_taken_over_the_task_says_what_is_left_to_do(
    case: Case, open_world: World, path: str
) -> None:
    client = client_of(PROSECUTOR)
    before = client.get(path.format(case=case.id)).content.decode()
    assert "Decide before the hold ends" in before
    decide(open_world, decision_operations.take_over, case, note="We ask today.")
    after = client.get(path.format(case=case.id)).content.decode()
    assert "Decide before the hold ends" not in after
    assert "Apply for the order before the hold ends" in after


def test_taking_over_is_told_and_the_clock_runs_on(case: Case, open_world: World) -> None:
    before = open_tasks(case)["decide_hold"].due_at
    decide(open_world, decision_operations.take_over, case, note="We ask today.")
    assert open_tasks(case)["decide_hold"].due_at == before
    with open_world.acting(open_world.actor(OFFICER)):
        last = CaseEvent.objects.filter(case=case).order_by("-at").first()
    assert last is not None and last.what == "taken_over" and "Olga" in last.who
    bodies = open_world.run(
        "select convert_from(body, 'utf8') from audit_auditleaf where stream = %s",
        f"case:{case.id}",
    )
    acts = [body for (body,) in bodies if "case:taken_over" in body]
    assert len(acts) == 1
    with pytest.raises(NotPossible):
        decide(open_world, decision_operations.take_over, case, note="")


def test_an_application_ends_the_task_and_opens_the_wait_for_the_order(
    case: Case, open_world: World
) -> None:
    today = open_world.now().date()
    decide(
        open_world, decision_operations.apply_for_order, case, order=LAW, on=today, note=""
    )  # fmt: skip
    tasks = open_tasks(case)
    assert "decide_hold" not in tasks
    assert tasks["order_awaited"].owner.kind == "prosecutor"
    with open_world.acting(open_world.actor(PROSECUTOR)):
        assert tasks["order_awaited"].due_at == case_queries.first_ends([case.id])[case.id]
    with pytest.raises(NotPossible):
        decide(open_world, decision_operations.take_over, case, note="")


@pytest.mark.parametrize("days", [-400, 3])
def test_an_application_is_of_a_day_that_was(case: Case, open_world: World, days: int) -> None:
    on: date = open_world.now().date() + timedelta(days=days)
    with pytest.raises(NotPossible):
        decide(open_world, decision_operations.apply_for_order, case, order=LAW, on=on, note="")
    assert "decide_hold" in open_tasks(case)


def test_a_case_not_taken_over_is_the_police_s_again_and_may_be_handed_over_anew(
    case: Case, open_world: World
) -> None:
    decide(open_world, decision_operations.leave_to_police, case, ground="No suspicion told.")
    tasks = open_tasks(case)
    assert "decide_hold" not in tasks and tasks["not_taken_over"].owner.kind == "police"
    text = client_of(OFFICER).get(f"/cases/{case.id}").content.decode()
    assert "not taken over by the prosecutor" in text and "No suspicion told." in text
    assert f"/cases/{case.id}/hand-over" in text
    hand_over(open_world, case, note="Now with the statement.")
    tasks = open_tasks(case)
    assert "not_taken_over" not in tasks and "decide_hold" in tasks
    decide(open_world, decision_operations.take_over, case, note="")
    page = client_of(PROSECUTOR).get(f"/cases/{case.id}/hand-over").content.decode()
    assert "Now with the statement." in page


def test_the_plain_done_does_not_end_a_decision(case: Case, open_world: World) -> None:
    task = open_tasks(case)["decide_hold"]
    assert client_of(PROSECUTOR).post(f"/tasks/{task.id}/finish").status_code == 409
    assert "decide_hold" in open_tasks(case)
    page = client_of(PROSECUTOR).get("/tasks").content.decode()
    assert "Decide" in page and f"/tasks/{task.id}/finish" not in page


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"decision": "taken_over"}, 302),
        ({"decision": "order_applied_for", "order": "suspension", "applied_on": "x"}, 422),
        ({"decision": "order_applied_for", "order": "x", "applied_on": "2026-11-21"}, 422),
        (
            {
                "decision": "order_applied_for",
                "order": "postponement",
                "applied_on": "2026-11-21",
            },
            422,
        ),
        ({"decision": "order_applied_for", "order": "suspension", "applied_on": "2020-01-01"}, 409),
        ({"decision": "not_taken_over", "note": " "}, 422),
        ({"decision": "not_taken_over", "note": "Not ours."}, 302),
        ({"decision": "convict"}, 422),
        ({}, 422),
    ],
)
def test_the_form_of_a_decision(case: Case, sent: dict[str, str], status: int) -> None:
    assert client_of(PROSECUTOR).post(f"/cases/{case.id}/decide", sent).status_code == status


def test_only_the_prosecutor_decides(case: Case) -> None:
    sent = {"decision": "taken_over"}
    assert client_of(OFFICER).post(f"/cases/{case.id}/decide", sent).status_code == 403
    assert "decide_hold" in open_tasks(case)
