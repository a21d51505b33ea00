"""Packs whose powers nobody could rely on are refused, with the place and what is wrong."""

from __future__ import annotations

import copy
from datetime import date

import pytest

from recoup import data
from recoup.core.law import Limit, PackRefused, Unit, When, read_pack
from support.refusals import is_told

ADDRESS = "https://example.org/act"
ROW = {
    "id": "p", "measure": "account_information", "data": ["balance"], "instrument": "Act",
    "article": "7", "text": "A prosecutor may ask.", "source": ADDRESS, "to_check": "The article.",
    "requested_by": ["prosecutor"], "authorised_by": ["judge"], "addressees": ["bank"],
    "acknowledge_within": {"hours": 24, "planned": True},
    "answer_within": {"working_days": 3, "source": ADDRESS},
    "effect": {"hours": 72, "source": ADDRESS},
    "extension": {"hours": 48, "source": ADDRESS}, "extension_when": "holidays fall into it",
    "extension_on": "includes_unworked",
    "written_within": {"hours": 12, "source": ADDRESS},
    "notify_after": {"months": 6, "source": ADDRESS},
    "destroy_after": {"months": 7, "source": ADDRESS},
    "is_secret": True, "is_reasoned": True, "law_from": "2020-01-01", "law_until": "2026-12-31",
    "emergency": {
        "dangers": ["life"], "authorised_by": ["prosecutor"], "confirmed_by": ["judge"],
        "confirm_within": {"hours": 48, "source": ADDRESS}, "is_sealed": True,
        "submit_within": {"hours": 24, "source": ADDRESS},
    },
}  # fmt: skip
MISSING = {"measures": ["mla"], "why": "Nobody looked.", "source": ADDRESS, "to_check": "The act."}


def read(*rows, missing=(MISSING,)):
    document = copy.deepcopy(dict(data.load_pack("AL").document))
    document |= {"power": copy.deepcopy(list(rows)), "missing": copy.deepcopy(list(missing))}
    return read_pack(document, measures=data.load_measures(), where="law/AL.toml")


def test_a_power_is_read_as_it_is_written_and_no_unit_becomes_another():
    power = read(ROW).powers[0]
    assert (power.power, power.measure, power.data) == ("p", "account_information", ("balance",))
    assert power.legal_basis.basis == "p"
    assert (power.legal_basis.instrument, power.legal_basis.article) == ("Act", "7")
    assert power.legal_basis.text == "A prosecutor may ask."
    assert power.legal_basis.binding and not power.legal_basis.confirmed
    assert (power.legal_basis.source, power.legal_basis.to_check) == (ADDRESS, "The article.")
    assert power.requested_by == ("prosecutor",) and power.authorised_by == ("judge",)
    assert power.addressees == ("bank",) and power.is_secret and power.is_reasoned
    assert power.acknowledge_within == Limit(24, Unit.HOURS)
    assert power.acknowledge_within.planned and not power.acknowledge_within.source
    assert power.answer_within == Limit(3, Unit.WORKING_DAYS)
    assert power.answer_within.source == ADDRESS and not power.answer_within.planned
    assert power.effect == Limit(72, Unit.HOURS)
    assert (power.extension, power.extension_when) == (
        Limit(48, Unit.HOURS), "holidays fall into it",
    )  # fmt: skip
    assert power.extension_on is When.INCLUDES_UNWORKED
    assert power.written_within == Limit(12, Unit.HOURS)
    assert power.notify_after == Limit(6, Unit.MONTHS)
    assert power.destroy_after == Limit(7, Unit.MONTHS)
    assert (power.law_from, power.law_until) == (date(2020, 1, 1), date(2026, 12, 31))
    assert power.emergency
    assert power.emergency.dangers == ("life",)
    assert power.emergency.authorised_by == ("prosecutor",)
    assert power.emergency.confirmed_by == ("judge",)
    assert power.emergency.is_sealed
    assert power.emergency.submit_within == Limit(24, Unit.HOURS)
    assert power.emergency.confirm_within == Limit(48, Unit.HOURS)
    assert not power.standing.is_confirmed and not power.standing.assumed
    assert (power.standing.source, power.standing.to_check) == (ADDRESS, "The article.")


def test_what_is_not_written_is_empty_and_whom_and_what_are_those_of_the_measure():
    left = {
        "data", "addressees", "effect", "extension", "extension_when", "extension_on",
        "written_within",
        "notify_after", "destroy_after", "is_secret", "is_reasoned", "law_from",
        "law_until", "emergency",
    }  # fmt: skip
    power = read({key: value for key, value in ROW.items() if key not in left}).powers[0]
    measure = data.load_measures()["account_information"]
    assert (power.data, power.addressees) == (measure.data, measure.addressees)
    assert power.effect is power.extension is power.written_within is power.notify_after is None
    assert power.law_from is power.law_until is power.emergency is None
    assert not power.is_secret and not power.is_reasoned
    assert power.extension_when == "" and power.extension_on is None


def test_a_confirmed_power_says_by_whom_and_when_and_was_read_before():
    row = {key: value for key, value in ROW.items() if key != "to_check"}
    row |= {"confirmed_by": "A. B., advocate", "confirmed_on": "2026-11-22"}
    power = read(row | {"read_on": "2026-11-22"}).powers[0]
    assert power.standing.is_confirmed and power.legal_basis.confirmed
    assert power.standing.confirmed_by == "A. B., advocate"
    assert power.standing.read_on == power.legal_basis.read_on == date(2026, 11, 22)
    for change in ({}, {"read_on": "2026-11-23"}):
        with pytest.raises(PackRefused, match=r"power\[0\].read_on: What is confirmed was read"):
            read(row | change)


def test_what_is_assumed_needs_no_second_source_for_its_limits_and_binds_nobody():
    row = copy.deepcopy(ROW) | {"assumed": True, "source": "invented for the demonstration"}
    row["answer_within"] = {"hours": 30}
    row["emergency"]["confirm_within"] = {"hours": 24}
    power = read(row).powers[0]
    assert power.standing.assumed and power.legal_basis.assumed
    assert not power.legal_basis.binding
    assert power.answer_within.source == "invented for the demonstration"
    assert power.emergency and power.emergency.confirm_within == Limit(24, Unit.HOURS)
    with pytest.raises(PackRefused, match="binding: What is assumed is not binding"):
        read(row | {"binding": True})


def test_a_longest_time_as_long_as_another_is_in_order():
    day = {"days": 1, "planned": True}
    same = ROW | {"acknowledge_within": day, "answer_within": day}
    assert read(same | {"law_until": "2020-01-01"}).powers[0].law_until == date(2020, 1, 1)


HOURS = {"hours": 1, "planned": True}
NOT_SAID = "names its source, or is marked as planned"
EMERGENCY = ROW["emergency"]
REFUSED = [
    ({"measure": "tap"}, "power[0].measure", "'tap' is not a measure of law/measures.toml"),
    ({"data": ["thoughts"]}, "power[0].data", "not a category of 'account_information'"),
    ({"data": ["content"]}, "power[0].data", "'content' is not a category of 'account_"),
    ({"addressees": ["isp"]}, "power[0].addressees", "'isp' is not an addressee of 'account_"),
    ({"addressees": ["bank", "bank"]}, "power[0].addressees", "stands here twice"),
    ({"requested_by": ["king"]}, "power[0].requested_by", "'king' is not a kind of organis"),
    ({"requested_by": []}, "power[0].requested_by", "list of words"),
    ({"authorised_by": ["king"]}, "power[0].authorised_by", "'king' is not a role"),
    ({"authorised_by": []}, "power[0].authorised_by", "list of words"),
    ({"answer_within": {"hours": 4}}, "power[0].answer_within", NOT_SAID),
    ({"effect": {"hours": 4}}, "power[0].effect", NOT_SAID),
    ({"notify_after": {"months": 4}}, "power[0].notify_after", NOT_SAID),
    ({"written_within": {"hours": 4}}, "power[0].written_within", NOT_SAID),
    ({"extension": {"hours": 4}}, "power[0].extension", NOT_SAID),
    ({"effect": HOURS | {"source": ADDRESS}}, "power[0].effect", "is not planned"),
    ({"effect": HOURS | {"unsourced": True}}, "power[0].effect", "looked for at no source"),
    ({"effect": HOURS | {"ends": "day_end"}}, "power[0].effect", "ends as one of"),
    ({"effect": {"days": 1, "planned": True, "ends": "noon"}}, "power[0].effect", "ends as one of"),
    ({"effect": {"hours": 4, "source": "seed"}}, "power[0].effect", "begins with https://"),
    ({"effect": {"weeks": 4, "source": ADDRESS}}, "power[0].effect", "one unit, of minutes, h"),
    ({"effect": HOURS | {"days": 1}}, "power[0].effect", "one unit"),
    ({"effect": HOURS | {"why": 1}}, "power[0].effect.why", "not known here"),
    ({"effect": {"hours": 0, "planned": True}}, "power[0].effect.hours", "not above zero"),
    ({"effect": {"hours": 1.5, "planned": True}}, "power[0].effect.hours", "1.5 is not a int"),
    ({"effect": {"hours": 100_001, "planned": True}}, "power[0].effect", "more than 100000"),
    ({"effect": "72h"}, "power[0].effect", "not a dict"),
    ({"law_until": "2019-12-31"}, "power[0].law_until", "2019-12-31 is before 2020-01-01"),
    ({"law_from": "2026-02-30"}, "power[0].law_from", "not a day"),
    ({"acknowledge_within": {"months": 1, "planned": True}}, "power[0].answer_within", "not due"),
    ({"effect": None}, "power[0].extension", "has no longest time"),
    ({"extension_on": "ever"}, "power[0].extension_on", "'ever' is none of includes_unworked"),
    ({"extension": None, "extension_when": None}, "power[0].extension_on", "no extension that"),
    ({"extension_when": None}, "power[0].extension_when", "An extension says when"),
    ({"extension": None, "extension_on": None}, "power[0].extension_when", "An extension says wh"),
    ({"source": "seed"}, "power[0].source", "begins with https://"),
    ({"source": None}, "power[0].source", "missing"),
    ({"to_check": None}, "power[0].to_check", "has to be read"),
    ({"confirmed_by": "A. B."}, "power[0].confirmed_by", "by whom and on which day"),
    ({"confirmed_on": "2026-11-22"}, "power[0].confirmed_by", "by whom and on which day"),
    ({"assumed": True}, "power[0].source", "What is assumed has the source"),
    ({"text": ""}, "power[0].text", "empty"),
    ({"why": "x"}, "power[0].why", "not known here"),
    (
        {"emergency": {**EMERGENCY, "confirmed_by": None}},
        "power[0].emergency", "says who confirms it, and by when",
    ),
    (
        {"emergency": {**EMERGENCY, "confirm_within": None}},
        "power[0].emergency", "says who confirms it, and by when",
    ),
    ({"emergency": {**EMERGENCY, "confirmed_by": []}}, "emergency.confirmed_by", "list of w"),
    (
        {"emergency": {**EMERGENCY, "confirmed_by": ["prosecutor"]}},
        "emergency.confirmed_by", "Nobody confirms what the same role decided",
    ),
    ({"emergency": {**EMERGENCY, "confirmed_by": ["king"]}}, "gency.confirmed_by", "not a role"),
    ({"emergency": {**EMERGENCY, "authorised_by": ["king"]}}, "gency.authorised_by", "not a role"),
    ({"emergency": {**EMERGENCY, "dangers": ["boredom"]}}, "emergency.dangers", "not a danger"),
    ({"emergency": {**EMERGENCY, "why": "x"}}, "emergency.why", "not known here"),
    (
        {"emergency": {**EMERGENCY, "confirm_within": {"hours": 4}}},
        "emergency.confirm_within", NOT_SAID,
    ),
]  # fmt: skip


def without_none(values):
    return {
        key: without_none(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }


@pytest.mark.parametrize(("change", "where", "says"), REFUSED)
def test_a_power_nobody_could_rely_on_is_refused_with_the_place(change, where, says):
    with pytest.raises(PackRefused) as refusal:
        read(without_none(ROW | change))
    assert refusal.value.where.startswith("law/AL.toml: power[0]")
    assert is_told(refusal.value, where=where, says=says)


def test_two_powers_have_two_ids():
    with pytest.raises(PackRefused, match=r"law/AL.toml.power: 'p' stands here twice"):
        read(ROW, ROW)
    assert len(read(ROW, ROW | {"id": "q"}).powers) == 2


def test_what_is_assumed_is_not_confirmed():
    row = ROW | {
        "assumed": True, "source": "invented for the demonstration", "confirmed_by": "A. B.",
        "confirmed_on": "2026-11-22", "read_on": "2026-11-22",
    }  # fmt: skip
    with pytest.raises(PackRefused, match=r"power\[0\]: What is assumed is not confirmed"):
        read(row)


@pytest.mark.parametrize(
    ("missing", "where", "says"),
    [
        ({"measures": ["tap"]}, "missing[0].measures", "'tap' is not a measure"),
        (
            {"measures": ["account_information"]},
            "missing[0].measures", "'p' is a power for 'account_information'",
        ),
        ({"source": "seed"}, "missing[0].source", "https://"),
        ({"why": ""}, "missing[0].why", "empty"),
        ({"to_check": ""}, "missing[0].to_check", "empty"),
    ],
)  # fmt: skip
def test_what_is_missing_says_why_and_where_it_was_looked_for(missing, where, says):
    with pytest.raises(PackRefused) as refusal:
        read(ROW, missing=[MISSING | missing])
    assert is_told(refusal.value, where=f"law/AL.toml: {where}", says=says)


def test_a_measure_is_missing_once():
    with pytest.raises(PackRefused) as refusal:
        read(ROW, missing=[MISSING, MISSING])
    assert is_told(refusal.value, where="law/AL.toml.missing", says="'mla' stands here twice")
    pack = read(ROW)
    assert pack.missing[0].why == "Nobody looked."
    assert (pack.missing[0].source, pack.missing[0].to_check) == (ADDRESS, "The act.")
    assert pack.missing_for("mla") is pack.missing[0]
    assert pack.missing_for("igrip") is None
    assert [power.power for power in pack.powers_for("account_information")] == ["p"]
    assert pack.powers_for("mla") == ()


def test_what_is_confirmed_is_put_before_somebody_before_that():
    late = {**ROW["emergency"], "submit_within": {"hours": 49, "source": ADDRESS}}
    with pytest.raises(PackRefused, match="before that time is over") as why:
        read({**ROW, "emergency": late})
    assert "emergency.submit_within" in str(why.value)
    none = {k: v for k, v in ROW["emergency"].items() if k != "submit_within"}
    assert read({**ROW, "emergency": none}).powers[0].emergency.submit_within is None
