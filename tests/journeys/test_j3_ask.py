"""An officer asks an internet provider who it was (J3, first half): from the need to the court."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from recoup.apps.lawful_requests.models import Request
from support.roles import as_owner, load_profiles
from support.world import World

ADDRESS = "203.0.113.7"


@pytest.mark.parametrize("width", [1360, 390])
def test_from_the_need_to_the_judge(
    open_world: World, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    load_profiles()
    seen = open_world.now() - timedelta(days=20)
    page = new_page(login="jelena.police", width=width)
    page.goto("/requests")
    page.get_by_role("button", name="Ask for something").click()
    page.get_by_role("link", name="Who is behind it").click()
    expect(page.get_by_text("Judge").first).to_be_visible()
    expect(page.get_by_text("not confirmed", exact=True).first).to_be_visible()
    fits(page, width)
    axe(page)
    look(page, f"need-{width}")

    page.get_by_role("button", name="Draft this").first.click()
    page.get_by_label("Heron Net").check()
    page.get_by_label("Subscriber information").check()
    page.get_by_label("Value 1").fill(ADDRESS)
    page.get_by_label("Seen at 1").fill(seen.strftime("%Y-%m-%dT%H:%M:%S"))
    place = page.locator("#lacks-identifiers")
    expect(place).to_contain_text("needs its zone")
    page.get_by_label("Zone 1").select_option("+00:00")
    expect(place).to_contain_text("Add the source port")
    expect(place).not_to_contain_text("needs its zone")
    page.get_by_role("button", name="Submit for decision").click()
    expect(place).to_contain_text(f"{ADDRESS}: many customers share this address")
    fits(page, width)
    axe(page)
    look(page, f"refused-{width}")

    page.get_by_label("Port 1").fill("51512")
    expect(place).not_to_contain_text("source port")
    expect(page.locator("#lacks-period")).to_contain_text("gone in 8 days: preserve first")
    # Serbia's law has no preservation of its own as far as is known: the officer is told so.
    expect(page.locator("#preserve-first")).to_contain_text("What is near")
    expect(page.locator("#lacks-field-offence")).to_contain_text("Without “Offence”")
    page.get_by_label("Offence").fill("Fraud, article 208")
    expect(page.locator("#lacks-field-offence")).to_be_empty()
    expect(page.locator("#request-check")).to_contain_text("Complete: it can be submitted.")
    look(page, f"complete-{width}")
    page.get_by_role("button", name="Submit for decision").click()
    expect(page.get_by_text("waits for a decision")).to_be_visible()
    expect(page.get_by_text("High Court").first).to_be_visible()
    fits(page, width)
    axe(page)
    look(page, f"request-{width}")
    with as_owner():
        found = Request.objects.get()
    (one,) = found.content["targets"][0]["identifiers"]
    assert (one["value"], one["port"]) == (ADDRESS, 51512) and one["at"].endswith("+00:00")


def fits(page: Any, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def look(page: Any, name: str) -> None:
    """Keep a picture where somebody asked for it."""
    if folder := os.environ.get("RECOUP_LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
