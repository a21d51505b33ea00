"""Loads the thresholds of patterns and links into core's types; incomplete ones are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from recoup.core import linking
from recoup.core.patterns import (
    KINDS,
    Amounts,
    CleanLedger,
    Cycle,
    Fan,
    Indicators,
    Origin,
    PassThrough,
    PeelChain,
    Structuring,
    Thresholds,
)
from recoup.data import read_toml

FILE: Final = "indicators.toml"
OURS: Final = "proposal of this project"
CONFIDENCES: Final = ("sourced", "general-knowledge", "proposal")
UNITS: Final = ("days", "hours", "minutes")
SHAPES: Final[Mapping[str, type]] = {
    "fan_in": Fan, "fan_out": Fan, "pass_through": PassThrough, "cycle": Cycle,
    "peel_chain": PeelChain, "structuring": Structuring,
}  # fmt: skip

T = TypeVar("T")


class IndicatorsRefused(Exception):
    """The file cannot be used. where: the place in it."""

    def __init__(self, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


@cache
def load_indicators() -> Indicators:
    """Return the thresholds of this installation, with where each comes from."""
    return read_indicators(read_toml(FILE))


@cache
def load_link_limits() -> linking.Limits:
    """Return how many reports may share an identifier, by its kind."""
    return read_link_limits(read_toml(FILE))


def read_link_limits(document: Mapping[str, Any]) -> linking.Limits:
    """Read the limits of a document; raises IndicatorsRefused."""
    for name in ("source", "confidence", "to_check"):
        _text(_table(document, "links", FILE), name, f"{FILE}: links")
    rows = _table(document, "identifier", FILE)
    if set(rows) != set(linking.KINDS):
        kinds = ", ".join(linking.KINDS)
        raise IndicatorsRefused(f"{FILE}: identifier", f"There has to be one of each: {kinds}.")
    limits = {kind: _limit(_table(rows, kind, FILE), kind) for kind in linking.KINDS}
    return MappingProxyType(limits)


def _limit(row: Mapping[str, Any], kind: str) -> linking.Limit:
    where = f"{FILE}: identifier.{kind}"
    _text(row, "why", where)
    alone, more = row.get("alone"), row.get("with_another")
    if type(alone) is not int or type(more) is not int or not 0 <= alone <= more:
        raise IndicatorsRefused(where, "alone is a number from 0, with_another not below it.")
    return linking.Limit(alone, more)


def read_indicators(document: Mapping[str, Any]) -> Indicators:
    """Read the patterns of a document; raises IndicatorsRefused."""
    patterns = _table(document, "pattern", FILE)
    if set(patterns) != set(KINDS):
        raise IndicatorsRefused(f"{FILE}: pattern", f"There has to be one of each: {KINDS}.")
    read = {kind: _pattern(kind, _table(patterns, kind, FILE)) for kind in KINDS}
    thresholds = Thresholds(**{kind: threshold for kind, (threshold, _) in read.items()})
    amounts = _table(document, "amount", FILE)
    return Indicators(
        thresholds,
        MappingProxyType({code: _amounts(code, row) for code, row in amounts.items()}),
        MappingProxyType({kind: origin for kind, (_, origin) in read.items()}),
        _filled(CleanLedger, _table(document, "clean_ledger", FILE), f"{FILE}: clean_ledger"),
        _text(document, "caution", FILE),
    )


def _pattern(kind: str, row: Mapping[str, Any]) -> tuple[Any, Origin]:
    where = f"{FILE}: pattern.{kind}"
    names = {field.name for field in fields(Origin)}
    origin = _origin({name: row[name] for name in row if name in names}, where)
    values = {name: row[name] for name in row if name not in names}
    values["window"] = _window(values, where)
    threshold: Any = _filled(SHAPES[kind], values, where)
    for name in ("percent", "peeled_percent"):
        if values.get(name, 1) > 100:
            raise IndicatorsRefused(f"{where}.{name}", f"{values[name]} is more than the whole.")
    if kind == "cycle" and values["percent"] < 50:
        raise IndicatorsRefused(f"{where}.percent", "The search for cycles needs 50 or more.")
    return threshold, origin


def _origin(row: dict[str, Any], where: str) -> Origin:
    row["indicators"] = tuple(row.get("indicators", ()))
    rate = row.get("clean_per_100_000")
    if not isinstance(rate, int) or rate < 0:
        raise IndicatorsRefused(f"{where}.clean_per_100_000", f"{rate!r} is not a number from 0.")
    for name in ("says", "source", "to_check"):
        _text(row, name, where)
    for name in ("confidence", "numbers"):
        if row.get(name) not in CONFIDENCES:
            raise IndicatorsRefused(f"{where}.{name}", f"Use one of {CONFIDENCES}.")
    is_public = row["source"].startswith(("https://", "http://"))
    if is_public == (row["source"] == OURS) or (row["source"] == OURS) != (
        row["confidence"] == "proposal"
    ):
        raise IndicatorsRefused(
            f"{where}.source", f"Give a public address, or {OURS!r} with confidence 'proposal'."
        )
    return Origin(**row)


def _amounts(code: str, row: Mapping[str, Any]) -> Amounts:
    where = f"{FILE}: amount.{code}"
    limit = row.get("limit")
    if limit is not None:
        for name in ("limit_is", "source"):
            _text(row, name, where)
    values = {"least": row.get("least")} | ({} if limit is None else {"limit": limit})
    return _filled(Amounts, values, where)


def _filled(shape: type[T], values: Mapping[str, Any], where: str) -> T:
    """Fill a core type with whole numbers above zero, none missing and none too many."""
    for name, value in values.items():
        is_whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if not is_whole and not isinstance(value, timedelta):
            raise IndicatorsRefused(f"{where}.{name}", f"{value!r} is not a number above zero.")
    try:
        return shape(**values)
    except TypeError as wrong:
        raise IndicatorsRefused(where, f"A number is missing or not known: {wrong}.") from None


def _window(row: Mapping[str, Any], where: str) -> timedelta:
    parts = row.get("window")
    is_right = (
        isinstance(parts, dict)
        and bool(parts)
        and not set(parts) - set(UNITS)
        and all(type(n) is int and 0 < n <= 10_000 for n in parts.values())
    )
    if not is_right or parts is None:
        raise IndicatorsRefused(f"{where}.window", "Write a time like { hours = 24 }.")
    return timedelta(**parts)


def _table(document: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    table = document.get(name)
    if not isinstance(table, dict):
        raise IndicatorsRefused(f"{where}: {name}", "A table is needed here.")
    return table


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    text = row.get(name)
    if not isinstance(text, str) or not text.strip():
        raise IndicatorsRefused(f"{where}.{name}", "This is missing.")
    return text
