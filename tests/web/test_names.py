"""Organisations and contact points are named in the reader's language; the API keeps one name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import translation

from recoup.demo.country import country
from recoup.web.names import contact_name, organisation_name
from support.directory import renumbered
from support.world import FIU, OFFICER, World, iban

ENGLISH, CYRILLIC, LATIN = "Linden Bank (invented)", "Липа банка (измишљена)", "Lipa banka"


@pytest.fixture
def reader(world: World) -> Callable[[str, str], Client]:
    def made(login: str, language: str) -> Client:
        client = Client(headers={"accept-language": language})
        client.cookies["sessionid"] = world.session_of(login)
        client.cookies["django_language"] = language
        return client

    return made


@pytest.fixture
def asked(world: World) -> World:
    world.report(
        payer=iban("linden", 1), payee=iban("quince", 2), amount=500_00, by=world.at_bank("linden")
    )
    world.plan()
    return world


def text(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize(
    ("language", "name"), [("en", ENGLISH), ("sr", CYRILLIC), ("sr-latn", LATIN)]
)
def test_a_name_is_in_the_readers_language(world: World, language: str, name: str):
    with translation.override(language):
        assert organisation_name(ENGLISH).startswith(name)
        assert organisation_name(f"Mila Lipovača, {ENGLISH}").startswith(f"Mila Lipovača, {name}")
        assert organisation_name(f"{ENGLISH}, RR-1").startswith(name)
        assert organisation_name(f"{ENGLISH}, RR-1").endswith(", RR-1")


def test_what_is_no_name_stays_as_it_is(world: World):
    with translation.override("sr"):
        assert organisation_name("") == "" and organisation_name("Nobody, of this") == (
            "Nobody, of this"
        )
        assert contact_name("Somebody") == "Somebody"


def test_every_organisation_of_the_demo_has_both_names(world: World):
    with translation.override("sr"):
        for one in country().organisations:
            assert organisation_name(one.name_en) == one.name_sr_cyrl
            assert contact_name(one.contact_point["name"]) == one.contact_point["name_sr"]


@pytest.mark.parametrize(("language", "name"), [("sr", CYRILLIC), ("sr-latn", LATIN)])
def test_serbian_pages_name_institutions_in_serbian(
    asked: World, reader: Callable[[str, str], Client], language: str, name: str
):
    (case,) = {t.case_id for t in asked.tickets()}
    officer = reader(OFFICER, language)
    for path in (f"/cases/{case}", "/directory", f"/tickets/{stop(asked)}/telephone-sheet"):
        shown = text(officer, path)
        assert name in shown, path
        assert ENGLISH not in shown, path
    clerk = text(reader("mila.linden", language), f"/tickets/{stop(asked)}")
    assert "Police Unit for Online Fraud" not in clerk
    assert "Duty officer, online fraud" not in clerk


def stop(world: World) -> object:
    return world.tickets(measure="stop_before_execution")[0].id


def test_english_pages_keep_the_main_name(asked: World, reader: Callable[[str, str], Client]):
    sheet = text(reader(OFFICER, "en"), f"/tickets/{stop(asked)}/telephone-sheet")
    assert ENGLISH in sheet and "Clerks of Linden Bank" in sheet


def test_the_telephone_sheet_names_the_contact_point_in_serbian(
    asked: World, reader: Callable[[str, str], Client]
):
    sheet = text(reader(OFFICER, "sr"), f"/tickets/{stop(asked)}/telephone-sheet")
    assert "Службеници Липа банке" in sheet


def test_the_ticket_that_a_machine_fetches_keeps_the_main_name(asked: World):
    (ticket,) = asked.inbox("quince")
    assert ticket["issued_by"]["organisation"] == "Police Unit for Online Fraud (invented)"


def test_the_internet_providers_desk_is_what_it_is_asked(
    world: World, reader: Callable[[str, str], Client]
):
    client = reader("rade.heron", "en")
    assert client.get("/desk").headers["Location"] == "/asked"
    page = text(client, "/asked")
    assert "Nothing waits for an answer" in page and "to preserve" in page
    assert 'href="/directory"' in page
    assert 'href="/asked"' in text(reader("mila.linden", "en"), "/desk")


def test_an_authoritys_desk_has_its_own_name_in_the_head(
    world: World, reader: Callable[[str, str], Client]
):
    assert "Финансијско-обавештајна јединица" in text(reader(FIU, "sr"), "/desk")


def test_the_telephone_sheet_says_that_a_number_is_new_and_which_was_before(
    asked: World, reader: Callable[[str, str], Client]
):
    sheet = f"/tickets/{stop(asked)}/telephone-sheet"
    assert "number changed lately" not in text(reader(OFFICER, "en"), sheet)
    before = asked.organisation("linden").contact_phone
    renumbered(asked, asked.organisation("linden").id, "+381 11 777", days_ago=1)
    shown = " ".join(text(reader(OFFICER, "en"), sheet).split())
    assert "number changed lately" in shown and "+381 11 777" in shown
    assert f"Until then {before} stood there" in shown
