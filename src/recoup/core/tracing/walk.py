"""The walk that all rules share: transfers one by one, each a debit and then a credit.

A rule decides two things only: which units a debit takes, and how units are kept and changed.
It is a ``Purse``: the money of one account. Everything else (order, external accounts, victims'
payments, shortfall, overdraft) is the same for every rule and stands here.

Units travel as *parts*: pairs of label and number of units, in the order they are taken and
arrive. The label is the id of the victim's payment, or None for clean money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from recoup.core.tracing.ledger import (
    Account,
    Ledger,
    LedgerRefused,
    Transfer,
    check,
    paid_with_traced,
)
from recoup.core.tracing.result import Amounts, Result

Parts = list[tuple[str | None, int]]

SHORTFALLS: Final = ("unseen", "overdraft")


class Purse(Protocol):
    """The money of one account under one rule."""

    def put(self, parts: Parts, credit: int) -> None:
        """Keep parts of ``credit`` units that arrive, in their order."""

    def take(self, units: int) -> Parts:
        """Take units out; at most as many are asked for as there are."""

    def held(self) -> dict[str, int]:
        """Return the traced units by label, without zero entries."""

    def exchange(self, parts: Parts, amount: int, credit: int) -> Parts:
        """Turn parts of ``amount`` units into parts of ``credit`` units."""

    def repay(self, parts: Parts, units: int, credit: int) -> tuple[Parts, Parts]:
        """Divide parts of ``credit`` units into ``units`` that repay an overdraft, and the rest."""


def walk(
    purse: Callable[[], Purse],
    ledger: Ledger,
    *,
    rule: str,
    shortfall: str,
    as_of: int | None,
    order: Callable[[Ledger, int | None], list[Transfer]],
) -> Result:
    """Trace a whole ledger with one rule's purse, in its order; raises LedgerRefused."""
    books = begin(purse, ledger, shortfall=shortfall)
    for transfer in order(ledger, as_of):
        books.carry_out(transfer)
    return books.result(rule=rule, shortfall=shortfall, as_of=as_of)


def begin(purse: Callable[[], Purse], ledger: Ledger, *, shortfall: str) -> Books:
    """Return the books of a checked ledger before its first transfer; raises LedgerRefused."""
    check(ledger)
    if shortfall not in SHORTFALLS:
        raise LedgerRefused(
            f"There is no shortfall policy {shortfall!r}. Use one of: {', '.join(SHORTFALLS)}.",
            value=shortfall,
            key="policy.shortfall",
        )
    return Books(purse, ledger, may_overdraw=shortfall == "overdraft")


class Books:
    """The state of a walk: each account's purse and balance, and what was noted on the way.

    More transfers can be carried out at any time, in their order; ``result`` says how it stands.
    """

    def __init__(self, purse: Callable[[], Purse], ledger: Ledger, *, may_overdraw: bool) -> None:
        self.may_overdraw = may_overdraw
        self.victims_part = {seed.transfer: seed.amount for seed in ledger.seeds}
        accounts = dict(ledger.accounts)
        for transfer in ledger.transfers:
            accounts.setdefault(transfer.payer, Account())
            accounts.setdefault(transfer.payee, Account())
        self.external = {name for name, account in accounts.items() if account.external}
        self.balances = {
            name: account.opening for name, account in accounts.items() if not account.external
        }
        self.purses = {name: purse() for name in self.balances}
        self.exchange, self.repay = purse().exchange, purse().repay
        for name, opening in self.balances.items():
            self.purses[name].put([(None, opening)] if opening else [], opening)
        self.arrived: dict[str, dict[str, int]] = {}
        self.transfers: dict[str, dict[str, int]] = {}
        self.credited: dict[str, dict[str, int]] = {}
        self.dissipated: dict[str, dict[str, int]] = {}
        self.unseen: dict[str, int] = {}

    def carry_out(self, transfer: Transfer) -> None:
        """Debit the payer, then credit the payee; nothing stands between the two."""
        is_seed = transfer.id in self.victims_part
        if is_seed:
            self._refuse_traced_payer(transfer)
        parts = self._debit(transfer.payer, transfer.amount)
        if is_seed:
            parts = _as_the_victims(transfer, self.victims_part[transfer.id])
        carried = by_label(parts)
        if carried:
            self.transfers[transfer.id] = carried
        if transfer.credited != transfer.amount:
            parts = self.exchange(parts, transfer.amount, transfer.credited)
            carried = by_label(parts)
        if carried:
            self.credited[transfer.id] = carried
        self._credit(transfer.payee, transfer.credited, parts, carried)

    def result(self, *, rule: str, shortfall: str, as_of: int | None) -> Result:
        held = {name: purse.held() for name, purse in self.purses.items()} | self.arrived
        return Result(
            rule=rule,
            shortfall=shortfall,
            as_of=as_of,
            held={name: labels for name, labels in held.items() if labels},
            transfers=self.transfers,
            credited=self.credited,
            balances=self.balances,
            dissipated=self.dissipated,
            unseen=self.unseen,
        )

    def _refuse_traced_payer(self, transfer: Transfer) -> None:
        """A victim's payment out of money that is traced already would count units twice."""
        if transfer.payer in self.external:
            return
        traced = self.purses[transfer.payer].held()
        if traced:
            raise paid_with_traced(transfer.id, transfer.payer, traced)

    def _debit(self, payer: str, units: int) -> Parts:
        if payer in self.external:
            return [(None, units)] if units else []
        there = max(self.balances[payer], 0)
        missing = max(units - there, 0)
        if missing and not self.may_overdraw:
            self.unseen[payer] = self.unseen.get(payer, 0) + missing
            self.purses[payer].put([(None, missing)], missing)
            self.balances[payer] += missing
            there, missing = units, 0
        parts = self.purses[payer].take(units - missing)
        self.balances[payer] -= units
        return [*parts, (None, missing)] if missing else parts

    def _credit(self, payee: str, units: int, parts: Parts, carried: Mapping[str, int]) -> None:
        if payee in self.external:
            if carried:
                add(self.arrived.setdefault(payee, {}), carried)
            return
        owed = max(-self.balances[payee], 0)
        self.balances[payee] += units
        if owed:
            repaid, parts = self.repay(parts, min(owed, units), units)
            lost = by_label(repaid)
            if lost:
                add(self.dissipated.setdefault(payee, {}), lost)
        self.purses[payee].put(parts, max(units - owed, 0))


def _as_the_victims(transfer: Transfer, amount: int | None) -> Parts:
    """Label the first units of a victim's payment; the rest of it is clean."""
    stolen = transfer.amount if amount is None else amount
    parts: Parts = [(transfer.id, stolen), (None, transfer.amount - stolen)]
    return [(label, units) for label, units in parts if units]


def by_label(parts: Parts) -> dict[str, int]:
    """Add up the traced units of each label."""
    sums: dict[str, int] = {}
    for label, units in parts:
        if label is not None and units:
            sums[label] = sums.get(label, 0) + units
    return sums


def add(sums: dict[str, int], more: Amounts) -> None:
    """Add the units of one table of labels to another."""
    for label, units in more.items():
        sums[label] = sums.get(label, 0) + units
