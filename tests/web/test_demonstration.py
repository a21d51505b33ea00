"""A demonstration lets invented people in with one click; a hub for real refuses it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from support.signing_in import enrol, make_real, sign_in
from support.world import OFFICER, World

SOURCE = Path(__file__).parents[2] / "src"


def click(login: str = OFFICER) -> Client:
    client = Client()
    client.post("/sign-in/demonstration", {"username": login})
    return client


def is_in(client: Client) -> bool:
    return client.get("/cases").status_code == 200


def test_one_click_is_enough_in_a_demonstration(world: World, settings: Any) -> None:
    settings.IS_DEMO = True
    assert is_in(click())


def test_outside_a_demonstration_a_click_lets_nobody_in(world: World, settings: Any) -> None:
    settings.IS_DEMO = False
    assert not is_in(click())


def test_in_a_demonstration_it_lets_in_nobody_who_exists(world: World, settings: Any) -> None:
    settings.IS_DEMO = True
    make_real(world, "police")
    assert not is_in(click()) and is_in_after_password(world) is False


def is_in_after_password(world: World) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": OFFICER, "password": world.password})
    return is_in(client)


def test_a_session_of_a_demonstration_ends_with_it(world: World, settings: Any) -> None:
    settings.IS_DEMO = True
    client = click()
    settings.IS_DEMO = False
    assert not is_in(client)


@pytest.mark.parametrize("name", ["", "nobody", "system of plum", "x" * 5000])
def test_a_click_for_nobody_is_answered_the_same(world: World, settings: Any, name: str) -> None:
    settings.IS_DEMO = True
    answer = Client().post("/sign-in/demonstration", {"username": name})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")


def start(**given: str) -> subprocess.CompletedProcess[str]:
    told = "import recoup.web.settings as s; print(s.IS_DEMO, s.SESSION_COOKIE_NAME)"
    kept = {k: v for k, v in os.environ.items() if k not in ("RECOUP_DEMO", "RECOUP_TLS")}
    return subprocess.run(
        [sys.executable, "-c", told], env={**kept, "PYTHONPATH": str(SOURCE), **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_production_refuses_the_demonstration_and_plain_http() -> None:
    refused = start(RECOUP_PRODUCTION="1", RECOUP_DEMO="1", RECOUP_TLS="1")
    assert refused.returncode and "NotForProduction" in refused.stderr
    refused = start(RECOUP_PRODUCTION="1")
    assert refused.returncode and "RECOUP_TLS=1" in refused.stderr
    allowed = start(RECOUP_PRODUCTION="1", RECOUP_TLS="1")
    assert allowed.stdout.split() == ["False", "__Host-sessionid"], allowed.stderr


# How long a session lasts


def moved(client: Client, world: World, **minutes: float) -> Client:
    """As if the session had begun, or been used last, so long ago."""
    session = client.session
    for name, value in minutes.items():
        session[name] = (world.now() - timedelta(minutes=value)).isoformat()
    session.save()
    return client


def test_who_was_away_signs_in_again_and_comes_back(world: World, settings: Any) -> None:
    settings.IS_DEMO = False
    device = enrol(world, "olga.prosecutor")
    client = moved(sign_in(device), world, seen_at=14)
    assert is_in(client)
    assert is_in(moved(client, world, seen_at=14))
    answer = moved(client, world, seen_at=16).get("/cases?x=1")
    assert answer.status_code == 302 and "next=%2Fcases%3Fx%3D1" in answer["Location"]
    assert not is_in(client)


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(world: World, settings: Any) -> None:
    settings.IS_DEMO = False
    client = moved(sign_in(enrol(world, "olga.prosecutor")), world, seen_at=10)
    before = client.session["seen_at"]
    assert client.get("/desk/version").status_code == 200
    assert client.session["seen_at"] == before
    assert is_in(client) and client.session["seen_at"] != before


def test_after_a_shift_everybody_signs_in_again(world: World, settings: Any) -> None:
    settings.IS_DEMO = False
    client = sign_in(enrol(world, "olga.prosecutor"))
    assert is_in(moved(client, world, signed_in_at=479))
    assert not is_in(moved(client, world, signed_in_at=481))
