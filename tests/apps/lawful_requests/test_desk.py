"""The desk of a bank without a system: queue, taking, giving back, what was answered, search."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from recoup.demo.country import country
from support.searching import searched
from support.world import World, iban

MILA, GORAN = "mila.linden", "goran.linden"
ACCOUNT = iban("linden", 77)
OTHER = iban("linden", 78)


@pytest.fixture
def signed_in(world: World) -> Callable[[str], Client]:
    def client(login: str) -> Client:
        made = Client()
        made.cookies["sessionid"] = world.session_of(login)
        return made

    return client


@pytest.fixture
def mila(signed_in: Callable[[str], Client]) -> Client:
    return signed_in(MILA)


@pytest.fixture
def goran(signed_in: Callable[[str], Client]) -> Client:
    return signed_in(GORAN)


def hold_asked(world: World, *, payee: str = ACCOUNT, amount: int = 480_000_00, victim: int = 1):
    """A hold ticket at the bank without a system: another bank reports for its customer."""
    world.report(
        payer=iban("plum", victim), payee=payee, amount=amount, by=world.at_bank("plum"),
        reference=f"RF{victim}",
    )  # fmt: skip
    world.plan()
    return world.tickets(addressee__code="linden", account_ident=payee)[-1]


def cards(client: Client):
    return client.get("/desk").context["cards"]


def test_the_queue_shows_what_waits_with_its_sum_and_clock(world: World, mila: Client):
    ticket = hold_asked(world)
    page = mila.get("/desk")
    assert page.status_code == 200
    (card,) = page.context["cards"]
    assert (card.reachable_minor, card.victims) == (480_000_00, 1)
    (row,) = card.tickets
    assert row["reference"] == ticket.reference
    assert (row["due_at"] - row["sent_at"]).total_seconds() == 30 * 60


def test_one_account_is_one_card_with_as_many_victims_as_there_are_losses(
    world: World, mila: Client
):
    hold_asked(world, victim=1)
    hold_asked(world, victim=2, amount=20_000_00)
    (card,) = cards(mila)
    assert (card.victims, card.reachable_minor) == (2, 500_000_00)


def test_the_card_with_the_most_expected_loss_a_minute_comes_first(world: World, mila: Client):
    hold_asked(world, victim=1, amount=10_000_00)
    hold_asked(world, victim=2, amount=900_000_00, payee=OTHER)
    assert [card.reachable_minor for card in cards(mila)] == [900_000_00, 10_000_00]


def test_take_next_gives_two_clerks_two_tickets(world: World, mila: Client, goran: Client):
    first = hold_asked(world, victim=1, amount=900_000_00)
    second = hold_asked(world, victim=2, amount=10_000_00, payee=OTHER)
    assert mila.post("/desk/next").url == f"/tickets/{first.id}"
    assert goran.post("/desk/next").url == f"/tickets/{second.id}"
    assert goran.post("/desk/next").url == f"/tickets/{second.id}"


def test_taking_acknowledges_the_ticket(world: World, mila: Client):
    ticket = hold_asked(world)
    mila.post("/desk/next")
    (taken,) = world.tickets(id=ticket.id)
    assert (taken.state, taken.acknowledged_at is not None) == ("acknowledged", True)


def test_what_a_colleague_has_cannot_be_taken_and_the_colleague_is_named(
    world: World, mila: Client, goran: Client
):
    ticket = hold_asked(world)
    mila.post(f"/tickets/{ticket.id}/take")
    refused = goran.post(f"/tickets/{ticket.id}/take")
    assert refused.status_code == 409
    assert str(world.actor(MILA).person_name) in refused.content.decode()
    assert goran.post("/desk/next").url == "/desk"


def test_a_lock_ends_after_ten_minutes(world: World, mila: Client, goran: Client):
    ticket = hold_asked(world)
    mila.post(f"/tickets/{ticket.id}/take")
    world.run("update lawful_requests_ticket set taken_at = now() - interval '10 min'")
    assert goran.post(f"/tickets/{ticket.id}/take").status_code == 302


def test_a_ticket_given_back_is_free_again(world: World, mila: Client, goran: Client):
    ticket = hold_asked(world)
    mila.post(f"/tickets/{ticket.id}/take")
    assert goran.post(f"/tickets/{ticket.id}/release").status_code == 409
    assert mila.post(f"/tickets/{ticket.id}/release").url == "/desk"
    assert goran.post("/desk/next").url == f"/tickets/{ticket.id}"


def test_a_ticket_that_has_ended_cannot_be_taken(world: World, mila: Client):
    ticket = hold_asked(world)
    world.run("update lawful_requests_ticket set state = 'withdrawn' where id = %s", ticket.id)
    refused = mila.post(f"/tickets/{ticket.id}/take")
    assert refused.status_code == 409
    world.run("update lawful_requests_ticket set state = 'sent' where id = %s", ticket.id)


@pytest.mark.parametrize("act", ["", "/take", "/release", "/answer", "/check"])
def test_the_ticket_of_another_bank_is_as_if_it_were_not_there(
    world: World, mila: Client, act: str
):
    hold_asked(world)
    theirs = world.tickets(addressee__code="plum")[0]
    ask = mila.post if act else mila.get
    pages = [ask(f"/tickets/{which}{act}") for which in (theirs.id, uuid4())]
    assert [page.status_code for page in pages] == [404, 404]


def test_an_account_is_found_however_its_number_is_written(world: World, mila: Client):
    ticket = hold_asked(world)
    national = f"{ACCOUNT[4:7]}-{ACCOUNT[7:20].lstrip('0')}-{ACCOUNT[20:]}"
    for written in (ACCOUNT, national, ticket.reference, ticket.reference.lower()):
        page = searched(mila, "/desk/done", written)
        assert [row["reference"] for row in page.context["rows"]] == [ticket.reference], written


def test_a_mistyped_number_is_said_to_be_so(world: World, mila: Client):
    page = searched(mila, "/desk/done", ACCOUNT[:-1] + "9")
    assert page.status_code == 422
    assert "check" in page.content.decode().lower()


def test_accounts_of_other_banks_are_not_found(world: World, mila: Client):
    hold_asked(world)
    page = searched(mila, "/desk/done", iban("plum", 1))
    assert page.context["rows"] == []


def test_what_was_answered_stands_in_the_list_with_the_answer_that_counts(
    world: World, mila: Client
):
    ticket = hold_asked(world)
    world.answer("linden", {"ticket": str(ticket.id), "code": "not_ours"})
    (row,) = mila.get("/desk/done").context["rows"]
    assert (row["reference"], row["code"]) == (ticket.reference, "not_ours")
    assert cards(mila) == []


def test_an_institution_sees_no_police_desk_and_the_police_no_queue(
    world: World, signed_in: Callable[[str], Client]
):
    assert "cards" not in signed_in("luka.police").get("/desk").context
    assert signed_in("luka.police").post("/desk/next").status_code == 403
    assert Client().get("/desk").status_code == 302


def test_the_queue_asks_the_database_no_more_for_more_tickets(
    world: World, mila: Client, django_assert_max_num_queries
):
    assert country().organisation("linden").answers_by != "api"
    for victim in range(1, 8):
        hold_asked(world, victim=victim, payee=iban("linden", 100 + victim))
    with django_assert_max_num_queries(15):
        mila.get("/desk")
