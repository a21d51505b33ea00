"""Adds rows to a table with one statement, whose text is composed once a process.

What ``bulk_create`` composes anew each time, and what the driver asks of each value alone, costs
more than the database needs to store it: here a column goes in as one array, written as text. Keys
that the database makes are not read back; a model with an array or a computed column is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db import DataError, connection
from django.db.models import AutoField, Field, Model

Writer = Callable[[Any], str]
AnyField: TypeAlias = "Field[Any, Any]"


def insert_rows(rows: Iterable[Model]) -> None:
    """Store new rows of one model, in their order; raises what the database refuses."""
    rows = list(rows)
    if not rows:
        return
    fields = _stored(type(rows[0]))
    _insert(fields, [[getattr(row, field.attname) for row in rows] for field in fields])
    for row in rows:
        row._state.adding = False


def insert_values(
    model: type[Model], names: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Store rows given as values of the named columns; the others stay as the table has it."""
    if rows:
        by_name = {field.attname: field for field in _stored(model)}
        fields = tuple(by_name[name] for name in names)
        _insert(fields, list(zip(*rows, strict=True)))


def array(values: Iterable[object], kind: str) -> str:
    """The array of these values, in PostgreSQL's text form; ``kind`` as the database names it."""
    if (plain := PLAIN.get(kind)) is not None:
        values = list(values)
        with suppress(TypeError):
            return plain(values)
    write = WRITERS[kind]
    return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"


def _insert(fields: tuple[AnyField, ...], columns: Sequence[Iterable[object]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(fields),
            [array(column, _kind(f)) for f, column in zip(fields, columns, strict=True)],
        )


@cache
def _stored(model: type[Model]) -> tuple[AnyField, ...]:
    fields = tuple(f for f in model._meta.concrete_fields if not isinstance(f, AutoField))
    for field in fields:
        if _kind(field) not in WRITERS or field.generated:
            raise TypeError(f"{model.__name__}.{field.name} cannot be stored so: use bulk_create.")
    return fields


@cache
def _statement(fields: tuple[AnyField, ...]) -> str:
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(f"%s::{_kind(field)}[]" for field in fields)
    # No value is in the text: names and types of the model only.
    table = fields[0].model._meta.db_table
    return f'insert into "{table}" ({names}) select * from unnest({values})'  # noqa: S608


@cache
def _kind(field: AnyField) -> str:
    """The column's type; text has no length here, since a cast would cut what is too long."""
    found = field.db_type(connection) or ""
    return "text" if found.startswith("varchar") else found


def _numbers(values: list[Any]) -> str:
    """An array of whole numbers; raises TypeError if one is something else."""
    if None in values:
        write = int.__repr__
        return "{" + ",".join(["NULL" if x is None else write(x) for x in values]) + "}"
    return "{" + ",".join(map(int.__repr__, values)) + "}"


def _texts(values: list[Any]) -> str:
    """An array of texts without signs that have to be written otherwise; or raises TypeError."""
    if not values or not _are_plain("".join(values)):
        raise TypeError
    return '{"' + '","'.join(values) + '"}'


def _are_plain(text: str) -> bool:
    return not ('"' in text or "\\" in text or "\0" in text)


def _number(value: object) -> str:
    return str(int(value))  # type: ignore[call-overload]


def _truth(value: object) -> str:
    return "t" if value else "f"


def _uuid(value: object) -> str:
    return (value if isinstance(value, UUID) else UUID(str(value))).hex


def _moment(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise DataError(f"{value!r} is no moment with a time zone.")
    return f'"{value.isoformat()}"'


def _text(value: object) -> str:
    told = str(value)
    if "\0" in told:
        raise DataError("Text cannot contain NUL (0x00) bytes.")
    return '"' + told.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bytes(value: Any) -> str:
    return '"\\\\x' + bytes(value).hex() + '"'


def _json(value: object) -> str:
    return _text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


# Whole columns at once, where every value is of the plain kind; else each by its writer.
PLAIN: Final[Mapping[str, Callable[[list[Any]], str]]] = {
    "smallint": _numbers,
    "integer": _numbers,
    "bigint": _numbers,
    "text": _texts,
}
WRITERS: Final[Mapping[str, Writer]] = {
    "uuid": _uuid,
    "smallint": _number,
    "integer": _number,
    "bigint": _number,
    "boolean": _truth,
    "timestamp with time zone": _moment,
    "text": _text,
    "bytea": _bytes,
    "jsonb": _json,
}
