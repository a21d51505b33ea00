"""Loads the policy table into its core type, and the limits beside it, once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from recoup.core.access import Policy


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one sender may ask of the hub (``[limits]`` of the file, with the reasons)."""

    look_noted_minutes: int
    interim_answers_per_ticket: int
    corrections_per_ticket: int
    waits_per_login: int
    waits_per_process: int


@cache
def load_policy() -> Policy:
    """The policy table of this installation (``policy.toml`` beside this module)."""
    return Policy({act: frozenset(roles) for act, roles in _table()["acts"].items()})


@cache
def load_limits() -> Limits:
    """The limits of this installation; TypeError for one that is missing or not known."""
    return Limits(**_table()["limits"])


def _table() -> dict[str, Any]:
    return tomllib.loads((files("recoup.data") / "policy.toml").read_text(encoding="utf-8"))
