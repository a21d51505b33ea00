"""The examples of docs/clocks.md are what the code says, word for word."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

import recoup
from recoup.core.law import ByLaw, Ends, Limit, Unit, When, due
from recoup.data.calendars import calendars, load_calendar

DOCS = Path(recoup.__file__).parents[2] / "docs" / "clocks.md"
ROW = re.compile(r"\| ([A-Z]{2}(?:-[A-Z]{3})?) \| (.+?) \| (2.+?) \| (\w+) \| (received .+) \|")


def rows() -> list[tuple[str, ...]]:
    if not DOCS.exists():
        return []
    return [found.groups() for found in map(ROW.fullmatch, DOCS.read_text().splitlines()) if found]


def read(text: str) -> Limit:
    count, unit = text.split(maxsplit=1)
    return Limit(int(count), Unit(unit.replace(" ", "_")))


def test_there_is_an_example_for_every_calendar_but_one():
    if not DOCS.exists():
        pytest.skip("The documents are not beside this package.")
    assert set(calendars()) - {row[0] for row in rows()} == {"BA-BRC"}


@pytest.mark.parametrize(("code", "limit", "start", "ends", "line"), rows())
def test_an_example_is_what_the_code_says(code, limit, start, ends, line):
    calendar = load_calendar(code)
    limit, _, more = limit.partition(" + ")
    by_law = None
    if more:
        span, when = more.rsplit(" ", 1)
        by_law = ByLaw(read(span), When(when))
    begin = datetime.fromisoformat(start).replace(tzinfo=calendar.zone)
    assert due(read(limit), begin, calendar, ends=Ends(ends), by_law=by_law).said == line


def test_the_note_stands_on_the_page_that_names_it():
    if not DOCS.exists():
        pytest.skip("The documents are not beside this package.")
    text = DOCS.read_text()
    assert load_calendar("XK").note.removeprefix("* ") in text
    assert not re.search(r"Kosovo(?!\*| Declaration)", text)
