"""Guessing references and secrets: counted in the database, by network and by reference."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from recoup.apps.reports import tries
from recoup.apps.reports.tries import TooManyTries
from recoup.apps.reports.views import MOST_LOOK_UPS, MOST_WRONG_SECRETS
from recoup.core.reference import show_secret
from support.world import World, iban


def find(address: str, reference: str, secret: str) -> Any:
    told = {"reference": reference, "secret": secret}
    return Client().post("/my-report/find", told, REMOTE_ADDR=address)


@pytest.fixture
def known(world: World) -> tuple[str, str]:
    filed = world.report(payer=iban("plum", 1), payee=iban("quince", 2), amount=500)
    assert filed.secret is not None
    return filed.reference, show_secret(filed.secret)


WRONG = show_secret(bytes(16))


def test_a_network_guesses_so_often_whichever_process_answers(
    world: World, known: tuple[str, str]
) -> None:
    codes = [find("192.0.2.1", known[0], WRONG).status_code for _ in range(MOST_LOOK_UPS + 1)]
    assert codes == [422] * MOST_LOOK_UPS + [429]
    assert find("192.0.2.2", *known).status_code == 303
    rows = world.run("select times, octet_length(mark) from reports_trycount where what = 'find'")
    assert sorted(rows) == [(1, 32), (MOST_LOOK_UPS + 1, 32)]


def test_many_networks_together_guess_no_more_at_one_reference(
    world: World, known: tuple[str, str]
) -> None:
    """Each network had ten tries of its own, however many guessed at the same report."""
    codes = [
        find(f"198.51.100.{n}", known[0], WRONG).status_code
        for n in range(1, MOST_WRONG_SECRETS + 2)
    ]
    assert codes == [422] * MOST_WRONG_SECRETS + [429]
    assert find("203.0.113.1", known[0], WRONG).status_code == 429
    assert find("203.0.113.1", *known).status_code == 303, "a stranger shut the reporter out"
    other = world.report(payer=iban("plum", 3), payee=iban("quince", 4), amount=500)
    assert other.secret is not None
    assert find("203.0.113.2", other.reference, show_secret(other.secret)).status_code == 303


def test_right_secrets_use_up_nothing_of_a_reference(world: World, known: tuple[str, str]) -> None:
    for number in range(MOST_WRONG_SECRETS + 2):
        assert find(f"198.51.100.{number}", *known).status_code == 303


def test_what_is_over_is_thrown_away(world: World) -> None:
    tries.count("old", b"x" * 32, most=1, seconds=900)
    with pytest.raises(TooManyTries):
        tries.count("old", b"x" * 32, most=1, seconds=900)
    world.run("update reports_trycount set ends_at = ends_at - interval '1 day'")
    tries.count("new", b"y" * 32, most=1, seconds=900)
    assert world.run("select what from reports_trycount") == [("new",)]
