"""An officer looks for an account: found, reloaded, gone back to, and nowhere in an address."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.desk import ACCOUNT, hold_asked
from support.live import Hub
from support.world import OFFICER

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def looked_at(page: Any, name: str) -> None:
    """Keep a picture for people where somebody asks for it; nothing may stick out."""
    assert not page.evaluate(WIDER), name
    if folder := os.environ.get("RECOUP_SHOTS"):
        page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)


@pytest.mark.parametrize("width", [1360, 390])
def test_what_is_searched_for_stays_out_of_every_address(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    hold_asked(hub)
    asked: list[str] = []
    page = new_page(login=OFFICER, width=width)
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(50):  # until the worker has opened the case
        page.goto("/cases")
        if page.locator("tbody tr").count():
            break
        page.wait_for_timeout(200)
    page.get_by_label("Reference or account number").fill(ACCOUNT)
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**/cases?sought=*")
    rows = page.locator("tbody tr")
    assert rows.count() == 1 and page.locator("#q").input_value() == ACCOUNT
    axe(page)
    looked_at(page, f"search-found-{width}")
    page.reload()
    assert rows.count() == 1
    rows.first.get_by_role("link").first.click()
    page.wait_for_url("**/cases/*-*")
    page.go_back()
    page.wait_for_url("**/cases?sought=*")
    assert rows.count() == 1 and page.locator("#q").input_value() == ACCOUNT
    assert len(asked) > 4 and not [url for url in asked if ACCOUNT in url]
    page.goto(f"/cases?q={ACCOUNT}")
    page.get_by_text("Nothing was searched for").wait_for()
    assert ACCOUNT not in page.url
    axe(page)
    looked_at(page, f"search-refused-{width}")


def test_it_works_without_scripts_and_in_serbian(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    page = new_page(login=OFFICER, width=390, locale="sr", java_script_enabled=False)
    page.goto("/requests")
    page.locator("#q").fill("RQ-0000-00000")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/requests?view=mine&sought=*")
    assert page.locator("#q").input_value() == "RQ-0000-00000"
    page.goto("/requests?q=RQ-0000-00000")
    page.get_by_text("Ништа није тражено").wait_for()
    looked_at(page, "search-refused-390-sr")
