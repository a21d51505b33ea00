"""A case merged away, by hand or by the planner, leaves nothing to do and says why."""

from __future__ import annotations

import pytest
from django.db import connection

from recoup.apps.cases.models import Case, CaseEvent, Task
from recoup.apps.holds import merge_operations
from recoup.web import wordings
from support.bank import Banks, Ledger
from support.case_pages import hand_over, page_of
from support.chain import report
from support.roles import as_owner
from support.world import FIU, OFFICER, PROSECUTOR, World


def open_tasks(case: Case) -> list[str]:
    with as_owner():
        rows = Task.objects.filter(case=case, done_at=None)
        return sorted(rows.values_list("kind", flat=True))


def events(world: World, case: Case, what: str) -> list[CaseEvent]:
    with world.acting(world.actor(OFFICER)):
        return list(CaseEvent.objects.filter(case=case, what=what))


def merge(world: World, case: Case, duplicate: Case) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        merge_operations.merge(case=case, duplicate=duplicate, ground="The same.", by=by, at=at)


@pytest.fixture
def two_cases(ledger: Ledger) -> tuple[Case, Case]:
    """Two losses that an officer finds to be one; both have money held and abroad."""
    one = ledger.pay("victim", "first", 500, minute=10)
    other = ledger.pay("victim", "first", 300, minute=11)
    ledger.pay("first", "abroad", 200, minute=14)
    filed = [report(ledger, paid) for paid in (one, other)]
    Banks(ledger).run()
    ledger.world.run("update holds_hold set until = now() + interval '1 hour'")
    ledger.world.sweep()
    first, second = (ledger.world.case_of(f) for f in filed)
    return first, second


def test_every_task_of_the_duplicate_ends_with_a_reason(
    two_cases: tuple[Case, Case], open_world: World
) -> None:
    case, duplicate = two_cases
    hand_over(open_world, duplicate)
    with as_owner():
        Task.objects.create(
            case=duplicate, owner=open_world.organisation("fiu"), issuer_id=duplicate.owner_id,
            kind="abroad", about=duplicate.id, opened_at=open_world.now(), due_at=open_world.now(),
        )  # fmt: skip
    assert {"abroad", "decide_hold"} <= set(open_tasks(duplicate))
    merge(open_world, case, duplicate)
    assert open_tasks(duplicate) == []
    [told] = events(open_world, duplicate, "merged")
    assert "abroad" in told.values["tasks"] and told.values["into"] == case.reference
    bodies = open_world.run("select convert_from(body, 'utf8') from audit_auditleaf")
    reason = f"{duplicate.reference} was merged into {case.reference}"
    assert sum("task:ended" in body and reason in body for (body,) in bodies) >= 2
    assert "What was still to do here has ended: " in wordings.event("merged", told.values)[1]


def test_what_the_prosecutor_had_to_decide_goes_on_in_the_other_case(
    two_cases: tuple[Case, Case], open_world: World
) -> None:
    case, duplicate = two_cases
    hand_over(open_world, duplicate)
    merge(open_world, case, duplicate)
    assert "decide_hold" in open_tasks(case)
    shown = page_of(open_world, PROSECUTOR, case)
    assert shown["can_decide"] and shown["step"].what == "handed_over"


def test_nobody_ends_tasks_of_a_case_that_is_not_merged_or_not_theirs(
    two_cases: tuple[Case, Case], open_world: World
) -> None:
    case, duplicate = two_cases
    before = open_tasks(case)
    for login in (OFFICER, FIU):
        with open_world.acting(open_world.actor(login)):
            end_tasks(case)
    assert before and open_tasks(case) == before


def end_tasks(case: Case) -> None:
    """As the application, inside the actor's scope."""
    with connection.cursor() as cursor:
        cursor.execute("select * from end_tasks_of_merged(%s, now())", [case.pk])


def test_the_same_loss_told_by_victim_and_bank_is_merged_and_told(ledger: Ledger) -> None:
    world = ledger.world
    paid = ledger.pay("victim", "first", 500, minute=10)
    for teller in (None, world.at_bank("plum")):
        report(ledger, paid, by=teller)
        world.plan()
    Banks(ledger).run()
    with as_owner():
        [duplicate] = Case.objects.filter(state="merged")
        [into] = Case.objects.filter(state="open")
    [told] = events(world, duplicate, "merged")
    assert told.values["into"] == into.reference
    text = wordings.event("merged", told.values)[1]
    assert "a bank named one and the same payment for both" in text
    assert len(events(world, into, "merged_in")) == 1
    assert open_tasks(duplicate) == []


def test_the_timeline_names_the_kind_of_a_hold_ticket(ledger: Ledger) -> None:
    filed = report(ledger, ledger.pay("victim", "first", 500, minute=10))
    Banks(ledger).run()
    case = ledger.world.case_of(filed)
    texts = [event["text"] for event in page_of(ledger.world, OFFICER, case)["events"]]
    assert any("Hold (block only, as a precaution)" in text for text in texts)
    assert any("Hold (hold and tell what became of it)" in text for text in texts)
