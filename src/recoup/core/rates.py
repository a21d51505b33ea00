"""How much an exchanged payment can be worth, at most: guards against invented amounts.

An institution says what arrived in another currency, and the hub asks the next one to hold it. With
a stolen key any amount could be said. The bound is wide, and only upwards: fees take from a
payment, nothing adds to it. Amounts are never computed from these rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from recoup.core.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Rate:
    """per_base: units of the currency for one of the base. tolerance: 1/10 is ten per cent."""

    per_base: Fraction
    tolerance: Fraction


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of one file. as_of: when they were right."""

    of: Mapping[str, Rate]
    as_of: str

    def most(self, paid: Money, *, currency: Currency, into: Currency) -> int | None:
        """The most minor units of ``into`` that a payment can have become; at least one.

        currency: that of the payment. None where a rate is missing: then nothing can be said.
        """
        here, there = self.of.get(currency.code), self.of.get(into.code)
        if here is None or there is None:
            return None
        units = Fraction(paid.minor_units, 10**currency.decimals) * there.per_base / here.per_base
        tolerated = units * (1 + here.tolerance + there.tolerance)
        return max(int(tolerated * 10**into.decimals), 1)
