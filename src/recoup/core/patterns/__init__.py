"""Patterns in a ledger that are worth a question: each with its reason and the transfers.

A pattern proves nothing. What each one means, and what it does not, is in ``docs/patterns.md``.
One module a pattern. Each looks through the transfers once, in time that grows with their number,
also where an account has all of them or all fall into one instant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from recoup.core.patterns.books import open_books
from recoup.core.patterns.cycles import Search
from recoup.core.patterns.fans import fan_in, fan_out
from recoup.core.patterns.finding import Figure, Finding, Found
from recoup.core.patterns.pass_through import pass_through
from recoup.core.patterns.peel_chains import peel_chains
from recoup.core.patterns.structuring import structuring
from recoup.core.patterns.thresholds import (
    KINDS,
    Amounts,
    CleanLedger,
    Cycle,
    Fan,
    Indicators,
    Origin,
    PassThrough,
    PeelChain,
    Structuring,
    Thresholds,
)
from recoup.core.tracing.ledger import Transfer

__all__ = [
    "KINDS",
    "Amounts",
    "CleanLedger",
    "Cycle",
    "Fan",
    "Figure",
    "Finding",
    "Found",
    "Indicators",
    "Origin",
    "PassThrough",
    "PeelChain",
    "Structuring",
    "Thresholds",
    "find",
]


def find(
    transfers: Iterable[Transfer],
    *,
    thresholds: Thresholds,
    amounts: Amounts,
    outside: Collection[str] = (),
    second: int = 1,
) -> Found:
    """Return every pattern in the transfers of one currency; raises LedgerRefused.

    amounts: the sums from which on something counts, in that currency. outside: accounts outside
    what is known, of which nothing is said. second: ticks of the ledger's time in one second.
    """
    books = open_books(transfers, outside=outside, second=second)
    cycles = Search(books, thresholds.cycle, amounts)
    findings = [
        *fan_in(books, thresholds.fan_in),
        *fan_out(books, thresholds.fan_out),
        *pass_through(books, thresholds.pass_through, amounts),
        *cycles.findings(),
        *peel_chains(books, thresholds.peel_chain, amounts),
    ]
    if amounts.limit is not None:
        findings += structuring(books, thresholds.structuring, amounts.limit)
    findings.sort(key=lambda x: (x.begins, KINDS.index(x.kind), x.account, x.transfers))
    return Found(tuple(findings), cycles.cut, ("structuring",) if amounts.limit is None else ())
