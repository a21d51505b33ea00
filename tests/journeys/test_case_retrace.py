"""An officer asks what another rule says of a case, and where the money was, and undoes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.bank import Banks, Ledger
from support.chain import report
from support.live import Hub

pytestmark = pytest.mark.browser
OFFICER = "jelena.police"
WIDTHS = (1360, 390)


@pytest.fixture
def ledger(hub: Hub) -> Ledger:
    """Other people's money lies on the first account, so that rules differ."""
    ledger = Ledger(hub.world)
    ledger.account("victim", "plum", 10001, 900_000)
    ledger.account("first", "quince", 20001, 30_000)
    ledger.account("second", "walnut", 30001, 1_000)
    ledger.account("third", "linden", 40001, 0)
    return ledger


def followed(ledger: Ledger) -> str:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
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


def rows(page: Any) -> list[str]:
    return [" ".join(row.split()) for row in page.locator(".rc-bands tbody tr").all_inner_texts()]


def drawn(page: Any) -> str:
    return str(page.locator("#flow-data-RSD").text_content())


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
    assert rows(page) != held_rows and drawn(page) != held_picture
    said = page.locator("#flow-said").inner_text()
    assert "lowest intermediate balance" in said and "Re Hallett" in said and "Order:" in said
    assert "Every unit is accounted for" in page.locator("#case-flow").inner_text()
    assert page.locator("#flow-RSD svg").count() == 1
    axe(page)
    snap(page, "libr")

    libr_rows = rows(page)
    page.get_by_role("link", name="booking before").click()
    page.wait_for_url("**at=*")
    assert rows(page) != libr_rows
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
