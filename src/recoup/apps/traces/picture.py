"""What a drawing of the flow shows: who holds traced money, and the bands of money between them.

Made from a working, whatever ledger that came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from recoup.apps.traces.voice import ENGLISH, Voice
from recoup.core.tracing.working import Working, share
from recoup.core.tracing.working_parts import Part


@dataclass(frozen=True, slots=True)
class Place:
    """Where some of the money is now. kind: terminal, source or other."""

    address: str
    label: str
    kind: str
    units: int


@dataclass(frozen=True, slots=True)
class Band:
    """The traced money that went from one address to another, over all transfers."""

    payer: str
    payee: str
    units: int
    transfers: int


@dataclass(frozen=True)
class Picture:
    """The flow of a working, and the voice in which it is told. most_bands: are drawn."""

    working: Working
    voice: Voice = ENGLISH
    most_bands: int = 64

    @property
    def terminals(self) -> frozenset[str]:
        return self.working.terminals

    @property
    def sources(self) -> frozenset[str]:
        """The external accounts that paid, and where money of another currency came from.

        Any other account of the ledger is drawn where the money reached it.
        """
        working = self.working
        paid = frozenset(a for a in working.payers if working.kind(a) == "source")
        return paid | working.origins if isinstance(working, Part) else paid

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every address that holds traced money, the largest sum first."""
        names = self.working.names
        return tuple(
            Place(one.account, names.get(one.account, ""), one.kind, one.units)
            for one in self.working.held
            if one.units
        )

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The traced money between each two addresses, the largest sum first."""
        sums: dict[tuple[str, str], list[int]] = defaultdict(list)
        for step in self.working.steps:
            ends = step.transfer.payer, step.transfer.payee
            sums[ends].append(self.working.sum(step.carried))
        bands = (Band(*ends, units=sum(each), transfers=len(each)) for ends, each in sums.items())
        return tuple(sorted(bands, key=lambda band: (-band.units, band.payer, band.payee)))

    def by_arrival(self) -> Iterator[str]:
        """Give addresses in the order in which traced money first touched them."""
        ends = (
            x for step in self.working.steps for x in (step.transfer.payer, step.transfer.payee)
        )
        yield from dict.fromkeys(ends)

    def kind(self, address: str) -> str:
        return self.working.kind(address)

    def share_of(self, units: int) -> Fraction:
        """Return units as a share of what there was to follow."""
        return share(units, self.working.whole)

    def amount(self, units: int) -> str:
        return self.voice.sum(self.working.asset, units)

    def percent(self, units: int) -> str:
        """Write units as a share of the loss."""
        return self.voice.percent(self.share_of(units))


def printable(text: str) -> str:
    """Show characters that would steer a terminal or break a page as what they are."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
