"""What was found: which pattern, on which account, when, and the transfers that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from recoup.core.said import Said

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that was found, and the threshold beside it. Times are seconds."""

    name: str
    value: int
    threshold: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A question to ask about an account; never an answer about a person.

    kind: one of ``KINDS``. begins, ends: the ledger's times between which it goes on. transfers:
    ids, in order; where it goes on for longer than the window, those of the window that shows it
    most. said: the same for people.
    """

    kind: str
    account: str
    begins: int
    ends: int
    transfers: tuple[str, ...]
    figures: tuple[Figure, ...]
    said: Said


@dataclass(frozen=True, slots=True)
class Found:
    """All findings, by time, kind and account.

    cut: searches for a cycle that ended at their bound, so that one may have been missed.
    not_looked_for: kinds for which a number was missing.
    """

    findings: tuple[Finding, ...]
    cut: int = 0
    not_looked_for: tuple[str, ...] = ()


def window_said(window: timedelta) -> Said:
    """A window in words: whole days from two on, else whole hours, minutes or seconds."""
    if window >= 2 * DAY and not window % DAY:
        return Said("%(n)s days", n=window // DAY)
    if not window % HOUR:
        return Said("%(n)s hours", n=window // HOUR)
    if not window % MINUTE:
        return Said("%(n)s minutes", n=window // MINUTE)
    return Said("%(n)s seconds", n=seconds(window))


def seconds(window: timedelta) -> int:
    """A window in whole seconds."""
    return window // timedelta(seconds=1)
