"""A ring of transfers within one instant, and a victim paid with another victim's money.

A ring has an answer: sequence and id say what came first, and the order of the file nothing. A
victim's payment out of traced money has none, and is refused by its name in every engine.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from recoup.core.tracing import RULES, Account, Ledger, LedgerRefused, Result, Seed, Transfer, trace
from recoup.core.tracing.fast.index import Index
from recoup.core.tracing.fast.touched import TouchedIndex

from .fast.forms import both_forms

OUTSIDE = {"V": Account(external=True), "W": Account(external=True)}
RING = (
    Transfer("a", 1, "V", "A", 90),
    Transfer("b", 1, "A", "B", 90),
    Transfer("c", 1, "B", "C", 60),
    Transfer("d", 1, "C", "A", 40),
    Transfer("e", 1, "A", "B", 10),
)
PAID_ON = (
    Transfer("v1", 1, "V", "A", 90),
    Transfer("t2", 2, "A", "B", 50),
    Transfer("v3", 3, "B", "C", 20),
    Transfer("v4", 3, "W", "C", 20),
)


def of_index(ledger: Ledger, rule: str, form: str) -> Result:
    if rule == "fifo":
        return Index.of(ledger, form=form).trace()
    return TouchedIndex.from_ledger(ledger, form=form).trace(rule=rule)


@pytest.mark.parametrize("rule", RULES)
def test_a_ring_within_one_instant_is_booked_by_its_ids_in_whatever_order_it_stands(rule: str):
    right = trace(Ledger(OUTSIDE, RING, (Seed("a"),)), rule=rule)
    for rows in permutations(RING):
        found = trace(Ledger(OUTSIDE, rows, (Seed("a"),)), rule=rule)
        assert (found.held, found.transfers) == (right.held, right.transfers)
    if RULES[rule].conserves:
        assert sum(sum(x.values()) for x in right.held.values()) == 90
        # All rows carry traced money, so each was booked after the one that fed it.
        assert set(right.transfers) == {"a", "b", "c", "d", "e"}


@both_forms
@pytest.mark.parametrize("rule", RULES)
def test_the_indexes_say_the_same_of_a_ring(rule: str, form: str):
    right = trace(Ledger(OUTSIDE, RING, (Seed("a"),)), rule=rule)
    for rows in (RING, RING[::-1]):
        found = of_index(Ledger(OUTSIDE, rows, (Seed("a"),)), rule, form)
        assert (found.held, found.transfers) == (right.held, right.transfers)


def test_a_ring_that_is_fed_last_carries_nothing():
    late = Ledger(OUTSIDE, (*RING[1:], Transfer("z", 1, "V", "A", 90)), (Seed("z"),))
    assert trace(late).transfers == {"z": {"z": 90}}
    assert Index.of(late).trace().transfers == {"z": {"z": 90}}


@both_forms
@pytest.mark.parametrize("rule", RULES)
def test_a_victim_paid_with_another_victims_money_is_refused_by_the_payment(rule: str, form: str):
    ledger = Ledger(OUTSIDE, PAID_ON, (Seed("v1"), Seed("v3"), Seed("v4")))
    asked: list[Callable[[], Result]] = [
        lambda: trace(ledger, rule=rule),
        lambda: of_index(ledger, rule, form),
    ]
    for answer in asked:
        with pytest.raises(LedgerRefused) as refused:
            answer()
        assert refused.value.value == "v3"
        assert "'v3' leaves 'B', which then holds 50 units traced from v1" in str(refused.value)


@both_forms
@pytest.mark.parametrize("rule", RULES)
def test_two_victims_whose_money_meets_afterwards_are_no_such_case(rule: str, form: str):
    ledger = Ledger(OUTSIDE, PAID_ON, (Seed("v1"), Seed("v4")))
    right = trace(ledger, rule=rule)
    assert of_index(ledger, rule, form).held == right.held
    assert right.held["C"]["v4"] == (20 if RULES[rule].conserves else 40)
