"""Migrations that hold their locks briefly: what they do is worked out before anything is locked.

Django renders the models anew for each operation, which takes seconds where there are many, and it
does so between the statements: a table that the first one locked stays locked all the while. Here
all statements are made first, without touching a table, and then run one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation


class AtOnce(SeparateDatabaseAndState):
    """The same operations in the same transaction, with nothing but their statements in it.

    Not for operations of Python, nor for one that has to look in the database at what another of
    them made.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(database_operations=operations, state_operations=operations)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.state_operations], {}

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for statement in self._statements(app_label, schema_editor, from_state):
            schema_editor.execute(statement, params=None)

    def _statements(self, app_label: str, schema_editor: Any, from_state: Any) -> list[str]:
        state = from_state.clone()
        with schema_editor.connection.schema_editor(collect_sql=True, atomic=False) as collector:
            for operation in self.database_operations:
                before = state.clone()
                operation.state_forwards(app_label, state)
                operation.database_forwards(app_label, collector, before, state)
        found: list[str] = collector.collected_sql
        return [one for one in found if not one.startswith("--")]


def at_once(operations: Sequence[Operation]) -> list[Operation]:
    """All operations of a migration as one."""
    return [AtOnce(operations)]
