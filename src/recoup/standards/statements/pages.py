"""Pages of one statement put together, so that the balance is checked across them and on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from recoup.core.said import Said
from recoup.standards.statements.statement import Note, Point, Statement


def joined(parts: Iterable[Statement]) -> tuple[Statement, ...]:
    """Join each page to the one before it; a page whose forerunner is missing says so."""
    found: list[Statement] = []
    last_page = ""
    for part in parts:
        if found and _goes_on(found[-1], last_page, part):
            found[-1] = _join(found[-1], part)
        else:
            found.append(_first(part))
        last_page = part.source.page
    return tuple(found)


def _goes_on(one: Statement, last_page: str, part: Statement) -> bool:
    alike = (one.account, one.currency, one.number) == (part.account, part.currency, part.number)
    pages = (last_page, part.source.page)
    return alike and all(map(str.isdecimal, pages)) and int(pages[1]) == int(pages[0]) + 1


def _first(part: Statement) -> Statement:
    page = part.source.page
    if not page.isdecimal() or int(page) <= 1:
        return part
    said = Said("Page %(page)s stands here without the page before it. Ask for it.", page=page)
    return replace(part, notes=(*part.notes, Note(part.source, "page_missing", said)))


def _join(one: Statement, part: Statement) -> Statement:
    after = len(one.lines)
    ends = ((one.closing_minor, one.lines[-1].place if one.lines else one.source),
            (part.opening_minor, part.source))  # fmt: skip
    between = tuple(Point(after, told, place) for told, place in ends if told is not None)
    moved = tuple(replace(point, after=point.after + after) for point in part.points)
    return replace(
        one, lines=one.lines + part.lines, closing_minor=part.closing_minor, to_on=part.to_on,
        to_at=part.to_at, points=one.points + between + moved, notes=one.notes + part.notes,
    )  # fmt: skip
