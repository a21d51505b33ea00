"""A bank whose key was stolen answers: what it can say of its own accounts, not of others’."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.core.answer import AnswerRefused
from recoup.core.moments import iso_utc
from recoup.data import load_pack
from support.bank import Banks, Ledger, Paid
from support.chain import report, totals
from support.world import World, iban

# A payment told under another payment's name


def confirm(ledger: Ledger, bank: str, paid: Paid, **payment: Any) -> None:
    """The bank confirms the debit that it is asked about, with other facts than the true ones."""
    ticket = ledger.world.ticket(bank, "confirm_debit")
    told = {
        "reference": "d:1", "amount_minor": ticket["amount_minor"], "currency": "RSD", "seq": 1,
        "booked_at": iso_utc(ledger.at(paid)), **payment,
    }  # fmt: skip
    body = {"ticket": ticket["ticket"], "code": "debit_confirmed", "payment": told}
    ledger.world.answer(bank, body)
    ledger.world.plan()


def uetr_of(ledger: Ledger, paid: Paid) -> str:
    return str(Banks(ledger)._uetr(paid))


def test_a_bank_that_tells_a_payment_of_others_first_does_not_take_their_case(
    ledger: Ledger,
) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    thief = ledger.world.at_bank("quince")
    own = {"payer": iban("quince", 666), "payee": iban("walnut", 667)}
    ledger.world.report(**own, amount=500, by=thief)
    ledger.world.plan()
    confirm(ledger, "quince", paid, uetr=uetr_of(ledger, paid))
    filed = report(ledger, paid)
    Banks(ledger).run()
    assert ledger.world.case_of(filed).merged_into_id is None
    assert totals(ledger.world, filed)["RSD"][1] == 500


def test_a_bank_that_passes_a_credit_off_as_another_payment_does_not_take_its_case(
    ledger: Ledger,
) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    world, uetr = ledger.world, uetr_of(ledger, paid)
    own = {"payer": iban("quince", 666), "payee": iban("quince", 667)}
    world.report(**own, amount=500, by=world.at_bank("quince"), paid_at=ledger.at(paid))
    world.plan()
    confirm(ledger, "quince", paid)
    hold = world.ticket("quince", "hold")
    credit = {
        "reference": "c:1", "uetr": uetr, "amount_minor": 500, "seq": 2,
        "booked_at": iso_utc(ledger.at(paid)), "line": hold["lines"][0]["line"],
    }  # fmt: skip
    window = {
        "opening_minor": 0, "closing_minor": 500, "from": iso_utc(ledger.at(paid)),
        "to": iso_utc(world.now()), "credits": [credit], "debits": [],
    }  # fmt: skip
    body = {"ticket": hold["ticket"], "code": "held", "held_minor": 500, "window": window}
    world.answer("quince", body)
    world.plan()
    filed = report(ledger, paid)
    Banks(ledger).run()
    assert world.case_of(filed).merged_into_id is None
    assert totals(world, filed)["RSD"][1] == 500


def test_money_sent_on_under_the_name_it_came_with_is_still_followed(ledger: Ledger) -> None:
    """A return carries the UETR of what is returned; a thief's bank may use it for anything."""
    came = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 500, minute=20)

    def change(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if ticket["account"]["ident"] == ledger.accounts["first"].ident:
            for debit in (body.get("window") or {}).get("debits", []):
                debit["uetr"] = uetr_of(ledger, came)
        return body

    filed = report(ledger, came, by=ledger.world.at_bank("plum"))
    Banks(ledger, change).run()
    assert totals(ledger.world, filed)["RSD"][1] == 500


@pytest.mark.parametrize("together", [False, True])
def test_two_accounts_of_a_bank_may_use_one_reference(ledger: Ledger, together: bool) -> None:
    """Nobody checks a clerk's references: ``1`` on two accounts is two payments."""
    ledger.account("other victim", "plum", 10002, 9000)
    ledger.account("other", "quince", 20002)
    one = ledger.pay("victim", "first", 500, minute=10)
    two = ledger.pay("other victim", "other", 700, minute=11)
    ledger.pay("first", "second", 500, minute=20, uetr=False)
    ledger.pay("other", "third", 700, minute=21, uetr=False)

    def change(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        for debit in (body.get("window") or {}).get("debits", []):
            debit["reference"] = "1"
        return body

    by = ledger.world.at_bank("plum")
    filed = [report(ledger, one, by=by), report(ledger, two, by=by)]
    ledger.world.plan()
    banks = Banks(ledger, change)
    if together:
        answer_together(banks, "quince")
    banks.run()
    assert [totals(ledger.world, f)["RSD"][1] for f in filed] == [500, 700]


def answer_together(banks: Banks, bank: str) -> None:
    """All that waits at a bank, in one message."""
    from recoup.apps.holds.answer_operations import record_answers
    from recoup.apps.holds.api import AnswerIn, read_answer

    world, actor = banks.world, banks.world.at_bank(bank)
    bodies = [banks.change(t, banks.body(t)) for t in world.inbox(bank)]
    whole = [{"stage": "final", "held_minor": 0, **body} for body in bodies if body]
    with world.acting(actor) as at:
        told = [read_answer(AnswerIn(**one)) for one in whole]
        results = record_answers(told, by=actor, at=at)
    assert not [one for one in results if isinstance(one, AnswerRefused)]


# What is refused


def refused(ledger: Ledger, bank: str, body: dict[str, Any]) -> set[str]:
    with pytest.raises(AnswerRefused) as problem:
        ledger.world.answer(bank, body)
    return {found.field for found in problem.value.problems}


@pytest.fixture
def held(ledger: Ledger) -> dict[str, Any]:
    """The true answer of the payee's bank, before it is changed."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 500, minute=20)
    report(ledger, paid, by=ledger.world.at_bank("plum"))
    ledger.world.plan()
    return Banks(ledger).body(ledger.world.ticket("quince", "hold"))


def test_one_payment_is_not_told_as_two_credits(ledger: Ledger, held: dict[str, Any]) -> None:
    """It was a failure of the hub, for this answer and all that came with it."""
    window = held["window"]
    again = window["credits"][0] | {"reference": "again", "seq": 99}
    window["credits"].append(again)
    window["closing_minor"] += again["amount_minor"]
    assert refused(ledger, "quince", held) == {"window.credits.uetr", "window.credits.line"}


@pytest.mark.parametrize("code", ["ZZZ", "eur", "q\t'"])
def test_money_does_not_move_on_in_a_currency_that_there_is_not(
    ledger: Ledger, held: dict[str, Any], code: str
) -> None:
    """Nobody could have read the ticket that followed."""
    held["window"]["debits"][0]["to"] |= {"credit_minor": 5, "credit_currency": code}
    assert refused(ledger, "quince", held) == {"window.debits.to.credit_currency"}


def test_a_debit_is_confirmed_in_the_currency_that_was_asked(ledger: Ledger) -> None:
    """500 euros are not 500 dinars; the currency that the bank gave was not looked at."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid)
    ledger.world.plan()
    body = Banks(ledger).body(ledger.world.ticket("plum", "confirm_debit"))
    body["payment"]["currency"] = "EUR"
    assert refused(ledger, "plum", body) == {"payment.currency"}


def test_no_debit_is_slipped_in_beside_the_bookings(ledger: Ledger, held: dict[str, Any]) -> None:
    debit = held["window"]["debits"][0]
    payment = {key: debit[key] for key in ("uetr", "booked_at")}
    held["payment"] = payment | {
        "reference": "d:x", "amount_minor": 500, "currency": "RSD", "seq": 50
    }  # fmt: skip
    assert refused(ledger, "quince", held) == {"payment"}


# Reports in a bank's name


def test_a_bank_vouches_for_its_own_customers_only(world: World) -> None:
    """With a stolen key, holds on anybody's account would have been one message away."""
    filed = world.report(
        payer=iban("plum", 1), payee=iban("walnut", 2), amount=500, by=world.at_bank("quince")
    )
    own = world.report(
        payer=iban("plum", 3), payee=iban("walnut", 4), amount=500, by=world.at_bank("plum")
    )
    world.plan()
    adopted = dict(
        world.run("select k.report_id, c.adopted_at is not null from holds_claim c "
                  "join cases_case k on k.id = c.case_id")
    )  # fmt: skip
    assert adopted == {filed.id: False, own.id: True}
    kinds = world.run(
        "select case_id, kind from lawful_requests_ticket where measure = 'hold' order by kind"
    )
    assert kinds == [(world.case_of(filed).id, "block"), (world.case_of(own).id, "first")]


def test_what_a_bank_tells_of_others_customers_is_capped(world: World) -> None:
    for number in range(7):
        world.report(
            payer=iban("plum", 10 + number), payee=iban("walnut", 2), amount=500 + number,
            by=world.at_bank("quince"),
        )  # fmt: skip
    world.plan()
    most = load_pack("RS").caps.precautionary_per_reporter_account_hour
    holds = "select count(*) from lawful_requests_ticket where measure = 'hold'"
    assert world.run(holds) == [(most,)]
    world.report(payer=iban("plum", 30), payee=iban("walnut", 2), amount=400)
    world.plan()
    assert world.run(holds) == [(most + 1,)]
