"""A ticket that the planner takes back is told: in the audit trail, on the case, to the inbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from recoup.apps.holds import want_operations
from recoup.apps.jobs import INBOX_CHANNEL
from support.world import World, iban


@pytest.fixture
def heard(open_world: World) -> Iterator[psycopg.Connection[Any]]:
    """Listens as those do who wait for tickets."""
    place = connection.settings_dict
    with psycopg.connect(
        host=place["HOST"], port=place["PORT"] or None, dbname=place["NAME"], user=place["USER"],
        autocommit=True,
    ) as listener:  # fmt: skip
        listener.execute(f"listen {INBOX_CHANNEL}")
        yield listener


def denied(world: World) -> Any:
    """Somebody reported a payment that the payer's bank does not know; a hold waits for it."""
    filed = world.report(payer=iban("plum", 1), payee=iban("walnut", 1), amount=500_00)
    world.plan()
    asked = world.ticket("plum", "confirm_debit")
    world.answer("plum", {"ticket": asked["ticket"], "code": "no_such_debit"})
    return filed


def test_it_stands_in_the_trail_and_on_the_case_and_wakes_the_inbox(
    open_world: World, heard: psycopg.Connection[Any]
) -> None:
    filed = denied(open_world)
    list(heard.notifies(timeout=0.2))
    open_world.plan()
    (ticket,) = open_world.tickets(case__report_id=filed.id, measure="hold")
    assert (ticket.state, ticket.version) == ("withdrawn", 3)
    ((body,),) = open_world.run(
        "select convert_from(body, 'UTF8') from audit_auditleaf where stream = %s "
        "order by stream_seq desc limit 1", f"ticket:{ticket.id}",
    )  # fmt: skip
    line = json.loads(body)
    assert (line["what"], line["role"], line["person"]) == ("ticket:withdrawn", "hub", None)
    assert line["facts"]["ground"] == ticket.withdrawn_ground
    assert line["facts"]["state_before"] == "sent"
    woken = {note.payload for note in heard.notifies(timeout=1, stop_after=1)}
    assert str(ticket.addressee_id) in woken
    told = open_world.run("select count(*) from cases_caseevent where what = 'ticket_taken_back'")
    assert told == [(1,)]


def test_nothing_is_stored_of_it_if_the_line_cannot_be(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("no line")

    filed = denied(open_world)
    monkeypatch.setattr(want_operations.audit, "record_all", fail)
    with pytest.raises(ValueError, match="no line"), open_world.acting(open_world.visitor):
        # inside a transaction of its own nothing is planned one by one
        open_world.plan()
    (ticket,) = open_world.tickets(case__report_id=filed.id, measure="hold")
    assert ticket.state == "sent"


def test_where_nothing_is_taken_back_nothing_is_asked_of_the_database(
    open_world: World, django_assert_num_queries: Any
) -> None:
    at = open_world.now()
    with django_assert_num_queries(0):
        want_operations.withdraw((), by=open_world.visitor, at=at)
