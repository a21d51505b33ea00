"""What somebody at a stolen or an open desk, or nobody in particular, sends to the pages."""

from __future__ import annotations

import base64
import json
import threading
import zlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.holds import merge_operations, operations
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.reports.operations import TooManyReports
from recoup.data import load_pack
from recoup.web.asgi import _wait
from support.searching import searched
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


@pytest.mark.parametrize("query", ["\x00", "a\x00b", "\x01"])
def test_a_search_with_what_no_text_has_finds_nothing(world: World, query: str) -> None:
    answer = searched(signed_in(world, OFFICER), "/cases", query)
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


# The same act twice, at once or late


def test_two_officers_who_merge_two_cases_into_each_other_lose_neither(world: World) -> None:
    one, other = case(world, 1), case(world, 2)
    by = world.actor(OFFICER)
    with world.acting(by) as at:
        merge_operations.merge(case=one, duplicate=other, ground="The same.", by=by, at=at)
    with world.acting(by) as at, pytest.raises(operations.NotPossible):
        merge_operations.merge(case=other, duplicate=one, ground="The same.", by=by, at=at)
    assert world.run("select state from cases_case order by state") == [("merged",), ("open",)]


def test_a_case_is_handed_over_once(world: World) -> None:
    found, by = case(world), world.actor(OFFICER)
    with world.acting(by) as at:
        operations.hand_over(case=found, note="Now.", by=by, at=at)
    with world.acting(by) as at, pytest.raises(operations.NotPossible):
        operations.hand_over(case=found, note="Now.", by=by, at=at)


def test_a_reduction_goes_down_before_it_was_planned_too(world: World) -> None:
    found, by = case(world), world.actor(OFFICER)
    ticket = next(t for t in world.tickets(case=found) if t.measure == "hold")
    told = {"case": found, "ticket": ticket, "ground": "Too much.", "by": by}
    with world.acting(by) as at:
        operations.reduce_hold(limit_minor=100, at=at, **told)
    with world.acting(by) as at, pytest.raises(operations.NotPossible):
        operations.reduce_hold(limit_minor=400, at=at, **told)
    assert world.run("select limit_minor from holds_hold") == [(100,)]


def test_reports_sent_at_once_by_one_sender_are_counted_one_by_one(open_world: World) -> None:
    """The cap is no cap if as many may pass as threads can count at the same moment."""
    sender, refused = b"x" * 32, []
    most = load_pack("RS").caps.reports_kept_per_reporter_hour
    for number in range(most - 1):
        report(open_world, number, sender)
    ready = threading.Barrier(2)

    def send(number: int) -> None:
        try:
            with transaction.atomic():
                ready.wait(5)
                report(open_world, number, sender)
                with connection.cursor() as cursor:
                    cursor.execute("select pg_sleep(0.5)")
        except TooManyReports:
            refused.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[number]) for number in (50, 51)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert open_world.run("select count(*) from reports_report") == [(most,)]


def report(world: World, number: int, sender: bytes) -> None:
    world.report(
        payer=iban("plum", 100 + number), payee=iban("walnut", 100 + number), amount=500,
        sender=sender, client_id=uuid4(), paid_at=world.now() - timedelta(minutes=5),
    )  # fmt: skip
