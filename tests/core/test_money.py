"""Amounts: read strictly, split without losing a minor unit, never added across currencies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.money import (
    Currency,
    CurrencyMismatch,
    Money,
    as_plain,
    format_amount,
    format_money,
    parse_amount,
    plain_amount,
    read_currency,
    read_sum,
)
from recoup.core.text import NotReadable

RSD = Currency("RSD", 2, "Serbian Dinar")
JPY = Currency("JPY", 0, "Yen")
KWD = Currency("KWD", 3, "Kuwaiti Dinar")
ETH = Currency("ETH", 18, "Ether", most_digits=30, is_asset=True)


@pytest.mark.parametrize(
    ("text", "currency", "minor_units"),
    [
        ("480000.00", RSD, 48_000_000),
        ("480000", RSD, 48_000_000),
        ("0.5", RSD, 50),
        ("0.01", RSD, 1),
        (" 12.30\n", RSD, 1230),
        ("99999999999.99", RSD, 9_999_999_999_999),
        ("9999999999999", JPY, 9_999_999_999_999),
        ("1.234", KWD, 1234),
        ("123456789012.000000000000000001", ETH, 123_456_789_012_000_000_000_000_000_001),
    ],
)
def test_an_amount_is_read_into_minor_units(text, currency, minor_units):
    assert parse_amount(text, currency) == Money(minor_units, currency.code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("0", "zero"),
        ("0.00", "zero"),
        ("-5", "negative"),
        ("10,5", "comma"),
        ("480.000,00", "comma"),
        ("480 000.00", "space"),
        ("480\u00a0000", "look_alike"),
        ("1e2", "exponent"),
        ("5E1", "exponent"),
        ("10.005", "too_precise"),
        ("50.0000", "too_precise"),
        ("100000000000.00", "too_long"),
        ("1000000000000000000", "too_long"),
        ("9" * 5000, "too_long"),
        ("007", "leading_zero"),
        ("1.2.3", "points"),
        ("10.", "not_an_amount"),
        (".5", "not_an_amount"),
        ("+5", "not_an_amount"),
        ("nan", "not_an_amount"),
        ("Infinity", "not_an_amount"),
        ("0x10", "not_an_amount"),
        ("1_000", "not_an_amount"),
        ("RSD 100", "currency_inside"),
        ("100RSD", "currency_inside"),
        ("٤٨٠", "look_alike"),
        ("４８０", "look_alike"),
        ("4\u200b8", "look_alike"),
        ("1\x000", "not_an_amount"),
        ("\ud800", "look_alike"),
        (480, "not_text"),
        (4.5, "not_text"),
        (None, "not_text"),
        (True, "not_text"),
    ],
)
def test_anything_else_is_refused_with_the_form_that_is_right(text, code):
    with pytest.raises(NotReadable) as refusal:
        parse_amount(text, RSD)
    assert refusal.value.code == code
    assert refusal.value.field == "amount"
    assert refusal.value.problem and refusal.value.advice


def test_the_advice_shows_as_many_decimals_as_the_currency_has():
    with pytest.raises(NotReadable, match=r"480000\.00\."):
        parse_amount("1,5", RSD)
    with pytest.raises(NotReadable, match=r"like 480000\."):
        parse_amount("1,5", JPY)
    with pytest.raises(NotReadable, match=r"480000\.000\."):
        parse_amount("1,5", KWD)


def test_a_currency_without_decimals_takes_none():
    with pytest.raises(NotReadable, match="JPY has 0 decimals; the amount has 1"):
        parse_amount("5.0", JPY)


@given(st.integers(1, 10**13 - 1), st.sampled_from([RSD, JPY, KWD]))
def test_what_is_written_plainly_reads_back_the_same(minor_units, currency):
    money = Money(minor_units, currency.code)
    assert parse_amount(plain_amount(money, currency), currency) == money


@given(st.one_of(st.text(), st.none(), st.integers(), st.floats(), st.from_regex(r"[0-9.,eE +-]*")))
def test_any_amount_is_read_or_refused_and_nothing_else_happens(text):
    try:
        money = parse_amount(text, RSD)
    except NotReadable as refusal:
        assert len(refusal.value) <= 200 and refusal.value.isprintable()
    else:
        assert 0 < money.minor_units < 10**13


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_a_split_loses_no_minor_unit(minor_units, weights):
    if sum(weights) == 0:
        weights[0] = 1
    shares = Money(minor_units, "RSD").split(weights)
    assert sum(share.minor_units for share in shares) == minor_units
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.minor_units * sum(weights) - minor_units * weight) < sum(weights)


def test_left_over_minor_units_go_to_those_who_lost_most_the_earlier_first():
    assert Money(10, "EUR").split([1, 1, 1]) == (
        Money(4, "EUR"),
        Money(3, "EUR"),
        Money(3, "EUR"),
    )
    assert [share.minor_units for share in Money(10, "EUR").split([1, 2])] == [3, 7]


@pytest.mark.parametrize(("minor_units", "weights"), [(-1, [1]), (1, []), (1, [0]), (1, [2, -1])])
def test_a_split_that_has_no_meaning_is_refused(minor_units, weights):
    with pytest.raises(ValueError, match="weight above zero"):
        Money(minor_units, "EUR").split(weights)


def test_amounts_of_two_currencies_are_never_added():
    assert Money(1, "EUR") + Money(2, "EUR") == Money(3, "EUR")
    assert Money(1, "EUR") - Money(2, "EUR") == Money(-1, "EUR")
    with pytest.raises(CurrencyMismatch, match="EUR and RSD"):
        Money(1, "EUR") + Money(2, "RSD")
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") - Money(2, "RSD")
    with pytest.raises(CurrencyMismatch):
        format_amount(Money(1, "EUR"), RSD)


@pytest.mark.parametrize(
    ("minor_units", "currency", "shown"),
    [
        (48_000_000, RSD, "480,000.00 RSD"),
        (5, RSD, "0.05 RSD"),
        (-123_456, RSD, "-1,234.56 RSD"),
        (1_234_567, JPY, "1,234,567 JPY"),
        (1_001, KWD, "1.001 KWD"),
    ],
)
def test_an_amount_is_shown_with_grouped_thousands(minor_units, currency, shown):
    assert format_money(Money(minor_units, currency.code), currency) == shown


def test_a_currency_is_named_by_its_code_only():
    known = {"RSD": RSD}
    assert read_currency("RSD", known) is RSD
    with pytest.raises(NotReadable, match="Write RSD"):
        read_currency("rsd", known)
    for text in ("din", "", "RSDX", "€", "R\u0405D", None, 941):
        with pytest.raises(NotReadable):
            read_currency(text, known)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("65.000,00", "65000.00"),
        ("1.250.000,50", "1250000.50"),
        ("65 000,00", "65000.00"),
        ("65000,00", "65000.00"),
        ("65,000.00", "65000.00"),
        (" 65.000,00 ", "65000.00"),
    ],
)
def test_an_amount_as_people_write_it_is_read_where_there_is_one_way(written, plain):
    assert as_plain(written) == plain


@pytest.mark.parametrize(
    "written", ["65.000", "65,000", "10,5", "1.23,45", "1.234.56,00", "65.000 000,00", "-65.000,00",
                "٦٥٠٠٠,00", "1,234,56", "", "480000.00"],
)  # fmt: skip
def test_an_amount_that_could_be_two_things_stays_as_it_is(written):
    assert as_plain(written) == written


@pytest.mark.parametrize(
    ("written", "units"),
    [("10.000,00", 10_000_00), ("10,000.00", 10_000_00), ("1 000,50", 1_000_50), ("0", 0),
     ("0,00", 0), ("0.00", 0), ("5", 500)],
)  # fmt: skip
def test_a_sum_that_a_person_typed_may_be_zero(written, units):
    assert read_sum(written, RSD) == units


@pytest.mark.parametrize("written", ["10.000", "10,000", "10,5", "-5", "-0", "", "half", "1e3"])
def test_a_sum_that_could_be_two_things_or_none_is_refused_with_advice(written):
    with pytest.raises(NotReadable) as refused:
        read_sum(written, RSD, field="held")
    assert refused.value.field == "held" and "480000.00" in str(refused.value)
