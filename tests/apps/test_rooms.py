"""What changes a table stands in a room of operations, or in a clock's: there one looks for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import recoup

APPS = Path(recoup.__file__).parent / "apps"
WRITES = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
OF_ROWS = {"create", "update", "delete"}
A_STORAGE = ast.dump(ast.parse("vault()", mode="eval").body)  # it stores files, and no rows


def writes(text: str) -> Iterator[int]:
    """The lines that change rows through a table's manager or save a row."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, of = node.func.attr, ast.dump(node.func.value)
            if of == A_STORAGE:
                continue
            if name in WRITES or name == "save" or (name in OF_ROWS and "'objects'" in of):
                yield node.lineno


def test_only_operations_and_clocks_write() -> None:
    rooms = [
        path
        for path in APPS.rglob("*.py")
        if "migrations" not in path.parts
        and not path.stem.endswith("operations")
        and path.stem != "clock"
    ]
    assert rooms
    found = [f"{path.relative_to(APPS)}:{line}" for path in rooms
             for line in writes(path.read_text())]  # fmt: skip
    assert not found, "Move these to a room of operations."


def test_a_write_is_recognised() -> None:
    text = "Task.objects.filter(id=1).update(done_at=at)\nrow.save()\nwords.update(more)\n"
    assert list(writes(text)) == [1, 2]
