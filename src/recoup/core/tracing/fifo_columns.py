"""First in, first out over columns, in one pass: for a large ledger that is traced once.

The same positions as in ``fast``, but none are kept: each account only knows how many units came
and how many left, and which positions of those still there are traced. So a pass costs a few
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

    came: list[int]
    left: list[int]
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
    found = Traced([0] * accounts, [0] * accounts)
    came, left, unseen = found.came, found.left, found.unseen
    for account in external:
        came[account] = _ENDLESS
    # Accounts to look at closely: those that hold traced money, and whoever makes a victim's
    # payment. Of all others only the sums count.
    lots: dict[int, deque[Lot]] = {payer[row]: deque() for row in seeds}
    paying = frozenset(lots)
    for row, source, target, units, credited in _booked(order, payer, payee, amount, credit):
        moved: Iterable[Lot] = ()
        begin = left[source]
        end = left[source] = begin + units
        if end > came[source]:
            unseen[source] = unseen.get(source, 0) + end - came[source]
            came[source] = end
        if source in lots:
            there = lots[source]
            if row in seeds:
                if there:
                    raise _paid_with_traced(row, source, there, ids, names)
                moved = ((0, seeds[row], row),)
            elif there:
                moved = _taken(there, begin, end)
                if not there and source not in paying:
                    del lots[source]
        if moved:
            _carry(found, row, moved)
            if credited != units:
                moved = _exchanged(found, moved, units, credited)
            _arrive(found, lots, target, came[target], moved, is_outside=target in external)
        came[target] += credited
    for account in external:
        came[account] = left[account] = 0
    for account, rest in lots.items():
        for first, after, label in rest:
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
