"""Nobody authorises what they drafted, whatever is urgent; and a decision may only narrow."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from recoup.core import authorisation
from recoup.core.authorisation import (
    DUTIES,
    MOVES,
    Decided,
    Heard,
    MayNotDecide,
    NothingLeft,
    OrderMove,
    OrderMoveRefused,
    OrderState,
    Scope,
    Signer,
    Submitted,
    Widened,
    after,
    decide,
    may_confirm,
    narrow,
    ways_out,
)
from recoup.core.law import Choice, Need, choose
from support.powers import power

AT = datetime(2026, 11, 22, 23, 40, tzinfo=UTC)
AUTHOR, PROSECUTOR, HEARER, JUDGE, EDITOR = (UUID(int=n) for n in range(1, 6))
POLICE, COURT, BANK = 2, 3, 4
# A withdrawn request may still be confirmed, or not: nothing else, and it stays withdrawn.
OWED_AFTER = {OrderState.WITHDRAWN: {OrderMove.CONFIRM, OrderMove.REFUSE}}
ENDED = {OrderState.REFUSED, OrderState.WITHDRAWN, OrderState.LAPSED}


def signer(person: UUID = PROSECUTOR, role: str = "prosecutor", **other: Any) -> Signer:
    given = {"organisation": COURT, "valid_from": AT - timedelta(days=9), **other}
    return Signer(person, role, **given)


def asked(authority: int = COURT, *more: UUID, **other: Any) -> Submitted:
    return Submitted(frozenset({AUTHOR, *more}), POLICE, authority, **other)


def chosen(danger: str = "", **other: Any) -> Choice:
    one = power(**other)
    need = Need(one.measure, one.data, "police", one.addressees[0], date(2026, 11, 22), danger)
    return choose([one], need)


def refused(call: Any) -> str:
    with pytest.raises(MayNotDecide) as why:
        call()
    return why.value.code


# Its life


@pytest.mark.parametrize(
    ("moves", "end"),
    [
        ("submit authorise", "authorised"),
        ("submit ask reply authorise confirm", "authorised"),
        ("submit refuse", "refused"),
        ("submit authorise refuse", "refused"),
        ("submit authorise lapse", "lapsed"),
        ("submit ask lapse", "lapsed"),
        ("withdraw", "withdrawn"),
        ("submit ask withdraw", "withdrawn"),
        ("submit authorise withdraw", "withdrawn"),
        ("submit authorise withdraw confirm", "withdrawn"),
        ("submit authorise withdraw refuse", "withdrawn"),
        ("lapse", "lapsed"),
    ],
)
def test_these_are_the_ways_a_request_may_go(moves: str, end: str) -> None:
    state = OrderState.DRAFTED
    for move in moves.split():
        state = after(state, OrderMove(move))
    assert state == end


@pytest.mark.parametrize("pair", sorted(set(itertools.product(OrderState, OrderMove)) - set(MOVES)))
def test_every_move_outside_the_table_is_refused(pair: tuple[OrderState, OrderMove]) -> None:
    with pytest.raises(OrderMoveRefused):
        after(*pair)


def test_what_was_not_submitted_is_not_authorised() -> None:
    with pytest.raises(OrderMoveRefused, match="drafted cannot authorise. Possible: submit"):
        after(OrderState.DRAFTED, OrderMove.AUTHORISE)


def test_every_state_has_an_owner_a_clock_and_a_way_out_or_is_an_end() -> None:
    assert set(DUTIES) == set(OrderState)
    for state, duty in DUTIES.items():
        ended = state in ENDED
        assert (duty.owner is None, duty.clock is None) == (ended, ended), state
        ways = set(ways_out(state)) - OWED_AFTER.get(state, set())
        assert bool(ways) != ended, state
        assert ended or OrderMove.LAPSE in ways_out(state)


# Who may decide


def test_another_person_of_the_authority_with_the_role_decides() -> None:
    assert decide(asked(COURT), signer(), chosen(), at=AT) == Decided(
        frozenset({AUTHOR, PROSECUTOR})
    )


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (signer(AUTHOR), "same_person"),
        # The same person under another mandate and another account is the same person.
        (signer(AUTHOR, "prosecutor", organisation=COURT), "same_person"),
        (signer(role="officer"), "wrong_role"),
        (signer(organisation=POLICE), "other_authority"),
        (signer(valid_until=AT), "mandate_not_valid"),
        (signer(valid_from=AT + timedelta(seconds=1)), "mandate_not_valid"),
        (signer(is_system=True), "not_a_person"),
    ],
)
def test_who_may_not_decide_is_told_why(who: Signer, code: str) -> None:
    call = lambda: decide(asked(COURT), who, chosen(), at=AT)  # noqa: E731
    assert refused(call) == code


def test_a_mandate_is_valid_until_its_last_moment() -> None:
    until = signer(valid_until=AT + timedelta(microseconds=1), valid_from=AT)
    assert decide(asked(COURT), until, chosen(), at=AT).persons


def test_what_an_institution_authorises_its_supervisor_does() -> None:
    choice = chosen(authorised_by=("institution",))
    own = {"organisation": POLICE}
    assert decide(asked(POLICE), signer(role="supervisor", **own), choice, at=AT)
    call = lambda: decide(asked(POLICE), signer(role="clerk", **own), choice, at=AT)  # noqa: E731
    assert refused(call) == "wrong_role"


@pytest.mark.parametrize("rank", ["institution", "unit_head"])
def test_the_heads_of_another_house_decide_nothing(rank: str) -> None:
    """Any bank has a supervisor, any unit a head: only the one that asks decides by its own."""
    choice = chosen(authorised_by=(rank,))
    (role,) = authorisation.filled_by((rank,))
    call = lambda: decide(asked(COURT), signer(role=role), choice, at=AT)  # noqa: E731
    assert refused(call) == "wrong_role"


def test_who_is_asked_for_something_does_not_decide_whether() -> None:
    one = asked(COURT, addressees=frozenset({BANK, COURT}))
    assert refused(lambda: decide(one, signer(), chosen(), at=AT)) == "is_asked"
    assert decide(asked(COURT, addressees=frozenset({BANK})), signer(), chosen(), at=AT)


def test_whoever_wrote_in_it_neither_decides_nor_hears_nor_confirms() -> None:
    one, choice = asked(COURT, EDITOR), chosen("life", oral=True, emergency=True)
    assert refused(lambda: decide(one, signer(EDITOR), choice, at=AT)) == "same_person"
    heard = Heard(EDITOR, AT)
    assert refused(lambda: decide(one, signer(), choice, at=AT, heard=heard)) == "same_person"
    confirm = lambda: may_confirm(  # noqa: E731
        one, frozenset({PROSECUTOR}), signer(EDITOR, "judge"), choice, at=AT
    )
    assert refused(confirm) == "same_person"


def test_many_hands_are_one_side() -> None:
    """Three who wrote it are not the third person that a power asks for."""
    three = replace(chosen(), persons=3)
    call = lambda: decide(asked(COURT, EDITOR, HEARER), signer(), three, at=AT)  # noqa: E731
    assert refused(call) == "too_few_persons"


def test_who_heard_an_emergency_does_not_confirm_it() -> None:
    choice = chosen("life", oral=True, emergency=True)
    call = lambda: may_confirm(  # noqa: E731
        asked(), frozenset({PROSECUTOR, HEARER}), signer(HEARER, "judge"), choice, at=AT
    )
    assert refused(call) == "same_person"


# Orally, and in an emergency


def test_an_oral_decision_is_heard_by_a_third_person_and_is_put_in_writing() -> None:
    choice = chosen(oral=True)
    heard = Heard(HEARER, AT - timedelta(minutes=5))
    found = decide(asked(COURT), signer(), choice, at=AT, heard=heard)
    assert found.persons == {AUTHOR, PROSECUTOR, HEARER}
    assert found.written_within == choice.power.written_within is not None


@pytest.mark.parametrize(
    ("heard", "oral", "code"),
    [
        (Heard(AUTHOR, AT), True, "same_person"),
        (Heard(PROSECUTOR, AT), True, "same_person"),
        (Heard(HEARER, AT + timedelta(seconds=1)), True, "not_yet"),
        (Heard(HEARER, AT), False, "not_orally"),
    ],
)
def test_an_oral_decision_that_is_none(heard: Heard, oral: bool, code: str) -> None:
    choice = chosen(oral=oral)
    call = lambda: decide(asked(COURT), signer(), choice, at=AT, heard=heard)  # noqa: E731
    assert refused(call) == code


def test_an_oral_decision_counts_from_when_it_was_heard() -> None:
    early, late = Heard(HEARER, AT - timedelta(hours=2)), Heard(HEARER, AT)
    begun = signer(valid_from=AT - timedelta(hours=1))
    call = lambda heard: decide(  # noqa: E731
        asked(COURT), begun, chosen(oral=True), at=AT, heard=heard
    )
    assert call(late)
    assert refused(lambda: call(early)) == "mandate_not_valid"


def test_the_mandate_of_an_oral_decision_is_in_force_when_it_is_noted_too() -> None:
    who = signer(valid_until=AT - timedelta(hours=1))
    early = Heard(HEARER, AT - timedelta(hours=2))
    call = lambda: decide(asked(COURT), who, chosen(oral=True), at=AT, heard=early)  # noqa: E731
    assert refused(call) == "mandate_not_valid"


def test_an_emergency_is_decided_by_fewer_ranks_and_confirmed_by_a_third_person() -> None:
    choice = chosen("life", emergency=True)
    duty = signer(role="unit_head", organisation=POLICE)
    found = decide(asked(POLICE), duty, choice, at=AT)
    assert found.confirmed_within == choice.confirm_within is not None
    may_confirm(asked(), frozenset({duty.person}), signer(JUDGE, "judge"), choice, at=AT)


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (signer(AUTHOR, "judge"), "same_person"),
        (signer(PROSECUTOR, "judge"), "same_person"),
        (signer(JUDGE, "unit_head"), "wrong_role"),
        (signer(JUDGE, "judge", valid_until=AT), "mandate_not_valid"),
        (signer(JUDGE, "judge", organisation=POLICE), "other_authority"),
        (signer(JUDGE, "judge", is_system=True), "not_a_person"),
    ],
)
def test_who_may_not_confirm_an_emergency(who: Signer, code: str) -> None:
    choice = chosen("life", emergency=True)
    call = lambda: may_confirm(asked(), frozenset({PROSECUTOR}), who, choice, at=AT)  # noqa: E731
    assert refused(call) == code


ROLES = ("officer", "unit_head", "prosecutor", "judge", "fiu_head", "institution", "machine")
FLAGS = ("oral", "emergency", "secret", "ended", "system", "elsewhere")


def test_no_flag_and_no_role_lets_one_person_draft_and_authorise() -> None:
    """Every combination of flags, ranks, dangers and of who is who; nothing is left out."""
    tried = allowed = 0
    people = (AUTHOR, PROSECUTOR, HEARER)
    for flags in itertools.product((False, True), repeat=len(FLAGS)):
        given = dict(zip(FLAGS, flags, strict=True))
        for rank, danger in itertools.product(ROLES, ("", "life")):
            if danger and not given["emergency"]:
                continue
            choice = chosen(
                danger, authorised_by=(rank,), oral=given["oral"], emergency=given["emergency"],
                is_secret=given["secret"],
            )  # fmt: skip
            assert choice.persons >= 2
            for who, role, hearer in itertools.product(people, ROLES, (None, *people)):
                tried += 1
                found = tries(choice, who, role, hearer, given)
                if found is None:
                    continue
                allowed += 1
                assert AUTHOR in found.persons and len(found.persons) >= 2
                assert who != AUTHOR and hearer not in (AUTHOR, who)
                assert (hearer is not None) <= (found.written_within is not None)
                assert bool(danger) <= (found.confirmed_within is not None)
    assert tried >= 10_000 and allowed > 100


def tries(
    choice: Choice, who: UUID, role: str, hearer: UUID | None, given: dict[str, bool]
) -> Decided | None:
    one = signer(
        who, role, is_system=given["system"], valid_until=AT if given["ended"] else None,
        organisation=POLICE if given["elsewhere"] else COURT,
    )  # fmt: skip
    heard = Heard(hearer, AT) if hearer else None
    try:
        return decide(asked(COURT), one, choice, at=AT, heard=heard)
    except MayNotDecide:
        return None


def test_a_power_that_asks_for_more_persons_gets_them() -> None:
    three = replace(chosen(), persons=3)
    call = lambda: decide(asked(COURT), signer(), three, at=AT)  # noqa: E731
    assert refused(call) == "too_few_persons"


# Narrowing


ASKED = Scope(
    {"a": frozenset({"iban:1", "iban:2"}), "b": frozenset({"iban:3"})}, frozenset({"x", "y"}),
    AT - timedelta(days=30), AT, 480_00, "RSD",
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({}, ()),
        ({"targets": {"a": frozenset({"iban:1"})}}, ()),
        ({"data": frozenset({"x"})}, ()),
        ({"from_at": AT - timedelta(days=3)}, ()),
        ({"until_at": AT - timedelta(days=3)}, ()),
        ({"amount_minor": 300_00}, ()),
        ({"targets": {"a": frozenset({"iban:9"})}}, ("targets",)),
        ({"targets": {"c": frozenset({"iban:1"})}}, ("targets",)),
        ({"data": frozenset({"z"})}, ("data",)),
        ({"from_at": AT - timedelta(days=31)}, ("period",)),
        ({"until_at": AT + timedelta(seconds=1)}, ("period",)),
        ({"from_at": None}, ("period",)),
        ({"until_at": None}, ("period",)),
        ({"amount_minor": 480_01}, ("amount",)),
        ({"amount_minor": None}, ("amount",)),
        ({"currency": "EUR"}, ("amount",)),
        ({"data": frozenset({"z"}), "until_at": None, "amount_minor": 999_99},
         ("data", "period", "amount")),
    ],
)  # fmt: skip
def test_narrowing_only_narrows(changed: dict[str, Any], parts: tuple[str, ...]) -> None:
    narrower = replace(ASKED, **changed)
    if not parts:
        assert narrow(ASKED, narrower) == narrower
        return
    with pytest.raises(Widened) as why:
        narrow(ASKED, narrower)
    assert why.value.parts == parts


def test_an_open_end_may_be_closed() -> None:
    asked = replace(ASKED, from_at=None, until_at=None, amount_minor=None)
    assert narrow(asked, ASKED) == ASKED


@pytest.mark.parametrize(
    "changed", [{"targets": {}}, {"targets": {"a": frozenset()}}, {"data": frozenset()}]
)
def test_narrowed_to_nothing_is_a_refusal(changed: dict[str, Any]) -> None:
    with pytest.raises(NothingLeft, match="Refuse"):
        narrow(ASKED, replace(ASKED, **changed))


def test_what_knows_no_data_is_not_narrowed_to_nothing() -> None:
    asked = replace(ASKED, data=frozenset())
    assert narrow(asked, asked) == asked
    assert authorisation.filled_by(("judge",)) == ("judge",)
