"""The invariants see what is broken on purpose (DATAMODEL B4), and the command says so."""

from __future__ import annotations

import pytest

from recoup.apps.holds import invariants
from recoup.cli import invariants as command
from support.roles import as_planner, asking
from support.world import World

pytestmark = [pytest.mark.breaks_invariants, pytest.mark.usefixtures("lived_in")]

BREAKS = {
    "one cent off a debit": (
        "update holds_movementside set amount_minor = amount_minor + 1 where id = "
        "(select min(id) from holds_movementside where not is_credit and line_id is null "
        "and answer_id in (select answer_id from holds_ledgerwindow))",
        {"T1"},
    ),
    "a block one larger": (
        "update holds_block set amount_minor = amount_minor + 1 where closed_at is null",
        {"T4", "block"},
    ),
    "a claim one larger": (
        "update holds_claim set amount_minor = amount_minor + 1 where state = 'confirmed'",
        {"T3", "T9"},
    ),
    "an answered ticket open again": (
        "update lawful_requests_ticket set state = 'closed' where state = 'acknowledged' "
        "or (state = 'sent' and measure = 'hold')",
        {"T6"},
    ),
    "a closing balance too low": (
        "update holds_ledgerwindow set closing_minor = 1",
        {"T1", "T5"},
    ),
    "a member that nobody made": (
        "update cases_case set visible_to = array_append(visible_to, 999)",
        {"members"},
    ),
    "a ticket that left without its clocks": (
        "update lawful_requests_deadline set level = 7",
        {"out-box"},
    ),
    "an out-box that forgot what it sent": (
        "update lawful_requests_dispatch set sent_at = null",
        {"out-box"},
    ),
    "a hold without an end": ("update holds_hold set until = null", {"limit"}),
    "a total that is no sum": (
        "update holds_casetotal set held = held + 1, lost = lost + 1",
        {"totals"},
    ),
}


def broken() -> set[str]:
    with as_planner():
        return {f.invariant.name for f in invariants.check_all() if f.offending}


def test_a_hub_that_was_used_breaks_none(world: World) -> None:
    assert broken() == set()


@pytest.mark.parametrize("name", BREAKS)
def test_each_break_is_seen(world: World, name: str) -> None:
    sql, expected = BREAKS[name]
    world.run(sql)
    assert broken() >= expected


def test_the_command_names_what_is_broken(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with as_planner():
        assert command.report(asking()) == 0
    assert "✓ I06" in capsys.readouterr().out
    world.run(BREAKS["a member that nobody made"][0])
    with as_planner():
        assert command.report(asking()) == 1
    assert "members a case is visible to its members" in capsys.readouterr().out
