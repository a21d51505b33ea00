"""Calling back: the directory's number, a code on the other screen, and what waits for it (6.8)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from recoup.apps.lawful_requests import addressee_operations, call_back_operations
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.call_back_operations import TRIES, code_of
from recoup.apps.lawful_requests.models import CallBack, Ticket
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.core.access import Actor
from support.asked import as_actor, at, page
from support.directory import renumbered
from support.requests import Desk


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    (found,) = desk.sent()
    desk.world.run(
        "update members_organisation set contact_phone = '+381 11 555' where id = %s",
        found.issuer_id,
    )
    return found


def called(desk: Desk, ticket: Ticket, code: str, by: Actor | None = None) -> CallBack:
    who = by or desk.isp
    with desk.world.acting(who) as moment:
        return call_back_operations.note(
            ticket_id=ticket.id, code=code, answered_by="The duty officer", by=who, at=moment
        )


def wrong(ticket: Ticket) -> str:
    return str((int(code_of(ticket)) + 1) % 1_000_000).zfill(6)


def answered(desk: Desk, ticket: Ticket, by: Actor | None = None) -> Any:
    given = Answered(uuid4(), "given", fields={"name": "A."})
    return desk.do(addressee_operations.answer, by or desk.isp, ticket_id=ticket.id, given=given)


def test_the_code_is_checked_against_the_ticket(desk: Desk, ticket: Ticket) -> None:
    assert len(code_of(ticket)) == 6
    made = called(desk, ticket, code_of(ticket))
    assert made.is_right and made.number == "+381 11 555"
    assert answered(desk, ticket).state == "answered"


def test_a_wrong_code_stops_what_discloses_until_it_is_right(desk: Desk, ticket: Ticket) -> None:
    assert not called(desk, ticket, wrong(ticket)).is_right
    with pytest.raises(RequestRefused) as refusal:
        answered(desk, ticket)
    assert refusal.value.code == "call_back_failed"
    called(desk, ticket, code_of(ticket))
    assert answered(desk, ticket).state == "answered"


def test_codes_are_not_guessed(desk: Desk, ticket: Ticket) -> None:
    for _ in range(TRIES):
        called(desk, ticket, wrong(ticket))
    with pytest.raises(RequestRefused) as refusal:
        called(desk, ticket, code_of(ticket))
    assert refusal.value.code == "too_many"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code_is_refused(desk: Desk, ticket: Ticket, code: str) -> None:
    with pytest.raises(RequestRefused):
        called(desk, ticket, code)


def test_another_ticket_has_another_code_and_the_asked_desk_has_none(desk: Desk) -> None:
    (one,), (other,) = desk.sent(), desk.sent()
    assert code_of(one) != code_of(other)
    assert code_of(one) not in page(as_actor(desk.isp), at(one))
    assert code_of(one) in page(as_actor(desk.officer), f"/requests/{one.of_id}")


def hasty(desk: Desk, ticket: Ticket) -> Ticket:
    """As one that left in an emergency and still has to be confirmed."""
    desk.world.run(
        "update lawful_requests_ticket set draft = jsonb_set(draft, "
        "'{authorisation,confirmed_until}', '\"2030-01-01T00:00:00+00:00\"') where id = %s",
        ticket.id,
    )
    return desk.tickets(ticket.of_id)[0]


@pytest.mark.breaks_invariants
def test_no_program_alone_answers_an_emergency(desk: Desk, ticket: Ticket) -> None:
    found = hasty(desk, ticket)
    machine = Actor(
        desk.isp.organisation_id, desk.isp.organisation_kind, desk.isp.organisation_name, "machine",
        desk.isp.person_id, desk.isp.mandate_id,
    )  # fmt: skip
    with pytest.raises(RequestRefused) as refusal:
        answered(desk, found, machine)
    assert refusal.value.code == "call_back_first"
    called(desk, found, code_of(found))
    assert answered(desk, found, machine).state == "answered"


def test_the_page_records_the_call_and_says_so(desk: Desk, ticket: Ticket) -> None:
    clerk = as_actor(desk.isp)
    form = {"code": wrong(ticket), "answered_by": "The duty officer"}
    assert clerk.post(at(ticket, "/called"), form).status_code == 302
    assert "the code was wrong" in page(clerk, at(ticket))
    assert clerk.post(at(ticket, "/called"), {"code": "1", "answered_by": "x"}).status_code == 422
    form["code"] = code_of(ticket)
    clerk.post(at(ticket, "/called"), form)
    assert "the code is right" in page(clerk, at(ticket))
    told = page(as_actor(desk.officer), f"/requests/{ticket.of_id}")
    assert "calls with the right code: 1, with a wrong one: 1" in told


@pytest.mark.parametrize("sql", [
    "update lawful_requests_callback set is_right = true",
    "delete from lawful_requests_callback",
])  # fmt: skip
def test_a_recorded_call_is_never_changed(desk: Desk, ticket: Ticket, sql: str) -> None:
    called(desk, ticket, wrong(ticket))
    with desk.world.acting(desk.isp), connection.cursor() as cursor:
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(sql)


# The number changed lately


def test_the_card_says_that_the_number_is_new_and_which_was_before(
    desk: Desk, ticket: Ticket
) -> None:
    assert "number changed lately" not in page(as_actor(desk.isp), at(ticket))
    renumbered(desk.world, ticket.issuer_id, "+381 11 666", days_ago=40)
    assert "number changed lately" not in page(as_actor(desk.isp), at(ticket))
    renumbered(desk.world, ticket.issuer_id, "+381 11 777", days_ago=2)
    shown = page(as_actor(desk.isp), at(ticket))
    assert "number changed lately" in shown and "+381 11 777" in shown
    assert "Until then +381 11 666 stood there, since" in " ".join(shown.split())
    assert "call the one before it too" in shown


def test_a_number_that_stood_there_from_the_beginning(desk: Desk, ticket: Ticket) -> None:
    renumbered(desk.world, ticket.issuer_id, "+381 11 777", days_ago=1)
    shown = page(as_actor(desk.isp), at(ticket))
    assert "Until then +381 11 555 stood there, from the beginning." in " ".join(shown.split())
