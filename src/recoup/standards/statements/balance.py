"""Whether a statement adds up: opening + movements = closing, page by page where pages are told.

Every balance that the file tells is held against the lines before it, so that a difference is
named with the place between which two balances it begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recoup.core.said import Said
from recoup.standards.statements.statement import Place, Point, Statement


@dataclass(frozen=True, slots=True)
class Break:
    """The movements between two told balances do not lead from the one to the other.

    difference_minor: what the second balance has more than it should.
    """

    begins: Place
    ends: Place
    opening_minor: int
    moved_minor: int
    closing_minor: int

    @property
    def difference_minor(self) -> int:
        return self.closing_minor - self.opening_minor - self.moved_minor


@dataclass(frozen=True, slots=True)
class BalanceCheck:
    """What came of the check. difference_minor: None where opening or closing is not told."""

    opening_minor: int | None
    moved_minor: int
    closing_minor: int | None
    breaks: tuple[Break, ...]

    @property
    def difference_minor(self) -> int | None:
        if self.opening_minor is None or self.closing_minor is None:
            return None
        return self.closing_minor - self.opening_minor - self.moved_minor

    @property
    def adds_up(self) -> bool:
        """Whether both ends are told and nothing in between is off."""
        return self.difference_minor == 0 and not self.breaks

    @property
    def said(self) -> str:
        if self.breaks:
            first = self.breaks[0]
            return Said(
                "The balances do not agree: %(difference)s minor units between %(begins)s and "
                "%(ends)s. Ask the institution for the statement again.",
                difference=f"{first.difference_minor:+,}",
                begins=str(first.begins),
                ends=str(first.ends),
            )
        if self.difference_minor is None:
            return Said(
                "Opening or closing balance is not told, so nothing shows that the statement is "
                "whole. Ask for it."
            )
        return Said("Opening balance and movements lead to the closing balance.")


def check_balance(statement: Statement) -> BalanceCheck:
    """Hold every told balance against the lines before it."""
    return BalanceCheck(
        statement.opening_minor,
        statement.moved_minor,
        statement.closing_minor,
        tuple(_breaks(statement)),
    )


def _breaks(statement: Statement) -> Iterator[Break]:
    amounts = [line.amount_minor for line in statement.lines]
    before: Point | None = None
    for point in _points(statement):
        if before is not None:
            moved = sum(amounts[before.after : point.after])
            if before.balance_minor + moved != point.balance_minor:
                yield Break(
                    before.place, point.place, before.balance_minor, moved, point.balance_minor
                )
        before = point


def _points(statement: Statement) -> list[Point]:
    """All told balances in their order: the ends, the pages, and those beside the lines."""
    points = [
        Point(after, line.balance_minor, line.place)
        for after, line in enumerate(statement.lines, start=1)
        if line.balance_minor is not None
    ]
    points = sorted([*points, *statement.points], key=lambda point: point.after)
    if statement.opening_minor is not None:
        points.insert(0, Point(0, statement.opening_minor, statement.source))
    if statement.closing_minor is not None:
        end = statement.lines[-1].place if statement.lines else statement.source
        points.append(Point(len(statement.lines), statement.closing_minor, end))
    return points
