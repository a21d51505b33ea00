"""What became of a loss: at terminal addresses, back at a source, elsewhere, or gone.

Terminals are the places where a flow was seen to end (an exchange's deposit address, a mixer, a
bridge); sources are the external accounts of the ledger, from which the victims' money came.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from recoup.core.tracing.ledger import Ledger
from recoup.core.tracing.result import Result, reckon


@dataclass(frozen=True, slots=True)
class Shares:
    """Sums over all victims' payments, in units.

    lost = at_terminals + at_sources + elsewhere + dissipated - exchanged + unaccounted, where
    unaccounted is zero in every right result. unseen is not a part of the loss: it is what
    accounts paid out though nobody saw it come in, taken for clean money.
    """

    lost: int
    at_terminals: int
    at_sources: int
    elsewhere: int
    dissipated: int
    exchanged: int
    unseen: int
    unaccounted: int
    payments: int
    payments_accounted: int

    def share_of(self, units: int) -> Fraction:
        """Return units as a share of the loss; zero where nothing was lost."""
        return Fraction(units, self.lost) if self.lost else Fraction(0)


def share_out(ledger: Ledger, result: Result, *, terminals: Collection[str]) -> Shares:
    """Add up where the victims' money is; an address in both lists counts as a terminal."""
    held = {name: sum(labels.values()) for name, labels in result.held.items()}
    external = {name for name, account in ledger.accounts.items() if account.external}
    reckoned = reckon(ledger, result)
    at_terminals = sum(units for name, units in held.items() if name in terminals)
    at_sources = sum(
        units for name, units in held.items() if name in external and name not in terminals
    )
    return Shares(
        lost=sum(one.lost for one in reckoned),
        at_terminals=at_terminals,
        at_sources=at_sources,
        elsewhere=sum(held.values()) - at_terminals - at_sources,
        dissipated=sum(sum(labels.values()) for labels in result.dissipated.values()),
        exchanged=sum(one.exchanged for one in reckoned),
        unseen=sum(result.unseen.values()),
        unaccounted=sum(abs(one.unaccounted) for one in reckoned),
        payments=len(reckoned),
        payments_accounted=sum(1 for one in reckoned if not one.unaccounted),
    )
