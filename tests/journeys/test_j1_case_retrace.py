"""An officer asks what another rule says of a case, and where the money was, and undoes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.holds import operations
from recoup.apps.lawful_requests.models import Ticket
from support.bank import Banks, Ledger
from support.chain import report
from support.live import Hub

pytestmark = pytest.mark.browser
OFFICER = "jelena.police"
WIDTHS = (1360, 390)


@pytest.fixture
def ledger(hub: Hub) -> Ledger:
    """Other people's money lies on the first account and comes to it, so that rules differ."""
    ledger = Ledger(hub.world)
    ledger.account("victim", "plum", 10001, 900_000)
    ledger.account("first", "quince", 20001, 30_000)
    ledger.account("employer", "plum", 10002, 90_000)
    ledger.account("second", "walnut", 30001, 1_000)
    ledger.account("third", "linden", 40001, 0)
    return ledger


def followed(ledger: Ledger) -> str:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("employer", "first", 10_000, minute=13)
    ledger.pay("first", "second", 40_000, minute=14)
    ledger.pay("second", "third", 30_000, minute=16)
    filed = report(ledger, paid)
    Banks(ledger).run()
    return f"/cases/{ledger.world.case_of(filed).id}"


def snap(page: Any, name: str) -> None:
    """Keeps a picture to look at, where somebody asked for one."""
    if folder := os.environ.get("RECOUP_SHOTS"):
        page.wait_for_timeout(700)
        page.locator("#case-flow").screenshot(path=str(Path(folder) / f"{name}.png"))


def shoot(page: Any, name: str) -> None:
    if folder := os.environ.get("RECOUP_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def rows(page: Any) -> list[str]:
    return [" ".join(row.split()) for row in page.locator(".rc-bands tbody tr").all_inner_texts()]


def held_at(found: list[str]) -> list[str]:
    rows_held = [row for row in found if " held " in row and "not held" not in row]
    return [row.split(" held ")[0] for row in rows_held]


def drawn(page: Any) -> str:
    return str(page.locator("#flow-data-RSD").text_content())


def changed(page: Any, read: Callable[[Any], Any], before: Any) -> bool:
    """Whether what is read becomes another, soon: a live part may be fetched anew in between."""
    for _ in range(200):
        if read(page) != before:
            return True
        page.wait_for_timeout(100)
    return False


def test_rule_and_date_change_picture_and_table_and_are_undone(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    path = followed(ledger)
    page = new_page(login=OFFICER)
    page.goto(path)
    page.locator("#flow-RSD svg").wait_for()
    held_rows, held_picture = rows(page), drawn(page)
    assert "the rule for holding, now" in page.locator("#case-flow").inner_text()
    snap(page, "held")

    page.get_by_label("Tracing rule").select_option("libr")
    page.get_by_text("for comparison: nothing is asked or held by it").wait_for()
    page.wait_for_url(f"**{path}?rule=libr")
    assert changed(page, rows, held_rows) and changed(page, drawn, held_picture)
    said = page.locator("#flow-said").inner_text()
    assert "lowest intermediate balance" in said and "Re Hallett" in said and "Order:" in said
    assert "Every unit is accounted for" in page.locator("#case-flow").inner_text()
    assert page.locator("#flow-RSD svg").count() == 1
    axe(page)
    snap(page, "libr")

    libr_rows = rows(page)
    assert held_at(libr_rows) == held_at(held_rows)[:2] and len(held_at(held_rows)) == 3
    page.get_by_role("link", name="booking before").click()
    page.wait_for_url("**at=*")
    assert changed(page, rows, libr_rows)
    assert "As of" in page.locator("#flow-said").inner_text()
    snap(page, "libr-at")
    page.get_by_role("link", name="Undo").click()
    page.wait_for_url(f"**{path}?rule=libr")
    assert rows(page) == libr_rows
    page.get_by_role("link", name="Back to the holding rule, now").click()
    page.wait_for_url(f"**{path}")
    assert rows(page) == held_rows and drawn(page) == held_picture

    page.go_back()
    page.get_by_text("for comparison: nothing is asked or held by it").wait_for()
    assert page.url.endswith(f"{path}?rule=libr") and rows(page) == libr_rows


def test_a_live_part_that_comes_late_does_not_undo_the_choice(
    ledger: Ledger, new_page: Callable[..., Any]
) -> None:
    path = followed(ledger)
    page = new_page(login=OFFICER)
    late: list[Any] = []
    told = "event: version\ndata: another\n\n"
    page.route(f"**{path}/events*", lambda route: route.fulfill(
        content_type="text/event-stream", body=told))  # fmt: skip
    page.route(f"**{path}/live*", lambda route: late.append(route))
    page.goto(path)
    page.locator("#flow-RSD svg").wait_for()
    held_rows = rows(page)
    for _ in range(150):
        if late:
            break
        page.wait_for_timeout(100)
    assert late and "rule" not in late[0].request.url

    page.get_by_label("Tracing rule").select_option("libr")
    page.wait_for_url(f"**{path}?rule=libr")
    assert changed(page, rows, held_rows)
    libr_rows = rows(page)
    # The browser asks for news again every three seconds: what it wanted before comes first.
    for _ in range(150):
        while late and not late[0].request.url.endswith("?rule=libr"):
            late.pop(0).continue_()
        if late:
            break
        page.wait_for_timeout(100)
    assert late, "no news were asked for under the new rule"
    late[0].continue_()
    page.get_by_text("for comparison: nothing is asked or held by it").wait_for()
    assert rows(page) == libr_rows


def test_an_account_is_opened_to_its_bookings_and_closed_again(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    path = followed(ledger)
    page = new_page(login=OFFICER)
    page.goto(path)
    first = page.locator(".rc-open a").nth(0)
    first.click()
    page.locator(".rc-panel").wait_for()
    assert "open=" in page.url
    panel = page.locator(".rc-panel").inner_text()
    assert "Opening balance" in panel and "All bookings are known" in panel
    axe(page)
    snap(page, "opened")
    page.get_by_label("Tracing rule").select_option("lifo")
    page.get_by_text("for comparison: nothing is asked or held by it").wait_for()
    assert page.locator(".rc-panel").inner_text() != panel
    page.go_back()
    page.get_by_text("the rule for holding, now").wait_for()
    assert page.locator(".rc-panel").inner_text() == panel
    page.locator(".rc-panel").get_by_role("link", name="Close").click()
    page.wait_for_url(f"**{path}")
    assert page.locator(".rc-panel").count() == 0


def test_a_slider_goes_through_the_bookings_by_keyboard(
    ledger: Ledger, new_page: Callable[..., Any]
) -> None:
    page = new_page(login=OFFICER)
    path = followed(ledger)
    page.goto(path)
    slider = page.get_by_label("Booking up to which the picture is drawn")
    slider.focus()
    assert slider.get_attribute("aria-valuetext") == "now"
    page.keyboard.press("Home")
    page.wait_for_url("**at=*")
    assert len(rows(page)) == 2, "the payment, and what lay there then"
    assert page.get_by_label("As of").input_value() in page.url.replace("%3A", ":")
    page.keyboard.press("End")
    page.wait_for_url(f"**{path}")


def test_it_works_without_script(ledger: Ledger, new_page: Callable[..., Any]) -> None:
    path = followed(ledger)
    page = new_page(login=OFFICER, java_script_enabled=False)
    page.goto(path)
    before = rows(page)
    page.get_by_label("Tracing rule").select_option("lifo")
    page.get_by_role("button", name="Show").click()
    assert "rule=lifo" in page.url and rows(page) != before
    page.get_by_role("link", name="Undo").click()
    assert rows(page) == before


@pytest.mark.parametrize("width", WIDTHS)
def test_each_rule_fits_the_screen(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    path = followed(ledger)
    page = new_page(login=OFFICER, width=width)
    for rule in ("fifo", "prorata_exact", "poison", "tiho"):
        page.goto(f"{path}?rule={rule}")
        page.locator("#case-flow").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, rule
        snap(page, f"{rule}-{width}")
    axe(page)
    page.goto(f"{path}?rule=clayton")
    assert "There is no tracing rule “clayton”" in page.locator("#case-flow").inner_text()


def let_go_in_part(ledger: Ledger) -> str:
    """The hold at the third account is reduced, so that money lies there unheld."""
    path = followed(ledger)
    world = ledger.world
    with world.acting(by := world.actor(OFFICER)) as at:
        rows = Ticket.objects.filter(account_ident=ledger.accounts["third"].ident, measure="hold")
        ticket = rows.select_related("issuer").order_by("-round")[0]
        case = Case.objects.get(pk=ticket.case_id)
        operations.reduce_hold(
            case=case, ticket=ticket, limit_minor=2_000, ground="Too much.", by=by, at=at
        )
    Banks(ledger).run()
    return path


def test_an_officer_asks_the_next_bank_from_the_frontier(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    path = let_go_in_part(ledger)
    page = new_page(login=OFFICER)
    page.goto(path)
    frontier = page.locator("section", has=page.locator("#frontier"))
    frontier.get_by_role("button", name="Ask the next bank").click()
    page.get_by_role("heading", name="Linden Bank").wait_for()
    assert "no more than 20.00" in page.locator("main").inner_text()
    axe(page)
    shoot(page, "ask")
    page.get_by_role("button", name="Ask now").click()
    page.get_by_text("The ground is missing.").first.wait_for()
    page.get_by_label("Ground").fill("A new credit card was seen there.")
    page.get_by_role("button", name="Ask now").click()
    page.wait_for_url(f"**{path}#frontier")
    page.get_by_text("is to be asked what was booked on").wait_for()
    frontier.get_by_text("sent", exact=False).first.wait_for(timeout=20_000)
    assert frontier.get_by_role("button", name="Ask the next bank").count() == 0
    snap(page, "frontier-asked")


def test_a_proposal_is_taken_to_the_reduction_and_changes_nothing_itself(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    path = followed(ledger)
    page = new_page(login=OFFICER)
    page.goto(f"{path}?rule=prorata")
    proposed = page.locator("section", has=page.locator("#proposed"))
    proposed.wait_for()
    snap(page, "proposed")
    axe(page)
    row = proposed.locator("tr", has_text="Take it to a reduction").first
    said = row.locator("td").nth(2).inner_text()
    row.get_by_role("button", name="Take it to a reduction").click()
    amount = page.get_by_label("New total to hold")
    assert amount.is_visible() and amount.input_value() in said.replace(",", "")
    assert page.get_by_label("Ground").first.input_value() == ""


@pytest.mark.parametrize("width", WIDTHS)
def test_all_rules_stand_side_by_side(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    path = let_go_in_part(ledger)
    page = new_page(login=OFFICER, width=width)
    page.goto(path)
    page.locator("#case-flow").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"frontier-{width}")
    page.get_by_role("link", name="All rules side by side").click()
    page.get_by_role("heading", name="All rules side by side").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".rc-multiples > li").count() == 7
    axe(page)
    shoot(page, f"rules-{width}")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_trace_that_is_shown_is_taken_away(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    path = followed(ledger)
    page = new_page(login=OFFICER, width=width)
    page.goto(path)
    page.get_by_label("Tracing rule").select_option("libr")
    page.get_by_text("for comparison: nothing is asked or held by it").wait_for()
    page.get_by_text("Take this trace away as a file").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    snap(page, f"take-{width}")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Paper for court (PDF)").click()
    assert waiting.value.suggested_filename.endswith("-libr-rsd.pdf")
    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="One page with the picture").click()
    kept = Path(waiting.value.path()).read_text()
    page.route("http://kept.invalid/", lambda route: route.fulfill(
        body=kept, content_type="text/html"))  # fmt: skip
    page.goto("http://kept.invalid/")
    assert "lowest intermediate balance" in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shoot(page, f"kept-page-{width}")


@pytest.mark.parametrize("width", WIDTHS)
def test_patterns_and_related_reports_are_shown_with_their_reasons(
    ledger: Ledger, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    ledger.account("victim", "plum", 10001, 900_000_000)
    ledger.account("other", "plum", 10002, 900_000)
    one = ledger.pay("victim", "first", 50_000_000, minute=10)
    two = ledger.pay("other", "first", 30_000, minute=11)
    ledger.pay("first", "second", 49_900_000, minute=14)
    ledger.pay("second", "third", 49_500_000, minute=16)
    filed, _also = report(ledger, one), report(ledger, two)
    Banks(ledger).run()
    path = f"/cases/{ledger.world.case_of(filed).id}"
    page = new_page(login=OFFICER, width=width)
    page.goto(f"{path}/patterns")
    page.get_by_role("heading", name="passed through").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    shoot(page, f"patterns-{width}")
    page.goto(path)
    related = page.locator("section", has=page.locator("#related"))
    related.get_by_text("because both name").first.wait_for()
    related.get_by_text("Not related").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    if folder := os.environ.get("RECOUP_SHOTS"):
        related.screenshot(path=str(Path(folder) / f"related-{width}.png"))


def test_a_date_is_typed_digit_by_digit_without_losing_what_was_typed(
    ledger: Ledger, new_page: Callable[..., Any]
) -> None:
    """Each digit of the year makes a date of its own, and most of them nobody means."""
    path = followed(ledger)
    page = new_page(login=OFFICER)
    page.goto(path)
    page.locator("#flow-RSD svg").wait_for()
    typed = ledger.at(ledger.paid[-1]).strftime("%Y-%m-%d")
    page.locator("#flow-at").fill(f"{typed}T23:59:58")
    page.wait_for_url(f"**at={typed}T23*")
    page.locator("#flow-at").focus()
    for key in "03312025":
        page.keyboard.press(key)
        page.wait_for_timeout(300)
    page.wait_for_url("**at=2025-03-31T23*")
    assert page.locator("#flow-at").input_value().startswith("2025-03-31T23:59:58")
    assert page.evaluate("history.length") < 6, "no date that nobody meant is a step to go back"
