"""Every case worked out by hand, and ten thousand ledgers against the naive second opinion."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from recoup.core.tracing import RULES, LedgerRefused, trace
from recoup.core.tracing.cases import as_expect, read, write

from . import naive
from .random_ledgers import random_ledger

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
    for _ in range(10_000):
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
    assert 50 < refused < 2_500


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


@pytest.mark.parametrize(
    "document",
    [
        b"{",
        b"[]",
        b'{"format": "tracing-cases/2", "cases": []}',
        a_file(transfers=[{"id": "s", "t": 1, "from": "V", "to": "A"}]),
        a_file(transfers=[{"id": "s", "t": 1, "from": "V", "to": "A", "amount": 1, "sum": 1}]),
    ],
)
def test_a_file_of_cases_that_is_not_in_the_format_is_refused(document):
    with pytest.raises(LedgerRefused):
        read(document)
