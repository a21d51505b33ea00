"""The answer of a trace: where the units of each victim's payment are, and how they got there.

Tables run from account or transfer to label (the victim's payment) to units. Zero entries are
left out, except among the balances. Traced units are whole under every rule but ``prorata_exact``,
whose units are fractions and behave as whole numbers do in sums and comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recoup.core.tracing.ledger import Ledger

Amounts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Result:
    """A trace under one named rule.

    held: traced units in each account now; in an external account, what arrived there.
    transfers: traced units each transfer took from its payer. credited: traced units that
    reached its payee, another number only where currency was exchanged.
    balances: of every account that is not external. dissipated: traced units that repaid an
    overdraft. unseen: units an account paid out though nobody saw them come in.
    """

    rule: str
    shortfall: str
    as_of: int | None
    held: Mapping[str, Amounts]
    transfers: Mapping[str, Amounts]
    credited: Mapping[str, Amounts]
    balances: Mapping[str, int]
    dissipated: Mapping[str, Amounts]
    unseen: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One victim's payment, added up again from the result.

    exchanged: units that currency exchanges on the way added (or, below zero, took away).
    """

    seed: str
    lost: int
    exchanged: int
    held: int
    dissipated: int

    @property
    def unaccounted(self) -> int:
        return self.lost + self.exchanged - self.held - self.dissipated


def reckon(ledger: Ledger, result: Result) -> tuple[Reckoning, ...]:
    """Add up each victim's payment from the result alone, to show that no unit is missing.

    A payment made after ``as_of`` is not among them.
    """
    paid = {x.id: x for x in ledger.transfers if result.as_of is None or x.t <= result.as_of}
    held, gone = _per_label(result.held), _per_label(result.dissipated)
    debited, credited = _per_label(result.transfers), _per_label(result.credited)
    return tuple(
        Reckoning(
            seed=seed.transfer,
            lost=paid[seed.transfer].amount if seed.amount is None else seed.amount,
            exchanged=credited.get(seed.transfer, 0) - debited.get(seed.transfer, 0),
            held=held.get(seed.transfer, 0),
            dissipated=gone.get(seed.transfer, 0),
        )
        for seed in sorted(ledger.seeds, key=lambda seed: seed.transfer)
        if seed.transfer in paid
    )


def _per_label(table: Mapping[str, Amounts]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for labels in table.values():
        for label, units in labels.items():
            sums[label] = sums.get(label, 0) + units
    return sums
