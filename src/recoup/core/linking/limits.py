"""How many reports may share an identifier before it says less, and before it says nothing.

One account named by five reports joins them. One that half the country pays into, a bank's own
collective account or an exchange's address, says nothing, and must not make one case of all.
The limits stand in ``data/indicators.toml``, one for each kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Identifiers that only count in pairs give about as many pairs as their number squared. Of one
# report so many of them are paired, those that the fewest reports name.
PAIRED: Final = 12


class Weight(StrEnum):
    """What an identifier does for those who name it."""

    JOINS = "joins"
    JOINS_WITH_ANOTHER = "joins_with_another"
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class Limit:
    """alone: up to so many reports it joins them; 0 for none. with_another: up to so many, only
    those that share another such identifier too. Beyond it is barred.
    """

    alone: int
    with_another: int

    def weight(self, degree: int) -> Weight:
        """What an identifier that so many reports name does."""
        if degree <= self.alone:
            return Weight.JOINS
        return Weight.JOINS_WITH_ANOTHER if degree <= self.with_another else Weight.BARRED


Limits = Mapping[str, Limit]
