"""One ledger of the benchmark: built, asked by everyone in turns, booked into, compared.

What is right is what a compiled replay finds that knows no positions. On small ledgers the
engine's plain walk answers as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, Final

import numpy as np

from recoup.cli import bench_arrays, bench_index, bench_scan, bench_ways
from recoup.cli.bench_arrays import Array, Arrays
from recoup.cli.bench_figures import Times, largest_cache, peak_mib
from recoup.cli.bench_scan import Tables
from recoup.cli.bench_ways import Limits, Plan, Way
from recoup.core.tracing.fast import Index

ALL, REPLAYED, FLOOR = "all victims, look-up", "all victims, replay", "read pass"
COLD, DATED, BUSY, LATE = "cold", "dated", "busy", "late"
ASKED_COLD: Final = 30
DATES: Final = 3
ENOUGH: Final = 100
ASKED_DATED: Final = 100
BUSY_SEEDS: Final = 20
LATE_BOOKINGS: Final = 100
APPENDED: Final = 100_000
ONE_BY_ONE: Final = 5_000
PLAIN_BUILT_UP_TO: Final = 100_000


@dataclass(slots=True)
class Place:
    """What was measured on one ledger.

    built: seconds by form. appended: seconds a transfer by how many came at once. more: seconds of
    answers in further ledgers of this kind, where one has few victims.
    """

    workload: str
    size: int
    accounts: int
    victims: int
    generated: float
    peak: float
    built: dict[str, float] = field(default_factory=dict)
    bytes_a_transfer: float = 0.0
    ways: dict[str, Way] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)
    appended: dict[int, float] = field(default_factory=dict)
    late_moved: list[int] = field(default_factory=list)
    more: list[float] = field(default_factory=list)
    busiest: int = 0
    reachable: int = 0
    planted_found: float = 0.0
    unaccounted: int = 0
    labels: int = 0
    compared: int = 0
    differing: int = 0

    @property
    def own(self) -> Way:
        return self.ways[bench_ways.OWN]

    @property
    def median_answer(self) -> float:
        """Over enough victims to say how the median grows."""
        return median([*self.own.medians, *self.more])

    def compare(self, one: object, other: object) -> None:
        self.compared += 1
        self.differing += one != other

    def timed(self, name: str, ask: Callable[[], Any]) -> Any:
        return self.times.setdefault(name, Times()).timed(ask)

    def check(self, arrays: Arrays, rows: Sequence[int], found: Any, right: Tables) -> None:
        """Compare an answer for some seeds, and count the units nobody can account for."""
        self.compare(bench_index.tables(*found), right)
        self.unaccounted += bench_index.unaccounted(arrays, rows, *found)
        self.labels += len(rows)


def begin(workload: str, size: int, seed: int) -> tuple[Place, Arrays]:
    """Generate a ledger."""
    started = perf_counter()
    arrays = bench_arrays.generate(size, seed=seed, workload=workload)
    generated = perf_counter() - started
    return Place(workload, size, arrays.accounts, len(arrays.seeds), generated, peak_mib()), arrays


def build(place: Place, arrays: Arrays) -> Index:
    """Work out the positions; in the plain form too where that takes no time to speak of."""
    forms = ("plain", "compiled") if arrays.rows <= PLAIN_BUILT_UP_TO else ("compiled",)
    for form in forms:
        started = perf_counter()
        index = bench_index.build(arrays, form)
        place.built[form] = perf_counter() - started
    place.bytes_a_transfer = index.bytes_per_transfer
    return index


def ask_everybody(
    place: Place,
    arrays: Arrays,
    index: Index,
    plan: Plan,
    smaller: Place | None,
    show: Callable[[], None],
) -> None:
    """All ways in turns, all victims at once, and one question with cold caches."""
    rows = arrays.seeds.tolist()
    right = bench_scan.scan(arrays, arrays.seeds)
    place.check(arrays, rows, bench_index.look_up(index, rows), right)
    place.planted_found = _planted_found(arrays, right)
    place.reachable = bench_scan.reachable(arrays, rows[len(rows) // 2])
    by_row = dict(zip(rows, bench_scan.by_label(right, len(rows)), strict=True))
    limits = Limits(
        plan,
        place.size,
        smaller.size if smaller else 0,
        smaller.ways if smaller else {},
        place.left_out,
    )
    for way in bench_ways.ours(arrays, index, limits):
        place.ways[way.name] = way
    for way in bench_ways.others(bench_index.positions(index, arrays), limits):
        place.ways[way.name] = way
    for number in range(plan.repeats):
        for way in place.ways.values():
            if number < way.rounds:
                compared, differing = way.go_round(number, by_row)
                place.compared += compared
                place.differing += differing
                show()
        _all_at_once(place, arrays, index, rows)
    _cold(place, index, rows)
    for way in place.ways.values():
        way.ask = _done  # lets go of what it had loaded


def _done(row: int) -> Any:
    raise RuntimeError(f"Row {row} is asked for after the last round.")


def _planted_found(arrays: Arrays, right: Tables) -> float:
    """The share of the planted transfers that carried traced money."""
    traced = np.unique(np.array([row for row, _ in right[0]], np.int64))
    return float(np.isin(arrays.planted[:, 0], traced).mean())


def _all_at_once(place: Place, arrays: Arrays, index: Index, rows: list[int]) -> None:
    """All victims in one pass, and the floor: reading three columns once."""
    place.timed(ALL, lambda: bench_index.look_up(index, rows))
    place.timed(REPLAYED, lambda: bench_scan.scan_columns(arrays, arrays.seeds))
    columns = (arrays.payer, arrays.payee, arrays.amount)
    place.timed(FLOOR, lambda: bench_scan.read_pass(*columns))


def _cold(place: Place, index: Index, rows: Sequence[int]) -> None:
    """One question with nothing of the ledger in the processor's caches."""
    ask = bench_index.asker(index)
    other = np.zeros(min(2 * largest_cache(), 2**28) // 8, np.int64)
    for row in rows[:ASKED_COLD]:
        other += 1
        place.timed(COLD, partial(ask, row))


def ask_more(place: Place, plan: Plan) -> None:
    """The look-up in further ledgers like it, until there are enough victims for a median."""
    number = 0
    while place.victims + len(place.more) < ENOUGH:
        number += 1
        seed = plan.seed + number
        arrays = bench_arrays.generate(place.size, seed=seed, workload=place.workload)
        index, rows = bench_index.build(arrays, "compiled"), arrays.seeds.tolist()
        right = bench_scan.scan(arrays, arrays.seeds)
        place.check(arrays, rows, bench_index.look_up(index, rows), right)
        way = bench_ways.own(arrays, index, plan.repeats)
        parts = dict(zip(rows, bench_scan.by_label(right, len(rows)), strict=True))
        for one in range(plan.repeats):
            compared, differing = way.go_round(one, parts)
            place.compared += compared
            place.differing += differing
        place.more += way.medians


def ask_dated(place: Place, arrays: Arrays, index: Index, seed: int) -> None:
    """As of any date: some days, each victim alone, and all of them against a replay."""
    random = np.random.default_rng(seed)
    for as_of in arrays.t[random.integers(0, arrays.rows, DATES)].tolist():
        rows = arrays.seeds[arrays.t[arrays.seeds] <= as_of].tolist()
        for row in rows[:ASKED_DATED]:
            place.timed(DATED, partial(bench_index.look_up, index, [row], as_of))
        if rows:
            right = bench_scan.scan(arrays, np.array(rows), as_of)
            place.check(arrays, rows, bench_index.look_up(index, rows, as_of), right)


def ask_busy(place: Place, arrays: Arrays, index: Index) -> None:
    """Victims who paid into the account with the most debits."""
    debits = np.bincount(arrays.payer, minlength=arrays.accounts)
    busy = int(np.where(arrays.external, 0, debits).argmax())
    place.busiest = int(debits[busy])
    rows = np.flatnonzero((arrays.payee == busy) & (arrays.payer != busy))
    rows = rows[np.linspace(0, len(rows) - 1, min(BUSY_SEEDS, len(rows))).astype(np.int64)]
    for number, row in enumerate(rows.tolist()):
        found = place.timed(BUSY, partial(bench_index.asker(index), row))
        place.times[BUSY].pieces.append(len(found[0]))
        if number % 10 == 0:
            place.check(arrays, [row], found, bench_scan.scan(arrays, [row]))


def book(place: Place, arrays: Arrays, index: Index, seed: int) -> None:
    """Book transfers at the end, one by one and in batches, then some late; compare with replays.

    Afterwards all victims are asked for again; the answers equal a replay of the longer ledger.
    """
    random = np.random.default_rng(seed + 1)
    count = min(APPENDED, arrays.rows)
    more = _copies(arrays, random, count, int(arrays.t[-1]) + 1 + np.arange(count))
    at = 0
    for batch, stop in ((1, min(ONE_BY_ONE, count // 4)), (100, count // 2), (count, count)):
        began = at
        started = perf_counter()
        while at < stop:
            upto = min(at + batch, stop)
            bench_index.append(index, more, at, upto)
            at = upto
        place.appended[min(batch, stop - began)] = (perf_counter() - started) / (stop - began)
    longer = bench_arrays.joined(arrays, more)
    rows = arrays.seeds.tolist()
    right = bench_scan.scan(longer, arrays.seeds)
    place.check(longer, rows, bench_index.look_up(index, rows), right)
    rebuilt = bench_index.build(longer, "compiled")
    place.compare(bench_index.tables(*bench_index.look_up(rebuilt, rows)), right)
    del rebuilt
    _book_late(place, longer, index, random)


def _book_late(place: Place, arrays: Arrays, index: Index, random: Any) -> None:
    times = np.sort(arrays.t[random.integers(0, arrays.rows, LATE_BOOKINGS)])
    late = _copies(arrays, random, LATE_BOOKINGS, times)
    for number in range(LATE_BOOKINGS):
        moved = place.timed(LATE, partial(bench_index.append, index, late, number, number + 1))
        place.late_moved.append(moved)
    both = bench_arrays.joined(arrays, late)
    order = np.argsort(both.t, kind="stable")
    row_of = np.empty(len(order), np.int64)
    row_of[order] = np.arange(len(order))
    sorted_arrays = bench_arrays.taken(both, order, row_of[arrays.seeds])
    carried, held = bench_scan.scan(sorted_arrays, sorted_arrays.seeds)
    right = ({(int(order[row]), label): units for (row, label), units in carried.items()}, held)
    rows = arrays.seeds.tolist()
    place.check(both, rows, bench_index.look_up(index, rows), right)


def _copies(arrays: Arrays, random: Any, count: int, times: Array) -> Arrays:
    """New transfers like those that are there, at other times."""
    like = random.integers(0, arrays.rows, count)
    copied = bench_arrays.taken(arrays, like, np.zeros(0, np.int64))
    return bench_arrays.at_times(copied, times)
