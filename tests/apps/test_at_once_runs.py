"""Operations that a migration takes in runs write what they write one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel, RemoveConstraint
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from recoup.apps.at_once import at_once

OPERATIONS: list[Operation] = [
    CreateModel("Bank", [("id", models.AutoField(primary_key=True)), ("code", models.TextField())]),
    CreateModel(
        "Hold",
        [
            ("id", models.AutoField(primary_key=True)),
            ("bank", models.ForeignKey("made_up.Bank", models.PROTECT)),
        ],
    ),
    AddField("Hold", "minor", models.BigIntegerField(default=0)),
    AddIndex("Hold", models.Index(fields=["bank", "-minor"], name="hold_bank")),
    AddConstraint("Hold", models.CheckConstraint(condition=models.Q(minor__gte=0), name="left")),
    AddField("Bank", "first", models.ForeignKey("made_up.Hold", models.PROTECT, null=True)),
    RemoveConstraint("Hold", "left"),
    AddConstraint("Hold", models.CheckConstraint(condition=models.Q(minor__gt=0), name="left")),
    AddConstraint("Bank", models.UniqueConstraint(fields=["code", "first"], name="one_bank")),
]


def one_by_one(state: ProjectState) -> list[str]:
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        for operation in OPERATIONS:
            before = state.clone()
            operation.state_forwards("made_up", state)
            operation.database_forwards("made_up", editor, before, state)
    return editor.collected_sql


@pytest.mark.parametrize("is_rendered", [False, True])
def test_the_statements_and_the_models_are_the_same(db: None, is_rendered: bool) -> None:
    apart, together = ProjectState(), ProjectState()
    if is_rendered:
        assert apart.apps and together.apps
    (whole,) = at_once(OPERATIONS)
    said: Any = whole
    asked = [one for one in one_by_one(apart) if not one.startswith("--")]
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        assert said._statements("made_up", editor, together) == asked
    assert len(asked) > len(OPERATIONS)
    whole.state_forwards("made_up", together)
    assert together == apart
    hold: Any = together.apps.get_model("made_up", "Hold")
    assert [one.name for one in hold._meta.constraints] == ["left"]
