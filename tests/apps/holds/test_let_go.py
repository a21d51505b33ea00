"""The end of a hold that was withdrawn, and under which nothing is held, is nobody's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from recoup.apps.cases.models import Case, CaseEvent, Task
from recoup.apps.holds import case_queries, operations
from recoup.apps.holds.models import Hold
from recoup.apps.lawful_requests.models import Ticket
from recoup.web import case_list
from support.case_pages import page_of
from support.roles import as_owner
from support.world import OFFICER, World, iban


@pytest.fixture
def block(world: World) -> Ticket:
    """A precautionary block at a bank that has not answered yet."""
    filed = world.report(payer=iban("plum", 1), payee=iban("linden", 2), amount=50_000)
    world.plan()
    [ticket] = world.tickets(case_id=world.case_of(filed).id, measure="hold")
    return ticket


def withdraw(world: World, ticket: Ticket) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.withdraw_ticket(
            case=case_of(ticket), ticket=ticket, ground="A mistake.", by=by, at=at
        )
    world.plan()


def let_all_go(world: World, ticket: Ticket) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.reduce_hold(
            case=case_of(ticket), ticket=ticket, limit_minor=0, ground="A mistake.", by=by, at=at
        )
    world.plan()


def deny(world: World, ticket: Ticket) -> None:
    """The payer's bank knows no such debit: the planner takes the hold ticket back."""
    asked = world.ticket("plum", "confirm_debit")
    world.answer("plum", {"ticket": asked["ticket"], "code": "no_such_debit"})
    world.plan()


def told_held(world: World, ticket: Ticket) -> None:
    body = {"ticket": str(ticket.id), "code": "held", "held_minor": 50_000,
            "block_reference": "B-1"}  # fmt: skip
    world.answer("linden", body)
    world.plan()


def case_of(ticket: Ticket) -> Case:
    return Case.objects.get(pk=ticket.case_id)


def hold_of(ticket: Ticket) -> Hold:
    with as_owner():
        return Hold.objects.get(pk=ticket.request)


def clocks(world: World, ticket: Ticket) -> tuple[datetime | None, ...]:
    """What lists, the case's page, and the list of reports to adopt show of the hold's end."""
    with world.acting(by := world.actor(OFFICER)) as at:
        listed = case_queries.first_ends([ticket.case_id]).get(ticket.case_id)
        [row] = case_list.case_rows(by, [case_of(ticket)], at=at)
        adopt = [r["lapses_at"] for r in case_list.adopt_rows(list(case_list.claims_to_adopt(by)))]
    paged = page_of(world, OFFICER, Case(pk=ticket.case_id))["case"]["lapses_at"]
    return (listed, row["due_at"], paged, *adopt)


def told_and_asked(ticket: Ticket) -> tuple[int, list[str]]:
    with as_owner():
        events = CaseEvent.objects.filter(case_id=ticket.case_id, what="hold_lapsed").count()
        tasks = Task.objects.filter(case_id=ticket.case_id, kind__in=("hold_ends", "hold_lapsed"))
        return events, list(tasks.values_list("kind", flat=True))


def come_to_its_end(world: World, ticket: Ticket) -> None:
    world.run("update holds_hold set until = now() where id = %s", ticket.request)
    world.sweep()


def test_a_block_that_was_asked_for_has_its_clock_everywhere(world: World, block: Ticket) -> None:
    until = hold_of(block).until
    assert clocks(world, block) == (until,) * 4


@pytest.mark.parametrize("act", [withdraw, let_all_go, deny])
def test_what_was_let_go_gives_no_clock(world: World, block: Ticket, act: Any) -> None:
    act(world, block)
    assert not any(clocks(world, block))
    hold = hold_of(block)
    assert (hold.state, hold.until is None) == ("asked", False)  # true as before


@pytest.mark.parametrize("act", [withdraw, let_all_go, deny])
def test_its_end_tells_nobody_but_the_trail_of_acts(world: World, block: Ticket, act: Any) -> None:
    act(world, block)
    come_to_its_end(world, block)
    assert hold_of(block).state == "lapsed"
    assert told_and_asked(block) == (0, [])
    rows = page_of(world, OFFICER, Case(pk=block.case_id))["tickets"]
    assert not any(row["hold_ended"] for row in rows if row["state"] == "withdrawn")
    bodies = world.run("select convert_from(body, 'utf8') from audit_auditleaf")
    [line] = [body for (body,) in bodies if '"hold:lapsed"' in body]
    assert '"let_go"' in line


def test_the_end_of_a_block_nobody_let_go_is_told(world: World, block: Ticket) -> None:
    come_to_its_end(world, block)
    assert told_and_asked(block)[0] == 1


def test_a_late_answer_that_something_is_held_is_seen(world: World, block: Ticket) -> None:
    withdraw(world, block)
    told_held(world, block)
    hold = hold_of(block)
    assert (hold.state, hold.held_minor) == ("placed", 50_000)
    listed, in_list, _, to_adopt = clocks(world, block)  # its release is no precaution any more
    assert listed == in_list == to_adopt == hold.until is not None
    assert world.ticket("linden", "hold", "set")["amount_minor"] == 0
    come_to_its_end(world, block)
    assert told_and_asked(block)[0] == 1


def test_handing_over_waits_for_no_end_of_what_was_let_go(world: World, block: Ticket) -> None:
    withdraw(world, block)
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.hand_over(case=case_of(block), note="Look.", by=by, at=at)
    with as_owner():
        [task] = Task.objects.filter(case_id=block.case_id, kind="decide_hold")
    assert task.due_at == at + operations.DECIDE_WITHIN
