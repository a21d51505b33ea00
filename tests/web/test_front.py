"""The front page and what every page's head holds: navigation, the country, the demo's facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from support.world import World

FACTS = {
    "story": 1, "amount": "480000.00", "currency": "RSD", "paid_at": "2026-11-21T18:05:00+01:00",
    "payer_account": "991-0000000010001-93", "payee_account": "992-0000000020001-21",
    "reference": "Deposit 114",
}  # fmt: skip
PAGES = {
    "mila.linden": ["/desk", "/asked", "/requests", "/tasks", "/directory", "/law"],
    "luka.police": [
        "/desk", "/cases", "/decisions", "/reports", "/requests", "/tasks", "/directory",
        "/guidelines", "/law",
    ],
    "stevan.police": ["/desk", "/cases", "/directory", "/law"],
    "olga.prosecutor": [
        "/desk", "/cases", "/decisions", "/requests", "/tasks", "/directory", "/people",
        "/guidelines", "/law",
    ],
}  # fmt: skip


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> Path:
    """A folder in which a demo has been started."""
    settings.VAR, settings.IS_DEMO = tmp_path, True
    (tmp_path / "demo" / "ledgers").mkdir(parents=True)
    (tmp_path / "demo" / "sign_ins.json").write_text(json.dumps({"password": "amber-birch"}))
    (tmp_path / "demo" / "ledgers" / "facts.json").write_text(json.dumps([FACTS]))
    return tmp_path


def test_the_front_page_answers_everybody(world: World, client: Client) -> None:
    assert client.get("/").status_code == 200
    client.cookies["sessionid"] = world.session_of("mila.linden")
    assert client.get("/").status_code == 200


def test_it_prints_the_fraud_to_report_and_one_sign_in_a_desk(
    world: World, client: Client, demo: Path
) -> None:
    page = client.get("/").content.decode()

    assert "2026-11-21 18:05 CET" in page and "992-0000000020001-21" in page
    assert "amber-birch" in page and page.count("mila.linden") == 1
    filled = client.get("/report?demo=1").content.decode()
    assert 'value="2026-11-21T18:05"' in filled and 'value="Deposit 114"' in filled


def test_outside_a_demo_it_prints_no_facts_and_no_password(
    world: World, client: Client, demo: Path, settings: Any
) -> None:
    settings.IS_DEMO = False

    page = client.get("/").content.decode() + client.get("/report?demo=1").content.decode()
    assert "992-0000000020001-21" not in page and "amber-birch" not in page


def test_an_unknown_story_gives_an_empty_form(world: World, client: Client, demo: Path) -> None:
    page = client.get("/report?demo=99")

    assert page.status_code == 200 and 'name="amount" value=""' in page.content.decode()


@pytest.mark.parametrize("login", PAGES)
def test_the_navigation_offers_what_the_role_may_open(
    world: World, client: Client, login: str
) -> None:
    client.cookies["sessionid"] = world.session_of(login)
    page = client.get("/")

    assert [place["url"] for place in page.context["nav"]] == PAGES[login]
    for url in PAGES[login]:
        assert client.get(url).status_code == 200, url


def test_a_visitors_front_page_asks_the_database_only_for_its_scope(
    world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # savepoint, scope and time, release
        client.get("/")
