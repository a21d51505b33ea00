"""Reading the objects of a file of cases strictly: what is refused is named by case and key.

A key that the format does not know is refused too: a misspelt policy must not change an answer
in silence. A key that may be absent may also be null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from recoup.core.tracing.ledger import LedgerRefused


class CaseRefused(LedgerRefused):
    """A file of cases that breaks its format, or a case that has no right answer.

    case: its id. key: where in it the fault stands, such as ``transfers[2].amount``.
    """

    def __init__(self, problem: str, *, case: str = "", key: str = "", value: str = "") -> None:
        super().__init__(problem, value=value, key=key)
        self.case = case

    def __str__(self) -> str:
        place = [f"case {self.case}"] if self.case else []
        place += [f"key {self.key}"] if self.key else []
        return f"{', '.join(place)}: {self.problem}" if place else self.problem


class Facts:
    """One object of a case: its values, the keys it may have, and where it stands."""

    def __init__(self, facts: object, known: tuple[str, ...], *, case: str, key: str) -> None:
        self.case, self.key, self.known = case, key, known
        if not isinstance(facts, dict):
            raise self.refusal("", f"This is {_said(facts)}. It must be an object.")
        if isinstance(facts, _Doubled):
            raise self.refusal(facts.twice, "This key stands twice in one object. Keep one.")
        self.facts: dict[str, Any] = facts
        for name in facts:
            if name not in known:
                raise self.refusal(
                    name, f"The format does not know this key. Use one of: {', '.join(known)}."
                )

    def refusal(self, name: str, problem: str) -> CaseRefused:
        key = ".".join(part for part in (self.key, name) if part)
        return CaseRefused(problem, case=self.case, key=key, value=name)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if not isinstance(value, str):
            raise self.refusal(name, f"This is {_said(value)}. It must be a text.")
        return value

    def name_or_none(self, name: str) -> str | None:
        """Return a name; a whole number will do for one."""
        value = self.facts.get(name)
        return str(value) if _is_whole(value) else self.text(name, "") or None

    def whole(self, name: str) -> int:
        value = self._value(name)
        if not _is_whole(value):
            raise self.refusal(name, f"This is {_said(value)}. It must be a whole number.")
        return int(value)

    def whole_or_none(self, name: str) -> int | None:
        return None if self.facts.get(name) is None else self.whole(name)

    def units(self, name: str) -> int:
        value = self._value(name)
        if not _is_whole(value) or value < 0:
            raise self.refusal(
                name,
                f"This is {_said(value)}. It must be a whole number of minor units, zero or more.",
            )
        return int(value)

    def units_or_none(self, name: str) -> int | None:
        return None if self.facts.get(name) is None else self.units(name)

    def flag(self, name: str) -> bool:
        value = self._value(name, False)
        if not isinstance(value, bool):
            raise self.refusal(name, f"This is {_said(value)}. It must be true or false.")
        return value

    def table(self, name: str) -> dict[str, Any]:
        """Return an object as it is; empty if absent."""
        value = self._value(name, {})
        if not isinstance(value, dict):
            raise self.refusal(name, f"This is {_said(value)}. It must be an object.")
        return value

    def items(self, name: str) -> list[Any]:
        value = self._value(name)
        if not isinstance(value, list):
            raise self.refusal(name, f"This is {_said(value)}. It must be a list.")
        return value

    def within(self, name: str, known: tuple[str, ...]) -> Facts:
        """Return an object inside this one; without facts if absent."""
        key = ".".join(part for part in (self.key, name) if part)
        return Facts(self.table(name), known, case=self.case, key=key)

    def each(self, name: str, known: tuple[str, ...]) -> Iterator[Facts]:
        """Give each object of a list."""
        for number, entry in enumerate(self.items(name)):
            yield Facts(entry, known, case=self.case, key=f"{name}[{number}]")

    def _value(self, name: str, default: object = None) -> Any:
        value = self.facts.get(name)
        if value is None and default is None:
            raise self.refusal(name, "It is missing. Add it.")
        return default if value is None else value


class _Doubled(dict[str, Any]):
    """A JSON object in which a key stands twice; refused where it is read."""

    twice: str


def doubles_kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a JSON object that remembers if a key stands in it twice."""
    facts = dict(pairs)
    if len(facts) == len(pairs):
        return facts
    doubled = _Doubled(facts)
    doubled.twice = next(name for name, times in Counter(n for n, _ in pairs).items() if times > 1)
    return doubled


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _said(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
