"""The five facts: all problems at once, oddities flagged, nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.accounts import read_account
from recoup.core.money import Currency, Money
from recoup.core.report import FACTS, FiveFacts, ReportNotReadable, read_five_facts

AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
KNOWN = {
    "RSD": Currency("RSD", 2, "Serbian Dinar"),
    "EUR": Currency("EUR", 2, "Euro"),
}
GOOD = {
    "amount": "480000.00",
    "currency": "RSD",
    "paid_at": "2026-11-21T12:40",
    "payer_account": "260-56010016113-79",
    "payee_account": "DE89 3704 0044 0532 0130 00",
    "reference": "97 12-345",
}
HOW = {
    "at": AT,
    "zone": ZoneInfo("Europe/Belgrade"),
    "currencies": KNOWN,
    "usual_currency": {"RS": "RSD"},
}


def problems_of(**changed):
    with pytest.raises(ReportNotReadable) as refusal:
        read_five_facts(GOOD | changed, **HOW)
    return [(problem.field, problem.code) for problem in refusal.value.problems]


def test_five_facts_are_read():
    assert read_five_facts(GOOD, **HOW) == FiveFacts(
        amount=Money(48_000_000, "RSD"),
        paid_at=datetime(2026, 11, 21, 11, 40, tzinfo=UTC),
        payer=read_account("RS35260005601001611379"),
        payee=read_account("DE89370400440532013000"),
        reference="97 12-345",
    )


def test_all_problems_are_told_at_once_in_the_order_of_the_form():
    found = problems_of(
        amount="48,00",
        paid_at="2026-04-31T10:00",
        payer_account="260-56010016113-78",
        payee_account="4111 1111 1111 1112",
        reference="a\x00",
    )
    assert found == [
        ("amount", "comma"),
        ("paid_at", "no_such_day"),
        ("payer_account", "check_digits"),
        ("payee_account", "check_digits"),
        ("reference", "character_refused"),
    ]


def test_nothing_filled_in_is_told_for_every_fact_but_the_reference():
    with pytest.raises(ReportNotReadable) as refusal:
        read_five_facts({}, **HOW)
    assert [problem.field for problem in refusal.value.problems] == [
        "currency", "paid_at", "payer_account", "payee_account",
    ]  # fmt: skip
    assert read_five_facts(GOOD | {"reference": ""}, **HOW).reference == ""


def test_a_card_number_is_masked_in_the_problem():
    with pytest.raises(ReportNotReadable) as refusal:
        read_five_facts(
            GOOD | {"payee_account": "4111111111111112", "amount": "4111111111111111"}, **HOW
        )
    told = " ".join(f"{problem.value} {problem}" for problem in refusal.value.problems)
    assert "4111111111111" not in told + str(refusal.value)


def test_money_paid_from_an_account_to_itself_is_refused_however_it_is_written():
    assert problems_of(payee_account="RS35 2600 0560 1001 6113 79") == [
        ("payee_account", "same_account")
    ]


def test_the_future_and_the_far_past_are_refused():
    assert problems_of(paid_at="2026-11-21T15:00") == [("paid_at", "in_the_future")]
    assert problems_of(paid_at="2016-11-21T12:40") == [("paid_at", "too_long_ago")]
    assert problems_of(paid_at="1996-11-21T12:40") == [("paid_at", "too_long_ago")]


def test_without_a_zone_the_moment_has_to_say_its_own():
    how = HOW | {"zone": None}
    with pytest.raises(ReportNotReadable, match="does not say its time zone"):
        read_five_facts(GOOD, **how)
    facts = read_five_facts(GOOD | {"paid_at": "2026-11-21T12:40:00+01:00"}, **how)
    assert facts.paid_at == datetime(2026, 11, 21, 11, 40, tzinfo=UTC)


def test_oddities_are_flagged_and_do_not_stop_the_report():
    facts = read_five_facts(
        GOOD
        | {
            "currency": "EUR",
            "paid_at": "2026-10-25T02:30",
            "reference": "4111 1111 1111 1111",
        },
        **HOW,
    )
    assert [(flag.field, flag.code) for flag in facts.flags] == [
        ("reference", "looks_like_card"),
        ("currency", "unusual_currency"),
        ("paid_at", "time_twice"),
    ]
    assert facts.paid_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_way_of_writing_an_account_may_be_said():
    facts = read_five_facts(
        GOOD | {"payee_account": "WU 1234567890", "payee_scheme": "cash_reference"}, **HOW
    )
    assert facts.payee.scheme == "cash_reference"
    assert problems_of(payee_scheme="pigeon") == [("payee_account", "unknown_scheme")]
    assert problems_of(payee_scheme=5) == [("payee_account", "unknown_scheme")]


@given(
    st.dictionaries(
        st.sampled_from([*FACTS, "payer_scheme", "payee_scheme"]),
        st.one_of(st.text(max_size=40), st.none(), st.integers(), st.lists(st.integers())),
    )
)
def test_any_fields_are_read_or_refused_and_nothing_else_happens(fields):
    try:
        read_five_facts(GOOD | fields, **HOW)
    except ReportNotReadable as refusal:
        assert refusal.problems
        for problem in refusal.problems:
            assert problem.problem and problem.advice and problem.value.isprintable()
