"""Everyone who is asked where one victim's money is, and how their answers are checked.

Quick ways are asked for all victims in each round, slow ones for one; what would not end within
the limit is left out and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, Final

import numpy as np

from recoup.cli import bench_index, bench_peers, bench_scan
from recoup.cli.bench_arrays import Arrays, ledger_of
from recoup.cli.bench_figures import p95, short
from recoup.cli.bench_peers import Peer
from recoup.cli.bench_scan import Tables
from recoup.core.tracing import Seed, trace
from recoup.core.tracing.fast import Index

OWN: Final = "look-up, compiled"
TWIN: Final = "look-up on the same positions, pure Python"
SCAN: Final = "replay, compiled lots"
LOTS: Final = "replay, pure Python lots"
SPARING: Final = "replay, pure Python lots only where traced"
WALK: Final = "replay, the engine's plain walk"
# Rough seconds of a round over a million transfers: only to judge, the first time, what ends.
ROUGH: Final = {SCAN: 0.1, LOTS: 3.0, SPARING: 0.8, WALK: 8.0}
GROWTH: Final = 1.1
WALKED_UP_TO: Final = 100_000
FEW: Final = 3


@dataclass(slots=True)
class Way:
    """What is asked, for whom, and the seconds of each answer by the seed's row.

    is_right: compares what was answered for a row with what is right. count: its pieces.
    a_round: for how many seeds it is asked in each of its rounds. load: seconds to prepare it.
    """

    name: str
    ask: Callable[[int], Any]
    is_right: Callable[[Any, int, Tables], bool]
    count: Callable[[Any], int]
    a_round: int
    rounds: int
    load: float = 0.0
    seconds: dict[int, list[float]] = field(default_factory=dict)
    pieces: dict[int, int] = field(default_factory=dict)

    @property
    def medians(self) -> list[float]:
        return [median(times) for times in self.seconds.values()]

    @property
    def median(self) -> float:
        return median(self.medians)

    @property
    def p95(self) -> float:
        return p95(self.medians)

    @property
    def shown(self) -> str:
        """Over the seeds: median, 95th of a hundred, largest."""
        return " / ".join(short(x) for x in (self.median, self.p95, max(self.medians)))

    @property
    def worst(self) -> int:
        """The seed that took longest."""
        return max(self.seconds, key=lambda row: median(self.seconds[row]))

    @property
    def nanoseconds_a_piece(self) -> float:
        return sum(self.medians) / max(sum(self.pieces.values()), 1) * 1e9

    def go_round(self, number: int, right: dict[int, Tables]) -> tuple[int, int]:
        """Ask for the seeds of this round; how many answers were compared, and how many differ.

        Who is asked for all of them is asked once before, so that caches are warm for each alike.
        """
        seeds = list(right)
        first = number * len(seeds) // self.rounds if self.a_round < len(seeds) else 0
        rows = [seeds[(first + one) % len(seeds)] for one in range(self.a_round)]
        if self.a_round == len(seeds):
            for row in rows:
                self.ask(row)
        answers = []
        for row in rows:
            started = perf_counter()
            answer = self.ask(row)
            self.seconds.setdefault(row, []).append(perf_counter() - started)
            answers.append(answer)
        differing = 0
        for row, answer in zip(rows, answers, strict=True):
            self.pieces[row] = self.count(answer)
            differing += not self.is_right(answer, row, right[row])
        return len(rows), differing


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is measured. limit: seconds that one way may take on one ledger."""

    seed: int
    repeats: int
    limit: float
    peers: tuple[Peer, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Judges what ends within the limit, by the same workload's smaller ledger if there is one."""

    plan: Plan
    size: int
    smaller_size: int
    smaller: dict[str, Way]
    left_out: dict[str, str]

    def rounds(self, name: str, rough: float) -> int:
        """How many rounds a way can have; where it is none, say so in ``left_out``."""
        load, a_round = 0.0, rough * self.size / 1e6
        before = self.smaller.get(name)
        if before is not None:
            factor = (self.size / self.smaller_size) ** GROWTH
            load, a_round = before.load * factor, before.a_round * before.median * factor
        expected, limit = load + a_round, self.plan.limit
        if expected > limit:
            self.left_out[name] = f"left out: about {short(expected)}, more than {limit:.0f} s"
            return 0
        return max(1, min(int((limit - load) / a_round), self.plan.repeats))


def own(arrays: Arrays, index: Index, rounds: int) -> Way:
    """The look-up, for every victim in each round."""
    ask = bench_index.asker(index)
    return Way(OWN, ask, _same_pieces, _pieces, len(arrays.seeds), rounds)


def ours(arrays: Arrays, index: Index, limits: Limits) -> Iterator[Way]:
    """The look-up in both forms, and the replays that it is measured against."""
    rounds, victims = limits.plan.repeats, len(arrays.seeds)
    twin = bench_index.Twin(index)
    yield own(arrays, index, rounds)
    yield Way(TWIN, twin.look_up, _same_pieces, _pieces, victims, rounds)
    one_by_one: dict[str, Callable[[int], Any]] = {
        SCAN: lambda row: bench_scan.scan(arrays, [row]),
        LOTS: lambda row: bench_scan.lots(arrays, [row]),
        SPARING: lambda row: bench_scan.lots_where_traced(arrays, [row]),
    }
    for name, ask in one_by_one.items():
        rounds = limits.rounds(name, ROUGH[name])
        if rounds:
            yield Way(name, ask, _same, _moves, 1, rounds)
    if arrays.rows <= WALKED_UP_TO:
        yield _walk(arrays, limits.plan.repeats)


def _walk(arrays: Arrays, rounds: int) -> Way:
    """What stays the yardstick of every rule, on objects."""
    started = perf_counter()
    ledger = ledger_of(arrays)

    def ask(row: int) -> Any:
        return trace(type(ledger)(ledger.accounts, ledger.transfers, (Seed(f"{row:09}"),)))

    def is_right(result: Any, row: int, right: Tables) -> bool:
        found = (result.transfers, result.held)
        label = f"{row:09}"
        read = [{(int(x), 0): units[label] for x, units in table.items()} for table in found]
        return (read[0], read[1]) == right

    load = perf_counter() - started
    return Way(WALK, ask, is_right, lambda result: len(result.transfers), 1, rounds, load)


def others(positions: bench_peers.Positions, limits: Limits) -> Iterator[Way]:
    """The peers that are installed and end in time, loaded."""
    for peer in limits.plan.peers:
        if not peer.is_installed:
            limits.left_out[peer.name] = f"{peer.package} is not installed"
            continue
        rounds = limits.rounds(peer.name, peer.rough)
        if rounds:
            started = perf_counter()
            ask = peer.prepare(positions)
            load = perf_counter() - started
            is_right, count = _judges(peer, positions.arrays)
            yield Way(peer.name, ask, is_right, count, FEW, rounds, load)


def _judges(peer: Peer, arrays: Arrays) -> tuple[Callable[..., bool], Callable[[Any], int]]:
    if peer.is_same:
        return lambda moves, _, right: bench_peers.answer(moves, arrays) == right, len

    def reaches_all(accounts: Any, row: int, right: Tables) -> bool:
        """A graph does not count the account it began at."""
        return {account for account, _ in right[1]} <= {*accounts, int(arrays.payee[row])}

    return reaches_all, len


def _pieces(answer: Any) -> int:
    return len(answer[0])


def _same_pieces(answer: Any, _: int, right: Tables) -> bool:
    steps, rests = (np.asarray(table, np.int64) for table in answer)
    return bench_index.tables(steps, rests) == right


def _moves(answer: Tables) -> int:
    return len(answer[0])


def _same(answer: Tables, _: int, right: Tables) -> bool:
    return answer == right
