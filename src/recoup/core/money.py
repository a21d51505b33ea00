"""Amounts of money, held as a whole number of minor units.

Nothing here is a float: a traced sum has to add up to the last cent before a court.
How many minor units make one unit comes from ISO 4217 (``data/currencies.toml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recoup.core.said import Said, SaidSum
from recoup.core.text import NotReadable, name_of, read_line

MOST_DIGITS: Final = 13
AMOUNT: Final = re.compile(r"(?P<whole>0|[1-9][0-9]*)(\.(?P<part>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of ISO 4217, or an asset on a chain.

    decimals: digits after the point, so that 10**decimals minor units make one unit.
    most_digits: the longest amount that is taken, decimals included.
    """

    code: str
    decimals: int
    name: str
    most_digits: int = MOST_DIGITS
    is_asset: bool = False


class CurrencyMismatch(Exception):
    """Amounts of two currencies are never added."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other = one, other
        super().__init__(f"{one} and {other} cannot be added. Total each currency by itself.")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency.

    minor_units: whole number of the currency's smallest unit; EUR 10.50 is 1050.
    currency: ISO 4217 alphabetic code, upper case.
    """

    minor_units: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return Money(self.minor_units + other.minor_units, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + Money(-other.minor_units, other.currency)

    def split(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Divide the amount in proportion to the weights, losing no minor unit.

        Shares are rounded down; the minor units left over go, one each, to the shares
        that lost most, the earlier share first where two lost the same.
        """
        if self.minor_units < 0 or not weights or min(weights) < 0 or sum(weights) == 0:
            raise ValueError("Needs an amount of zero or more, and a weight above zero.")
        whole = sum(weights)
        shares = [self.minor_units * weight // whole for weight in weights]
        lost = [self.minor_units * weight % whole for weight in weights]
        left_over = self.minor_units - sum(shares)
        for index in sorted(range(len(weights)), key=lambda i: -lost[i])[:left_over]:
            shares[index] += 1
        return tuple(Money(share, self.currency) for share in shares)


def read_currency(
    text: object, currencies: Mapping[str, Currency], *, field: str = "currency"
) -> Currency:
    """Return the currency that a three-letter code names; raises NotReadable."""
    code = read_line(text, field=field, max_length=12)
    if code not in currencies:
        known = code.upper() in currencies and code.isascii()
        raise NotReadable(
            field,
            text,
            Said("This is not a currency code of ISO 4217."),
            Said("Write %(code)s.", code=code.upper())
            if known
            else Said("Write three capital letters, like RSD."),
            code="unknown_currency",
        )
    return currencies[code]


def _problem(text: str, currency: Currency) -> tuple[str, str]:
    """Say why a text is not an amount: a code for machines, and the sentence."""
    odd = next((c for c in text if not c.isascii()), None)
    if odd is not None:
        return "look_alike", Said(
            "The character %(character)s is not a digit of an amount.", character=name_of(odd)
        )
    if text.startswith("-"):
        return "negative", Said("An amount below zero cannot be reported.")
    if currency.code in text.upper():
        return "currency_inside", Said("The currency stands beside the amount.")
    if "," in text:
        return "comma", Said("A comma can mean thousands or decimals, so it is not taken.")
    if " " in text:
        return "space", Said("Spaces stand inside the amount.")
    if re.fullmatch(r"[0-9.]*[eE][+-]?[0-9]+", text):
        return "exponent", Said("The amount is written with an exponent.")
    if re.fullmatch(r"0[0-9]+(\.[0-9]*)?", text):
        return "leading_zero", Said("The amount begins with a zero that does not belong there.")
    if text.count(".") > 1:
        return "points", Said("The amount has more than one point.")
    return "not_an_amount", Said("This is not an amount.")


def parse_amount(text: object, currency: Currency, *, field: str = "amount") -> Money:
    """Read an amount written with digits and at most one point: 480000 or 480000.00.

    More decimals than the currency has, more than 13 digits in all, zero, and every other
    sign are refused: a wrong amount would hold the wrong money.
    """
    right = "480000" + ("." + "0" * currency.decimals if currency.decimals else "")
    advice = Said(
        "Write digits with a point before the decimals and nothing else, like %(right)s.",
        right=right,
    )
    if not isinstance(text, str):
        raise NotReadable(field, text, Said("The amount is not text."), advice, code="not_text")
    kept = text.strip(" \t\r\n\u00a0\u202f")
    if not kept:
        raise NotReadable(field, text, Said("No amount was filled in."), advice, code="missing")
    found = AMOUNT.fullmatch(kept)
    if found is None:
        code, problem = _problem(kept, currency)
        raise NotReadable(field, text, problem, advice, code=code)
    part = found["part"] or ""
    if len(part) > currency.decimals:
        facts: dict[str, str | int] = {
            "currency": currency.code,
            "decimals": currency.decimals,
            "given": len(part),
        }
        problem = Said("%(currency)s has %(decimals)s decimals; the amount has %(given)s.", **facts)
        raise NotReadable(field, text, problem, advice, code="too_precise", **facts)
    if len(found["whole"]) + currency.decimals > currency.most_digits:
        problem = Said(
            "The amount is longer than %(most)s digits, decimals included.",
            most=currency.most_digits,
        )
        raise NotReadable(
            field, text, problem, Said("Check the amount."), code="too_long",
            most=currency.most_digits,
        )  # fmt: skip
    minor_units = int(found["whole"] + part.ljust(currency.decimals, "0"))
    if minor_units == 0:
        raise NotReadable(
            field, text, Said("The amount is zero."), Said("Write what was paid."), code="zero"
        )
    return Money(minor_units, currency.code)


WRITTEN: Final = re.compile(
    r"(?P<whole>[0-9]{1,3}(?P<group>[. \u00a0\u202f])[0-9]{3}(?:(?P=group)[0-9]{3})*|[0-9]+),"
    r"(?P<part>[0-9]{2})|(?P<thousands>[0-9]{1,3}(?:,[0-9]{3})+)\.(?P<cents>[0-9]{2})"
)


def as_plain(text: str) -> str:
    """Return an amount as people write it, 65.000,00 or 65,000.00, in digits and one point.

    Only what can be read in one way: two last digits behind the other sign. Any other text is
    returned as it is, for ``parse_amount`` to judge.
    """
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        return text
    whole, part = found["whole"] or found["thousands"], found["part"] or found["cents"]
    return "".join(c for c in whole if c.isdigit()) + "." + part


def read_sum(text: str, currency: Currency, *, field: str = "amount") -> int:
    """Read a sum that a person typed, in minor units; unlike a loss, it may be zero.

    Read as people write it (``as_plain``); what can be read in two ways is refused.
    """
    try:
        return parse_amount(as_plain(text), currency, field=field).minor_units
    except NotReadable as problem:
        if problem.code == "zero":
            return 0
        raise


def format_amount(money: Money, currency: Currency, *, group: str = ",") -> str:
    """Return the amount with its decimals and its thousands grouped, without the currency."""
    if money.currency != currency.code:
        raise CurrencyMismatch(money.currency, currency.code)
    whole, part = divmod(abs(money.minor_units), 10**currency.decimals)
    sign = "-" if money.minor_units < 0 else ""
    decimals = f".{part:0{currency.decimals}d}" if currency.decimals else ""
    return f"{sign}{whole:,}".replace(",", group) + decimals


def format_money(money: Money, currency: Currency) -> str:
    """Return the amount for logs and printed tickets, such as ``480,000.00 RSD``.

    Pages write it in the reader's language instead.
    """
    return SaidSum(
        f"{format_amount(money, currency)} {currency.code}", minor_units=money.minor_units,
        currency=currency.code, decimals=currency.decimals,
    )  # fmt: skip


def plain_amount(money: Money, currency: Currency) -> str:
    """Return the amount in the form that ``parse_amount`` reads, such as ``480000.00``."""
    return format_amount(money, currency, group="")
