"""First in, first out over columns, in one pass: for a large ledger that is traced once.

The same positions as in ``fast``, but none are kept: each account only knows its balance, and those
that hold traced money where their units begin and which positions are traced. So a pass costs a few
additions a transfer, and memory grows with the accounts and the traced money alone. Unseen money
only, no overdraft: ``fast`` and the plain walk know the rest, and the answers are the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from recoup.core.tracing.ledger import LedgerRefused, paid_with_traced

# first position, position after the last, row of the victim's payment
Lot = tuple[int, int, int]
Table = dict[int, dict[int, int]]
# What an account outside the ledger has: it never lacks anything.
_ENDLESS: Final = 1 << 200


@dataclass(slots=True)
class Traced:
    """What a pass found, by numbers: of accounts, of rows, and of the victims' rows as labels.

    exchanged: traced units that exchange on the way added or, below zero, took away.
    """

    balances: list[int]
    held: Table = field(default_factory=dict)
    carried: Table = field(default_factory=dict)
    unseen: dict[int, int] = field(default_factory=dict)
    exchanged: int = 0


def trace_columns(
    order: Sequence[int], *, payer: Sequence[int], payee: Sequence[int], amount: Sequence[int],
    accounts: int, external: frozenset[int], seeds: Mapping[int, int],
    credit: Sequence[int] | None = None, ids: Sequence[str] = (), names: Sequence[str] = (),
) -> Traced:  # fmt: skip
    """Follow the first units of some rows through all rows; raises LedgerRefused.

    order: the rows as they were booked. seeds: row to the units of it that are the victim's.
    credit: what reached the payee, where it is not the amount. ids, names: of rows and accounts,
    for what is refused; their numbers serve if there are none.
    """
    found = Traced([0] * accounts)
    balances, unseen = found.balances, found.unseen
    for account in external:
        balances[account] = _ENDLESS
    # Accounts to look at closely: those that hold traced money, and whoever makes a victim's
    # payment. Of all others only the balance counts. left: how many units have left each.
    lots: dict[int, deque[Lot]] = {payer[row]: deque() for row in seeds}
    left = dict.fromkeys(lots, 0)
    paying = frozenset(lots)
    for row, source, target, units, credited in _booked(order, payer, payee, amount, credit):
        rest = balances[source] - units
        if rest < 0:
            unseen[source] = unseen.get(source, 0) - rest
            rest = 0
        balances[source] = rest
        if source in lots:
            moved = _debited(lots, left, row, source, units, seeds, paying, ids, names)
            if moved:
                _carry(found, row, moved)
                if credited != units:
                    moved = _exchanged(found, moved, units, credited)
                begin = left.get(target, 0) + balances[target]
                _arrive(found, lots, target, begin, moved, is_outside=target in external)
                if target in lots:
                    left.setdefault(target, 0)
        balances[target] += credited
    for account in external:
        balances[account] = 0
    for account, there in lots.items():
        for first, after, label in there:
            _add(found.held, account, label, after - first)
    return found


def _booked(
    order: Sequence[int], payer: Sequence[int], payee: Sequence[int], amount: Sequence[int],
    credit: Sequence[int] | None,
) -> Iterator[tuple[int, int, int, int, int]]:  # fmt: skip
    """The rows in their order; columns that stand in it are not looked up row by row."""
    columns = (payer, payee, amount, credit or amount)
    if isinstance(order, range) and order == range(len(amount)):
        return zip(order, *columns, strict=True)
    return zip(order, *(map(column.__getitem__, order) for column in columns), strict=True)


def _debited(
    lots: dict[int, deque[Lot]], left: dict[int, int], row: int, source: int, units: int,
    seeds: Mapping[int, int], paying: frozenset[int], ids: Sequence[str], names: Sequence[str],
) -> Iterable[Lot]:  # fmt: skip
    """What a debit carries; an account whose traced money is gone is let go of."""
    there = lots[source]
    begin = left[source]
    end = left[source] = begin + units
    if row in seeds:
        if there:
            raise _paid_with_traced(row, source, there, ids, names)
        return ((0, seeds[row], row),)
    moved = _taken(there, begin, end)
    if not there and source not in paying:
        del lots[source], left[source]
    return moved


def _taken(lots: deque[Lot], begin: int, end: int) -> list[Lot]:
    """What a debit of these positions takes of the traced lots, counted from its own beginning."""
    moved = []
    while lots and lots[0][0] < end:
        first, after, label = lots.popleft()
        moved.append((first - begin, min(after, end) - begin, label))
        if after > end:
            lots.appendleft((end, after, label))
            break
    return moved


def _carry(found: Traced, row: int, moved: Iterable[Lot]) -> None:
    for first, after, label in moved:
        if after > first:
            _add(found.carried, row, label, after - first)


def _exchanged(found: Traced, moved: Iterable[Lot], amount: int, credit: int) -> list[Lot]:
    """Each boundary goes from unit p to floor(p * credit / amount)."""
    changed: list[Lot] = []
    for first, after, label in moved if amount else ():
        lot = (first * credit // amount, after * credit // amount, label)
        found.exchanged += lot[1] - lot[0] - (after - first)
        changed.append(lot)
    return changed


def _arrive(
    found: Traced, lots: dict[int, deque[Lot]], target: int, begin: int, moved: Iterable[Lot],
    *, is_outside: bool,
) -> None:  # fmt: skip
    """Put what reached a payee behind what it has; lots that touch become one."""
    for first, after, label in moved:
        if after == first:
            continue
        if is_outside:
            _add(found.held, target, label, after - first)
            continue
        waiting = lots.setdefault(target, deque())
        if waiting and waiting[-1][1] == begin + first and waiting[-1][2] == label:
            waiting[-1] = (waiting[-1][0], begin + after, label)
        else:
            waiting.append((begin + first, begin + after, label))


def _paid_with_traced(
    row: int, source: int, there: Iterable[Lot], ids: Sequence[str], names: Sequence[str]
) -> LedgerRefused:
    def called(number: int, given: Sequence[str]) -> str:
        return given[number] if given else str(number)

    traced: dict[str, int] = {}
    for first, after, label in there:
        victim = called(label, ids)
        traced[victim] = traced.get(victim, 0) + after - first
    return paid_with_traced(called(row, ids), called(source, names), traced)


def _add(table: Table, name: int, label: int, units: int) -> None:
    row = table.setdefault(name, {})
    row[label] = row.get(label, 0) + units
