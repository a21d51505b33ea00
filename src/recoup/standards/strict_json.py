"""JSON as RFC 8259 and RFC 7493 (I-JSON) write it, read without any leniency.

Refused, each with its place: other encodings than UTF-8, a key twice in one object, NaN and
Infinity, whole numbers that others would round, fractions unless they are asked for, lone
surrogates, NUL, too many bytes, too deep nesting. What is read can be stored and signed.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

MOST_BYTES: Final = 1_048_576
MOST_DEPTH: Final = 20
LARGEST_INT: Final = 2**53 - 1
SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Where a value stands: where its list or object does, and its key or number in it.
_Place = tuple[Any, Any] | None
QUOTED_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class NotStrictJson(Exception):
    """The document is refused. where: a path like ``$.lines[3].amount``, or line and column."""

    def __init__(self, where: str, problem: str, *, code: str = "not_json") -> None:
        self.where, self.problem, self.code = where, problem, code
        super().__init__(f"{problem} (at {where})")


class _Refused:
    """Stands where a value was that cannot be taken, until its path is known."""

    __slots__ = ("code", "problem")

    def __init__(self, problem: str, code: str) -> None:
        self.problem, self.code = problem, code


def _short(text: str) -> str:
    plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:40])
    return plain + ("…" if len(text) > 40 else "")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Refused:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    keys = [key for key, _ in pairs]
    twice = next(key for place, key in enumerate(keys) if key in keys[:place])
    return _Refused(f"The key “{_short(twice)}” stands here twice.", "key_twice")


def _whole(text: str) -> int | _Refused:
    if len(text) > 17 or abs(int(text)) > LARGEST_INT:
        return _Refused(
            f"The number has {len(text.lstrip('-'))} digits; the largest is {LARGEST_INT}.",
            "number_too_large",
        )
    return int(text)


def _fraction(text: str) -> _Refused:
    return _Refused(
        f"“{_short(text)}” is not a whole number. Amounts are whole minor units or text.",
        "not_whole",
    )


def _finite(text: str) -> float | _Refused:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        return _Refused(f"The number “{_short(text)}” is too large.", "number_too_large")
    return number


def _constant(text: str) -> _Refused:
    return _Refused(f"{text} is not JSON.", "not_json")


def _check_depth(document: bytes, most: int) -> None:
    depth = 0
    for found in QUOTED_OR_BRACKET.finditer(document):
        sign = found.group()
        if sign in (b"[", b"{"):
            depth += 1
            if depth > most:
                raise NotStrictJson(
                    f"byte {found.start() + 1}",
                    f"Lists and objects stand more than {most} deep.",
                    code="too_deep",
                )
        elif sign in (b"]", b"}"):
            depth -= 1


def _check_text(text: str, place: _Place, what: str) -> None:
    if "\x00" in text:
        raise NotStrictJson(_path(place), f"A NUL stands in this {what}.", code="nul")
    if not text.isascii() and SURROGATE.search(text):
        raise NotStrictJson(
            _path(place), f"Half of a surrogate pair stands in this {what}.", code="surrogate"
        )


def _path(place: _Place) -> str:
    steps = []
    while place is not None:
        place, step = place
        steps.append(f"[{step}]" if isinstance(step, int) else f".{_short(step)}")
    return "$" + "".join(reversed(steps))


def _check_values(document: Any) -> None:
    """Look at every key and value in the order of the document."""
    waiting: list[tuple[Any, _Place]] = [(document, None)]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, str):
            _check_text(value, place, "text")
        elif isinstance(value, dict):
            for key in value:
                _check_text(key, place, "key")
            waiting.extend((item, (place, key)) for key, item in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((value[i], (place, i)) for i in reversed(range(len(value))))
        elif isinstance(value, _Refused):
            raise NotStrictJson(_path(place), value.problem, code=value.code)


def loads(
    document: bytes,
    *,
    max_bytes: int = MOST_BYTES,
    max_depth: int = MOST_DEPTH,
    fractions: bool = False,
) -> Any:
    """Return the value that a document holds; raises NotStrictJson.

    fractions: whether numbers with a point or exponent are taken, as floats.
    """
    if len(document) > max_bytes:
        raise NotStrictJson(
            "the whole",
            f"The document has {len(document)} bytes; {max_bytes} are taken at most.",
            code="too_long",
        )
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson(
            f"byte {error.start + 1}", "The document is not UTF-8.", code="not_utf_8"
        ) from None
    if text.startswith("\ufeff"):
        raise NotStrictJson("byte 1", "A byte order mark stands before the document.", code="bom")
    _check_depth(document, max_depth)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_finite if fractions else _fraction,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotStrictJson(where, f"This is not JSON: {error.msg}.") from None
    _check_values(value)
    return value
