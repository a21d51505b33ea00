"""First in, first out over columns, in one pass: for a large ledger that is traced once.

The same positions as in ``fast``, but none are kept: each account only knows how many units came
and how many left, and which positions of those still there are traced. So a pass costs a few
additions a transfer, and memory grows with the accounts and the traced money alone. Unseen money
only, no exchange: ``fast`` and the plain walk know the rest, and the answers are the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recoup.core.tracing.ledger import LedgerRefused

# first position, position after the last, row of the victim's payment
Lot = tuple[int, int, int]
Table = dict[int, dict[int, int]]


@dataclass(slots=True)
class Traced:
    """What a pass found, by numbers: of accounts, of rows, and of the victims' rows as labels."""

    came: list[int]
    left: list[int]
    held: Table = field(default_factory=dict)
    carried: Table = field(default_factory=dict)
    unseen: dict[int, int] = field(default_factory=dict)


def trace_columns(
    order: Sequence[int], *, payer: Sequence[int], payee: Sequence[int], amount: Sequence[int],
    accounts: int, external: frozenset[int], seeds: Mapping[int, int],
) -> Traced:  # fmt: skip
    """Follow the first units of some rows through all rows; raises LedgerRefused.

    order: the rows as they were booked. seeds: row to the units of it that are the victim's.
    """
    found = Traced([0] * accounts, [0] * accounts)
    came, left, unseen = found.came, found.left, found.unseen
    lots: dict[int, deque[Lot]] = {}
    columns = (map(column.__getitem__, order) for column in (payer, payee, amount))
    for row, source, target, units in zip(order, *columns, strict=True):
        moved: Iterable[Lot] = ()
        if row in seeds and source in lots:
            raise _paid_with_traced(row, lots[source])
        if source not in external:
            begin = left[source]
            end = left[source] = begin + units
            if end > came[source]:
                unseen[source] = unseen.get(source, 0) + end - came[source]
                came[source] = end
            if source in lots:
                moved = _taken(lots[source], begin, end)
                if not lots[source]:
                    del lots[source]
        if row in seeds:
            moved = ((0, seeds[row], row),)
        begin = came[target]
        if target not in external:
            came[target] = begin + units
        if moved:
            _arrive(found, lots, row, target, begin, moved, is_outside=target in external)
    for account, rest in lots.items():
        for first, after, label in rest:
            _add(found.held, account, label, after - first)
    return found


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


def _arrive(
    found: Traced, lots: dict[int, deque[Lot]], row: int, target: int, begin: int,
    moved: Iterable[Lot], *, is_outside: bool,
) -> None:  # fmt: skip
    """Put what a transfer carried behind what its payee has; lots that touch become one."""
    waiting = lots.setdefault(target, deque()) if not is_outside else None
    for first, after, label in moved:
        if after == first:
            continue
        _add(found.carried, row, label, after - first)
        if waiting is None:
            _add(found.held, target, label, after - first)
        elif waiting and waiting[-1][1] == begin + first and waiting[-1][2] == label:
            waiting[-1] = (waiting[-1][0], begin + after, label)
        else:
            waiting.append((begin + first, begin + after, label))
    if waiting is not None and not waiting:
        del lots[target]


def _paid_with_traced(row: int, there: Iterable[Lot]) -> LedgerRefused:
    units = sum(after - first for first, after, _ in there)
    return LedgerRefused(
        f"The victim's payment in row {row + 1} leaves an account that then holds {units} units "
        "of another victim's money. Trace the two losses apart, or leave this payment out of the "
        "victims' payments.",
        value=str(row + 1),
    )


def _add(table: Table, name: int, label: int, units: int) -> None:
    row = table.setdefault(name, {})
    row[label] = row.get(label, 0) + units
