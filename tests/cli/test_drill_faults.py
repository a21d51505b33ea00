"""The fault that the crash drill plants is real, and the hub itself knows of no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

import recoup
from recoup.apps.lawful_requests import operations
from recoup.apps.lawful_requests.models import Dispatch
from recoup.cli import drill_faults
from support.roles import as_planner
from support.world import World, iban


def test_no_code_of_the_hub_knows_a_fault() -> None:
    root = Path(recoup.__file__).parent
    known = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "RECOUP_FAULT" in path.read_text(encoding="utf-8")
    }
    # The demo's banks are outsiders; the drill tells them to lose a key of their own ledger.
    assert known == {"cli/drill_parts.py", "demo/ledger.py"}


def test_with_the_fault_tickets_are_there_before_their_out_box(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "_queue", operations._queue)  # taken back afterwards
    seen: list[tuple[int, int]] = []

    def look(_: float) -> None:
        with as_planner():
            seen.append((len(open_world.tickets()), Dispatch.objects.count()))

    monkeypatch.setattr(drill_faults.time, "sleep", look)
    drill_faults.write_out_box_late()
    open_world.report(
        payer=iban("plum", 1), payee=iban("quince", 2), amount=500,
        by=open_world.at_bank("plum"),
    )  # fmt: skip
    open_world.plan()
    tickets, rows = seen[0]
    assert tickets > 0 and rows == 0
