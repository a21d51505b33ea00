"""How a bank's screen writes: proposed, confirmed by a person, then known to all its clerks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recoup.apps.holds.models import BookingProfile
from recoup.apps.lawful_requests.models import Ticket
from recoup.standards.booking_lines import Profile
from support.world import World, iban

LINES = "debit;B-1;21.11.2026 10:00:00;1.000,00;fee"
SERBIAN = {"paste_separator": "semicolon", "paste_decimal": "comma", "paste_dates": "day_first"}


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
def ticket(world: World) -> Ticket:
    world.report(
        payer=iban("plum", 1), payee=iban("linden", 77), amount=480_000_00,
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()
    return world.tickets(addressee__code="linden")[0]


def paste(client: Client, ticket: Ticket, **form: str) -> Any:
    typed = {"pasted": LINES, "row_count": "0", "step": "paste", **form}
    return client.post(f"/tickets/{ticket.id}/check", typed, headers={"HX-Request": "true"})


def confirm(client: Client, ticket: Ticket, **form: str) -> Any:
    return client.post(f"/tickets/{ticket.id}/profile", form, headers={"HX-Request": "true"})


def shown(client: Client, ticket: Ticket) -> Any:
    client.post(f"/tickets/{ticket.id}/take")
    return client.get(f"/tickets/{ticket.id}").context


def test_what_fits_is_proposed_and_nothing_is_read_by_it(ticket: Ticket, mila: Client):
    page = paste(mila, ticket)
    window = page.context["window"]
    assert (window.is_proposed, window.profile) == (
        True,
        Profile("semicolon", "comma", "day_first"),
    )
    assert window.lines_read == 0 and window.pasted == LINES
    assert b"They can be read as it is chosen now" in page.content
    assert not BookingProfile.objects.exists()


def test_what_was_declared_and_read_is_remembered_only_when_a_person_confirms(
    ticket: Ticket, mila: Client
):
    page = paste(mila, ticket, **SERBIAN)
    assert page.context["window"].lines_read == 1
    assert page.context["to_confirm"] and b"Yes, remember it" in page.content
    assert shown(mila, ticket)["window"].profile == Profile()
    assert confirm(mila, ticket, **SERBIAN).status_code == 200
    assert shown(mila, ticket)["window"].profile == Profile("semicolon", "comma", "day_first")


def test_it_is_known_to_every_clerk_of_the_institution_with_who_confirmed_it(
    world: World, ticket: Ticket, mila: Client, signed_in: Callable[[str], Client]
):
    confirm(mila, ticket, **SERBIAN)
    page = shown(signed_in("goran.linden"), ticket)
    assert page["window"].profile.separator == "semicolon"
    assert page["remembered"].confirmed_by_id == world.actor("mila.linden").person_id
    again = paste(mila, ticket, **SERBIAN)
    assert again.context["to_confirm"] is False


def test_another_institution_has_its_own(world: World, ticket: Ticket, mila: Client):
    confirm(mila, ticket, **SERBIAN)
    with world.acting(world.at_bank("walnut")):
        assert not BookingProfile.objects.exists()
    with world.acting(world.actor("mila.linden")):
        assert BookingProfile.objects.count() == 1


def test_it_can_be_changed_and_what_was_confirmed_before_stays_on_record(
    open_world: World, ticket: Ticket, mila: Client
):
    confirm(mila, ticket, **SERBIAN)
    columns = {f"paste_column_{n}": name for n, name in enumerate(
        ["booked_at", "", "amount", "side", "reference"], start=1)}  # fmt: skip
    confirm(mila, ticket, paste_separator="comma", **columns)
    page = shown(mila, ticket)
    own = ("booked_at", "", "amount", "side", "reference")
    assert page["window"].profile == Profile("comma", columns=own)
    assert page["window"].columns[:6] == list(enumerate([*own, ""], start=1))
    audited = open_world.run(
        "select convert_from(body, 'utf-8')::jsonb from audit_auditleaf "
        "where convert_from(body, 'utf-8')::jsonb->>'what' = 'booking_profile:confirmed' "
        "order by recorded_at, id"
    )
    facts = [(json.loads(row) if isinstance(row, str) else row)["facts"] for (row,) in audited]
    assert sorted(one["separator"] for one in facts) == ["comma", "semicolon"]
    assert any(one["columns"] == "booked_at,,amount,side,reference" for one in facts)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"paste_separator": "comma", "paste_decimal": "comma"}, b"cannot separate columns"),
        ({"paste_separator": "pipe"}, b"pipe"),
        ({"paste_column_1": "amount", "paste_column_2": "amount"}, b"named for two columns"),
        ({"paste_column_1": "side"}, b"No column is named"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_not_remembered(
    ticket: Ticket, mila: Client, declared: dict[str, str], words: bytes
):
    page = confirm(mila, ticket, pasted=LINES, **declared)
    assert page.status_code == 422
    assert words in page.content and LINES.encode() in page.content
    assert not BookingProfile.objects.exists()
