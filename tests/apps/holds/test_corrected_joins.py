"""Two tellings that were joined by mistake: a correction takes the join back, and its holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.reports.operations import Filed
from support.bank import Banks, Ledger, Paid
from support.chain import held_at, report, totals
from support.world import World


@pytest.fixture
def two_credits(ledger: Ledger) -> Ledger:
    """An honest credit, then the victim's of the same sum, then a debit that only the first paid.

    The banks share no reference, so that marks and confirmations alone say what is one payment.
    """
    ledger.account("honest", "plum", 10009, 9000)
    ledger.pay("victim", "first", 500, minute=10, uetr=False)
    ledger.pay("honest", "first", 500, minute=8, uetr=False)
    ledger.pay("first", "second", 500, minute=12, uetr=False)
    return ledger


def answer(ledger: Ledger, *, wrongly_first: bool) -> None:
    """The payee's bank marks the victim's credit; or the honest one, and corrects itself."""
    world, banks = ledger.world, Banks(ledger)
    true = banks.body(world.ticket("quince", "hold"))
    books = ledger.books("first")
    window = {
        "opening_minor": 30, "closing_minor": ledger.balance("first"),
        "from": true["window"]["from"], "to": true["window"]["to"],
        "credits": [banks._booking(b) for b in books if b.is_credit],
        "debits": [banks._booking(b) | {"to": banks._to(b)} for b in books if not b.is_credit],
    }  # fmt: skip
    window["from"] = min(b["booked_at"] for b in [*window["credits"], *window["debits"]])
    line = world.ticket("quince", "hold")["lines"][0]["line"]

    def marked(of: str) -> dict[str, Any]:
        credits = [
            credit | {"line": line if of in credit["reference"] else None}
            for credit in window["credits"]
        ]
        return true | {"window": window | {"credits": credits}, "answer": str(uuid4())}

    held = {"code": "held", "held_minor": 500, "block_reference": "B"}
    right = marked("victim") | held
    if wrongly_first:
        world.answer("quince", wrong := marked("honest") | held)
        world.plan()
        right |= {"stage": "correction", "replaces": wrong["answer"]}
    world.answer("quince", right)
    world.plan()


def confirm(ledger: Ledger) -> None:
    banks = Banks(ledger)
    banks.answer("plum", ledger.world.ticket("plum", "confirm_debit"))
    ledger.world.plan()


@pytest.mark.parametrize("confirmed", ["before", "after"])
@pytest.mark.parametrize("wrongly_first", [False, True])
def test_a_credit_that_was_marked_by_mistake_is_not_the_payment_any_more(
    two_credits: Ledger, confirmed: str, wrongly_first: bool
) -> None:
    """Uncorrected, 470 that are nobody's loss are held at the next bank, and 470 lost ones not."""
    ledger = two_credits
    filed = report(ledger, ledger.paid[0], by=ledger.world.at_bank("plum"))
    ledger.world.plan()
    if confirmed == "before":
        confirm(ledger)
    answer(ledger, wrongly_first=wrongly_first)
    if confirmed == "after":
        confirm(ledger)
    Banks(ledger).run()
    assert totals(ledger.world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    assert held_at(ledger.world) == {"quince": 500}


@pytest.mark.parametrize("mistaken_first", [True, False])
def test_a_debit_that_was_confirmed_by_mistake_is_not_the_payment_any_more(
    ledger: Ledger, mistaken_first: bool
) -> None:
    """The payer's bank confirms another debit of the same sum, then the right one."""
    world = ledger.world
    ledger.account("shop", "linden", 40002, 0)
    paid = ledger.pay("victim", "first", 500, minute=10, uetr=False)
    ledger.pay("victim", "shop", 500, minute=11, uetr=False)
    filed = report(ledger, paid)
    world.plan()
    banks = Banks(ledger)
    if not mistaken_first:
        banks.answer("quince", world.ticket("quince", "hold"))
    true = banks.body(world.ticket("plum", "confirm_debit"))
    other = next(b for b in ledger.books("victim") if b.paid.to == "shop")
    wrong = true | {
        "answer": str(uuid4()), "payment": banks._booking(other) | {"currency": "RSD"},
    }  # fmt: skip
    world.answer("plum", wrong)
    world.plan()
    banks.run()
    world.answer("plum", true | {"stage": "correction", "replaces": wrong["answer"]})
    world.plan()
    banks.run()
    joined = world.run(
        "select s.reference from holds_movementside s "
        "join holds_movement m on m.id = s.movement_id "
        "where s.reference = %s and m.same_as_id is not null",
        wrong["payment"]["reference"],
    )
    assert joined == []
    assert totals(world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    assert held_at(world) == {"quince": 500}


Name = Callable[[Paid], str]
Alike = tuple[World, Filed, Name, tuple[Paid, Paid]]


@pytest.fixture
def two_alike(ledger: Ledger) -> Alike:
    """Two payments of the same sum, both reported; the payer's bank is asked for the second.

    With what lets the bank say which debit the second report means: first an answer, then
    corrections, each of the one before.
    """
    world, banks = ledger.world, Banks(ledger)
    first = ledger.pay("victim", "first", 500, minute=10)
    second = ledger.pay("victim", "first", 500, minute=20)
    report(ledger, first)
    world.plan()
    banks.answer("plum", world.ticket("plum", "confirm_debit"))
    world.plan()
    filed = report(ledger, second)
    world.plan()
    true = banks.body(world.ticket("plum", "confirm_debit"))
    debits = [b for b in ledger.books("victim") if not b.is_credit]
    said: list[str] = []

    def name(paid: Paid) -> str:
        debit = next(b for b in debits if b.paid is paid)
        body = true | {"answer": str(uuid4()), "payment": banks._booking(debit)}
        body["payment"] |= {"currency": "RSD"}
        if said:
            body |= {"stage": "correction", "replaces": said[-1]}
        said.append(body["answer"])
        world.answer("plum", body)
        world.plan()
        return str(world.case_of(filed).state)

    return world, filed, name, (first, second)


def test_a_claim_that_was_called_a_double_by_mistake_stands_again(two_alike: Alike) -> None:
    """The payer's bank names one debit for two payments of the same sum, then corrects itself."""
    world, _, name, (first, second) = two_alike
    assert name(first) == "merged"
    assert name(second) == "open"
    assert world.run("select distinct state from holds_claim") == [("confirmed",)]


def test_a_second_merger_after_that_is_told_as_the_first_was(two_alike: Alike) -> None:
    world, filed, name, (first, second) = two_alike
    for paid in (first, second, first):
        name(paid)
    case = world.case_of(filed)
    assert case.state == "merged"
    told = "select what from cases_caseevent where case_id = %s and what = any(%s)"
    kinds = [what for (what,) in world.run(told, case.id, ["merged", "parted"])]
    assert sorted(kinds) == ["merged", "merged", "parted"]
    into = world.run(told, case.merged_into_id, ["merged_in", "parted"])
    assert sorted(what for (what,) in into) == ["merged_in", "merged_in", "parted"]
    assert world.run("select count(*) from cases_task where case_id = %s and done_at is null",
                     case.id) == [(0,)]  # fmt: skip
    lines = world.run(
        "select count(*) from audit_auditleaf where stream = %s "
        "and convert_from(body, 'UTF8') like '%%case:merged%%'", f"case:{case.id}",
    )  # fmt: skip
    assert lines == [(2,)]
    assert name(second) == "open"
    assert len(world.run(told, case.id, ["parted"])) == 2
    assert name(second) == "open", "what is said again merges nothing"
    assert len(world.run(told, case.id, ["merged"])) == 2


def test_what_ended_with_the_merger_is_to_be_done_again_after_the_parting(
    two_alike: Alike,
) -> None:
    world, filed, name, (first, second) = two_alike
    case = world.case_of(filed)
    world.run(
        "insert into cases_task (id, case_id, owner_id, issuer_id, kind, about, level, values, "
        "opened_at, due_at) values (gen_random_uuid(), %s, %s, %s, 'hold_refused', "
        "gen_random_uuid(), 0, '{}', now() - interval '3 hours', now() - interval '1 hour')",
        case.id, case.owner_id, case.owner_id,
    )  # fmt: skip
    name(first)
    tasks = "select done_at, due_at > now() from cases_task where case_id = %s and kind = %s"
    ((done, _),) = world.run(tasks, case.id, "hold_refused")
    assert done is not None
    name(second)
    assert world.run(tasks, case.id, "hold_refused") == [(None, True)]
    bodies = world.run("select convert_from(body, 'UTF8') from audit_auditleaf")
    assert sum("task:reopened" in body for (body,) in bodies) >= 1
