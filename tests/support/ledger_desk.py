"""Somebody who stores ledgers and asks of them; and ledgers that fit side by side into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from recoup.apps.ledgers import load_operations, models, positions
from recoup.core.access import Actor
from recoup.core.tracing import Account, Ledger, LedgerRefused, Result


@dataclass(frozen=True)
class Desk:
    by: Actor
    at: datetime

    def load(self, ledger: Ledger, shortfall: str = "unseen") -> models.Ledger:
        return load_operations.load(
            name="a ledger", ledger=ledger, by=self.by, at=self.at, shortfall=shortfall
        )


def verified(ledger: models.Ledger) -> positions.Verified:
    return positions.verify(ledger.id, shortfall=ledger.shortfall, method=ledger.method)


def answer_or_refusal(ask: Callable[[], Result]) -> Any:
    try:
        return ask()
    except LedgerRefused as refusal:
        return refusal.problem, refusal.value


def prefixed(ledger: Ledger, prefix: str) -> Ledger:
    """The same ledger under names of its own, so that very many fit into one."""
    return Ledger(
        {prefix + name: account for name, account in ledger.accounts.items()},
        tuple(
            replace(x, id=prefix + x.id, payer=prefix + x.payer, payee=prefix + x.payee)
            for x in ledger.transfers
        ),
        tuple(replace(seed, transfer=prefix + seed.transfer) for seed in ledger.seeds),
    )


def joined(ledgers: Sequence[Ledger]) -> Ledger:
    accounts: dict[str, Account] = {}
    for ledger in ledgers:
        accounts |= ledger.accounts
    return Ledger(accounts, tuple(x for ledger in ledgers for x in ledger.transfers), ())


def money(result: Any) -> Any:
    """What an answer says of traced money, or its refusal."""
    if isinstance(result, tuple):
        return result
    return result.held, result.transfers, result.credited, result.dissipated
