"""The ledger that is traced: accounts, transfers between them, and the victims' payments.

A ledger is a plain value. Amounts are whole minor units, times are any whole numbers, and only
(time, sequence, id) orders the transfers: where a transfer stands in the file means nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement of money.

    amount: minor units that leave the payer. credit: minor units that reach the payee, if that
    is another number (currency exchange). batch: name of the payment order it was sent with.
    """

    id: str
    t: int
    payer: str
    payee: str
    amount: int
    seq: int = 0
    credit: int | None = None
    batch: str | None = None

    @property
    def credited(self) -> int:
        return self.amount if self.credit is None else self.credit


@dataclass(frozen=True, slots=True)
class Account:
    """opening: clean minor units before the first transfer. external: outside what is known."""

    opening: int = 0
    external: bool = False


@dataclass(frozen=True, slots=True)
class Seed:
    """A victim's payment; its transfer's id is the label of the money.

    amount: the minor units of it that are the victim's, arriving first; all of it if not given.
    """

    transfer: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that is known. An account that is not listed opens empty and is not external."""

    accounts: Mapping[str, Account]
    transfers: tuple[Transfer, ...]
    seeds: tuple[Seed, ...]


class LedgerRefused(Exception):
    """A ledger that has no right answer; ``problem`` and ``value`` say what to correct.

    key: where it stands in the format of the cases, as far as it is known.
    """

    def __init__(self, problem: str, *, value: str = "", key: str = "") -> None:
        self.problem, self.value, self.key = problem, value, key
        super().__init__(problem)


def paid_with_traced(transfer: str, payer: str, traced: Mapping[str, int]) -> LedgerRefused:
    """A victim's payment out of money that is traced already would count units twice."""
    return LedgerRefused(
        f"The victim's payment {transfer!r} leaves {payer!r}, which then holds "
        f"{sum(traced.values())} units traced from {', '.join(sorted(traced))}. "
        "Trace the two losses apart, or leave this payment out of the victims' payments.",
        value=transfer,
        key="seeds",
    )


def check(ledger: Ledger) -> None:
    """Refuse a ledger that contradicts itself; raises LedgerRefused."""
    amounts: dict[str, int] = {}
    for transfer in ledger.transfers:
        _check_transfer(transfer)
        if transfer.id in amounts:
            raise LedgerRefused(
                f"The transfer id {transfer.id!r} is there twice. Give each transfer its own.",
                value=transfer.id,
                key="transfers",
            )
        amounts[transfer.id] = transfer.amount
    for name, account in ledger.accounts.items():
        _check_whole(account.opening, f"The opening balance of {name!r}", name)
    for label, times in Counter(seed.transfer for seed in ledger.seeds).items():
        if times > 1:
            raise LedgerRefused(
                f"The transfer {label!r} is named as a victim's payment {times} times. "
                "Name it once, with the whole amount that is the victim's.",
                value=label,
                key="seeds",
            )
    for seed in ledger.seeds:
        _check_seed(seed, amounts)


def in_order(ledger: Ledger, as_of: int | None) -> list[Transfer]:
    """Return the transfers that count, by (time, sequence, id)."""
    counted = (x for x in ledger.transfers if as_of is None or x.t <= as_of)
    return sorted(counted, key=lambda x: (x.t, x.seq, x.id))


def _check_whole(value: int, what: str, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise LedgerRefused(
            f"{what} is {value!r}. It must be a whole number of minor units, zero or more.",
            value=name,
        )


def _check_transfer(transfer: Transfer) -> None:
    x = transfer
    if (
        x.amount.__class__ is x.credited.__class__ is x.t.__class__ is x.seq.__class__ is int
        and x.amount >= 0 <= x.credited
    ):
        return
    _check_whole(transfer.amount, f"The amount of transfer {transfer.id!r}", transfer.id)
    _check_whole(transfer.credited, f"The credit of transfer {transfer.id!r}", transfer.id)
    if not isinstance(transfer.t, int) or not isinstance(transfer.seq, int):
        raise LedgerRefused(
            f"The time or sequence of transfer {transfer.id!r} is not a whole number: "
            f"{transfer.t!r}, {transfer.seq!r}.",
            value=transfer.id,
        )


def _check_seed(seed: Seed, amounts: Mapping[str, int]) -> None:
    if seed.transfer not in amounts:
        raise LedgerRefused(
            f"The victim's payment {seed.transfer!r} is not among the transfers. "
            "Correct the id or add the transfer.",
            value=seed.transfer,
            key="seeds",
        )
    if seed.amount is None:
        return
    _check_whole(seed.amount, f"The victim's part of {seed.transfer!r}", seed.transfer)
    if seed.amount > amounts[seed.transfer]:
        raise LedgerRefused(
            f"The victim's part of {seed.transfer!r} is {seed.amount}, more than the "
            f"{amounts[seed.transfer]} that was paid. Give at most what was paid.",
            value=seed.transfer,
            key="seeds",
        )
