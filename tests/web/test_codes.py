"""Codes from a telephone: for whom they are enough, each once, and told the same when refused."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client

from recoup.apps.members import codes, factors, pass_words
from recoup.apps.members.models import CodeSecret, Login
from recoup.data.policy import load_sign_in
from support.signing_in import browser, enrol, open_pass
from support.world import OFFICER, World

WORD = "four calm horses graze"
WITHDRAW = "/tickets/00000000-0000-4000-8000-000000000001/withdraw"
VECTOR = b"12345678901234567890"


@pytest.fixture(autouse=True)
def outside_a_demonstration(settings: Any) -> None:
    settings.IS_DEMO = False


def shown(secret: bytes, world: World, *, later: int = 0) -> str:
    """What a telephone shows now, or some seconds later."""
    moment = world.now() + timedelta(seconds=later)
    totp = TOTP(secret, 6, SHA1(), 30)  # noqa: S303
    return totp.generate(int(moment.timestamp())).decode()


def with_codes(world: World, login: str = OFFICER) -> bytes:
    client = browser()
    first, second = open_pass(world, login)
    client.post("/enrol", {"first": first, "second": second})
    page = client.get("/enrol").content.decode()
    typed = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert typed, page[-3000:]
    secret = base64.b32decode(typed[1].replace(" ", ""))
    given = {"act": "codes", "code": shown(secret, world, later=-30), "password": WORD}
    answer = client.post("/enrol", given)
    assert answer.status_code == 200, answer.content.decode()[-3000:]
    return secret


def half(login: str = OFFICER, word: str = WORD) -> Client:
    client = browser()
    client.answer = client.post("/accounts/login/", {"login": login, "password": word})  # type: ignore[attr-defined]
    return client


def is_in(client: Client) -> bool:
    return client.get("/cases").status_code == 200


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, with six digits."""
    from datetime import UTC, datetime

    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        moment = datetime.fromtimestamp(seconds, UTC)
        assert codes.step_of(VECTOR, code, at=moment) == seconds // 30


def test_name_password_and_code_let_one_in(world: World) -> None:
    secret = with_codes(world)
    client = half()
    assert client.answer["Location"] == "/sign-in/code" and not is_in(client)  # type: ignore[attr-defined]
    answer = client.post("/sign-in/code", {"code": shown(secret, world)})
    assert answer.status_code == 302 and is_in(client)


def test_a_code_counts_once(world: World) -> None:
    secret = with_codes(world)
    code = shown(secret, world)
    first, second = half(), half()
    first.post("/sign-in/code", {"code": code})
    assert second.post("/sign-in/code", {"code": code}).status_code == 422
    assert is_in(first) and not is_in(second)


@pytest.mark.parametrize("later", [-90, 90, 3600])
def test_a_code_of_another_time_is_not_accepted(world: World, later: int) -> None:
    secret = with_codes(world)
    client = half()
    client.post("/sign-in/code", {"code": shown(secret, world, later=later)})
    assert not is_in(client)


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "1", "１２３４５６", "1234567890"])
def test_nonsense_is_no_code(world: World, code: str) -> None:
    with_codes(world)
    client = half()
    assert client.post("/sign-in/code", {"code": code}).status_code == 422
    assert not is_in(client)


def test_after_five_wrong_codes_even_the_right_one_waits(world: World) -> None:
    secret = with_codes(world)
    client = half()
    for _ in range(5):
        client.post("/sign-in/code", {"code": "000000"})
    client.post("/sign-in/code", {"code": shown(secret, world)})
    assert not is_in(client)


def test_a_code_without_a_password_opens_nothing(world: World) -> None:
    secret = with_codes(world)
    client = browser()
    answer = client.post("/sign-in/code", {"code": shown(secret, world)})
    assert answer.status_code == 302 and not is_in(client)


def test_who_approves_is_offered_no_codes_and_a_right_password_is_as_wrong(world: World) -> None:
    client = browser()
    first, second = open_pass(world, "olga.prosecutor")
    client.post("/enrol", {"first": first, "second": second})
    page = client.get("/enrol").content.decode()
    assert 'id="secret"' not in page
    forced = client.post("/enrol", {"act": "codes", "code": "000000", "password": WORD})
    assert forced.status_code == 422 and not CodeSecret.objects.exists()
    right, wrong, nobody = (
        half("olga.prosecutor", world.password), half("olga.prosecutor", "no"),
        half("nobody.here", "no"),
    )  # fmt: skip
    told = {
        (c.answer.status_code, re.sub(r"value=\"[^\"]*\"", "", c.answer.content.decode()))  # type: ignore[attr-defined]
        for c in (right, wrong, nobody)
    }
    assert len(told) == 1


def test_codes_end_on_their_day(world: World) -> None:
    mandate = world.actor(OFFICER)
    last = load_sign_in().code_until
    before = world.now().replace(year=last.year, month=last.month, day=last.day)
    assert factors.may_use_code(mandate.role, at=before)
    assert not factors.may_use_code(mandate.role, at=before + timedelta(days=1))


def test_after_their_day_codes_let_nobody_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = with_codes(world)
    over = replace(load_sign_in(), code_until=date(2020, 1, 1))
    monkeypatch.setattr(factors, "load_sign_in", lambda: over)
    client = half()
    client.post("/sign-in/code", {"code": shown(secret, world)})
    assert not is_in(client)


def test_a_session_by_code_does_not_act_under_a_mandate_that_needs_a_passkey(world: World) -> None:
    secret = with_codes(world)
    client = half()
    client.post("/sign-in/code", {"code": shown(secret, world)})
    assert is_in(client)
    world.run(
        "update members_mandate set role = 'duty_officer' where person_id = "
        "(select person_id from members_login where username = %s)", OFFICER,
    )  # fmt: skip
    assert not is_in(client)
    again = half()
    assert not is_in(again)


def test_the_secret_is_sealed_and_of_one_login(world: World) -> None:
    secret = with_codes(world)
    login, other = Login.objects.get(username=OFFICER), Login.objects.get(username="nada.police")
    sealed = bytes(CodeSecret.objects.get(login=login).sealed)
    assert secret not in sealed and codes.unseal(sealed, login) == secret
    with pytest.raises(codes.CodeRefused):
        codes.unseal(sealed, other)


def test_while_codes_are_set_up_no_secret_stands_in_the_session(world: World) -> None:
    client = browser()
    first, second = open_pass(world, OFFICER)
    client.post("/enrol", {"first": first, "second": second})
    page = client.get("/enrol")
    assert "no-store" in page["Cache-Control"]
    typed = re.search(r'id="secret">([A-Z2-7 ]+)<', page.content.decode())
    held = str(dict(client.session.items()))
    assert typed and base64.b32decode(typed[1].replace(" ", "")).hex() not in held
    assert first not in held and pass_words.token(first).hex() not in held


def test_step_up_asks_who_signed_in_by_code_for_a_code(world: World) -> None:
    secret = with_codes(world)
    client = half()
    client.post("/sign-in/code", {"code": shown(secret, world)})
    session = client.session
    session["proved_at"] = "2020-01-01T00:00:00+00:00"
    session.save()
    asked = client.post(
        "/tickets/00000000-0000-4000-8000-000000000001/withdraw", {"ground": "Kept."}
    )
    if asked.status_code == 404:
        pytest.skip("the address has changed")
    assert asked.status_code == 401 and "step_up_code" in asked.content.decode()
    assert "Kept." in asked.content.decode()
    world.run("update members_codesecret set last_step = last_step - 3")
    given = {"ground": "Kept.", "step_up_code": shown(secret, world)}
    gone_on = client.post(WITHDRAW, given)
    assert gone_on.status_code == 404


def test_a_passkey_is_not_replaced_by_a_code(world: World) -> None:
    from support.signing_in import sign_in

    device = enrol(world, "olga.prosecutor")
    client = sign_in(device)
    session = client.session
    session["proved_at"] = "2020-01-01T00:00:00+00:00"
    session.save()
    answer = client.post("/duties/note", {"step_up_code": "123456"})
    assert answer.status_code == 401 and "step_up_passkey" in answer.content.decode()
