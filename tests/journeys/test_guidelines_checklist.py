"""The checklist of the guidelines on desk and phone: a figure's rows, a procedure declared."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.live import Hub
from support.world import OFFICER, iban

pytestmark = pytest.mark.browser

BOSS = "boris.quince"


def shot(page: Any, name: str) -> None:
    """A picture for whoever wants to look; only where a folder for pictures is given."""
    if folder := os.environ.get("RECOUP_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True, caret="initial")


def fits(page: Any, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


@pytest.mark.parametrize("width", [1360, 390])
def test_a_supervisor_declares_a_procedure(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    page = new_page(login=BOSS, width=width)
    page.goto("/guidelines")
    page.get_by_role("heading", name="Where you stand").wait_for()
    assert fits(page, width)
    axe(page)
    page.locator("#P-05").get_by_role("button", name="Declare").click()
    page.get_by_role("heading", name="Handle requests").wait_for()
    page.get_by_label("written", exact=True).check()
    page.get_by_role("button", name="Declare").click()
    page.get_by_text("There is a problem").wait_for()
    shot(page, f"guidelines-refused-{width}")
    axe(page)
    assert fits(page, width)
    page.get_by_label("Evidence").fill("Rules of the desk, shelf 3")
    page.get_by_label("Date of the document").fill("2026-01-02")
    page.get_by_role("button", name="Declare").click()
    page.locator("#P-05").get_by_text("Rules of the desk, shelf 3").wait_for()
    shot(page, f"guidelines-bank-{width}")
    axe(page)
    page.get_by_role("link", name="Declared 1").click()
    assert page.locator("article").count() == 1


@pytest.mark.parametrize("width", [1360, 390])
def test_an_officer_sees_what_is_behind_a_figure(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    hub.world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00)
    hub.world.plan()
    page = new_page(login=OFFICER, width=width)
    page.goto("/guidelines")
    shot(page, f"guidelines-police-{width}")
    page.locator("#L-04").get_by_role("link", name="What is missing").click()
    page.get_by_text("jelena.police@example.invalid").wait_for()
    shot(page, f"guidelines-rows-{width}")
    assert fits(page, width)
    axe(page)
