"""What each group lost and what is held of it, for all groups at once; whole numbers throughout."""

from __future__ import annotations

import numpy as np

from recoup.core.linking.fast import kernels
from recoup.core.linking.fast.coded import Column
from recoup.core.linking.told import ReportsRefused


def counting(group: Column, double_of: Column) -> Column:
    """Which reports' sums count: the same loss told twice in one group counts once.

    double_of: for each report the one that told its loss before, or -1.
    """
    return kernels.count_once(np.ascontiguousarray(double_of, np.int64), group)


def add_up(
    group: Column, counts: Column, report: Column, currency: Column, minor_units: Column, *,
    currencies: int,
) -> Column:  # fmt: skip
    """Sums by group and currency from rows of amounts; raises ReportsRefused beyond 64 bits.

    The row of a group is the number of its least report, as in ``Groups.group``.
    """
    amounts = np.ascontiguousarray(minor_units, np.int64)
    size = sum(
        abs(int(part.sum())) << shift
        for part, shift in ((np.abs(amounts >> 32), 32), (amounts & 0xFFFFFFFF, 0))
    )
    if size >= 2**63:
        raise ReportsRefused(
            f"These sums come to {size} minor units in all, more than 64 bits hold. Add them up "
            "with the plain form, which takes any.",
            value=str(size),
        )
    sums = np.zeros((len(group), currencies), np.int64)
    kernels.add_up(group[report], currency, counts[report], amounts, sums)
    return sums
