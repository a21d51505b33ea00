"""How Django writes a statement, less what it does again for each column of each statement.

A page asks some twenty statements of many columns, and writing them was a third of its work. The
columns of one table's rows are written once. A column's name is put together at once; it is
compared with what the rows are ordered by only where that could be a column (an expression, not a
name); and what needs no conversion is not asked twice. The statements are the same, letter for
letter.

What is found by its key is asked with a plan that the database keeps (ADR 0004).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.backends.postgresql import compiler
from django.db.backends.postgresql.compiler import (
    SQLAggregateCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)
from django.db.models import Model
from django.db.models.expressions import Col
from django.db.models.lookups import Exact, In
from django.db.models.sql.where import AND, OR, WhereNode

__all__ = [
    "SQLAggregateCompiler",
    "SQLCompiler",
    "SQLDeleteCompiler",
    "SQLInsertCompiler",
    "SQLUpdateCompiler",
]


def _is_one_value(lookup: Exact | In) -> bool:
    given = lookup.rhs
    if isinstance(lookup, In):
        return isinstance(given, list | tuple | set | frozenset) and len(given) == 1
    return not hasattr(given, "resolve_expression")


Shape = tuple[type[Model], str, frozenset[str], bool]
# The columns of a shape as they stand in statements, and of what model its rows are.
_SELECTS: dict[Shape, tuple[tuple[Any, ...], dict[str, Any] | None]] = {}


# What a case, a report, a request or a ticket has is few rows, whoever asks.
FEW_ROWS: Final = frozenset({"case_id", "report_id", "request_id", "ticket_id"})
FEW_ROWS_OF: Final = {
    "members_mandate": frozenset({"person_id"}),
    "cases_caselink": frozenset({"low_id", "high_id"}),
    "cases_linkjudged": frozenset({"case_id", "judged_in_id"}),
}


def _is_of_key(condition: Any, table: str) -> bool:
    """Whether a condition alone leaves the few rows of one key, or of one key or another."""
    if isinstance(condition, WhereNode):
        either = condition.children if condition.connector == OR else []
        is_plain = bool(either) and not condition.negated
        return is_plain and all(_is_of_key(one, table) for one in either)
    return (
        isinstance(condition, Exact | In)
        and isinstance(condition.lhs, Col)
        and condition.lhs.alias == table
        and (
            condition.lhs.target.unique
            or condition.lhs.target.column in FEW_ROWS_OF.get(table, FEW_ROWS)
        )
        and _is_one_value(condition)
    )


class SQLCompiler(compiler.SQLCompiler):
    """Writes what Django's own does, and asks with a plan that is kept where one plan suits all."""

    def execute_sql(self, *how: Any, **more: Any) -> Any:
        is_in_pieces = more.get("chunked_fetch") or how[1:2] == (True,)
        if is_in_pieces or not self._is_found_by_key():
            return super().execute_sql(*how, **more)
        backend: Any = self.connection
        with backend.plans_kept():
            return super().execute_sql(*how, **more)

    def _is_found_by_key(self) -> bool:
        """Whether the rows are of one key, so that the plan is the same for each organisation."""
        query = self.query
        where = query.where
        if query.combinator or where.negated or where.connector != AND or not query.model:
            return False
        table = query.model._meta.db_table
        return any(_is_of_key(one, table) for one in where.children)

    def as_sql(self, *how: Any, **more: Any) -> Any:
        """Of a query that asks by keys (``apps/keyed.py``) the text is there already."""
        known = vars(self.query)
        if (written := known.get("written")) is None:
            return super().as_sql(*how, **more)
        return written.with_keys(self, known["keys"])

    def quote_name_unless_alias(self, name: str) -> str:
        known: str | None = self.quote_cache.get(name)
        return known if known is not None else super().quote_name_unless_alias(name)

    def get_select(self, with_col_aliases: bool = False) -> tuple[Any, Any, Any]:
        shape = None if with_col_aliases else self._shape()
        if shape is None:
            found: tuple[Any, Any, Any] = super().get_select(with_col_aliases)
            return found
        if shape not in _SELECTS:
            select, rows_are, _ = super().get_select()
            _SELECTS[shape] = (tuple(select), rows_are)
        columns, rows_are = _SELECTS[shape]
        return list(columns), rows_are and dict(rows_are), {}

    def _shape(self) -> Shape | None:
        """What alone decides the columns of a query for rows of one table; else None."""
        query = self.query
        if (
            not query.default_cols or query.select_related or query.selected is not None
            or query.extra_select or query.annotation_select or not query.model
            or query.model._meta.parents
        ):  # fmt: skip
            return None
        names, are_left_out = query.deferred_loading
        return query.model, query.get_initial_alias(), frozenset(names), are_left_out

    def compile(self, node: Any) -> tuple[str, Any]:
        if type(node) is not Col or not node.alias:
            found: tuple[str, Any] = super().compile(node)
            return found
        alias, column = node.alias, str(node.target.column)
        quoted, quote = self.quote_cache, self.quote_name_unless_alias
        return f"{quoted.get(alias) or quote(alias)}.{quoted.get(column) or quote(column)}", []

    def get_converters(self, expressions: list[Any]) -> dict[int, Any]:
        written = vars(self.query).get("written")
        if written is None:
            return self._converters(expressions)
        if not written.converters:
            written.converters.append(self._converters(expressions))
        of_columns: dict[int, Any] = written.converters[0]
        return of_columns

    def _converters(self, expressions: list[Any]) -> dict[int, Any]:
        found = {}
        for place, one in enumerate(expressions):
            if type(one) is not Col:
                whole: dict[int, Any] = super().get_converters(expressions)
                return whole
            shown, target = one.output_field, one.target
            converters = shown.get_db_converters(self.connection)
            if shown is not target and shown != target:
                converters = converters + target.get_db_converters(self.connection)
            if converters:
                found[place] = (converters, one)
        return found

    def _order_by_pairs(self) -> Iterator[Any]:  # type: ignore[override]  # stubs say None
        """Columns without a name of their own cannot be meant where the order is given by names."""
        whole = self.select
        if not self._is_ordered_by_names() or any(alias for _, _, alias in whole or ()):
            yield from self._compared()
            return
        self.select = []
        try:
            pairs = list(self._compared())
        finally:
            self.select = whole
        yield from pairs

    def _compared(self) -> Iterator[Any]:
        found: Any = super()._order_by_pairs
        return iter(found())

    def _is_ordered_by_names(self) -> bool:
        query = self.query
        if query.combinator or query.extra_order_by:
            return False
        meta = query.get_meta()
        given = query.order_by or (meta.ordering if meta else ())
        return all(isinstance(one, str) for one in given or ())
