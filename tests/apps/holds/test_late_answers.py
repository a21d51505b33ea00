"""The desk takes what the API takes: part of a new total, answers past the clock, and late ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.holds import operations
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.core.answer import CODES
from recoup.web.answer_choices import ANSWERS, choices_for
from support.world import OFFICER, World, iban

AMOUNT = 480_000_00


@pytest.fixture
def signed_in(world: World) -> Callable[[str], Client]:
    def client(login: str) -> Client:
        made = Client()
        made.cookies["sessionid"] = world.session_of(login)
        return made

    return client


@pytest.fixture
def mila(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("mila.linden")


@pytest.fixture
def block(world: World) -> Ticket:
    """A precautionary block, which asks for no bookings."""
    world.report(payer=iban("plum", 1), payee=iban("linden", 77), amount=AMOUNT)
    world.plan()
    return world.tickets(addressee__code="linden", measure="hold")[0]


def send(client: Client, ticket: Ticket, **typed: str) -> Any:
    form = {"answer": str(uuid4()), "code": "held", "held": "480000.00", **typed}
    return client.post(f"/tickets/{ticket.id}/answer", form)


def end(world: World, ticket: Ticket, state: str) -> None:
    world.run("update lawful_requests_ticket set state = %s where id = %s", state, ticket.id)


def changed(world: World, limit_minor: int) -> Ticket:
    """The ticket with a new total, after the bank disclosed and held all and it was reduced."""
    world.report(
        payer=iban("plum", 1), payee=iban("linden", 77), amount=AMOUNT, by=world.at_bank("plum")
    )
    world.plan()
    asked = world.ticket("linden", "hold", "first")
    (line,) = asked["lines"]
    moment = line["payment"]["at"]
    credit = {"reference": "C-1", "amount_minor": AMOUNT, "booked_at": moment, "seq": 1,
              "line": line["line"]}  # fmt: skip
    window = {"opening_minor": 0, "closing_minor": AMOUNT, "from": moment,
              "to": world.now().isoformat(), "credits": [credit], "debits": []}  # fmt: skip
    told = {"ticket": asked["ticket"], "code": "held", "held_minor": AMOUNT, "window": window}
    world.answer("linden", told, by=world.actor("mila.linden"))
    world.plan()
    by = world.actor(OFFICER)
    with world.acting(by) as at:
        ticket = Ticket.objects.get(pk=asked["ticket"])
        operations.reduce_hold(
            case=Case.objects.get(pk=ticket.case_id), ticket=ticket,
            limit_minor=limit_minor, ground="Too much.", by=by, at=at,
        )  # fmt: skip
    world.plan()
    return world.tickets(addressee__code="linden", kind="set")[-1]


# A new total


def test_every_answer_of_the_desk_is_one_that_core_takes() -> None:
    for kind, choices in ANSWERS.items():
        measure = kind if kind in CODES else "hold"
        assert {choice.code for choice in choices} <= CODES[measure], kind
        keys = [choice.key for choice in choices]
        assert len(set(keys)) == len(keys), kind


def test_of_a_new_total_a_part_may_be_held(world: World, mila: Client):
    ticket = changed(world, 400_00)
    mila.post(f"/tickets/{ticket.id}/take")
    page = mila.get(f"/tickets/{ticket.id}").content.decode()
    assert 'value="part_held" data-key="p"' in page
    assert send(mila, ticket, code="part_held", held="400.00").status_code == 422
    assert send(mila, ticket, code="part_held", held="100.00").status_code == 302
    world.plan()
    assert world.run("select state, held_minor from holds_hold") == [("placed", 100_00)]


def test_a_new_total_of_nothing_is_lifted_with_one_key(world: World, mila: Client):
    ticket = changed(world, 0)
    assert [choice.code for choice in choices_for("hold", "set", 0)] == [
        "held", "cannot_lawfully", "unclear",
    ]  # fmt: skip
    mila.post(f"/tickets/{ticket.id}/take")
    assert "Lifted" in mila.get(f"/tickets/{ticket.id}").content.decode()
    assert send(mila, ticket, held="0.00").status_code == 302
    world.plan()
    assert world.run("select state, held_minor from holds_hold") == [("lifted", 0)]


# Late


def test_past_its_clock_a_ticket_is_answered_as_before_and_the_page_says_so(
    world: World, block: Ticket, mila: Client
):
    world.run(
        "update lawful_requests_ticket set body = convert_to(jsonb_set(convert_from(body, "
        "'utf-8')::jsonb, '{clocks,answer_by}', '\"2026-01-01T00:00:00Z\"')::text, 'utf-8')"
    )
    mila.post(f"/tickets/{block.id}/take")
    page = mila.get(f"/tickets/{block.id}")
    assert page.context["is_overdue"]
    assert "a late answer counts in full" in page.content.decode()
    assert send(mila, block).status_code == 302
    (answered,) = world.tickets(id=block.id)
    assert answered.state == "answered"


@pytest.mark.parametrize(
    ("state", "words"), [("lapsed", "lapsed without"), ("withdrawn", "was withdrawn before")]
)
def test_an_ended_ticket_takes_a_late_answer_as_a_fact_and_stays_as_it_is(
    world: World, block: Ticket, mila: Client, state: str, words: str
):
    end(world, block, state)
    page = mila.get(f"/tickets/{block.id}")
    assert page.context["can_answer"] is False
    assert words in page.content.decode() and "?late=1" in page.content.decode()
    form = mila.get(f"/tickets/{block.id}?late=1")
    assert form.context["can_answer"] is True
    assert 'id="interim"' not in form.content.decode()
    assert send(mila, block).status_code == 302
    assert Answer.objects.get(ticket=block).held_minor == AMOUNT
    world.plan()
    (after,) = world.tickets(id=block.id)
    assert after.state == state
    page = mila.get(f"/tickets/{block.id}").content.decode()
    assert "?late=1" not in page and "?correct=1" in page


def test_more_follows_is_refused_where_nothing_is_waited_for(
    world: World, block: Ticket, mila: Client
):
    end(world, block, "lapsed")
    page = send(mila, block, stage="interim")
    assert page.status_code == 409
    assert "waits for nothing more" in page.content.decode()


def test_an_answered_ticket_takes_no_late_answer_but_a_correction(block: Ticket, mila: Client):
    send(mila, block)
    page = mila.get(f"/tickets/{block.id}?late=1")
    assert page.context["can_answer"] is False
    assert page.context["can_correct"] is True


def test_the_issuer_is_offered_no_late_answer(
    world: World, block: Ticket, signed_in: Callable[[str], Client]
):
    end(world, block, "lapsed")
    page = signed_in("luka.police").get(f"/tickets/{block.id}?late=1")
    assert page.context["can_answer"] is False
    assert "Answer late" not in page.content.decode()
