"""The case page says what is certain, what is a range, and what nobody knows."""

from __future__ import annotations

from typing import Any

from recoup.apps.holds import case_queries
from recoup.apps.reports.operations import Filed
from support.bank import Banks, Ledger
from support.case_pages import hand_over, page_of, text_of
from support.chain import report
from support.world import OFFICER, PROSECUTOR


def unclear_at(account: str, out_by: int) -> Any:
    """The bank of this account has bookings that do not add up, and says so."""

    def change(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if ticket["account"]["ident"] != account or not body.get("window"):
            return body
        window = body["window"]
        window = window | {"opening_minor": window["opening_minor"] + out_by}
        return body | {"code": "unclear", "window": window, "ground": "We look for it."}

    return change


def followed(ledger: Ledger, **more: Any) -> Filed:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("first", "second", 40_000, minute=14)
    ledger.pay("second", "third", 30_000, minute=16)
    filed = report(ledger, paid)
    Banks(ledger, **more).run()
    return filed


def test_a_case_whose_disclosures_add_up_has_no_ranges(ledger: Ledger) -> None:
    case = ledger.world.case_of(followed(ledger))
    shown = page_of(ledger.world, OFFICER, case)
    assert not shown["trace"]["is_incomplete"]
    assert not any(f.is_range for row in shown["trace"]["rows"] for f in row["figures"])
    assert "balances to the last unit" in text_of(OFFICER, f"/cases/{case.id}")


def test_an_incomplete_disclosure_is_shown_as_a_range_on_the_page(ledger: Ledger) -> None:
    world = ledger.world
    case = world.case_of(followed(ledger, change=unclear_at(ledger.accounts["first"].ident, 600)))
    hand_over(world, case)
    for login in (OFFICER, PROSECUTOR):
        shown = page_of(world, login, case)
        rows = {row["institution_name"].split()[0]: row for row in shown["trace"]["rows"]}
        assert rows["Quince"]["doubt"] == "incomplete: out by 6.00\N{NO-BREAK SPACE}RSD or more"
        assert rows["Walnut"]["doubt"] == "rests on an incomplete disclosure before it"
        moved = rows["Quince"]["figures"][3]
        assert moved.is_range and moved.low < moved.amount <= moved.high
        assert not rows["Quince"]["figures"][1].is_range, "what the bank says it holds is certain"
        assert shown["sums_list"][0]["out_by"] == 600
        text = text_of(login, f"/cases/{case.id}")
        assert "balances to the last unit" not in text
        assert "incomplete: out by 6.00 RSD or more" in text
        assert "incomplete: out by" in text_of(login, f"/cases/{case.id}/hand-over")


def test_a_disclosure_that_adds_up_at_last_ends_the_range(ledger: Ledger) -> None:
    told: list[str] = []

    def once(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if told or not body.get("window"):
            return body
        told.append(ticket["ticket"])
        return unclear_at(ledger.accounts["first"].ident, 600)(ticket, body)

    case = ledger.world.case_of(followed(ledger, change=once))
    assert told and not page_of(ledger.world, OFFICER, case)["trace"]["is_incomplete"]


def test_nobody_but_members_reads_a_case_s_windows(ledger: Ledger) -> None:
    world = ledger.world
    case = world.case_of(followed(ledger, change=unclear_at(ledger.accounts["first"].ident, 600)))
    with world.acting(world.actor(OFFICER)):
        assert case_queries.windows_of_case(case.id)
    for login in (PROSECUTOR, "mila.linden"):
        with world.acting(world.actor(login)):
            assert case_queries.windows_of_case(case.id) == []


def test_pro_rata_says_not_known_where_no_bank_has_told(ledger: Ledger) -> None:
    world = ledger.world
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    filed = report(ledger, paid, by=world.at_bank("plum"))
    world.plan()
    case = world.case_of(filed)
    [row] = page_of(world, OFFICER, case)["trace"]["rows"]
    assert row["beside"].still is None
    text = text_of(OFFICER, f"/cases/{case.id}")
    assert "pro rata not known: the bank has not told yet" in text
