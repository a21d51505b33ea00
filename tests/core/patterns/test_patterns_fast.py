"""The patterns over arrays: the same findings as the plain form gives, on whatever ledger."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.core.patterns import KINDS, Amounts, find
from recoup.core.patterns import fast as patterns_fast
from recoup.core.patterns.fast import find_in, is_installed, of_arrays, of_transfers
from recoup.core.tracing import LedgerRefused, Transfer

from .clean_ledgers import clean_ledger
from .test_patterns import DAY, EUR, SHIPPED, SMALL, WORST, few, planted, transfers

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra `fast` is not installed")
AMOUNTS = Amounts(least=1, limit=100)


def assert_same(rows, *, thresholds=SMALL, amounts=AMOUNTS, **options):
    right = find(rows, thresholds=thresholds, amounts=amounts, **options)
    found = patterns_fast.find(rows, thresholds=thresholds, amounts=amounts, **options)
    assert found == right
    return right


@settings(max_examples=400, deadline=None)
@given(few, st.sampled_from([1, 3]), st.sets(st.sampled_from("abcde"), max_size=1))
def test_small_ledgers_give_the_findings_of_the_plain_form(rows, second, outside):
    assert_same(transfers(*rows), outside=outside, second=second)


def crowded(choose, size):
    """Few accounts, few moments, sums that fit each other: many patterns of every kind."""
    names = [f"a{n}" for n in range(choose.randint(3, 12))]
    last = choose.choice([0, 10, 60, 400])
    sums = [choose.randint(1, 110) for _ in range(choose.choice([2, 6, 40]))]
    return [
        Transfer(
            f"t{n}", choose.randint(0, last), choose.choice(names), choose.choice(names),
            choose.choice(sums), choose.randint(0, 1),
            choose.choice([None, None, None, choose.randint(0, 120)]),
        )
        for n in range(size)
    ]  # fmt: skip


def test_crowded_ledgers_give_the_findings_of_the_plain_form():
    choose, kinds, cut = Random(11), set(), 0
    for _ in range(400):
        result = assert_same(crowded(choose, choose.choice([20, 60, 200])))
        kinds |= {x.kind for x in result.findings}
        cut += result.cut
    assert len(kinds) == 6 and cut > 100  # the bound of the search was reached, too


@pytest.mark.parametrize("seed", range(3))
def test_large_ledgers_with_planted_patterns_are_the_same(seed):
    choose = Random(seed)
    rows = clean_ledger(choose, 8_000, SHIPPED.clean) + planted()
    choose.shuffle(rows)
    result = assert_same(rows, thresholds=SHIPPED.thresholds, amounts=EUR)
    assert {x.kind for x in result.findings if x.transfers[0].startswith(x.kind)} == set(KINDS)
    assert_same(rows, thresholds=SHIPPED.thresholds, amounts=Amounts(EUR.least))


@pytest.mark.parametrize("name", WORST)
def test_the_worst_ledgers_are_the_same(name):
    rows = transfers(*map(WORST[name], range(3_000)))
    assert_same(rows, thresholds=SHIPPED.thresholds, amounts=EUR)


def test_arrays_give_what_the_same_transfers_give():
    choose = Random(4)
    rows = [x for x in crowded(choose, 300) if x.credit is None]
    rows = [Transfer(f"{n:09}", x.t, x.payer, x.payee, x.amount) for n, x in enumerate(rows)]
    names = sorted({x.payer for x in rows} | {x.payee for x in rows})
    columns = of_arrays(
        [x.t for x in rows],
        [names.index(x.payer) for x in rows],
        [names.index(x.payee) for x in rows],
        [x.amount for x in rows],
        accounts=len(names),
        names=names,
        outside=[0],
    )
    found = find_in(columns, thresholds=SMALL, amounts=AMOUNTS)
    assert found == find(rows, thresholds=SMALL, amounts=AMOUNTS, outside=names[:1])
    assert found.findings


def test_accounts_without_names_are_called_by_their_numbers():
    columns = of_arrays([0, 4, 10], [1, 2, 3], [0, 0, 0], [5, 5, 5], accounts=4)
    (finding,) = find_in(columns, thresholds=SMALL, amounts=Amounts(1)).findings
    assert (finding.account, finding.transfers) == ("N0", ("000000000", "000000001", "000000002"))


@pytest.mark.parametrize("amount", [2**62, 2**63 - 1, 2**63, 10**30])
def test_sums_that_64_bits_may_not_hold_are_left_to_the_plain_form(amount):
    rows = transfers((0, "v", "m", amount), (1, "m", "x", amount), (2, "a", "b", amount))
    result = assert_same(rows)
    assert [x.kind for x in result.findings] == ["pass_through"]
    columns = of_transfers(rows)
    if columns is not None:
        with pytest.raises(LedgerRefused, match="64 bits"):
            find_in(columns, thresholds=SMALL, amounts=AMOUNTS)


def test_without_the_extra_the_plain_form_answers(monkeypatch):
    rows = transfers((0, "a", "m", 5), (4, "b", "m", 5), (10, "c", "m", 5))
    monkeypatch.setattr(patterns_fast, "is_installed", lambda: False)
    monkeypatch.setattr(patterns_fast, "find_in", None)
    assert_same(rows)


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        (([0], [0, 1], [1], [5]), "1, 2, 1, 1 rows"),
        (([0], [2], [1], [5]), "payer 2"),
        (([0], [0], [-1], [5]), "payee -1"),
        (([0], [0], [1], [-5]), "amount -5"),
    ],
)
def test_columns_that_fit_no_ledger_are_refused(columns, match):
    with pytest.raises(LedgerRefused, match=match):
        of_arrays(*columns, accounts=2)


def test_a_transfer_that_contradicts_itself_is_refused_here_too():
    rows = [*transfers((0, "a", "b", 1)), *transfers((DAY, "a", "c", 1))]
    with pytest.raises(LedgerRefused, match="there twice"):
        patterns_fast.find(rows, thresholds=SMALL, amounts=AMOUNTS)
