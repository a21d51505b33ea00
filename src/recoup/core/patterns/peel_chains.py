"""Peel chains: account after account passes most of a sum on and sends a small part elsewhere.

What an account passes on is its largest debit within the window after the credit; what it peels is
all that it pays out besides, and both together are no more than came in. So an account with much
other traffic is no link of a chain. A transfer stands in one chain only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from recoup.core.patterns.books import Books
from recoup.core.patterns.finding import Figure, Finding, seconds, window_said
from recoup.core.patterns.thresholds import Amounts, PeelChain
from recoup.core.said import Said


@dataclass(frozen=True, slots=True)
class Hop:
    """An account's credit, what it passed on, the units peeled, and all debits in the window."""

    credit: int
    passed_on: int
    peeled: int
    debits: range
    account: str


def peel_chains(books: Books, threshold: PeelChain, amounts: Amounts) -> Iterator[Finding]:
    """Chains of at least ``threshold.hops`` accounts, beginning with ``amounts.least`` or more."""
    hops = [
        hop
        for account, places in books.known(books.credits)
        if account in books.debits
        for hop in _hops(books, account, places, threshold)
    ]
    for chain in chains(books, hops):
        is_enough = books.transfers[chain[0].credit].credited >= amounts.least
        if len(chain) >= threshold.hops and is_enough:
            yield worded(books, chain, threshold)


def _hops(
    books: Books, account: str, credits: Sequence[int], threshold: PeelChain
) -> Iterator[Hop]:
    """Judge each credit by the debits in the window after it; both edges only move forward."""
    debits = books.debits[account]
    sums = [books.transfers[place].amount for place in debits]
    paid = [0, *accumulate(sums)]
    largest: deque[int] = deque()
    first = last = 0
    for credit in credits:
        until = books.transfers[credit].t + books.ticks(threshold.window)
        while last < len(debits) and books.transfers[debits[last]].t <= until:
            while largest and sums[largest[-1]] < sums[last]:
                largest.pop()
            largest.append(last)
            last += 1
        while first < last and books.moment(debits[first]) < books.moment(credit):
            first += 1
        while largest and largest[0] < first:
            largest.popleft()
        arrived = books.transfers[credit].credited
        if not largest:
            continue
        passed_on, whole = sums[largest[0]], paid[last] - paid[first]
        if is_peeled(arrived, passed_on, whole, threshold):
            place = debits[largest[0]]
            yield Hop(credit, place, whole - passed_on, range(first, last), account)


def is_peeled(arrived: int, passed_on: int, paid: int, threshold: PeelChain) -> bool:
    """Whether most went on, a part was peeled off, and no more went out than came in."""
    return (
        paid <= arrived
        and passed_on * 100 >= threshold.percent * arrived
        and (paid - passed_on) * 100 >= threshold.peeled_percent * arrived
    )


def chains(books: Books, hops: list[Hop]) -> Iterator[list[Hop]]:
    """Join the hops; where two credits claim one debit, the smaller and earlier has it."""
    claimed: dict[int, Hop] = {}
    for hop in sorted(hops, key=lambda x: (books.transfers[x.credit].credited, x.credit)):
        claimed.setdefault(hop.passed_on, hop)
    by_credit = {hop.credit: hop for hop in claimed.values()}
    for start in sorted(by_credit):
        if start in claimed:
            continue  # it was passed on by an account before
        chain = [by_credit[start]]
        while chain[-1].passed_on in by_credit:
            chain.append(by_credit[chain[-1].passed_on])
        yield chain


def _percent(books: Books, hop: Hop, part: int) -> int:
    return part * 100 // books.transfers[hop.credit].credited


def worded(books: Books, chain: list[Hop], threshold: PeelChain) -> Finding:
    """A chain of hops, from the first account on."""
    first = chain[0]
    shown = {first.credit}
    for hop in chain:
        shown.update(books.debits[hop.account][place] for place in hop.debits)
    begins, ends = books.transfers[first.credit].t, max(books.transfers[x].t for x in shown)
    longest = max(
        books.span(books.transfers[x.credit].t, books.transfers[x.passed_on].t) for x in chain
    )
    percents = [_percent(books, hop, books.transfers[hop.passed_on].amount) for hop in chain]
    peeled = [_percent(books, hop, hop.peeled) for hop in chain]
    said = Said(
        "From %(account)s on, %(n)s accounts one after the other passed most of a sum on within "
        "%(window)s and each paid a small part elsewhere; this is shown from %(least)s accounts "
        "on.",
        account=first.account, n=len(chain), window=window_said(threshold.window),
        least=threshold.hops,
    )  # fmt: skip
    return Finding(
        "peel_chain",
        first.account,
        begins,
        ends,
        books.ids(shown),
        (
            Figure("accounts", len(chain), threshold.hops),
            Figure("percent", min(percents), threshold.percent),
            Figure("peeled_percent", min(peeled), threshold.peeled_percent),
            Figure("seconds", longest, seconds(threshold.window)),
        ),
        said,
    )
