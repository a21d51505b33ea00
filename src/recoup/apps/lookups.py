"""``field__any=values``: like ``in``, with the values as one array.

``in`` composes a parameter for each value: three times the work for a few hundred of them. A key of
another table is named by its field: ``account__id__any``.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.sql.compiler import SQLCompiler


@Field.register_lookup
class AnyOf(Lookup):
    """The column has one of the values; none of an empty list."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.db_type(connection)
        return f"{column} = any(%s::{kind}[])", (*params, list(self.rhs))
