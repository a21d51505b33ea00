"""Answers sent too often, under ids of others, or of one payment twice: refused, no failure."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from recoup.core.answer import AnswerRefused
from recoup.data.policy import load_limits
from support.bank import Banks, Ledger
from support.chain import report
from support.world import World, iban


@pytest.fixture
def asked(world: World) -> World:
    for payee in ("quince", "walnut"):
        world.report(
            payer=iban("plum", 1), payee=iban(payee, 2), amount=500, by=world.at_bank("plum")
        )
    world.plan()
    return world


def answer(world: World, bank: str, *bodies: dict[str, Any]) -> Any:
    whole = [{"answer": str(uuid4()), "held_minor": 0, **body} for body in bodies]
    return Client(raise_request_exception=False).post(
        "/api/v1/answers", {"answers": whole}, "application/json", headers=world.bearer(bank)
    )


def interim(world: World, bank: str, **more: Any) -> dict[str, Any]:
    ticket = world.ticket(bank, "hold")["ticket"]
    return {"ticket": ticket, "stage": "interim", "code": "unclear", **more}


# An id that another institution has used


def test_an_answer_id_of_another_bank_is_refused_like_one_of_ones_own(asked: World) -> None:
    used = str(uuid4())
    assert answer(asked, "walnut", interim(asked, "walnut", answer=used)).status_code == 200
    other = answer(asked, "quince", interim(asked, "quince", answer=used))
    assert other.status_code == 200
    told = other.json()["receipts"][0]
    assert (told["verdict"], told["error"]) == ("refused", "id_used")
    answer(asked, "quince", interim(asked, "quince", answer=(mine := str(uuid4()))))
    own = answer(asked, "quince", interim(asked, "quince", answer=mine, note="other"))
    words = own.json()["receipts"][0]
    assert words["message"] == told["message"] and words["error"] == told["error"]


def test_what_came_with_it_is_taken_all_the_same(asked: World) -> None:
    used = str(uuid4())
    answer(asked, "walnut", interim(asked, "walnut", answer=used))
    both = answer(
        asked, "quince", interim(asked, "quince", answer=used), interim(asked, "quince")
    ).json()["receipts"]
    assert [one["verdict"] for one in both] == ["refused", "accepted"]
    assert asked.run("select count(*) from lawful_requests_answer") == [(2,)]


def test_two_bookings_for_one_payment_are_refused_and_no_failure(ledger: Ledger) -> None:
    """One is marked as the line, the other has the UETR of the same payment."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 500, minute=20)
    report(ledger, paid, by=ledger.world.at_bank("plum"))
    banks = Banks(ledger)
    ledger.world.plan()
    banks.answer("quince", ledger.world.ticket("quince", "hold"))
    ledger.world.plan()
    body = banks.body(ledger.world.ticket("walnut", "hold"))
    credit = body["window"]["credits"][0]
    body["window"]["credits"] = [
        credit | {"uetr": None, "reference": "a"},
        credit | {"line": None, "reference": "b", "seq": 98},
    ]
    body["window"]["closing_minor"] += credit["amount_minor"]
    with pytest.raises(AnswerRefused) as refused:
        ledger.world.answer("walnut", body)
    assert {problem.code for problem in refused.value.problems} == {"told_twice"}


# Too many


def test_interim_answers_have_an_end_and_the_final_one_is_still_taken(asked: World) -> None:
    most = load_limits().interim_answers_per_ticket
    for _ in range(most):
        asked.answer("quince", interim(asked, "quince"))
    with pytest.raises(AnswerRefused) as refused:
        asked.answer("quince", interim(asked, "quince"))
    assert refused.value.problems[0].code == "too_many_answers"
    assert f"{most} interim answers" in str(refused.value)
    ticket = asked.ticket("quince", "hold")["ticket"]
    asked.answer("quince", {"ticket": ticket, "code": "unclear"})


def test_interim_answers_sent_together_are_counted_too(asked: World) -> None:
    most = load_limits().interim_answers_per_ticket
    sent = [interim(asked, "quince") for _ in range(most + 5)]
    receipts = answer(asked, "quince", *sent).json()["receipts"]
    assert [one["verdict"] for one in receipts] == ["accepted"] * most + ["refused"] * 5


def test_corrections_have_an_end(asked: World) -> None:
    ticket = asked.ticket("quince", "hold")["ticket"]
    last = asked.answer("quince", {"ticket": ticket, "code": "unclear"}).answer
    body = {"ticket": ticket, "code": "unclear", "stage": "correction"}
    for _ in range(load_limits().corrections_per_ticket):
        last = asked.answer("quince", {**body, "replaces": str(last)}).answer
    with pytest.raises(AnswerRefused) as refused:
        asked.answer("quince", {**body, "replaces": str(last)})
    assert refused.value.problems[0].code == "too_many_answers"
