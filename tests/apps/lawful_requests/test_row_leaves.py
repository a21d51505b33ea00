"""L10: a business row that was changed without a line of the log is found within the hub."""

from __future__ import annotations

import pytest

from recoup.apps.lawful_requests.row_leaves import differing
from support.roles import as_planner
from support.world import World, iban

pytestmark = pytest.mark.breaks_invariants


@pytest.fixture
def sent(world: World) -> World:
    world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=200_000)
    world.plan()
    ticket = world.ticket("plum", "confirm_debit")
    world.acknowledge("plum", ticket["ticket"])
    return world


def found() -> list[str]:
    with as_planner():
        return [one.what for one in differing()]


def test_what_the_hub_did_itself_differs_nowhere(sent: World) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("body = set_byte(body, 20, 65)", "bytes that were sent"),
        ("asked_minor = asked_minor + 1", "another sum"),
        ("state = 'withdrawn'", "state that no line tells"),
        ("state = 'answered'", "state that no line tells"),
    ],
)
def test_a_row_that_was_changed_behind_its_back_is_found(
    sent: World, change: str, what: str
) -> None:
    sent.run(f"update lawful_requests_ticket set {change} where measure = 'hold'")
    told = found()
    assert told and all(what in one for one in told)
