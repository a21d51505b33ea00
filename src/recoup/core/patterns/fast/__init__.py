"""The patterns over arrays and compiled loops: the same findings as ``find``, for large ledgers.

``find`` here takes what the plain ``find`` takes, and gives the same; it is the plain one where the
optional extra ``fast`` is not installed or where a sum could pass 64 bits. ``find_in`` takes
``Columns``, which ``of_arrays`` makes of numbers, for ledgers that are never objects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from recoup.core import patterns
from recoup.core.compiled import is_installed
from recoup.core.patterns.fast.columns import Columns, of_arrays, of_transfers
from recoup.core.patterns.finding import Found
from recoup.core.patterns.thresholds import Amounts, Thresholds
from recoup.core.tracing.ledger import LedgerRefused, Transfer

__all__ = ["Columns", "find", "find_in", "is_installed", "of_arrays", "of_transfers"]


def find(
    transfers: Iterable[Transfer],
    *,
    thresholds: Thresholds,
    amounts: Amounts,
    outside: Collection[str] = (),
    second: int = 1,
) -> Found:
    """Return every pattern in the transfers of one currency; raises LedgerRefused."""
    told = tuple(transfers)
    if is_installed():
        columns = of_transfers(told, outside=outside, second=second)
        if columns is not None and _fits(columns, amounts):
            return find_in(columns, thresholds=thresholds, amounts=amounts)
    return patterns.find(
        told, thresholds=thresholds, amounts=amounts, outside=outside, second=second
    )


def find_in(columns: Columns, *, thresholds: Thresholds, amounts: Amounts) -> Found:
    """Return every pattern in columns; raises LedgerRefused where a sum could pass 64 bits."""
    if not _fits(columns, amounts):
        raise LedgerRefused(
            "The amounts add up to more than a hundredth of what 64 bits hold. Look for patterns "
            "with the plain form, which takes any."
        )
    from recoup.core.patterns.fast.finding import Looker

    return Looker(columns, thresholds, amounts).found()


def _fits(columns: Columns, amounts: Amounts) -> bool:
    largest = max(amounts.least, amounts.limit or 0)
    return columns.is_small() and 100 * largest < 2**63
