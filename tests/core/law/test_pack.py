"""The law as it is shipped for Serbia, and packs that are refused with their place."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recoup import data
from recoup.core.law import PackRefused, clocks, escalated_to, read_pack
from support.refusals import is_told

AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


@pytest.fixture
def pack():
    return data.load_pack("RS")


@pytest.fixture
def document(pack):
    return copy.deepcopy(dict(pack.document))


def refusal_of(document):
    with pytest.raises(PackRefused) as refusal:
        read_pack(document, measures=data.load_measures(), where="law/RS.toml")
    return refusal.value


def test_serbia_has_a_rule_for_each_of_the_four_measures_that_a_hub_asks_by_itself(pack):
    assert [rule.measure for rule in pack.rules] == [
        "hold", "confirm_debit", "stop_before_execution", "recall",
    ]  # fmt: skip
    with pytest.raises(KeyError, match="no measure 'freeze'"):
        pack.rule_for("freeze")


def test_every_request_in_the_demonstration_is_voluntary_and_rests_on_no_law(pack):
    for rule in pack.rules:
        assert rule.legal_basis.assumed
        assert not rule.legal_basis.binding and not rule.legal_basis.confirmed
        assert "no law" in rule.legal_basis.text
    assert "invented" in pack.notice


def test_the_binding_next_steps_are_named_with_source_and_what_is_to_be_checked(pack):
    steps = {step.step: step for step in pack.next_steps}
    suspension, postponement = steps["suspension"], steps["postponement"]
    assert suspension.legal_basis.article == "146"
    assert suspension.requested_by == "prosecutor"
    assert (suspension.lasts, suspension.extension) == (timedelta(hours=72), timedelta(hours=48))
    assert postponement.lasts == timedelta(hours=72)
    assert suspension.is_secret and postponement.is_secret
    for step in pack.next_steps:
        assert step.legal_basis.binding and not step.legal_basis.assumed
        assert step.legal_basis.source.startswith("https://")
        assert not step.legal_basis.confirmed and step.legal_basis.to_check


def test_nobodys_unconfirmed_report_holds_money_for_more_than_an_hour(pack):
    rule = pack.rule_for("hold")
    assert rule.precautionary_lapses_after == timedelta(minutes=60)
    found = clocks(rule, sent_at=AT, is_precautionary=True)
    assert found.lapses_at == found.hold_until == AT + timedelta(minutes=60)
    assert found.acknowledge_by < found.answer_by < found.lapses_at


def test_an_adopted_hold_runs_to_the_limit_of_the_agreement(pack):
    found = clocks(pack.rule_for("hold"), sent_at=AT)
    assert found.hold_until == AT + timedelta(hours=24)
    assert found.sent_at == AT
    assert found.lapses_at == AT + timedelta(hours=24)
    assert found.acknowledge_by == AT + timedelta(minutes=5)
    assert found.answer_by == AT + timedelta(minutes=30)
    assert clocks(pack.rule_for("recall"), sent_at=AT).hold_until is None


def test_a_clock_that_the_law_does_not_set_does_not_run(pack):
    for_ever = replace(pack.rule_for("recall"), lapses_after=None)
    for is_precautionary in (False, True):
        found = clocks(for_ever, sent_at=AT, is_precautionary=is_precautionary)
        assert found.lapses_at is None and found.hold_until is None
    recall = clocks(pack.rule_for("recall"), sent_at=AT, is_precautionary=True)
    assert recall.lapses_at == AT + timedelta(days=10)
    open_end = replace(pack.rule_for("hold"), lapses_after=None, precautionary_lapses_after=None)
    found = clocks(open_end, sent_at=AT, is_precautionary=True)
    assert (found.lapses_at, found.hold_until) == (None, AT + timedelta(hours=24))
    longer = replace(pack.rule_for("hold"), lapses_after=timedelta(hours=2))
    assert clocks(longer, sent_at=AT).hold_until == AT + timedelta(hours=24)


def test_caps_that_are_the_same_are_in_order(document):
    document["caps"]["reports_kept_per_reporter_hour"] = 20
    found = read_pack(document, measures=data.load_measures(), where="x")
    assert found.caps.reports_kept_per_reporter_hour == 20


def test_the_ladder_goes_from_the_desk_to_the_issuing_authority(pack):
    def told(minutes):
        at = AT + timedelta(minutes=minutes)
        return [step.to for step in escalated_to(pack.escalation, overdue_since=AT, at=at)]

    assert told(-1) == []
    assert told(0) == ["desk"]
    assert told(10) == ["desk", "supervisor"]
    assert told(20) == ["desk", "supervisor", "issuing_authority"]


def test_a_pack_stored_as_canonical_json_reads_back_the_same(pack):
    stored = pack.canonical
    again = read_pack(json.loads(stored), measures=data.load_measures(), where="version 1")
    assert again == pack
    assert again.sha256 == pack.sha256
    assert len(pack.sha256) == 64
    assert stored == pack.canonical and b"\n" not in stored


def test_any_change_of_the_text_changes_the_digest(pack, document):
    document["basis"][0]["text"] += " "
    other = read_pack(document, measures=data.load_measures(), where="x")
    assert other.sha256 != pack.sha256


CHANGES = [
    (lambda d: d["measure"][0].update(measure="freeze"), "measure[0].measure", "'freeze'"),
    (lambda d: d["measure"].append(d["measure"][0]), "law/RS.toml.measure", "twice"),
    (lambda d: d["measure"][0].update(basis="x"), "measure[0].basis", "no [[basis]]"),
    (lambda d: d["measure"][0].pop("hold_limit"), "measure[0]", "hold_limit"),
    (lambda d: d["measure"][0].update(answer_within={"minutes": 1}), "answer_within", "after"),
    (lambda d: d["measure"][0].update(answer_within="PT1H"), "answer_within", "not a dict"),
    (lambda d: d["measure"][0].update(answer_within={"weeks": 1}), "answer_within", "hours"),
    (lambda d: d["measure"][0].update(answer_within={"hours": -1}), "answer_within", "whole"),
    (lambda d: d["measure"][0].update(answer_within={"hours": True}), "answer_within", "whole"),
    (lambda d: d["measure"][0].update(within=1), "measure[0].within", "not known here"),
    (lambda d: d["basis"][1].pop("source"), "basis[1].source", "missing"),
    (lambda d: d["basis"][1].update(source=""), "basis[1].source", "empty"),
    (lambda d: d["basis"][1].update(source="seed"), "basis[1].source", "https://"),
    (lambda d: d["basis"][0].update(source="https://x"), "basis[0].source", "invented"),
    (lambda d: d["basis"][0].update(binding=True), "basis[0]", "neither binding"),
    (lambda d: d["basis"][0].update(confirmed=True), "basis[0]", "nor confirmed"),
    (lambda d: d["basis"][1].update(confirmed=True), "basis[1].read_on", "which day"),
    (lambda d: d["basis"][1].pop("to_check"), "basis[1].to_check", "has to be read"),
    (lambda d: d["basis"][1].update(binding="yes"), "basis[1].binding", "not a bool"),
    (lambda d: d["basis"][1].update(read_on="2026-02-30"), "basis[1].read_on", "not a day"),
    (lambda d: d["basis"].append(d["basis"][1]), "law/RS.toml.basis", "twice"),
    (lambda d: d.update(basis=[]), "basis", "at least one"),
    (lambda d: d.update(basis=[5]), "basis[0]", "table"),
    (lambda d: d.update(holding=5), "holding", "not a dict"),
    (lambda d: d["holding"].update(rule="guess"), "holding.rule", "'guess'"),
    (lambda d: d["holding"].update(shortfall="x"), "holding.shortfall", "'x'"),
    (lambda d: d["holding"].update(why="x"), "holding.why", "not known"),
    (
        lambda d: d["caps"].update(precautionary_per_hour=0),
        "caps.precautionary_per_hour",
        "above zero",
    ),
    (
        lambda d: d["caps"].update(reports_kept_per_reporter_hour=19),
        "caps.reports_kept_per_reporter_hour",
        "wider of the two",
    ),
    (
        lambda d: d["caps"].update(precautionary_per_hour=True),
        "caps.precautionary_per_hour",
        "not a int",
    ),
    (lambda d: d["escalation"].reverse(), "law/RS.toml.escalation", "later step"),
    (
        lambda d: d["escalation"][1].update(after={"minutes": 0}),
        "law/RS.toml.escalation",
        "later step",
    ),
    (
        lambda d: d["escalation"].pop(1),
        "toml.escalation",
        "left out; the ladder is desk, supervisor, i",
    ),
    (lambda d: d["escalation"].pop(0), "law/RS.toml.escalation", "A step is left out"),
    (
        lambda d: d["escalation"][0].update(after={"minutes": 5}),
        "law/RS.toml.escalation",
        "hears at once",
    ),
    (
        lambda d: d["escalation"][2].update(to="king"),
        "law/RS.toml.escalation",
        "'king' is none of desk, supervisor, issuing_authority",
    ),
    (lambda d: d.update(escalation=[]), "law/RS.toml.escalation", "at least one"),
    (lambda d: d.update(note="* x"), "law/RS.toml.name", "ends with an asterisk"),
    (lambda d: d.update(name="Serbia*"), "law/RS.toml.note", "what it means"),
    (lambda d: d.update(country="XK"), "law/RS.toml.note", "what it means"),
    (lambda d: d["next_step"].append(d["next_step"][0]), "next_step", "twice"),
    (lambda d: d["scheme"].append(d["scheme"][0]), "scheme", "twice"),
    (lambda d: d["scheme"][0].update(recall="maybe"), "scheme[0].recall", "'maybe'"),
    (lambda d: d["scheme"][0].update(within={"days": 1}), "scheme[0].within", "has a time"),
    (lambda d: d["scheme"][2].pop("within"), "scheme[2].within", "needs one"),
    (lambda d: d["scheme"][2].update(confirmed=True), "scheme[2]", "assumed is not confirmed"),
    (lambda d: d["scheme"][3].pop("to_check"), "scheme[3].to_check", "has to be read"),
    (lambda d: d["scheme"][3].update(confirmed=True), "scheme[3].read_on", "which day"),
    (lambda d: d["scheme"][3].update(source="seed"), "scheme[3].source", "https://"),
    (lambda d: d.update(version=0), "version", "above zero"),
    (lambda d: d.update(languages=[]), "languages", "list of words"),
    (lambda d: d.pop("notice"), "notice", "missing"),
    (lambda d: d.update(extra=1), "extra", "not known here"),
]


@pytest.mark.parametrize(("change", "where", "says"), CHANGES)
def test_a_pack_with_something_unknown_or_missing_is_refused_with_the_place(
    document, change, where, says
):
    change(document)
    refusal = refusal_of(document)
    assert refusal.where.startswith("law/RS.toml")
    assert is_told(refusal, where=where, says=says)


def test_a_confirmed_basis_says_when_it_was_read(document):
    document["basis"][1].update(confirmed=True, read_on="2026-11-20")
    found = read_pack(document, measures=data.load_measures(), where="x")
    assert found.next_steps[0].legal_basis.read_on.isoformat() == "2026-11-20"
