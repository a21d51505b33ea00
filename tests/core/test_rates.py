"""How much an exchanged payment can be worth."""

from __future__ import annotations

from fractions import Fraction

import pytest

from recoup.core.money import Currency, Money
from recoup.core.rates import Rate, Rates

RSD, EUR, JPY = Currency("RSD", 2, "Dinar"), Currency("EUR", 2, "Euro"), Currency("JPY", 0, "Yen")
KWD = Currency("KWD", 3, "Kuwaiti Dinar")
RATES = Rates(
    {
        "EUR": Rate(Fraction(1), Fraction(0)),
        "RSD": Rate(Fraction(100), Fraction(1, 10)),
        "JPY": Rate(Fraction(200), Fraction(1, 5)),
    },
    "2025",
)


@pytest.mark.parametrize(
    ("minor", "paid", "into", "most"),
    [
        (10_000, RSD, EUR, 110),  # 100.00 RSD are 1.00 EUR, and ten per cent
        (100, EUR, RSD, 11_000),
        (100, EUR, JPY, 240),  # the yen has no minor units
        (10_000, RSD, JPY, 260),  # both tolerances
        (1, RSD, EUR, 1),  # never nothing: the smallest unit always fits
    ],
)
def test_the_most_that_a_payment_can_have_become(
    minor: int, paid: Currency, into: Currency, most: int
) -> None:
    assert RATES.most(Money(minor, paid.code), currency=paid, into=into) == most


def test_of_a_currency_without_a_rate_nothing_is_said() -> None:
    assert RATES.most(Money(100, "EUR"), currency=EUR, into=KWD) is None
    assert RATES.most(Money(100, "KWD"), currency=KWD, into=EUR) is None
