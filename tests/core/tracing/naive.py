"""A second opinion that shares no code with the engine and is too slow to be wrong quietly.

FIFO moves single units. Pro rata applies the written formula, once as whole units and once as
exact fractions. Poison is here because every other rule has to stay below it.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from recoup.core.tracing import Account, Ledger, Transfer


class PayerHoldsTraced(Exception):
    """A victim's payment leaves an account that holds traced money."""


def ordered(ledger: Ledger, as_of: int | None) -> list[Transfer]:
    counted = [x for x in ledger.transfers if as_of is None or x.t <= as_of]
    return sorted(counted, key=lambda x: (x.t, x.seq, x.id))


def account(ledger: Ledger, name: str) -> Account:
    return ledger.accounts.get(name, Account())


def names(ledger: Ledger) -> set[str]:
    ends = {name for x in ledger.transfers for name in (x.payer, x.payee)}
    return ends | set(ledger.accounts)


def stolen(ledger: Ledger) -> dict[str, int]:
    amounts = {x.id: x.amount for x in ledger.transfers}
    return {s.transfer: amounts[s.transfer] if s.amount is None else s.amount for s in ledger.seeds}


def tidy(table):
    tidied = {k: {s: n for s, n in row.items() if n} for k, row in table.items()}
    return {k: row for k, row in tidied.items() if row}


def table():
    return defaultdict(lambda: defaultdict(int))


def fifo(ledger: Ledger, shortfall: str, as_of: int | None):
    """Move single units; an account is the list of its units, oldest first."""
    units = {n: [""] * account(ledger, n).opening for n in names(ledger)}
    below = dict.fromkeys(units, 0)
    held, transfers, dissipated, unseen = table(), table(), table(), defaultdict(int)
    theirs = stolen(ledger)
    for x in ordered(ledger, as_of):
        moved = []
        purse = units[x.payer]
        if account(ledger, x.payer).external:
            moved = [""] * x.amount
        else:
            if x.id in theirs and any(purse):
                raise PayerHoldsTraced
            for _ in range(x.amount):
                if purse:
                    moved.append(purse.pop(0))
                elif shortfall == "unseen":
                    unseen[x.payer] += 1
                    moved.append("")
                else:
                    below[x.payer] += 1
                    moved.append("")
        if x.id in theirs:
            moved = [x.id if place < theirs[x.id] else "" for place in range(x.amount)]
        for label in moved:
            transfers[x.id][label] += bool(label)
        if x.credit is not None:
            moved = exchanged(moved, x.credit)
        for label in moved:
            if account(ledger, x.payee).external:
                held[x.payee][label] += bool(label)
            elif below[x.payee]:
                below[x.payee] -= 1
                dissipated[x.payee][label] += bool(label)
            else:
                units[x.payee].append(label)
    inside = [n for n in units if not account(ledger, n).external]
    for n in inside:
        for label in units[n]:
            held[n][label] += bool(label)
    balances = {n: len(units[n]) - below[n] for n in inside}
    return answer(held, transfers, balances, dissipated, unseen)


def exchanged(moved, credit):
    """Unit p becomes the units from floor(p * credit / amount) up to the next boundary."""
    if not moved:
        return [""] * credit
    changed = []
    for place, label in enumerate(moved):
        first = place * credit // len(moved)
        after = (place + 1) * credit // len(moved)
        changed += [label] * (after - first)
    return changed


def answer(held, transfers, balances, dissipated, unseen):
    return {
        "held": tidy(held),
        "transfers": tidy(transfers),
        "balances": balances,
        "dissipated": tidy(dissipated),
        "unseen": {n: units for n, units in unseen.items() if units},
    }


def floors(amounts, m, whole):
    """P_i = x1 + .. + xi; label i gets floor(P_i * m / X) - floor(P_(i-1) * m / X)."""
    labels = sorted(amounts)
    shares = {}
    for i, label in enumerate(labels):
        upto = sum(amounts[k] for k in labels[: i + 1])
        before = sum(amounts[k] for k in labels[:i])
        shares[label] = upto * m // whole - before * m // whole
    return shares


def fractions(amounts, m, whole):
    return {label: Fraction(x) * m / whole for label, x in amounts.items()}


def prorata(ledger: Ledger, shortfall: str, as_of: int | None, split=floors, merged=()):
    """Apply the formula to each debit as it is written, with whole units or exact fractions.

    merged: payments that all bear one label, which sorts before all others.
    """
    traced = {n: {} for n in names(ledger)}
    balance = {n: account(ledger, n).opening for n in traced}
    held, transfers, dissipated, unseen = table(), table(), table(), defaultdict(int)
    theirs = stolen(ledger)
    for x in ordered(ledger, as_of):
        moved = {}
        if not account(ledger, x.payer).external:
            if x.id in theirs and any(traced[x.payer].values()):
                raise PayerHoldsTraced
            if shortfall == "unseen" and balance[x.payer] < x.amount:
                unseen[x.payer] += x.amount - balance[x.payer]
                balance[x.payer] = x.amount
            if balance[x.payer] > 0:
                m = min(x.amount, balance[x.payer])
                moved = split(traced[x.payer], m, balance[x.payer])
            balance[x.payer] -= x.amount
            for label, n in moved.items():
                traced[x.payer][label] -= n
        if x.id in theirs:
            moved = {"\0merged" if x.id in merged else x.id: theirs[x.id]}
        transfers[x.id].update(moved)
        credit = x.amount
        if x.credit is not None:
            credit = x.credit
            moved = split(moved, credit, x.amount) if x.amount else {}
        if account(ledger, x.payee).external:
            for label, n in moved.items():
                held[x.payee][label] += n
            continue
        repaid = {}
        if balance[x.payee] < 0 and credit:
            repaid = split(moved, min(credit, -balance[x.payee]), credit)
        balance[x.payee] += credit
        for label, n in moved.items():
            dissipated[x.payee][label] += repaid.get(label, 0)
            traced[x.payee][label] = traced[x.payee].get(label, 0) + n - repaid.get(label, 0)
    inside = [n for n in traced if not account(ledger, n).external]
    held.update({n: traced[n] for n in inside})
    return answer(held, transfers, {n: balance[n] for n in inside}, dissipated, unseen)


def prorata_exact(ledger: Ledger, as_of: int | None = None):
    return prorata(ledger, "unseen", as_of, split=fractions)


def poison(ledger: Ledger, shortfall: str, as_of: int | None):
    """Per victim's payment alone: one poisoned unit in an account poisons all of it."""
    held, transfers = table(), table()
    for seed in stolen(ledger):
        _poison_of(ledger, shortfall, as_of, seed, held, transfers)
    return {"held": tidy(held), "transfers": tidy(transfers)}


def _poison_of(ledger, shortfall, as_of, seed, held, transfers):
    balance = {n: account(ledger, n).opening for n in names(ledger)}
    poisoned = set()
    for x in ordered(ledger, as_of):
        carried = 0
        if not account(ledger, x.payer).external:
            carried = x.amount if x.payer in poisoned else 0
            if shortfall == "unseen":
                balance[x.payer] = max(balance[x.payer], x.amount)
            balance[x.payer] -= x.amount
            if balance[x.payer] <= 0:
                poisoned.discard(x.payer)
        if x.id == seed:
            carried = stolen(ledger)[seed]
        transfers[x.id][seed] += carried
        credit = x.amount if x.credit is None else x.credit
        if account(ledger, x.payee).external:
            held[x.payee][seed] += carried * credit // x.amount if x.amount else 0
            continue
        balance[x.payee] += credit
        if carried and credit and balance[x.payee] > 0:
            poisoned.add(x.payee)
    for n in poisoned:
        held[n][seed] += balance[n]
