"""Every ticket that ended without reaching its end says who acts next, by when and where."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from recoup.apps.cases.models import Case, Task
from recoup.web.case_ways_out import WayOut
from support.bank import Banks, Ledger
from support.case_pages import hand_over, page_of, text_of
from support.chain import held_at, report
from support.roles import as_owner
from support.world import OFFICER, PROSECUTOR, World

POLICE = "Police Unit for Online Fraud (invented)"


def ways(world: World, case: Case, login: str = OFFICER) -> dict[str, WayOut]:
    """The ways out on a case page, by the measure of the ticket."""
    rows = page_of(world, login, case)["tickets"]
    return {row["measure"]: row["way"] for row in rows if row["way"]}


def tasks_of(case: Case) -> dict[str, Task]:
    with as_owner():
        return {t.kind: t for t in Task.objects.filter(case=case, done_at=None)}


def told(ledger: Ledger, *, change: Any = None, by: Any = None) -> Case:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    filed = report(ledger, paid, by=by)
    Banks(ledger, **({"change": change} if change else {})).run()
    return ledger.world.case_of(filed)


def refused(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    if ticket["measure"] != "hold":
        return body
    return {
        "ticket": body["ticket"], "answer": body["answer"], "code": "cannot_lawfully",
        "ground": "No law lets us.",
    }  # fmt: skip


def silent_payer(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
    return body if ticket["measure"] == "hold" else None


def end_holds(world: World) -> None:
    world.run("update holds_hold set until = now() where state in ('asked', 'placed')")
    world.sweep()
    world.plan()


def test_a_refused_hold_names_the_officer_s_step_with_its_clock(ledger: Ledger) -> None:
    world = ledger.world
    case = told(ledger, change=refused, by=world.at_bank("plum"))
    way = ways(world, case)["hold"]
    assert way.owner == POLICE and way.url.endswith("/hand-over")
    assert way.due_at == tasks_of(case)["hold_refused"].due_at
    assert f"/cases/{case.id}/hand-over" in text_of(OFFICER, f"/cases/{case.id}/live")


def test_handing_over_passes_the_refused_hold_to_the_prosecutor(ledger: Ledger) -> None:
    world = ledger.world
    case = told(ledger, change=refused, by=world.at_bank("plum"))
    hand_over(world, case)
    assert "hold_refused" not in tasks_of(case)
    for login in (OFFICER, PROSECUTOR):
        way = ways(world, case, login)["hold"]
        assert "Prosecutor" in way.owner and way.due_at == tasks_of(case)["decide_hold"].due_at


def test_a_refused_hold_that_was_decided_on_asks_nobody(ledger: Ledger) -> None:
    world = ledger.world
    case = told(ledger, change=refused, by=world.at_bank("plum"))
    world.run("update cases_task set done_at = now() where kind = 'hold_refused'")
    assert ways(world, case)["hold"] == WayOut("", "nothing more: decided by the police")


def test_an_ordinary_hold_that_lapsed_opens_a_task_and_names_it(ledger: Ledger) -> None:
    world = ledger.world
    case = told(ledger, by=world.at_bank("plum"))
    world.sweep()
    end_holds(world)
    tasks = tasks_of(case)
    assert tasks["hold_lapsed"].owner_id == case.owner_id and "hold_ends" not in tasks
    way = ways(world, case)["hold"]
    assert way.due_at == tasks["hold_lapsed"].due_at and way.url.endswith("/hand-over")
    assert "the hold has ended" in text_of(OFFICER, f"/cases/{case.id}/live")
    hand_over(world, case)
    assert "hold_lapsed" not in tasks_of(case)


def test_a_hold_under_which_nothing_was_lapses_without_a_task(ledger: Ledger) -> None:
    world = ledger.world
    ledger.account("empty", "quince", 20009, 0)
    paid = ledger.pay("victim", "empty", 50_000, minute=10)
    ledger.pay("empty", "cash", 50_000, minute=12)
    filed = report(ledger, paid, by=world.at_bank("plum"))
    Banks(ledger).run()
    end_holds(world)
    case = world.case_of(filed)
    assert "hold_lapsed" not in tasks_of(case)
    assert ways(world, case)["hold"].owner == ""


def test_a_precautionary_hold_that_lapsed_is_for_who_may_adopt(ledger: Ledger) -> None:
    world = ledger.world
    case = told(ledger, change=silent_payer)
    end_holds(world)
    assert "hold_lapsed" not in tasks_of(case)
    way = ways(world, case)["hold"]
    assert way.owner == POLICE and way.act == "adopt the report, or leave it"
    assert way.url.endswith("#acts") and way.policy == "case_adopt"


def test_an_undeliverable_ticket_is_for_the_telephone(ledger: Ledger) -> None:
    world = ledger.world
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    filed = report(ledger, paid, by=world.at_bank("plum"))
    world.plan()
    world.run(
        "update lawful_requests_ticket set state = 'undeliverable', ended_at = now() "
        "where measure = 'hold'"
    )
    case = world.case_of(filed)
    way = ways(world, case)["hold"]
    assert way.owner == POLICE and way.url.endswith("/telephone-sheet")
    assert ways(world, case, OFFICER)["hold"].act == "call by telephone"


def test_a_case_that_is_over_asks_nobody(ledger: Ledger) -> None:
    world = ledger.world
    case = told(ledger, change=refused, by=world.at_bank("plum"))
    world.run("update holds_claim set state = 'withdrawn'")
    assert ways(world, case)["hold"].owner == ""


def test_nobody_is_warned_of_the_end_of_a_hold_whose_release_is_asked(ledger: Ledger) -> None:
    world = ledger.world
    case = told(ledger, by=world.at_bank("plum"))
    world.run(
        "update holds_hold set until = now() + interval '20 minutes', asked_minor = 0"
        " where state = 'placed'"
    )
    world.sweep()
    assert "hold_ends" not in tasks_of(case)
    world.run("update holds_hold set asked_minor = 1 where state = 'placed'")
    world.sweep()
    assert "hold_ends" in tasks_of(case)


def test_the_warning_of_an_end_goes_when_nothing_is_held_any_more(ledger: Ledger) -> None:
    """The payer's bank takes its confirmation back; what was held is let go."""
    world = ledger.world
    kept: dict[str, Any] = {}

    def keep(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if ticket["measure"] == "confirm_debit":
            kept.update(body)
        return body

    case = told(ledger, change=keep, by=world.at_bank("plum"))
    world.run("update holds_hold set until = now() + interval '20 minutes' where state = 'placed'")
    world.sweep()
    assert "hold_ends" in tasks_of(case)
    correction = {k: v for k, v in kept.items() if k != "payment"} | {
        "answer": str(uuid4()), "stage": "correction", "replaces": kept["answer"],
        "code": "no_such_debit",
    }  # fmt: skip
    world.answer("plum", correction)
    world.plan()
    Banks(ledger).run()
    assert held_at(world) == {}
    assert "hold_ends" not in tasks_of(case)
