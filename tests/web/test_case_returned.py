"""What a case says of money that is back: who stopped or recalled it, and how the case stands."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.apps.reports.operations import Filed
from recoup.demo.cast import ABROAD
from support.bank import Banks, Ledger
from support.case_pages import hand_over, page_of, signed_in, text_of
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


# How the case stands


def tags_of(world: World, filed: Filed, path: str) -> str:
    """What the tags of the case say, on its own page or in its row of a list."""
    text = text_of(OFFICER, path.format(case=world.case_of(filed).id))
    found = text.split('class="rc-tags"')[1] if "{case}" in path else text.split("<tbody>")[1]
    return found.split("</p>" if "{case}" in path else "</tr>")[0]


PLACES = pytest.mark.parametrize("path", ["/cases/{case}", "/cases"])


@PLACES
def test_a_case_whose_money_was_stopped_stands_as_returned(ledger: Ledger, path: str) -> None:
    """The bank says too that there is no such debit: none is confirmed, and none is a lie."""
    tags = tags_of(ledger.world, stopping(ledger), path)
    assert "rc-tag--returned" in tags and ">returned<" in tags
    assert "debit confirmed" not in tags


@PLACES
def test_a_case_of_which_a_part_was_stopped_is_not_returned(ledger: Ledger, path: str) -> None:
    tags = tags_of(ledger.world, stopping(ledger, held=200), path)
    assert ">returned<" not in tags and "debit confirmed" in tags


@PLACES
def test_a_case_whose_debit_there_never_was_says_so(ledger: Ledger, path: str) -> None:
    filed = ledger.world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident, amount=500,
    )  # fmt: skip
    Banks(ledger).run()
    tags = tags_of(ledger.world, filed, path)
    assert "No such debit" in tags and "not adopted yet" not in tags


def test_an_adopted_case_says_both(ledger: Ledger) -> None:
    world = ledger.world
    filed = world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident, amount=500,
        by=world.actor(OFFICER),
    )  # fmt: skip
    world.plan()
    asked = world.ticket("plum", "stop_before_execution")["ticket"]
    world.answer("plum", {"ticket": asked, "code": "stopped_before_execution", "held_minor": 500})
    world.plan()
    assert page_of(world, OFFICER, world.case_of(filed))["case"]["standing"].is_adopted
    tags = tags_of(world, filed, "/cases/{case}")
    assert "adopted" in tags and ">returned<" in tags


def test_a_list_of_cases_asks_the_database_no_more_for_more_of_them(
    world: World, django_assert_max_num_queries: Any
) -> None:
    for victim in range(1, 6):
        world.report(payer=iban("plum", victim), payee=iban("quince", victim), amount=50_000)
    world.plan()
    client = signed_in(OFFICER)
    with django_assert_max_num_queries(15):
        assert client.get("/cases").content.count(b"rc-ref") == 5
