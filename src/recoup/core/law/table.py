"""One table of a document of law, read key by key: nothing is left over and nothing is guessed.

Every refusal names its place, such as ``law/RS.toml: basis[2].source``.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from recoup.core.said import Said

T = TypeVar("T")
UNITS: Final = ("days", "hours", "minutes", "seconds")
INVENTED: Final = "invented for the demonstration"
MOST: Final = 100_000


class PackRefused(Exception):
    """A file or stored version cannot be used. where: the place in it."""

    def __init__(self, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


class Table:
    """One table of a document: every key is taken once, and none may be left over."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, Mapping):
            raise PackRefused(where, Said("A table is needed here."))
        self.left, self.where = dict(values), where

    def refuse(self, key: str, problem: str) -> PackRefused:
        return PackRefused(f"{self.where}.{key}" if key else self.where, problem)

    def take(self, key: str, kind: type[T], *, default: T | None = None) -> T:
        value = self.left.pop(key, None)
        if value is None and default is not None:
            return default
        if value is None:
            raise self.refuse(key, Said("This is missing."))
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.refuse(
                key, Said("%(value)s is not a %(kind)s.", value=repr(value), kind=kind.__name__)
            )
        return value

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self.take(key, str, default=default)
        if default is None and not value.strip():
            raise self.refuse(key, Said("This is empty."))
        return value

    def texts_if_any(self, key: str) -> tuple[str, ...]:
        return self.texts(key) if key in self.left else ()

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list)
        if not values or not all(isinstance(value, str) and value for value in values):
            raise self.refuse(key, Said("A list of words is needed here."))
        return tuple(values)

    def above_zero(self, key: str) -> int:
        value = self.take(key, int)
        if value <= 0:
            raise self.refuse(key, Said("%(value)s is not above zero.", value=value))
        return value

    def duration(self, key: str) -> timedelta:
        parts = self.take(key, dict)
        is_whole = all(type(n) is int and 0 <= n <= MOST for n in parts.values())
        if not parts or not is_whole or set(parts) - set(UNITS):
            raise self.refuse(key, "Write a duration like { hours = 8 } in whole units.")
        return timedelta(**parts)

    def duration_if_any(self, key: str) -> timedelta | None:
        return self.duration(key) if key in self.left else None

    def day_if_any(self, key: str) -> date | None:
        if key not in self.left:
            return None
        text = self.text(key)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.refuse(key, Said("%(value)s is not a day.", value=repr(text))) from None

    def known(self, key: str, words: Container[str], what: str) -> tuple[str, ...]:
        """A list of words, each of which is known and stands once."""
        found = self.texts(key)
        for word in found:
            if word not in words:
                raise self.refuse(
                    key, Said("%(word)s is not %(what)s.", word=repr(word), what=what)
                )
        if len(set(found)) < len(found):
            raise self.refuse(key, Said("A word stands here twice."))
        return found

    def known_if_any(self, key: str, words: Container[str], what: str) -> tuple[str, ...]:
        return self.known(key, words, what) if key in self.left else ()

    def rows_if_any(self, key: str, read: Callable[[Table], T]) -> tuple[T, ...]:
        return self.rows(key, read) if key in self.left else ()

    def rows(self, key: str, read: Callable[[Table], T]) -> tuple[T, ...]:
        """Read a list of tables; it may not be empty."""
        values = self.take(key, list)
        if not values:
            raise self.refuse(key, Said("There has to be at least one."))
        found = []
        for place, row in enumerate(values):
            table = Table(row, f"{self.where}{joint(self.where)}{key}[{place}]")
            found.append(read(table))
            table.end()
        return tuple(found)

    def end(self) -> None:
        if self.left:
            raise self.refuse(sorted(map(str, self.left))[0], Said("This key is not known here."))


def joint(where: str) -> str:
    return ": " if where.endswith(".toml") else "."


def source_of(table: Table, *, is_assumed: bool) -> str:
    source = table.text("source")
    if is_assumed and source != INVENTED:
        raise table.refuse(
            "source", Said("What is assumed has the source %(source)s.", source=repr(INVENTED))
        )
    if not is_assumed and not source.startswith("https://"):
        raise table.refuse(
            "source", Said("The source is a public address that begins with https://.")
        )
    return source


def one_each(table: Table, key: str, names: list[str]) -> None:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise table.refuse(key, Said("%(name)s stands here twice.", name=repr(twice)))


def by_word(
    document: Mapping[str, Any], where: str, key: str, read: Callable[[Table], tuple[str, T]]
) -> Mapping[str, T]:
    """A document that is one list: what ``read`` makes of each row, by the row's own word."""
    table = Table(document, where)
    rows = table.rows(key, read)
    table.end()
    one_each(table, key, [word for word, _ in rows])
    return dict(rows)
