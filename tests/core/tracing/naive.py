"""A second opinion that shares no code with the engine and is too slow to be wrong quietly.

First in, first out and last in, first out move single units. The other rules apply the written
formula to each debit: of balance B with T traced, a units leave. Poison goes through the ledger
once for each victim's payment alone.
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


def highest_first(ledger: Ledger, as_of: int | None) -> list[Transfer]:
    """Swap neighbours of one batch until none is smaller than the one after it."""
    row = ordered(ledger, as_of)
    for _ in row:
        for i in range(len(row) - 1):
            x, y = row[i : i + 2]
            one_batch = x.batch is not None and (x.batch, x.t, x.payer) == (y.batch, y.t, y.payer)
            if one_batch and x.amount < y.amount:
                row[i], row[i + 1] = y, x
    return row


def account(ledger: Ledger, name: str) -> Account:
    return ledger.accounts.get(name, Account())


def names(ledger: Ledger) -> set[str]:
    ends = {name for x in ledger.transfers for name in (x.payer, x.payee)}
    return ends | set(ledger.accounts)


def stolen(ledger: Ledger) -> dict[str, int]:
    amounts = {x.id: x.amount for x in ledger.transfers}
    return {s.transfer: amounts[s.transfer] if s.amount is None else s.amount for s in ledger.seeds}


def tidy(table):
    tidied = {k: {s: said(n) for s, n in row.items() if n} for k, row in table.items()}
    return {k: row for k, row in tidied.items() if row}


def said(n):
    """Whole numbers as they are, others as n/d in lowest terms."""
    return int(n) if n == int(n) else f"{Fraction(n).numerator}/{Fraction(n).denominator}"


def table():
    return defaultdict(lambda: defaultdict(int))


def answer(held, transfers, balances, dissipated, unseen):
    return {
        "held": tidy(held),
        "transfers": tidy(transfers),
        "balances": balances,
        "dissipated": tidy(dissipated),
        "unseen": {n: units for n, units in unseen.items() if units},
    }


# Unit by unit


def fifo(ledger: Ledger, shortfall: str, as_of: int | None):
    return unit_by_unit(ledger, shortfall, as_of, oldest=0)


def lifo(ledger: Ledger, shortfall: str, as_of: int | None):
    return unit_by_unit(ledger, shortfall, as_of, oldest=-1)


def unit_by_unit(ledger: Ledger, shortfall: str, as_of: int | None, oldest: int):
    """Move single units; an account is the list of its units, in the order they came in.

    oldest: which end of the list a debit takes from.
    """
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
            while shortfall == "unseen" and len(purse) < x.amount:
                unseen[x.payer] += 1
                purse.append("")
            for _ in range(x.amount):
                if purse:
                    moved.append(purse.pop(oldest))
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


def ends_of_units(ledger: Ledger, shortfall: str, oldest: int):
    """Move units that each have a name of their own; return where each victim's unit ended.

    The name is the payment and the unit's place in it; the end is (held or dissipated, account).
    """
    units = {n: [None] * account(ledger, n).opening for n in names(ledger)}
    below, ends = dict.fromkeys(units, 0), {}
    theirs = stolen(ledger)
    for x in ordered(ledger, None):
        purse, moved = units[x.payer], []
        while (account(ledger, x.payer).external or shortfall == "unseen") and (
            len(purse) < x.amount
        ):
            purse.append(None)
        for _ in range(x.amount):
            below[x.payer] += not purse
            moved.append(purse.pop(oldest) if purse else None)
        if account(ledger, x.payer).external:
            moved = [None] * x.amount
        if x.id in theirs:
            moved = [(x.id, i) if i < theirs[x.id] else None for i in range(x.amount)]
        for unit in moved:
            if account(ledger, x.payee).external:
                ends[unit] = "held", x.payee
            elif below[x.payee]:
                below[x.payee] -= 1
                ends[unit] = "dissipated", x.payee
            else:
                units[x.payee].append(unit)
    ends.update({unit: ("held", n) for n in units for unit in units[n]})
    return {unit: end for unit, end in ends.items() if unit}


# By the formula


def floors(amounts, m, whole):
    """P_i = x1 + .. + xi; label i gets floor(P_i * m / X) - floor(P_(i-1) * m / X)."""
    labels = sorted(amounts)
    shares = {}
    for i, label in enumerate(labels):
        upto = sum(amounts[k] for k in labels[: i + 1])
        before = sum(amounts[k] for k in labels[:i])
        shares[label] = upto * m // whole - before * m // whole if whole else 0
    return shares


def fractions(amounts, m, whole):
    return {label: Fraction(x) * m / whole for label, x in amounts.items()}


def in_proportion(traced, a, b):
    return floors(traced, a, b)


def exactly_in_proportion(traced, a, b):
    return fractions(traced, a, b)


def own_first(traced, a, b):
    t = sum(traced.values())
    return floors(traced, max(0, t - (b - a)), t)


def traced_first(traced, a, b):
    t = sum(traced.values())
    return floors(traced, min(t, a), t)


def prorata(ledger, shortfall, as_of, merged=()):
    return by_formula(ledger, shortfall, as_of, in_proportion, merged=merged)


def prorata_exact(ledger, shortfall, as_of):
    return by_formula(ledger, shortfall, as_of, exactly_in_proportion, split=fractions)


def libr(ledger, shortfall, as_of, merged=()):
    """Repays max(0, x - (c - r)): the same formula with X = x, B = c and a = r."""
    return by_formula(ledger, shortfall, as_of, own_first, merged=merged)


def tiho(ledger, shortfall, as_of, merged=()):
    """Repays min(x, r): the same formula with T = x and a = r."""
    return by_formula(ledger, shortfall, as_of, traced_first, order=highest_first, merged=merged)


def by_formula(
    ledger: Ledger,
    shortfall: str,
    as_of: int | None,
    leaves,
    split=floors,
    order=ordered,
    merged=(),
):
    """Apply the formula to each debit as it is written, with whole units or exact fractions.

    leaves: what a debit of a from balance b takes of the traced. merged: payments that all bear
    one label, which sorts before all others.
    """
    traced = {n: {} for n in names(ledger)}
    balance = {n: account(ledger, n).opening for n in traced}
    held, transfers, dissipated, unseen = table(), table(), table(), defaultdict(int)
    theirs = stolen(ledger)
    for x in order(ledger, as_of):
        moved = {}
        if not account(ledger, x.payer).external:
            if x.id in theirs and any(traced[x.payer].values()):
                raise PayerHoldsTraced
            if shortfall == "unseen" and balance[x.payer] < x.amount:
                unseen[x.payer] += x.amount - balance[x.payer]
                balance[x.payer] = x.amount
            if balance[x.payer] > 0:
                a = min(x.amount, balance[x.payer])
                moved = leaves(traced[x.payer], a, balance[x.payer])
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
            repaid = leaves(moved, min(credit, -balance[x.payee]), credit)
        balance[x.payee] += credit
        for label, n in moved.items():
            dissipated[x.payee][label] += repaid.get(label, 0)
            traced[x.payee][label] = traced[x.payee].get(label, 0) + n - repaid.get(label, 0)
    inside = [n for n in traced if not account(ledger, n).external]
    held.update({n: traced[n] for n in inside})
    return answer(held, transfers, {n: balance[n] for n in inside}, dissipated, unseen)


# Poison


def poison(ledger: Ledger, shortfall: str, as_of: int | None):
    """Per victim's payment alone: one poisoned unit in an account poisons all of it."""
    held, transfers, dissipated = table(), table(), table()
    balances, unseen = _poison_of(ledger, shortfall, as_of, "", held, transfers, dissipated)
    for seed in stolen(ledger):
        _poison_of(ledger, shortfall, as_of, seed, held, transfers, dissipated)
    return answer(held, transfers, balances, dissipated, unseen)


def _poison_of(ledger, shortfall, as_of, seed, held, transfers, dissipated):
    theirs = stolen(ledger)
    inside = [n for n in names(ledger) if not account(ledger, n).external]
    balance = {n: account(ledger, n).opening for n in inside}
    unseen, poisoned = defaultdict(int), set()
    for x in ordered(ledger, as_of):
        carried = 0
        if x.payer in inside:
            if x.id in theirs and x.payer in poisoned:
                raise PayerHoldsTraced
            if shortfall == "unseen" and balance[x.payer] < x.amount:
                unseen[x.payer] += x.amount - balance[x.payer]
                balance[x.payer] = x.amount
            if x.payer in poisoned:
                carried = min(x.amount, balance[x.payer])
            balance[x.payer] -= x.amount
            if balance[x.payer] <= 0:
                poisoned.discard(x.payer)
        if x.id == seed:
            carried = theirs[seed]
        transfers[x.id][seed] += carried
        credit = x.amount if x.credit is None else x.credit
        arrives = carried * credit // x.amount if x.amount else 0
        if x.payee not in inside:
            held[x.payee][seed] += arrives
            continue
        if arrives:
            dissipated[x.payee][seed] += min(credit, max(0, -balance[x.payee]))
        balance[x.payee] += credit
        if arrives and balance[x.payee] > 0:
            poisoned.add(x.payee)
    for n in poisoned:
        held[n][seed] += balance[n]
    return balance, unseen
