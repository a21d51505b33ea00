"""J6 in a browser: a passkey is made with two words, signs in, and is asked again to approve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.live import Hub
from support.passkey_page import make_passkey, sign_in, with_device
from support.signing_in import make_real
from support.world import World

pytestmark = pytest.mark.browser
WHO = "nada.police"


@pytest.fixture
def real(open_world: World) -> Iterator[World]:
    """The police unit exists: its people need a second factor, demonstration or not."""
    make_real(open_world, "police")
    yield open_world
    open_world.run("update members_organisation set is_invented = true where code = 'police'")


def test_a_passkey_is_made_signs_in_and_is_asked_again_for_a_duty(
    hub: Hub, real: World, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    page = with_device(new_page())
    page.goto("/enrol")
    axe(page)
    make_passkey(page, real, WHO)
    axe(page)
    sign_in(page)
    make_proof_old(real)
    page.goto("/duties")
    page.get_by_label("Who").select_option(index=1)
    page.get_by_label("From").fill("2027-01-04T08:00")
    page.get_by_label("Until").fill("2027-01-04T20:00")
    page.get_by_role("button", name="Note it").click()
    page.get_by_role("heading", name="Show once more that it is you").wait_for()
    axe(page)
    assert real.run("select count(*) from members_duty") == [(0,)]
    page.get_by_role("button", name="Show my passkey and go on").click()
    page.wait_for_url("**/duties")
    page.get_by_text("2027").first.wait_for()
    assert real.run("select count(*) from members_duty") == [(1,)]


def make_proof_old(world: World) -> None:
    """As if the second factor had been shown a year ago."""
    from django.contrib.sessions.backends.db import SessionStore

    for (key,) in world.run("select session_key from django_session"):
        session = SessionStore(key)
        if "proved_at" in session:
            session["proved_at"] = "2025-01-01T00:00:00+00:00"
            session.save()


def test_with_the_right_password_alone_nobody_of_a_real_unit_is_in(
    hub: Hub, real: World, new_page: Callable[..., Any]
) -> None:
    page = new_page()
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill(WHO)
    page.get_by_label("Password").fill(real.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("There is a problem").wait_for()
    page.goto("/decisions")
    assert "/accounts/login/" in page.url


NEWCOMER = "petar.newcomer"


@pytest.fixture
def forgotten(open_world: World) -> Iterator[None]:
    """Whoever the test lets in is gone afterwards: the country is kept between tests."""
    yield
    person = "(select person_id from members_login where username = %s)"
    [(who,)] = open_world.run(f"select {person}", NEWCOMER)
    open_world.run("delete from members_passkey")
    open_world.run("delete from members_memberchange")
    for table in ("members_login", "members_mandate"):
        open_world.run(f"delete from {table} where person_id = %s", who)
    open_world.run("delete from members_person where id = %s", who)


@pytest.mark.usefixtures("forgotten")
def test_two_persons_let_a_third_in_who_then_signs_in(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    head, desk = new_page(login=WHO), new_page(login="vida.hub", width=390)
    head.goto("/people")
    axe(head)
    typed = {
        "Full name": "Petar Newcomer", "E-mail": "petar@police.example", "User name": NEWCOMER,
        "Why this person": "Joins on Monday.",
    }  # fmt: skip
    for label, words in typed.items():
        head.get_by_label(label).fill(words)
    head.get_by_label("Role", exact=True).locator("visible=true").select_option("officer")
    head.get_by_role("button", name="Propose", exact=True).click()
    first = head.locator("#word").inner_text()
    desk.goto("/people")
    desk.get_by_role("button", name="Agree Petar Newcomer").click()
    second = desk.locator("#word").inner_text()
    axe(desk)
    assert first != second
    page = with_device(new_page())
    page.goto("/enrol")
    page.get_by_label("One word").fill(first)
    page.get_by_label("The other word").fill(second)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="The passkey is made").wait_for()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/desk")
    assert "Petar Newcomer" in page.locator("header").inner_text()


def test_a_key_is_made_and_seen_once(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    page = new_page(login="dara.linden")
    page.goto("/keys")
    page.get_by_label("Which program").fill("Teller")
    page.get_by_role("button", name="Make the key").click()
    key = page.locator("#key").inner_text()
    axe(page)
    page.goto("/keys")
    assert key.startswith("rk_linden_") and key not in page.content()
    hub.world.run("delete from members_apikey where name = 'Teller'")
    hub.world.run(
        "with gone as (delete from members_mandate where role = 'machine' and organisation_id = %s "
        "returning person_id) delete from members_person where id in (select person_id from gone)",
        hub.world.organisation("linden").id,
    )
