"""`./recoup bench patterns`: patterns and linking over arrays beside the plain forms and others.

All answer in turns within one run. Every answer is compared; one that differs is a figure that was
missed. Judged are processor seconds: each way runs on one thread, and a busy machine lets it wait.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, Final

from recoup.cli.bench_result import Result
from recoup.cli.measured import Line
from recoup.core import patterns
from recoup.core.compiled import is_installed
from recoup.core.linking import link
from recoup.core.patterns import Fan
from recoup.core.patterns.books import open_books
from recoup.core.patterns.fans import fan_in, fan_out
from recoup.core.patterns.finding import DAY
from recoup.data.indicators import load_indicators, load_link_limits

if TYPE_CHECKING:
    from recoup.cli.bench_pattern_work import Rows
    from recoup.core.linking.fast.groups import Groups

ROUNDS: Final = 3
SEEDS: Final = 3
PLAIN: Final = 100_000
SNAPML: Final = 200_000
PACKAGES: Final = ("numpy", "numba", "scipy", "networkx", "rustworkx", "snapml")
TOLD: Final = """\
Patterns in ledgers, and groups of reports that share identifiers. The forms over arrays are
compared with the plain ones, answer by answer, and timed beside other programs in turns. Fans count
different counterparties within a day, of every account and both ways. Groups are made from numbers
(report, identifier) and keep the reason of every union; the others keep none, and get the links
after identifiers of many were barred, which is not in their time. Processor seconds, in brackets
the time by the clock; medians."""


@dataclass(slots=True)
class Run:
    """Processor and clock seconds of each way, what was compared, and what was counted."""

    size: int
    seed: int
    cpu: dict[str, list[float]] = field(default_factory=dict)
    clock: dict[str, list[float]] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    compared: int = 0
    differing: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    clean: dict[int, list[Counter[str]]] = field(default_factory=dict)
    missed: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)

    def timed(self, name: str, ask: Callable[[], Any], units: int) -> Any:
        began, at = process_time(), perf_counter()
        answer = ask()
        self.cpu.setdefault(name, []).append(process_time() - began)
        self.clock.setdefault(name, []).append(perf_counter() - at)
        self.units[name] = units
        return answer

    def compare(self, is_same: bool) -> None:
        self.compared += 1
        self.differing += not is_same

    def speed(self, name: str) -> float:
        """Transfers or reports a processor second."""
        return self.units[name] / median(self.cpu[name])


class NotInstalled(Exception):
    """The arrays are an optional extra."""


def patterns_and_links(options: argparse.Namespace, _: Path) -> Result:
    """Generate, look and link in turns, undo, count what is found for nothing, and compare."""
    if not is_installed():
        raise NotInstalled(
            "bench patterns measures the forms over arrays. Install the extra `fast` first."
        )
    run = Run(int(options.size), options.seed)
    _warm_up(run)
    for number in range(ROUNDS):
        _fans(run, number)
        _links(run, number)
    _findings(run)
    return Result(
        title="Patterns and links",
        told=TOLD,
        lines=list(lines(run)),
        options=f" --size {options.size:g}",
        notes=list(_notes(run)),
        differs=bool(run.differing),
    )


def _warm_up(run: Run) -> None:
    """Compile, or load what was compiled before."""
    began = perf_counter()
    small = Run(500, 1)
    for ask in (_fans, _links):
        ask(small, 0)
    _findings(small)
    run.facts["compiled, or loaded as compiled before, in"] = _short(perf_counter() - began)


def _fans(run: Run, number: int) -> None:
    """Fan-in and fan-out within a day: arrays, the plain form, snapml."""
    from recoup.cli import bench_pattern_peers as peers
    from recoup.cli import bench_pattern_work as work
    from recoup.core.patterns.fast.finding import Looker

    read, fan = load_indicators(), Fan(8, DAY)
    rows = work.busy(run.size, run.seed)

    def ours(columns: Any) -> Any:
        looker = Looker(columns, read.thresholds, read.amounts["EUR"])
        return looker.spells(looker.credits, columns.payer, fan), looker.spells(
            looker.debits, columns.payee, fan
        )

    columns = rows.columns()
    run.timed("fans, arrays", lambda: ours(columns), run.size)
    few = _first(rows, PLAIN)
    if number == 0:
        spells = ours(few.columns())
        books = open_books(few.transfers(), outside=(), second=1)
        right = run.timed("fans, plain", lambda: _plain_fans(books, fan), len(few.t))
        run.compare(_as_set(spells, few) == right)
    if peers.is_there("snapml"):
        part = _first(rows, SNAPML)
        window = int(DAY.total_seconds())
        for name, as_bins in (("fans, snapml counts", False), ("fans, snapml patterns", True)):
            run.timed(name, partial(peers.snapml_fans, part, window, as_bins=as_bins),
                      len(part.t))  # fmt: skip


def _first(rows: Rows, most: int) -> Rows:
    from recoup.cli.bench_pattern_work import Rows

    return Rows(rows.t[:most], rows.payer[:most], rows.payee[:most], rows.amount[:most],
                rows.accounts)  # fmt: skip


def _plain_fans(books: Any, fan: Fan) -> set[tuple[Any, ...]]:
    found = [*fan_in(books, fan), *fan_out(books, fan)]
    return {(x.kind, x.account, x.begins, x.figures[0].value) for x in found}


def _as_set(spells: Any, rows: Rows) -> set[tuple[Any, ...]]:
    """Spells as the plain form's findings: kind, account, when it begins, the most at once."""
    from recoup.core.patterns.fast.finding import Looker

    read, columns = load_indicators(), rows.columns()
    looker = Looker(columns, read.thresholds, read.amounts["EUR"])
    found = set()
    for kind, (at, places), table in zip(
        ("fan_in", "fan_out"), (looker.credits, looker.debits), spells, strict=True
    ):
        for account, first, _, peak, *_ in table.tolist():
            begins = int(columns.t[places[at[account] + first]])
            found.add((kind, columns.names[account], begins, peak))
    return found


def _links(run: Run, number: int) -> None:
    """Groups of reports: arrays, the plain form, the graph programs; and one link undone."""
    from recoup.cli import bench_pattern_peers as peers
    from recoup.cli import bench_pattern_work as work
    from recoup.core.linking.fast.groups import Groups

    limits, coded = load_link_limits(), work.reports(run.size, run.seed)
    groups = run.timed("links, arrays", lambda: Groups(coded, limits=limits), run.size)
    links = peers.joining(groups)
    nodes = run.size + len(coded.kind)
    for name, package, most, ask in peers.LINKERS:
        if peers.is_there(package) and run.size <= most and (number == 0 or package == "scipy"):
            label = run.timed(f"links, {name}", partial(ask, links, nodes), run.size)
            run.compare(bool((peers.least_of(label, run.size) == groups.group).all()))
    if number == 0:
        _plain_links(run, limits)
        _told_of(run, groups, links)
    _undo(run, groups)


def _plain_links(run: Run, limits: Any) -> None:
    """The plain form, on as many reports as it takes in seconds; names are numbered apart."""
    from recoup.cli import bench_pattern_work as work
    from recoup.core.linking.fast import coded as number_them
    from recoup.core.linking.fast.groups import Groups

    few = work.reports(min(run.size, PLAIN), run.seed)
    objects = work.told(few)
    linked = run.timed("links, plain", lambda: link(objects, limits=limits), few.reports)
    numbers, names = run.timed(
        "links, numbering of names", lambda: number_them(objects), few.reports
    )
    for one in (few, numbers):
        found = Groups(one, limits=limits).group.tolist()
        right = [linked.group_of[x] for x in names.reports]
        run.compare([names.reports[x] for x in found] == right)


def _told_of(run: Run, groups: Groups, links: Any) -> None:
    import numpy as np

    sizes = np.bincount(groups.group)
    unions = int((groups.why >= 0).sum()) + len(groups.by_pair)
    number = int((sizes > 0).sum())
    run.compare(unions == run.size - number)
    run.facts["identifiers / links that join"] = (
        f"{len(groups.degree):,} of {len(groups.identifier):,} namings / {len(links[0]):,}"
    )
    run.facts["groups / the largest / unions, each with its reason"] = (
        f"{number:,} / {int(sizes.max()):,} / {unions:,}"
    )


def _undo(run: Run, groups: Groups) -> None:
    """Take a link back in groups of a usual size and give it back; then all is as it was."""
    import numpy as np

    before = groups.group.copy()
    sizes = np.bincount(groups.group, minlength=run.size)
    groups.members(0)  # lays the groups out, once
    usual = np.nonzero((groups.why >= 0) & (sizes[groups.group[_reports_of(groups)]] < 100))[0]
    reports = _reports_of(groups)
    for row in usual[:: max(len(usual) // 50, 1)][:50].tolist():
        report, identifier = int(reports[row]), int(groups.identifier[row])
        run.timed("a link undone", partial(groups.without, report, identifier), 1)
        groups.restored(report, identifier)
    run.compare(bool((groups.group == before).all()))


def _reports_of(groups: Groups) -> Any:
    import numpy as np

    return np.repeat(np.arange(groups.reports), np.diff(groups.at))


def _findings(run: Run) -> None:
    """All patterns: equality with the plain form, planted examples, and a clean ledger's."""
    from recoup.cli import bench_pattern_work as work
    from recoup.core.patterns import fast

    read = load_indicators()
    told: dict[str, Any] = {"thresholds": read.thresholds, "amounts": read.amounts["EUR"]}
    few, _ = work.planted(min(run.size, PLAIN), run.seed, read.clean)
    columns, objects = few.columns(), few.transfers()
    found = run.timed("all patterns, arrays", lambda: fast.find_in(columns, **told), len(few.t))
    right = run.timed("all patterns, plain", lambda: patterns.find(objects, **told), len(few.t))
    run.compare(found == right)
    for size in sorted({min(run.size, PLAIN), run.size}):
        rows, examples = work.planted(size, run.seed, read.clean)
        _count_missed(run, examples, fast.find_in(rows.columns(), **told).findings)
        for seed in range(run.seed, run.seed + SEEDS):
            ledger = work.clean(size, seed, read.clean).columns()
            findings = fast.find_in(ledger, **told).findings
            run.clean.setdefault(size, []).append(Counter(x.kind for x in findings))


def _count_missed(run: Run, examples: Mapping[str, list[set[str]]], findings: Any) -> None:
    shown: dict[str, list[set[str]]] = {}
    for finding in findings:
        shown.setdefault(finding.kind, []).append(set(finding.transfers))
    for kind, many in examples.items():
        by_id = {name: n for n, ids in enumerate(shown.get(kind, [])) for name in ids}
        run.planted[kind] += len(many)
        for ids in many:
            run.missed[kind] += not any(name in by_id for name in ids)


def lines(run: Run) -> Iterator[Line]:
    """The table."""
    yield Line("answers that differ", "0", f"{run.differing} of {run.compared}", not run.differing)
    yield Line("transfers / reports", "", f"{run.size:,} / {run.size:,}")
    for name in sorted(x for x in run.cpu if x.startswith("fans")):
        yield Line(name, "", f"{run.speed(name) / 1e6:,.3f} million transfers a second")
    yield from _ratios(run, "fans", {"snapml counts": 20, "snapml patterns": 20})
    for name in sorted(x for x in run.cpu if x.startswith("links") or "all" in x):
        many = f"{run.units[name]:,} in " if run.units[name] != run.size else ""
        limit = 0.3 * run.size / 1e6
        is_ours = name == "links, arrays"
        is_met = median(run.cpu[name]) <= limit if is_ours and run.size >= 10**6 else None
        asked = f"{_short(limit)} at most" if is_met is not None else ""
        yield Line(name, asked, many + _both(run, name), is_met)
    yield from _ratios(run, "links", {})
    yield Line("a link undone, median / largest", "", _extremes(run.cpu["a link undone"]))
    for name, fact in run.facts.items():
        if "compiled" not in name:
            yield Line(name, "", fact)
    yield from _rates(run)


def _ratios(run: Run, what: str, asked: Mapping[str, int]) -> Iterator[Line]:
    ours = run.speed(f"{what}, arrays")
    for name in sorted(run.cpu):
        peer = name.removeprefix(f"{what}, ")
        if name == peer or peer in ("arrays", "numbering of names"):
            continue
        ratio, least = ours / run.speed(name), asked.get(peer)
        is_met = ratio >= least if least and run.size >= PLAIN else None
        yield Line(f"{what}: arrays beside {peer}", f"{least} times" if is_met is not None else "",
                   f"{ratio:,.1f} times", is_met)  # fmt: skip


def _rates(run: Run) -> Iterator[Line]:
    """Planted examples found, and what is found for nothing in a million transfers."""
    origins = load_indicators().origins
    for kind in patterns.KINDS:
        count, missed = run.planted[kind], run.missed[kind]
        yield Line(f"{kind}: planted examples shown", "all", f"{count - missed} of {count}",
                   not missed)  # fmt: skip
        stated = origins[kind].clean_per_100_000 * 10
        for size, seeds in run.clean.items():
            rates = [x[kind] * 10**6 / size for x in seeds]
            mean = sum(rates) / len(rates)
            shown = f"{mean:,.0f} ({' / '.join(f'{x:,.0f}' for x in rates)})"
            yield Line(
                f"{kind}: in a million clean transfers, of {size:,}, by seed",
                f"{stated} at most" if size >= PLAIN else "",
                shown,
                mean <= stated if size >= PLAIN else None,
            )


def _notes(run: Run) -> Iterator[str]:
    from recoup.cli.bench_pattern_peers import is_there

    there = [name for name in PACKAGES if is_there(name)]
    packages = ", ".join(f"{name} {version(name)}" for name in there)
    yield f"{packages}; loops {'; '.join(f'{k} {v}' for k, v in run.facts.items() if 'comp' in k)}."
    absent = [name for name in PACKAGES if name not in there]
    if absent:
        yield f"Not installed, so not measured: {', '.join(absent)}."
    yield (
        "snapml gives numbers for both ends of every transfer, in batches of 2,048, on one thread; "
        "ours gives the spells in which there are eight or more. Its counts are never below the "
        "exact ones but may hold some that have left the window, so only the speed is compared."
    )


def _both(run: Run, name: str) -> str:
    return f"{_short(median(run.cpu[name]))} ({_short(median(run.clock[name]))})"


def _extremes(values: list[float]) -> str:
    return f"{_short(median(values))} / {_short(max(values))}"


def _short(seconds: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:,.2f} {unit}"
    return f"{seconds * 1e6:,.0f} µs"
