"""Bookings that two statements of one account both tell, found with the reason.

Two bookings of one statement are never doubles of each other: people pay twice. What is alike is
therefore counted in each statement, and the n-th of the one is the n-th of the other. What only
one of two statements tells, about a day that both cover, is named too: one of them is not whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import Final, Literal

from recoup.core.said import Said
from recoup.standards.statements.statement import Line, Statement

Reason = Literal["same_reference", "same_content"]
Key = tuple[object, ...]

WORDS: Final[dict[Reason, str]] = {
    "same_reference": Said("Same account, same reference of the bank, same day and amount."),
    "same_content": Said("Same account, day, amount and text, counted in each statement."),
}


@dataclass(frozen=True, slots=True)
class Repeat:
    """One booking that stands in two statements."""

    first: Line
    again: Line
    reason: Reason

    @property
    def said(self) -> str:
        return WORDS[self.reason]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two statements that speak of the same days of one account.

    alone: lines about days that both cover wholly, which only one of the two has.
    """

    first: Statement
    second: Statement
    repeats: tuple[Repeat, ...]
    alone: tuple[Line, ...]


def overlaps(statements: Sequence[Statement]) -> tuple[Overlap, ...]:
    """Return every pair of statements of one account and currency that share days or bookings."""
    alike: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in statements:
        alike[statement.account, statement.currency].append(statement)
    pairs = (pair for group in alike.values() for pair in combinations(group, 2))
    found = (_overlap(first, second) for first, second in pairs)
    return tuple(one for one in found if one is not None)


def without_repeats(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements, each without the lines that an earlier one told already.

    What is left of a later statement no longer starts from its opening balance: check first.
    """
    kept: list[Statement] = []
    for place, later in enumerate(statements):
        again: set[int] = set()
        for earlier in statements[:place]:
            if (earlier.account, earlier.currency) == (later.account, later.currency):
                found = _overlap(earlier, later)
                again |= {id(repeat.again) for repeat in found.repeats} if found else set()
        left = tuple(line for line in later.lines if id(line) not in again)
        kept.append(replace(later, lines=left) if again else later)
    return tuple(kept)


def _overlap(first: Statement, second: Statement) -> Overlap | None:
    days = _days(first), _days(second)
    if days[0] is None or days[1] is None:
        return None
    begin, end = max(days[0][0], days[1][0]), min(days[0][1], days[1][1])
    if begin > end:
        return None
    follows = begin == end and (_follows(first, second) or _follows(second, first))
    repeats = tuple(_repeats(first, second, begin, end, by_content=not follows))
    paired = {id(line) for one in repeats for line in (one.first, one.again)}
    alone = () if follows else tuple(_alone((first, second), begin, end, paired))
    return Overlap(first, second, repeats, alone) if repeats or not follows else None


def _days(statement: Statement) -> tuple[date, date] | None:
    """The days that a statement speaks of: those it declares, and those of its bookings."""
    told = [line.booked_on for line in statement.lines]
    told += [day for day in (statement.from_on, statement.to_on) if day]
    return (min(told), max(told)) if told else None


def _follows(first: Statement, second: Statement) -> bool:
    """Whether the second goes on where the first ended, as a statement cut within a day does."""
    ends = [(one.opening_minor, one.closing_minor) for one in (first, second)]
    return ends[0][1] is not None and ends[0][1] == ends[1][0] and ends[0] != ends[1]


def _repeats(
    first: Statement, second: Statement, begin: date, end: date, *, by_content: bool
) -> Iterator[Repeat]:
    theirs = [
        [line for line in one.lines if begin <= line.booked_on <= end] for one in (first, second)
    ]
    done: set[int] = set()
    for one, other in _pairs(theirs, _by_reference):
        done |= {id(one), id(other)}
        yield Repeat(one, other, "same_reference")
    if by_content:
        left = [[line for line in lines if id(line) not in done] for lines in theirs]
        for one, other in _pairs(left, _by_content):
            if not _differ(one, other):
                yield Repeat(one, other, "same_content")


def _pairs(
    lines: Sequence[Iterable[Line]], key_of: Callable[[Line], Key | None]
) -> Iterator[tuple[Line, Line]]:
    """Pair the n-th line of a key in the one with the n-th of it in the other."""
    counted = [dict(_counted(some, key_of)) for some in lines]
    for key, line in counted[0].items():
        if key in counted[1]:
            yield line, counted[1][key]


def _counted(
    lines: Iterable[Line], key_of: Callable[[Line], Key | None]
) -> Iterator[tuple[Key, Line]]:
    seen: Counter[Key] = Counter()
    for line in lines:
        key = key_of(line)
        if key is not None:
            seen[key] += 1
            yield (*key, seen[key]), line


def _by_reference(line: Line) -> Key | None:
    return (line.reference, line.amount_minor, line.booked_on) if line.reference else None


def _by_content(line: Line) -> Key | None:
    text = " ".join(line.text.split()).casefold()
    return (line.booked_on, line.amount_minor, text, line.counterparty)


def _differ(one: Line, other: Line) -> bool:
    """Whether both name themselves, and not alike: then they are two bookings."""
    names = ((one.reference, other.reference), (one.uetr, other.uetr))
    return any(mine and theirs and mine != theirs for mine, theirs in names)


def _alone(
    statements: Iterable[Statement], begin: date, end: date, paired: set[int]
) -> Iterator[Line]:
    """Lines of days within both; a first or last day may have been cut by the hour."""
    for statement in statements:
        for line in statement.lines:
            if begin < line.booked_on < end and id(line) not in paired:
                yield line
