"""Break-glass in a browser: one opens and reads, a second joins by phone, both write, one reviews.

And a change of the directory: proposed, called back about, agreed by another organisation, stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.members.models import Login
from recoup.core.access import Actor
from support.live import Hub
from support.requests import Desk
from support.roles import as_owner
from support.world import FIU, World, iban

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
WHY = "A threat to kill the victim was called in, and the police desk does not answer."
NOTE = "The caller names the flat where she is held; send a patrol at once."


def looked_at(page: Any, name: str) -> None:
    """Keep a picture for people where somebody asks for it; nothing may stick out."""
    assert not page.evaluate(WIDER), name
    if folder := os.environ.get("RECOUP_SHOTS"):
        page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)


def pressed(page: Any, name: str, key: str = "Enter") -> None:
    """By the keyboard alone: what has the focus is what was meant."""
    button = page.get_by_role("button", name=name)
    button.focus()
    assert button.evaluate("one => one === document.activeElement")
    page.keyboard.press(key)


def case_of_the_police(world: World) -> Case:
    filed = world.report(payer=iban("walnut", 30071), payee=iban("sparrow", 50071), amount=31_00)
    world.plan()
    return world.case_of(filed)


def colleague(world: World) -> str:
    """The user name of a second person of the intelligence unit."""
    unit: Actor = world.actor(FIU)
    found = Desk(world).enrol("fiu", "fiu_officer", name="Sanja Sova")
    assert found.organisation_id == unit.organisation_id
    with as_owner():
        return str(Login.objects.get(person_id=found.person_id).username)


def test_two_break_the_glass_and_a_third_reviews(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    case, second = case_of_the_police(hub.world), colleague(hub.world)
    one = new_page(login=FIU)
    one.goto("/break-glass")
    axe(one)
    looked_at(one, "glass-ask-1360")
    pressed(one, "Open it, and tell them")
    one.get_by_text("Write why, in 20 letters at least.").wait_for()
    axe(one)
    looked_at(one, "glass-refused-1360")
    one.get_by_label("Reference of the case").fill(case.reference)
    one.get_by_label("somebody’s life").check()
    one.get_by_label("What happens, and why nobody can be asked first").fill(WHY)
    one.get_by_label("For how long").select_option("30")
    pressed(one, "Open it, and tell them")
    one.get_by_role("heading", name="To write, a second person joins").wait_for()
    assert one.get_by_role("button", name="Write it into the case").count() == 0
    axe(one)
    looked_at(one, "glass-alone-1360")

    two = new_page(login=second, width=390)
    two.goto("/break-glass")
    axe(two)
    looked_at(two, "glass-join-390")
    pressed(two, f"Join as the second person {case.reference}")
    two.get_by_role("heading", name="What you two may write").wait_for()
    axe(two)
    looked_at(two, "glass-two-390")
    pressed(two, "Write it into the case")
    two.get_by_text("Write why, in 20 letters at least.").wait_for()
    axe(two)
    two.get_by_label("What they must know, and why now").fill(NOTE)
    pressed(two, "Write it into the case", "Space")
    two.get_by_text("It is written, and whose case it is has a task.").wait_for()
    one.reload()
    assert NOTE in one.content()
    axe(one)
    looked_at(one, "glass-two-1360")
    one.goto("/break-glass")
    axe(one)
    looked_at(one, "glass-open-1360")
    pressed(one, f"Close it now {case.reference}")
    one.get_by_text("It is closed.").wait_for()
    judged(new_page, axe, case)


def judged(new_page: Callable[..., Any], axe: Callable[[Any], None], case: Case) -> None:
    """Somebody who leads the desk whose case it is says that it was right."""
    head = new_page(login="nada.police", width=390)
    head.goto("/break-glass")
    head.get_by_text("Written by the two: 1.").wait_for()
    axe(head)
    looked_at(head, "glass-review-390")
    head.get_by_label("Was there the danger").fill("The call is on record; a patrol was sent.")
    pressed(head, f"It was right {case.reference}")
    head.get_by_text("The review is recorded.").wait_for()
    axe(head)
    looked_at(head, "glass-reviewed-390")


def test_the_directory_changes_by_two_organisations(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    boss = new_page(login="boris.quince")
    boss.goto("/directory/changes")
    axe(boss)
    looked_at(boss, "directory-1360")
    boss.get_by_label("Phone", exact=True).fill("call me")
    boss.get_by_label("Why it changes").fill("A new switchboard.")
    pressed(boss, "Propose")
    boss.get_by_text("This is not a telephone number.").wait_for()
    axe(boss)
    looked_at(boss, "directory-refused-1360")
    boss.get_by_label("Phone", exact=True).fill("+381 11 9998877")
    pressed(boss, "Propose")
    boss.get_by_text("It is proposed. Nothing has changed yet.").wait_for()
    boss.goto("/keys")
    boss.get_by_label("Which program").fill("Night robot")
    pressed(boss, "Make the key")
    boss.get_by_text("It works in a day.").wait_for()
    axe(boss)
    looked_at(boss, "keys-made-1360")

    desk = new_page(login="vida.hub", width=390)
    desk.goto("/directory/changes")
    axe(desk)
    looked_at(desk, "directory-hub-390")
    told = desk.get_by_label("Who answered, and what they said")
    told.first.fill("Boris Quince answered under the old number.")
    pressed(desk, "Agree Quince")
    desk.get_by_text("acts", exact=False).first.wait_for()
    told.first.fill("Boris Quince answered: it is theirs.")
    pressed(desk, "Let it work now")
    desk.get_by_text("It is recorded, and the organisation has a task.").wait_for()
    axe(desk)
    looked_at(desk, "directory-agreed-390")
    boss.goto("/directory/changes")
    boss.locator("summary", has_text="Stop it").click()
    boss.get_by_label("Why it must not be").fill("Nobody here asked.")
    pressed(boss, "Stop it")
    boss.get_by_text("It is stopped. The entry stays as it is.").wait_for()
    axe(boss)
    looked_at(boss, "directory-stopped-1360")
    hub.world.run("delete from members_apikey where name = 'Night robot'")
