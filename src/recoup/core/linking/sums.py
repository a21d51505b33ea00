"""What the reports of each group lost, and what is held of it: per currency, never across."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recoup.core.linking.groups import Linked


@dataclass(frozen=True, slots=True)
class Sums:
    """Minor units of one currency."""

    lost: int = 0
    held: int = 0


def sums_of(linked: Linked, group: str) -> Mapping[str, Sums]:
    """Return a group's sums by currency; the same loss told twice counts once.

    A report that tells a loss again is left out where the first is in the group too. Of reports
    that point to each other in a ring the one with the least id counts.
    """
    first = _firsts(linked, linked.groups[group])
    sums: dict[str, Sums] = {}
    for name in (x for x in first if first[x] == x):
        report = linked.reports[name]
        for is_lost, money in ((True, report.lost), *((False, x) for x in report.held)):
            so_far = sums.get(money.currency, Sums())
            sums[money.currency] = Sums(
                so_far.lost + money.minor_units * is_lost,
                so_far.held + money.minor_units * (not is_lost),
            )
    return dict(sorted(sums.items()))


def _firsts(linked: Linked, members: tuple[str, ...]) -> dict[str, str]:
    """For each report of a group the one of the group that told its loss first; itself if none."""
    inside = frozenset(members)
    first: dict[str, str] = {}
    for name in members:
        way: dict[str, int] = {}
        at = name
        while at not in first and at not in way:
            way[at] = len(way)
            before = linked.reports[at].double_of
            at = before if before is not None and before in inside else at
        ring = list(way)[way[at] :] if at in way else []
        origin = min(ring) if ring else first[at]
        first |= dict.fromkeys(way, origin)
    return first
