"""A ministry changes a limit: seen before, approved by another person, in force on its day."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.lawful_requests import request_law, request_operations
from recoup.apps.lawful_requests.models import PackDraft, Request
from support.law import MINISTER, OFFICER, POWER, SOURCE, Ministry
from support.live import Hub
from support.requests import Desk
from support.roles import as_owner

HIGHEST = 4000
pytestmark = pytest.mark.browser


def shot(page: Any, name: str) -> None:
    """A picture for whoever wants to look; only where a folder for pictures is given."""
    if folder := os.environ.get("RECOUP_PICTURES"):
        width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, HIGHEST)}
        path = str(Path(folder) / f"{name}.png")
        page.screenshot(path=path, full_page=True, clip=clip, caret="initial")


def fits(page: Any, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


@pytest.fixture
def ministry(hub: Hub) -> Ministry:
    found = Ministry(hub.world)
    _ = found.officer, found.minister
    return found


@pytest.fixture
def drafted(hub: Hub) -> Callable[[], Request]:
    """Drafts a request for subscriber data under the law of this moment."""
    desk = Desk(hub.world)

    def draft() -> Request:
        found: Request = desk.do(
            request_operations.draft, desk.officer, measure="subscriber_domestic",
            content=desk.content(),
        )  # fmt: skip
        return desk.again(found)

    return draft


@pytest.mark.parametrize("width", [1360, 390])
def test_a_limit_is_changed_by_two_persons_and_a_day(
    ministry: Ministry, drafted: Callable[[], Request], new_page: Callable[..., Any],
    axe: Callable[[Any], None], width: int,
) -> None:  # fmt: skip
    old = drafted()
    page = new_page(login=OFFICER, width=width)

    def look(name: str, *, at: Any = page) -> None:
        shot(at, f"law-{name}-{width}")
        assert fits(at, width)
        axe(at)

    page.goto("/law")
    look("read")
    page.get_by_role("button", name="Changes of the law").click()
    look("no-changes")
    page.get_by_role("button", name="Begin a change").click()
    page.get_by_text("Nothing differs yet").wait_for()
    look("begun")
    page.get_by_role("link", name=f"Change {POWER}").click()
    look("power")

    # What no law sets is planned; a law's limit without its source is refused at the field.
    page.locator("#id_answer_within_count").fill("36")
    page.locator("#id_answer_within_unit").select_option("hours")
    page.locator("#id_answer_within_planned").uncheck()
    page.locator("#preview").get_by_text("A time limit names its source").wait_for()
    page.get_by_role("button", name="Keep in the draft").click()
    page.get_by_text("There is a problem").wait_for()
    page.locator("#id_answer_within_count-error").get_by_text("A time limit names").wait_for()
    look("refused")
    page.locator("#id_answer_within_source").fill(SOURCE)
    page.locator("#preview").get_by_text("36 hours").wait_for()
    page.locator("#preview").get_by_text("1 draft, 1 running clock").wait_for()
    look("previewed")
    page.get_by_role("button", name="Keep in the draft").click()
    page.get_by_role("heading", name="Whom it concerns").wait_for()

    day = ministry.today + timedelta(days=3)
    page.get_by_label("Comes into force on").fill(f"{day}")
    page.get_by_label("Why, and where it is published").fill("Official Gazette 1/26 (invented)")
    look("to-submit")
    page.get_by_role("button", name="Submit for approval").click()
    page.get_by_text("You cannot approve what you wrote").wait_for()
    assert page.get_by_role("button", name="Approve").count() == 0
    address = page.url

    boss = new_page(login=MINISTER, width=width)
    boss.goto("/law/drafts")
    look("waits", at=boss)
    boss.get_by_role("link", name="Version").click()
    boss.get_by_role("button", name="Refuse").click()
    boss.get_by_text("Say why it is refused").first.wait_for()
    look("to-decide", at=boss)
    boss.get_by_role("button", name="Approve").click()
    boss.get_by_text("approved, not in force yet").wait_for()
    boss.get_by_role("link", name="Law", exact=True).first.click()
    boss.get_by_role("heading", name=f"Changes on {day.isoformat()}").wait_for()
    look("coming", at=boss)

    comes_into_force(ministry, old, drafted)
    page.goto(address)
    page.get_by_text("in force", exact=True).first.wait_for()
    look("in-force")
    page.goto(f"/law#{POWER}")
    assert "36 hours" in page.locator(f"#{POWER}").inner_text()
    page.get_by_role("link", name="What it changed").click()
    page.get_by_text("36 hours").wait_for()
    look("compared")


def comes_into_force(ministry: Ministry, old: Request, drafted: Callable[[], Request]) -> None:
    """The worker has swept meanwhile, and its day had not come; now it comes."""
    assert drafted().pack_id == old.pack_id
    with as_owner():
        became = ministry.begin(PackDraft.objects.get())
    new = drafted()
    assert (new.pack_id, new.pack_id != old.pack_id) == (became.id, True)
    assert request_law.pack_of(became).powers != request_law.pack_of(old.pack).powers


@pytest.mark.parametrize("width", [1360, 390])
def test_the_last_power_is_removed_with_a_reason_in_serbian(
    ministry: Ministry, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    found = ministry.changed()
    page = new_page(login=OFFICER, width=width)
    page.goto(f"/law/drafts/{found.id}")
    page.get_by_role("button", name="Српски").click()
    page.get_by_role("link", name=f"Уклони {POWER}").click()
    page.get_by_text("То је последње овлашћење за ову меру").wait_for()
    page.get_by_role("button", name="Уклони").click()
    page.get_by_label("Зашто више нема познатог овлашћења").wait_for()
    assert page.locator("#id_why-error").is_visible()
    shot(page, f"law-remove-sr-{width}")
    assert fits(page, width)
    axe(page)
    page.get_by_label("Зашто више нема познатог овлашћења").fill("Укинуто.")
    page.get_by_label("Шта још треба прочитати").fill("Шта следи.")
    page.get_by_role("button", name="Уклони").click()
    page.get_by_text("више нема овлашћења").wait_for()
    shot(page, f"law-removed-sr-{width}")
    assert fits(page, width)
    axe(page)
    page.goto("/law")
    page.locator("input[name=q]").fill("286")
    page.locator("input[name=q]").press("Enter")
    page.wait_for_url("**/law?sought=*")
    page.get_by_role("heading", name="Пропис на коме захтеви почивају").wait_for()
    shot(page, f"law-sr-{width}")
    assert fits(page, width)
    axe(page)
