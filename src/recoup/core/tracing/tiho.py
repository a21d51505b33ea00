"""Taint in, highest out: a debit takes traced money first, and the largest of a batch first.

After Tironsakkul and others: whoever passes stolen money on sends it to the highest output.
Transfers of one batch are taken by amount, the largest first.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final

from recoup.core.tracing.ledger import Ledger, Transfer, in_order
from recoup.core.tracing.pool import Pool, divide_traced
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts


class TracedFirst(Pool):
    """An account whose traced units leave first, and repay first."""

    __slots__ = ()

    @staticmethod
    def divide(parts: Parts, units: int) -> tuple[Parts, Parts]:
        traced = min(units, sum(there for label, there in parts if label is not None))
        return divide_traced(parts, traced, units - traced)


def highest_first(ledger: Ledger, as_of: int | None) -> list[Transfer]:
    """Return the transfers that count; those of a batch that follow each other by amount."""
    ordered: list[Transfer] = []
    runs = groupby(in_order(ledger, as_of), key=lambda x: (x.batch, x.t, x.payer))
    for (batch, _, _), run in runs:
        same = list(run)
        ordered += same if batch is None else sorted(same, key=lambda x: (-x.amount, x.seq, x.id))
    return ordered


RULE: Final = Rule(
    key="tiho",
    name="taint in, highest out",
    takes="traced money first, the largest payment of a batch first",
    source="Tironsakkul and others (2020), for bitcoin",
    purse=TracedFirst,
    order=highest_first,
    ordering="time, then amount downwards within a batch, sequence, id",
)
