"""Loads the controls of the guidelines into core's types; a wrong file is refused by its place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from recoup.core.guidelines import Control, Counting, Guidelines, Measured, Origin, Side
from recoup.data import read_toml

FILE: Final = "guidelines.toml"
OURS: Final = "proposal of this project"
CONFIDENCES: Final = ("sourced", "general-knowledge")
BEGINS: Final = {Side.COMMON: "C-", Side.LAW_ENFORCEMENT: "L-", Side.PROVIDER: "P-"}
CONTROL_FIELDS: Final = frozenset(
    {"id", "side", "paragraph", "text", "proof", "source", "confidence", "confirmed_by", "measure"}
)
NUMBERS: Final = (
    "days", "newest", "newest_read", "office_from", "office_until", "open_at_most",
    "review_after_months",
)  # fmt: skip


class GuidelinesRefused(Exception):
    """The file cannot be used. where: the place in it."""

    def __init__(self, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


@cache
def load_guidelines() -> Guidelines:
    """Return the controls of this installation, with where each comes from."""
    return read_guidelines(read_toml(FILE))


def read_guidelines(document: Mapping[str, Any]) -> Guidelines:
    """Read a document; raises GuidelinesRefused."""
    measures = {
        name: _measure(name, _table(rows, name, f"{FILE}: measure"))
        for rows in [_table(document, "measure", FILE)]
        for name in rows
    }
    rows = document.get("control")
    if not isinstance(rows, list) or not rows:
        raise GuidelinesRefused(f"{FILE}: control", "At least one control is needed.")
    controls = tuple(_control(row, n, measures) for n, row in enumerate(rows, 1))
    _distinct(controls)
    _all_used(controls, measures)
    _public(document, FILE)
    return Guidelines(
        _text(document, "title", FILE), _text(document, "source", FILE),
        _text(document, "to_check", FILE), _counting(_table(document, "counting", FILE)), controls,
    )  # fmt: skip


def _control(row: object, number: int, measures: Mapping[str, Measured]) -> Control:
    if not isinstance(row, dict):
        raise GuidelinesRefused(f"{FILE}: control {number}", "A table is needed here.")
    where = f"{FILE}: control {row.get('id') or number}"
    if unknown := sorted(set(row) - CONTROL_FIELDS):
        raise GuidelinesRefused(f"{where}.{unknown[0]}", "This field is not known.")
    side = row.get("side")
    if side not in [s.value for s in Side]:
        raise GuidelinesRefused(f"{where}.side", f"{side!r} is no side: use one of {list(BEGINS)}.")
    name = _text(row, "id", where)
    if not name.startswith(BEGINS[Side(side)]) or not name[2:].isdigit():
        raise GuidelinesRefused(
            f"{where}.id", f"{name!r} does not fit its side: {BEGINS[Side(side)]} and a number."
        )
    measure = row.get("measure", "")
    if measure and measure not in measures:
        raise GuidelinesRefused(f"{where}.measure", f"There is no measure {measure!r}.")
    return Control(
        name, Side(side), _number(row, "paragraph", where), _text(row, "text", where),
        _text(row, "proof", where), _origin(row, where), measures.get(measure),
    )  # fmt: skip


def _origin(row: Mapping[str, Any], where: str) -> Origin:
    if row.get("confidence") not in CONFIDENCES:
        raise GuidelinesRefused(f"{where}.confidence", f"Use one of {CONFIDENCES}.")
    confirmed_by = row.get("confirmed_by", "")
    if not isinstance(confirmed_by, str):
        raise GuidelinesRefused(f"{where}.confirmed_by", "Write the name of who compared it.")
    return Origin(_public(row, where), row["confidence"] == "sourced", confirmed_by.strip())


def _measure(name: str, row: Mapping[str, Any]) -> Measured:
    where = f"{FILE}: measure.{name}"
    _ours_or_public(row, where)
    target = _number(row, "target", where)
    if target > 100:
        raise GuidelinesRefused(f"{where}.target", f"{target} is more than the whole.")
    return Measured(
        name, _text(row, "counts", where), _text(row, "of", where), target,
        _number(row, "enough", where),
    )  # fmt: skip


def _counting(row: Mapping[str, Any]) -> Counting:
    where = f"{FILE}: counting"
    _ours_or_public(row, where)
    numbers = {name: _number(row, name, where) for name in NUMBERS}
    if not numbers["office_from"] < numbers["office_until"] <= 24:
        raise GuidelinesRefused(f"{where}.office_until", "Office hours end after they begin.")
    days_off = row.get("days_off")
    if not isinstance(days_off, list) or any(d not in range(1, 8) for d in days_off):
        raise GuidelinesRefused(f"{where}.days_off", "Name days of the week, 1 for Monday to 7.")
    return Counting(days_off=tuple(days_off), **numbers)


def _distinct(controls: tuple[Control, ...]) -> None:
    seen: set[str] = set()
    for control in controls:
        if control.control in seen:
            raise GuidelinesRefused(f"{FILE}: control {control.control}", "It stands here twice.")
        seen.add(control.control)


def _all_used(controls: tuple[Control, ...], measures: Mapping[str, Measured]) -> None:
    used = {control.measured.measure for control in controls if control.measured}
    for name in sorted(set(measures) - used):
        raise GuidelinesRefused(f"{FILE}: measure.{name}", "No control is measured by this.")


def _table(document: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    table = document.get(name)
    if not isinstance(table, dict):
        raise GuidelinesRefused(f"{where}: {name}", "A table is needed here.")
    return table


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    text = row.get(name)
    if not isinstance(text, str) or not text.strip():
        raise GuidelinesRefused(f"{where}.{name}", "This is missing.")
    return text


def _public(row: Mapping[str, Any], where: str) -> str:
    source = _text(row, "source", where)
    if not source.startswith(("https://", "http://")):
        raise GuidelinesRefused(f"{where}.source", f"{source!r} is no public address.")
    return source


def _ours_or_public(row: Mapping[str, Any], where: str) -> str:
    return OURS if row.get("source") == OURS else _public(row, where)


def _number(row: Mapping[str, Any], name: str, where: str) -> int:
    value = row.get(name)
    if type(value) is not int or value < 1:
        raise GuidelinesRefused(f"{where}.{name}", f"{value!r} is not a number above zero.")
    return value
