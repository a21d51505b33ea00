"""Positions of transfers that arrive one by one, in order: for ledgers kept somewhere else.

It needs memory for the accounts only, so a ledger of any length passes through. An account that
is external has no positions: its debits count from zero each, and nothing arrives at a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Raised when the way of counting changes: stored positions of another method are built again.
METHOD: Final = 1


# Where the debit begins in the payer's units; where the credit begins in the payee's, None if that
# is external; how many of the credit's units, the first ones, repay an overdraft.
Positions = tuple[int, int | None, int]


@dataclass(slots=True, eq=False)
class Account:
    """came: units that came in, with the opening and those unseen. gone: units that left."""

    came: int = 0
    gone: int = 0
    unseen: int = 0
    external: bool = False


def carry_out(
    payer: Account, payee: Account, amount: int, credited: int, *, may_overdraw: bool
) -> Positions:
    """Give one transfer its positions, after all that came before it in these accounts."""
    start = 0
    if not payer.external:
        start = payer.gone
        payer.gone = end = start + amount
        if payer.came < end and not may_overdraw:
            payer.unseen += end - payer.came
            payer.came = end
    if payee.external:
        return start, None, 0
    position = payee.came
    payee.came = position + credited
    owed = min(max(payee.gone - position, 0), credited) if may_overdraw else 0
    return start, position, owed
