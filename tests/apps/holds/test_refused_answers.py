"""Answers that are not taken, or taken as a fact only, and what the bank is told."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from recoup.core.answer import AnswerRefused
from support.bank import Banks, Ledger
from support.chain import held_at, report, totals

# What is refused


def test_an_answer_to_a_ticket_that_is_not_yours_is_refused(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid)
    ledger.world.plan()
    ticket = ledger.world.ticket("quince", "hold")
    with pytest.raises(AnswerRefused) as refused:
        ledger.world.answer("walnut", {"ticket": ticket["ticket"], "code": "nothing_left"})
    assert refused.value.problems[0].code == "not_found"


def test_a_second_final_answer_is_refused(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid)
    ledger.world.plan()
    ticket = ledger.world.ticket("quince", "hold")
    told = {"ticket": ticket["ticket"], "code": "nothing_left"}
    ledger.world.answer("quince", told)
    ledger.world.plan()
    with pytest.raises(AnswerRefused) as refused:
        ledger.world.answer("quince", told)
    assert refused.value.problems[0].code == "already_answered"


def test_an_answer_that_does_not_balance_is_refused_with_the_difference(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid, by=ledger.world.at_bank("plum"))
    ledger.world.plan()
    ticket = ledger.world.ticket("quince", "hold")
    body = Banks(ledger).body(ticket)
    body["window"]["closing_minor"] -= 7
    body |= {"code": "part_held", "held_minor": 400}
    with pytest.raises(AnswerRefused) as refused:
        ledger.world.answer("quince", body)
    assert "does_not_balance" in {problem.code for problem in refused.value.problems}
    assert "0.07" in str(refused.value)
    assert ledger.world.run("select count(*) from lawful_requests_answer") == [(0,)]


def test_an_answer_after_the_hold_lapsed_is_kept_as_a_fact(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    filed = report(ledger, paid, by=ledger.world.at_bank("plum"))
    ledger.world.plan()
    ticket = ledger.world.ticket("quince", "hold")
    ledger.world.run("update holds_hold set until = now() - interval '1 second'")
    ledger.world.sweep()
    assert ledger.world.tickets(id=ticket["ticket"])[0].state == "lapsed"
    banks = Banks(ledger)
    banks.answer("quince", ticket)
    ledger.world.plan()
    assert ledger.world.tickets(id=ticket["ticket"])[0].state == "lapsed"
    assert ledger.world.run("select count(*) from holds_ledgerwindow") == [(1,)]
    assert totals(ledger.world, filed)["RSD"][0] == 500


def test_every_name_that_work_is_asked_for_by_is_declared() -> None:
    import importlib
    import re
    from pathlib import Path

    import recoup
    from recoup.apps.jobs import WORK

    importlib.import_module("recoup.apps.holds.tasks")
    source = Path(recoup.__file__).parent
    text = "\n".join(path.read_text() for path in source.rglob("*.py"))
    names = set(re.findall(r'^(?:[A-Z_]+) = "((?:\w+)\.(?:\w+))"$', text, flags=re.M))
    deferred = {name for name in names if name.startswith("holds.")}
    assert deferred
    assert deferred <= set(WORK)


def test_a_bank_corrects_its_word_on_the_debit(ledger: Ledger) -> None:
    """A mistaken "no such debit" does not end the victim's case for good."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    filed = report(ledger, paid)
    mistaken: dict[str, Any] = {}

    def deny(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if ticket["measure"] == "confirm_debit":
            mistaken.update(whole=body)
            return {**body, "code": "no_such_debit", "payment": None}
        return body

    banks = Banks(ledger, change=deny)
    banks.run()
    assert ledger.world.run("select state from holds_claim") == [("denied",)]
    first = ledger.world.run("select id from lawful_requests_answer where code = 'no_such_debit'")
    right = {
        **mistaken["whole"], "answer": str(uuid4()), "stage": "correction",
        "replaces": str(first[0][0]),
    }  # fmt: skip
    ledger.world.answer("plum", right)
    ledger.world.plan()
    assert ledger.world.run("select state from holds_claim") == [("confirmed",)]
    Banks(ledger).run()
    assert held_at(ledger.world) == {"quince": 500}
    assert totals(ledger.world, filed)["RSD"][:2] == (500, 500)


def test_a_strangers_small_claim_does_not_stand_for_the_victims_whole_one(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    stranger = ledger.world.report(
        payer=ledger.accounts["victim"].ident,
        payee=ledger.accounts["first"].ident,
        amount=1,
        paid_at=ledger.at(paid),
    )
    ledger.world.plan()
    asked = ledger.world.ticket("plum", "confirm_debit")
    debit = Banks(ledger)._booking(ledger.books("victim")[-1])
    ledger.world.answer(
        "plum",
        {
            "ticket": asked["ticket"],
            "code": "debit_confirmed",
            "payment": {**debit, "currency": "RSD"},
        },
    )
    Banks(ledger).run()
    victim = report(ledger, paid)
    Banks(ledger).run()
    states = dict(ledger.world.run("select amount_minor, state from holds_claim"))
    assert states == {1: "double", 500: "confirmed"}
    assert totals(ledger.world, victim)["RSD"][:2] == (500, 500)
    assert ledger.world.case_of(stranger).merged_into_id == ledger.world.case_of(victim).id


def test_a_hold_that_a_bank_refuses_is_an_officers_task(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid)

    def refuse(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if ticket["measure"] == "hold":
            return {
                **body, "code": "cannot_lawfully", "held_minor": 0, "window": None,
                "ground": "No contract lets us.",
            }  # fmt: skip
        return body

    Banks(ledger, change=refuse).run()
    kinds_ = ledger.world.run("select kind from cases_task where done_at is null")
    assert ("hold_refused",) in kinds_
