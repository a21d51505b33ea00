"""Migrations that hold their locks briefly: what they do is worked out before anything is locked.

Django renders the models anew for each operation, which takes seconds where there are many, and it
does so between the statements: a table that the first one locked stays locked all the while. Here
all statements are made first, without touching a table, and then run one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    CreateModel,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation

# Operations of one kind that follow each other say the same whichever of them came before.
KINDS: Final[tuple[tuple[type[Operation], ...], ...]] = (
    (CreateModel,),
    (AddField, AddIndex, AddConstraint),
)
MANY: Final = 4  # operations after which rendering all models costs less than some after each


class AtOnce(SeparateDatabaseAndState):
    """The same operations in the same transaction, with nothing but their statements in it.

    Not for operations of Python, nor for one that has to look in the database at what another of
    them made.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(database_operations=operations, state_operations=operations)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.state_operations], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        _forward(app_label, state, self.state_operations)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for statement in self._statements(app_label, schema_editor, from_state):
            schema_editor.execute(statement, params=None)

    def _statements(self, app_label: str, schema_editor: Any, from_state: Any) -> list[str]:
        state = from_state.clone()
        with schema_editor.connection.schema_editor(collect_sql=True, atomic=False) as collector:
            for run in _alike(self.database_operations):
                before = state.clone()
                _forward(app_label, state, run)
                for operation in run:
                    operation.database_forwards(app_label, collector, before, state)
        found: list[str] = collector.collected_sql
        return [one for one in found if not one.startswith("--")]


def _forward(app_label: str, state: Any, operations: Sequence[Operation]) -> None:
    """Bring the state of the models forward; its models are rendered when they are asked for."""
    if len(operations) >= MANY:
        vars(state).pop("apps", None)
    for operation in operations:
        operation.state_forwards(app_label, state)


def _alike(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """The operations in runs of one kind."""
    run: list[Operation] = []
    for operation in operations:
        if run and _kind(operation) != _kind(run[0]):
            yield run
            run = []
        run.append(operation)
    if run:
        yield run


def _kind(operation: Operation) -> object:
    """Which others an operation may stand with; by itself alone if it changes what was there."""
    for kind in KINDS:
        if isinstance(operation, kind):
            return kind
    return operation


def at_once(operations: Sequence[Operation]) -> list[Operation]:
    """All operations of a migration as one."""
    return [AtOnce(operations)]
