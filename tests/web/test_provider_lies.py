"""A provider that lies, is slow, or is not there: nobody is let in, and nothing is stored."""

from __future__ import annotations

import base64
import dataclasses
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from recoup.apps.members import link_operations, oidc
from recoup.data.rate_limits import load_rate_limits
from support import lying_provider
from support.lying_provider import CLIENT_SECRET, DISCOVERY, KEYS, TOKEN, Lying
from support.provider import CLIENT_ID, hub_state, onward, use
from support.signing_in import browser
from support.tokens import Maker, rsa_jwk, rsa_key
from support.world import World

CHIEF = "nada.police"
FINISH = "/sign-in/provider/finish"


@pytest.fixture
def lying(world: World, settings: Any) -> Iterator[Lying]:
    """A provider of this process; ``A-1`` is the head of the unit there."""
    settings.IS_DEMO = False
    with lying_provider.running() as one:
        use(settings, one.provider)
        world.run(
            "insert into members_providerlink (id, login_id, subject_mac, linked_at) "
            "select gen_random_uuid(), id, %s, now() from members_login where username = %s",
            link_operations.digest(one.issuer, "A-1"), CHIEF,
        )  # fmt: skip
        yield one


def asked(client: Client) -> dict[str, Any]:
    onward(client.post("/sign-in/provider"))
    return hub_state(client)


def finish(client: Client, **given: str) -> Any:
    return client.get(FINISH, {"code": "a code", **given})


def maker(world: World, lying: Lying, **changed: Any) -> Maker:
    return Maker(lying.issuer, CLIENT_ID, world.now(), **changed)


def is_half_in(answer: Any) -> bool:
    return bool(answer["Location"] == "/sign-in/second")


def reason(world: World) -> str:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by recorded_at")
    found = [b for (text,) in rows if (b := json.loads(text))["what"] == "session:refused"]
    return str(found[-1]["facts"]["reason"]) if found else ""


def test_an_honest_answer_is_taken(world: World, lying: Lying) -> None:
    client = browser()
    question = asked(client)
    lying.token(maker(world, lying), question["nonce"])
    assert is_half_in(finish(client, state=question["state"]))


def test_the_hub_says_who_it_is_in_the_header_and_sends_the_verifier(
    world: World, lying: Lying
) -> None:
    client = browser()
    question = asked(client)
    lying.token(maker(world, lying), question["nonce"])
    finish(client, state=question["state"])
    [(_, headers, form)] = [one for one in lying.asked if one[0] == TOKEN]
    secret = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert secret == f"{CLIENT_ID}:invented%20secret%3A%20%25%2F%2B%26"
    assert form["code_verifier"] == [question["verifier"]] and CLIENT_SECRET not in str(form)
    assert form["redirect_uri"] == ["http://localhost/sign-in/provider/back"]


WRONG = {
    "issuer": {"iss": "http://127.0.0.1:1"}, "audience": {"aud": "another"},
    "nonce": {"nonce": "another"}, "end": {"exp": 1_000_000_000}, "nobody": {"sub": ""},
    "stranger": {"sub": "A-2"},
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_says_something_else_lets_in_nobody(
    world: World, lying: Lying, wrong: str
) -> None:
    client = browser()
    question = asked(client)
    lying.token(maker(world, lying), question["nonce"], **WRONG[wrong])
    assert not is_half_in(finish(client, state=question["state"]))
    assert reason(world) and client.session.get("half_signed_in") is None
    assert "did not accept this sign-in" in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("forged", [{"algorithm": "HS256"}, {"algorithm": "none"}, {"key": 1}])
def test_a_forged_token_lets_in_nobody(world: World, lying: Lying, forged: dict[str, Any]) -> None:
    client = browser()
    question = asked(client)
    one = maker(world, lying)
    if "key" in forged:
        one.key = rsa_key(2048, "stranger")
    else:
        one.head = {"alg": forged["algorithm"]}
    lying.token(one, question["nonce"])
    assert not is_half_in(finish(client, state=question["state"]))
    assert reason(world)


def test_without_a_question_in_this_session_the_provider_is_not_even_asked(
    world: World, lying: Lying
) -> None:
    assert not is_half_in(finish(browser(), state="x"))
    assert lying.asked == [] and "nothing was asked" in reason(world)


@pytest.mark.parametrize("state", ["", "another", "é"])
def test_another_s_state_is_refused_before_the_code_is_used(
    world: World, lying: Lying, state: str
) -> None:
    client = browser()
    asked(client)
    assert not is_half_in(finish(client, state=state))
    assert TOKEN not in [path for path, _, _ in lying.asked] and hub_state(client) == {}


def test_a_question_is_answered_within_ten_minutes(world: World, lying: Lying) -> None:
    client = browser()
    question = asked(client)
    session = client.session
    question["at"] = (world.now() - timedelta(minutes=11)).isoformat()
    session[oidc.ASKED] = question
    session.save()
    assert not is_half_in(finish(client, state=question["state"]))
    assert "too long ago" in reason(world)


def test_who_refused_at_the_provider_is_told_what_to_do(world: World, lying: Lying) -> None:
    client = browser()
    question = asked(client)
    answer = client.get(FINISH, {"error": "access_denied", "state": question["state"]})
    assert not is_half_in(answer) and "access_denied" in reason(world)
    assert "Try again" in client.get("/accounts/login/").content.decode()


def test_an_answer_that_names_another_sender_is_refused(world: World, lying: Lying) -> None:
    """RFC 9207: where the provider says that it names itself, an answer without is refused too."""
    lying.discovery(authorization_response_iss_parameter_supported=True)
    for given, is_good in (
        ({"iss": lying.issuer}, True), ({"iss": "http://evil.example"}, False), ({}, False)
    ):  # fmt: skip
        client = browser()
        question = asked(client)
        lying.token(maker(world, lying), question["nonce"])
        assert is_half_in(finish(client, state=question["state"], **given)) is is_good


def test_a_new_key_of_the_provider_is_fetched_but_not_at_each_token(
    world: World, lying: Lying, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = rsa_key(2048, "fresh")
    client = browser()
    question = asked(client)
    lying.token(maker(world, lying), question["nonce"])
    assert is_half_in(finish(client, state=question["state"]))
    lying.said[KEYS] = json.dumps({"keys": [rsa_jwk(fresh, kid="new")]}).encode()
    one = maker(world, lying, key=fresh, head={"kid": "new"})
    results = []
    for seconds in (oidc.NEW_KEYS_SECONDS, 0.0):
        monkeypatch.setattr(oidc, "NEW_KEYS_SECONDS", seconds)
        question = asked(client)
        lying.token(one, question["nonce"])
        results.append(is_half_in(finish(client, state=question["state"])))
    assert results == [False, True]


def is_away(client: Client) -> bool:
    answer = client.post("/sign-in/provider")
    return bool(
        answer.status_code == 302
        and "gives no answer" in client.get(answer["Location"]).content.decode()
    )


@pytest.mark.parametrize(
    "said",
    [b"", b"[]", b"rubbish", b"\xff", b"{" + b" " * 70_000 + b"}", b"[" * 50_000],
    ids=["nothing", "a list", "rubbish", "no text", "too long", "too deep"],
)  # fmt: skip
def test_a_provider_that_describes_itself_wrongly_is_told_as_away(
    world: World, lying: Lying, said: bytes
) -> None:
    lying.said[DISCOVERY] = said
    assert is_away(browser()) and reason(world)


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "http://evil.example"}, {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "//evil.example/x"}, {"authorization_endpoint": 5},
        {"authorization_endpoint": "https://x.example/#y"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)  # fmt: skip
def test_a_description_that_is_not_safe_is_not_followed(
    world: World, lying: Lying, changed: dict[str, Any]
) -> None:
    lying.discovery(**changed)
    assert is_away(browser())


def test_a_slow_provider_is_left(
    world: World, lying: Lying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "SECONDS", 0.3)
    lying.wait = 2.0
    begun = time.monotonic()
    assert is_away(browser()) and time.monotonic() - begun < 1.9


def test_only_a_few_wait_for_the_provider_at_once(
    world: World, lying: Lying, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(oidc.CALLS_AT_ONCE):
        assert oidc._calls.acquire(timeout=1)
    try:
        assert is_away(browser()) and lying.asked == []
    finally:
        for _ in range(oidc.CALLS_AT_ONCE):
            oidc._calls.release()


def test_a_provider_inside_is_not_called_unless_the_settings_name_it(
    world: World, lying: Lying, settings: Any
) -> None:
    settings.OUTGOING_PRIVATE = []
    assert is_away(browser()) and lying.asked == []


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_token_endpoint_that_fails_is_told_as_away(
    world: World, lying: Lying, status: int
) -> None:
    client = browser()
    question = asked(client)
    lying.said[TOKEN], lying.status[TOKEN] = b"{}", status
    assert not is_half_in(finish(client, state=question["state"]))
    assert str(status) in reason(world)


@pytest.mark.parametrize("said", [{}, {"id_token": 5}, {"id_token": ""}, {"access_token": "x"}])
def test_an_answer_without_a_token_lets_in_nobody(
    world: World, lying: Lying, said: dict[str, Any]
) -> None:
    client = browser()
    question = asked(client)
    lying.said[TOKEN] = json.dumps(said).encode()
    assert not is_half_in(finish(client, state=question["state"]))


def test_the_secret_goes_in_the_body_where_the_provider_takes_it_only_there(
    world: World, lying: Lying
) -> None:
    lying.discovery(token_endpoint_auth_methods_supported=["client_secret_post"])
    client = browser()
    question = asked(client)
    lying.token(maker(world, lying), question["nonce"])
    assert is_half_in(finish(client, state=question["state"]))
    [(_, headers, form)] = [one for one in lying.asked if one[0] == TOKEN]
    assert form["client_secret"] == [CLIENT_SECRET] and "Authorization" not in headers


def test_no_secret_goes_to_a_provider_that_takes_none_of_the_two(
    world: World, lying: Lying
) -> None:
    lying.discovery(token_endpoint_auth_methods_supported=["none"])
    client = browser()
    question = asked(client)
    assert not is_half_in(finish(client, state=question["state"]))
    assert TOKEN not in [path for path, _, _ in lying.asked]


def test_no_token_and_no_code_is_kept(world: World, lying: Lying) -> None:
    client = browser()
    question = asked(client)
    lying.token(maker(world, lying), question["nonce"])
    finish(client, state=question["state"])
    held = json.dumps(dict(client.session))
    assert "a code" not in held and "eyJ" not in held and question["verifier"] not in held


def test_what_the_provider_s_method_says_can_count_too(
    world: World, lying: Lying, settings: Any
) -> None:
    use(settings, dataclasses.replace(lying.provider, equal_amr=frozenset({"hwk"})))
    for amr, where in ((["pwd", "hwk"], "/desk"), (["pwd"], "/sign-in/second")):
        client = browser()
        question = asked(client)
        lying.token(maker(world, lying), question["nonce"], amr=amr)
        assert finish(client, state=question["state"])["Location"] == where


def test_what_is_passed_on_at_the_return_is_cut_and_goes_to_the_hub_only(
    world: World, lying: Lying
) -> None:
    given = {"code": 'x"><script>', "state": "s" * 9_000, "next": "//evil.example"}
    answer = browser().get("/sign-in/provider/back", given)
    where = urlsplit(onward(answer))
    assert (where.netloc, where.path) == ("", FINISH) and b"<script>" not in answer.content
    assert set(parse_qs(where.query)) == {"code", "state"}
    assert len(parse_qs(where.query)["state"][0]) == oidc.LONGEST_VALUE
    assert not answer.cookies


@pytest.mark.parametrize("given", ["//evil.example", "https://evil.example/", "javascript:x"])
def test_nobody_is_led_elsewhere_after_it(world: World, lying: Lying, given: str) -> None:
    client = browser()
    onward(client.post("/sign-in/provider", {"next": given}))
    assert hub_state(client)["next"] == "/desk"


def test_these_pages_are_limited_as_signing_in_is() -> None:
    for path in ("/sign-in/provider", FINISH, "/sign-in/second", "/own-sign-in/link"):
        assert load_rate_limits().of_path(path).name == "sign_in"
