"""What requests abroad rest on: articles, parties and channels, unconfirmed, each with a source."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from recoup import data
from recoup.core.law import PackRefused, read_channels, read_treaty

ON = date(2026, 11, 21)


def test_the_articles_a_unit_relies_on_say_what_has_to_be_checked():
    treaty = data.load_treaty("CETS198")
    assert [basis.article for basis in treaty.bases] == ["46", "47"]
    for basis in treaty.bases:
        assert not basis.confirmed and basis.to_check and basis.source.startswith("https://")


def test_of_a_country_that_does_not_stand_there_nothing_is_known():
    treaty = data.load_treaty("CETS198")
    assert treaty.is_party("RS", on=ON) is True
    assert treaty.is_party("RS", on=date(2009, 7, 31)) is False
    assert treaty.is_party("SI", on=ON) is None


def test_every_channel_has_a_time_to_plan_with_and_a_source():
    channels = data.load_channels()
    assert {"egmont", "fiu_net", "net_24_7"} <= set(channels)
    for channel in channels.values():
        assert timedelta() < channel.answer_within <= timedelta(days=7)
        assert not channel.confirmed and channel.to_check


def test_what_stands_twice_or_is_unknown_is_refused():
    row = dict(data.read_toml("law/channels.toml")["channel"][0])
    with pytest.raises(PackRefused, match="twice"):
        read_channels({"channel": [row, row]}, where="c")
    treaty = data.read_toml("law/CETS198.toml")
    with pytest.raises(PackRefused, match="not known here"):
        read_treaty(treaty | {"why": "x"}, where="t")
