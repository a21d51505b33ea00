"""No need, whatever it says, gets a power that one person could use, or one that is not in force.

Every measure, kind of requester and of addressee, danger and day of every pack, and packs made up
at random: some hundred thousand needs, of which each that is granted is looked at.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup import data
from recoup.core.law import (
    Choice,
    Emergency,
    LegalBasis,
    Limit,
    Need,
    NoPower,
    NoPowerCode,
    Power,
    Unit,
    choices,
)

WORDS = data.load_words()
KINDS, ROLES, DANGERS = tuple(WORDS.kinds), tuple(WORDS.roles), ("", *WORDS.dangers)
BASIS = LegalBasis("x", "Act", "1", "May ask.", True, False, False, "https://a")
MEASURES = ("hold", "freezing", "mla")
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(12)]


def look_at(choice: Choice, need: Need) -> None:
    power = choice.power
    assert choice.persons >= 2
    assert choice.authorised_by and set(choice.authorised_by) <= set(ROLES)
    assert power.measure == need.measure
    assert power.law_from is None or power.law_from <= need.on
    assert power.law_until is None or need.on <= power.law_until
    assert need.requester_kind in power.requested_by
    assert need.addressee_kind in power.addressees
    assert not power.data or set(need.data) <= set(power.data)
    if need.danger:
        assert power.emergency is not None and need.danger in power.emergency.dangers
        assert choice.authorised_by == power.emergency.authorised_by
        assert choice.confirmed_by == power.emergency.confirmed_by and choice.confirmed_by
        assert choice.confirm_within is not None
        assert not set(choice.confirmed_by) <= set(choice.authorised_by)
    else:
        assert choice.authorised_by == power.authorised_by
        assert (choice.confirmed_by, choice.confirm_within) == ((), None)


def days_of(powers) -> list[date]:
    """The days around each change of the law, and one far from all."""
    changes = {day for power in powers for day in (power.law_from, power.law_until) if day}
    return [date(2026, 11, 6)] + [day + timedelta(days=n) for day in changes for n in (-1, 0, 1)]


def needs_of(measure, powers):
    categories = [(), measure.data, *((category,) for category in measure.data), ("thoughts",)]
    for requester, addressee, danger, day, wanted in product(
        KINDS, (*measure.addressees, "king"), DANGERS, days_of(powers), categories
    ):
        yield Need(measure.measure, tuple(wanted), requester, addressee, day, danger)


@pytest.mark.parametrize("country", data.pack_countries())
def test_no_flag_and_no_role_waives_the_second_person(country):
    pack, looked_at, asked = data.load_pack(country), 0, 0
    for measure in data.load_measures().values():
        powers = pack.powers_for(measure.measure)
        for need in needs_of(measure, powers):
            asked += 1
            try:
                found = choices(powers, need, missing=pack.missing)
            except NoPower as refusal:
                assert refusal.said and refusal.code in NoPowerCode
                continue
            for choice in found:
                look_at(choice, need)
            looked_at += len(found)
    assert asked >= 10_000, "the combinations were asked for"
    assert looked_at >= 50, "and some of them granted"


some_roles = st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True).map(tuple)
some_kinds = st.lists(st.sampled_from(KINDS[:4]), min_size=1, max_size=3, unique=True).map(tuple)
some_data = st.lists(st.sampled_from(("a", "b", "c")), max_size=3, unique=True).map(tuple)
limits = st.builds(Limit, st.integers(1, 100), st.sampled_from(Unit))


@st.composite
def powers(draw):
    decide = draw(some_roles)
    confirm = draw(some_roles.filter(lambda roles: not set(roles) <= set(decide)))
    dangers = draw(st.lists(st.sampled_from(DANGERS[1:]), min_size=1, unique=True))
    emergency = Emergency(tuple(dangers), decide, confirm, draw(limits))
    return Power(
        power="x", measure=draw(st.sampled_from(MEASURES)), data=draw(some_data),
        legal_basis=BASIS, requested_by=draw(some_kinds), authorised_by=draw(some_roles),
        addressees=draw(some_kinds), acknowledge_within=draw(limits), answer_within=draw(limits),
        emergency=draw(st.none() | st.just(emergency)),
        law_from=draw(st.none() | st.sampled_from(DAYS)),
        law_until=draw(st.none() | st.sampled_from(DAYS)),
    )  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(powers(), max_size=5), st.data())
def test_neither_does_any_pack_made_up_at_random(made_up, more):
    """A hundred needs a pack: what is granted fits, and the refusal is the first that applies."""
    for measure, requester, danger, day in product(MEASURES[:1], KINDS[:2], DANGERS[:3], DAYS[::2]):
        wanted = more.draw(some_data) if day == DAYS[0] else ()
        need = Need(measure, wanted, requester, KINDS[0], day, danger)
        try:
            for choice in choices(made_up, need):
                look_at(choice, need)
        except NoPower as refusal:
            assert refusal.code is first_reason(made_up, need)


def first_reason(made_up, need):
    """The reason again, written the other way round: power by power, how far each gets."""
    order = list(NoPowerCode)
    reached = NoPowerCode.NO_POWER_KNOWN
    for power in made_up:
        if power.measure == need.measure:
            reached = max(reached, stops_at(power, need), key=order.index)
    return reached


def stops_at(power, need):
    steps = {
        NoPowerCode.LAW_NOT_YET: power.law_from is None or power.law_from <= need.on,
        NoPowerCode.LAW_ENDED: power.law_until is None or need.on <= power.law_until,
        NoPowerCode.WRONG_REQUESTER: need.requester_kind in power.requested_by,
        NoPowerCode.WRONG_ADDRESSEE: need.addressee_kind in power.addressees,
        NoPowerCode.CATEGORY_NOT_COVERED: not power.data or set(need.data) <= set(power.data),
    }
    return next((c for c, meets in steps.items() if not meets), NoPowerCode.EMERGENCY_NOT_FORESEEN)
