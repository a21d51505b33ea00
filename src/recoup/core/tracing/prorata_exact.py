"""Pro rata in exact fractions: a debit takes exactly its share of every victim's money.

The measure of what rounding does to ``prorata``. Here, and only here, units are fractions; they
add, subtract and compare as the whole numbers of the other rules do.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, cast

from recoup.core.tracing.pool import Pool, leaving
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts


class ExactShare(Pool):
    """An account of which every debit takes a proportional slice, exactly."""

    __slots__ = ()

    @staticmethod
    def divide(parts: Parts, units: int) -> tuple[Parts, Parts]:
        return leaving(parts, scaled(parts, units, sum(there for _, there in parts)))

    @staticmethod
    def exchange(parts: Parts, amount: int, credit: int) -> Parts:
        """Every part gets its exact share of the credit."""
        if not amount:
            return [(None, credit)]
        changed, _ = leaving(parts, scaled(parts, credit, amount))
        return changed


def scaled(parts: Parts, units: int, whole: int) -> list[int]:
    """Return each part times units / whole: fractions, though typed as every rule's units are."""
    return cast("list[int]", [Fraction(there) * units / whole for _, there in parts])


RULE: Final = Rule(
    key="prorata_exact",
    name="pro rata, exact fractions",
    takes="the same share of everyone's money, as an exact fraction",
    source='the "haircut" of Möser, Böhme and Breuker (2014), without rounding',
    purse=ExactShare,
)
