"""What the look-up through positions is measured against: simulations of the whole ledger.

They know no positions and share no code with the engine, so that an equal answer proves
something. ``lots`` is what one writes first, in plain Python, and as tight as that gets;
``lots_where_traced`` keeps lots only where traced money lies. ``scan`` is compiled, for all
victims in one pass. All are first in, first out, with money that was not seen added when short.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from recoup.cli.bench_arrays import Array, Arrays, compiled

READ_AT_ONCE: Final = 100_000
# Units by row and label, and units at rest by account and label.
Tables = tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]
_Lots = deque[tuple[int, int]]
CLEAN: Final = -1


def read(arrays: Arrays, stop: int) -> Iterator[tuple[int, int, int]]:
    """Payer, payee and amount of each row up to one, as Python's own numbers."""
    for start in range(0, stop, READ_AT_ONCE):
        part = slice(start, min(start + READ_AT_ONCE, stop))
        columns = (arrays.payer[part], arrays.payee[part], arrays.amount[part])
        yield from zip(*(column.tolist() for column in columns), strict=True)


def rows_until(arrays: Arrays, as_of: int | None) -> int:
    return arrays.rows if as_of is None else int(np.searchsorted(arrays.t, as_of, "right"))


def lots(
    arrays: Arrays, seeds: list[int], as_of: int | None = None, *, is_youngest: bool = False
) -> Tables:
    """Each account is a queue of lots, neighbours of one label together; replay every transfer.

    The label of a victim's money is its place among the seeds. is_youngest: a debit takes the
    youngest units, not the oldest.
    """
    take = _take_youngest if is_youngest else _take
    label_of = {row: label for label, row in enumerate(seeds)}
    external = arrays.external.tolist()
    queues: list[_Lots] = [
        deque([(CLEAN, opening)] if opening else ()) for opening in arrays.opening.tolist()
    ]
    carried: dict[tuple[int, int], int] = {}
    arrived: dict[tuple[int, int], int] = {}
    for row, (payer, payee, amount) in enumerate(read(arrays, rows_until(arrays, as_of))):
        if external[payer]:
            taken = [(CLEAN, amount)]
        else:
            taken = take(queues[payer], amount)
        if row in label_of:
            taken = [(label_of[row], amount)]
        queue = queues[payee]
        keeps = not external[payee]
        for label, units in taken:
            if label != CLEAN:
                carried[row, label] = carried.get((row, label), 0) + units
                if not keeps:
                    arrived[payee, label] = arrived.get((payee, label), 0) + units
            if keeps:
                if queue and queue[-1][0] == label:
                    queue[-1] = (label, queue[-1][1] + units)
                else:
                    queue.append((label, units))
    return carried, _held(queues, arrived)


def _take(queue: _Lots, units: int) -> list[tuple[int, int]]:
    """The oldest units; what is missing is clean."""
    taken = []
    while units:
        if not queue:
            taken.append((CLEAN, units))
            break
        label, there = queue[0]
        if there > units:
            queue[0] = (label, there - units)
            taken.append((label, units))
            break
        queue.popleft()
        taken.append((label, there))
        units -= there
    return taken


def _take_youngest(queue: _Lots, units: int) -> list[tuple[int, int]]:
    """The youngest units; what is missing is clean and the youngest of all."""
    taken = []
    while units and queue:
        label, there = queue.pop()
        part = min(there, units)
        if there > part:
            queue.append((label, there - part))
        taken.append((label, part))
        units -= part
    return [(CLEAN, units), *taken] if units else taken


def _held(queues: list[_Lots], held: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    for account, queue in enumerate(queues):
        for label, units in queue:
            if label != CLEAN:
                held[account, label] = held.get((account, label), 0) + units
    return held


def lots_where_traced(arrays: Arrays, seeds: list[int], as_of: int | None = None) -> Tables:
    """The same with one number for an account without traced money: the quickest plain replay."""
    label_of = {row: label for label, row in enumerate(seeds)}
    external, balances = arrays.external.tolist(), arrays.opening.tolist()
    queues: dict[int, _Lots] = {}
    carried: dict[tuple[int, int], int] = {}
    arrived: dict[tuple[int, int], int] = {}
    for row, (payer, payee, amount) in enumerate(read(arrays, rows_until(arrays, as_of))):
        taken = None
        if not external[payer]:
            if payer in queues:
                taken = _take(queues[payer], amount)
                if all(label == CLEAN for label, _ in taken):
                    taken = None
                elif all(label == CLEAN for label, _ in queues[payer]):
                    balances[payer] = sum(units for _, units in queues.pop(payer))
            elif balances[payer] > amount:
                balances[payer] -= amount
            else:
                balances[payer] = 0
        if row in label_of:
            taken = [(label_of[row], amount)]
        if taken is None and payee not in queues:
            balances[payee] += amount
            continue
        if payee not in queues and not external[payee]:
            queues[payee] = deque([(CLEAN, balances[payee])] if balances[payee] else ())
        for label, units in taken or [(CLEAN, amount)]:
            if label != CLEAN:
                carried[row, label] = carried.get((row, label), 0) + units
                if external[payee]:
                    arrived[payee, label] = arrived.get((payee, label), 0) + units
            if not external[payee]:
                queues[payee].append((label, units))
    for account, queue in queues.items():
        for label, units in queue:
            if label != CLEAN:
                arrived[account, label] = arrived.get((account, label), 0) + units
    return carried, arrived


def scan(arrays: Arrays, seeds: Array, as_of: int | None = None) -> Tables:
    """All seeds in one compiled pass over lots; seeds: rows in order."""
    moved, held = scan_columns(arrays, seeds, as_of)
    return summed(moved), summed(held)


def scan_columns(arrays: Arrays, seeds: Array, as_of: int | None = None) -> tuple[Array, Array]:
    """The same as columns: row, label, units; and account, label, units."""
    stop = rows_until(arrays, as_of)
    moved, held = _scan(
        arrays.payer[:stop], arrays.payee[:stop], arrays.amount[:stop], arrays.opening,
        arrays.external, np.asarray(seeds, np.int64),
    )  # fmt: skip
    return moved, held


def summed(table: Array) -> dict[tuple[int, int], int]:
    """Units by the first two columns; lines of no units left out."""
    sums: dict[tuple[int, int], int] = {}
    for one, label, units in table.tolist():
        if units:
            sums[one, label] = sums.get((one, label), 0) + units
    return sums


def of_label(tables: Tables, label: int) -> Tables:
    """What belongs to one seed, as if it had been asked for alone."""
    carried, held = (
        {(one, 0): units for (one, other), units in table.items() if other == label}
        for table in tables
    )
    return carried, held


def by_label(tables: Tables, labels: int) -> list[Tables]:
    """``of_label`` for each, in one pass."""
    parts: list[Tables] = [({}, {}) for _ in range(labels)]
    for which in (0, 1):
        for (one, label), units in tables[which].items():
            parts[label][which][one, 0] = units
    return parts


def warm_up() -> None:
    """Compile what is measured here, or load what was compiled before."""
    nothing = np.zeros(1, np.int32)
    units = np.ones(1, np.int64)
    _scan(nothing, nothing, units, units, np.zeros(1, np.bool_), np.zeros(1, np.int64))
    read_pass(nothing, nothing, units)
    _reach(nothing, nothing, np.zeros(1, np.bool_), np.zeros(1, np.bool_), 0)


@compiled
def read_pass(payer: Any, payee: Any, amount: Any) -> Any:
    """Read three columns once: the floor below which no scan can come."""
    sums = np.int64(0)
    for row in range(len(payer)):
        sums += payer[row] ^ payee[row] ^ amount[row]
    return sums


def reachable(arrays: Arrays, seed: int) -> int:
    """How many transfers could carry the money in order of time: what a graph would show."""
    seen = np.zeros(arrays.accounts, np.bool_)
    return int(_reach(arrays.payer, arrays.payee, arrays.external, seen, seed))


@compiled
def _reach(payer: Any, payee: Any, external: Any, seen: Any, seed: Any) -> Any:
    found = 1
    seen[payee[seed]] = not external[payee[seed]]
    for row in range(seed + 1, len(payer)):
        if seen[payer[row]]:
            found += 1
            if not external[payee[row]]:
                seen[payee[row]] = True
    return found


@compiled
def _longer(table: Any) -> Any:
    more = np.empty((2 * len(table), table.shape[1]), np.int64)
    more[: len(table)] = table
    return more


@compiled
def _note(table: Any, count: int, one: Any, label: Any, units: Any) -> Any:
    if count == len(table):
        table = _longer(table)
    table[count, 0], table[count, 1], table[count, 2] = one, label, units
    return table, count + 1


@compiled
def _openings(opening: Any, external: Any) -> Any:
    """The first and the last lot of each account, and the pool of lots: label, units, next."""
    accounts, used = len(opening), 0
    first, last = np.full(accounts, -1, np.int64), np.full(accounts, -1, np.int64)
    pool = np.empty((2 * accounts + 1024, 3), np.int64)
    for account in range(accounts):
        if opening[account] and not external[account]:
            pool[used, 0], pool[used, 1], pool[used, 2] = -1, opening[account], -1
            first[account] = last[account] = used
            used += 1
    return first, last, pool, used


@compiled
def _at_rest(first: Any, pool: Any, held: Any, n_held: int) -> Any:
    for account in range(len(first)):
        lot = first[account]
        while lot >= 0:
            if pool[lot, 0] >= 0:
                held, n_held = _note(held, n_held, account, pool[lot, 0], pool[lot, 1])
            lot = pool[lot, 2]
    return held[:n_held]


@compiled
def _oldest(
    taken: Any, first: Any, pool: Any, free: Any, who: Any, left: Any, external: bool
) -> Any:  # fmt: skip
    """Take the oldest units; lots that are used up go to the free ones."""
    n_taken = 0
    while left and not external and first[who] >= 0:
        lot = first[who]
        units = min(left, pool[lot, 1])
        taken, n_taken = _note(taken, n_taken, pool[lot, 0], 0, units)
        left -= units
        pool[lot, 1] -= units
        if not pool[lot, 1]:
            first[who], pool[lot, 2], free = pool[lot, 2], free, lot
    if left:
        taken, n_taken = _note(taken, n_taken, -1, 0, left)
    return taken, n_taken, free


@compiled
def _put(
    first: Any, last: Any, pool: Any, free: Any, used: int, to: Any, label: Any, units: Any
) -> Any:  # fmt: skip
    """Add units at the end of an account's chain."""
    if first[to] >= 0 and pool[last[to], 0] == label:
        pool[last[to], 1] += units
        return pool, free, used
    lot = free
    if free >= 0:
        free = pool[lot, 2]
    else:
        if used == len(pool):
            pool = _longer(pool)
        lot, used = np.int64(used), used + 1
    pool[lot, 0], pool[lot, 1], pool[lot, 2] = label, units, -1
    if first[to] >= 0:
        pool[last[to], 2] = lot
    else:
        first[to] = lot
    last[to] = lot
    return pool, free, used


@compiled
def _scan(
    payer: Any, payee: Any, amount: Any, opening: Any, external: Any, seeds: Any
) -> Any:  # fmt: skip
    """Lots as chains in one pool; what carried traced units, and where they rest."""
    first, last, pool, used = _openings(opening, external)
    moved, held = np.empty((1024, 3), np.int64), np.empty((1024, 3), np.int64)
    taken = np.empty((64, 3), np.int64)
    free, n_moved, n_held, label_next = np.int64(-1), 0, 0, 0
    for row in range(len(payer)):
        who, to = payer[row], payee[row]
        taken, n_taken, free = _oldest(
            taken, first, pool, free, who, amount[row], external[who]
        )  # fmt: skip
        if label_next < len(seeds) and seeds[label_next] == row:
            taken[0, 0], taken[0, 2], n_taken = label_next, amount[row], 1
            label_next += 1
        for one in range(n_taken):
            label, units = taken[one, 0], taken[one, 2]
            if label >= 0:
                moved, n_moved = _note(moved, n_moved, row, label, units)
            if not external[to]:
                pool, free, used = _put(first, last, pool, free, used, to, label, units)
            elif label >= 0:
                held, n_held = _note(held, n_held, to, label, units)
    return moved[:n_moved], _at_rest(first, pool, held, n_held)
