"""A migration that does much works out its statements before it locks anything."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

import recoup.apps
from recoup.apps.at_once import AtOnce, at_once
from support.roles import as_owner

# The last migrations of the first release: what came before ran on no data.
FIRST_RELEASE = {
    "audit": 4, "cases": 6, "holds": 13, "lawful_requests": 5, "members": 8, "reports": 4,
    "traces": 2,
}  # fmt: skip
MOST_OPERATIONS = 8
DDL = ("create ", "alter ", "drop ", "comment ")
OPERATIONS = [
    migrations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True))]),
    migrations.CreateModel(
        "Book",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("title", models.CharField(max_length=9, default="100%")),
        ],
    ),
    migrations.AddField(
        "book", "shelf", models.ForeignKey("members.Shelf", models.PROTECT, null=True)
    ),
    migrations.AddConstraint(
        "book", models.CheckConstraint(condition=~models.Q(title="%"), name="book_is_named")
    ),
    migrations.RunSQL("create view named as select title from members_book where title like '1%'"),
]


class Watched(AtOnce):
    """Says when its statements were made."""

    events: list[str]

    def _statements(self, *given: Any) -> list[str]:
        found = super()._statements(*given)
        self.events.append("made")
        return found


@pytest.mark.django_db
def test_no_table_is_touched_before_all_statements_are_made() -> None:
    operation = Watched(OPERATIONS)
    operation.events = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if str(sql).lower().startswith(DDL):
            operation.events.append("locked")
        return execute(sql, *rest)

    made = type("Migration", (migrations.Migration,), {"operations": [operation]})
    migration = made("books", "members")
    with as_owner(), connection.execute_wrapper(note):
        with connection.schema_editor(atomic=False) as editor:
            migration.apply(ProjectState(), editor)
        with connection.cursor() as cursor:
            cursor.execute("insert into members_book (title) values ('100%') returning shelf_id")
            assert cursor.fetchall() == [(None,)]
            cursor.execute("select * from named")
            assert cursor.fetchall() == [("100%",)]
            cursor.execute(
                "select conname from pg_constraint where conrelid = 'members_book'::regclass "
                "and contype in ('c', 'f')"
            )
            found = {row[0].split("_")[1] for row in cursor.fetchall()}
    assert found == {"is", "book"}
    assert operation.events[0] == "made" and operation.events.count("locked") >= 4


def test_the_state_afterwards_is_that_of_the_operations() -> None:
    plain, together = ProjectState(), ProjectState()
    for state, operations in ((plain, OPERATIONS), (together, at_once(OPERATIONS))):
        for operation in operations:
            operation.state_forwards("members", state)
    assert plain == together


def test_a_migration_that_does_much_does_it_at_once() -> None:
    found = []
    for path in sorted(Path(recoup.apps.__file__).parent.glob("*/migrations/0*.py")):
        app = path.parent.parent.name
        if int(path.stem[:4]) > FIRST_RELEASE.get(app, 0):
            module = importlib.import_module(f"recoup.apps.{app}.migrations.{path.stem}")
            if len(module.Migration.operations) > MOST_OPERATIONS:
                found.append(f"{app}.{path.stem}")
    assert not found, f"{found} lock tables for seconds: `operations = at_once(operations)`"
