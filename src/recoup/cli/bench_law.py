"""`./recoup bench law`: how long it takes to choose a measure and the power it is asked under.

Needs no hub. Every pack, measure, requester and addressee is asked for; the clock stands around one
choice, or around one list of all that may be asked of an addressee.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, thread_time
from typing import Final

from recoup import data
from recoup.cli.bench_result import Result, Table
from recoup.cli.measured import Line
from recoup.core.law import Need, NoPower, Pack, choices, offered

ASKED_MS: Final = 5.0
ON: Final = date(2026, 11, 6)
REQUESTERS: Final = ("police", "prosecutor", "fiu", "bank")
ROUNDS: Final = 5
TOLD: Final = """\
Choosing the power for one need (measure, categories, who asks, whom, day, danger), with its reason
where there is none; and the list of all measures that an officer may ask of one addressee today,
each with its power: what a page shows before anything is chosen. Over all packs, in random order.
Judged is processor time; a busy machine lets a choice wait."""


def law(options: argparse.Namespace, folder: Path) -> Result:
    """Measure both, over every pack; p95 is judged."""
    order = random.Random(options.seed)  # noqa: S311
    packs = [data.load_pack(country) for country in data.pack_countries()]
    one = timed(list(_choices(packs)) * ROUNDS, order)
    many = timed(list(_lists(packs)) * ROUNDS, order)
    powers = sum(len(pack.powers) for pack in packs)
    counts = (len(packs), len(data.load_measures()), powers, len(one.cpu), len(many.cpu))
    return Result(
        title="Choosing a measure and its law",
        told=TOLD,
        lines=[_line("one need", one), _line("all that may be asked of one addressee", many)],
        tables=[
            Table(
                "What was asked",
                ("packs", "measures", "powers", "needs", "lists"),
                [[f"{count:,}" for count in counts]],
            ),
            Table(
                "By the clock: median / p95 / max",
                ("one need", "a list"),
                [[_shown(one.clock), _shown(many.clock)]],
            ),
        ],
        notes=["Reading a pack is not in it: it is read once, when a process starts."],
        packages=("rfc8785",),
    )


@dataclass(slots=True)
class Taken:
    """Milliseconds of each act: of the processor, and by the clock."""

    cpu: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)


def timed(acts: list[Callable[[], object]], order: random.Random) -> Taken:
    """How long each act took, in random order."""
    order.shuffle(acts)
    taken = Taken()
    for act in acts:
        begins, worked = perf_counter(), thread_time()
        act()
        taken.cpu.append((thread_time() - worked) * 1000)
        taken.clock.append((perf_counter() - begins) * 1000)
    return taken


def _line(what: str, taken: Taken) -> Line:
    is_met = quantiles(taken.cpu, n=20)[-1] <= ASKED_MS
    asked = f"p95 ≤ {ASKED_MS:.0f} ms"
    return Line(f"{what}: median / p95 / max", asked, _shown(taken.cpu), is_met)


def _shown(taken: list[float]) -> str:
    return f"{median(taken):.3f} / {quantiles(taken, n=20)[-1]:.3f} / {max(taken):.3f} ms"


def _choices(packs: list[Pack]) -> Iterator[Callable[[], object]]:
    measures = data.load_measures()
    for pack in packs:
        for measure in measures.values():
            for requester in REQUESTERS:
                for addressee in (*measure.addressees, "nobody"):
                    for danger in ("", "life", "flight_of_money"):
                        need = Need(measure.measure, measure.data, requester, addressee, ON, danger)
                        yield lambda pack=pack, need=need: _choose(pack, need)  # type: ignore[misc]


def _choose(pack: Pack, need: Need) -> object:
    try:
        return choices(pack.powers, need, missing=pack.missing, catalogue=data.load_measures())
    except NoPower as refusal:
        return refusal.said


def _lists(packs: list[Pack]) -> Iterator[Callable[[], object]]:
    for pack in packs:
        for requester in REQUESTERS:
            for addressee in data.load_words().kinds:
                yield lambda pack=pack, who=requester, of=addressee: offered(  # type: ignore[misc]
                    pack.powers, data.load_measures(), requester_kind=who, addressee_kind=of, on=ON
                )
