"""Before it is sent, a request says what it lacks: the reasons for which providers refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recoup.core.completeness import (
    Asking,
    Bounds,
    Held,
    Identifier,
    Lack,
    Profile,
    Severity,
    Shape,
    blocks,
    check,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEEN = AT - timedelta(days=20)
DAYS = timedelta(days=1)
IP = Identifier("ip", "203.0.113.7", 51512, SEEN)
SHAPE = Shape(
    "subscriber_domestic", ("isp", "telecom"), ("subscriber", "traffic"),
    frozenset({"ip", "phone", "email", "iban", "device"}), needs_identifier=True,
)  # fmt: skip
ISP = Profile(
    {"subscriber": Held(), "traffic": Held(365 * DAYS)}, has_cgnat=True, longest=90 * DAYS
)
ASKING = Asking("isp", ("subscriber",), (IP,))
BOUNDS = Bounds(
    longest={"traffic": 30 * DAYS}, old_after={"subscriber": 400 * DAYS},
    intrusive=frozenset({"content"}),
)  # fmt: skip


def lacks(
    *, profile: Profile | None = ISP, shape: Shape = SHAPE, bounds: Bounds = BOUNDS, **changed: Any
) -> list[Lack]:
    return check(replace(ASKING, **changed), shape, profile, bounds=bounds, at=AT)


def codes(**changed: Any) -> list[str]:
    return [lack.code for lack in lacks(**changed)]


def period(first: float, last: float = 0) -> dict[str, datetime]:
    return {"from_at": AT - first * DAYS, "until_at": AT - last * DAYS}


def test_what_is_complete_lacks_nothing() -> None:
    assert lacks() == []


def test_a_lack_says_what_where_and_whether_it_stops() -> None:
    (one,) = lacks(identifiers=(replace(IP, at=None),))
    assert one == Lack("time_missing", Severity.BLOCK, one.said, "identifiers")
    assert "203.0.113.7" in one.said and one.said.values == {"ip": "203.0.113.7"}
    assert blocks([one])


@pytest.mark.parametrize(
    ("profile", "given", "code"),
    [
        ({"takes": frozenset({"phone"})}, {}, "wrong_identifier"),
        (
            {},
            {"identifiers": (replace(IP, port=None),), "justification": "No log."},
            "port_missing",
        ),
        ({"longest": DAYS}, period(3), "too_broad"),
        ({"held": {"nothing": Held()}}, {}, "data_not_held"),
        ({"held": {"subscriber": Held(DAYS)}}, {}, "data_gone"),
    ],
)
def test_what_rests_on_the_addressee_s_own_word_warns_and_never_blocks(
    profile: dict[str, Any], given: dict[str, Any], code: str
) -> None:
    found = lacks(profile=replace(ISP, **profile), **given)
    assert [(one.code, one.blocks) for one in found] == [(code, False)]


# Identifiers


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [("ip", "203.0.113.9", True), ("phone", "+381 11 123", True), ("iban", "RS35", False),
     ("wallet", "bc1q", False)],
)  # fmt: skip
def test_an_identifier_leads_somewhere(kind: str, value: str, fits: bool) -> None:
    found = codes(identifiers=(Identifier(kind, value, 1, SEEN),))
    assert found == ([] if fits else ["wrong_identifier"])


def test_what_the_addressee_does_not_take_is_a_wrong_identifier() -> None:
    profile = replace(ISP, takes=frozenset({"phone"}))
    assert codes(profile=profile) == ["wrong_identifier"]
    assert codes(profile=profile, identifiers=(Identifier("phone", "+38111"),)) == []


def test_where_nothing_is_known_against_it_any_identifier_does() -> None:
    shape = replace(SHAPE, takes=frozenset(), addressees=("central_authority",))
    one = {"identifiers": (Identifier("anything", "x"),), "addressee_kind": "central_authority"}
    assert codes(shape=shape, profile=None, **one) == []


def test_a_form_that_asks_for_an_identifier_gets_one() -> None:
    assert codes(identifiers=()) == ["identifier_missing"]
    assert codes(identifiers=(), shape=replace(SHAPE, needs_identifier=False)) == []


def test_an_address_needs_its_moment_and_the_moment_its_zone() -> None:
    assert codes(identifiers=(replace(IP, at=None),)) == ["time_missing"]
    naive = replace(IP, at=SEEN.replace(tzinfo=None))
    assert codes(identifiers=(naive,)) == ["zone_missing"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("ip", "203.0.113"), ("ip", "203.0.113.7\u202e99"), ("email", "a b@c.example"),
     ("phone", "call me"), ("device", "<Reference>"), ("email", "a@b.example\nReference: X")],
)  # fmt: skip
def test_an_identifier_is_written_as_its_kind_is(kind: str, value: str) -> None:
    found = codes(identifiers=(Identifier(kind, value, 1, SEEN),))
    assert found == ["malformed_identifier"]


def test_every_moment_has_a_zone_whatever_was_seen() -> None:
    naive = Identifier("email", "a@b.example", at=SEEN.replace(tzinfo=None))
    assert codes(identifiers=(naive,)) == ["zone_missing"]


def test_a_port_is_needed_only_where_customers_share_an_address() -> None:
    bare = (replace(IP, port=None),)
    assert codes(identifiers=bare) == ["port_missing"]
    assert codes(identifiers=bare, profile=replace(ISP, has_cgnat=False)) == []
    (unknown,) = lacks(identifiers=bare, profile=None)
    assert (unknown.code, unknown.blocks) == ("port_missing", False)


# Period and retention


def test_a_form_that_asks_for_a_period_gets_one() -> None:
    shape = replace(SHAPE, needs_period=True)
    assert codes(shape=shape) == []  # who somebody is, is of no time
    assert codes(shape=shape, data=("traffic",)) == ["period_missing"]
    assert codes(shape=shape, **period(3)) == []
    assert codes(**period(1, 2)) == ["period_backwards"]


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (30, 0, []),
        (365, 336, ["partly_gone"]),
        (364.9, 336, ["preserve_first"]),
        (356, 336, ["preserve_first"]),
        (351, 336, ["preserve_first"]),
        (350.9, 336, []),
        (395, 365, ["data_gone"]),
        (395, 364.9, ["long_period", "partly_gone"]),
    ],
)
def test_what_is_kept_for_a_year_goes_by_the_day(first: float, last: float, found: Any) -> None:
    given = codes(data=("traffic",), justification="why", **period(first, last))
    assert sorted(given) == sorted(found)


def test_gone_in_nine_days_preserve_first() -> None:
    (one,) = lacks(data=("traffic",), **period(356, 350))
    assert one.said == "traffic is gone in 9 days: preserve first."
    assert (one.code, one.severity) == ("preserve_first", Severity.WARN)
    kept = replace(SHAPE, is_preservation=True)
    assert codes(data=("traffic",), shape=kept, **period(356, 350)) == []


def test_without_a_period_the_moment_of_the_address_counts() -> None:
    old = (replace(IP, at=AT - 365 * DAYS),)
    assert codes(data=("traffic",), identifiers=old) == ["data_gone"]
    assert codes(identifiers=old) == []  # subscribers are kept as long as they are customers


def test_longer_than_usual_is_too_broad_or_is_justified() -> None:
    long = period(30.1)
    assert codes(data=("traffic",), **long) == ["too_broad"]
    (one,) = lacks(data=("traffic",), justification="A series over months.", **long)
    assert (one.code, one.blocks) == ("long_period", False)
    assert codes(data=("traffic",), **period(30)) == []
    assert codes(data=("subscriber",), **long) == []


def test_longer_than_the_addressee_answers_is_too_broad_whatever_the_reason() -> None:
    assert codes(justification="x", **period(90.1)) == ["too_broad"]
    assert codes(**period(90)) == []


def test_a_period_without_an_end_lasts_until_it_is_asked_for() -> None:
    """It is neither short nor of its first moment only."""
    open_end = {"from_at": AT - 31 * DAYS}
    assert codes(data=("traffic",), **open_end) == ["too_broad"]
    assert codes(data=("traffic",), from_at=AT - 30 * DAYS) == []
    assert codes(justification="x", from_at=AT - 90.1 * DAYS) == ["too_broad"]
    given = codes(data=("traffic",), justification="why", from_at=AT - 396 * DAYS,
                  profile=replace(ISP, longest=None), proportionality="why")  # fmt: skip
    assert sorted(given) == ["long_period", "partly_gone"]  # what is younger than a year is there
    later = replace(SHAPE, needs_period=True)
    assert codes(data=("traffic",), shape=later, from_at=AT + DAYS) == []  # what is still to come


def test_a_period_that_only_ends_does_not_say_how_much_is_asked() -> None:
    assert codes(until_at=AT) == ["period_missing"]


# Route, basis, data


def test_without_a_category_nothing_is_asked() -> None:
    """Each check of the data looks at categories: with none ticked all were skipped."""
    (one,) = lacks(data=())
    assert (one.code, one.blocks, one.field) == ("category_missing", True, "data")
    assert "subscriber, traffic" in str(one.said)
    assert codes(data=(), shape=replace(SHAPE, data=())) == []


def test_the_wrong_addressee_is_the_wrong_route() -> None:
    found = codes(addressee_kind="registrar", identifiers=(Identifier("email", "a@b.example"),))
    assert found == ["wrong_route"]


def test_without_a_power_nothing_is_asked() -> None:
    assert codes(has_basis=False) == ["no_valid_basis"]


def test_what_the_addressee_does_not_hold_is_not_asked_of_it() -> None:
    profile = replace(ISP, held={"traffic": Held()})
    assert codes(profile=profile) == ["data_not_held"]
    assert codes(profile=replace(ISP, held={})) == []  # nothing said: not known


def test_what_the_measure_does_not_know_is_not_asked() -> None:
    assert codes(data=("content",), proportionality="x") == ["category_unknown"]
    assert codes(shape=replace(SHAPE, data=()), data=("subscriber",)) == []


# What the form has to say


def test_a_field_that_the_measure_must_have_is_filled_in() -> None:
    shape = replace(SHAPE, must=("offence", "facts"))
    found = lacks(shape=shape, fields={"offence": " ", "facts": "x"})
    assert [(one.code, one.field, one.blocks) for one in found] == [
        ("field_missing", "fields.offence", True)
    ]
    assert found[0].said.values == {"field": "offence"}
    assert codes(shape=shape, fields={"offence": "Fraud", "facts": "x"}) == []


def test_money_is_stopped_up_to_a_sum_or_all_of_it_for_a_reason() -> None:
    shape = replace(SHAPE, needs_amount=True, may_be_whole=True)
    whole = {"whole_account": "yes"}
    assert codes(shape=shape) == ["amount_missing"]
    assert codes(shape=shape, amount_minor=1) == []
    assert codes(shape=shape, fields=whole) == ["whole_not_justified"]
    assert codes(shape=shape, fields=whole, justification="All of it is stolen.") == []
    assert codes(shape=shape, fields=whole, justification="x", amount_minor=1) == [
        "amount_or_whole"
    ]
    assert codes(amount_minor=1) == codes(fields=whole) == []  # the measure has no sum


def test_where_the_law_wants_reasons_the_request_gives_them() -> None:
    assert codes(is_reasoned=True) == ["reasons_missing"]
    assert codes(is_reasoned=True, justification="Because.") == []


# Proportionality, duplicates


def test_content_always_needs_a_word_on_proportionality() -> None:
    shape = replace(SHAPE, data=())
    profile = replace(ISP, held={})
    given = {"shape": shape, "profile": profile, "data": ("content",)}
    assert codes(**given) == ["proportionality_missing"]
    assert codes(**given, proportionality=" ") == ["proportionality_missing"]
    assert codes(**given, proportionality="Because.") == []
    assert codes(**(given | {"shape": replace(shape, is_preservation=True)})) == []


def test_what_is_old_needs_a_word_on_proportionality() -> None:
    old = (replace(IP, at=AT - 401 * DAYS),)
    assert codes(identifiers=old) == ["proportionality_missing"]
    assert codes(identifiers=(replace(IP, at=AT - 400 * DAYS),)) == []


def test_what_is_asked_already_is_said() -> None:
    (one,) = lacks(open_alike=("HT-1",))
    assert (one.code, one.blocks) == ("asked_already", False)
    assert "HT-1" in one.said


def test_who_shortens_the_way_says_what_is_in_danger() -> None:
    (one,) = lacks(is_danger=True)
    assert (one.code, one.field, one.blocks) == ("danger_not_said", "danger_facts", True)
    assert codes(is_danger=True, danger_facts="A child.") == []
    (again,) = lacks(is_danger=True, danger_facts="A child.", lapsed_alike=("RQ-1",))
    assert (again.code, again.blocks) == ("lapsed_before", False) and "RQ-1" in again.said
    assert codes(lapsed_alike=("RQ-1",)) == []


def test_a_longest_time_that_was_used_before_is_said() -> None:
    (one,) = lacks(effect_before=("RQ-1", "RQ-2"))
    assert (one.code, one.blocks) == ("effect_before", False) and "RQ-2" in one.said


def test_what_stops_comes_first() -> None:
    found = lacks(open_alike=("HT-1",), has_basis=False, identifiers=(replace(IP, port=None),))
    assert [lack.blocks for lack in found] == [True, True, False]
    assert not blocks(found[2:])
