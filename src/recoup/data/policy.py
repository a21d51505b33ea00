"""Loads the policy table into its core type, and the limits beside it, once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from recoup.core.access import Policy, StepUp


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one sender may ask of the hub (``[limits]`` of the file, with the reasons)."""

    look_noted_minutes: int
    interim_answers_per_ticket: int
    corrections_per_ticket: int
    waits_per_login: int
    waits_per_process: int
    override_hours: int
    override_confirm_minutes: int
    evidence_file_mib: int
    evidence_uploads_open: int


@dataclass(frozen=True, slots=True)
class Glass:
    """How somebody may look into a case of others (``[glass]`` of the file)."""

    longest_minutes: int
    review_hours: int
    often_in_a_week: int
    wrong_tries_a_day: int
    dangers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """How the directory changes (``[directory]`` of the file)."""

    cool_down_hours: int
    new_for_days: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who signs in how, and for how long (``[sign_in]`` of the file)."""

    passkey_roles: frozenset[str]
    step_up_minutes: int
    idle_minutes: int
    longest_hours: int
    key_days: int
    code_until: date
    roles: Mapping[str, tuple[str, ...]]


@cache
def load_policy() -> Policy:
    """The policy table of this installation (``policy.toml`` beside this module)."""
    rows = {act: _row(row) for act, row in _table()["acts"].items()}
    step_up = {act: StepUp(when) for act, (_, when) in rows.items() if when}
    return Policy({act: roles for act, (roles, _) in rows.items()}, step_up)


def _row(row: list[str] | dict[str, Any]) -> tuple[frozenset[str], str]:
    """A row's roles and its column ``step_up``; KeyError for a column that is not known."""
    if isinstance(row, list):
        return frozenset(row), ""
    if unknown := set(row) - {"roles", "step_up"}:
        raise KeyError(f"The policy table has no column {sorted(unknown)}.")
    return frozenset(row["roles"]), row.get("step_up", "")


@cache
def load_sign_in() -> SignIn:
    """How people sign in here; TypeError for a line that is missing or not known."""
    table = _table()["sign_in"]
    roles = {kind: tuple(names) for kind, names in table["roles"].items()}
    return SignIn(**table | {"passkey_roles": frozenset(table["passkey_roles"]), "roles": roles})


@cache
def load_limits() -> Limits:
    """The limits of this installation; TypeError for one that is missing or not known."""
    return Limits(**_table()["limits"])


@cache
def load_glass() -> Glass:
    """The rules of break-glass; TypeError for a line that is missing or not known."""
    table = _table()["glass"]
    return Glass(**table | {"dangers": tuple(table["dangers"])})


@cache
def load_directory() -> Directory:
    """The rules of changes of the directory; TypeError for a line that is missing or not known."""
    return Directory(**_table()["directory"])


def _table() -> dict[str, Any]:
    return tomllib.loads((files("recoup.data") / "policy.toml").read_text(encoding="utf-8"))
