"""What a check found, and the exit codes that all checks share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GOOD: Final = 0  # everything that could be checked is as it should be
BAD: Final = 1  # something was altered, is missing, or was signed by somebody else
UNREADABLE: Final = 2  # nothing was checked: a file is missing, or an argument makes no sense


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    rule: a short name for machines. said: what is wrong, with the values.
    position: the place in the log, counted from 1; None where it concerns no single place.
    where: the file or object within what was checked, if that says more.
    """

    rule: str
    said: str
    position: int | None = None
    where: str = ""

    def __str__(self) -> str:
        place = f"position {self.position}: " if self.position is not None else ""
        return f"{self.where + ': ' if self.where else ''}{place}{self.said} [{self.rule}]"


class CannotCheck(Exception):
    """Nothing could be checked; the message says what is missing and what to do."""
