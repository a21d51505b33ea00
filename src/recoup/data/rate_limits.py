"""Loads how many requests the hub takes, by class of work (``rate_limits.toml``), once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

UNKNOWN_KEYS: Final = "unknown_keys"


@dataclass(frozen=True, slots=True)
class WorkClass:
    """A kind of work, and how many requests of it one asker may send in a stretch.

    urgent: whether the server keeps threads free for it.
    """

    name: str
    urgent: bool
    path: re.Pattern[str]
    account: int
    organisation: int
    address: int


@dataclass(frozen=True, slots=True)
class RateLimits:
    """All classes, in the order in which they are tried. seconds: how long a stretch is."""

    source: str
    date: date
    seconds: int
    classes: tuple[WorkClass, ...]
    unknown_keys: int

    def of_path(self, path: str) -> WorkClass:
        """The class of a request; the last one takes what no other took."""
        return next(one for one in self.classes if one.path.fullmatch(path))


@cache
def load_rate_limits() -> RateLimits:
    """The limits of this installation; TypeError or KeyError for a line that is not known."""
    text = (files("recoup.data") / "rate_limits.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    unknown = table.pop(UNKNOWN_KEYS)["address"]
    classes = tuple(_class(**row) for row in table.pop("classes"))
    return RateLimits(**table, classes=classes, unknown_keys=unknown)


def _class(*, paths: list[str], **row: Any) -> WorkClass:
    return WorkClass(path=re.compile("|".join(f"(?:{path})" for path in paths), re.DOTALL), **row)
