"""The files of facts: complete, with a source, and refused where they are not."""

from __future__ import annotations

import re

import pytest

from recoup import data
from recoup.core.accounts import read_account, rs_account_of
from recoup.core.law import PackRefused


def test_the_currencies_of_the_region_have_their_decimals():
    known = data.currencies()
    assert {known[code].decimals for code in ("RSD", "EUR", "ALL", "BAM", "MKD", "TRY")} == {2}
    assert (known["JPY"].decimals, known["KWD"].decimals, known["CLF"].decimals) == (0, 3, 4)
    assert data.currency("RSD") is known["RSD"]
    assert len(known) > 150
    for code, currency in known.items():
        assert re.fullmatch("[A-Z]{3}", code) and currency.code == code and currency.name
        assert not currency.is_asset and currency.most_digits == 13


def test_codes_nobody_is_paid_in_and_codes_withdrawn_are_not_there():
    for code in ("XXX", "XTS", "XAU", "XDR", "HRK", "BGN", "ANG", "ZWL", "CUC", "SLL"):
        assert code not in data.currencies()


def test_usual_currencies_are_known_ones():
    assert data.usual_currency()["RS"] == "RSD"
    assert set(data.usual_currency().values()) <= set(data.currencies())


def test_assets_have_their_own_decimals():
    assert data.assets()["BTC"].decimals == 8
    assert data.assets()["ETH"].decimals == 18
    assert all(asset.is_asset for asset in data.assets().values())
    assert not set(data.assets()) & set(data.currencies())


def test_what_was_loaded_cannot_be_changed():
    with pytest.raises(TypeError):
        data.currencies()["RSD"] = None
    with pytest.raises(TypeError):
        data.usual_currency()["RS"] = "EUR"


@pytest.mark.parametrize("country", ["XX", "rs", "../RS", "", "R\x00", "RSD"])
def test_a_country_without_a_file_is_refused(country):
    with pytest.raises(PackRefused):
        data.load_pack(country)


def test_serbian_account_numbers_are_read_as_the_file_describes_them():
    form = data.read_toml("account_numbers.toml")["RS"]
    account = read_account(form["example"])
    digits = account.ident[4:]
    assert len(digits) == form["bank"] + form["account"] + form["control"]
    assert int(digits) % 97 == form["remainder"]
    assert account.ident[2:4] == form["iban_check"]
    assert rs_account_of(account) == form["example"]


def test_exchange_rates_are_of_known_currencies_and_bound_the_usual_ones_here():
    table = data.read_toml("exchange_rates.toml")
    assert table["source"].startswith("https://") and table["as_of"] and table["to_check"]
    rates = data.exchange_rates()
    assert set(rates.of) <= set(data.currencies())
    # BGN is in no list any more: the lev became the euro.
    assert set(data.usual_currency().values()) <= set(rates.of)
    assert all(r.per_base > 0 and 0 < r.tolerance <= 1 for r in rates.of.values())
