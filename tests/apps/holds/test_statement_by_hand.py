"""A table whose headings nobody knows: a clerk says which column is what, once for the bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.apps.holds.statement_models import StatementProfile
from recoup.apps.lawful_requests.models import Ticket
from support.statement_pages import client_of, onward, said, send, upload
from support.world import World, iban

ACCOUNT, NEXT = iban("linden", 77), iban("sparrow", 5)
HEADS = "Kad;Koliko;Šta;Kome;Ostalo;Znak"
MAP = {"field-booked_at": "0", "field-amount": "1", "field-text": "2", "field-to": "3",
       "field-balance": "4", "field-reference": "5"}  # fmt: skip


@pytest.fixture
def mila(world: World) -> Client:
    return client_of(world, "mila.linden")


@pytest.fixture
def ticket(world: World) -> Ticket:
    world.report(
        payer=iban("plum", 1), payee=ACCOUNT, amount=480_000_00, by=world.at_bank("plum"),
        reference="RF1",
    )  # fmt: skip
    world.plan()
    return world.tickets(addressee__code="linden")[0]


def table(world: World, *, heads: str = HEADS, foot: str = "") -> bytes:
    """A statement under headings of the bank's own; times tell which end came first."""
    came = world.now() - timedelta(minutes=30)
    rows = [
        (came, "480.000,00", "payment", "", "492.000,00", "C-100"),
        (came + timedelta(minutes=1), "-301.000,00", "on", NEXT, "191.000,00", "B-770"),
    ]
    lines = [f"{at:%d.%m.%Y. %H:%M:%S};{';'.join(more)}" for at, *more in rows]
    return "\r\n".join(["Izvod br. 4", "", heads, *lines, *([foot] if foot else []), ""]).encode()


def kept(world: World) -> list[StatementProfile]:
    with world.acting(world.actor("mila.linden")):
        return list(StatementProfile.objects.order_by("version"))


def fields(page: Any) -> dict[str, dict[str, Any]]:
    return {one["heading"]: one for one in page.context["hand"]["columns"]}


def test_unknown_headings_are_offered_with_their_first_values(
    world: World, ticket: Ticket, mila: Client
) -> None:
    page = upload(mila, ticket, ("izvod.csv", table(world)))
    assert page.status_code == 200 and not page.context["proposals"]
    assert list(fields(page)) == HEADS.split(";")
    assert fields(page)["Koliko"]["values"] == ["480.000,00", "-301.000,00"]
    assert page.context["hand"]["heading"] == 3
    html = page.content.decode()
    for name in ("booked_at", "amount", "credit", "debit", "side", "balance", "reference", "to"):
        assert f'name="field-{name}"' in html
    assert "Koliko: 480.000,00, -301.000,00" in html and "<script>" not in html
    assert kept(world) == []


def test_what_a_clerk_chose_is_shown_confirmed_and_remembered(
    world: World, ticket: Ticket, mila: Client
) -> None:
    content = table(world)
    page = upload(mila, ticket, ("izvod.csv", content))
    page = onward(mila, ticket, page, step="map", **MAP)
    assert page.status_code == 200 and kept(world) == []
    [one] = page.context["proposals"]
    line = one["lines"][0][0]
    assert (line.amount_minor, line.text, line.reference) == (480_000_00, "payment", "C-100")
    carried = dict(page.context["hand"]["carried"])
    assert carried == MAP
    page = onward(mila, ticket, page, step="declare", proposal="0", **carried)
    assert page.status_code == 200 and page.context["check"].is_complete, said(page)
    [row] = kept(world)
    assert row.profile["columns"] == ["booked_at", "amount", "text", "to", "balance", "reference"]
    assert row.profile["account"] == ""
    filled = onward(mila, ticket, page, step="take")
    assert send(mila, ticket, filled, held="191000.00").status_code == 302
    again = upload(client_of(world, "goran.linden"), ticket, ("izvod.csv", content))
    assert again.context["undeclared"] is None and again.context["files"][0]["remembered"]


def test_nothing_is_remembered_of_what_cannot_be_read(
    world: World, ticket: Ticket, mila: Client
) -> None:
    page = upload(mila, ticket, ("izvod.csv", table(world)))
    wrong = {**MAP, "field-booked_at": "2", "field-text": "0"}
    for step in ("map", "declare"):
        found = onward(mila, ticket, page, step=step, proposal="0", **wrong)
        assert found.status_code == 422 and kept(world) == []
        [first, *_] = found.context["unfit"]
        assert (first["line"], first["cell"], first["value"]) == (4, "Šta", "payment")
        assert 'name="field-booked_at"' in found.content.decode()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"field-amount": "1"}, "No column is named"),
        ({"field-booked_at": "0"}, "Name one column amount"),
        ({**MAP, "field-text": "1"}, "Koliko is chosen twice"),
        ({**MAP, "field-text": "99"}, "no column 100"),
    ],
)
def test_what_is_missing_is_said(
    world: World, ticket: Ticket, mila: Client, chosen: dict[str, str], words: str
) -> None:
    page = upload(mila, ticket, ("izvod.csv", table(world)))
    found = onward(mila, ticket, page, step="map", **chosen)
    assert found.status_code == 422 and words in found.context["declare_problem"]
    assert kept(world) == []


def test_words_for_credit_and_debit_that_nobody_knows_are_asked(
    world: World, ticket: Ticket, mila: Client
) -> None:
    content = table(world).replace(b"-301", b"301").replace(b"payment", b"PLUS")
    page = upload(mila, ticket, ("izvod.csv", content.replace(b";on;", b";MINUS;")))
    chosen = {name: at for name, at in MAP.items() if name != "field-text"} | {"field-side": "2"}
    page = onward(mila, ticket, page, step="map", **chosen)
    assert page.status_code == 422 and "PLUS, MINUS" in page.context["declare_problem"]
    assert [word for _, word, _ in page.context["hand"]["side_words"]] == ["PLUS", "MINUS"]
    chosen |= {"word-0": "credit", "word-1": "debit"}
    page = onward(mila, ticket, page, step="map", **chosen)
    lines = [line.amount_minor for line, _ in page.context["proposals"][0]["lines"]]
    assert lines == [480_000_00, -301_000_00]


def test_a_row_under_the_table_is_left_out_by_its_first_words(
    world: World, ticket: Ticket, mila: Client
) -> None:
    page = upload(mila, ticket, ("izvod.csv", table(world, foot="Svega knjiga: 2")))
    found = onward(mila, ticket, page, step="map", **MAP)
    assert found.status_code == 422 and found.context["unfit"][0]["line"] == 6
    found = onward(mila, ticket, page, step="map", left_out="Svega knjiga", **MAP)
    assert found.status_code == 200 and len(found.context["proposals"]) == 1


def test_the_row_of_the_headings_can_be_chosen(world: World, ticket: Ticket, mila: Client) -> None:
    content = table(world).replace(b"Izvod br. 4", b"a;b;c;d;e;f")
    page = upload(mila, ticket, ("izvod.csv", content))
    assert page.context["hand"]["heading"] == 1
    found = onward(mila, ticket, page, step="layout", heading="3")
    assert list(fields(found)) == HEADS.split(";")
    found = onward(mila, ticket, page, step="map", heading="3", **MAP)
    assert found.status_code == 200 and len(found.context["proposals"]) == 1
