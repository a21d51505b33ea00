"""When an answer is not taken: 409, 422 and 500 are told at their place, and nothing typed is lost.

Decision 30. The form is sent by htmx; without a script the same view gives whole pages
(``tests/apps/holds/test_answer_page.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.desk import GORAN, MILA, hold_asked, pasted, queue_with, sheet
from support.live import Hub

pytestmark = pytest.mark.browser
BROKEN = (
    "create or replace function broken() returns trigger language plpgsql as "
    "$$ begin raise exception 'a fault of this test'; end $$;"
    "create trigger broken before insert on lawful_requests_answer "
    "for each row execute function broken();"
)
# What the browser writes to its console of each of these; here they are the point.
MEANT = "Failed to "
MENDED = "drop trigger if exists broken on lawful_requests_answer; drop function if exists broken()"
WIDTHS = pytest.mark.parametrize("width", [1360, 390])


@pytest.fixture
def desk(hub: Hub, new_page: Callable[..., Any], width: int) -> Any:
    """Mila's page with a ticket taken and the account's bookings pasted."""
    hold_asked(hub)
    page = new_page(login=MILA, width=width, forgives=MEANT)
    queue_with(page, 1)
    page.locator("[data-key=t]").first.click()
    page.get_by_role("heading", name="Your answer").wait_for()
    page.locator("#code-moved_on").check()
    pasted(page, sheet(hub))
    page.locator("#held").fill("180000.00")
    page.locator("#note").fill("as agreed by telephone")
    return page


@pytest.fixture
def faulty(hub: Hub) -> Any:
    """Makes storing an answer fail inside the database, until it is mended."""
    yield lambda: hub.world.run(BROKEN)
    hub.world.run(MENDED)


def send(page: Any) -> None:
    page.get_by_role("button", name="Send the answer").click()


def nothing_is_lost(page: Any) -> None:
    assert page.locator("#code-moved_on").is_checked()
    assert page.locator("#note").input_value() == "as agreed by telephone"
    assert page.locator("#row-1-reference").input_value() == "B-771"
    assert page.locator("#opening").input_value() == "12000.00"


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id"))


def answers(hub: Hub) -> int:
    return int(hub.world.run("select count(*) from lawful_requests_answer")[0][0])


@WIDTHS
def test_422_is_the_summary_in_place_with_the_focus_on_it(
    hub: Hub, desk: Any, width: int, axe: Callable[[Any], None]
) -> None:
    here = desk.url
    desk.locator("#closing").fill("190000.00")
    desk.locator("#held").fill("180.000")
    send(desk)
    desk.locator("#answer-problems").wait_for()
    assert focused(desk) == "answer-problems"
    assert desk.url == here
    nothing_is_lost(desk)
    assert desk.locator("#held").input_value() == "180.000"
    assert answers(hub) == 0
    assert desk.evaluate("document.documentElement.scrollWidth") <= width
    axe(desk)
    desk.locator("#answer-problems a").first.click()
    assert focused(desk) == "held"
    desk.locator("#held").fill("180000.00")
    send(desk)
    desk.get_by_text("2,000.00 RSD unexplained").first.wait_for()
    assert focused(desk) == "answer-problems"
    desk.locator("#closing").fill("192000.00")
    send(desk)
    desk.get_by_role("heading", name="Answers given").wait_for()
    assert desk.get_by_text("The answer was taken").is_visible()


@WIDTHS
def test_409_says_who_was_faster_and_keeps_what_was_typed(
    hub: Hub, new_page: Callable[..., Any], desk: Any, width: int, axe: Callable[[Any], None]
) -> None:
    hub.world.run("update lawful_requests_ticket set taken_at = taken_at - interval '1 hour'")
    goran = new_page(login=GORAN)
    goran.goto(desk.url)
    goran.locator("[data-key=t]").first.click()
    goran.get_by_role("heading", name="Your answer").wait_for()
    send(desk)
    desk.get_by_text("has taken this ticket").wait_for()
    assert focused(desk) == "answer-problems"
    nothing_is_lost(desk)
    goran.locator("#code-not_ours").check()
    send(goran)
    goran.get_by_role("heading", name="Answers given").wait_for()
    send(desk)
    desk.get_by_text("The ticket was answered on").wait_for()
    assert focused(desk) == "answer-problems"
    nothing_is_lost(desk)
    assert answers(hub) == 1
    axe(desk)


@WIDTHS
def test_500_says_that_nothing_was_stored_and_the_same_answer_can_be_sent_again(
    hub: Hub, desk: Any, faulty: Callable[[], Any], width: int, axe: Callable[[Any], None],
) -> None:  # fmt: skip
    faulty()
    send(desk)
    desk.get_by_text("The answer was not stored.").wait_for()
    desk.locator("#answer-trouble #problem").wait_for()
    assert focused(desk) == "answer-trouble-box"
    nothing_is_lost(desk)
    assert answers(hub) == 0
    assert desk.evaluate("document.documentElement.scrollWidth") <= width
    axe(desk)
    hub.world.run(MENDED)
    desk.keyboard.press("Control+Enter")
    desk.get_by_role("heading", name="Answers given").wait_for()
    assert answers(hub) == 1


@WIDTHS
def test_no_answer_at_all_keeps_the_form_and_a_second_sending_counts_once(
    hub: Hub, desk: Any, width: int
) -> None:
    desk.route("**/answer", lambda route: (route.fetch(), route.abort()))
    send(desk)
    desk.get_by_text("It is not known whether the answer arrived.").wait_for()
    assert focused(desk) == "answer-trouble-box"
    nothing_is_lost(desk)
    desk.unroute("**/answer")
    desk.keyboard.press("Control+Enter")
    desk.get_by_text("This answer had arrived already. It counts once.").wait_for()
    assert answers(hub) == 1
