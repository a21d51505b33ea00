"""Ledgers made to hurt: each is measured at a tenth of its size and whole.

What takes ten times as long on ten times the ledger is linear; a hundred times would be
quadratic. Every answer is compared with a replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final

import numpy as np

from recoup.cli import bench_arrays, bench_index, bench_scan
from recoup.cli.bench_arrays import Array, Arrays
from recoup.cli.bench_figures import at_most, short, times_over
from recoup.cli.measured import Line

TENTH: Final = 10
# Ten times the ledger may take so many times as long, each in its best of some rounds.
LIMIT: Final = 30.0
ROUNDS: Final = 5
# The planted thefts need some room.
SMALLEST: Final = 1_000


@dataclass(slots=True)
class Hurt:
    """What one such ledger took, at a tenth of its size and whole.

    is_whole: as large as it is meant; a smaller one says little of growth and is not judged.
    """

    name: str
    is_whole: bool
    sizes: list[int] = field(default_factory=list)
    built: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    replays: list[float] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    kibibytes: float = 0.0
    compared: int = 0
    differing: int = 0
    unaccounted: int = 0

    @property
    def line(self) -> Line:
        ratio = self.answers[-1] / self.answers[0]
        size, pieces = f"{self.sizes[-1]:,} transfers", f"{self.pieces[-1]:,} pieces"
        shown = (
            f": {short(self.answers[0])}, then {short(self.answers[-1])} for {pieces}, "
            f"{self.kibibytes:,.0f} KiB; built in {short(self.built[-1])}, replay "
            f"{short(self.replays[-1])}"
        )
        what = f"{self.name}, {size}: ten times as large"
        if not self.is_whole:
            return Line(what, "", times_over(ratio) + shown)
        return at_most(what, LIMIT, ratio, times_over, shown)


def made(payer: Any, payee: Any, amount: Any, opening: Array, outside: int, seed: int) -> Arrays:
    """A ledger of these rows, a second apart; one account lies outside."""
    rows = len(payer)
    external = np.zeros(len(opening), np.bool_)
    external[outside] = True
    return Arrays(
        payer=np.asarray(payer, np.int32),
        payee=np.asarray(payee, np.int32),
        t=np.arange(rows, dtype=np.int64),
        amount=np.asarray(amount, np.int64),
        opening=opening,
        external=external,
        seeds=np.array([seed]),
        planted=np.zeros((0, 2), np.int64),
    )


def peeling(layers: int, _: int) -> Arrays:
    """Each holder sends one cent out and all the rest to the next."""
    holder, out, victim = np.arange(layers), layers + 1, layers + 2
    payer = np.concatenate([[victim], np.repeat(holder, 2)])
    payee = np.concatenate([[0], np.stack([np.full(layers, out), holder + 1], axis=1).ravel()])
    left = layers + 1 - holder
    amount = np.stack([np.ones(layers, np.int64), left - 1], axis=1).ravel()
    amount = np.concatenate([[layers + 1], amount])
    return made(payer, payee, amount, np.zeros(layers + 3, np.int64), out, 0)


def instant(size: int, seed: int) -> Arrays:
    """The base workload with everything in one instant; only the sequence orders it."""
    arrays = bench_arrays.generate(max(size, SMALLEST), seed=seed)
    return replace(arrays, t=np.full(arrays.rows, arrays.t[0]))


def circle(size: int, _: int) -> Arrays:
    """Three accounts hand the money round and round within one instant."""
    payer = np.concatenate([[4], np.arange(size) % 3])
    payee = np.concatenate([[0], (np.arange(size) + 1) % 3])
    amount = np.concatenate([[1_000], np.full(size, 700)])
    arrays = made(payer, payee, amount, np.array([500, 900, 1_300, 0, 0]), 3, 0)
    return replace(arrays, t=np.zeros(size + 1, np.int64))


def selves(size: int, seed: int) -> Arrays:
    """One account pays itself again and again, the victim's money among its own."""
    amount = np.random.default_rng(seed).integers(1, 1_500, size)
    payer = np.concatenate([[2], np.zeros(size, np.int64)])
    return made(
        payer,
        np.zeros(size + 1, np.int64),
        np.concatenate([[1_000], amount]),
        np.array([10_000, 0, 0]),
        1,
        0,
    )


def credited(size: int, _: int) -> Arrays:
    """So many credits to one account, the victim's in the middle; each tenth booking pays out."""
    kind = np.arange(size + size // 9) % 10 == 9
    seed = int(np.flatnonzero(~kind)[size // 2])
    amount = np.where(kind, 27, 3)
    amount[seed] = 1_000
    payer, payee = np.where(kind, 0, 1), np.where(kind, 2, 0)
    payer[seed] = 3
    return made(payer, payee, amount, np.zeros(4, np.int64), 1, seed)


def pennies(size: int, seed: int) -> Arrays:
    """Two accounts exchange single cents, so that stolen and own cents lie mixed."""
    random = np.random.default_rng(seed)
    first = random.integers(0, 2, size)
    payer = np.concatenate([[3], first])
    payee = np.concatenate([[0], 1 - first])
    amount = np.concatenate([[500], np.ones(size, np.int64)])
    return made(payer, payee, amount, np.array([0, 50, 0, 0]), 2, 0)


# Ledgers with their whole sizes.
WORST: Final[dict[str, tuple[Callable[[int, int], Arrays], int]]] = {
    "peeling a cent a layer, 1e5 layers": (peeling, 100_000),
    "everything in one instant": (instant, 1_000_000),
    "a circle in one instant": (circle, 100_000),
    "payments to oneself": (selves, 100_000),
    "an account with 1e6 credits": (credited, 1_000_000),
    "single cents to and fro": (pennies, 100_000),
}


def measure(factor: float, seed: int) -> Iterator[Hurt]:
    """All of them; factor: how much of their whole sizes."""
    for name, (make, size) in WORST.items():
        hurt = Hurt(name, factor >= 1)
        for divisor in (TENTH, 1):
            _measure(hurt, make(max(int(size * factor) // divisor, 20), seed))
        yield hurt


def _measure(hurt: Hurt, arrays: Arrays) -> None:
    started = perf_counter()
    index = bench_index.build(arrays, "compiled")
    hurt.built.append(perf_counter() - started)
    seeds = arrays.seeds[:1]
    seconds, ask, row = [], bench_index.asker(index), int(seeds[0])
    for _ in range(ROUNDS):
        started = perf_counter()
        found = ask(row)
        seconds.append(perf_counter() - started)
    started = perf_counter()
    moved, held = bench_scan.scan_columns(arrays, seeds)
    hurt.replays.append(perf_counter() - started)
    right = (bench_scan.summed(moved), bench_scan.summed(held))
    hurt.answers.append(min(seconds))
    hurt.sizes.append(arrays.rows)
    hurt.pieces.append(len(found[0]))
    hurt.kibibytes = sum(np.asarray(table).nbytes for table in found) / 1024
    hurt.compared += 1
    hurt.differing += bench_index.tables(*found) != right
    hurt.unaccounted += bench_index.unaccounted(arrays, seeds, *found)
