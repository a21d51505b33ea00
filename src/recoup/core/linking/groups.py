"""Groups of reports that share identifiers, with the reason of every link, and links taken back.

A link is one report's naming of one identifier; its reason is the identifier. Reports of one group
are connected by links, in whatever order they came. Taking a link back can only part a group: how
many name an identifier is counted with the links that were taken back, so that removing one never
brings an identifier below its limit and never joins others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

from recoup.core.linking.limits import PAIRED, Limits, Weight
from recoup.core.linking.told import Identifier, ReportsRefused, Told, by_id

Reason = tuple[Identifier, ...]


class Link(NamedTuple):
    """A report and an identifier that it names."""

    report: str
    identifier: Identifier


@dataclass(frozen=True, slots=True)
class Linked:
    """Reports and their groups; each group goes by the least id of its reports.

    degrees: how many reports name an identifier, where it is two or more. weights: what it does for
    them. reasons: what joins each report to
    others, one identifier or a pair of them. sharing: the reports that have a reason. removed: the
    links that were taken back.
    """

    reports: Mapping[str, Told]
    degrees: Mapping[Identifier, int]
    weights: Mapping[Identifier, Weight]
    reasons: Mapping[str, tuple[Reason, ...]]
    sharing: Mapping[Reason, tuple[str, ...]]
    removed: frozenset[Link]
    group_of: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]

    def is_joining(self, reason: Reason, report: str) -> bool:
        """Whether the report still has the reason, after what was taken back."""
        return not any(Link(report, identifier) in self.removed for identifier in reason)

    def without(self, link: Link) -> Linked:
        """Take a link back: only its group is formed anew. Raises ReportsRefused."""
        self._check(link)
        if link in self.removed:
            return self
        return self._with(self.removed | {link}, {self.group_of[link.report]})

    def restored(self, link: Link) -> Linked:
        """Take the taking back back: only the groups it touches are formed anew."""
        self._check(link)
        if link not in self.removed:
            return self
        touched = {self.group_of[link.report]}
        for reason in self.reasons[link.report]:
            if link.identifier in reason:
                touched |= {self.group_of[other] for other in self.sharing[reason]}
        return self._with(self.removed - {link}, touched)

    def _check(self, link: Link) -> None:
        report = self.reports.get(link.report)
        if report is None or not any(x.identifier == link.identifier for x in report.mentions):
            raise ReportsRefused(
                f"Report {link.report!r} does not name {link.identifier.kind} "
                f"{link.identifier.value!r}, so there is no such link.",
                value=link.report,
            )

    def _with(self, removed: frozenset[Link], touched: set[str]) -> Linked:
        members = [report for name in touched for report in self.groups[name]]
        anew = _groups(members, self.reasons, removed)
        groups = {name: rest for name, rest in self.groups.items() if name not in touched} | anew
        group_of = dict(self.group_of)
        for name, rest in anew.items():
            group_of.update(dict.fromkeys(rest, name))
        return replace(
            self,
            removed=removed,
            group_of=MappingProxyType(group_of),
            groups=MappingProxyType(dict(sorted(groups.items()))),
        )


def link(
    reports: Iterable[Told],
    *,
    limits: Limits,
    barred: Collection[Identifier] = (),
    removed: Collection[Link] = (),
) -> Linked:
    """Group the reports by the identifiers that they share; raises ReportsRefused.

    barred: identifiers that are known to say nothing, such as a bank's collective account, however
    few reports name them. removed: links that somebody took back.
    """
    known, set_aside = by_id(reports), frozenset(barred)
    named = {name: sorted({x.identifier for x in told.mentions}) for name, told in known.items()}
    degrees = _degrees(named)
    weights = {
        x: Weight.BARRED if x in set_aside else limits[x.kind].weight(n) for x, n in degrees.items()
    }
    reasons, sharing = _reasons(named, weights, degrees)
    groups = _groups(known, reasons, frozenset(removed))
    return Linked(
        MappingProxyType(known),
        MappingProxyType(degrees),
        MappingProxyType(weights),
        MappingProxyType(reasons),
        MappingProxyType(sharing),
        frozenset(removed),
        MappingProxyType({report: name for name, rest in groups.items() for report in rest}),
        MappingProxyType(groups),
    )


def _degrees(named: Mapping[str, list[Identifier]]) -> dict[Identifier, int]:
    degrees = Counter(x for identifiers in named.values() for x in identifiers)
    return {identifier: n for identifier, n in sorted(degrees.items()) if n > 1}


def _reasons(
    named: Mapping[str, list[Identifier]],
    weights: Mapping[Identifier, Weight],
    degrees: Mapping[Identifier, int],
) -> tuple[dict[str, tuple[Reason, ...]], dict[Reason, tuple[str, ...]]]:
    """Return each report's reasons, those of one identifier first, and who shares each."""
    sharing: dict[Reason, list[str]] = defaultdict(list)
    for report, identifiers in named.items():
        for reason in _of_report(identifiers, weights, degrees):
            sharing[reason].append(report)
    kept = {reason: tuple(rest) for reason, rest in sorted(sharing.items()) if len(rest) > 1}
    reasons: dict[str, list[Reason]] = {report: [] for report in named}
    for reason in sorted(kept, key=lambda x: (len(x), x)):
        for report in kept[reason]:
            reasons[report].append(reason)
    return {report: tuple(rest) for report, rest in reasons.items()}, kept


def _of_report(
    identifiers: list[Identifier],
    weights: Mapping[Identifier, Weight],
    degrees: Mapping[Identifier, int],
) -> Iterator[Reason]:
    yield from ((x,) for x in identifiers if weights.get(x) is Weight.JOINS)
    many = [x for x in identifiers if weights.get(x) is Weight.JOINS_WITH_ANOTHER]
    rarest = sorted(many, key=lambda x: (degrees[x], x))[:PAIRED]
    yield from combinations(sorted(rarest), 2)


def _groups(
    members: Iterable[str], reasons: Mapping[str, tuple[Reason, ...]], removed: frozenset[Link]
) -> dict[str, tuple[str, ...]]:
    """Unite what shares a reason: union-find by halving, the least id always on top."""
    ordered = sorted(members)
    top = {report: report for report in ordered}
    first: dict[Reason, str] = {}
    touched = {link.report for link in removed}
    for report in ordered:
        for reason in reasons[report]:
            if report in touched and any(Link(report, x) in removed for x in reason):
                continue
            one, other = _top(top, first.setdefault(reason, report)), _top(top, report)
            top[max(one, other)] = min(one, other)
    groups: dict[str, list[str]] = {}
    for report in ordered:
        groups.setdefault(_top(top, report), []).append(report)
    return {name: tuple(rest) for name, rest in groups.items()}


def _top(top: dict[str, str], report: str) -> str:
    while top[report] != report:
        top[report] = top[top[report]]
        report = top[report]
    return report
