"""Money beyond the border: one open task a way, with the sum that nobody has asked about yet."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from recoup.apps.cases.models import RequestAbroad, Task
from recoup.apps.holds import abroad_operations, operations
from recoup.demo.cast import ABROAD
from support.bank import Banks, Ledger
from support.chain import report
from support.roles import as_owner
from support.world import FIU, OFFICER, World, iban


def abroad(world: World) -> list[Task]:
    with as_owner():
        rows = Task.objects.filter(kind="abroad").select_related("owner")
        return list(rows.order_by("case_id", "level"))


def told(world: World) -> list[tuple[int, bool]]:
    """Sum of each task, and whether it is done."""
    return [(t.values["amount_minor"], t.done_at is not None) for t in abroad(world)]


def finish(world: World, task: Task) -> None:
    with world.acting(officer := world.actor(FIU)) as at:
        operations.finish_task(task=task, by=officer, at=at)


class Way:
    """A victim's payment of which parts leave the country, one after the other."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.world = ledger, ledger.world
        paid = ledger.pay("victim", "first", 900, minute=10)
        ledger.pay("first", "abroad", 330, minute=12)  # 30 of it were there before
        self.number, self.last = 0, dict[str, Any]()
        self.filed = report(ledger, paid)
        self.banks = Banks(ledger)
        self.banks.run()

    def more(self, amount: int, *, minute: float) -> None:
        """The bank corrects its answer: more had left the country the same way."""
        (ticket,) = self.tickets()
        before = self.last or self.banks.bodies[str(ticket.id)]
        self.ledger.pay("first", "abroad", amount, minute=minute)
        self.correct(ticket, before)

    def tickets(self) -> list[Any]:
        """The one ticket that asked where the money went."""
        return [
            t for t in self.world.tickets(measure="hold", kind="first")
            if t.addressee.code == "quince"
        ]  # fmt: skip

    def correct(self, ticket: Any, before: dict[str, Any]) -> None:
        fresh = self.banks.body(self.asked(ticket))
        self.number += 1
        self.last = fresh | {
            "answer": f"0f8f1f5e-6f58-4f0e-8b39-0f6d7c8f9a0{self.number}",
            "stage": "correction", "replaces": before["answer"],
        }  # fmt: skip
        self.world.answer("quince", self.last)
        self.banks.run()

    def never(self) -> None:
        """The bank corrects its answer: nothing had left the country."""
        (ticket,) = self.tickets()
        before = self.last or self.banks.bodies[str(ticket.id)]
        self.ledger.paid = [paid for paid in self.ledger.paid if paid.to != "abroad"]
        self.correct(ticket, before)

    def asked(self, ticket: Any) -> dict[str, Any]:
        (row,) = self.world.run(
            "select body from lawful_requests_ticket where id = %s", ticket.id
        )  # fmt: skip
        body: dict[str, Any] = json.loads(bytes(row[0]))
        return body


@pytest.fixture
def way(ledger: Ledger) -> Way:
    return Way(ledger)


def test_money_that_left_the_country_is_a_task_of_the_fiu_with_all_that_it_has_to_ask(way: Way):
    (task,) = abroad(way.world)
    assert (task.owner.code, task.done_at, told(way.world)) == ("fiu", None, [(300, False)])
    values = task.values
    assert values["currency"] == "RSD"
    assert values["case_reference"] == way.world.case_of(way.filed).reference
    (payment,) = values["payments"]
    assert payment["amount_minor"] == 300
    assert payment["from_account"] == way.ledger.accounts["first"].ident
    assert payment["from_institution"].startswith("Quince")
    assert payment["reference"] and payment["booked_at"]


def test_more_money_that_goes_the_same_way_raises_the_open_task(way: Way):
    way.more(200, minute=14)
    assert told(way.world) == [(500, False)]
    (task,) = abroad(way.world)
    assert [p["amount_minor"] for p in task.values["payments"]] == [300, 200]


def test_money_that_goes_after_the_task_was_done_is_a_new_task_with_only_the_new_sum(way: Way):
    finish(way.world, abroad(way.world)[0])
    way.world.plan()
    assert told(way.world) == [(300, True)]
    way.more(200, minute=14)
    assert told(way.world) == [(300, True), (200, False)]
    new = abroad(way.world)[1]
    assert [p["amount_minor"] for p in new.values["payments"]] == [200]
    way.more(50, minute=15)
    assert told(way.world) == [(300, True), (250, False)]


def ended(world: World) -> list[dict[str, Any]]:
    rows = world.run("select body from audit_auditleaf where stream like 'task:%'")
    bodies = [json.loads(bytes(row[0])) for row in rows]
    return [body for body in bodies if body["what"] == "task:ended"]


def test_a_correction_after_which_nothing_left_the_country_ends_the_task_with_a_reason(way: Way):
    way.never()
    (task,) = abroad(way.world)
    assert task.done_at is not None
    assert task.values["ended"] == "nothing_left_abroad"
    assert task.values["amount_minor"] == 300  # what it was about stays to be read
    (body,) = ended(way.world)
    assert body["facts"] == {"kind": "abroad", "reason": "nothing_left_abroad"}


def test_a_request_that_left_still_waits_for_its_answer_when_nothing_had_gone(way: Way):
    """Whoever was asked abroad has to be told: a person ends it."""
    send(way.world, abroad(way.world)[0])
    way.never()
    assert told(way.world) == [(300, False)]
    assert ended(way.world) == []


def test_what_goes_abroad_after_all_is_a_new_task(way: Way):
    way.never()
    way.more(200, minute=14)
    assert told(way.world) == [(300, True), (170, False)]  # 30 of it were there before


def test_a_task_of_another_case_stays_when_nothing_left_in_this_one(way: Way):
    paid_abroad(way.world, 700)
    way.never()
    assert sorted(told(way.world)) == [(300, True), (700, False)]


def test_planning_again_changes_nothing(way: Way):
    before = [(t.id, t.values, t.due_at) for t in abroad(way.world)]
    case = way.world.case_of(way.filed)
    way.world.run(
        "insert into holds_planwanted (id, case_id, since) values (gen_random_uuid(), %s, now())",
        case.id,
    )
    way.world.plan()
    assert [(t.id, t.values, t.due_at) for t in abroad(way.world)] == before


def test_a_payment_straight_to_a_foreign_bank_names_its_account(world: World):
    paid_abroad(world, 700, reference="Invoice 7")
    (task,) = abroad(world)
    assert (task.values["account"], task.values["country"]) == (ABROAD, "SI")
    assert task.values["institution"].startswith("Edelweiss")
    (payment,) = task.values["payments"]
    assert (payment["reference"], payment["amount_minor"]) == ("Invoice 7", 700)
    assert payment["is_booked"] is False


def test_a_foreign_bank_gets_no_ticket_before_the_debit_is_confirmed_either(world: World):
    world.report(payer=iban("plum", 1), payee=ABROAD, amount=700, currency="EUR")
    world.plan()
    assert {t.addressee.code for t in world.tickets()} == {"plum"}
    assert abroad(world) == []


def test_two_cases_with_one_foreign_account_are_two_tasks(world: World):
    """One was lost before: the account alone was the task's key."""
    for number in (1, 2):
        paid_abroad(world, 700 + number, number=number)
    assert sorted(told(world)) == [(701, False), (702, False)]


def paid_abroad(world: World, amount: int, *, number: int = 1, **more: Any) -> None:
    """A customer of a bank paid straight to an account abroad, and the bank reports it."""
    world.report(
        payer=iban("plum", number), payee=ABROAD, amount=amount, currency="EUR",
        by=world.at_bank("plum"), **more,
    )  # fmt: skip
    world.plan()


# What the owner of the task does


@pytest.fixture
def task(world: World) -> Task:
    paid_abroad(world, 700, reference="Invoice 7")
    return abroad(world)[0]


def send(world: World, task: Task, **more: Any) -> RequestAbroad:
    with world.acting(officer := world.actor(FIU)) as at:
        return abroad_operations.record_sent(
            **{"task": task, "channel": "egmont", "sent_at": at, "body": {"x": 1}, **more},
            by=officer, at=at,
        )  # fmt: skip


def answer(world: World, sent: RequestAbroad, **told: Any) -> None:
    with world.acting(officer := world.actor(FIU)) as at:
        outcome = abroad_operations.Outcome(**{"outcome": "postponed", **told})
        abroad_operations.record_answered(sent=sent, told=outcome, by=officer, at=at)


def test_what_was_sent_waits_for_an_answer_with_the_clock_of_its_channel(world: World, task: Task):
    sent = send(world, task)
    (now,) = abroad(world)
    assert now.done_at is None and now.due_at == sent.sent_at + timedelta(hours=24)
    assert (bytes(sent.body), sent.amount_minor) == (b'{"x":1}', 700)


def test_an_answer_ends_the_task_and_cannot_be_given_twice(world: World, task: Task):
    sent = send(world, task)
    answer(world, sent, held_minor=500, their_reference="SI-9")
    assert told(world) == [(700, True)]
    with pytest.raises(abroad_operations.NotPossible, match="already"):
        answer(world, sent)


def test_no_more_is_postponed_than_was_asked_for(world: World, task: Task):
    with pytest.raises(abroad_operations.NotPossible, match="Check the sum"):
        answer(world, send(world, task), held_minor=701)


@pytest.mark.parametrize(
    ("later", "says"), [(timedelta(minutes=6), "not come"), (timedelta(hours=-3), "did not exist")]
)
def test_a_request_leaves_between_the_tasks_opening_and_now(
    world: World, task: Task, later: timedelta, says: str
):
    with pytest.raises(abroad_operations.NotPossible, match=says):
        send(world, task, sent_at=world.now() + later)


def test_somebody_may_decide_not_to_send_with_a_ground(world: World, task: Task):
    with world.acting(officer := world.actor(FIU)) as at:
        abroad_operations.decide_not_to_send(task=task, ground="paid back", by=officer, at=at)
    assert told(world) == [(700, True)]
    with pytest.raises(abroad_operations.NotPossible, match="done"):
        send(world, task)


def test_another_desk_cannot_send_it(world: World, task: Task):
    with world.acting(officer := world.actor(OFFICER)) as at:
        with pytest.raises(abroad_operations.NotPossible, match="another desk"):
            abroad_operations.decide_not_to_send(task=task, ground="x", by=officer, at=at)


def test_money_that_goes_after_a_request_was_sent_is_a_new_task(way: Way):
    """The request names a sum: it stays as it was sent."""
    send(way.world, abroad(way.world)[0])
    way.more(200, minute=14)
    assert told(way.world) == [(300, False), (200, False)]
