"""A clerk attaches a statement file to an answer in the browser, and the chain moves on.

Part of journey J2: camt.053, and a workbook with the habits of Serbia whose way of writing is
proposed, confirmed, and remembered.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import statements
from support.desk import ACCOUNT, MILA, NEXT, hold_asked, queue_with
from support.live import Hub

pytestmark = pytest.mark.browser


def attach(page: Any, *files: tuple[str, bytes]) -> None:
    page.get_by_text("Attach a statement file").click()
    page.set_input_files(
        "#statement",
        [{"name": name, "mimeType": "", "buffer": content} for name, content in files],
    )
    page.get_by_role("button", name="Read the statement").click()
    page.locator("#statement-heading").wait_for()


def answering(hub: Hub, page: Any) -> None:
    hold_asked(hub)
    queue_with(page, 1)
    page.locator("[data-key=t]").first.click()
    page.get_by_role("heading", name="Your answer").wait_for()
    page.locator("#code-moved_on").check()
    page.locator("#held").fill("180000.00")


def next_asked(hub: Hub, page: Any) -> list[int]:
    for _ in range(50):
        following = hub.world.tickets(addressee__code="sparrow")
        if following:
            return [ticket.asked_minor for ticket in following]
        page.wait_for_timeout(200)
    return []


def shot(page: Any, name: str) -> None:
    """A picture for whoever wants to look; only where a folder for pictures is given."""
    folder = os.environ.get("RECOUP_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True, caret="initial")


@pytest.mark.parametrize("width", [1360, 390])
def test_a_camt053_is_looked_at_and_sent_and_the_next_bank_is_asked(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    page = new_page(login=MILA, width=width)
    answering(hub, page)
    account = statements.fraud(ACCOUNT, NEXT, now=hub.world.now(), before=4)
    attach(page, ("izvod.xml", statements.camt053(account)))
    assert page.get_by_text("It closes.").is_visible()
    assert page.evaluate("document.activeElement.id") == "statement-heading"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot(page, f"statement-camt-{width}")
    axe(page)
    page.get_by_role("button", name="Put it into the answer").click()
    page.locator("#row-1-reference").wait_for()
    assert page.locator("#held").input_value() == "180000.00"
    assert page.locator("#code-moved_on").is_checked()
    assert page.locator("#mark-0").input_value() == "C-100"
    assert page.evaluate("document.activeElement.id") == "from-statement"
    shot(page, f"statement-taken-{width}")
    axe(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Answers given").wait_for()
    assert next_asked(hub, page) == [289_000_00]


@pytest.mark.parametrize("width", [1360, 390])
def test_a_workbook_with_local_habits_is_confirmed_once_and_sent(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    page = new_page(login=MILA, width=width, forgives="Failed to load resource")
    answering(hub, page)
    account = statements.fraud(ACCOUNT, NEXT, now=hub.world.now())
    attach(page, ("извод.xlsx", statements.xlsx(account)))
    assert page.get_by_text("1.234,56").first.is_visible()
    shot(page, f"statement-profile-{width}")
    axe(page)
    # All on one day: nothing in the file says which end came first, so a person does.
    page.get_by_role("button", name="Yes, read it so and remember it").click()
    page.get_by_text("Choose how the file is written.").wait_for()
    page.get_by_role("radio", name="oldest first").check()
    page.get_by_role("button", name="Yes, read it so and remember it").click()
    page.get_by_text("It closes.").wait_for()
    assert page.get_by_text("read as Mila").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot(page, f"statement-xlsx-{width}")
    axe(page)
    page.get_by_role("button", name="Put it into the answer").click()
    page.locator("#row-1-reference").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Answers given").wait_for()
    assert next_asked(hub, page) == [289_000_00]


@pytest.mark.parametrize("width", [1360, 390])
def test_unknown_headings_are_said_by_hand_with_the_keyboard_and_remembered(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    page = new_page(login=MILA, width=width, forgives="Failed to load resource")
    answering(hub, page)
    content = statements.unknown(statements.fraud(ACCOUNT, NEXT, now=hub.world.now()))
    attach(page, ("izvod.csv", content))
    assert page.get_by_label("day of booking").locator("option", has_text="Kad: ").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot(page, f"statement-by-hand-{width}")
    axe(page)
    for name, column in (("booked_at", "Kad"), ("amount", "Koliko"), ("balance", "Ostalo"),
                         ("to", "Kome"), ("reference", "Znak")):  # fmt: skip
        page.locator(f"#field-{name}").focus()
        page.keyboard.type(column)
    page.locator("#left_out").focus()
    page.keyboard.type("Svega")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Yes, read it so and remember it").wait_for()
    shot(page, f"statement-by-hand-reads-{width}")
    axe(page)
    page.get_by_role("button", name="Yes, read it so and remember it").click()
    page.get_by_text("It closes.").wait_for()
    assert page.get_by_text("read as Mila").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Put it into the answer").click()
    page.locator("#row-1-reference").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Answers given").wait_for()
    assert next_asked(hub, page) == [289_000_00]


def test_refused_rows_are_named_and_the_way_back_loses_nothing(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    page = new_page(login=MILA, forgives="Failed to load resource")
    answering(hub, page)
    account = statements.fraud(ACCOUNT, NEXT, now=hub.world.now())
    wrong = statements.csv(account).replace(b"480.000,00", b"480.000,0x")
    attach(page, ("izvod.csv", wrong))
    assert page.get_by_text("480.000,0x").is_visible()
    assert page.get_by_role("cell", name="izvod.csv").is_visible()
    assert page.get_by_role("button", name="Put it into the answer").count() == 0
    shot(page, "statement-refused-1360")
    axe(page)
    page.get_by_role("button", name="Back without it").click()
    page.get_by_role("heading", name="Your answer").wait_for()
    assert page.locator("#held").input_value() == "180000.00"


def test_it_works_without_scripts(hub: Hub, new_page: Callable[..., Any]) -> None:
    page = new_page(login=MILA, java_script_enabled=False)
    hold_asked(hub)
    queue_with(page, 1)
    page.locator("[data-key=t]").first.click()
    page.get_by_role("heading", name="Your answer").wait_for()
    page.locator("#code-moved_on").check()
    page.locator("#held").fill("180000.00")
    account = statements.fraud(ACCOUNT, NEXT, now=hub.world.now())
    attach(page, ("izvod.xml", statements.camt053(account)))
    page.get_by_role("button", name="Put it into the answer").click()
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_role("heading", name="Answers given").wait_for()
    assert next_asked(hub, page) == [289_000_00]


@pytest.mark.parametrize("language", ["sr", "sr-latn", "sq", "tr"])
def test_the_preview_fits_a_small_screen_in_each_language(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], language: str
) -> None:
    page = new_page(login=MILA, width=390)
    answering(hub, page)
    page.locator(f"button[name=language][value={language}]").click()
    page.locator("#answer-form").wait_for()
    account = statements.fraud(ACCOUNT, NEXT, now=hub.world.now(), before=3)
    page.locator("#statement-part summary").click()
    page.set_input_files(
        "#statement",
        {"name": "izvod.xml", "mimeType": "", "buffer": statements.camt053(account)},
    )
    page.locator("#statement-part button").click()
    page.locator("#statement-heading").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, f"statement-{language}-390")
    axe(page)
