"""What is wrong with a statement's file, gathered so that one reading names it all.

The same refusals as everywhere in the standards, with the file, and the page or sheet in front of
the column.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from recoup.standards.strict_csv import NotReadable as StrictNotReadable
from recoup.standards.strict_csv import Refusal

MOST: Final = 100


class NotReadable(StrictNotReadable):
    """A statement's file that was not taken, in whole or in part; ``file`` is its name."""

    def __init__(self, file: str, refused: tuple[Refusal, ...]) -> None:
        self.file = file
        super().__init__(refused)

    def __str__(self) -> str:
        return f"{self.file}: {super().__str__()}"


@dataclass(slots=True)
class Faults:
    """The refusals of one file so far; the hundredth ends the reading."""

    file: str
    found: list[Refusal] = field(default_factory=list)

    def add(self, line: int, column: str, value: str, problem: str) -> None:
        self.found.append(Refusal(line, column, value, problem))
        if len(self.found) >= MOST:
            self.stop()

    def refuse(self, line: int, column: str, value: str, problem: str) -> NotReadable:
        """Add the last refusal, after which nothing can be read; the error is to be raised."""
        self.found.append(Refusal(line, column, value, problem))
        return NotReadable(self.file, tuple(self.found))

    def stop(self) -> None:
        """Raise what was found; does nothing where all is well."""
        if self.found:
            raise NotReadable(self.file, tuple(self.found))
