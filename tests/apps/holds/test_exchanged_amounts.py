"""A bank’s word on another currency: what no exchange explains makes nobody hold huge sums."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from recoup.core.answer import AnswerRefused
from support.bank import Banks, Ledger
from support.chain import report, totals
from support.world import World

HUGE = 9_000_000_000_000


@pytest.fixture
def exchanged(ledger: Ledger) -> Ledger:
    """117.00 dinars of the victim become one euro on their second account."""
    ledger.account("euro", "walnut", 30009, 0, currency="EUR")
    ledger.account("next", "linden", 40009, 0, currency="EUR")
    ledger.pay("victim", "first", 11_700, minute=10)
    ledger.pay("first", "euro", 11_730, minute=12, credited=100)
    return ledger


def at_first(ledger: Ledger) -> dict[str, Any]:
    """The true answer of the bank where the exchange begins, before it is changed."""
    report(ledger, ledger.paid[0], by=ledger.world.at_bank("plum"))
    ledger.world.plan()
    return Banks(ledger).body(ledger.world.ticket("quince", "hold"))


def asked(world: World) -> set[tuple[str, str, int]]:
    rows = world.run(
        "select o.code, t.currency, t.asked_minor from lawful_requests_ticket t "
        "join members_organisation o on o.id = t.addressee_id where t.measure = 'hold'"
    )
    return {(row[0], row[1], row[2]) for row in rows}


def state(body: dict[str, Any], minor: int, code: str) -> dict[str, Any]:
    body["window"]["debits"][0]["to"] |= {"credit_minor": minor, "credit_currency": code}
    return body


# Where a debit went, in the words of the payer's bank


def test_a_debit_does_not_become_more_than_an_exchange_explains(exchanged: Ledger) -> None:
    with pytest.raises(AnswerRefused) as refused:
        exchanged.world.answer("quince", state(at_first(exchanged), HUGE, "EUR"))
    problem = refused.value.problems[0]
    assert (problem.field, problem.code) == ("window.debits.to.credit_minor", "beyond_rate")
    assert "117.30 RSD cannot have become 90,000,000,000.00 EUR" in problem.message
    assert "at most 1.15 EUR" in problem.message
    exchanged.world.plan()
    assert {row for row in asked(exchanged.world) if row[0] == "walnut"} == set()


def test_an_unclear_amount_is_asked_as_it_was_paid_and_a_person_decides(
    exchanged: Ledger,
) -> None:
    body = state(at_first(exchanged), HUGE, "EUR") | {"code": "unclear"}
    exchanged.world.answer("quince", body)
    exchanged.world.plan()
    assert {row for row in asked(exchanged.world) if row[0] == "walnut"} <= {
        ("walnut", "RSD", 11_700)
    }
    assert kinds_of_tasks(exchanged.world) >= {"rate_unknown"}


def test_a_currency_without_a_rate_is_followed_for_what_was_paid(exchanged: Ledger) -> None:
    exchanged.world.answer("quince", state(at_first(exchanged), HUGE, "KWD"))
    exchanged.world.plan()
    found = {row for row in asked(exchanged.world) if row[0] == "walnut"}
    assert found == {("walnut", "RSD", 11_700)}
    tasks = exchanged.world.run(
        "select owner_id = issuer_id, case_id is not null, values->>'stated_currency' "
        "from cases_task where kind = 'rate_unknown'"
    )
    assert tasks == [(True, True, "KWD")]


def kinds_of_tasks(world: World) -> set[str]:
    return {row[0] for row in world.run("select kind from cases_task")}


# What arrived, in the words of the payee's bank


def after_first(ledger: Ledger) -> dict[str, Any]:
    """The true answer of the bank where the exchange ends, before it is changed."""
    ledger.world.answer("quince", at_first(ledger))
    ledger.world.plan()
    return Banks(ledger).body(ledger.world.ticket("walnut", "hold"))


def raised(body: dict[str, Any]) -> dict[str, Any]:
    """All of a sudden the account was credited a fortune, and sent it on."""
    window = body["window"]
    window["credits"][0]["amount_minor"] = HUGE
    debit = {
        "reference": "d:stolen", "uetr": None, "amount_minor": HUGE, "seq": 99,
        "booked_at": window["to"],
        "to": {"kind": "account", "scheme": "iban", "credit_minor": None, "credit_currency": None},
    }  # fmt: skip
    window["debits"], window["closing_minor"] = [debit], 0
    return body | {"code": "moved_on", "held_minor": 0, "block_reference": ""}


def test_a_line_is_not_credited_with_more_than_an_exchange_explains(exchanged: Ledger) -> None:
    body = raised(after_first(exchanged))
    body["window"]["debits"][0]["to"]["ident"] = exchanged.accounts["next"].ident
    with pytest.raises(AnswerRefused) as refused:
        exchanged.world.answer("walnut", body)
    assert {p.code for p in refused.value.problems} == {"beyond_rate"}


@pytest.mark.parametrize(
    ("code", "marked"), [("moved_on", False), ("unclear", False), ("unclear", True)]
)
def test_neither_by_its_uetr(exchanged: Ledger, code: str, marked: bool) -> None:
    """A credit that cannot be the payment that it names is one of its own, and carries nothing."""
    body = raised(after_first(exchanged)) | {"code": code}
    body["window"]["debits"][0]["to"]["ident"] = exchanged.accounts["next"].ident
    if not marked:
        body["window"]["credits"][0]["line"] = None
    exchanged.world.answer("walnut", body)
    exchanged.world.plan()
    assert {row for row in asked(exchanged.world) if row[0] == "linden"} == set()


def test_neither_by_telling_a_booking_again(exchanged: Ledger) -> None:
    """The first telling is true; the correction tells the same booking as a fortune."""
    true = after_first(exchanged)
    receipt = exchanged.world.answer("walnut", true)
    exchanged.world.plan()
    body = raised(true) | {"stage": "correction", "replaces": str(receipt.answer)}
    body["answer"] = str(uuid4())
    body["window"]["credits"][0]["line"] = None
    body["window"]["debits"][0]["to"]["ident"] = exchanged.accounts["next"].ident
    exchanged.world.answer("walnut", body)
    exchanged.world.plan()
    assert {row for row in asked(exchanged.world) if row[0] == "linden"} == set()


def test_a_small_debit_does_not_become_a_strangers_large_credit(exchanged: Ledger) -> None:
    """Who knows the UETR of a payment between others could have had its money held."""
    world = exchanged.world
    exchanged.account("firm", "plum", 50001, 9_000_000_00)
    honest = exchanged.pay("firm", "euro", 1_170_000_00, minute=13, credited=10_000_00)
    first = at_first(exchanged)
    receipt = world.answer("quince", first)
    world.plan()
    world.answer("walnut", Banks(exchanged).body(world.ticket("walnut", "hold")))
    world.plan()
    stolen = dict(first, answer=str(uuid4()), stage="correction", replaces=str(receipt.answer))
    stolen["window"]["debits"][0]["uetr"] = Banks(exchanged)._uetr(honest)
    stolen["window"]["debits"][0]["reference"] = "d:another"
    world.answer("quince", stolen)
    world.plan()
    assert max(row[2] for row in asked(world) if row[1] == "EUR") == 100


def test_a_true_exchange_is_followed_as_before(exchanged: Ledger) -> None:
    filed = report(exchanged, exchanged.paid[0])
    Banks(exchanged).run()
    assert totals(exchanged.world, filed)["EUR"] == (0, 100, 0, 0, 0, 0)
