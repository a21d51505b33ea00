"""A prosecutor decides at 23:40 by phone: reads, narrows, authorises; another person confirms (J4).

The emergency is the invented country's: of Serbia's law nobody has read yet that it knows one for
requests. The stale page is under Serbia's rules, shown as not confirmed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from recoup.apps.lawful_requests.models import Decision, Request, Ticket
from recoup.apps.lawful_requests.pack_operations import store_pack
from recoup.apps.lawful_requests.request_law import read_law
from recoup.apps.members.models import Login
from recoup.core.access import Actor
from recoup.data import load_pack
from support import live
from support.browser import pages
from support.requests import Desk
from support.roles import as_owner
from support.world import World, iban

pytestmark = pytest.mark.browser

HOUR = timedelta(hours=1)
ASKED = 480_000_00
WHY = "The account was emptied twice this week; what is left goes abroad tomorrow at nine."
WIDTHS = (390, 1360)


def shot(page: Any, name: str) -> None:
    """A picture for whoever wants to look; only where a folder for pictures is given."""
    if folder := os.environ.get("RECOUP_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True, caret="initial")


def fits(page: Any, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def login_of(actor: Actor) -> str:
    return str(Login.objects.filter(person_id=actor.person_id)[0].username)


def suspension_wanted(desk: Desk, author: Actor) -> Request:
    """Transactions at two banks are to be suspended tonight; a judge would be too late."""
    targets = [
        {"addressee": bank, "identifiers": [{"kind": "iban", "value": iban(bank, number)}]}
        for bank, number in (("linden", 10_077), ("quince", 20_077))
    ]
    content = {
        "targets": targets, "data": ["transaction"], "amount_minor": ASKED, "currency": "RSD",
        "justification": WHY, "proportionality": "Only what the victims paid.",
        "fields": {"offence": "Fraud, article 208", "facts": "Three payers were tricked."},
    }  # fmt: skip
    return desk.submitted(
        measure="suspension_court", content=content, by=author, danger="flight_of_money",
        confirmer="court",
    )  # fmt: skip


# The whole journey, under the law of the invented country


@pytest.fixture
def there(
    open_world: World, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path,
    chromium: Any,
) -> Iterator[tuple[World, Callable[..., Any]]]:  # fmt: skip
    """A hub of the invented country, on the same database, and a browser for it."""
    monkeypatch.setenv("RECOUP_COUNTRY", "ZZ")
    settings.COUNTRY = "ZZ"
    with as_owner():
        store_pack(load_pack("ZZ"), at=open_world.now())
    with live.serve(tmp_path) as server, live.working() as worker:
        hub = live.Hub(server.url, open_world, worker)
        with pages(chromium, hub) as make:
            yield open_world, make


@pytest.mark.parametrize("width", WIDTHS)
def test_a_prosecutor_narrows_and_authorises_and_a_judge_confirms(
    there: tuple[World, Callable[..., Any]], axe: Callable[[Any], None], width: int
) -> None:
    world, new_page = there
    desk = Desk(world, read_law())
    author = desk.enrol("prosecutor", "prosecutor", name="Ana Author")
    judge = desk.enrol("court", "judge", kind="court", name="Jovan Judge")
    found = suspension_wanted(desk, author)
    page = new_page(login="olga.prosecutor", width=width, height=844)
    page.goto("/decisions")
    expect(page.get_by_role("heading", name="To decide 1")).to_be_visible()
    assert fits(page, width)
    axe(page)
    shot(page, f"decide-list-{width}")

    page.locator(".rc-queue__sum").first.click()
    for told in (WHY, "Ana Author", "invented, no law", "Fraud, article 208", "by default"):
        expect(page.get_by_text(told).first).to_be_visible()
    expect(page.get_by_text("480,000.00").first).to_be_visible()
    expect(page.get_by_text("Preservation first")).to_have_count(0)  # money is not preserved
    assert fits(page, width)
    axe(page)
    shot(page, f"decide-one-{width}")

    page.get_by_text("Authorise less").first.click()
    page.get_by_label("Amount, at most").fill("500,000.00")
    expect(page.locator("#narrow-check")).to_contain_text("is more than was asked")
    page.get_by_label("Amount, at most").fill("300,000.00")
    expect(page.locator("#narrow-check")).to_contain_text("Narrower than asked: 300,000.00")
    page.locator("#narrow-identifier-1\\.0").uncheck()
    expect(page.locator("#narrow-check")).to_contain_text("1 of 2 addressees")
    assert fits(page, width)
    axe(page)
    shot(page, f"decide-narrow-{width}")
    page.get_by_role("button", name="Authorise less").click()

    said = page.get_by_role("status").first
    expect(said).to_contain_text("300,000.00 RSD of 480,000.00 RSD")
    expect(said).to_contain_text("1 of 2 addressees")
    expect(said).to_contain_text("Another person confirms it by")
    expect(page.get_by_role("heading", name="Confirm the emergency")).to_have_count(0)
    assert fits(page, width)
    axe(page)
    shot(page, f"decide-done-{width}")
    assert [(t.addressee.code, t.state) for t in left(world, found)] == [("linden", "sent")]

    other = new_page(login=login_of(judge), width=width, height=844)
    other.goto("/decisions")
    expect(other.get_by_role("heading", name="To confirm 1")).to_be_visible()
    other.locator(".rc-queue__sum").first.click()
    other.get_by_text("The emergency was one").first.click()
    assert fits(other, width)
    axe(other)
    shot(other, f"decide-confirm-{width}")
    other.get_by_role("button", name="Confirm", exact=True).click()
    expect(other.get_by_text("confirmed the emergency").first).to_be_visible()
    shot(other, f"decide-confirmed-{width}")
    notes_duty(page, world, axe, width)
    with as_owner():
        rows = list(Decision.objects.filter(request=found).order_by("number"))
    assert [row.kind for row in rows] == ["narrowed", "confirmed"]
    assert [row.person_id for row in rows] == [world.actor("olga.prosecutor").person_id,
                                               judge.person_id]  # fmt: skip
    assert rows[0].content["amount_minor"] == 300_000_00


def notes_duty(page: Any, world: World, axe: Callable[[Any], None], width: int) -> None:
    """The prosecutor notes who is on call tonight."""
    page.goto("/duties")
    expect(page.get_by_role("heading", name="Who is on duty")).to_be_visible()
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("Choose a person.")).to_be_visible()
    tonight = world.now()
    page.get_by_label("Who", exact=True).select_option(label="Olga Pravičanska, prosecutor")
    page.get_by_label("From").fill((tonight - HOUR).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Until").fill((tonight + 9 * HOUR).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("noted by Olga Pravičanska")).to_be_visible()
    assert fits(page, width)
    axe(page)
    shot(page, f"duties-{width}")


def left(world: World, found: Request) -> list[Ticket]:
    """What the hub has sent of it; the worker beside the test may still be at it."""
    for _ in range(100):
        with as_owner():
            rows = list(Ticket.objects.filter(of_id=found.id).select_related("addressee"))
        if rows and all(row.state == "sent" for row in rows):
            return rows
        world.sweep()
    return rows


def test_a_stale_page_says_what_changed(hub: live.Hub, new_page: Callable[..., Any]) -> None:
    """Under Serbia's law, as far as it is known: a prosecutor asks, another decides."""
    desk = Desk(hub.world, read_law())
    author = desk.enrol("prosecutor", "prosecutor", name="Ana Author")
    quicker = desk.enrol("prosecutor", "prosecutor", name="Quicker One")
    account = {"kind": "iban", "value": iban("linden", 10_077)}
    content = {
        "targets": [{"addressee": "linden", "identifiers": [account]}],
        "data": ["account_holder"], "justification": WHY,
        "fields": {"offence": "Fraud, article 208", "link_to_offence": "He was paid there."},
    }  # fmt: skip
    found = desk.submitted(measure="account_information", content=content, by=author)
    page = new_page(login="olga.prosecutor", width=390, height=844)
    page.goto(f"/decisions/{found.id}")
    expect(page.get_by_text("not confirmed", exact=True).first).to_be_visible()
    shot(page, "decide-unconfirmed-390")
    desk.authorise(found, by=quicker)
    page.get_by_text("Refuse", exact=True).first.click()
    page.get_by_label("It asks for too much").check()
    page.get_by_label("In your words").fill("Only one bank.")
    page.get_by_role("button", name="Refuse").click()
    expect(page.locator("#problem")).to_contain_text("Somebody was faster")
    expect(page.locator("#problem")).to_contain_text("Only one bank.")
    expect(page.get_by_text("Quicker One authorised it").first).to_be_visible()
    shot(page, "decide-stale-390")
    assert fits(page, 390)
