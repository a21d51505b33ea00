"""J6 with the state's own sign-in: linked, then used, over a real provider on another site."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import live, provider
from support.live import Hub
from support.passkey_page import make_passkey, sign_in, with_device
from support.signing_in import make_real
from support.world import World

pytestmark = pytest.mark.browser
WHO = "nada.police"
SHOTS = os.environ.get("RECOUP_SHOTS", "")


@pytest.fixture(scope="module")
def served(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[live.Served]:
    """A hub that is the client of a real provider; one is ``localhost``, the other 127.0.0.1."""
    folder, port = tmp_path_factory.mktemp("provided"), live.free_port()
    address = f"http://localhost:{port}"
    with provider.running(folder, address=address) as one:
        more = {
            "RECOUP_OIDC_ISSUER": one.issuer, "RECOUP_OIDC_CLIENT_ID": one.client_id,
            "RECOUP_OIDC_CLIENT_SECRET": one.secret, "RECOUP_OIDC_NAME": one.name,
            "RECOUP_PUBLIC_ADDRESS": address, "RECOUP_OUTGOING_PRIVATE": "127.0.0.1",
        }  # fmt: skip
        with live.serve(folder, port=port, more=more) as server:
            yield server


@pytest.fixture
def real(open_world: World) -> Iterator[World]:
    """The police unit exists: its people need a second factor, demonstration or not."""
    make_real(open_world, "police")
    yield open_world
    open_world.run("update members_organisation set is_invented = true where code = 'police'")


def shot(page: Any, name: str) -> None:
    """Pictures at both widths, where somebody wants to look at them."""
    for width in (1360, 390) if SHOTS else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)


def sign_in_there(page: Any) -> None:
    page.wait_for_url("http://127.0.0.1:*/**")
    page.locator("input[name=login]").fill("jelena.sign")
    page.locator("input[name=password]").fill(provider.PASSWORD)
    page.locator("form[action*=login] button[type=submit]").click()


def test_somebody_links_themselves_and_signs_in_with_it(
    hub: Hub, real: World, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    page = with_device(new_page())
    make_passkey(page, real, WHO)
    sign_in(page)
    page.get_by_role("link", name="My sign-in").click()
    axe(page)
    shot(page, "own-before")
    page.get_by_role("button", name="Link eState").click()
    sign_in_there(page)
    page.get_by_text("Linked. You can begin with eState from now on.").wait_for()
    axe(page)
    shot(page, "own-linked")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/")
    axe(page)
    shot(page, "login")
    page.get_by_role("button", name="Sign in with eState").click()
    page.get_by_role("heading", name="One thing more").wait_for()
    axe(page)
    shot(page, "second")
    page.get_by_role("button", name="Show my passkey and go on").click()
    page.wait_for_url("**/decisions")
    assert "Nada" in page.locator("header").inner_text()
    page.goto("/own-sign-in")
    page.locator("summary", has_text="End the link").click()
    shot(page, "own-end")
    page.get_by_role("button", name="End it now").click()
    page.get_by_text("The link has ended").wait_for()


def test_whom_nobody_has_linked_is_told_what_to_do(
    hub: Hub, real: World, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    page = new_page(width=390)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with eState").click()
    sign_in_there(page)
    page.get_by_text("The hub did not accept this sign-in by eState.").wait_for()
    axe(page)
    shot(page, "refused")
    assert real.run("select count(*) from members_providerlink") == [(0,)]
