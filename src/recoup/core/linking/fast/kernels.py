"""The loops of linking over arrays; compiled, so imported only where the extra is installed.

Reports and identifiers are numbers. ``at`` has, for each report, where its rows begin; a row is one
report's naming of one identifier. ``first`` says for each identifier the report that was the first
to name it, or one of the marks below.
"""

from __future__ import annotations

import numpy as np

from recoup.core.compiled import loop
from recoup.core.linking.fast.coded import Column
from recoup.core.linking.limits import PAIRED

NOBODY = -1  # joins, and nobody has named it yet
NOTHING = -2  # barred, or named by one report alone
PAIR = -3  # joins only those who share another such identifier
# What a row is: one that counts, the same named again, or a link that was taken back.
COUNTS, AGAIN, REMOVED = 0, 1, 2
FEW = 16  # rows of one report that are compared with each other
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@loop
def begin_rows(report: Column, reports: int) -> tuple[Column, bool, int]:
    """Where each report's rows begin, and whether the rows lie in order already."""
    at = np.zeros(reports + 1, np.int64)
    in_order, before = True, 0
    for row in range(len(report)):
        name = report[row]
        if name < 0 or name >= reports:
            return at, False, row
        in_order &= name >= before
        before = name
        at[name + 1] += 1
    for name in range(reports):
        at[name + 1] += at[name]
    return at, in_order, -1


@loop
def put_in_order(report: Column, identifier: Column, at: Column) -> Column:
    """The identifiers by report; those of one report stay in their order."""
    used, ordered = at.copy(), np.empty_like(identifier)
    for row in range(len(report)):
        name = report[row]
        ordered[used[name]] = identifier[row]
        used[name] += 1
    return ordered


@loop
def count_degrees(
    at: Column, identifier: Column, state: Column, identifiers: int
) -> tuple[Column, int]:
    """How many reports name each identifier; marks what one report names again."""
    degree = np.zeros(identifiers, np.int32)
    last = np.empty(0, np.int32)
    for report in range(len(at) - 1):
        begin, end = at[report], at[report + 1]
        if end - begin > FEW and len(last) == 0:
            last = np.full(identifiers, -1, np.int32)
        for row in range(begin, end):
            x = identifier[row]
            if x < 0 or x >= identifiers:
                return degree, row
            again = False
            if end - begin > FEW:
                again = last[x] == report
                last[x] = report
            else:
                for before in range(begin, row):
                    again |= identifier[before] == x
            state[row] = again
            degree[x] += not again
    return degree, -1


@loop
def weigh(
    degree: Column, kind: Column, alone: Column, with_another: Column, barred: Column
) -> Column:
    """What each identifier does for those who name it, as the mark with which uniting begins."""
    first = np.empty(len(degree), np.int32)
    for x in range(len(degree)):
        many, mark = degree[x], NOTHING
        if many > 1 and many <= alone[kind[x]]:
            mark = NOBODY
        elif many > 1 and many <= with_another[kind[x]]:
            mark = PAIR
        first[x] = mark
    for place in range(len(barred)):
        first[barred[place]] = NOTHING
    return first


@loop
def top_of(top: Column, report: int) -> int:
    """The least report of the group so far; shortens the way to it."""
    while top[report] != report:
        top[report] = top[top[report]]
        report = top[report]
    return report


@loop
def unite(top: Column, one: int, other: int) -> bool:
    """Unite the groups of two reports, the least on top; False if they were one already."""
    one, other = top_of(top, one), top_of(top, other)
    if one == other:
        return False
    if one < other:
        top[other] = one
    else:
        top[one] = other
    return True


@loop
def clear(
    members: Column, at: Column, identifier: Column, first: Column, top: Column, why: Column
) -> None:
    """Forget what an earlier run found for the members."""
    for place in range(len(members)):
        report = members[place]
        top[report] = report
        for row in range(at[report], at[report + 1]):
            why[row] = NOBODY
            if first[identifier[row]] >= 0:
                first[identifier[row]] = NOBODY


@loop
def unite_by_one(
    members: Column,
    at: Column,
    identifier: Column,
    state: Column,
    first: Column,
    top: Column,
    why: Column,
) -> tuple[Column, int]:
    """Unite members, in order, by identifiers that join alone; ``why`` keeps with whom a row did.

    Returns the members that have pairs of the others, and how many pairs there are at most.
    """
    paired, n, pairs = np.empty(len(members), np.int32), 0, 0
    for place in range(len(members)):
        report, waiting = members[place], 0
        for row in range(at[report], at[report + 1]):
            x = identifier[row]
            other = first[x]
            if other == NOTHING or state[row] == AGAIN:
                continue
            if other == PAIR:
                waiting += 1
            elif state[row] == COUNTS:
                if other == NOBODY:
                    first[x] = report
                elif unite(top, other, report):
                    why[row] = other
        if waiting > 1:
            waiting = min(waiting, PAIRED)
            pairs += waiting * (waiting - 1) // 2
            paired[n] = report
            n += 1
    return paired[:n].copy(), pairs


@loop
def _rarest(
    report: int,
    at: Column,
    identifier: Column,
    state: Column,
    first: Column,
    degree: Column,
    chosen: Column,
) -> int:
    """Put a report's rows of the rarest identifiers that need another first; how many."""
    n = 0
    for row in range(at[report], at[report + 1]):
        x = identifier[row]
        if first[x] != PAIR or state[row] == AGAIN:
            continue
        place = min(n, PAIRED)
        while place > 0:
            y = identifier[chosen[place - 1]]
            if degree[y] < degree[x] or (degree[y] == degree[x] and y < x):
                break
            chosen[place] = chosen[place - 1]
            place -= 1
        chosen[place] = row
        n = min(n + 1, PAIRED)
    for one in range(1, n):  # then by identifier, so that a pair is always written the same way
        row, place = chosen[one], one
        while place > 0 and identifier[chosen[place - 1]] > identifier[row]:
            chosen[place] = chosen[place - 1]
            place -= 1
        chosen[place] = row
    return n


@loop
def unite_by_pairs(
    members: Column,
    at: Column,
    identifier: Column,
    state: Column,
    first: Column,
    degree: Column,
    top: Column,
    pairs: int,
) -> Column:
    """Unite members by pairs of identifiers; returns report, other, and the pair, of each union."""
    room = 16
    while room < 2 * pairs:
        room *= 2
    keys, firsts = np.full(room, -1, np.int64), np.empty(room, np.int32)
    found = np.empty((pairs, 4), np.int64)
    chosen, unions = np.empty(PAIRED + 1, np.int64), 0
    for place in range(len(members)):
        report = members[place]
        n = _rarest(report, at, identifier, state, first, degree, chosen)
        for one in range(n):
            for two in range(one + 1, n):
                if state[chosen[one]] == REMOVED or state[chosen[two]] == REMOVED:
                    continue
                x, y = identifier[chosen[one]], identifier[chosen[two]]
                key = np.int64(x) << 32 | np.int64(y)
                slot = np.int64(np.uint64(key) * _SPREAD >> np.uint64(20)) & (room - 1)
                while keys[slot] != -1 and keys[slot] != key:
                    slot = (slot + 1) & (room - 1)
                if keys[slot] == -1:
                    keys[slot], firsts[slot] = key, report
                elif unite(top, firsts[slot], report):
                    found[unions, 0], found[unions, 1] = report, firsts[slot]
                    found[unions, 2], found[unions, 3] = x, y
                    unions += 1
    return found[:unions]


@loop
def settle(members: Column, top: Column) -> None:
    """Let every member point at the least of its group."""
    for place in range(len(members)):
        report = members[place]
        top[report] = top_of(top, report)


@loop
def count_once(double_of: Column, top: Column) -> Column:
    """Which reports' sums count: one that tells a loss again in the same group does not.

    Of reports that point to each other in a ring the least counts.
    """
    reports = len(top)
    counts = np.ones(reports, np.uint8)
    seen = np.zeros(reports, np.int64)
    for report in range(reports):
        if double_of[report] < 0:
            continue
        at = report
        while seen[at] == 0 and _told_before(at, double_of, top):
            seen[at] = report + 1
            counts[at] = 0
            at = double_of[at]
        if seen[at] == report + 1:  # a ring, found now: go round it once
            least, round_ = at, double_of[at]
            while round_ != at:
                least, round_ = min(least, round_), double_of[round_]
            counts[least] = 1
        elif seen[at] == 0:
            seen[at] = report + 1
    return counts


@loop
def _told_before(report: int, double_of: Column, top: Column) -> bool:
    before = double_of[report]
    return bool(before >= 0 and top[before] == top[report])


@loop
def add_up(group: Column, currency: Column, counts: Column, amount: Column, sums: Column) -> None:
    """Add amounts to the sums of group and currency."""
    for row in range(len(amount)):
        if counts[row]:
            sums[group[row], currency[row]] += amount[row]
