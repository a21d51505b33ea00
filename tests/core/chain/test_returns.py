"""What came back: sums of several tickets, and a recall beside money that went on."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.chain import (
    ClaimFact,
    Destination,
    Facts,
    HoldFact,
    Returned,
    Side,
    Window,
    check,
    plan,
    told_back,
)

from .small import claim, row, told


@pytest.mark.parametrize(
    ("sums", "units", "doubted"),
    [
        ([], 0, 0),
        ([200], 200, 0),
        ([200, 300], 500, 0),
        ([500, 0], 500, 0),
        ([300, 300], 300, 200),  # 300 for certain; what is beyond may be all of the rest, or none
        ([500, 200], 500, 200),
        ([500, 500], 500, 500),
        ([300, 201], 300, 200),
    ],
)
def test_stopped_and_recalled_add_up_and_beyond_the_payment_are_in_doubt(sums, units, doubted):
    for order in permutations(sums):
        assert told_back(500, order) == Returned(units, doubted)


@given(st.integers(1, 10**6), st.lists(st.integers(0, 10**6), max_size=4), st.randoms())
def test_never_more_than_the_payment_whatever_was_told_in_any_order(amount, sums, random):
    told_sums = [min(one, amount) for one in sums]
    found = told_back(amount, told_sums)
    assert max(told_sums, default=0) <= found.units <= min(amount, sum(told_sums))
    assert bool(found.doubted) == (sum(told_sums) > amount)
    random.shuffle(told_sums)
    assert told_back(amount, told_sums) == found


def moved_on(moved: int, *, returned: int, to: str = "B", credit: int = 100) -> Facts:
    """V's 100 came to A, of which ``moved`` went on; the payer's bank says what came back."""
    facts = told(
        Side("p2", "A", False, moved, "EUR", 3, 2, "a"),
        claims=(replace(claim("V", 100, "A", "p1", 1), returned=returned),),
        windows=(Window("A", 1, 9, 0, credit - moved, True, "a"),),
        destinations=(Destination("p2", to, None),),
    )
    return replace(facts, sides=(replace(facts.sides[0], amount=credit), *facts.sides[1:]))


def figures(facts: Facts, account: str) -> tuple[int, ...]:
    found = row(plan(facts), account)
    return found.lying + found.held, found.moved, found.returned, found.unknown, found.doubted


def kept(facts: Facts) -> int:
    return sum(
        r.held + r.lying + r.spent + r.returned + r.unknown
        for r in plan(facts).trail
        if r.rule == "fifo"
    )


def test_a_recall_of_what_still_lay_there_is_no_doubt():
    facts = moved_on(60, returned=40)
    assert figures(facts, "of V") == (0, 0, 40, 0, 0)
    assert figures(facts, "A") == (0, 60, 0, 0, 0)
    assert not plan(facts).tasks and not check(plan(facts), facts)


def test_what_went_on_did_not_come_back_as_well():
    """All moved on, all recalled: the money is followed on, and what came back is in doubt."""
    facts = moved_on(100, returned=100)
    conclusions = plan(facts)
    assert figures(facts, "of V") == (0, 0, 0, 0, 100)
    assert figures(facts, "A") == (0, 100, 0, 0, 0)
    assert [(w.account, w.total) for w in conclusions.wants] == [("B", 100)]
    (task,) = conclusions.tasks
    assert (task.kind, task.account, task.claim, task.amount) == ("returned_differs", "A", "V", 100)
    assert kept(facts) == 100 and not check(conclusions, facts)


def test_only_what_cannot_both_be_is_in_doubt():
    facts = moved_on(60, returned=70)
    assert figures(facts, "of V") == (0, 0, 40, 0, 30)
    assert figures(facts, "A") == (0, 60, 0, 0, 0)
    assert kept(facts) == 100


def test_what_never_arrived_came_back_without_a_doubt():
    """A part was stopped: the bank of the payee saw only the rest, and that went on."""
    facts = moved_on(70, returned=30, credit=70)
    assert figures(facts, "of V") == (0, 0, 30, 0, 0)
    assert kept(facts) == 100 and not plan(facts).tasks


def test_what_the_payees_bank_booked_back_is_the_same_money_as_the_recall():
    """It was counted twice: once as told by each bank."""
    facts = moved_on(40, returned=40, to="of V")
    assert figures(facts, "of V") == (0, 0, 40, 0, 0)
    assert figures(facts, "A") == (60, 40, 0, 0, 0)
    assert kept(facts) == 100 and not plan(facts).tasks


def test_held_money_is_not_let_go_for_a_word_that_another_bank_contradicts():
    facts = moved_on(100, returned=100)
    held = replace(facts, holds=(HoldFact("case", "B", 100, 100, state="placed", answered_rank=5),))
    conclusions = plan(held)
    assert not [w for w in conclusions.wants if w.account == "B" and w.kind == "set"]
    assert row(conclusions, "B").held == 100
    agreed = replace(held, claims=(replace(held.claims[0], returned=0),))
    assert row(plan(agreed), "B").held == 100


def test_sums_that_are_more_than_the_payment_are_a_task_and_no_part_of_the_sum():
    first: ClaimFact = replace(claim("V", 100, "A", None, 1), returned=60, doubted=40)
    facts = told(claims=(first,))
    conclusions = plan(facts)
    found = row(conclusions, "of V")
    assert (found.inn, found.returned, found.doubted) == (60, 60, 40)
    (task,) = conclusions.tasks
    assert (task.kind, task.account, task.amount) == ("returned_differs", "of V", 40)
    assert kept(facts) == 100


@given(st.integers(1, 100), st.integers(0, 100), st.integers(1, 100))
def test_it_balances_whatever_moved_on_and_came_back(moved, returned, credit):
    facts = moved_on(min(moved, credit), returned=returned, credit=credit)
    conclusions = plan(facts)
    assert kept(facts) == 100
    assert not [broken for broken in check(conclusions, facts) if broken.invariant != "T9"]
