"""Every case worked out by hand, and ten thousand ledgers against the naive second opinion."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from recoup.core.tracing import RULES, LedgerRefused, trace
from recoup.core.tracing.cases import as_expect, read, traced, write
from recoup.core.tracing.facts import CaseRefused

from . import naive
from .random_ledgers import RANDOM_LEDGERS, random_ledger

FILE = Path(__file__).parents[4] / "shared" / "tracing" / "cases.json"
NAIVE = {rule: getattr(naive, rule) for rule in RULES}


def cases_of_these_rules():
    if not FILE.exists():
        assert os.environ.get("RECOUP_REQUIRE_ALL") != "1", f"{FILE} is required here."
        reason = "the shared cases are not beside this checkout"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return read(FILE.read_bytes())


@pytest.mark.parametrize("case", cases_of_these_rules(), ids=lambda case: case and case.id)
def test_the_answer_is_the_one_worked_out_by_hand(case):
    result = trace(case.ledger, rule=case.rule, shortfall=case.shortfall, as_of=case.as_of)
    assert as_expect(result) == case.expect
    opinion = NAIVE[case.rule](case.ledger, case.shortfall, case.as_of)
    assert opinion == case.expect


@pytest.mark.parametrize("rule", RULES)
def test_ten_thousand_random_ledgers_agree_with_the_naive_second_opinion(rule):
    choose = Random(20261121)
    refused = 0
    for _ in range(RANDOM_LEDGERS):
        ledger = random_ledger(choose)
        how = {
            "shortfall": choose.choice(["unseen", "unseen", "overdraft"]),
            "as_of": choose.choice([None, None, choose.randint(0, 5)]),
        }
        try:
            expected = NAIVE[rule](ledger, **how)
        except naive.PayerHoldsTraced:
            refused += 1
            with pytest.raises(LedgerRefused):
                trace(ledger, rule=rule, **how)
        else:
            assert as_expect(trace(ledger, rule=rule, **how)) == expected, (how, ledger)
    assert RANDOM_LEDGERS / 200 < refused < RANDOM_LEDGERS / 4


def test_many_of_these_ledgers_have_a_batch_whose_order_counts():
    choose = Random(20261121)
    drawn = [random_ledger(choose) for _ in range(1_000)]
    apart = [x for x in drawn if naive.highest_first(x, None) != naive.ordered(x, None)]
    assert len(apart) > 50


def a_file(**changes):
    case = {
        "id": "one",
        "rule": "fifo",
        "accounts": {"V": {"external": True}, "A": {"opening": 3}},
        "transfers": [{"id": "s", "t": 1, "from": "V", "to": "A", "amount": 5, "credit": 4}],
        "seeds": [{"transfer": "s", "amount": 2}],
        "as_of": 7,
        "expect": {"held": {"A": {"s": 1}}},
    }
    return json.dumps({"format": "tracing-cases/1", "cases": [case | changes]}).encode()


def test_cases_that_are_written_read_back_the_same():
    cases = read(a_file())
    assert read(write(cases)) == cases


def test_a_case_without_an_answer_is_traced_all_the_same():
    whole = json.loads(a_file())
    del whole["cases"][0]["expect"]
    (case,) = read(json.dumps(whole).encode())
    assert as_expect(traced(case))["held"] == {"A": {"s": 1}}


def transfer(**changes):
    return {"id": "s", "t": 1, "from": "V", "to": "A", "amount": 5} | changes


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"rule": "guess"}, "rule"),
        ({"rule": None}, "rule"),
        ({"asof": 3}, "asof"),
        ({"as_of": 1.5}, "as_of"),
        ({"policy": {"shortfall": "ignore"}}, "policy.shortfall"),
        ({"policy": {"short": "unseen"}}, "policy.short"),
        ({"accounts": {"A": {"opening": -1}}}, "accounts.A.opening"),
        ({"accounts": {"A": {"opened": 1}}}, "accounts.A.opened"),
        ({"accounts": {"A": {"external": 1}}}, "accounts.A.external"),
        ({"accounts": {"A": 3}}, "accounts.A"),
        ({"transfers": {}}, "transfers"),
        ({"transfers": [3]}, "transfers[0]"),
        ({"transfers": [transfer(amount=None)]}, "transfers[0].amount"),
        ({"transfers": [transfer(), transfer(id="x", amount=-1)]}, "transfers[1].amount"),
        ({"transfers": [transfer(amount=1.0)]}, "transfers[0].amount"),
        ({"transfers": [transfer(amount=True)]}, "transfers[0].amount"),
        ({"transfers": [transfer(amount="5")]}, "transfers[0].amount"),
        ({"transfers": [transfer(credit=-1)]}, "transfers[0].credit"),
        ({"transfers": [transfer(t="2026")]}, "transfers[0].t"),
        ({"transfers": [transfer(seq=0.5)]}, "transfers[0].seq"),
        ({"transfers": [transfer(id=7)]}, "transfers[0].id"),
        ({"transfers": [transfer(sum=1)]}, "transfers[0].sum"),
        ({"transfers": [transfer(batch=[])]}, "transfers[0].batch"),
        ({"transfers": [transfer(), transfer()]}, "transfers"),
        ({"seeds": [{"transfer": "t"}]}, "seeds"),
        ({"seeds": [{"transfer": "s", "amount": 6}]}, "seeds"),
        ({"seeds": [{"transfer": "s", "amount": -1}]}, "seeds[0].amount"),
        ({"seeds": [{"transfer": "s"}, {"transfer": "s"}]}, "seeds"),
        ({"seeds": [{}]}, "seeds[0].transfer"),
        ({"seeds": None}, "seeds"),
    ],
)
def test_a_case_that_breaks_the_format_is_refused_with_case_and_key(changes, key):
    with pytest.raises(CaseRefused) as refusal:
        for case in read(a_file(**changes)):
            traced(case)
    assert (refusal.value.case, refusal.value.key) == ("one", key)
    assert str(refusal.value).startswith(f"case one, key {key}: ")


def test_a_key_that_stands_twice_is_refused():
    twice = a_file().replace(b'"amount": 5', b'"amount": 5, "amount": 6')
    with pytest.raises(CaseRefused, match=r"case one, key transfers\[0\]\.amount: .* twice"):
        read(twice)


@pytest.mark.parametrize("name", [None, 7])
def test_a_case_without_a_good_id_is_named_by_its_number(name):
    with pytest.raises(CaseRefused, match="case number 1, key id: "):
        read(a_file(id=name))


def test_two_cases_of_one_id_are_refused():
    whole = json.loads(a_file())
    whole["cases"] *= 2
    with pytest.raises(CaseRefused, match="case one, key id: 2 cases"):
        read(json.dumps(whole).encode())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"format": "tracing-cases/1"}',
        b'{"format": "tracing-cases/1", "cases": {}}',
        b'{"format": "tracing-cases/1", "cases": [3]}',
        b'{"format": "tracing-cases/2", "cases": []}',
        b'{"format": "tracing-cases/1", "cases": [' + b"9" * 5_000 + b"]}",
    ],
)
def test_a_file_that_is_no_file_of_cases_is_refused(document):
    with pytest.raises(CaseRefused):
        read(document)
