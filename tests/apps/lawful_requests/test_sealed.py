"""What came under an emergency that nobody confirmed, or after its order, is read by nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    request_law,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.models import Request, Ticket
from support.requests import Desk, pass_time

NAME = {"name": "Ana Anic"}


def answered(desk: Desk, ticket: Ticket, code: str = "given") -> None:
    fields = NAME if code == "given" else {}
    told = Answered(uuid4(), code, fields=fields)
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=told)


def read(desk: Desk, ticket: Ticket) -> list[dict[str, Any]]:
    """The answers of a ticket as the requester reads them."""
    assert ticket.of_id
    with desk.world.acting(desk.officer):
        found = request_queries.whole(desk.officer, ticket.of_id)
    assert found
    return [json.loads(bytes(one.body)) for one in found.answers[ticket.id]]


@pytest.fixture
def urgent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> tuple[Request, Ticket]:
    """An emergency under a law that seals what comes, sent and answered."""
    powers = tuple(
        replace(one, emergency=one.emergency and replace(one.emergency, is_sealed=True))
        for one in desk.law.powers
    )
    desk.law = replace(desk.law, powers=powers)
    monkeypatch.setattr(request_law, "read_law", lambda: desk.law)
    found = desk.submitted(danger="life", confirmer="prosecutor")
    desk.authorise(found)
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    answered(desk, ticket)
    return found, ticket


def test_what_is_sealed_opens_with_the_confirmation(
    desk: Desk, urgent: tuple[Request, Ticket]
) -> None:
    found, ticket = urgent
    (before,) = read(desk, ticket)
    assert before["sealed"] and before["fields"] == {} and before["code"] == "given"
    second = desk.enrol("prosecutor", "prosecutor")
    desk.do(decision_operations.confirm, second, request_id=found.id, version=1)
    (after,) = read(desk, ticket)
    assert after["fields"] == NAME and "sealed" not in after


def test_what_nobody_confirmed_stays_sealed(desk: Desk, urgent: tuple[Request, Ticket]) -> None:
    _, ticket = urgent
    pass_time(desk.world, timedelta(hours=25), kind="confirm")
    (one,) = read(desk, ticket)
    assert one["sealed"] and one["fields"] == {}


@pytest.mark.parametrize("code", ["given", "refused"])
def test_what_comes_after_the_order_ended_is_kept_and_not_read(desk: Desk, code: str) -> None:
    (ticket,) = desk.sent()
    desk.do(request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground="A mistake.")
    told = Answered(uuid4(), code, reason="data_not_held" if code == "refused" else "",
                    fields=NAME if code == "given" else {})  # fmt: skip
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=told)
    (one,) = read(desk, ticket)
    assert one.get("sealed", False) is (code == "given") and one["fields"] == {}
