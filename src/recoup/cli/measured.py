"""What benchmarks and drills have in common: a table of asked and measured, kept in a document.

A document has one section for each measurement, between two marks; a new run replaces its own
section and leaves the others. Of the machine only what matters to the figures is told.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from recoup.cli import environment

DOCS: Final = environment.ROOT / "docs"
HEAD: Final = ("", "asked", "measured", "")
PACKAGES: Final = ("django", "psycopg", "procrastinate", "granian")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. is_met: None where nothing was asked and it is only told."""

    what: str
    asked: str
    measured: str
    is_met: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.is_met is None else "met" if self.is_met else "MISSED"


def is_met(lines: Iterable[Line]) -> bool:
    return all(line.is_met is not False for line in lines)


def as_text(lines: Sequence[Line]) -> str:
    """The table for a terminal."""
    return columns([HEAD, *(_cells(line) for line in lines)])


def as_markdown(lines: Sequence[Line]) -> str:
    return markdown(HEAD, [_cells(line) for line in lines])


def _cells(line: Line) -> tuple[str, ...]:
    return line.what, line.asked, line.measured, line.verdict


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, each column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same for a document."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def conditions(postgres: str, seed: int, load_before: float, packages: Sequence[str] = ()) -> str:
    """When and on what: cores, how fast they were, versions, and how busy with other work."""
    named = ", ".join(f"{name} {version(name)}" for name in packages or PACKAGES)
    busy = f"; {load_before:.1f} other tasks were running before" if load_before > 0.5 else ""
    database = f"PostgreSQL {postgres}, " if postgres else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {seed}, {os.cpu_count()} cores{busy}. "
        f"A million squares took {speed() * 1000:.0f} ms of processor time. "
        f"Python {platform.python_version()}, {database}{named}."
    )


def speed() -> float:
    """Seconds of processor time that a fixed piece of work takes just now, the best of three.

    A machine that is shared is at times half as fast: figures of two runs are compared by this.
    """
    return min(_squares() for _ in range(3))


def _squares() -> float:
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number * number
    return time.process_time() - began


def load_average() -> float:
    """How many tasks ran or waited to run in the last minute, on average."""
    return os.getloadavg()[0]


def postgres_version(dsn: str) -> str:
    import psycopg

    with psycopg.connect(dsn) as connection:
        number = connection.info.server_version
    return f"{number // 10000}.{number % 10000}"


def write_section(document: Path, name: str, title: str, text: str, *, opening: str) -> None:
    """Put a section into a document, in place of the one of the last run.

    opening: the document's head, for a document that is not there yet.
    """
    old = document.read_text(encoding="utf-8") if document.exists() else opening.rstrip() + "\n"
    start, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    section = f"{start}\n## {title}\n\n{text.strip()}\n{end}"
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    if pattern.search(old):
        new = pattern.sub(lambda _: section, old)
    else:
        new = old.rstrip() + "\n\n" + section + "\n"
    document.parent.mkdir(exist_ok=True)
    document.write_text(new, encoding="utf-8")
