"""Two tellings that were joined by mistake: a correction takes the join back, and its holds."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from support.bank import Banks, Ledger
from support.chain import held_at, report, totals


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


def test_a_claim_that_was_called_a_double_by_mistake_stands_again(ledger: Ledger) -> None:
    """The payer's bank names one debit for two payments of the same sum, then corrects itself."""
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

    def named(paid: Any) -> dict[str, Any]:
        debit = next(b for b in debits if b.paid is paid)
        return {"answer": str(uuid4()), "payment": banks._booking(debit) | {"currency": "RSD"}}

    world.answer("plum", true | (wrong := named(first)))
    world.plan()
    assert world.case_of(filed).state == "merged"
    corrected = named(second) | {"stage": "correction", "replaces": wrong["answer"]}
    world.answer("plum", true | corrected)
    world.plan()
    assert world.case_of(filed).state == "open"
    assert world.run("select distinct state from holds_claim") == [("confirmed",)]
