"""Signing in by passkey, and what is not accepted: each way an attacker would try it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.apps.members.models import Login, Passkey
from support.authenticator import PRESENT, Device
from support.roles import as_owner
from support.signing_in import browser, enrol, open_pass, question, sign_in
from support.world import World

PROSECUTOR, OTHER = "olga.prosecutor", "nada.police"


@pytest.fixture(autouse=True)
def outside_a_demonstration(settings: Any) -> None:
    settings.IS_DEMO = False


def is_in(client: Client) -> bool:
    return client.get("/law").status_code == 200


def test_with_a_passkey_one_is_in(world: World) -> None:
    device = enrol(world, PROSECUTOR)
    client = sign_in(device)
    assert client.answer.status_code == 302 and client.answer["Location"] == "/desk"  # type: ignore[attr-defined]
    assert is_in(client)
    assert "Olga" in client.get("/law").content.decode()


def test_the_session_has_another_id_than_before(world: World) -> None:
    device = enrol(world, PROSECUTOR)
    client = browser()
    client.post("/sign-in/passkey/begin")
    before = client.cookies["sessionid"].value
    sign_in(device, client)
    assert client.cookies["sessionid"].value != before and is_in(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost.example"}, {"origin": "https://localhost"},
        {"host": "elsewhere"}, {"flags": PRESENT}, {"flags": 0}, {"handle": b"another"},
    ],
)  # fmt: skip
def test_an_answer_from_elsewhere_is_not_accepted(world: World, wrong: dict[str, Any]) -> None:
    device = enrol(world, PROSECUTOR)
    for name, value in wrong.items():
        setattr(device, name, value)
    assert not is_in(sign_in(device))


def test_anothers_key_under_the_same_id_is_not_accepted(world: World) -> None:
    device = enrol(world, PROSECUTOR)
    forged = Device(credential_id=device.credential_id, handle=device.handle)
    assert not is_in(sign_in(forged))


def test_an_answer_counts_once(world: World) -> None:
    device = enrol(world, PROSECUTOR)
    client = browser()
    answer = device.sign(client.post("/sign-in/passkey/begin").json())
    client.post("/sign-in/passkey", {"passkey": answer})
    assert is_in(client)
    client.post("/accounts/logout/")
    client.post("/sign-in/passkey", {"passkey": answer})
    assert not is_in(client)
    other = browser()
    other.post("/sign-in/passkey/begin")
    other.post("/sign-in/passkey", {"passkey": answer})
    assert not is_in(other)


def test_a_copy_that_counts_back_is_not_accepted(world: World) -> None:
    device = enrol(world, PROSECUTOR)
    device.count = 5
    assert is_in(sign_in(device))
    device.count = 3
    assert not is_in(sign_in(device))


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", "x" * 30_000, '{"id": 1}', '"\\u0000"'])
def test_nonsense_is_told_the_same(world: World, answer: str) -> None:
    client = browser()
    client.post("/sign-in/passkey/begin")
    refused = client.post("/sign-in/passkey", {"passkey": answer})
    assert (refused.status_code, refused["Location"]) == (302, "/accounts/login/")


def test_unknown_ended_and_wrong_are_answered_the_same(world: World) -> None:
    device, ended, switched_off = (enrol(world, who) for who in (PROSECUTOR, OTHER, "sava.court"))
    with as_owner():
        Passkey.objects.filter(credential_id=ended.credential_id).update(ended_at=world.now())
        Login.objects.filter(username="sava.court").update(is_active=False)
    device.host = "elsewhere"
    told = set()
    for one in (device, ended, switched_off, Device()):
        client = sign_in(one)
        page = client.get(client.answer["Location"])  # type: ignore[attr-defined]
        body = page.content.decode().split("csrfmiddlewaretoken")[0]
        told.add((client.answer.status_code, page.status_code, len(body)))  # type: ignore[attr-defined]
        assert not is_in(client)
    assert len(told) == 1, told


def test_a_passkey_needs_both_words(world: World) -> None:
    first, second = open_pass(world, PROSECUTOR)
    for given in ((first, ""), ("", second), (first, first), (first, "2" * 16)):
        client = browser()
        answer = client.post("/enrol", {"first": given[0], "second": given[1]})
        assert answer.status_code == 422, given
        assert "Olga" not in client.get("/enrol").content.decode()
    assert Passkey.objects.count() == 0


def test_the_pages_cannot_store_a_passkey_by_themselves(world: World) -> None:
    from django.db import connection, transaction
    from django.db.utils import ProgrammingError

    for sql in ("insert into members_passkey select * from members_passkey",
                "update members_passkey set public_key = ''", "delete from members_passkey",
                "update members_passkey set login_id = 1",
                "update members_memberchange set is_agreed = true",
                "update members_mandate set role = 'judge'",
                "update members_login set is_active = true"):  # fmt: skip
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_a_pass_makes_two_passkeys_and_no_third(world: World) -> None:
    first, second = open_pass(world, PROSECUTOR)
    client = browser()
    for left in (1, 0):
        assert client.post("/enrol", {"first": second, "second": first}).status_code == 302
        made = Device().make(question(client.get("/enrol")))
        assert client.post("/enrol", {"act": "make", "passkey": made}).status_code == 200, left
    assert client.post("/enrol", {"first": first, "second": second}).status_code == 422
    assert Passkey.objects.count() == 2


def test_a_question_of_before_is_too_old(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from recoup.apps.members import passkeys

    device = enrol(world, PROSECUTOR)
    monkeypatch.setattr(passkeys, "ANSWER_WITHIN", timedelta(seconds=-1))
    assert not is_in(sign_in(device))


def test_without_a_second_factor_nobody_is_in(world: World) -> None:
    """A session that was made with a password alone, or stolen from a demonstration."""
    client = browser()
    client.post("/accounts/login/", {"login": PROSECUTOR, "password": world.password})
    assert not is_in(client)
    client.force_login(Login.objects.get(username=PROSECUTOR))
    assert not is_in(client)
