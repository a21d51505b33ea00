"""Loads the policy table into its core type, once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from recoup.core.access import Policy


@cache
def load_policy() -> Policy:
    """The policy table of this installation (``policy.toml`` beside this module)."""
    table = tomllib.loads((files("recoup.data") / "policy.toml").read_text(encoding="utf-8"))
    return Policy({act: frozenset(roles) for act, roles in table["acts"].items()})
