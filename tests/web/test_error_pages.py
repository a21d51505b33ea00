"""A page that refuses keeps the menu, says what to do, and leads back to what it was about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.lawful_requests.models import Ticket
from support.case_pages import hand_over, signed_in, text_of
from support.world import OFFICER, PROSECUTOR, World, iban

CLERK = "mila.linden"


@pytest.fixture
def case(world: World) -> Case:
    filed = world.report(
        payer=iban("plum", 1), payee=iban("linden", 2), amount=50_000, by=world.at_bank("plum")
    )
    world.plan()
    return world.case_of(filed)


@pytest.fixture
def ticket(world: World, case: Case) -> Ticket:
    [found] = world.tickets(case_id=case.id, measure="hold")
    return found


def link(url: str, words: str, reference: str) -> str:
    return f'<a class="govuk-link" href="{url}">{words} <span class="rc-ref">{reference}</span></a>'


def test_what_was_not_possible_leads_back_to_the_case_by_its_reference(
    world: World, case: Case
) -> None:
    hand_over(world, case)
    answer = signed_in(OFFICER).post(f"/cases/{case.id}/hand-over", {"note": "Once more."})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert link(f"/cases/{case.id}", "Case", case.reference) in text


def test_and_to_the_ticket_by_its_reference(world: World, ticket: Ticket) -> None:
    signed_in("goran.linden").post(f"/tickets/{ticket.id}/take")
    answer = signed_in(CLERK).post(f"/tickets/{ticket.id}/release")
    assert answer.status_code == 409
    assert link(f"/tickets/{ticket.id}", "Ticket", ticket.reference) in answer.content.decode()


def test_what_somebody_may_not_see_is_not_named(case: Case, ticket: Ticket) -> None:
    for login in (PROSECUTOR, "boris.quince"):
        text = signed_in(login).get(f"/cases/{case.id}/adopt").content.decode()
        text += signed_in(login).post(f"/tickets/{ticket.id}/withdraw").content.decode()
        assert case.reference not in text and ticket.reference not in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing-here", 404),
        ("/cases/7d1f0c1e-9a53-4c68-8a1b-1d2f60c3a7e4", 403),
        ("/desk/next", 405),
    ],
)
def test_who_is_signed_in_keeps_the_menu(world: World, path: str, status: int) -> None:
    answer = signed_in(CLERK).get(path)
    text = answer.content.decode()
    assert answer.status_code == status
    assert 'class="rc-nav"' in text and "Sign out" in text


def test_a_visitor_keeps_the_way_to_report_and_to_sign_in(client: Client, world: World) -> None:
    answer = client.get("/nothing-here")
    text = answer.content.decode()
    assert answer.status_code == 404
    assert "/accounts/login/" in text and "Report a fraud" in text
    assert 'class="rc-nav"' not in text and 'href="/desk"' not in text


@pytest.mark.parametrize("act", ["adopt", "merge", "decide"])
def test_an_address_that_only_takes_a_form_says_so_and_leads_to_the_case(
    case: Case, act: str
) -> None:
    client = signed_in(OFFICER)
    answer = client.get(f"/cases/{case.id}/{act}")
    text = answer.content.decode()
    if act == "decide":
        assert answer.status_code in (403, 405)
    else:
        assert answer.status_code == 405 and answer["Allow"] == "POST"
        assert "Nothing was changed" in text
    assert link(f"/cases/{case.id}", "Case", case.reference) in text


def test_the_api_says_it_as_before(world: World) -> None:
    answer = Client().delete("/api/v1/tickets")
    assert answer.status_code == 405 and b"<html" not in answer.content


def test_another_language_is_chosen_on_an_error_page_without_sending_the_form_again(
    world: World, case: Case
) -> None:
    text = signed_in(CLERK).post(f"/cases/{case.id}/adopt").content.decode()
    assert 'name="next" value="/"' in text
    assert 'name="next" value="/nothing-here"' in text_of(CLERK, "/nothing-here")


# What is too large


def send_too_much(client: Client, path: str) -> Any:
    """None of it is sent: the length alone is enough."""
    return client.generic("POST", path, b"x", CONTENT_LENGTH=str(2 * 1024**3))


@pytest.mark.parametrize("login", [CLERK, OFFICER])
def test_what_is_too_large_is_refused_on_a_page_with_the_menu_and_in_the_trail(
    world: World, login: str
) -> None:
    before = refusals(world)
    answer = send_too_much(signed_in(login), "/requests/new")
    text = answer.content.decode()
    assert answer.status_code == 413
    assert 'class="rc-nav"' in text and "Sign out" in text and "2147483648 bytes" in text
    [(status, path)] = refusals(world)[len(before) :]
    assert (status, path) == (413, "/requests/new")


def test_a_stranger_s_is_a_page_and_no_line(world: World) -> None:
    answer = send_too_much(Client(), "/report")
    assert answer.status_code == 413 and "Report a fraud" in answer.content.decode()
    assert refusals(world) == []


def test_no_view_sees_it_even_with_a_form_s_token_missing(world: World, case: Case) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = world.session_of(OFFICER)
    assert send_too_much(client, f"/cases/{case.id}/adopt").status_code == 413
    assert world.run("select count(*) from cases_caseevent where what = 'adopted'") == [(0,)]


def test_it_is_said_in_the_reader_s_language(world: World) -> None:
    client = signed_in(CLERK)
    client.cookies["django_language"] = "sr"
    assert "Ово је превелико" in send_too_much(client, "/requests/new").content.decode()


def refusals(world: World) -> list[tuple[int, str]]:
    found = []
    for (body,) in world.run("select body from audit_auditleaf order by recorded_at, id"):
        told = json.loads(bytes(body))
        if told["what"] == "access:refused":
            found.append((told["facts"]["status"], told["facts"].get("path", "")))
    return found
