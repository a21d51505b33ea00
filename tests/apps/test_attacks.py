"""What somebody at a stolen or an open desk, or nobody in particular, sends to the pages."""

from __future__ import annotations

import pytest
from django.test import Client

from recoup.apps.cases.models import Case
from support.world import OFFICER, World, iban


def signed_in(world: World, login: str) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = world.session_of(login)
    return client


def case(world: World, number: int = 1) -> Case:
    filed = world.report(
        payer=iban("plum", number), payee=iban("walnut", number), amount=500,
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()
    return world.case_of(filed)


# Whose desk it is


@pytest.mark.parametrize(
    "path", ["email/", "password/reset/", "password/set/", "signup/", "confirm-email/x/",
             "reauthenticate/", "login/code/confirm/", "inactive/"],
)  # fmt: skip
def test_of_the_library_for_sign_in_only_signing_in_is_open(world: World, path: str) -> None:
    """With an address of their own, an intruder could have had a new password sent to it."""
    client = signed_in(world, OFFICER)
    for answer in (client.get(f"/accounts/{path}"), client.post(f"/accounts/{path}")):
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")


@pytest.mark.parametrize("path", ["login/", "logout/", "password/change/"])
def test_signing_in_and_out_stays_open(world: World, path: str) -> None:
    visitor = Client()
    assert signed_in(world, OFFICER).get(f"/accounts/{path}").status_code in (200, 302)
    if path == "login/":
        assert visitor.get(f"/accounts/{path}").status_code == 200


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(world: World, where: str) -> None:
    told = {"login": OFFICER, "password": world.password, "next": where}
    answer = Client().post("/accounts/login/", told)
    assert (answer.status_code, answer["Location"]) == (302, "/desk")


def test_a_session_from_before_signing_in_is_not_the_one_after(world: World) -> None:
    client = Client()
    client.cookies["sessionid"] = "chosenbysomebodyelse0000000000000"
    client.post("/accounts/login/", {"login": OFFICER, "password": world.password})
    assert client.cookies["sessionid"].value != "chosenbysomebodyelse0000000000000"
