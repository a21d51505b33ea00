"""The thresholds of patterns: complete, with a source, and refused where they are not."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta

import pytest

from recoup import data
from recoup.core.linking import KINDS as KINDS_OF_IDENTIFIERS
from recoup.core.patterns import KINDS, Amounts
from recoup.data.indicators import (
    FILE,
    OURS,
    IndicatorsRefused,
    load_indicators,
    load_link_limits,
    read_indicators,
    read_link_limits,
)


def test_every_pattern_has_its_numbers_its_source_and_the_day():
    document = data.read_toml(FILE)
    assert date.fromisoformat(document["as_of"])
    assert document["caution_source"].startswith("https://")
    read = load_indicators()
    assert set(read.origins) == set(KINDS)
    for origin in read.origins.values():
        assert origin.says and origin.to_check
        assert origin.numbers == "proposal"  # no source gives numbers: nobody may think so
        assert (origin.source == OURS) == (origin.confidence == "proposal")
        assert bool(origin.indicators) == (origin.source != OURS)
    assert read.thresholds.pass_through.window == timedelta(hours=24)


def test_limits_are_of_known_currencies_and_the_dinars_agree_with_the_exchange_rates():
    read = load_indicators()
    assert set(read.amounts) <= set(data.currencies())
    rate = data.exchange_rates().of["RSD"].per_base
    assert read.amounts["RSD"] == Amounts(int(500_00 * rate), int(15_000_00 * rate))
    assert read.amounts["EUR"].limit == 10_000_00


@pytest.mark.parametrize(
    ("place", "value", "where"),
    [
        (("pattern", "fan_in", "counterparties"), 0, "fan_in.counterparties"),
        (("pattern", "fan_in", "counterparties"), True, "fan_in.counterparties"),
        (("pattern", "fan_in", "window"), {"weeks": 1}, "fan_in.window"),
        (("pattern", "fan_in", "window"), {"days": 0}, "fan_in.window"),
        (("pattern", "fan_in", "source"), "a friend", "fan_in.source"),
        (("pattern", "fan_in", "source"), OURS, "fan_in.source"),
        (("pattern", "fan_in", "confidence"), "sure", "fan_in.confidence"),
        (("pattern", "fan_in", "to_check"), "", "fan_in.to_check"),
        (("pattern", "fan_in", "clean_per_100_000"), -1, "fan_in.clean_per_100_000"),
        (("pattern", "fan_in", "colour"), 3, "fan_in"),
        (("pattern", "pass_through", "percent"), 101, "pass_through.percent"),
        (("pattern", "cycle", "percent"), 49, "cycle.percent"),
        (("pattern", "spiral"), {}, "pattern"),
        (("amount", "EUR", "limit"), "10000", "amount.EUR.limit"),
        (("amount", "EUR", "least"), None, "amount.EUR.least"),
        (("amount", "EUR", "source"), "", "amount.EUR.source"),
        (("amount",), 3, "amount"),
        (("clean_ledger", "median"), 0, "clean_ledger.median"),
        (("caution",), "", "caution"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(place, value, where):
    document = deepcopy(data.read_toml(FILE))
    table = document
    for key in place[:-1]:
        table = table[key]
    table[place[-1]] = value
    with pytest.raises(IndicatorsRefused) as refused:
        read_indicators(document)
    assert where in refused.value.where


def test_a_number_that_is_missing_is_refused():
    document = deepcopy(data.read_toml(FILE))
    del document["pattern"]["cycle"]["looks"]
    with pytest.raises(IndicatorsRefused, match="missing or not known.*looks"):
        read_indicators(document)


def test_a_currency_without_a_limit_has_none():
    document = deepcopy(data.read_toml(FILE))
    document["amount"]["MKD"] = {"least": 3_000_000}
    assert read_indicators(document).amounts["MKD"] == Amounts(3_000_000, None)


def test_every_kind_of_identifier_has_its_limits_and_the_reason_for_them():
    assert set(load_link_limits()) == set(KINDS_OF_IDENTIFIERS)
    rows = data.read_toml(FILE)["identifier"]
    assert all(row["why"].endswith(".") for row in rows.values())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("links", "source"), ""),
        (("identifier", "iban"), {"alone": 5, "with_another": 4, "why": "x"}),
        (("identifier", "iban"), {"alone": -1, "with_another": 4, "why": "x"}),
        (("identifier", "iban"), {"alone": True, "with_another": 4, "why": "x"}),
        (("identifier", "iban"), {"alone": 1, "with_another": 4}),
        (("identifier", "bic"), {"alone": 1, "with_another": 4, "why": "x"}),
    ],
)
def test_limits_that_are_wrong_are_refused(place, value):
    document = deepcopy(data.read_toml(FILE))
    document[place[0]][place[1]] = value
    with pytest.raises(IndicatorsRefused):
        read_link_limits(document)
