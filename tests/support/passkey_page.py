"""Making a passkey and signing in with it, in Chromium with a device of its own."""

from __future__ import annotations

from typing import Any

from support.signing_in import open_pass
from support.world import World


def with_device(page: Any) -> Any:
    """Give the page's browser a device that knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
               "hasUserVerification": True, "isUserVerified": True,
               "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def make_passkey(page: Any, world: World, who: str) -> None:
    first, second = open_pass(world, who)
    page.goto("/accounts/login/")
    page.get_by_role("link", name="I was given two words").click()
    page.get_by_label("One word").fill(first.lower().replace("-", " "))
    page.get_by_label("The other word").fill(second)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("What do you call the device?").fill("blue key")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="The passkey is made").wait_for()


def sign_in(page: Any) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/decisions")
