"""What benchmarks and drills have in common: a table of asked and measured, kept in a document.

A document has one section for each measurement, between two marks; a new run replaces its own
section and leaves the others. Of the machine only what matters to the figures is told.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from recoup.cli import environment

DOCS: Final = environment.ROOT / "docs"
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
    rows = [("", "asked", "measured", "")]
    rows += [(line.what, line.asked, line.measured, line.verdict) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def as_markdown(lines: Sequence[Line]) -> str:
    head = ["| | asked | measured | |", "| --- | --- | --- | --- |"]
    body = [f"| {line.what} | {line.asked} | {line.measured} | {line.verdict} |" for line in lines]
    return "\n".join(head + body)


def conditions(postgres: str, seed: int, load_before: float) -> str:
    """When and on what: cores and versions, and how busy the machine was with other work."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    busy = f"; {load_before:.1f} other tasks were running before" if load_before > 0.5 else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {seed}, {os.cpu_count()} cores{busy}. "
        f"Python {platform.python_version()}, PostgreSQL {postgres}, {packages}."
    )


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
