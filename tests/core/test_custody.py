"""The chain of custody: its table is whole, illegal events are refused with words."""

from __future__ import annotations

import pytest

from recoup.core.custody import (
    ACT_WORDS,
    CHECKED,
    ENDED,
    FIELD_WORDS,
    MOVES,
    NEEDS,
    READABLE,
    STATE_WORDS,
    CustodyAct,
    CustodyRefused,
    CustodyState,
    after,
    check_said,
    ways_out,
)

EVERY = [(state, act) for state in CustodyState for act in CustodyAct]


@pytest.mark.parametrize(("state", "act"), EVERY)
def test_what_the_table_does_not_name_is_refused_with_what_is_possible(state, act):
    if (state, act) in MOVES:
        assert after(state, act) is MOVES[state, act]
        return
    with pytest.raises(CustodyRefused) as refused:
        after(state, act)
    assert refused.value.code == "not_now"
    assert str(act) not in [str(way) for way in ways_out(state)]
    assert str(refused.value).startswith("A file that is")


def test_every_act_and_state_has_words_and_every_act_says_what_it_needs():
    assert set(ACT_WORDS) == set(NEEDS) == set(CustodyAct) == {act for _, act in MOVES}
    assert set(STATE_WORDS) == set(CustodyState)
    asked = {name for needs in NEEDS.values() for name in needs.must | needs.may}
    assert asked == set(FIELD_WORDS)


def test_every_state_is_reached_and_only_the_ended_have_no_way_out():
    reached, left = {CustodyState.ARRIVING}, [CustodyState.ARRIVING]
    while left:
        state = left.pop()
        for act in ways_out(state):
            if MOVES[state, act] not in reached:
                reached.add(MOVES[state, act])
                left.append(MOVES[state, act])
    assert reached == set(CustodyState)
    assert {state for state in CustodyState if not ways_out(state)} == ENDED


def test_nobody_reads_what_is_sealed_in_doubt_or_gone():
    unread = {CustodyState.SEALED, CustodyState.DOUBTFUL, CustodyState.ARRIVING} | ENDED
    assert not READABLE & unread
    assert READABLE < CHECKED


def test_every_kept_file_can_raise_the_alarm():
    assert {state for state, act in MOVES if act is CustodyAct.ALARM} == CHECKED


@pytest.mark.parametrize("act", CustodyAct)
def test_what_is_missing_or_too_much_is_named(act):
    needs = NEEDS[act]
    whole = dict.fromkeys(needs.must, "x")
    check_said(act, whole)
    check_said(act, whole | dict.fromkeys(needs.may, "x"))
    for name in needs.must:
        with pytest.raises(CustodyRefused) as refused:
            check_said(act, whole | {name: ""})
        assert (refused.value.code, refused.value.field) == ("not_said", name)
    for name in set(FIELD_WORDS) - needs.must - needs.may:
        with pytest.raises(CustodyRefused) as refused:
            check_said(act, whole | {name: "x"})
        assert (refused.value.code, refused.value.field) == ("not_asked", name)
