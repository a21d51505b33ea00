"""Related, because: the shortest way of reasons from one report of a group to another."""

from __future__ import annotations

from dataclasses import dataclass

from recoup.core.linking.groups import Linked, Reason
from recoup.core.linking.told import KINDS, Identifier, ReportsRefused, Told
from recoup.core.said import Said


@dataclass(frozen=True, slots=True)
class Step:
    """Two reports that name the same: one identifier, or a pair that only counts together.

    roles: for each identifier how the one report names it, and how the other.
    """

    report: str
    other: str
    reason: Reason
    roles: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    said: Said


def because(linked: Linked, report: str, other: str) -> tuple[Step, ...] | None:
    """Return the steps from one report to another, as few as there can be; None if unrelated.

    Which of several equally short ways it is does not depend on the order in which reports came;
    of two reports that share several reasons, a single identifier goes before a pair. No steps lead
    from a report to itself. Raises ReportsRefused for a report that is not there.
    """
    for name in (report, other):
        if name not in linked.reports:
            raise ReportsRefused(f"There is no report {name!r} among those linked.", value=name)
    if linked.group_of[report] != linked.group_of[other]:
        return None
    came_from = _search(linked, report, other)
    steps: list[Step] = []
    at = other
    while at != report:
        before, reason = came_from[at]
        steps.append(_step(linked, before, at, reason))
        at = before
    return tuple(reversed(steps))


def _search(linked: Linked, report: str, other: str) -> dict[str, tuple[str, Reason]]:
    """Look breadth first; every reason is opened once, however many share it."""
    came_from: dict[str, tuple[str, Reason]] = {}
    queue, opened = [report], set[Reason]()
    for at in queue:
        if at == other:
            break
        for reason in linked.reasons[at]:
            if reason in opened or not linked.is_joining(reason, at):
                continue
            opened.add(reason)
            for then in linked.sharing[reason]:
                if then == report or then in came_from or not linked.is_joining(reason, then):
                    continue
                came_from[then] = (at, reason)
                queue.append(then)
    return came_from


def _step(linked: Linked, report: str, other: str, reason: Reason) -> Step:
    one, two = linked.reports[report], linked.reports[other]
    roles = tuple((_roles(one, identifier), _roles(two, identifier)) for identifier in reason)
    return Step(report, other, reason, roles, _said(report, other, reason))


def _roles(report: Told, identifier: Identifier) -> tuple[str, ...]:
    return tuple(sorted({x.role for x in report.mentions if x.identifier == identifier}))


def _said(report: str, other: str, reason: Reason) -> Said:
    first = reason[0]
    if len(reason) == 1:
        return Said(
            "%(report)s and %(other)s both name %(kind)s %(value)s.",
            report=report, other=other, kind=KINDS[first.kind], value=first.value,
        )  # fmt: skip
    second = reason[1]
    return Said(
        "%(report)s and %(other)s both name %(kind)s %(value)s and %(kind_too)s %(value_too)s; "
        "many name either, few both.",
        report=report, other=other, kind=KINDS[first.kind], value=first.value,
        kind_too=KINDS[second.kind], value_too=second.value,
    )  # fmt: skip
