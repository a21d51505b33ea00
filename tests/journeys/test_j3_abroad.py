"""The financial intelligence unit asks abroad: from its task to the answer; also on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from recoup.demo.cast import ABROAD
from support.world import FIU, World, iban


def left_the_country(world: World) -> None:
    world.report(
        payer=iban("plum", 1), payee=ABROAD, amount=700_00, currency="EUR", reference="Invoice 7",
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()


def test_from_the_task_to_the_answer(
    open_world: World, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    left_the_country(open_world)
    page = new_page(login=FIU)
    page.goto("/tasks")
    page.get_by_role("button", name="Request abroad").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Request abroad")
    expect(page.get_by_text("SI56 9900 0000 9011 465")).to_be_visible()
    axe(page)
    look(page, "form")
    page.get_by_label("Channel").select_option("egmont")
    page.get_by_role("button", name="Sent", exact=True).click()
    expect(page.get_by_role("heading", name="Enter what came back")).to_be_visible()
    page.get_by_label("Sum postponed or held").fill("500.00")
    page.get_by_role("button", name="Answered").click()
    expect(page.get_by_text("Postponed or held, in whole or in part")).to_be_visible()
    axe(page)
    look(page, "answered")


def test_it_fits_a_phone_and_is_printed_without_its_forms(
    open_world: World, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    left_the_country(open_world)
    page = new_page(login=FIU, width=390)
    page.goto("/tasks")
    page.get_by_role("button", name="Request abroad").click()
    page.get_by_role("link", name="Српски", exact=True).first.click()
    expect(page.get_by_text("Захтев за одлагање трансакције и за податке")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)
    look(page, "phone")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Sent", exact=True)).to_be_hidden()
    look(page, "print")


def look(page: Any, name: str) -> None:
    """Keep a picture where somebody asked for it."""
    if folder := os.environ.get("RECOUP_LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
