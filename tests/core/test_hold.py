"""The life of a hold."""

from __future__ import annotations

import itertools

import pytest

from recoup.core.hold import (
    DUTIES,
    IN_FORCE,
    MOVES,
    HoldMove,
    HoldState,
    MoveRefused,
    after,
)
from recoup.core.hold import ways_out as ways

REFUSED = sorted(set(itertools.product(HoldState, HoldMove)) - set(MOVES))


def test_a_bank_that_was_asked_may_place_the_hold_or_decline():
    assert after(HoldState.ASKED, HoldMove.PLACE) is HoldState.PLACED
    assert after(HoldState.ASKED, HoldMove.DECLINE) is HoldState.DECLINED


def test_a_hold_that_nobody_answered_may_be_lifted_or_lapse():
    assert after(HoldState.ASKED, HoldMove.LIFT) is HoldState.LIFTED
    assert after(HoldState.ASKED, HoldMove.LAPSE) is HoldState.LAPSED


def test_a_placed_hold_ends_lifted_lapsed_or_replaced():
    assert ways(HoldState.PLACED) == (HoldMove.LIFT, HoldMove.LAPSE, HoldMove.REPLACE)
    assert after(HoldState.PLACED, HoldMove.LIFT) is HoldState.LIFTED
    assert after(HoldState.PLACED, HoldMove.LAPSE) is HoldState.LAPSED
    assert after(HoldState.PLACED, HoldMove.REPLACE) is HoldState.REPLACED


@pytest.mark.parametrize("pair", REFUSED)
def test_every_move_outside_the_table_is_refused(pair):
    with pytest.raises(MoveRefused):
        after(*pair)


def test_a_refusal_names_state_move_and_what_is_possible():
    with pytest.raises(MoveRefused) as refusal:
        after(HoldState.ASKED, HoldMove.REPLACE)
    assert (refusal.value.state, refusal.value.move) == (
        HoldState.ASKED,
        HoldMove.REPLACE,
    )
    assert str(refusal.value) == (
        "A hold that is asked cannot replace. Possible: place, decline, lift, lapse."
    )


def test_a_hold_that_ended_says_so():
    with pytest.raises(MoveRefused, match="Possible: none, the hold has ended"):
        after(HoldState.LIFTED, HoldMove.PLACE)


def test_every_state_says_who_must_act_and_by_when():
    assert set(DUTIES) == set(HoldState)
    for state in HoldState:
        assert (DUTIES[state].owner is None) == (DUTIES[state].clock is None)


def test_what_is_in_force_has_an_owner_and_a_way_out():
    assert frozenset({HoldState.ASKED, HoldState.PLACED}) == IN_FORCE
    assert all(DUTIES[state].owner and ways(state) for state in IN_FORCE)
    assert not any(ways(state) for state in set(HoldState) - IN_FORCE)
