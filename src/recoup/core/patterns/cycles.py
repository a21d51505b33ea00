"""Cycles in time order: a sum that leaves an account and comes back to it over others.

Each transfer on the way leaves where the one before arrived, not earlier, and carries on most of
it and never more. The number of such ways can grow without bound, so the search for one is bounded
by length, by time, by the credits looked at on one account and by the transfers looked at in all.
The shortest way within these bounds is found, and a transfer is shown in one cycle only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from recoup.core.patterns.books import Books
from recoup.core.patterns.finding import Figure, Finding, seconds, window_said
from recoup.core.patterns.thresholds import Amounts, Cycle
from recoup.core.said import Said


class Search:
    """Looks backwards from each transfer for the way on which its money left its payee.

    Credits of an account lie by the length of their amount in bits: what a transfer carried on
    lies in its own row or the next, so that payments of other sizes do not hide it.
    """

    def __init__(self, books: Books, threshold: Cycle, amounts: Amounts) -> None:
        self.books, self.threshold, self.least = books, threshold, amounts.least
        self.window = books.ticks(threshold.window)
        self.cut = 0
        self.is_used = [False] * len(books.transfers)
        self.rows: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.moments = [books.moment(place) for place in range(len(books.transfers))]
        self.upto = [
            bisect_right(self.moments, moment, lo=place) - 1
            for place, moment in enumerate(self.moments)
        ]  # the last place of the same moment
        for place, transfer in enumerate(books.transfers):
            self.rows[transfer.payee, transfer.credited.bit_length()].append(place)

    def findings(self) -> Iterator[Finding]:
        """Return the cycles, in the order in which they close."""
        for place, transfer in enumerate(self.books.transfers):
            if self.is_used[place] or {transfer.payer, transfer.payee} & self.books.outside:
                continue
            way = self._way_back(place)
            if way:
                for used in way:
                    self.is_used[used] = True
                yield worded(self.books, way, self.threshold)

    def _way_back(self, closing: int) -> list[int]:
        """Return the places from the first transfer to the closing one; empty if there is none."""
        start = self.books.transfers[closing].payee
        if start not in self.books.debits or self.books.debits[start][0] > self.upto[closing]:
            return []  # nothing left it before
        next_of: dict[int, int] = {closing: closing}
        queue, looks = [closing], 0
        for place in queue:
            way = _way(place, next_of)
            if len(way) == self.threshold.most_hops:
                break
            passed = {self.books.transfers[x].payer for x in way}
            for before in self._credits_before(place, closing):
                looks += 1
                if looks > self.threshold.looks:
                    self.cut += 1
                    return []
                payer = self.books.transfers[before].payer
                if before in next_of or payer in passed or not self._is_carried_on(before, place):
                    continue
                if payer != start:
                    next_of[before] = place
                    queue.append(before)
                elif self._is_enough(before, way):
                    return [before, *way]
        return []

    def _credits_before(self, place: int, closing: int) -> Iterator[int]:
        """Credits of the payer, of about the size of what it paid, the youngest first."""
        transfer = self.books.transfers[place]
        since = (self.books.transfers[closing].t - self.window,)
        bits = transfer.amount.bit_length()
        for row in (self.rows.get((transfer.payer, x), ()) for x in (bits, bits + 1)):
            last = bisect_right(row, self.upto[place])
            for at in range(last - 1, -1, -1):
                if self.moments[row[at]] < since:
                    break
                yield row[at]

    def _is_carried_on(self, before: int, place: int) -> bool:
        """Whether the later transfer carries on most of the earlier one, and no more."""
        credited, amount = self.books.transfers[before].credited, self.books.transfers[place].amount
        is_free = not self.is_used[before]
        is_known = self.books.transfers[before].payer not in self.books.outside
        is_most = self.threshold.percent * credited <= 100 * amount <= 100 * credited
        return is_free and is_known and is_most

    def _is_enough(self, first: int, way: list[int]) -> bool:
        is_long = len(way) + 1 >= self.threshold.least_hops
        return is_long and self.books.transfers[first].amount >= self.least


def _way(place: int, next_of: dict[int, int]) -> list[int]:
    way = [place]
    while next_of[way[-1]] != way[-1]:
        way.append(next_of[way[-1]])
    return way


def worded(books: Books, way: list[int], threshold: Cycle) -> Finding:
    """A way back, from its first transfer to the closing one."""
    first, last = books.transfers[way[0]], books.transfers[way[-1]]
    percent = last.credited * 100 // first.amount
    said = Said(
        "A sum left %(account)s and, over %(n)s transfers within %(window)s that each carried on "
        "most of the one before, as much as %(percent)s per cent of it came back.",
        account=first.payer, n=len(way), window=window_said(threshold.window), percent=percent,
    )  # fmt: skip
    return Finding(
        "cycle",
        first.payer,
        first.t,
        last.t,
        tuple(books.transfers[place].id for place in way),
        (
            Figure("transfers", len(way), threshold.least_hops),
            Figure("percent", percent, threshold.percent),
            Figure("seconds", books.span(first.t, last.t), seconds(threshold.window)),
        ),
        said,
    )
