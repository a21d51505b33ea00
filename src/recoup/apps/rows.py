"""Adds rows to a table with one statement, whose text is composed once a process.

What ``bulk_create`` composes anew each time costs more than the database needs to do it. Keys that
the database makes are not read back; a model with an array or a computed column is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import AutoField, Field, GeneratedField, Model

Fields = tuple["Field[Any, Any]", ...]


def insert_rows(rows: Iterable[Model]) -> None:
    """Store new rows of one model, in their order; raises what the database refuses."""
    rows = list(rows)
    if not rows:
        return
    statement, fields = _composed(type(rows[0]))
    columns = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
    for row in rows:
        row._state.adding = False


@cache
def _composed(model: type[Model]) -> tuple[str, Fields]:
    fields = tuple(f for f in model._meta.concrete_fields if not isinstance(f, AutoField))
    for field in fields:
        if isinstance(field, ArrayField | GeneratedField):
            raise TypeError(f"{model.__name__}.{field.name} cannot be stored so: use bulk_create.")
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    # No value is in the text: names and types of the model only.
    table = model._meta.db_table
    statement = f'insert into "{table}" ({names}) select * from unnest({values})'  # noqa: S608
    return statement, fields


def _type(field: Field[Any, Any]) -> str:
    """The column's type; text has no length here, since a cast would cut what is too long."""
    found = field.db_type(connection) or ""
    return "text" if found.startswith("varchar") else found
