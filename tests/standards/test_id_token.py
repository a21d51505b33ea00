"""An ID token: what a right one says, and each way a wrong one is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from recoup.standards.id_token import Expected, IdToken, KeyMissing, NotAccepted, read, read_keys
from support.tokens import Maker, b64, ec_jwk, ed_jwk, rsa_jwk, rsa_key, written

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ISSUER, CLIENT, NONCE = "https://sign-in.example", "recoup-hub", "a nonce of this question"
ASKED = Expected(ISSUER, CLIENT, NONCE)
SECOND = timedelta(seconds=1)


def keys() -> list[dict[str, Any]]:
    return [rsa_jwk(rsa_key()), ec_jwk(), ed_jwk()]


def maker(**changed: Any) -> Maker:
    return Maker(ISSUER, CLIENT, AT, **changed)


def accept(token: str, **changed: Any) -> IdToken:
    return read(token, changed.pop("keys", keys()), ASKED, at=changed.pop("at", AT))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_token_of_each_asymmetric_algorithm_says_who_it_is(algorithm: str) -> None:
    token = maker(algorithm=algorithm).make(NONCE, acr="high", amr=["hwk", "user"])
    assert accept(token) == IdToken("A-1", "high", ("hwk", "user"))


def test_what_a_provider_does_not_say_of_how_is_empty() -> None:
    assert accept(maker().make(NONCE)) == IdToken("A-1", "", ())
    assert accept(maker().make(NONCE, acr=3, amr="pwd")) == IdToken("A-1", "", ())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://sign-in.example/"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "another"}, "another client"),
        ({"aud": [CLIENT, "another"]}, "another client"),
        ({"aud": []}, "another client"),
        ({"aud": None}, "another client"),
        ({"azp": "another"}, "another client"),
        ({"nonce": "another"}, "another question"),
        ({"nonce": None}, "another question"),
        ({"nonce": 7}, "another question"),
        ({"sub": None}, "names nobody"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"sub": 7}, "names nobody"),
        ({"exp": None}, "exp is no moment"),
        ({"iat": None}, "iat is no moment"),
        ({"exp": True}, "exp is no moment"),
        ({"exp": 1e300}, "exp is no moment"),
        ({"nbf": "soon"}, "nbf is no moment"),
        ({"nbf": int(AT.timestamp()) + 120}, "not come"),
        ({"iat": int(AT.timestamp()) + 120}, "another time"),
        ({"iat": int(AT.timestamp()) - 3600}, "another time"),
    ],
)
def test_a_token_that_says_something_else_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(NotAccepted, match=why):
        accept(maker().make(NONCE, **changed))


def test_one_audience_may_stand_in_a_list() -> None:
    assert accept(maker().make(NONCE, aud=[CLIENT], azp=CLIENT)).subject == "A-1"


def test_two_clocks_may_be_a_minute_apart_and_no_more() -> None:
    token = maker().make(NONCE)
    end = AT + timedelta(seconds=300)
    assert accept(token, at=end + 59 * SECOND) and accept(token, at=AT - 60 * SECOND)
    for at in (end + 60 * SECOND, AT - 61 * SECOND):
        with pytest.raises(NotAccepted):
            accept(token, at=at)


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS256", "RS1", "ES512", None, 5])
def test_another_algorithm_is_refused_whatever_was_signed(algorithm: Any) -> None:
    with pytest.raises(NotAccepted, match="algorithm"):
        accept(maker(head={"alg": algorithm}).make(NONCE))


def test_the_public_key_is_no_shared_secret() -> None:
    """The oldest trick: HMAC with the provider's public key, which everybody has."""
    pem = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    data = written({"alg": "HS256", "kid": "one"}, maker().claims(NONCE))
    token = f"{data.decode()}.{b64(hmac.new(pem, data, hashlib.sha256).digest())}"
    with pytest.raises(NotAccepted, match="algorithm"):
        accept(token)


def test_an_unsigned_token_is_refused() -> None:
    data = written({"alg": "none"}, maker().claims(NONCE)).decode()
    for token in (f"{data}.", data, f"{data}..", ""):
        with pytest.raises(NotAccepted):
            accept(token)


def test_a_stranger_s_key_is_refused_also_when_the_token_brings_it() -> None:
    stranger = rsa_key(2048, "stranger")
    for head in ({}, {"kid": None}, {"jwk": rsa_jwk(stranger)}, {"jku": "https://evil.example/k"}):
        with pytest.raises(NotAccepted):
            accept(maker(key=stranger, head=head).make(NONCE))
    with pytest.raises(KeyMissing):
        accept(maker(head={"kid": "another"}).make(NONCE))


def test_what_was_changed_after_signing_is_refused() -> None:
    head, body, signature = maker().make(NONCE).split(".")
    other = b64(json.dumps(maker().claims(NONCE, sub="A-2")).encode())
    for token in (f"{head}.{other}.{signature}", f"{head}.{body}.{signature[:-8]}AAAAAAAA"):
        with pytest.raises(NotAccepted):
            accept(token)


def test_a_key_of_another_kind_or_use_does_not_check_it() -> None:
    token = maker().make(NONCE)
    for wrong in ({"use": "enc"}, {"alg": "PS256"}, {"kty": "EC"}, {"kid": "9"}):
        with pytest.raises(KeyMissing):
            accept(token, keys=[rsa_jwk(rsa_key(), **wrong)])


def test_without_a_name_one_key_is_taken_and_two_are_not() -> None:
    token = maker(head={"kid": None}).make(NONCE)
    assert accept(token)
    with pytest.raises(KeyMissing):
        accept(token, keys=[rsa_jwk(rsa_key()), rsa_jwk(rsa_key(2048, "stranger"), kid="x")])


def test_a_small_key_is_refused() -> None:
    small = rsa_key(1024)
    with pytest.raises(NotAccepted, match="1024 bits"):
        accept(maker(key=small).make(NONCE), keys=[rsa_jwk(small)])


@pytest.mark.parametrize("head", [{"crit": ["exp"]}, {"b64": False}])
def test_what_asks_for_the_unknown_is_refused(head: dict[str, Any]) -> None:
    with pytest.raises(NotAccepted, match="not known"):
        accept(maker(head=head).make(NONCE))


@pytest.mark.parametrize(
    "token",
    [
        "a.b.c",
        "é.é.é",
        "." * 2,
        "A" * 20_000,
        "e30.e30.e30=",
        "W10.W10.W10",
        "eyJ9.e30.",
        "e30.e30.",
    ],
)
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(NotAccepted):
        accept(token)


def test_a_claim_that_stands_twice_is_refused() -> None:
    head = b64(b'{"alg":"RS256","kid":"one"}')
    body = b64(json.dumps(maker().claims(NONCE)).encode()[:-1] + b',"sub":"A-2"}')
    with pytest.raises(NotAccepted, match="twice"):
        accept(f"{head}.{body}.AAAA")


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": {}}', b"\xff"])
def test_a_set_of_no_keys_is_refused(document: bytes) -> None:
    with pytest.raises(NotAccepted):
        read_keys(document)


def test_a_set_of_too_many_keys_is_refused() -> None:
    with pytest.raises(NotAccepted):
        read_keys(json.dumps({"keys": [{}] * 33}).encode())


def test_a_key_that_is_none_is_refused_and_nothing_breaks() -> None:
    for wrong in ({"n": ""}, {"e": "AA"}, {"n": 5}, {"n": "%%"}):
        with pytest.raises(NotAccepted):
            accept(maker().make(NONCE), keys=[rsa_jwk(rsa_key(), **wrong)])
    for token, key in (
        (maker(algorithm="ES256"), ec_jwk(y="AA")), (maker(algorithm="EdDSA"), ed_jwk(x="AA"))
    ):  # fmt: skip
        with pytest.raises(NotAccepted):
            accept(token.make(NONCE), keys=[key])
