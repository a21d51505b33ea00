"""What `./recoup bench tracing` says: asked and measured, tables by size, and the plots."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from recoup.cli import bench_place, bench_plot
from recoup.cli.bench_figures import (
    Times,
    at_least,
    at_most,
    exponent,
    p95,
    short,
    times_over,
    two_places,
)
from recoup.cli.bench_peers import PEERS
from recoup.cli.bench_place import Place
from recoup.cli.bench_result import Table
from recoup.cli.bench_rules import NAMES, Ruled
from recoup.cli.bench_ways import LOTS, OWN, SCAN, SPARING, TWIN, WALK
from recoup.cli.bench_worst import Hurt
from recoup.cli.measured import Line

BASE: Final = "base"
FROM, MIDDLE, LARGE = 100_000, 1_000_000, 10_000_000
LESS: Final = frozenset(peer.name for peer in PEERS if not peer.is_same)
SAYS_LESS: Final = "reachability only: answers less"
# In the order of the table; peers follow.
OURS: Final = (OWN, TWIN, SCAN, LOTS, SPARING, WALK)


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything of one run."""

    places: Sequence[Place]
    rules: Sequence[Ruled]
    worst: Sequence[Hurt]

    @property
    def workloads(self) -> list[str]:
        return list(dict.fromkeys(place.workload for place in self.places))

    def of(self, workload: str) -> list[Place]:
        return [place for place in self.places if place.workload == workload]

    @property
    def checked(self) -> list[Place | Ruled | Hurt]:
        return [*self.places, *self.rules, *self.worst]

    @property
    def compared(self) -> int:
        return sum(one.compared for one in self.checked)

    @property
    def differing(self) -> int:
        return sum(one.differing for one in self.checked)


def lines(run: Measured) -> Iterator[Line]:
    """What was asked for, with what was found."""
    differing = f"{run.differing} of {run.compared:,}"
    yield Line("answers that differ", "0", differing, not run.differing)
    lost = sum(one.unaccounted for one in run.checked)
    asked = sum(place.labels for place in run.places) + sum(rule.asked for rule in run.rules)
    what = "units unaccounted for: all seeds, sizes, dates and rules"
    yield Line(what, "0", f"{lost} of {asked + len(run.worst):,} payments followed", not lost)
    for workload in run.workloads:
        yield from _growth(workload, run.of(workload))
    for place in run.places:
        yield from _at_a_size(place)
    for rule in run.rules:
        yield from _of_rule(rule)
    for hurt in run.worst:
        yield hurt.line


def _growth(workload: str, places: Sequence[Place]) -> Iterator[Line]:
    """How one answer grows, judged from the sizes on for which it was asked."""
    points = [(float(place.size), place.median_answer) for place in places]
    judged = [point for point in points if point[0] >= FROM]
    if len(judged) > 1:
        sizes = f", from {judged[0][0]:,.0f} to {judged[-1][0]:,.0f}"
        what = f"{workload}: growth exponent of one answer"
        yield at_most(what, 0.3, exponent(judged), two_places, sizes)
    elif len(points) > 1:
        yield Line(f"{workload}: growth exponent of one answer", "", f"{exponent(points):.2f}")


def _at_a_size(place: Place) -> Iterator[Line]:
    name = f"{place.workload}, {place.size:.0e}".replace("e+0", "e")
    own = place.own
    if place.size == LARGE:
        more = f" / {short(own.p95)} / {short(max(own.medians))}"
        yield at_most(f"{name}: one answer, median / p95 / worst", 50e-6, own.median, short, more)
        seconds = place.times[bench_place.ALL].median
        what = f"{name}: all {place.victims:,} victims in one pass"
        yield at_most(what, 2.0, seconds, short)
    if place.size == MIDDLE and place.workload == BASE:
        yield from _ratios(name, place)
    if place.size >= FROM:
        bytes_each = place.bytes_a_transfer
        yield at_most(f"{name}: bytes a transfer", 40, bytes_each, lambda x: f"{x:.1f}")
    if place.size >= MIDDLE and place.appended:
        batch = max(place.appended)
        what = f"{name}: a transfer appended, {batch:,} at once"
        yield at_most(what, 1e-6, place.appended[batch], short)


def _ratios(name: str, place: Place) -> Iterator[Line]:
    for way, limit in ((LOTS, 100_000), (TWIN, 10)):
        if way in place.ways:
            ratio = place.ways[way].median / place.own.median
            yield at_least(f"{name}: {way}, as long as one answer", limit, ratio, times_over)


def _of_rule(rule: Ruled) -> Iterator[Line]:
    limit = {"libr": 100e-6, "prorata": 10e-3}.get(rule.rule)
    if limit and rule.size == LARGE and rule.workload == BASE:
        name = f"{rule.workload}, 1e7: one answer, {NAMES[rule.rule]}, median / p95 / worst"
        more = f" / {short(rule.way.p95)} / {short(max(rule.way.medians))}"
        yield at_most(name, limit, rule.way.median, short, more)


def tables(run: Measured) -> Iterator[Table]:
    """Two tables for each workload, and one of the other rules."""
    for workload in run.workloads:
        places = run.of(workload)
        head = [f"{workload}: one answer", *(f"{place.size:,}" for place in places)]
        yield Table(f"The {workload} workload: who answers how fast", head, list(_ways(places)))
        head = [f"{workload}: the look-up", *head[1:]]
        yield Table(f"The {workload} workload: the look-up itself", head, list(_facts(places)))
    if run.rules:
        yield _rules(run)


def _ways(places: Sequence[Place]) -> Iterator[list[str]]:
    names = [*OURS, *(name for place in places for name in (*place.ways, *place.left_out))]
    for name in dict.fromkeys(names):
        cells = [_way(place, name) for place in places]
        if any(cells):
            yield [f"{name} ({SAYS_LESS})" if name in LESS else name, *cells]


def _way(place: Place, name: str) -> str:
    """Times over the seeds, the ratio to the look-up, and what loading took."""
    way = place.ways.get(name)
    if way is None:
        return place.left_out.get(name, "")
    if name == OWN:
        return way.shown
    shown = short(way.median) if len(way.seconds) <= 9 else way.shown
    text = f"{shown}; {times_over(way.median / place.own.median)}"
    if name in LESS:
        text += f"; {max(way.pieces.values()):,} accounts"
    return text + (f"; loaded in {short(way.load)}" if way.load else "")


def _facts(places: Sequence[Place]) -> Iterator[list[str]]:
    facts: dict[str, Callable[[Place], str]] = {
        "accounts; planted thefts": lambda x: f"{x.accounts:,}; {x.victims:,}",
        "generated in; memory until then": lambda x: f"{short(x.generated)}; {x.peak:,.0f} MiB",
        "positions built in; of a read pass": _built,
        "pays from how many answers on, by pure Python lots / compiled lots": _pays,
        "bytes a transfer": lambda x: f"{x.bytes_a_transfer:.1f}",
        "pieces of an answer, median / p95 / largest": _pieces,
        "nanoseconds a piece, compiled / pure Python": _a_piece,
        "worst seed": _worst,
        "one answer with cold caches": lambda x: x.times[bench_place.COLD].shown,
        "one answer as of any of three dates": lambda x: _shown(x.times.get(bench_place.DATED)),
        "paid into the account with most debits": _busy,
        "all victims in one pass, look-up / compiled replay": _all,
        "a transfer appended, by how many at once": _appended,
        "a late booking; bookings moved": _late,
        "transfers a graph can reach / in the answer": _reached,
        "planted transfers that carried traced money": lambda x: f"{x.planted_found:.0%}",
    }
    for what, tell in facts.items():
        yield [what, *(tell(place) for place in places)]


def _shown(times: Times | None) -> str:
    return times.shown if times else ""


def _built(place: Place) -> str:
    seconds = place.built["compiled"]
    passes = seconds / place.times[bench_place.FLOOR].best
    plain = place.built.get("plain")
    more = f"; plain form {short(plain)}" if plain else ""
    return f"{short(seconds)}; {times_over(passes)}{more}"


def _pays(place: Place) -> str:
    """From how many questions on building positions is quicker than replaying for each."""
    counts = []
    for name in (LOTS, SCAN):
        way = place.ways.get(name)
        saved = way.median - place.own.median if way else 0.0
        counts.append(f"{math.ceil(place.built['compiled'] / saved):,}" if saved > 0 else "–")
    return " / ".join(counts)


def _pieces(place: Place) -> str:
    pieces = sorted(place.own.pieces.values())
    return f"{median(pieces):,.0f} / {p95(pieces):,.0f} / {pieces[-1]:,}"


def _a_piece(place: Place) -> str:
    twin = place.ways[TWIN].nanoseconds_a_piece
    return f"{place.own.nanoseconds_a_piece:,.0f} / {twin:,.0f}"


def _worst(place: Place) -> str:
    row = place.own.worst
    seconds = median(place.own.seconds[row])
    return f"row {row:,}: {short(seconds)}, {place.own.pieces[row]:,} pieces"


def _busy(place: Place) -> str:
    times = place.times.get(bench_place.BUSY)
    return f"{times.shown}; {place.busiest:,} debits" if times else ""


def _all(place: Place) -> str:
    names = (bench_place.ALL, bench_place.REPLAYED)
    return " / ".join(short(place.times[name].median) for name in names)


def _appended(place: Place) -> str:
    return "; ".join(f"{batch:,}: {short(each)}" for batch, each in place.appended.items())


def _late(place: Place) -> str:
    moved = place.late_moved
    if not moved:
        return ""
    each = place.times[bench_place.LATE]
    return f"{each.shown}; {median(moved):,.0f} / {p95(moved):,.0f} / {max(moved):,}"


def _reached(place: Place) -> str:
    pieces = median(place.own.pieces.values())
    return f"{place.reachable:,} / {pieces:,.0f}: {times_over(place.reachable / pieces)}"


def _rules(run: Measured) -> Table:
    """Each rule on each ledger, with its replay."""
    asked = "one answer, median / p95 / worst"
    head = ["ledger", "rule", asked, "pieces", "ns a piece", "built in", "plain replay", "compared"]
    rows = [
        [
            f"{rule.workload}, {rule.size:,}",
            NAMES[rule.rule],
            f"{rule.way.shown}; {len(rule.way.seconds)} victims",
            f"{median(rule.way.pieces.values()):,.0f}",
            f"{rule.way.nanoseconds_a_piece:,.0f}",
            short(rule.built),
            f"{short(rule.replayed)}; {times_over(rule.replayed / rule.way.median)}"
            if rule.replayed
            else rule.left_out,
            f"{rule.compared}",
        ]
        for rule in run.rules
    ]
    return Table("Other rules", head, rows)


def images(run: Measured) -> dict[str, tuple[str, str]]:
    """A plot for each workload: time of one answer against the size of the ledger."""
    found = {}
    for workload in run.workloads:
        places = run.of(workload)
        names = dict.fromkeys(name for place in places for name in place.ways)
        drawn = {
            _short_name(name): [
                (float(place.size), place.ways[name].median)
                for place in places
                if name in place.ways
            ]
            for name in names
        }
        title = f"One answer, {workload} workload"
        told = "; ".join(_told(name, line) for name, line in drawn.items())
        picture = bench_plot.log_log(
            title,
            f"Median time of one answer against the number of transfers. {told}.",
            drawn,
            across="transfers in the ledger",
            up="time of one answer",
        )
        found[f"bench-tracing-{workload}.svg"] = (f"{title}: {told}", picture)
    return found


def _told(name: str, line: Sequence[tuple[float, float]]) -> str:
    return f"{name}: " + ", ".join(f"{short(time)} at {size:,.0f}" for size, time in line)


def _short_name(name: str) -> str:
    return PLOTTED.get(name, f"{name} (less)" if name in LESS else name)


PLOTTED: Final[Mapping[str, str]] = {
    TWIN: "look-up, pure Python, same positions",
    SPARING: "replay, pure Python, lots where traced",
    WALK: "replay, plain walk",
}
