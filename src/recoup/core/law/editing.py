"""A country's law as its ministry edits it: one power changed, added or taken out of a document.

A document is what a version was read from, as plain JSON values. Nothing here decides whether the
result is a law: the reader does (``read_pack``), with the place. Only powers are edited. What the
chain of holds rests on (its measures, caps and ladder) was signed by two persons of another unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from recoup.core.said import Said

EDITED: Final = frozenset({"power", "missing", "version"})
Document = Mapping[str, Any]


class EditRefused(Exception):
    """A document cannot be changed like this. field: the place in the form."""

    def __init__(self, said: Said, *, field: str = "") -> None:
        self.said, self.field = said, field
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Lack:
    """Why no power is known for a measure, where it was looked for, and what is to be read."""

    why: str
    source: str
    to_check: str


def next_version(document: Document) -> dict[str, Any]:
    """The same law as the version that follows."""
    return {**document, "version": document["version"] + 1}


def row_of(document: Document, power: str) -> dict[str, Any]:
    """A power's own row; raises EditRefused."""
    for row in document.get("power", ()):
        if row["id"] == power:
            return dict(row)
    raise EditRefused(Said("There is no power %(power)s in this law.", power=power[:64]))


def with_power(document: Document, row: Mapping[str, Any]) -> dict[str, Any]:
    """The law with this row in the place of the power of its id, or behind the others."""
    rows = list(document.get("power", ()))
    places = [place for place, old in enumerate(rows) if old["id"] == row["id"]]
    if places:
        rows[places[0]] = dict(row)
    else:
        rows.append(dict(row))
    lacking = [_without(old, row["measure"]) for old in document.get("missing", ())]
    return _with(document, power=rows, missing=[old for old in lacking if old["measures"]])


def without_power(document: Document, power: str, *, lack: Lack | None = None) -> dict[str, Any]:
    """The law without a power. lack: what is said of its measure where this was the last one."""
    gone = row_of(document, power)
    rows = [row for row in document.get("power", ()) if row["id"] != power]
    missing = list(document.get("missing", ()))
    if not any(row["measure"] == gone["measure"] for row in rows):
        if lack is None or not (lack.why.strip() and lack.to_check.strip()):
            raise EditRefused(
                Said(
                    "This is the last power for %(measure)s. Say why there is none any more, and "
                    "what has to be read.",
                    measure=gone["measure"],
                ),
                field="why",
            )
        missing.append({"measures": [gone["measure"]], "why": lack.why, "source": lack.source,
                        "to_check": lack.to_check})  # fmt: skip
    return _with(document, power=rows, missing=missing)


def refuse_other_changes(before: Document, after: Document) -> None:
    """Raise EditRefused where more than powers differs, or the number is not the next one."""
    names = set(before) | set(after)
    other = sorted(n for n in names - EDITED if before.get(n) != after.get(n))
    if other:
        raise EditRefused(
            Said("Only powers are changed here; %(names)s differs.", names=", ".join(other))
        )
    if after["version"] != before["version"] + 1:
        raise EditRefused(
            Said(
                "The version after %(before)d is not %(after)d.",
                before=before["version"], after=after["version"],
            )
        )  # fmt: skip


def _without(row: Mapping[str, Any], measure: str) -> dict[str, Any]:
    return {**row, "measures": [name for name in row["measures"] if name != measure]}


def _with(document: Document, **lists: list[Any]) -> dict[str, Any]:
    """The document with these lists; an empty list is not written at all."""
    kept = {name: value for name, value in document.items() if name not in lists}
    return {**kept, **{name: rows for name, rows in lists.items() if rows}}
