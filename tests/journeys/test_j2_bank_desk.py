"""Two clerks of a bank without a system answer hold tickets in the browser, by keys or by mouse.

Part of journey J2: the queue by urgency, one card an account, take next, the bookings pasted and
checked while typing, and nothing lost when an answer is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.desk import GORAN, MILA, hold_asked, pasted, queue_with, sheet
from support.live import Hub
from support.world import iban

pytestmark = pytest.mark.browser


def test_a_ticket_is_answered_by_keys_and_the_next_bank_is_asked_at_once(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    hold_asked(hub)
    page = new_page(login=MILA)
    queue_with(page, 1)
    page.keyboard.press("t")
    page.get_by_role("heading", name="Your answer").wait_for()
    page.keyboard.press("m")
    assert page.locator("#code-moved_on").is_checked()
    pasted(page, sheet(hub))
    assert page.locator("#mark-0").input_value() == "C-100"
    page.locator("#held").fill("180000.00")
    axe(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Answers given").wait_for()
    assert page.get_by_text("The answer was taken").is_visible()
    for _ in range(50):
        following = hub.world.tickets(addressee__code="sparrow")
        if following:
            break
        page.wait_for_timeout(200)
    assert [ticket.asked_minor for ticket in following] == [288_000_00]
    axe(page)


def test_the_same_works_with_the_mouse_alone(hub: Hub, new_page: Callable[..., Any]) -> None:
    hold_asked(hub)
    page = new_page(login=MILA)
    queue_with(page, 1)
    page.get_by_role("button", name="Answer HT-").click()
    page.get_by_role("button", name="Take this ticket").click()
    page.get_by_role("radio", name="Not ours").check()
    assert not page.locator("#window").is_visible()
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_role("heading", name="Answers given").wait_for()


def test_two_clerks_get_two_tickets_and_see_what_the_other_has(
    hub: Hub, new_page: Callable[..., Any]
) -> None:
    hold_asked(hub, victim=1, amount=900_000_00)
    hold_asked(hub, victim=2, account=iban("linden", 78))
    hold_asked(hub, victim=3, account=iban("linden", 78))
    mila, goran = new_page(login=MILA), new_page(login=GORAN)
    queue_with(mila, 2)
    assert (
        mila.locator(".rc-queue__card").nth(1).get_by_text("2 victims").count()
        + mila.locator(".rc-queue__card").nth(0).get_by_text("2 victims").count()
        == 1
    )
    mila.keyboard.press("t")
    mila.get_by_role("heading", name="Your answer").wait_for()
    queue_with(goran, 2)
    assert goran.get_by_text("with Mila").count() == 1
    goran.keyboard.press("t")
    goran.get_by_role("heading", name="Your answer").wait_for()
    assert goran.url != mila.url
    goran.goto(mila.url)
    goran.get_by_role("button", name="Take it over").click()
    assert goran.get_by_text("has taken this ticket").is_visible()


def test_a_new_ticket_appears_on_the_open_page_and_so_does_who_took_it(
    hub: Hub, new_page: Callable[..., Any]
) -> None:
    mila, goran = new_page(login=MILA), new_page(login=GORAN)
    mila.goto("/desk")
    mila.locator("[data-live=on]").wait_for()
    hold_asked(hub)
    mila.locator(".rc-queue__card").wait_for()
    queue_with(goran, 1)
    goran.keyboard.press("t")
    mila.get_by_text("with Goran").wait_for()


def test_the_sum_is_checked_while_typing_and_names_what_is_missing(
    hub: Hub, new_page: Callable[..., Any]
) -> None:
    hold_asked(hub)
    page = new_page(login=MILA)
    queue_with(page, 1)
    page.keyboard.press("t")
    page.get_by_role("heading", name="Your answer").wait_for()
    page.keyboard.press("p")
    pasted(page, sheet(hub))
    page.locator("#row-1-to").fill("")
    page.locator("#row-1-to_kind").select_option("")
    page.get_by_text("Debit B-771 carries 288,000.00").wait_for()
    page.locator("#closing").fill("200000.00")
    page.get_by_text("8,000.00 RSD too little: a credit is missing").wait_for()
    assert page.evaluate("document.activeElement.id") == "closing"


def test_a_refused_answer_leads_to_its_place_and_loses_nothing(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    hold_asked(hub)
    page = new_page(login=MILA, forgives="Failed to load resource")
    queue_with(page, 1)
    page.keyboard.press("t")
    page.get_by_role("heading", name="Your answer").wait_for()
    page.keyboard.press("m")
    pasted(page, sheet(hub))
    page.locator("#held").fill("180.000")
    page.locator("#note").fill("as agreed by telephone")
    page.get_by_role("button", name="Send the answer").click()
    problem = page.get_by_role("alert").get_by_role("link")
    problem.wait_for()
    axe(page)
    problem.click()
    assert page.evaluate("document.activeElement.id") == "held"
    assert page.locator("#held").input_value() == "180.000"
    assert page.locator("#row-1-reference").input_value() == "B-771"
    assert page.locator("#note").input_value() == "as agreed by telephone"
    page.locator("#held").fill("180000.00")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Answers given").wait_for()


@pytest.mark.parametrize("width", [1360, 390])
def test_a_ticket_that_lapsed_is_answered_late(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    hold_asked(hub)
    page = new_page(login=MILA, width=width)
    queue_with(page, 1)
    page.get_by_role("link", name="HT-").first.click()
    hub.world.run("update lawful_requests_ticket set state = 'lapsed' where measure = 'hold'")
    page.reload()
    axe(page)
    page.get_by_role("button", name="Answer late").click()
    page.get_by_text("counts as a fact").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    page.keyboard.press("u")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Answers given").wait_for()
    assert page.get_by_text("lapsed", exact=True).is_visible()


@pytest.mark.parametrize("width", [1360, 390])
def test_the_way_the_banks_screen_writes_is_proposed_confirmed_and_kept(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    hold_asked(hub)
    page = new_page(login=MILA, width=width)
    queue_with(page, 1)
    page.locator("[data-key=t]").first.click()
    page.get_by_text("Paste lines from a spreadsheet").click()
    page.locator("#pasted").fill("credit;C-1;21.11.2026 08:41:03;480.000,00")
    put = page.get_by_role("button", name="Put the lines into the table")
    put.click()
    page.locator("#profile-proposed").wait_for()
    assert page.locator("#paste_separator").input_value() == "semicolon"
    assert page.locator("#pasted").input_value().startswith("credit;C-1")
    put.click()
    page.locator("#profile-to-confirm").wait_for()
    assert page.locator("#row-0-amount").input_value() == "480000.00"
    axe(page)
    page.get_by_role("button", name="Yes, remember it").click()
    page.get_by_text("confirmed by Mila").wait_for()
    assert page.locator("#row-0-amount").input_value() == "480000.00"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    page.reload()
    page.get_by_text("Paste lines from a spreadsheet").click()
    assert page.locator("#paste_decimal").input_value() == "comma"


@pytest.mark.parametrize("language", ["en", "sr", "sr-latn", "sq", "tr"])
@pytest.mark.parametrize("width", [1360, 390])
def test_the_desk_fits_the_screen_in_each_language(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int, language: str
) -> None:
    hold_asked(hub)
    page = new_page(login=MILA, width=width)
    queue_with(page, 1)
    page.locator(f"button[name=language][value={language}]").click()
    page.wait_for_load_state()
    page.goto("/desk")
    page.get_by_role("link", name="HT-").first.click()
    page.locator("[data-key=t]").click()
    page.locator("#answer-form").wait_for()
    here = page.url
    page.goto("/desk/done")
    page.locator("#q").fill("HT-0000-00000")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/desk/done?sought=*")
    for path in ("/desk", here, "/desk/done", page.url):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        axe(page)
