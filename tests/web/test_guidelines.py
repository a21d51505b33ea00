"""The checklist's pages: what they show, declaring, the rows behind a figure, the file."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from support.case_pages import signed_in, text_of
from support.world import FIU, OFFICER, World, iban

BOSS = "boris.quince"
FORM = {"control": "P-05", "level": "2", "evidence": "Rules <b>", "dated": "2026-01-02"}


@pytest.fixture
def asked(world: World) -> World:
    """Five requests at a bank, two of them answered."""
    for n in range(5):
        world.report(
            payer=iban("plum", 10001 + n), payee=iban("quince", 20001 + n), amount=500_00,
            by=world.at_bank("plum"),
        )  # fmt: skip
    world.plan()
    for ticket in world.inbox("quince")[:2]:
        refusal = {"code": "cannot_lawfully", "ground": "Closed."}
        world.answer("quince", {"ticket": ticket["ticket"], **refusal})
    return world


def plain(text: str) -> str:
    bare = re.sub(r"<[^>]+>", " ", text)
    return " ".join(html.unescape(bare).replace("\N{NO-BREAK SPACE}", " ").split())


def test_every_control_stands_with_state_figure_and_that_it_is_not_confirmed(asked: World) -> None:
    said = plain(text_of(OFFICER, "/guidelines"))
    for n in range(1, 27):
        assert f"L-{n:02} " in said
    assert "proved by Recoup" in said
    assert said.count("not confirmed") >= 33
    assert "requests that name an act and an article, of: requests sent" in said
    assert "15 of 15, 100 %" in said
    assert "Too little to say" in said


def test_a_bank_sees_its_own_side_and_the_other_as_text_only(asked: World) -> None:
    said = text_of(BOSS, "/guidelines")
    assert 'id="P-16"' in said
    assert 'id="L-01"' not in said
    assert "control=L-01" not in said
    assert "Send no broad requests" in said


def test_declaring_stores_it_and_shows_it(world: World) -> None:
    client = signed_in(BOSS)
    page = client.get("/guidelines/declare?control=P-05")
    assert page.status_code == 200
    done = client.post("/guidelines/declare", FORM)
    assert (done.status_code, done["Location"]) == (302, "/guidelines#P-05")
    said = text_of(BOSS, "/guidelines?state=declared")
    assert "Rules &lt;b&gt;" in said
    assert "document of 2026-01-02" in said
    assert 'id="P-06"' not in said
    assert "Rules &lt;b&gt;" in text_of(BOSS, "/guidelines/declare?control=P-05")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"level": ""}, "Choose one."), ({"level": "7"}, "Choose one."),
        ({"dated": ""}, "Give the date"), ({"dated": "2.1.2026"}, "This is not a day"),
        ({"dated": "2999-01-01"}, "has not come yet"), ({"evidence": ""}, "Say which document"),
        ({"reviewed_on": "2025-01-01"}, "is before the document"),
        ({"evidence": "a\u202eb"}, "evidence"), ({"evidence": "x" * 1001}, "1000"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field_and_nothing_is_stored(
    world: World, change: dict[str, str], wrong: str
) -> None:
    client = signed_in(BOSS)
    answer = client.post("/guidelines/declare", FORM | change)
    assert answer.status_code == 422
    assert wrong in answer.content.decode()
    assert world.run("select count(*) from guidelines_declaration") == [(0,)]


@pytest.mark.parametrize("name", ["", "L-05", "P-99", "P-05'"])
def test_a_control_that_is_not_ones_own_is_refused_in_words(world: World, name: str) -> None:
    client = signed_in(BOSS)
    for answer in (
        client.get("/guidelines/declare", {"control": name}),
        client.post("/guidelines/declare", FORM | {"control": name}),
        client.get("/guidelines/rows", {"control": name}),
    ):
        assert answer.status_code == 422
        assert "Choose one from the list" in answer.content.decode()


@pytest.mark.parametrize(
    ("login", "see", "declare"),
    [("mila.linden", 403, 403), ("luka.police", 200, 403), ("stevan.police", 403, 403),
     ("nada.police", 200, 200), ("olga.prosecutor", 200, 200), (FIU, 200, 200)],
)  # fmt: skip
def test_who_may_see_and_who_may_declare(world: World, login: str, see: int, declare: int) -> None:
    client = signed_in(login)
    assert client.get("/guidelines").status_code == see
    assert client.get("/guidelines/declare?control=C-01").status_code == declare
    if see == 200:
        said = client.get("/guidelines").content.decode()
        assert ("/guidelines/declare?control=C-01" in said) is (declare == 200)
    assert Client().get("/guidelines").status_code == 302


@pytest.mark.parametrize("state", ["", "open", "proved", "declared", "nonsense"])
def test_the_file_says_what_the_page_says(asked: World, state: str) -> None:
    client = signed_in(BOSS)
    client.post("/guidelines/declare", FORM | {"evidence": "=1+1"})
    raw = client.get("/guidelines", {"state": state}).content.decode()
    page = plain(raw)
    answer = client.get("/guidelines/export", {"state": state})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    shown = re.findall(r'<article class="rc-card" id="([CLP]-\d\d)"', raw)
    assert [row["Control"] for row in rows] == shown
    for row in rows:
        for column in ("What is asked", "What shows it", "State", "Figure", "Declared", "Standing"):
            assert plain(row[column]) in page, (row["Control"], column)
    if state in ("", "declared"):
        assert "'=1+1" in [row["Evidence"] for row in rows]


def test_the_rows_behind_a_figure_lead_to_the_requests(asked: World) -> None:
    asked.run("update lawful_requests_deadline set due_at = now() - interval '1 hour'")
    said = text_of(BOSS, "/guidelines/rows?control=P-04")
    assert len(re.findall(r'href="/tickets/[0-9a-f-]{36}"', said)) == 3
    assert "2 of 5, 40 %" in said
    assert "Nothing is missing" in text_of(BOSS, "/guidelines/rows?control=P-19")


STATEMENTS = 15  # of the whole page, beside the beginning and the end of its transaction


def test_the_number_of_statements_does_not_grow_with_requests(
    asked: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(OFFICER)
    with django_assert_max_num_queries(STATEMENTS + len(("begin", "the scope", "commit"))):
        client.get("/guidelines")


@pytest.mark.parametrize(("language", "words"), [("sr", "Смернице за сарадњу"),
                                                 ("sr-latn", "Smernice za saradnju")])  # fmt: skip
def test_it_is_said_in_serbian(world: World, language: str, words: str) -> None:
    client = signed_in(BOSS)
    client.cookies["django_language"] = language
    said = client.get("/guidelines").content.decode()
    assert words in said
    assert "Report what you learn of" not in said
    assert "Where you stand" not in said
