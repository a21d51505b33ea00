"""Groups of reports over arrays: the same groups as ``link``, for reports by the million.

Every union keeps its reason: the row (one report's naming of one identifier) that made it and the
report it was united with, or a pair of identifiers. Together they span each group, so that any two
of it are connected by kept reasons. A link that is taken back re-forms only its own group.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from recoup.core.linking.fast import kernels
from recoup.core.linking.fast.coded import Coded, Column, limits_by_kind
from recoup.core.linking.limits import Limits, Weight
from recoup.core.linking.told import ReportsRefused


class Union(NamedTuple):
    """Two reports were united because both name the identifiers: one, or two that only count so."""

    report: int
    other: int
    identifiers: tuple[int, ...]


class Groups:
    """group: for each report the least report of its group. Changed in place by undoing.

    identifier: of each row, by report; report r has the rows from ``at[r]`` to ``at[r + 1]``.
    state: what a row is. why: the report with which a row united its own, or -1.
    """

    def __init__(
        self, coded: Coded, *, limits: Limits, barred: Collection[int] = (),
        removed: Collection[tuple[int, int]] = (),
    ) -> None:  # fmt: skip
        self.reports = coded.reports
        self.at, is_in_order, wrong = kernels.begin_rows(coded.report, coded.reports)
        _refuse(wrong, coded.report, "report")
        self.identifier = coded.identifier
        if not is_in_order:
            self.identifier = kernels.put_in_order(coded.report, coded.identifier, self.at)
        self.state = np.zeros(len(self.identifier), np.uint8)
        self.degree, wrong = kernels.count_degrees(
            self.at, self.identifier, self.state, len(coded.kind)
        )
        _refuse(wrong, self.identifier, "identifier")
        alone, with_another = limits_by_kind(limits)
        set_aside = np.array(sorted(barred), np.int64)
        self.first = kernels.weigh(self.degree, coded.kind, alone, with_another, set_aside)
        for report, identifier in removed:
            self.state[self._row(report, identifier)] = kernels.REMOVED
        self.group = np.arange(self.reports, dtype=np.int32)
        self.why = np.full(len(self.identifier), -1, np.int32)
        self.by_pair: Column = self._unite(np.arange(self.reports, dtype=np.int32))
        self._later: dict[int, list[Union]] = {}
        self._order: Column = None

    def members(self, report: int) -> Column:
        """The reports of a report's group, in order."""
        self._lay_out()
        group = self.group[report]
        return self._order[self._start[group] : self._start[group] + self._size[group]]

    def weight(self, identifier: int) -> Weight | None:
        """What an identifier does; None where one report alone names it."""
        if self.degree[identifier] < 2:
            return None
        mark = self.first[identifier]
        if mark == kernels.NOTHING:
            return Weight.BARRED
        return Weight.JOINS_WITH_ANOTHER if mark == kernels.PAIR else Weight.JOINS

    def unions(self, members: Collection[int] | None = None) -> Iterator[Union]:
        """Every union that was made, with its reason; of these reports, or of all."""
        for report in range(self.reports) if members is None else members:
            for row in range(self.at[report], self.at[report + 1]):
                if self.why[row] >= 0:
                    yield Union(int(report), int(self.why[row]), (int(self.identifier[row]),))
            yield from self._by_pairs(int(report))

    def without(self, report: int, identifier: int) -> None:
        """Take a link back: only its group is formed anew. Raises ReportsRefused."""
        row = self._row(report, identifier)
        if self.state[row] == kernels.COUNTS:
            self._form_anew([int(self.group[report])], row, kernels.REMOVED)

    def restored(self, report: int, identifier: int) -> None:
        """Give a link back: only the groups that it touches are formed anew."""
        row = self._row(report, identifier)
        if self.state[row] == kernels.REMOVED:
            self._form_anew(self._touched(report, identifier), row, kernels.COUNTS)

    def _row(self, report: int, identifier: int) -> int:
        if 0 <= report < self.reports:
            for row in range(self.at[report], self.at[report + 1]):
                if self.identifier[row] == identifier and self.state[row] != kernels.AGAIN:
                    return row
        raise ReportsRefused(
            f"Report number {report} does not name identifier number {identifier}, so there is "
            "no such link.",
            value=str(report),
        )

    def _unite(self, members: Column) -> Column:
        paired, pairs = kernels.unite_by_one(
            members, self.at, self.identifier, self.state, self.first, self.group, self.why
        )
        found = kernels.unite_by_pairs(
            paired, self.at, self.identifier, self.state, self.first, self.degree, self.group,
            pairs,
        )  # fmt: skip
        kernels.settle(members, self.group)
        return found

    def _by_pairs(self, report: int) -> Iterator[Union]:
        if report in self._later:
            yield from self._later[report]
            return
        begin, end = np.searchsorted(self.by_pair[:, 0], (report, report + 1))
        for _, other, one, two in self.by_pair[begin:end].tolist():
            yield Union(report, other, (one, two))

    def _lay_out(self) -> None:
        """List the members of all groups, once; undoing keeps the list."""
        if self._order is None or len(self._order) > 2 * self.reports + 64:
            self._order = np.argsort(self.group, kind="stable").astype(np.int32)
            self._size = np.bincount(self.group, minlength=self.reports)
            self._start = np.cumsum(self._size) - self._size

    def _form_anew(self, groups: list[int], row: int, state: int) -> None:
        members = np.sort(np.concatenate([self.members(group) for group in groups]))
        self.state[row] = state
        kernels.clear(members, self.at, self.identifier, self.first, self.group, self.why)
        found = self._unite(members)
        for report in members.tolist() if self._later or len(found) or len(self.by_pair) else ():
            self._later[report] = []
        for report, other, one, two in found.tolist():
            self._later[report].append(Union(report, other, (one, two)))
        begin = len(self._order) if len(groups) > 1 else int(self._start[groups[0]])
        by_group = members[np.argsort(self.group[members], kind="stable")]
        if len(groups) > 1:
            self._order = np.concatenate([self._order, by_group])
        else:
            self._order[begin : begin + len(members)] = by_group
        names, starts, sizes = np.unique(
            self.group[by_group], return_index=True, return_counts=True
        )
        self._start[names], self._size[names] = begin + starts, sizes

    def _touched(self, report: int, identifier: int) -> list[int]:
        """The groups of all who could share a reason with the link: those who name it."""
        if self.first[identifier] == kernels.NOTHING:
            return [int(self.group[report])]
        rows = np.nonzero(self.identifier == identifier)[0]
        naming = np.searchsorted(self.at, rows, side="right") - 1
        return sorted({int(self.group[report]), *self.group[naming].tolist()})


def _refuse(wrong: int, column: Column, what: str) -> None:
    if wrong >= 0:
        raise ReportsRefused(
            f"Row {wrong} names {what} number {int(column[wrong])}, which there is not.",
            value=str(int(column[wrong])),
        )
