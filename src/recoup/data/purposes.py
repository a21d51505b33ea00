"""Loads for what purpose each kind of act processes data, and which reading needs no line."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NOT_NAMED = "not_named"


@dataclass(frozen=True, slots=True)
class Purposes:
    """by_kind: the purpose of each kind of act.

    not_personal: acts whose pages show nobody. unnoted: those, and acts that write a line of their
    own; a search under one of the latter is a line all the same.
    """

    by_kind: dict[str, str]
    not_personal: frozenset[str]
    unnoted: frozenset[str]

    def of(self, act: str) -> str:
        """The purpose of an act, by its kind; a kind that nobody gave one is told as such."""
        return self.by_kind.get(act.partition(":")[0], NOT_NAMED)


@cache
def load_purposes() -> Purposes:
    text = (files("recoup.data") / "purposes.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    reading = table["reading"]
    not_personal = frozenset(reading["not_personal"])
    unnoted = not_personal | frozenset(reading["told_by_themselves"])
    return Purposes(table["purposes"], not_personal, unnoted)
