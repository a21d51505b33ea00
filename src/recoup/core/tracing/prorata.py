"""Pro rata: a debit takes the same share of every victim's money and of the clean money.

Also called haircut. Shares are whole units by cumulative floors, so no unit is lost or made:
with labels in the order of their code points and clean money last, the first i labels together
give floor(their units * debit / balance).
"""

from __future__ import annotations

from typing import Final

from recoup.core.tracing.pool import Pool, cumulative_floors, leaving
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts


class Share(Pool):
    """An account of which every debit takes a proportional slice, in whole units."""

    __slots__ = ()

    @staticmethod
    def divide(parts: Parts, units: int) -> tuple[Parts, Parts]:
        whole = sum(there for _, there in parts)
        return leaving(parts, cumulative_floors((there for _, there in parts), units, whole))


RULE: Final = Rule(
    key="prorata",
    name="pro rata",
    takes="the same share of everyone's money, in whole units",
    source='the "haircut" of Möser, Böhme and Breuker (2014); sharing in proportion',
    purse=Share,
)
