"""Queries that ask by keys alone: composed once a process, then asked with other keys.

A case's page asks twenty of them, and composing each anew was a third of its work. A function that
gives such a query becomes one that gives its rows. What depends on anything else than its keys (a
list's filters, a number of keys) is composed as ever. The statement is the same, letter for letter.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, ParamSpec, TypeVar, get_type_hints
from uuid import UUID, uuid4

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
Keys = ParamSpec("Keys")

# What stands for a key while the statement is composed: nothing else in it has this value.
MARKS: Final[dict[type, Callable[[], Any]]] = {
    UUID: uuid4,
    int: lambda: 2**30 + secrets.randbelow(2**30),
    str: lambda: secrets.token_hex(16),
}
COMPOSED: Final = ("select", "klass_info", "annotation_col_map", "col_count", "has_extra_select")


@dataclass(frozen=True, slots=True)
class Written:
    """A statement, where its keys stand among the values, and how its columns become rows.

    converters: once the first rows were read, what makes of each column what its field holds.
    """

    sql: str
    values: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    columns: dict[str, Any]
    converters: list[dict[int, Any]] = field(default_factory=list)

    def with_keys(self, compiler: Any, keys: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        """What the compiler would have written; it knows then how to read the rows."""
        vars(compiler).update(self.columns)
        values = list(self.values)
        for place, key in self.places:
            values[place] = keys[key]
        return self.sql, tuple(values)


class Keyed(Generic[Keys, Row]):
    """The rows of a query for given keys: UUIDs, whole numbers and texts, as they are annotated."""

    known: Final[list[Keyed[Any, Any]]] = []

    def __init__(self, compose: Callable[Keys, QuerySet[Row]]) -> None:
        self.compose = compose
        self.__doc__, self.__name__ = compose.__doc__, compose.__name__
        self._composed: QuerySet[Row] | None = None
        self.known.append(self)

    def __call__(self, *keys: Keys.args, **none: Keys.kwargs) -> list[Row]:
        if none:
            raise TypeError(f"{self.__name__}: keys are given in their order, not by name.")
        if self._composed is None:
            self._composed = self._written()
        rows = self._composed.all()
        query: Any = rows.query
        query.keys = keys
        return list(rows)

    def kinds(self) -> list[type]:
        told = get_type_hints(self.compose)
        return [told[name] for name in inspect.signature(self.compose).parameters]

    def _written(self) -> QuerySet[Row]:
        compose: Any = self.compose
        marks = [MARKS[kind]() for kind in self.kinds()]
        rows: QuerySet[Row] = compose(*marks)
        compiler: Any = rows.query.get_compiler(rows.db)
        sql, values = compiler.as_sql()
        places = [(n, marks.index(one)) for n, one in enumerate(values) if one in marks]
        if {key for _, key in places} != set(range(len(marks))):
            raise TypeError(f"{self.__name__}: a key does not stand in the statement: {sql}")
        columns = {name: getattr(compiler, name) for name in COMPOSED}
        query: Any = rows.query
        query.written = Written(sql, tuple(values), tuple(places), columns)
        return rows


def keyed(compose: Callable[Keys, QuerySet[Row]]) -> Keyed[Keys, Row]:
    """Make of a function that gives a query one that gives its rows; called with keys in order."""
    return Keyed(compose)
