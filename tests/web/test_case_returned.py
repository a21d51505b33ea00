"""What a case says of money that is back: who stopped or recalled it, and how the case stands."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.apps.reports.operations import Filed
from recoup.demo.cast import ABROAD
from support.bank import Banks, Ledger
from support.case_pages import hand_over, page_of, text_of
from support.chain import report
from support.world import OFFICER, PROSECUTOR, World, iban

REPORTED = "as reported, not confirmed"


def stopping(ledger: Ledger, *, held: int = 500) -> Filed:
    """A payment that had not left: its bank stops it, and tells that there is no debit."""
    filed = ledger.world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident, amount=500,
    )  # fmt: skip

    def stop(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if ticket["measure"] != "stop_before_execution":
            return body
        return body | {"code": "stopped_before_execution", "held_minor": held}

    Banks(ledger, change=stop).run()
    return filed


def returned_band(world: World, login: str, filed: Filed) -> dict[str, Any]:
    [flow] = page_of(world, login, world.case_of(filed))["flows"]
    [band] = [band for band in flow["rows"] if band["fate"] == "returned"]
    return dict(band)


@pytest.mark.parametrize("login", [OFFICER, PROSECUTOR])
def test_money_that_was_stopped_is_told_by_the_bank_that_stopped_it(
    ledger: Ledger, login: str
) -> None:
    """Also for the prosecutor, who reads the timeline and not the answers."""
    filed = stopping(ledger)
    case = ledger.world.case_of(filed)
    hand_over(ledger.world, case)
    [ticket] = ledger.world.tickets(case_id=case.id, measure="stop_before_execution")
    band = returned_band(ledger.world, login, filed)
    assert band["answered_by"].startswith("Plum")
    assert band["answered_at"] == ticket.answered_at
    assert (band["ticket_id"], band["ticket_reference"]) == (ticket.id, ticket.reference)
    assert REPORTED not in text_of(login, f"/cases/{case.id}")


def test_money_that_was_recalled_is_told_by_the_bank_that_recalled_it(world: World) -> None:
    filed = world.report(payer=iban("plum", 1), payee=ABROAD, amount=50_000, currency="EUR")
    world.plan()
    recall = world.ticket("plum", "recall")
    world.answer("plum", {"ticket": recall["ticket"], "code": "recalled", "held_minor": 50_000})
    world.plan()
    band = returned_band(world, OFFICER, filed)
    assert band["answered_by"].startswith("Plum")
    assert band["ticket_reference"] == recall["reference"]


def test_money_that_came_back_to_the_victim_is_told_by_the_bank_that_sent_it(
    ledger: Ledger,
) -> None:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "victim", 20_000, minute=12)
    filed = report(ledger, paid)
    Banks(ledger).run()
    [flow] = page_of(ledger.world, OFFICER, ledger.world.case_of(filed))["flows"]
    bands = [band for band in flow["rows"] if band["fate"] == "returned"]
    # What was on the account before, left first: 17,000 of the 20,000 are the victim’s.
    assert [band["amount_minor"] for band in bands] == [17_000, 17_000]
    assert {band["answered_by"].split()[0] for band in bands} == {"Quince"}
    assert len({band["ticket_reference"] for band in bands}) == 1
