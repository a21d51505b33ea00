"""An officer follows the money on the case page: it fills while one watches, and acts by the page.

Part of journey J1: report, holds, the next hop, the trail that balances, the acts of the police.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.bank import Banks, Ledger
from support.live import Hub

pytestmark = pytest.mark.browser
OFFICER = "jelena.police"
WIDTHS = (1360, 390)


@pytest.fixture
def ledger(hub: Hub) -> Ledger:
    """A victim at one bank, and accounts that money passes through at three others."""
    ledger = Ledger(hub.world)
    ledger.account("victim", "plum", 10001, 900_000)
    ledger.account("first", "quince", 20001, 3_000)
    ledger.account("second", "walnut", 30001, 1_000)
    ledger.account("third", "linden", 40001, 0)
    return ledger


def filed(ledger: Ledger, *, amount: int = 50_000) -> Any:
    paid = ledger.pay("victim", "first", amount, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("first", "second", 40_000, minute=14)
    ledger.pay("second", "third", 30_000, minute=16)
    return ledger.world.report(
        payer=ledger.accounts["victim"].ident,
        payee=ledger.accounts["first"].ident,
        amount=amount,
        paid_at=ledger.at(paid),
    )


def test_a_case_fills_by_itself_and_balances(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    """The officer opens the case before the banks answer, and never reloads."""
    report = filed(ledger)
    ledger.world.plan()
    case = ledger.world.case_of(report)
    page = new_page(login=OFFICER)
    page.goto(f"/cases/{case.id}")
    page.get_by_role("heading", name="Where the money is").wait_for()
    assert page.get_by_text("not adopted yet").first.is_visible()
    Banks(ledger).run()
    page.locator("#trail").wait_for(timeout=20_000)
    page.get_by_text("balances to the last unit").first.wait_for()
    table = page.get_by_label("The money flow as a table").first
    table.get_by_text("Walnut Bank").first.wait_for(timeout=20_000)
    assert page.locator("#flow-RSD svg").count() == 1
    assert page.get_by_text("still there, pro rata").is_visible()
    axe(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_case_fits_the_screen(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    report = filed(ledger)
    Banks(ledger).run()
    page = new_page(login=OFFICER, width=width)
    for path in (f"/cases/{ledger.world.case_of(report).id}", "/cases", "/desk", "/tasks",
                 "/reports", "/directory"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        axe(page)


LINES = """(cell) => new Set(
  [...(() => { const r = document.createRange(); r.selectNodeContents(cell); return r })()
    .getClientRects()].filter((box) => box.width).map((box) => Math.round(box.bottom / 8))).size"""


@pytest.mark.parametrize("language", ["en", "sr"])
def test_the_flow_and_the_timeline_take_the_width_that_there_is(
    ledger: Ledger, new_page: Callable[..., Any], language: str
) -> None:
    """No account is torn over three lines, and no sentence is squeezed into half a page."""
    report = filed(ledger)
    Banks(ledger).run()
    page = new_page(login=OFFICER)
    page.goto("/desk")
    page.locator(f"button[name=language][value={language}]").click()
    page.goto(f"/cases/{ledger.world.case_of(report).id}")
    cells = page.locator(".rc-bands tbody td:first-child")
    assert cells.count() >= 7
    assert [cells.nth(row).evaluate(LINES) for row in range(cells.count())] == [1] * cells.count()
    rows = page.locator(".rc-bands tbody tr")
    assert max(rows.nth(n).bounding_box()["height"] for n in range(rows.count())) < 60
    [flow, timeline] = [
        page.locator(f"section[aria-labelledby={name}]").bounding_box()["width"]
        for name in ("flow-title-RSD", "timeline")
    ]
    assert timeline == flow > 1200
    events = page.locator(".rc-timeline li")
    assert max(events.nth(n).bounding_box()["height"] for n in range(events.count())) < 60


@pytest.mark.parametrize("width", WIDTHS)
def test_acts_stand_between_the_sums_and_the_flow_and_keep_what_is_typed(
    ledger: Ledger, new_page: Callable[..., Any], width: int
) -> None:
    """Also while the case fills; on a phone nobody scrolls past every ticket to hand over."""
    report = filed(ledger)
    ledger.world.plan()
    page = new_page(login=OFFICER, width=width)
    page.goto(f"/cases/{ledger.world.case_of(report).id}")
    page.get_by_text("Merge a duplicate into this case").click()
    page.get_by_label("Reference of the duplicate case").fill("CA-TYPED")
    Banks(ledger).run()
    page.locator("#trail").wait_for(timeout=20_000)
    assert page.get_by_label("Reference of the duplicate case").input_value() == "CA-TYPED"
    assert (
        page.get_by_role("link", name="Hand over to the prosecutor")
        .or_(page.get_by_role("button", name="Hand over to the prosecutor"))
        .is_visible()
    )
    order = page.evaluate(
        "[...document.querySelectorAll('#money, #acts, #facts, #flow-title-RSD, #tickets')]"
        ".map((part) => part.id)"
    )
    assert order == ["money", "acts", "facts", "flow-title-RSD", "tickets"]


def test_an_officer_adopts_and_the_banks_disclose(
    ledger: Ledger, new_page: Callable[..., Any]
) -> None:
    report = filed(ledger)
    ledger.world.plan()
    case = ledger.world.case_of(report)
    page = new_page(login=OFFICER)
    page.goto("/reports")
    page.get_by_role("button", name="Read and adopt").click()
    page.get_by_label("Ground").first.fill("The victim called and is known to the unit.")
    page.get_by_role("button", name="Adopt", exact=True).click()
    page.wait_for_url(f"**/cases/{case.id}")
    page.get_by_text("adopted: Jelena").wait_for()
    assert page.get_by_role("button", name="Adopt", exact=True).count() == 0
    timeline = page.locator(".rc-timeline")
    assert timeline.get_by_text("The report was adopted").is_visible()


def test_an_officer_reduces_a_hold_and_the_bank_is_asked_for_less(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    report = filed(ledger)
    Banks(ledger).run()
    case = ledger.world.case_of(report)
    ticket = ledger.world.run(
        "select id from lawful_requests_ticket where case_id = %s and measure = 'hold' "
        "and account_ident = %s order by round desc",
        case.id, ledger.accounts["third"].ident,
    )[0][0]  # fmt: skip
    page = new_page(login=OFFICER)
    page.goto(f"/tickets/{ticket}")
    page.get_by_text("Reduce the sum").click()
    page.get_by_label("New total to hold").fill("100,5")
    page.get_by_label("Ground").first.fill("The victim got the rest back.")
    page.get_by_role("button", name="Reduce", exact=True).click()
    page.locator(".govuk-error-summary:focus").wait_for()
    axe(page)
    page.locator(".govuk-error-summary").get_by_role("link").click()
    assert page.locator("#reduce-amount:focus").input_value() == "100,5"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("100,00")
    page.get_by_role("button", name="Reduce", exact=True).click()
    page.wait_for_url(f"**/cases/{case.id}")
    Banks(ledger).run()
    held = ledger.world.run(
        "select held_minor from holds_hold h join cases_account a on a.id = h.account_id "
        "where a.ident = %s", ledger.accounts["third"].ident,
    )  # fmt: skip
    assert held == [(10_000,)]


def test_a_case_is_handed_over_to_the_prosecutor(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    """Before that the prosecutor sees nothing; after it the case, its sums and a task."""
    report = filed(ledger)
    Banks(ledger).run()
    case = ledger.world.case_of(report)
    prosecutor = new_page(login="olga.prosecutor", width=390)
    assert prosecutor.goto(f"/cases/{case.id}").status == 404
    page = new_page(login=OFFICER)
    page.goto(f"/cases/{case.id}/hand-over")
    axe(page)
    page.get_by_label("What you ask for, and why").fill("Suspend the transactions.")
    page.get_by_role("button", name="Hand over to the prosecutor").click()
    page.get_by_text("Handed over").first.wait_for()
    assert prosecutor.goto(f"/cases/{case.id}").status == 200
    tickets = prosecutor.locator("section[aria-labelledby=tickets]")
    assert tickets.get_by_text("Moved on").first.is_visible()
    assert tickets.get_by_role("link").count() == 0, "a ticket opens for its issuer and addressee"
    prosecutor.goto("/tasks")
    assert prosecutor.get_by_text("Decide before the hold ends").first.is_visible()
    assert prosecutor.evaluate("document.documentElement.scrollWidth") <= 390


def test_money_beyond_the_border_is_a_task_that_says_which_case_and_where_to(
    ledger: Ledger, new_page: Callable[..., Any]
) -> None:
    """The financial intelligence unit is no member of the case: its task has to say enough."""
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "abroad", 50_000, minute=12)
    world = ledger.world
    report = world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident,
        amount=50_000, paid_at=ledger.at(paid),
    )  # fmt: skip
    Banks(ledger).run()
    page = new_page(login="filip.fiu")
    page.goto("/tasks")
    row = page.get_by_role("row", name="The money left the country")
    assert world.case_of(report).reference in row.inner_text()
    assert "abroad of first" in row.inner_text()


def test_a_silent_bank_gets_a_telephone_sheet(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    report = filed(ledger)
    ledger.world.plan()
    case = ledger.world.case_of(report)
    ticket = ledger.world.run(
        "select id, reference from lawful_requests_ticket where case_id = %s and measure = 'hold'",
        case.id,
    )[0]
    page = new_page(login=OFFICER)
    page.goto(f"/tickets/{ticket[0]}/telephone-sheet")
    assert page.get_by_text(ticket[1]).first.is_visible()
    assert page.get_by_text("+381").first.is_visible()
    axe(page)
