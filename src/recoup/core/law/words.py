"""The words that measures, packs and requests are written in, each with a name for people.

Kinds of organisation, roles, categories of data, dangers, grounds of refusal, codes and parts of an
answer, and the fields of a request with their types, which forms and validators share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from recoup.core.law.table import Table, one_each


class FieldType(StrEnum):
    """What stands in a field of a request."""

    ACCOUNT = "account"
    BOOL = "bool"
    DATE = "date"
    DURATION = "duration"
    ENUM = "enum"
    FILE = "file"
    INTERVAL = "interval"
    LIST = "list"
    MONEY = "money"
    PARTY = "party"
    REF = "ref"
    SIGNATURE = "signature"
    STRING = "string"
    TEXT = "text"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the API with its name. text: what it means, where the name does not say it."""

    word: str
    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a request. values: the words of an enum, none for every other type."""

    field: str
    type: FieldType
    name: str
    text: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Every list of words, each by the word."""

    kinds: Mapping[str, Word]
    roles: Mapping[str, Word]
    categories: Mapping[str, Word]
    dangers: Mapping[str, Word]
    grounds: Mapping[str, Word]
    codes: Mapping[str, Word]
    answers: Mapping[str, Word]
    fields: Mapping[str, Field]


def read_words(document: Mapping[str, Any], *, where: str) -> Words:
    """Return the words of a document; raises PackRefused with the place."""
    table = Table(document, where)
    lists = {name: _by_word(table, name) for name in _LISTS if name != "fields"}
    found = table.rows("fields", _field)
    one_each(table, "fields", [field.field for field in found])
    table.end()
    return Words(**lists, fields={field.field: field for field in found})


def _by_word(table: Table, name: str) -> dict[str, Word]:
    words = table.rows(name, _word)
    one_each(table, name, [word.word for word in words])
    return {word.word: word for word in words}


def _word(row: Table) -> Word:
    return Word(row.text("id"), row.text("name"), row.text("text", default=""))


def _field(row: Table) -> Field:
    kind = row.text("type")
    if kind not in frozenset(FieldType):
        raise row.refuse("type", f"{kind!r} is none of {', '.join(FieldType)}.")
    field = Field(
        field=row.text("id"),
        type=FieldType(kind),
        name=row.text("name"),
        text=row.text("text"),
        values=row.texts_if_any("values"),
    )
    if bool(field.values) != (field.type is FieldType.ENUM):
        raise row.refuse("values", "An enum names its values, and nothing else does.")
    return field


_LISTS = tuple(entry.name for entry in fields(Words))
