"""The settings of the state's own sign-in: off, whole, or no start."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoup.apps.members.oidc_settings import OidcNotSet, read

HUB = "https://hub.example"
WHOLE = {
    "RECOUP_OIDC_ISSUER": "https://sign-in.example", "RECOUP_OIDC_CLIENT_ID": "recoup",
    "RECOUP_OIDC_CLIENT_SECRET": "invented", "RECOUP_OIDC_NAME": "eState",
}  # fmt: skip


def test_it_is_off_where_nothing_is_named() -> None:
    assert read({}, address=HUB, is_production=True) is None
    assert read({"RECOUP_OIDC_NAME": " "}, address="", is_production=True) is None


def test_what_is_named_is_taken_and_nothing_is_equal_to_a_passkey() -> None:
    one = read(WHOLE, address=HUB, is_production=True)
    assert one is not None and one.back == "https://hub.example/sign-in/provider/back"
    assert not one.is_ever_equal and "invented" not in repr(one)


@pytest.mark.parametrize("name", WHOLE)
def test_half_a_setting_does_not_start(name: str) -> None:
    with pytest.raises(OidcNotSet, match=name):
        read({**WHOLE, name: ""}, address=HUB, is_production=False)


def test_it_needs_the_hub_s_own_address() -> None:
    with pytest.raises(OidcNotSet, match="RECOUP_PUBLIC_ADDRESS"):
        read(WHOLE, address="", is_production=False)


@pytest.mark.parametrize("issuer", ["sign-in.example", "ftp://x", "https://x/?a=b", "https:///x"])
def test_an_issuer_is_an_address(issuer: str) -> None:
    with pytest.raises(OidcNotSet, match="no address"):
        read({**WHOLE, "RECOUP_OIDC_ISSUER": issuer}, address=HUB, is_production=False)


def test_in_production_all_is_https() -> None:
    plain = {**WHOLE, "RECOUP_OIDC_ISSUER": "http://sign-in.example"}
    with pytest.raises(OidcNotSet, match="https"):
        read(plain, address=HUB, is_production=True)
    with pytest.raises(OidcNotSet, match="https"):
        read(WHOLE, address="http://hub.example", is_production=True)
    assert read(plain, address="http://localhost:8000", is_production=False)


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n", encoding="utf-8")
    env = {**WHOLE, "RECOUP_OIDC_CLIENT_SECRET_FILE": str(file)}
    one = read(env, address=HUB, is_production=False)
    assert one is not None and one.secret == "from the file"
    with pytest.raises(OidcNotSet, match="cannot be read"):
        read({**env, "RECOUP_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "no")}, address=HUB,
             is_production=False)  # fmt: skip


def test_what_counts_as_a_passkey_is_a_list() -> None:
    equal = {"RECOUP_OIDC_EQUAL_ACR": "high, urn:example:loa4,", "RECOUP_OIDC_EQUAL_AMR": "hwk"}
    env = {**WHOLE, **equal}
    one = read(env, address=HUB, is_production=False)
    assert one is not None and one.is_ever_equal
    assert one.equal_acr == {"high", "urn:example:loa4"} and one.equal_amr == {"hwk"}
