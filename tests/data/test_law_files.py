"""The packs as they are shipped: complete, honest about what is not confirmed, and loadable."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from recoup import data
from recoup.core.law import PackRefused, read_pack

COUNTRIES = ("AL", "BA", "ME", "MK", "RS", "TR", "XK", "ZZ")
REAL = COUNTRIES[:-1]


def test_every_jurisdiction_and_the_exercise_has_a_pack():
    assert data.pack_countries() == COUNTRIES
    for country in COUNTRIES:
        assert data.load_pack(country).country == country


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_measure_has_a_power_or_the_pack_says_why_none_is_known(country):
    pack = data.load_pack(country)
    told = {power.measure for power in pack.powers}
    for row in pack.missing:
        told |= set(row.measures)
    assert told == set(data.load_measures())


@pytest.mark.parametrize("country", REAL)
def test_no_rule_is_presented_as_certain(country):
    """When a lawyer confirms one, this test is changed together with the pack."""
    for power in data.load_pack(country).powers:
        assert not power.standing.is_confirmed, power.power
        assert power.standing.assumed or power.standing.to_check, power.power


def test_only_the_demonstrations_agreement_and_the_exercise_are_invented():
    for country in COUNTRIES:
        for power in data.load_pack(country).powers:
            is_invented = country == "ZZ" or power.power.startswith("rs_agreement_")
            assert power.standing.assumed == is_invented, power.power
    assert "Invented" in data.load_pack("ZZ").notice


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_version_that_the_hub_stored_reads_back_the_same(country):
    pack = data.load_pack(country)
    stored = json.loads(pack.canonical)
    again = read_pack(stored, measures=data.load_measures(), where="version 1")
    assert again == pack and again.sha256 == pack.sha256


def test_the_hubs_clocks_and_powers_of_the_demonstration_agree():
    pack = data.load_pack("RS")
    minutes = {power.measure: power for power in pack.powers if power.standing.assumed}
    assert set(minutes) == {rule.measure for rule in pack.rules}
    for rule in pack.rules:
        power = minutes[rule.measure]
        assert power.answer_within.about_minutes * 60 == rule.answer_within.total_seconds()
        assert power.acknowledge_within.about_minutes * 60 == (
            rule.acknowledge_within.total_seconds()
        )
        assert (power.effect is None) == (rule.hold_limit is None)


def test_a_power_that_rests_on_a_treaty_begins_when_it_came_into_force_there():
    for name in ("ETS185", "CETS198"):
        treaty = data.load_treaty(name)
        named = f"_{name.lower()}_"
        for country in REAL:
            for power in data.load_pack(country).powers:
                if named in power.power:
                    assert power.law_from == treaty.parties[country], power.power
        assert not any(named in power.power for power in data.load_pack("XK").powers)


def test_nothing_rests_on_a_treaty_that_is_not_in_force():
    treaties = {name: data.load_treaty(name) for name in data.treaty_names()}
    for country in REAL:
        for power in data.load_pack(country).powers:
            for name, treaty in treaties.items():
                if treaty.in_force is None:
                    assert treaty.treaty not in power.legal_basis.instrument, power.power
                    assert name.lower() not in power.power


def test_kosovo_bears_its_asterisk_and_its_note():
    pack = data.load_pack("XK")
    assert pack.name == "Kosovo*" and pack.note.startswith("* This designation is without")
    assert "UNSC 1244" in pack.note and "ICJ Opinion" in pack.note
    assert all(not data.load_pack(country).note for country in COUNTRIES if country != "XK")


def test_no_file_of_the_law_names_kosovo_without_its_asterisk():
    for entry in files(data).joinpath("law").iterdir():
        text = entry.read_text(encoding="utf-8").replace("Kosovo Declaration", "")
        assert not re.search(r"Kosovo(?!\*)", text), entry.name


def test_working_days_stay_working_days():
    packs = {country: data.load_pack(country) for country in REAL}
    effects = {
        country: str(packs[country].powers_for("postponement_fiu")[0].effect.unit)
        for country in REAL
    }
    assert effects == {
        "AL": "hours", "BA": "working_days", "ME": "hours", "MK": "hours", "RS": "hours",
        "TR": "working_days", "XK": "hours",
    }  # fmt: skip


def test_serbia_has_no_power_to_have_data_kept_and_says_so():
    row = data.load_pack("RS").missing_for("preservation_domestic")
    assert row and row.source.startswith("https://") and row.to_check
    assert "analysis of 2023" in row.why


def test_sources_are_public_addresses_and_never_where_we_found_a_copy():
    for entry in files(data).joinpath("law").iterdir():
        text = entry.read_text(encoding="utf-8")
        for source in re.findall(r'source = "([^"]*)"', text):
            assert source.startswith("https://") or source == "invented for the demonstration"
        assert "read in a copy" not in text and '"seed' not in text, entry.name


def test_a_country_without_a_pack_is_refused():
    with pytest.raises(PackRefused, match="There is no such file"):
        data.load_pack("QQ")
