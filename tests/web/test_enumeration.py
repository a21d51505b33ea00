"""Nothing tells whether an account exists: not the status, not the body, not the time.

Of the time what makes it is tested: the one hash that each try costs, known name or not.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher

from support.signing_in import browser
from support.world import World

NAMES = ("olga.prosecutor", "jelena.police", "nobody.here", "x")


@pytest.fixture(autouse=True)
def outside_a_demonstration(settings: Any, world: World) -> None:
    settings.IS_DEMO = False
    settings.ACCOUNT_RATE_LIMITS = {}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    from recoup.apps.members.passwords import make_password

    world.run("update members_login set password = %s", make_password("right"))


def tried(name: str, word: str = "wrong") -> tuple[int, str, float]:
    client = browser()
    client.get("/accounts/login/")
    began = time.perf_counter()
    answer = client.post("/accounts/login/", {"login": name, "password": word})
    took = time.perf_counter() - began
    body = answer.content.decode().replace(name, "NAME") if len(name) > 1 else ""
    return answer.status_code, re.sub(r'value="[A-Za-z0-9]{64}"', "", body), took


def test_status_and_body_are_the_same(world: World) -> None:
    told = {tried(name)[:2] for name in NAMES[:3]}
    told |= {tried("olga.prosecutor", "right")[:2]}
    assert len(told) == 1


def test_the_work_is_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hash for every try, whoever's name it is: the time is that of the hash."""
    made: list[str] = []
    real = ScryptPasswordHasher.encode

    def counted(self: Any, password: str, salt: str, *given: Any, **more: Any) -> str:
        made.append(password)
        return str(real(self, password, salt, *given, **more))

    monkeypatch.setattr(ScryptPasswordHasher, "encode", counted)
    for name, word in [*((name, "wrong") for name in NAMES), ("olga.prosecutor", "right")]:
        made.clear()
        tried(name, word)
        assert made == [word], name


def test_a_pass_that_is_over_and_one_that_never_was_are_told_the_same(world: World) -> None:
    from support.signing_in import open_pass

    first, second = open_pass(world, "olga.prosecutor")
    world.run("update members_memberchange set expires_at = now() - interval '1 minute'")
    told = set()
    for given in ((first, second), ("AAAA", "BBBB"), ("", "")):
        answer = browser().post("/enrol", {"first": given[0], "second": given[1]})
        body = re.sub(r'value="[A-Za-z0-9]{64}"', "", answer.content.decode())
        told.add((answer.status_code, body))
    assert len(told) == 1
