"""The words, the measures and the treaties: what is read, and what is refused with its place."""

from __future__ import annotations

import copy
from datetime import date

import pytest

from recoup import data
from recoup.core.answer import CODES, WORDS
from recoup.core.law import (
    Field,
    FieldType,
    Limit,
    Measure,
    PackRefused,
    Proposal,
    Unit,
    Word,
    read_measures,
    read_treaty,
    read_words,
    refuse_unknown_articles,
)
from support.refusals import is_told

ADDRESS = "https://example.org"
OF_THE_HUB = ("hold", "confirm_debit", "stop_before_execution", "recall")
OF_THE_CATALOGUE = (
    "preservation_domestic", "preservation_foreign", "partial_disclosure", "subscriber_domestic",
    "subscriber_direct_foreign", "government_to_government_order", "subscriber_mla",
    "traffic_production", "content_production", "realtime_traffic", "domain_registration",
    "emergency_disclosure", "account_information", "transaction_records", "account_monitoring",
    "postponement_fiu", "suspension_court", "private_hold", "freezing", "confiscation", "mla",
    "spontaneous", "fiu_request", "igrip", "sepa_recall", "wire_recall", "card_chargeback",
    "vasp_freeze", "takedown", "trend_notice", "feedback",
)  # fmt: skip


@pytest.fixture(scope="module")
def measures():
    return data.load_measures()


def test_all_measures_are_there_those_of_the_hub_among_them(measures):
    assert tuple(measures) == OF_THE_HUB + OF_THE_CATALOGUE
    assert len(OF_THE_CATALOGUE) == 31 and len(measures) == 35


def test_each_measure_says_what_is_asked_of_whom_and_what_may_be_answered(measures):
    for measure in measures.values():
        assert measure.asks and measure.addressees and measure.who_requests, measure.measure
        assert measure.data and measure.fields and measure.answer_codes, measure.measure
        assert not measure.confirmed and measure.to_check, measure.measure
    assert [m for m in measures if not measures[m].refusal_grounds] == [
        "spontaneous", "trend_notice",
    ]  # fmt: skip


def test_the_hubs_own_measures_are_answered_with_the_codes_they_always_had(measures):
    for measure in OF_THE_HUB:
        assert set(measures[measure].answer_codes) == CODES[measure]
        assert measures[measure].is_for_money
    assert {code: measures.words.codes[code].name for code in WORDS} == WORDS


def test_whoever_refuses_has_a_code_for_it_and_grounds(measures):
    for measure in measures.values():
        if "refused" in measure.answer_codes and measure.about != "notice":
            assert measure.refusal_grounds, measure.measure


def test_what_is_asked_about_data_and_money_at_home_and_abroad(measures):
    assert not measures["subscriber_domestic"].is_for_money
    assert measures["preservation_domestic"].discloses == "no"
    assert measures["transaction_records"].discloses == "yes"
    assert {m for m in measures if measures[m].is_abroad} == {
        "preservation_foreign", "subscriber_direct_foreign", "government_to_government_order",
        "subscriber_mla", "mla", "spontaneous", "fiu_request", "igrip",
    }  # fmt: skip
    assert "loss of money alone" in measures["emergency_disclosure"].condition
    assert measures["subscriber_direct_foreign"].fallback == "government_to_government_order"


def test_a_time_to_plan_with_says_where_it_comes_from(measures):
    direct = measures["subscriber_direct_foreign"].proposals
    assert direct == (Proposal("answer", Limit(30, Unit.DAYS), "treaty"),)
    sepa = {proposal.what: proposal.limit for proposal in measures["sepa_recall"].proposals}
    assert sepa["answer"] == Limit(15, Unit.WORKING_DAYS)
    assert sepa["send, fraud"] == Limit(13, Unit.MONTHS)


def test_no_word_stands_there_that_nothing_uses(measures):
    words, used = measures.words, measures.values()
    packs = [data.load_pack(country) for country in data.pack_countries()]
    powers = [power for pack in packs for power in pack.powers]
    assert set(words.fields) == {word for m in used for word in m.fields}
    assert set(words.grounds) == {word for m in used for word in m.refusal_grounds}
    assert set(words.codes) == {word for m in used for word in m.answer_codes}
    assert set(words.answers) == {word for m in used for word in m.answer_fields}
    assert set(words.categories) == {word for m in used for word in m.data}
    assert set(words.roles) == {role for power in powers for role in power.authorised_by}
    assert set(words.dangers) == {
        danger for power in powers if power.emergency for danger in power.emergency.dangers
    }
    kinds = {word for m in used for word in (*m.addressees, *m.who_requests)}
    assert set(words.kinds) == kinds


def test_a_field_has_a_type_and_words_for_people(measures):
    fields = measures.words.fields
    assert fields["status"].values == (
        "new",
        "extension",
        "follow_up_mla",
        "follow_up_preservation",
    )
    assert fields["period"].type is FieldType.INTERVAL
    assert all(field.name and field.text for field in fields.values())
    assert {field.type for field in fields.values()} == set(FieldType)


BASIS = {
    "id": "b", "instrument": "i", "article": "1", "text": "t", "binding": True,
    "confirmed": False, "assumed": False, "source": ADDRESS, "to_check": "c",
}  # fmt: skip
MEASURE = {
    "id": "hold", "name": "n", "asks": "a", "addressees": ["bank"], "answer_codes": ["held"],
    "source": ADDRESS,
}  # fmt: skip


def test_measures_have_a_source_and_stand_once():
    words = data.load_words()
    found = read_measures({"measure": [MEASURE]}, words=words, where="m")
    assert found["hold"].name == "n" and len(found) == 1 and found.words is words
    assert found["hold"].about == "money" and found["hold"].discloses == "no"
    rows = [MEASURE, MEASURE]
    for refused in (rows, [MEASURE | {"source": "x"}], [MEASURE | {"addressees": [5]}], []):
        with pytest.raises(PackRefused):
            read_measures({"measure": refused}, words=words, where="m")


PROPOSAL = {"what": "answer", "limit": {"days": 3}, "kind": "proposal"}


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"addressees": ["king"]}, "measure[0].addressees", "'king' is not a kind of organ"),
        ({"who_requests": ["king"]}, "measure[0].who_requests", "'king' is not a kind of organ"),
        ({"answer_codes": ["maybe"]}, "measure[0].answer_codes", "'maybe' is not a code"),
        ({"data": ["thoughts"]}, "measure[0].data", "'thoughts' is not a category"),
        ({"fields": ["colour"]}, "measure[0].fields", "'colour' is not a field"),
        ({"fields": ["date", "date"]}, "measure[0].fields", "twice"),
        ({"refusal_grounds": ["mood"]}, "measure[0].refusal_grounds", "not a ground of refusal"),
        ({"answer_fields": ["mood"]}, "measure[0].answer_fields", "not a part of an answer"),
        ({"about": "love"}, "measure[0].about", "'love' is none of money, data, notice"),
        ({"discloses": "all"}, "measure[0].discloses", "'all' is none of yes, part, no"),
        ({"fallback": "mla"}, "measure[0].fallback", "'mla' is not a measure of this file"),
        ({"proposal": [PROPOSAL | {"kind": "law"}]}, "proposal[0].kind", "none of proposal"),
        ({"proposal": [PROPOSAL | {"limit": {}}]}, "proposal[0].limit", "one unit"),
        ({"colour": "red"}, "measure[0].colour", "not known here"),
    ],
)
def test_a_measure_with_an_unknown_word_is_refused_with_the_place(change, where, says):
    with pytest.raises(PackRefused) as refusal:
        read_measures({"measure": [MEASURE | change]}, words=data.load_words(), where="m")
    assert refusal.value.where.startswith("m.measure[0]") or refusal.value.where.startswith("m: ")
    assert is_told(refusal.value, where=where, says=says)


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        (lambda d: d["fields"][0].update(type="colour"), "fields[0].type", "none of account"),
        (lambda d: d["fields"][0].update(values=["a"]), "fields[0].values", "An enum names"),
        (lambda d: d["fields"][2].pop("values"), "fields[2].values", "An enum names"),
        (lambda d: d["fields"].append(d["fields"][0]), "w.fields", "'date' stands here twice"),
        (lambda d: d["kinds"].append(d["kinds"][0]), "w.kinds", "'bank' stands here twice"),
        (lambda d: d["roles"][0].update(name=""), "roles[0].name", "empty"),
        (lambda d: d.pop("dangers"), "w.dangers", "missing"),
        (lambda d: d.update(extra=1), "w.extra", "not known here"),
    ],
)
def test_words_that_are_unknown_or_stand_twice_are_refused(change, where, says):
    document = copy.deepcopy(data.read_toml("law/words.toml"))
    change(document)
    with pytest.raises(PackRefused) as refusal:
        read_words(document, where="w")
    assert is_told(refusal.value, where=where, says=says)


def test_a_treaty_says_who_did_what_and_whether_it_is_in_force():
    new, old = data.load_treaty("CETS224"), data.load_treaty("ETS185")
    assert new.in_force is None and not new.parties and "Not in force" in new.notice
    acts = {act.country: act for act in new.acts}
    assert acts["RS"].ratified and not acts["RS"].in_force and acts["AL"].ratified is None
    assert old.is_party("TR", on=old.parties["TR"]) and old.is_party("XK", on=old.in_force) is None
    articles = {article.article: article for article in old.articles}
    assert articles["29"].limits[0][1] == Limit(60, Unit.DAYS)
    assert "political_offence" in articles["29"].refusal_grounds
    assert not any(article.confirmed for article in old.articles)


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        (lambda d: d.pop("in_force"), "t.in_force", "in force somewhere is in force itself"),
        (lambda d: d["article"].append(d["article"][0]), "t.article", "'14' stands here twice"),
        (lambda d: d["party"].append(d["party"][0]), "t.party", "'AL' stands here twice"),
        (lambda d: d.update(basis=[BASIS, BASIS]), "t.basis", "'b' stands here twice"),
        (lambda d: d["article"][0].pop("to_check"), "article[0].to_check", "has to be read"),
        (lambda d: d["article"][0].update(confirmed=True), "article[0].read_on", "which day"),
        (lambda d: d["article"][0].update(source="seed"), "article[0].source", "https://"),
        (
            lambda d: d["article"][2]["limit"][0].update(limit={"days": 1}),
            "article[2].limit[0].limit",
            "names its source",
        ),
        (
            lambda d: d["party"][0].update(ratified="2001-01-01"),
            "t.party[0]",
            "signed, then ratified",
        ),
        (lambda d: d.update(why="x"), "t.why", "not known here"),
    ],
)
def test_a_treaty_that_contradicts_itself_is_refused(change, where, says):
    document = copy.deepcopy(data.read_toml("law/ETS185.toml"))
    change(document)
    with pytest.raises(PackRefused) as refusal:
        read_treaty(document, where="t")
    assert is_told(refusal.value, where=where, says=says)


def test_a_treaty_is_read_as_it_is_written():
    document = copy.deepcopy(data.read_toml("law/ETS185.toml"))
    document["article"][0] |= {"confirmed": True, "read_on": "2026-11-20"}
    document["basis"] = [BASIS]
    treaty = read_treaty(document, where="t")
    assert treaty.treaty == "ETS 185" and "Cybercrime" in treaty.name
    assert treaty.chart.startswith("https://") and treaty.source.startswith("https://")
    assert [basis.basis for basis in treaty.bases] == ["b"]
    assert [article.article for article in treaty.articles][:3] == ["14", "15", "16"]
    first = treaty.articles[0]
    assert first.confirmed and first.read_on == date(2026, 11, 20)
    assert treaty.articles[1].read_on is None and treaty.articles[1].limits == ()
    assert treaty.articles[2].limits[0][0].startswith("keep the data")
    acts = {act.country: act for act in treaty.acts}
    assert acts["AL"].note == "" and acts["TR"].note.startswith("Reservations")
    assert (acts["AL"].signed, acts["AL"].in_force) == (date(2001, 11, 23), date(2004, 7, 1))
    assert treaty.in_force == date(2004, 7, 1) and treaty.notice.startswith("The convention")
    del document["notice"]
    assert read_treaty(document, where="t").notice == ""


def test_a_measure_is_read_as_it_is_written():
    row = MEASURE | {
        "about": "data", "abroad": True, "discloses": "part", "who_requests": ["police"],
        "data": ["traffic"], "fields": ["date"], "refusal_grounds": ["privilege"],
        "answer_fields": ["name"], "conventions": ["ETS185:29"], "condition": "c",
        "fallback": "hold", "confirmed": True, "to_check": "t", "proposal": [PROPOSAL],
    }  # fmt: skip
    found = read_measures({"measure": [row]}, words=data.load_words(), where="m")["hold"]
    assert found == Measure(
        measure="hold", name="n", asks="a", addressees=("bank",), answer_codes=("held",),
        source=ADDRESS, about="data", is_abroad=True, discloses="part", who_requests=("police",),
        data=("traffic",), fields=("date",), refusal_grounds=("privilege",),
        answer_fields=("name",), conventions=("ETS185:29",),
        proposals=(Proposal("answer", Limit(3, Unit.DAYS), "proposal"),), condition="c",
        fallback="hold", confirmed=True, to_check="t",
    )  # fmt: skip
    assert found.proposals[0].limit.source == "proposal" and not found.is_for_money
    plain = read_measures({"measure": [MEASURE]}, words=data.load_words(), where="m")["hold"]
    assert plain == Measure("hold", "n", "a", ("bank",), ("held",), ADDRESS)
    assert plain.is_for_money and plain.is_abroad is plain.confirmed is False


def test_the_words_are_read_as_they_are_written():
    document = {
        name: [{"id": name, "name": "n", "text": "t"}, {"id": "plain", "name": "p"}]
        for name in ("kinds", "roles", "categories", "dangers", "grounds", "codes", "answers")
    }
    field = {"id": "f", "type": "enum", "name": "n", "text": "t", "values": ["a", "b"]}
    words = read_words(document | {"fields": [field]}, where="w")
    assert words.kinds == {"kinds": Word("kinds", "n", "t"), "plain": Word("plain", "p", "")}
    assert set(words.answers) == {"answers", "plain"}
    assert words.fields == {"f": Field("f", FieldType.ENUM, "n", "t", ("a", "b"))}
    with pytest.raises(PackRefused, match="none of account, bool, date"):
        read_words(document | {"fields": [field | {"type": "x"}]}, where="w")


def test_a_measure_names_articles_that_there_are(measures):
    treaties = {name: data.load_treaty(name) for name in data.treaty_names()}
    assert set(treaties) == {"CETS198", "CETS224", "ETS185"}
    refuse_unknown_articles(measures, treaties, where="m")
    row = MEASURE | {"conventions": ["ETS185:99"]}
    for named in ("ETS185:99", "ETS1:29", "ETS185", "nonsense"):
        row = MEASURE | {"conventions": [named]}
        found = read_measures({"measure": [row]}, words=measures.words, where="m")
        with pytest.raises(PackRefused, match=f"m: hold.conventions: '{named}' is no article"):
            refuse_unknown_articles(found, treaties, where="m")
