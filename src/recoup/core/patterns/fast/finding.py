"""The patterns over arrays: the same findings as the plain form, worded by its functions.

Compiled loops tell where a pattern is; only there objects are made. Fans come as spells, cycles as
ways and peel chains as hops. Of pass-through and structuring the loops tell on which accounts they
are, and the plain form looks at those alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from recoup.core.patterns.books import Books
from recoup.core.patterns.cycles import worded as cycle_worded
from recoup.core.patterns.fans import fan_in_worded, fan_out_worded
from recoup.core.patterns.fast import kernels
from recoup.core.patterns.fast.columns import Column, Columns, Side
from recoup.core.patterns.finding import Finding, Found
from recoup.core.patterns.pass_through import pass_through
from recoup.core.patterns.peel_chains import Hop
from recoup.core.patterns.peel_chains import worded as chain_worded
from recoup.core.patterns.spells import Spell
from recoup.core.patterns.structuring import structuring
from recoup.core.patterns.thresholds import KINDS, Amounts, Fan, Thresholds

_NO_ORDER = np.empty(0, np.int32)


@dataclass(slots=True)
class Looker:
    """Looks through columns; the sides are made once and serve every pattern."""

    columns: Columns
    thresholds: Thresholds
    amounts: Amounts
    credits: Side = field(init=False)
    debits: Side = field(init=False)
    books: Books = field(init=False)

    def __post_init__(self) -> None:
        c = self.columns
        self.credits = kernels.side_of(c.payee, c.accounts, _NO_ORDER)
        self.debits = kernels.side_of(c.payer, c.accounts, _NO_ORDER)
        self.books = c.books(self.credits, self.debits)

    def found(self) -> Found:
        """All patterns, as ``find`` gives them."""
        ways, cut = self.ways()
        findings = [
            *self.fan_findings(),
            *self.pass_through_findings(),
            *(cycle_worded(self.books, _way(x), self.thresholds.cycle) for x in ways.tolist()),
            *self.chain_findings(),
        ]
        if self.amounts.limit is not None:
            findings += self.structuring_findings(self.amounts.limit)
        findings.sort(key=lambda x: (x.begins, KINDS.index(x.kind), x.account, x.transfers))
        is_blind = self.amounts.limit is None
        return Found(tuple(findings), cut, ("structuring",) if is_blind else ())

    def spells(self, side: Side, other: Column, fan: Fan) -> Column:
        """Rows of spells: account, first, last, peak, and the ends of the fullest window."""
        c = self.columns
        return kernels.fans(
            *side, other, c.t, c.outside, self.books.ticks(fan.window), fan.counterparties
        )

    def fan_in(self) -> Column:
        """Accounts that many paid, as rows of spells."""
        return self.spells(self.credits, self.columns.payer, self.thresholds.fan_in)

    def fan_out(self) -> Column:
        """Accounts that paid many, as rows of spells."""
        return self.spells(self.debits, self.columns.payee, self.thresholds.fan_out)

    def fan_findings(self) -> Iterator[Finding]:
        """Fans, worded."""
        for rows, (at, places), word in (
            (self.fan_in(), self.credits, fan_in_worded),
            (self.fan_out(), self.debits, fan_out_worded),
        ):
            fan = self.thresholds.fan_in if word is fan_in_worded else self.thresholds.fan_out
            for account, *numbers in rows.tolist():
                name = self.columns.names[account]
                shown = places[at[account] : at[account + 1]].tolist()
                yield word(self.books, name, shown, Spell(*_spell(numbers)), fan)

    def passing(self) -> Column:
        """The accounts through which enough passed."""
        c, threshold = self.columns, self.thresholds.pass_through
        found = kernels.passes(
            *self.credits, *self.debits, c.t, c.moment, c.credited, c.amount, c.outside,
            self.books.ticks(threshold.window), threshold.percent, max(self.amounts.least, 1),
        )  # fmt: skip
        return np.nonzero(found)[0]

    def pass_through_findings(self) -> Iterator[Finding]:
        """Pass-through, looked up by the plain form on the accounts that have it."""
        alone = self._books_of(self.passing())
        yield from pass_through(alone, self.thresholds.pass_through, self.amounts)

    def near_the_limit(self, limit: int) -> Iterator[tuple[bool, Column]]:
        """For credits and for debits: the accounts with payments just under the limit."""
        c, threshold = self.columns, self.thresholds.structuring
        for is_in, side in ((True, self.credits), (False, self.debits)):
            found = kernels.just_under(
                *side, c.t, c.credited if is_in else c.amount, c.outside,
                self.books.ticks(threshold.window), threshold.percent, limit, threshold.payments,
            )  # fmt: skip
            yield is_in, np.nonzero(found)[0]

    def structuring_findings(self, limit: int) -> Iterator[Finding]:
        """Structuring, looked up by the plain form on the accounts that have it."""
        for is_in, accounts in self.near_the_limit(limit):
            alone = self._books_of(accounts)
            one = replace(alone, debits={}) if is_in else replace(alone, credits={})
            yield from structuring(one, self.thresholds.structuring, limit)

    def ways(self) -> tuple[Column, int]:
        """The transfers of each cycle from the first to the closing one, and the cut searches."""
        c, threshold = self.columns, self.thresholds.cycle
        bits_in, bits_out = kernels.bits_of(c.credited), kernels.bits_of(c.amount)
        by_bits = np.argsort(bits_in, kind="stable").astype(np.int32)
        at, rows = kernels.side_of(c.payee, c.accounts, by_bits)
        begins, debits = self.debits
        first_debit = np.full(c.accounts, -1, np.int64)
        paying = np.nonzero(np.diff(begins))[0]
        first_debit[paying] = debits[begins[paying]]
        return kernels.cycles(  # type: ignore[no-any-return]
            at, rows, bits_in, bits_out, kernels.last_of_moment(c.moment), first_debit, c.t,
            c.payer, c.payee, c.credited, c.amount, c.outside, self.books.ticks(threshold.window),
            threshold.percent, threshold.least_hops, threshold.most_hops, threshold.looks,
            self.amounts.least,
        )  # fmt: skip

    def hops(self) -> Column:
        """Rows of hops: credit, passed on, peeled, first and last debit, account."""
        c, threshold = self.columns, self.thresholds.peel_chain
        return kernels.hops(
            *self.credits, *self.debits, c.t, c.moment, c.credited, c.amount, c.outside,
            self.books.ticks(threshold.window), threshold.percent, threshold.peeled_percent,
        )  # fmt: skip

    def chains(self) -> Iterator[list[list[int]]]:
        """The chains that are long enough and begin with enough, as rows of hops."""
        hops, credited = self.hops(), self.columns.credited
        order = np.lexsort((hops[:, 0], credited[hops[:, 0]]))
        after, length = kernels.chained(hops, order, len(credited))
        is_enough = credited[hops[:, 0]] >= self.amounts.least
        for at in np.nonzero((length >= self.thresholds.peel_chain.hops) & is_enough)[0].tolist():
            chain = []
            while at >= 0:
                chain.append(hops[at].tolist())
                at = int(after[at])
            yield chain

    def chain_findings(self) -> Iterator[Finding]:
        """Peel chains, worded."""
        for rows in self.chains():
            alone = self._books_of(sorted({row[5] for row in rows}))
            chain = [
                Hop(credit, passed_on, peeled, range(first, last), self.columns.names[account])
                for credit, passed_on, peeled, first, last, account in rows
            ]
            yield chain_worded(alone, chain, self.thresholds.peel_chain)

    def _books_of(self, accounts: Column) -> Books:
        """Books with these accounts alone; the places stay those of all transfers."""
        numbers = np.asarray(accounts, np.int64).tolist()
        return self.columns.books(self.credits, self.debits, numbers)


def _spell(numbers: list[int]) -> tuple[int, int, int, int, int]:
    first, last, peak, peak_first, peak_last = numbers
    return first, last, peak, peak_first, peak_last


def _way(places: list[int]) -> list[int]:
    return [place for place in places if place >= 0]
