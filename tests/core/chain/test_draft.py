"""A disclosure before it is stored: does it add up, and whose counterparties are needed."""

from __future__ import annotations

import pytest

from recoup.core.chain import Booking, Draft, Traced, destinations_needed, window_problem

DRAFT = Draft(
    opening=50,
    credits=(Booking("in", 100, 1, 1), Booking("salary", 500, 3, 3)),
    debits=(
        Booking("rent", 40, 2, 2),
        Booking("cash", 30, 4, 4),
        Booking("card", 70, 5, 5),
        Booking("later", 10, 6, 6),
    ),
    closing=500,
)


def test_a_window_that_adds_up_has_no_problem():
    assert window_problem(50, [100, 500], [40, 30, 70, 10], 500) == 0


def test_missing_debits_are_above_zero_and_missing_credits_below():
    assert window_problem(50, [100, 500], [40, 70, 10], 500) == 30
    assert window_problem(50, [500], [40, 30, 70, 10], 500) == -100


def test_first_in_first_out_needs_the_debits_that_the_traced_units_paid():
    assert destinations_needed(DRAFT, [Traced("in")]) == {"cash": 20, "card": 70, "later": 10}


def test_a_part_of_a_credit_is_its_first_units_after_the_offset():
    assert destinations_needed(DRAFT, [Traced("in", 20)]) == {"cash": 20}
    assert destinations_needed(DRAFT, [Traced("in", 20, offset=80)]) == {"card": 10, "later": 10}
    assert destinations_needed(DRAFT, [Traced("in", 20, offset=10)]) == {"cash": 10, "card": 10}


def test_two_lines_on_one_credit_never_exceed_it():
    needed = destinations_needed(DRAFT, [Traced("in", 80), Traced("in", 80)])
    assert needed == destinations_needed(DRAFT, [Traced("in")])


def test_pro_rata_needs_every_later_debit_of_a_touched_account():
    needed = destinations_needed(DRAFT, [Traced("in")], rule="prorata")
    assert set(needed) == {"rent", "cash", "card", "later"}


def test_a_line_on_a_credit_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no credit 'gone'"):
        destinations_needed(DRAFT, [Traced("gone")])
