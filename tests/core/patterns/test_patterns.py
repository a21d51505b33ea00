"""Each pattern is found where it was planted, shown by its transfers, and not where it is not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.core.patterns import (
    KINDS,
    Amounts,
    Cycle,
    Fan,
    PassThrough,
    PeelChain,
    Structuring,
    Thresholds,
    find,
)
from recoup.core.tracing import LedgerRefused, Transfer
from recoup.data.indicators import load_indicators

from .clean_ledgers import clean_ledger

HOUR, DAY = 3_600, 86_400
SHIPPED = load_indicators()
EUR = SHIPPED.amounts["EUR"]
# Small numbers, to be checked in the head: windows of ten seconds.
TEN = timedelta(seconds=10)
SMALL = Thresholds(
    fan_in=Fan(3, TEN),
    fan_out=Fan(3, TEN),
    pass_through=PassThrough(80, TEN),
    cycle=Cycle(least_hops=3, most_hops=4, percent=80, looks=32, window=TEN),
    peel_chain=PeelChain(hops=2, percent=70, peeled_percent=5, window=TEN),
    structuring=Structuring(payments=3, percent=80, window=TEN),
)


def transfers(*rows):
    """Rows of (time, payer, payee, amount), with ids t0, t1 and so on."""
    return [Transfer(f"t{n}", t, a, b, amount) for n, (t, a, b, amount) in enumerate(rows)]


def found(rows, *, kind, amounts=None, **options):
    amounts = amounts or Amounts(least=1, limit=None)
    result = find(rows, thresholds=SMALL, amounts=amounts, **options)
    return [finding for finding in result.findings if finding.kind == kind]


def figures(finding):
    return {figure.name: (figure.value, figure.threshold) for figure in finding.figures}


def test_three_payers_within_the_window_are_a_fan_in():
    rows = transfers((0, "a", "m", 5), (4, "b", "m", 5), (10, "c", "m", 5))
    (finding,) = found(rows, kind="fan_in")
    assert (finding.account, finding.begins, finding.ends) == ("m", 0, 10)
    assert finding.transfers == ("t0", "t1", "t2")
    assert figures(finding) == {"counterparties": (3, 3), "seconds": (10, 10)}
    assert finding.said == (
        "m was paid by 3 different accounts within 10 seconds; this is shown from 3 on."
    )


@pytest.mark.parametrize(
    "rows",
    [
        [(0, "a", "m", 5), (4, "b", "m", 5), (11, "c", "m", 5)],  # the window is over
        [(0, "a", "m", 5), (4, "b", "m", 5), (5, "a", "m", 5), (6, "b", "m", 5)],  # two payers
        [(0, "a", "m", 5), (4, "m", "m", 5), (5, "b", "m", 5)],  # itself is nobody else
        [(0, "a", "m", 5), (4, "c", "m", 0), (5, "b", "m", 5)],  # nothing was paid
    ],
)
def test_fewer_payers_within_the_window_are_no_fan_in(rows):
    assert found(transfers(*rows), kind="fan_in") == []


def test_a_fan_that_goes_on_is_one_finding_shown_by_its_fullest_window():
    rows = transfers(*[(t, f"p{t}", "m", 5) for t in (0, 5, 9, 14, 15, 16, 40)])
    (finding,) = found(rows, kind="fan_in")
    assert (finding.begins, finding.ends) == (0, 16)
    assert finding.transfers == ("t1", "t2", "t3", "t4")  # 5, 9, 14, 15: before 9, 14, 15, 16
    assert figures(finding)["counterparties"] == (4, 3)


def test_two_fans_apart_are_two_findings():
    times = (0, 1, 2, 50, 51, 52)
    rows = transfers(*[(t, f"p{t}", "m", 5) for t in times])
    assert [(x.begins, x.ends) for x in found(rows, kind="fan_in")] == [(0, 2), (50, 52)]


def test_a_fan_out_is_told_of_the_payer():
    rows = transfers((0, "m", "a", 5), (4, "m", "b", 5), (10, "m", "c", 5))
    (finding,) = found(rows, kind="fan_out")
    assert (finding.account, finding.transfers) == ("m", ("t0", "t1", "t2"))
    assert found(rows, kind="fan_in") == []


def test_of_accounts_outside_nothing_is_said():
    rows = transfers((0, "a", "m", 5), (4, "b", "m", 5), (10, "c", "m", 5))
    assert found(rows, kind="fan_in", outside=["m"]) == []


def test_four_fifths_out_within_the_window_pass_through():
    rows = transfers((0, "v", "m", 100), (3, "m", "x", 50), (10, "m", "y", 30))
    (finding,) = found(rows, kind="pass_through")
    assert (finding.account, finding.begins, finding.ends) == ("m", 0, 10)
    assert finding.transfers == ("t0", "t1", "t2")
    assert figures(finding) == {"percent": (80, 80), "amount": (100, 1), "seconds": (10, 10)}


@pytest.mark.parametrize(
    "rows",
    [
        [(0, "v", "m", 100), (3, "m", "x", 79)],
        [(0, "v", "m", 100), (11, "m", "x", 100)],
        [(5, "v", "m", 100), (4, "m", "x", 100)],
    ],
)
def test_less_or_later_or_before_is_no_pass_through(rows):
    assert found(transfers(*rows), kind="pass_through") == []


def test_one_debit_is_set_against_one_credit_only_the_youngest_first():
    rows = transfers((0, "v", "m", 100), (1, "w", "m", 100), (2, "m", "x", 100))
    (finding,) = found(rows, kind="pass_through")
    assert finding.transfers == ("t1", "t2")


def test_several_small_credits_pass_through_together():
    rows = transfers((0, "v", "m", 40), (1, "w", "m", 60), (2, "m", "x", 100))
    assert found(rows, kind="pass_through", amounts=Amounts(least=101)) == []
    (finding,) = found(rows, kind="pass_through", amounts=Amounts(least=100))
    assert finding.transfers == ("t0", "t1", "t2")


def test_a_sum_that_comes_back_in_time_order_is_a_cycle():
    rows = transfers((0, "a", "b", 100), (3, "b", "c", 90), (10, "c", "a", 80))
    (finding,) = found(rows, kind="cycle")
    assert (finding.account, finding.begins, finding.ends) == ("a", 0, 10)
    assert finding.transfers == ("t0", "t1", "t2")
    assert figures(finding) == {"transfers": (3, 3), "percent": (80, 80), "seconds": (10, 10)}


@pytest.mark.parametrize(
    "rows",
    [
        [(0, "a", "b", 100), (3, "b", "a", 100)],  # money given back
        [(3, "a", "b", 100), (0, "b", "c", 90), (10, "c", "a", 80)],  # not in time order
        [(0, "a", "b", 100), (3, "b", "c", 79), (10, "c", "a", 79)],  # most of it stayed
        [(0, "a", "b", 100), (3, "b", "c", 101), (10, "c", "a", 100)],  # other money with it
        [(0, "a", "b", 100), (3, "b", "c", 90), (11, "c", "a", 80)],  # too late
        [(n, f"a{n}", f"a{(n + 1) % 5}", 100) for n in range(5)],  # five transfers: too long
    ],
)
def test_other_ways_back_are_no_cycle(rows):
    assert found(transfers(*rows), kind="cycle") == []


def test_a_cycle_within_one_instant_is_found_once():
    rows = transfers((5, "b", "c", 100), (5, "c", "a", 100), (5, "a", "b", 100))
    (finding,) = found(rows, kind="cycle")
    assert sorted(finding.transfers) == ["t0", "t1", "t2"]


def test_a_search_that_ends_at_its_bound_is_counted():
    many = [(n % 5, f"p{n}", "c", 100) for n in range(40)]
    rows = transfers((0, "a", "b", 100), (1, "b", "c", 100), *many, (6, "c", "a", 100))
    result = find(rows, thresholds=SMALL, amounts=Amounts(least=1))
    assert result.cut == 1
    few = find(rows[:2] + rows[20:], thresholds=SMALL, amounts=Amounts(least=1))
    assert few.cut == 0 and [x.kind for x in few.findings].count("cycle") == 1


def test_payments_of_another_size_do_not_hide_a_cycle():
    many = [(2, f"p{n}", "c", 9) for n in range(400)]
    rows = transfers((0, "a", "b", 100), (1, "b", "c", 100), *many, (6, "c", "a", 100))
    assert len(found(rows, kind="cycle")) == 1


def test_accounts_that_peel_one_after_the_other_are_a_chain():
    rows = transfers(
        (0, "v", "a", 100), (1, "a", "b", 90), (2, "a", "x", 10), (5, "b", "c", 80),
        (6, "b", "y", 5), (9, "c", "d", 70),
    )  # fmt: skip
    (finding,) = found(rows, kind="peel_chain")
    assert (finding.account, finding.begins, finding.ends) == ("a", 0, 6)
    assert finding.transfers == ("t0", "t1", "t2", "t3", "t4")
    assert figures(finding) == {
        "accounts": (2, 2), "percent": (88, 70), "peeled_percent": (5, 5), "seconds": (4, 10),
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {2: (2, "a", "x", 4)},  # a peels less than five in a hundred
        {3: (5, "b", "c", 60)},  # b passes on less than seventy
        {2: (2, "a", "x", 11)},  # a pays out more than came
        {3: (12, "b", "c", 80)},  # b waits too long
    ],
)
def test_an_account_that_does_otherwise_ends_the_chain(change):
    rows = [
        (0, "v", "a", 100), (1, "a", "b", 90), (2, "a", "x", 10), (5, "b", "c", 80),
        (6, "b", "y", 5),
    ]  # fmt: skip
    assert len(found(transfers(*rows), kind="peel_chain")) == 1
    changed = [change.get(n, row) for n, row in enumerate(rows)]
    assert found(transfers(*changed), kind="peel_chain") == []


@pytest.mark.parametrize("amount", [80, 99])
def test_three_payments_just_under_the_limit_are_structuring(amount):
    rows = transfers(*[(t, "a", f"p{t}", amount) for t in (0, 5, 10)])
    (finding,) = found(rows, kind="structuring", amounts=Amounts(1, 100))
    assert (finding.account, finding.transfers) == ("a", ("t0", "t1", "t2"))
    assert figures(finding) == {"payments": (3, 3), "seconds": (10, 10)}
    to_one = transfers(*[(t, f"p{t}", "a", amount) for t in (0, 5, 10)])
    (finding,) = found(to_one, kind="structuring", amounts=Amounts(1, 100))
    assert finding.account == "a" and "was paid" in finding.said


@pytest.mark.parametrize("amount", [79, 100, 101])
def test_payments_at_the_limit_or_well_below_are_not(amount):
    rows = transfers(*[(t, "a", f"p{t}", amount) for t in (0, 5, 10)])
    assert found(rows, kind="structuring", amounts=Amounts(1, 100)) == []


def test_without_a_limit_nobody_looks_for_structuring_and_the_result_says_so():
    rows = transfers(*[(t, "a", "b", 99) for t in (0, 5, 10)])
    assert find(rows, thresholds=SMALL, amounts=Amounts(1)).not_looked_for == ("structuring",)
    assert find(rows, thresholds=SMALL, amounts=Amounts(1, 100)).not_looked_for == ()


def test_finer_ticks_of_time_change_nothing_but_the_times():
    rows = planted()
    fine = [Transfer(x.id, x.t * 1000, x.payer, x.payee, x.amount) for x in rows]
    one, other = shown(rows), shown(fine, second=1000)
    assert [(x.kind, x.transfers, x.figures) for x in one] == [
        (x.kind, x.transfers, x.figures) for x in other
    ]


def test_a_transfer_that_contradicts_itself_is_refused():
    with pytest.raises(LedgerRefused, match="there twice"):
        shown([*transfers((0, "a", "b", 1)), *transfers((0, "a", "c", 1))])
    with pytest.raises(ValueError, match="ticks"):
        shown(transfers((0, "a", "b", 1)), second=0)


# On ledgers of many transfers, with the shipped thresholds.


def shown(rows, **options):
    return find(rows, thresholds=SHIPPED.thresholds, amounts=EUR, **options).findings


def planted():
    """One of each pattern, by accounts that no clean ledger has; the id says the pattern."""
    rows = [("fan_in", 9 * DAY + n * HOUR, f"x{n}", "F", 4_000) for n in range(9)]
    rows += [("fan_out", 19 * DAY + n * HOUR, "G", f"y{n}", 4_000) for n in range(9)]
    rows += [("pass_through", 29 * DAY, "v", "H", 90_000)]
    rows += [("pass_through", 29 * DAY + HOUR, "H", "w", 85_000)]
    for n, (payer, payee) in enumerate([("I", "J"), ("J", "K"), ("K", "L"), ("L", "I")]):
        rows += [("cycle", 39 * DAY + n * DAY * 3 // 2, payer, payee, 300_000 - n * 9_000)]
    for n in range(5):
        rows += [("peel_chain", 49 * DAY + n * 2 * DAY, f"P{n}", f"P{n + 1}", 700_000 - n * 90_000)]
        rows += [("peel_chain", 49 * DAY + n * 2 * DAY + 5, f"P{n}", f"z{n}", 70_000)] * (n > 0)
    rows += [("structuring", 59 * DAY + n * HOUR, "S", "T", 990_000) for n in range(4)]
    return [
        Transfer(f"{name}-{n:02}", t, payer, payee, amount)
        for n, (name, t, payer, payee, amount) in enumerate(rows)
    ]


def test_every_pattern_is_found_where_it_was_planted_in_a_ledger_of_many():
    choose = Random(7)
    rows = clean_ledger(choose, 20_000, SHIPPED.clean) + planted()
    choose.shuffle(rows)
    findings = shown(rows)
    for kind in KINDS:
        of_it = [x for x in findings if x.kind == kind and x.transfers[0].startswith(kind)]
        assert of_it, kind
        names = {x.id for x in rows if x.id.startswith(kind)}
        assert set().union(*(x.transfers for x in of_it)) == names, kind


def test_where_nothing_was_planted_findings_are_as_rare_as_the_data_file_says():
    counts: Counter[str] = Counter()
    for seed in range(5):
        findings = shown(clean_ledger(Random(seed), 20_000, SHIPPED.clean))
        counts.update(finding.kind for finding in findings)
    for kind, origin in SHIPPED.origins.items():
        assert counts[kind] <= origin.clean_per_100_000, (kind, counts)
    assert counts["pass_through"] > 0  # a pattern that is never found would pass as well


few = st.lists(
    st.tuples(
        st.integers(0, 30), st.sampled_from("abcde"), st.sampled_from("abcde"), st.integers(0, 120)
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(few, st.randoms(use_true_random=False), st.integers(-(10**12), 10**12))
def test_neither_the_order_of_the_file_nor_another_calendar_changes_what_is_found(
    rows, choose, later
):
    told = transfers(*rows)
    amounts = Amounts(least=1, limit=100)
    found_first = find(told, thresholds=SMALL, amounts=amounts)
    shuffled = [Transfer(x.id, x.t + later, x.payer, x.payee, x.amount) for x in told]
    choose.shuffle(shuffled)
    again = find(shuffled, thresholds=SMALL, amounts=amounts)
    assert again.cut == found_first.cut
    assert [(x.kind, x.account, x.transfers, x.figures, x.said) for x in again.findings] == [
        (x.kind, x.account, x.transfers, x.figures, x.said) for x in found_first.findings
    ]
    assert [x.begins - later for x in again.findings] == [x.begins for x in found_first.findings]


@settings(max_examples=150, deadline=None)
@given(few)
def test_a_fan_is_found_exactly_where_counting_every_window_finds_one(rows):
    told = [x for x in transfers(*rows) if x.payer != x.payee and x.amount]
    most: dict[str, int] = {}
    for end in told:
        window = {
            x.payer for x in told if x.payee == end.payee and end.t - 10 <= x.t <= end.t
        }  # fmt: skip
        most[end.payee] = max(most.get(end.payee, 0), len(window))
    expected = {name: count for name, count in most.items() if count >= 3}
    peaks: dict[str, int] = {}
    for finding in found(told, kind="fan_in"):
        shown_by = {x.payer for x in told if x.id in finding.transfers}
        assert len(shown_by) == figures(finding)["counterparties"][0]
        peaks[finding.account] = max(peaks.get(finding.account, 0), len(shown_by))
    assert peaks == expected


@settings(max_examples=150, deadline=None)
@given(few)
def test_every_cycle_that_is_shown_is_one(rows):
    told = {x.id: x for x in transfers(*rows)}
    for finding in found(list(told.values()), kind="cycle"):
        way = [told[name] for name in finding.transfers]
        assert 3 <= len(way) <= 4 and way[-1].payee == way[0].payer == finding.account
        assert len({x.payer for x in way}) == len(way) and way[-1].t - way[0].t <= 10
        for one, then in zip(way, way[1:], strict=False):
            assert one.payee == then.payer and one.t <= then.t
            assert 80 * one.amount <= 100 * then.amount <= 100 * one.amount


MANY = 100_000
WORST = {
    "one account with every credit, all in one instant": lambda n: (0, f"p{n}", "m", 60_000),
    "one account with every credit and debit": lambda n: (
        (n, f"p{n}", "m", 60_000) if n % 2 else (n, "m", f"q{n}", 60_000)
    ),
    "few accounts, all in one instant": lambda n: (
        0, f"p{n % 300}", f"p{(n * 7 + 1) % 300}", 60_000
    ),
    "one cent peeled at every layer": lambda n: (
        (n, f"p{n // 2}", "x", 1) if n % 2 else (n, f"p{n // 2}", f"p{n // 2 + 1}", 10**9 - n)
    ),
    "one account with every debit, paid once": lambda n: (
        (n, "m", f"q{n}", 1) if n else (0, "v", "m", MANY)
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST)
def test_a_hundred_thousand_transfers_take_seconds_however_they_lie(name):
    rows = transfers(*map(WORST[name], range(MANY)))
    begun = perf_counter()
    result = find(rows, thresholds=SHIPPED.thresholds, amounts=EUR)
    assert perf_counter() - begun < 60  # a second or some ten; squared it would be an hour
    told = sum(len(finding.transfers) for finding in result.findings)
    assert told <= 6 * 3 * MANY  # each pattern shows a transfer a few times at most
