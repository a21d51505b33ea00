"""A result carries its working: each figure with its rule, its steps and their sources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

import recoup
from recoup.core.tracing import RULES, Account, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.canonical import canonical, digest
from recoup.core.tracing.side_by_side import side_by_side
from recoup.core.tracing.working import Asset, Source, Times, ledger_facts, work_out
from recoup.core.tracing.working_facts import facts

from .random_ledgers import ledgers

ROOT = Path(__file__).resolve().parents[3]
LEDGER = Ledger(
    {"V": Account(external=True), "A": Account(opening=70)},
    (
        Transfer("s1", 1, "V", "A", 40),
        Transfer("t2", 2, "A", "B", 90),
        Transfer("t3", 3, "A", "C", 30),
    ),
    (Seed("s1"),),
)
SOURCES = {
    "s1": Source("report", "R-0001"),
    "t2": Source("ticket", "T-7", "line 3"),
    "not there": Source("file", "x.csv"),
}
NAMES = {"A": "Account at Plum", "Z": "nobody"}


def worked(ledger=LEDGER, **options):
    return work_out(ledger, **{"rule": "fifo", "sources": SOURCES, "names": NAMES} | options)


def test_each_step_says_what_it_carried_and_what_the_payer_had():
    steps = worked().steps
    assert [(x.number, x.transfer.id, dict(x.carried)) for x in steps] == [
        (1, "s1", {"s1": 40}),
        (2, "t2", {"s1": 20}),
        (3, "t3", {"s1": 20}),
    ]
    assert [(x.balance, x.traced, x.unseen) for x in steps] == [
        (None, None, 0),
        (110, 40, 0),
        (20, 20, 10),
    ]
    assert steps[1].source == Source("ticket", "T-7", "line 3")
    assert steps[2].source is None


def test_what_repaid_an_overdraft_stands_at_its_step():
    ledger = replace(LEDGER, transfers=(Transfer("t0", 0, "A", "E", 85), *LEDGER.transfers[:1]))
    found = worked(ledger, shortfall="overdraft")
    assert found.steps[0].dissipated == {"s1": 15}
    assert facts(found)["dissipated"] == [
        {"account": "A", "of": [{"payment": "s1", "units": "15"}]}
    ]


@settings(max_examples=60, deadline=None)
@given(
    ledgers(), st.sampled_from(list(RULES)), st.sampled_from(["unseen", "overdraft"]),
    st.none() | st.integers(0, 5),
)  # fmt: skip
def test_a_working_gives_the_answer_of_the_trace(ledger, rule, shortfall, as_of):
    found = work_out(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    assert found.result == trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    assert {x.transfer.id: x.carried for x in found.steps} == found.result.transfers
    assert sum(sum(x.dissipated.values()) for x in found.steps) == sum(
        sum(labels.values()) for labels in found.result.dissipated.values()
    )
    assert found.adds_up
    for step in found.steps:
        if step.traced is not None and step.transfer.id not in step.carried:
            assert found.sum(step.carried) <= step.traced + (step.unseen if rule == "poison" else 0)


@settings(max_examples=40, deadline=None)
@given(ledgers(), st.sampled_from(list(RULES)), st.randoms(use_true_random=False))
def test_the_same_inputs_give_the_same_bytes_in_any_order(ledger, rule, choose):
    def shuffled(values):
        values = list(values)
        choose.shuffle(values)
        return values

    again = Ledger(
        dict(shuffled(ledger.accounts.items())),
        tuple(shuffled(ledger.transfers)),
        tuple(shuffled(ledger.seeds)),
    )
    sources = {x.id: Source("file", "a.csv", f"row {x.id}") for x in ledger.transfers}
    one = work_out(ledger, rule=rule, sources=sources, names={"A": "a", "B": "b"})
    other = work_out(
        again, rule=rule, sources=dict(shuffled(sources.items())), names={"B": "b", "A": "a"}
    )
    assert one.as_bytes() == other.as_bytes()
    assert rfc8785.dumps(json.loads(one.as_bytes())) == one.as_bytes()


WRITE = """
import sys
sys.path.insert(0, {tests!r})
from core.tracing.test_working import worked
sys.stdout.buffer.write(b"|".join(worked(rule=r).as_bytes() for r in ("poison", "prorata_exact")))
"""


def test_another_process_with_another_hash_seed_writes_the_same_bytes():
    code = WRITE.format(tests=str(ROOT / "tests"))
    here = b"|".join(worked(rule=rule).as_bytes() for rule in ("poison", "prorata_exact"))
    for seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, timeout=60,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")},
        )  # fmt: skip
        assert there.stdout == here


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "lifo"},
        {"shortfall": "overdraft"},
        {"as_of": 3},
        {"names": {}},
        {"sources": {}},
        {"terminals": ["B"]},
        {"asset": Asset("EUR", 2)},
        {"times": Times(0)},
        {"ledger": replace(LEDGER, seeds=(Seed("s1", 39),))},
    ],
)
def test_another_input_has_another_digest(change):
    assert worked(**change).inputs_sha256 != worked().inputs_sha256
    assert (worked(**change).ledger_sha256 == worked().ledger_sha256) == ("ledger" not in change)


def test_what_the_ledger_does_not_have_changes_nothing():
    extra = {**SOURCES, "no such transfer": Source("file", "y")}
    other = worked(sources=extra, names={**NAMES, "Q": "q"}, terminals=["Q"])
    assert other.as_bytes() == worked().as_bytes()


def test_the_digest_is_of_the_canonical_json_of_the_ledger():
    import hashlib

    written = rfc8785.dumps({key: list(rows) for key, rows in ledger_facts(LEDGER).items()})
    assert digest(ledger_facts(LEDGER)) == hashlib.sha256(written).hexdigest()


def test_hard_text_is_written_as_the_standard_says():
    value = {"a": '\u0000\u001f"\\/\u007f\u2028€😀\b\t\n\f\r', "b": [True, None, 3, "Ђ"]}
    assert canonical(value) == rfc8785.dumps(value)


def test_half_a_character_is_refused_with_where_it_stands():
    with pytest.raises(LedgerRefused, match=r"half of a character.*Plum\\ud800"):
        worked(names={"A": "Plum\ud800"}).as_bytes()


def test_the_rule_stands_in_the_working_with_its_source_and_policies():
    said = facts(worked(as_of=2))["rule"]
    assert (said["source"], said["shortfall"]) == (RULES["fifo"].source, "unseen")
    assert said["as_of"] == {"t": "2", "utc": "1970-01-01T00:00:02Z"}
    assert said["ordering"] == "time, sequence, id"


def test_sums_beyond_64_bits_and_fractions_are_exact():
    wei = 10**40 + 1
    ledger = Ledger(
        {"V": Account(external=True), "A": Account(opening=3)},
        (Transfer("s1", 10**30, "V", "A", wei), Transfer("t2", 10**30 + 1, "A", "B", 5)),
        (Seed("s1"),),
    )
    found = facts(work_out(ledger, rule="prorata_exact", times=Times(0)))
    assert found["payments"][0]["victims_units"] == str(wei)
    assert found["steps"][1]["carried"][0]["units"] == str(Fraction(wei * 5, wei + 3))
    assert found["steps"][1]["time"] == {"t": str(10**30 + 1), "utc": None}


def test_marks_are_not_said_to_add_up():
    said = facts(worked(rule="poison"))
    assert said["conservation"]["adds_up"] is None
    assert said["conservation"]["unaccounted"] is None
    assert not said["rule"]["adds_up_to_the_loss"]


def test_side_by_side_gives_each_account_its_range_over_the_rules_that_add_up():
    both = side_by_side(LEDGER, rules=("fifo", "lifo", "poison"))
    ranges = {one.account: (dict(one.units), one.lowest, one.highest) for one in both.ranges()}
    assert ranges == {
        "B": ({"fifo": 20, "lifo": 40, "poison": 90}, 20, 40),
        "C": ({"fifo": 20, "lifo": 0, "poison": 30}, 0, 20),
    }
    said = json.loads(both.as_bytes())
    assert [one["key"] for one in said["rules"]] == ["fifo", "lifo", "poison"]
    assert len({one["inputs_sha256"] for one in said["rules"]}) == 3
    assert rfc8785.dumps(said) == both.as_bytes()


def test_an_amount_is_written_with_the_decimals_of_its_asset():
    assert Asset("EUR", 2).written(123_450) == "1,234.50"
    assert Asset("EUR", 2).written(-5) == "-0.05"
    assert Asset("JPY").written(1_234) == "1,234"
    assert Asset("ETH", 18).exact(10**18 + 1) == "1.000000000000000001"


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == recoup.__version__
