"""A ticket that cannot be written out holds back no other: it is undeliverable, and a person's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from recoup.apps.holds import operations
from recoup.apps.lawful_requests import operations as requests
from support.world import DUTY_OFFICER, OFFICER, World, iban

TASK = "select about, person_id, owner_id, due_at, done_at from cases_task where kind = %s"
FINISH = "update cases_task set done_at = now() where kind = 'undeliverable'"
WAITING = "select count(*) from lawful_requests_dispatch where sent_at is null"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be sent is logged on purpose."""
    monkeypatch.setattr(requests.log, "exception", lambda *_: None)


def file(world: World, number: int) -> Any:
    return world.report(
        payer=iban("plum", number), payee=iban("walnut", number), amount=500_00,
        by=world.at_bank("plum"),
    )  # fmt: skip


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """No hold on this account at Walnut can be written out."""
    frozen = requests.frozen

    def fails(drafted: Mapping[str, Any], **more: Any) -> Any:
        if drafted["measure"] == "hold" and drafted["account"]["ident"] == iban("walnut", number):
            raise KeyError("clocks")
        return frozen(drafted, **more)

    monkeypatch.setattr(requests, "frozen", fails)


def hold(world: World, filed: Any) -> Any:
    (ticket,) = world.tickets(case__report_id=filed.id, measure="hold")
    return ticket


def audited(world: World, ticket: Any) -> list[str]:
    rows = world.run(
        "select convert_from(body, 'UTF8')::jsonb->>'what' from audit_auditleaf "
        "where stream = %s order by stream_seq", f"ticket:{ticket.id}",
    )  # fmt: skip
    return [what for (what,) in rows]


@pytest.fixture
def stuck(open_world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Any]:
    """Two reports that are planned together; the hold of the first cannot be written out."""
    with monkeypatch.context() as failing:
        refuse(failing, 1)
        bad, good = file(open_world, 1), file(open_world, 2)
        open_world.sweep()
    assert hold(open_world, good).state == "sent"
    return open_world, bad


def test_what_cannot_be_written_out_holds_back_nothing_and_has_a_named_person(
    stuck: tuple[World, Any],
) -> None:
    world, filed = stuck
    ticket = hold(world, filed)
    assert (ticket.state, ticket.sent_at, ticket.body) == ("undeliverable", None, None)
    others = world.tickets(case__report_id=filed.id, state="sent")
    assert {other.measure for other in others} >= {"confirm_debit"}
    assert world.run(WAITING) == [(0,)]
    assert world.run("select count(*) from holds_plantrouble where tries < 1") == [(0,)]
    ((about, person, owner, due, done),) = world.run(TASK, "undeliverable")
    assert (about, owner, done) == (ticket.id, ticket.issuer_id, None)
    assert person == world.actor(DUTY_OFFICER).person_id and due > ticket.ended_at
    assert audited(world, ticket)[-1] == "ticket:undeliverable"
    told = world.run("select count(*) from cases_caseevent where what = 'ticket_undeliverable'")
    assert told == [(1,)]
    world.sweep()
    assert hold(world, filed).state == "undeliverable", "a person looks first"


def test_it_is_sent_once_the_task_is_done(stuck: tuple[World, Any]) -> None:
    world, filed = stuck
    world.run(FINISH)
    world.sweep()
    ticket = hold(world, filed)
    assert ticket.state == "sent" and ticket.ended_at is None
    assert "ticket:sent" in audited(world, ticket)
    clocks = world.run(
        "select count(*) from lawful_requests_deadline where ticket_id = %s", ticket.id
    )
    assert clocks == [(2,)]
    assert ticket.reference in {one["reference"] for one in world.inbox("walnut")}
    assert world.run("select count(*) from holds_plantrouble") == [(0,)]


def test_what_fails_again_is_asked_of_a_person_again(
    stuck: tuple[World, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, filed = stuck
    refuse(monkeypatch, 1)
    world.run(FINISH)
    world.sweep()
    assert hold(world, filed).state == "undeliverable"
    ((*_, done),) = world.run(TASK, "undeliverable")
    assert done is None


def test_an_officer_may_withdraw_it_and_then_nothing_is_left_to_do(
    stuck: tuple[World, Any],
) -> None:
    world, filed = stuck
    officer = world.actor(OFFICER)
    with world.acting(officer) as at:
        operations.withdraw_ticket(
            case=world.case_of(filed), ticket=hold(world, filed), ground="by telephone",
            by=officer, at=at,
        )  # fmt: skip
    world.sweep()
    world.sweep()
    ((*_, done),) = world.run(TASK, "undeliverable")
    assert done is not None and hold(world, filed).state == "withdrawn"
    assert world.run("select count(*) from holds_plantrouble") == [(0,)]


def test_a_later_round_that_asks_the_new_total_stands_for_it(stuck: tuple[World, Any]) -> None:
    world, filed = stuck
    other = world.report(
        payer=iban("quince", 5), payee=iban("walnut", 5), amount=1_00, by=world.at_bank("quince")
    )
    world.plan()
    later = hold(world, other)
    ticket = hold(world, filed)
    world.run(  # as if the same desk had been asked for more meanwhile
        "update lawful_requests_ticket set case_id = %s, account_id = %s, round = 2 where id = %s",
        ticket.case_id, ticket.account_id, later.id,
    )  # fmt: skip
    world.run(FINISH)
    world.sweep()
    states = {one.id: one.state for one in world.tickets(measure="hold")}
    assert (states[ticket.id], states[later.id]) == ("undeliverable", "sent")
    assert world.run("select count(*) from holds_plantrouble") == [(0,)]
    world.run(  # and back, for the invariants of the money
        "update lawful_requests_ticket set case_id = %s, account_id = %s, round = 1 where id = %s",
        later.case_id, later.account_id, later.id,
    )  # fmt: skip


def test_its_pages_say_who_acts_until_when_and_offer_the_ways_out(
    stuck: tuple[World, Any],
) -> None:
    world, filed = stuck
    ticket = hold(world, filed)
    client = Client()
    client.cookies["sessionid"] = world.session_of(DUTY_OFFICER)
    tasks = client.get("/tasks").content.decode()
    assert ticket.reference in tasks and "A ticket could not be sent" in tasks
    case = client.get(f"/cases/{world.case_of(filed).id}")
    assert case.status_code == 200 and "call by telephone" in case.content.decode()
    page = client.get(f"/tickets/{ticket.id}")
    assert page.status_code == 200 and "Withdraw the ticket" in page.content.decode()
    assert client.get(f"/tickets/{ticket.id}/telephone-sheet").status_code == 200
