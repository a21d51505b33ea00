"""The life of a lawful request."""

from __future__ import annotations

import itertools

import pytest

from recoup.core.lawful_request import (
    DUTIES,
    MOVES,
    OPEN,
    MoveRefused,
    RequestMove,
    RequestState,
    after,
    ways_out,
)

REFUSED = sorted(set(itertools.product(RequestState, RequestMove)) - set(MOVES))
ENDED = {RequestState.REFUSED, RequestState.WITHDRAWN, RequestState.LAPSED}


def follow(*moves: str) -> RequestState:
    state = RequestState.DRAFTED
    for move in moves:
        state = after(state, RequestMove(move))
    return state


@pytest.mark.parametrize(
    ("moves", "end"),
    [
        ("authorise send acknowledge answer close", "closed"),
        ("authorise send answer close", "closed"),
        ("authorise send answer correct", "answered"),
        ("authorise send answer close correct", "answered"),
        ("refuse", "refused"),
        ("authorise send refuse", "refused"),
        ("authorise send acknowledge refuse", "refused"),
        ("withdraw", "withdrawn"),
        ("authorise withdraw", "withdrawn"),
        ("authorise send withdraw", "withdrawn"),
        ("authorise send acknowledge withdraw", "withdrawn"),
        ("authorise fail_to_deliver", "undeliverable"),
        ("authorise send fail_to_deliver send_again", "authorised"),
        ("authorise send fail_to_deliver withdraw", "withdrawn"),
        ("authorise send lapse", "lapsed"),
        ("authorise send acknowledge lapse", "lapsed"),
    ],
)
def test_these_are_the_ways_a_request_may_go(moves: str, end: str):
    assert follow(*moves.split()) == end


@pytest.mark.parametrize("pair", REFUSED)
def test_every_move_outside_the_table_is_refused(pair):
    with pytest.raises(MoveRefused):
        after(*pair)


def test_nothing_is_sent_that_was_not_authorised():
    with pytest.raises(MoveRefused) as refusal:
        follow("send")
    assert str(refusal.value) == (
        "A request that is drafted cannot send. Possible: authorise, refuse, withdraw."
    )


def test_a_request_that_ended_says_so():
    with pytest.raises(MoveRefused, match="none, the request has ended"):
        after(RequestState.WITHDRAWN, RequestMove.ANSWER)


def test_every_state_says_who_must_act_and_by_when():
    assert set(DUTIES) == set(RequestState)
    for state in RequestState:
        assert (DUTIES[state].owner is None) == (DUTIES[state].clock is None)


def test_an_open_request_has_an_owner_and_can_be_withdrawn():
    assert {"drafted", "authorised", "sent", "acknowledged"} == OPEN
    for state in OPEN:
        assert DUTIES[state].owner
        assert RequestMove.WITHDRAW in ways_out(state)


def test_what_ended_without_an_answer_has_no_way_out():
    assert not any(ways_out(state) for state in ENDED if state != RequestState.REFUSED)


def test_a_refusal_can_be_corrected_and_nothing_else():
    assert ways_out(RequestState.REFUSED) == (RequestMove.CORRECT,)
    assert after(RequestState.REFUSED, RequestMove.CORRECT) is RequestState.ANSWERED
