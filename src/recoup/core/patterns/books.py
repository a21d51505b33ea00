"""The transfers of a ledger by account, in order: what every pattern looks through.

Within one moment (time and sequence) money arrives before it is passed on. A payment of an account
to itself and one of nothing show no pattern and are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from recoup.core.patterns.finding import seconds
from recoup.core.tracing.ledger import Ledger, Transfer, check, in_order

Moment = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Books:
    """transfers: all that count, in order. credits, debits: their places, by account.

    outside: accounts that are outside what is known; nothing is said of them. second: how many
    ticks of the ledger's time make one second.
    """

    transfers: Sequence[Transfer]
    credits: Mapping[str, Sequence[int]]
    debits: Mapping[str, Sequence[int]]
    outside: frozenset[str]
    second: int

    def ticks(self, window: timedelta) -> int:
        """A window in the ledger's time."""
        return seconds(window) * self.second

    def span(self, begins: int, ends: int) -> int:
        """The whole seconds between two of the ledger's times, rounded up."""
        return -((begins - ends) // self.second)

    def moment(self, place: int) -> Moment:
        """When the transfer at a place was, to be compared."""
        transfer = self.transfers[place]
        return transfer.t, transfer.seq

    def ids(self, places: Iterable[int]) -> tuple[str, ...]:
        """The transfers' ids, each once, in order."""
        return tuple(self.transfers[place].id for place in sorted(set(places)))

    def known(self, side: Mapping[str, Sequence[int]]) -> list[tuple[str, Sequence[int]]]:
        """The accounts of one side that are not outside, by name."""
        return sorted((name, places) for name, places in side.items() if name not in self.outside)


def open_books(transfers: Iterable[Transfer], *, outside: Collection[str], second: int) -> Books:
    """Order the transfers and note them by account; raises LedgerRefused for one that is wrong."""
    if second < 1:
        raise ValueError(f"A second has {second} ticks. Give a whole number, one or more.")
    ledger = Ledger({}, tuple(transfers), ())
    check(ledger)
    kept = tuple(
        x for x in in_order(ledger, as_of=None) if x.payer != x.payee and x.amount and x.credited
    )
    credits, debits = defaultdict(list), defaultdict(list)
    for place, transfer in enumerate(kept):
        credits[transfer.payee].append(place)
        debits[transfer.payer].append(place)
    return Books(kept, _frozen(credits), _frozen(debits), frozenset(outside), second)


def _frozen(side: Mapping[str, list[int]]) -> Mapping[str, tuple[int, ...]]:
    return {name: tuple(places) for name, places in side.items()}
