"""What somebody at a stolen or an open desk, or nobody in particular, sends to the pages."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.lawful_requests.models import Ticket
from recoup.web.asgi import _wait
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


# What cannot be read is an answer, not a failure


@pytest.mark.parametrize("query", ["%00", "a%00b", "%01"])
def test_a_search_with_what_no_text_has_finds_nothing(world: World, query: str) -> None:
    answer = signed_in(world, OFFICER).get(f"/cases?q={query}")
    assert answer.status_code == 200


def test_merging_with_what_no_reference_has_is_refused(world: World) -> None:
    found = case(world)
    told = {"duplicate": "CA-\x00", "ground": "The same loss."}
    answer = signed_in(world, OFFICER).post(f"/cases/{found.id}/merge", told)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "head", [["sources", "terminals", "name"], {"sources": 5, "terminals": [], "name": ""},
             {"sources": [5], "terminals": [], "name": ""}, "deep"],
)  # fmt: skip
def test_a_file_that_the_page_did_not_carry_is_refused(world: World, head: Any) -> None:
    text = "[" * 100_000 if head == "deep" else json.dumps(head)
    token = base64.b64encode(zlib.compress(text.encode() + b"\nx")).decode()
    path = f"/cases/{case(world).id}/ledgers/import"
    assert signed_in(world, OFFICER).post(path, {"token": token}).status_code == 422


def test_a_number_of_rows_with_thousands_of_digits_is_no_failure(world: World) -> None:
    ticket = next(t for t in case_tickets(world) if t.measure == "hold")
    told = {"row_count": "9" * 5000, "code": "nothing_left"}
    clerk = signed_in(world, "mila.linden")
    assert clerk.post(f"/tickets/{ticket.id}/check", told).status_code == 200


def case_tickets(world: World) -> list[Ticket]:
    world.report(
        payer=iban("plum", 1), payee=iban("linden", 2), amount=500, by=world.at_bank("plum")
    )
    world.plan()
    return world.tickets()


@pytest.mark.parametrize(
    ("query", "seconds"),
    [(b"wait=25", 25), (b"wait=26", 0), (b"wait=-1", 0), (b"wait=" + b"0" * 5000, 0), (b"", 0)],
)
def test_how_long_to_wait_is_read_strictly(query: bytes, seconds: int) -> None:
    assert _wait({"query_string": query}) == seconds
