"""`recoup bench tracing` where NumPy is not installed: the plain walk and the plain positions.

All ways answer in turns within one run, so that only their ratios need to be believed. Every
answer is compared; one that differs is a figure that was missed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, Final

from recoup.cli import bench_ledger
from recoup.cli.bench_figures import p95, short
from recoup.cli.bench_result import Result
from recoup.cli.measured import Line
from recoup.core.tracing import Ledger, Seed, Transfer, trace
from recoup.core.tracing.fast import Index
from recoup.core.tracing.fast.index import FORMS, is_installed

ROUNDS: Final = 3
BOOKINGS: Final = 300
TABLES: Final = ("held", "transfers", "credited", "dissipated")
TOLD: Final = """\
Where is one victim's money now, first in, first out? The plain walk replays the whole ledger; the
two forms of `Index` look the answer up through positions. An answer is the whole `Result`; the
look-up alone is what finds its pieces."""


@dataclass(slots=True)
class Times:
    """Seconds of each call, and the pieces that were found."""

    seconds: list[float] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def shown(self) -> str:
        """Median, 95th of a hundred, largest; and what a piece costs."""
        three = (self.median, p95(self.seconds), max(self.seconds))
        text = " / ".join(short(x) for x in three)
        pieces = sum(self.pieces)
        return f"{text}; {sum(self.seconds) / pieces * 1e9:,.0f} ns a piece" if pieces else text


@dataclass(slots=True)
class Run:
    """One ledger, its index in each form that is installed, and what was measured."""

    ledger: Ledger
    built: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)
    all_at_once: dict[str, float] = field(default_factory=dict)
    compared: int = 0
    differing: int = 0

    def timed(self, name: str, ask: Callable[[], Any], pieces: int = 0) -> Any:
        started = perf_counter()
        answer = ask()
        times = self.times.setdefault(name, Times())
        times.seconds.append(perf_counter() - started)
        if pieces:
            times.pieces.append(pieces)
        return answer

    def compare(self, one: object, other: object) -> None:
        self.compared += 1
        self.differing += one != other


def tracing(options: argparse.Namespace, _: Path) -> Result:
    """Generate the first of the ledgers, build, ask in turns, book, and compare."""
    size, seed, workload = options.sizes[0], options.seed, options.workloads[0]
    started = perf_counter()
    run = Run(bench_ledger.generate(size, seed=seed, workload=workload))
    generated = perf_counter() - started
    compiling = warm_up()
    for form in FORMS[: 1 + is_installed()]:
        started = perf_counter()
        run.indexes[form] = Index.of(run.ledger, form=form)
        run.built[form] = perf_counter() - started
        run.sizes[form] = run.indexes[form].bytes_per_transfer
    answers = ask_all_at_once(run)
    for number in range(ROUNDS):
        ask_in_turns(run, answers, number)
    choose = Random(seed)  # noqa: S311
    ask_dated(run, choose)
    book(run, choose)
    return Result(
        title="Tracing",
        told=TOLD,
        lines=list(lines(run)),
        options=f" --sizes {size} --workloads {workload}",
        notes=list(notes(generated, compiling)),
        differs=run.differing > 0,
        packages=("django",),
    )


def warm_up() -> float:
    """Compile, or load what was compiled before; the seconds it took."""
    if not is_installed():
        return 0.0
    started = perf_counter()
    small = bench_ledger.generate(300, seed=1)
    index = Index.of(small, form="compiled")
    dict(index.trace().balances)
    return perf_counter() - started


def ask_all_at_once(run: Run) -> Any:
    """All victims in one pass, each way; the walk's answer is what the others must equal."""
    started = perf_counter()
    right = trace(run.ledger)
    run.all_at_once["plain walk"] = perf_counter() - started
    for form, index in run.indexes.items():
        started = perf_counter()
        answer = index.trace()
        run.all_at_once[form] = perf_counter() - started
        run.compare(answer, right)
    return right


def ask_in_turns(run: Run, right: Any, number: int) -> None:
    """Each victim alone: the look-ups in turns, and one walk a round."""
    seeds = run.ledger.seeds
    tables: dict[str, dict[str, Any]] = {seed.transfer: {} for seed in seeds}
    for name in TABLES:
        for label, table in by_label(getattr(right, name)).items():
            tables[label][name] = table
    for seed in seeds:
        expected = tables[seed.transfer]
        pieces = len(expected["transfers"])
        for form, index in run.indexes.items():
            ask_one(run, form, index, seed, expected, pieces)
    one = seeds[number * len(seeds) // ROUNDS]
    alone = replace(run.ledger, seeds=(one,))
    walked = run.timed("plain walk", partial(trace, alone))
    for index in run.indexes.values():
        run.compare(index.trace((one,)), walked)


def ask_one(
    run: Run, form: str, index: Index, seed: Seed, expected: dict[str, Any], pieces: int
) -> None:
    answer = run.timed(form, partial(index.trace, (seed,)), pieces)
    run.timed(f"{form} look-up", partial(index.look_up, (seed,)), pieces)
    for name in TABLES:
        found = by_label(getattr(answer, name)).get(seed.transfer, {})
        run.compare(found, expected.get(name, {}))


def by_label(table: Any) -> dict[str, dict[str, int]]:
    """A table of a result the other way round: label, then account or transfer."""
    turned: dict[str, dict[str, int]] = {}
    for name, labels in table.items():
        for label, units in labels.items():
            turned.setdefault(label, {})[name] = units
    return turned


def ask_dated(run: Run, choose: Random) -> None:
    """One answer as of a random date, each way, with all balances."""
    as_of = choose.choice(run.ledger.transfers).t
    right = trace(run.ledger, as_of=as_of)
    for index in run.indexes.values():
        run.compare(index.trace(as_of=as_of), right)


def book(run: Run, choose: Random) -> None:
    """Transfers at the end, then late ones; afterwards all must equal the walk again."""
    old, last = run.ledger.transfers, run.ledger.transfers[-1].t
    later = [copied(choose.choice(old), f"x{n}", last + 1 + n) for n in range(BOOKINGS)]
    late = [copied(choose.choice(old), f"y{n}", choose.choice(old).t) for n in range(BOOKINGS)]
    for form, index in run.indexes.items():
        for transfer in later:
            run.timed(f"{form} append", partial(index.book, transfer))
        for transfer in late:
            booked = run.timed(f"{form} late", partial(index.book, transfer))
            run.times[f"{form} late"].pieces.append(booked.moved)
    right = trace(replace(run.ledger, transfers=(*old, *later, *late)))
    for index in run.indexes.values():
        run.compare(index.trace(), right)


def copied(transfer: Transfer, name: str, t: int) -> Transfer:
    return replace(transfer, id=name, t=t)


def lines(run: Run) -> Iterator[Line]:
    """The table; only equality is asked for as yet."""
    ledger, walk = run.ledger, run.times["plain walk"]
    size = f"{len(ledger.transfers):,} transfers, {len(ledger.accounts):,} accounts"
    yield Line("ledger", "", f"{size}, {len(ledger.seeds)} victims")
    yield Line("answers that differ", "0", f"{run.differing} of {run.compared}", not run.differing)
    pieces = sorted(run.times["plain"].pieces)
    shown = f"{median(pieces):.0f} / {p95(pieces):.0f} / {pieces[-1]}"
    yield Line("transfers in an answer, median / p95 / largest", "", shown)
    yield Line("plain walk, one answer, median / p95 / largest", "", walk.shown)
    for form in run.indexes:
        yield from lines_of(run, form)
    if "compiled" in run.indexes:
        ratio = run.times["plain look-up"].median / run.times["compiled look-up"].median
        yield Line("plain look-up / compiled look-up", "", f"{ratio:.1f}")
    for name, seconds in run.all_at_once.items():
        yield Line(f"{name}, all victims in one pass", "", short(seconds))


def lines_of(run: Run, form: str) -> Iterator[Line]:
    """What one form of the index took."""
    walk, answer = run.times["plain walk"].median, run.times[form].median
    pays = math.ceil(run.built[form] / (walk - answer)) if walk > answer else 0
    built = f"{short(run.built[form])}; pays from answer {pays} on" if pays else "never pays"
    yield Line(f"{form}: build from a ledger", "", built)
    yield Line(f"{form}: bytes a transfer", "", f"{run.sizes[form]:.1f}")
    for name in (form, f"{form} look-up", f"{form} append", f"{form} late"):
        yield Line(f"{name}, median / p95 / largest", "", run.times[name].shown)
    look_up = run.times[f"{form} look-up"].median
    ratios = f"{walk / answer:,.0f}; look-up {walk / look_up:,.0f}"
    yield Line(f"plain walk / {form} answer", "", ratios)


def notes(generated: float, compiling: float) -> Iterator[str]:
    """What the figures rest on."""
    yield f"Generated in {short(generated)}. A late booking's piece is a booking that was moved."
    if is_installed():
        packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
        yield f"{packages}; compiled, or loaded as compiled before, in {short(compiling)}."
    else:
        yield "numpy and numba are not installed: the compiled form was not measured."
