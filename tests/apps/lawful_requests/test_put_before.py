"""An emergency is put before whoever confirms it, within the law's own time, by who decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from recoup.apps.lawful_requests import decision_operations, request_law
from recoup.apps.lawful_requests.models import Request
from recoup.core.law import Limit, Unit
from support.decisions import act, client, decisions, page, text
from support.requests import Desk, pass_time

HOUR = timedelta(hours=1)
Refused = Callable[[Callable[[], object]], str]


@pytest.fixture
def urgent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The invented law, in which an emergency is put before who confirms it within six hours."""
    powers = tuple(
        replace(p, emergency=replace(p.emergency, submit_within=Limit(6, Unit.HOURS)))
        if p.emergency else p
        for p in desk.law.powers
    )  # fmt: skip
    desk.law = replace(desk.law, powers=powers)
    monkeypatch.setattr(request_law, "read_law", lambda: desk.law)
    return desk


def decided(desk: Desk) -> Request:
    found = desk.submitted(danger="life", confirmer="prosecutor")
    desk.authorise(found)
    return desk.again(found)


def tasks(desk: Desk, found: Request) -> list[Any]:
    return desk.world.run(
        "select level, person_id, done_at is null from cases_task where about = %s "
        "and kind = 'request_put' order by level",
        found.id,
    )  # fmt: skip


def put(desk: Desk, found: Request, by: Any = None) -> Any:
    return desk.do(
        decision_operations.put_before, by or desk.prosecutor, request_id=found.id,
        version=found.version, law=desk.law,
    )  # fmt: skip


def test_there_is_a_clock_of_its_own_beside_that_of_the_confirmation(urgent: Desk) -> None:
    found = decided(urgent)
    assert found.put_by and found.confirm_by and found.authorised_at
    assert found.put_by - found.authorised_at == 6 * HOUR
    assert found.confirm_by - found.authorised_at == 24 * HOUR


def test_without_it_in_the_law_there_is_none(desk: Desk, refused: Refused) -> None:
    found = decided(desk)
    assert found.put_by is None
    assert refused(lambda: put(desk, found)) == "not_now"


def test_who_decided_is_told_then_another_and_nothing_is_put_by_time(urgent: Desk) -> None:
    other = urgent.enrol("prosecutor", "prosecutor", name="Second One")
    found = decided(urgent)
    pass_time(urgent.world, 4 * HOUR, kind="put")
    assert tasks(urgent, found) == [(0, urgent.prosecutor.person_id, True)]
    pass_time(urgent.world, 3 * HOUR, kind="put")
    assert tasks(urgent, found)[1:] == [(1, other.person_id, True)]
    now = urgent.again(found)
    assert now.put_by is not None and now.state == "authorised"
    put(urgent, now)
    assert all(not is_open for _, _, is_open in tasks(urgent, found))
    pass_time(urgent.world, 30 * HOUR, kind="put")
    assert len(tasks(urgent, found)) == 2


def test_it_is_put_once_and_stays_to_be_confirmed(urgent: Desk, refused: Refused) -> None:
    found = decided(urgent)
    row = put(urgent, found)
    assert (row.kind, row.person_id) == ("put", urgent.prosecutor.person_id)
    now = urgent.again(found)
    assert now.put_by is None and now.confirm_by == found.confirm_by
    assert refused(lambda: put(urgent, now)) == "not_now"
    assert "request:put_before" in [one["what"] for one in urgent.trail(found.id)]
    pass_time(urgent.world, 25 * HOUR, kind="confirm")
    assert urgent.again(found).state == "lapsed"


def test_who_asked_does_not_put_it(urgent: Desk, refused: Refused) -> None:
    found = decided(urgent)
    for by in (urgent.officer, urgent.head, urgent.isp):
        assert refused(lambda who=by: put(urgent, found, who)) in (
            "other_authority", "same_person", "no_such_request",
        )  # fmt: skip


def test_what_is_confirmed_need_not_be_put_any_more(urgent: Desk) -> None:
    found = decided(urgent)
    other = urgent.enrol("prosecutor", "prosecutor", name="Second One")
    urgent.do(
        decision_operations.confirm, other, request_id=found.id, version=found.version,
        law=urgent.law,
    )  # fmt: skip
    assert urgent.again(found).put_by is None
    pass_time(urgent.world, 30 * HOUR, kind="put")
    assert tasks(urgent, found) == []


def test_the_page_asks_for_it_and_tells_who_did(urgent: Desk) -> None:
    found = decided(urgent)
    assert "It was put before them" in page(found, urgent.prosecutor)
    assert act(urgent, found, "put").status_code == 302
    assert decisions(found) == ["authorised", "put"]
    shown = page(found, urgent.prosecutor)
    assert "It was put before them" not in shown and "put it before whoever confirms it" in shown
    assert "put it before whoever" in text(client(urgent.officer).get(f"/requests/{found.id}"))
