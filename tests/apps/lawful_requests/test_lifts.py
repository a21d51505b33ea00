"""What was kept or stopped is lifted when its time or its order ends, and the addressee says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    lift_operations,
    paper_queries,
    request_law,
    request_operations,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.apps.lawful_requests.papers.lookup import Standing
from recoup.apps.lawful_requests.refusals import REFUSALS, code_of
from recoup.apps.lawful_requests.request_check import check_request
from recoup.core.law import Limit, Unit
from recoup.core.verification import code_of as paper_code
from support.requests import Desk, pass_time

DAY = timedelta(days=1)


def kept(desk: Desk, *, stage: str = "final", code: str = "preserved", **given: Any) -> Ticket:
    """A preservation on which the provider has acted."""
    content = desk.content(data=["subscriber"])
    (ticket,) = desk.sent(measure="preservation_domestic", content=content, **given)
    told = Answered(uuid4(), code, stage=stage)
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=told)
    return again(desk, ticket)


def again(desk: Desk, ticket: Ticket) -> Ticket:
    return next(one for one in desk.tickets(ticket.of_id) if one.id == ticket.id)


def tasks(desk: Desk, ticket: Ticket, kind: str = "release") -> list[Any]:
    return desk.world.run(
        "select owner_id, done_at is null from cases_task where about = %s and kind = %s "
        "order by level",
        ticket.id, kind,
    )  # fmt: skip


def standing(desk: Desk, ident: Any) -> Standing:
    with desk.world.acting(desk.isp) as at:
        found = paper_queries.request_verified(paper_code(ident), at=at)
    assert found
    return found.standing


def release(desk: Desk, ticket: Ticket, **given: Any) -> Ticket:
    given = {"released_at": desk.world.now(), **given}
    made: Ticket = desk.do(lift_operations.release, desk.isp, ticket_id=ticket.id, **given)
    return made


@pytest.mark.parametrize("stage", ["final", "interim"])
def test_when_the_time_is_over_the_addressee_lifts_it_and_says_when(desk: Desk, stage: str) -> None:
    ticket = kept(desk, stage=stage)
    pass_time(desk.world, 91 * DAY, kind="effect")
    ticket = again(desk, ticket)
    assert (ticket.lift_ground, ticket.released_at) == ("ended", None)
    assert tasks(desk, ticket) == [(ticket.addressee_id, True)]
    assert len(tasks(desk, ticket, "effect_ends")) == 1  # the unit that asked is told as well
    assert standing(desk, ticket.id) is Standing.LAPSED
    pass_time(desk.world, DAY, kind="release")
    assert tasks(desk, ticket, "release_overdue")
    made = release(desk, ticket, note="By hand")
    assert made.released_by_id == desk.isp.person_id and made.released_note == "By hand"
    assert tasks(desk, ticket) == [(ticket.addressee_id, False)]
    before = len(tasks(desk, ticket, "release_overdue"))
    pass_time(desk.world, 30 * DAY, kind="release")
    assert len(tasks(desk, ticket, "release_overdue")) == before
    with pytest.raises(REFUSALS) as why:
        release(desk, ticket)
    assert code_of(why.value) == "not_now"


def test_what_was_never_kept_is_not_lifted(desk: Desk) -> None:
    ticket = kept(desk, code="nothing_found")
    pass_time(desk.world, 91 * DAY, kind="effect")
    assert again(desk, ticket).lift_at is None and not tasks(desk, ticket)
    with pytest.raises(REFUSALS):
        release(desk, ticket)


def test_nothing_was_lifted_before_it_was_asked_or_will_be(desk: Desk) -> None:
    ticket = kept(desk)
    pass_time(desk.world, 91 * DAY, kind="effect")
    for moment in (desk.world.now() - 200 * DAY, desk.world.now() + DAY):
        with pytest.raises(REFUSALS) as why:
            release(desk, ticket, released_at=moment)
        assert code_of(why.value) == "not_then"


def test_an_emergency_that_lapses_reaches_who_has_acted(desk: Desk) -> None:
    ticket = kept(desk, danger="life", confirmer="prosecutor")
    assert standing(desk, ticket.decision_id) is Standing.AWAITS
    assert standing(desk, ticket.id) is Standing.AWAITS
    pass_time(desk.world, 2 * DAY, kind="confirm")
    desk.world.sweep()
    ticket = again(desk, ticket)
    assert (ticket.lift_ground, tasks(desk, ticket)) == ("lapsed", [(ticket.addressee_id, True)])
    assert standing(desk, ticket.id) is standing(desk, ticket.decision_id) is Standing.LAPSED


def test_a_withdrawal_reaches_who_has_acted_also_when_it_was_closed(desk: Desk) -> None:
    ticket = kept(desk)
    found = Request(pk=ticket.of_id)
    desk.do(request_operations.withdraw, desk.officer, request_id=found.pk, ground="A mistake.")
    ticket = again(desk, ticket)
    assert (ticket.lift_ground, tasks(desk, ticket)) == (
        "withdrawn", [(ticket.addressee_id, True)],
    )  # fmt: skip
    assert standing(desk, ticket.id) is Standing.WITHDRAWN
    pass_time(desk.world, 91 * DAY, kind="effect")
    assert again(desk, ticket).lift_ground == "withdrawn"
    assert release(desk, ticket).released_at


def test_the_page_of_an_order_says_when_its_effect_ends(desk: Desk) -> None:
    ticket = kept(desk)
    assert standing(desk, ticket.decision_id) is Standing.IN_FORCE
    desk.world.run(
        "update lawful_requests_ticket set hold_until = now() - interval '1 hour' where id = %s",
        ticket.id,
    )  # fmt: skip
    assert standing(desk, ticket.decision_id) is Standing.LAPSED


def test_a_longest_time_that_is_begun_anew_is_said_to_who_asks_and_decides(desk: Desk) -> None:
    first = kept(desk)
    again = desk.draft(measure="preservation_domestic", content=desk.content(data=["subscriber"]))
    with desk.world.acting(desk.officer) as at:
        found = Request.objects.select_related("issuer").get(pk=again.pk)
        (one,) = check_request(request_operations.wanted_of(found), law=desk.law, at=at)
    (said,) = [lack for lack in one.lacks if lack.code == "effect_before"]
    assert Request.objects.get(pk=first.of_id).reference in str(said.said)


def test_what_was_withdrawn_is_looked_at_again_as_its_law_says(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    powers = tuple(replace(p, destroy_after=Limit(6, Unit.MONTHS)) for p in desk.law.powers)
    desk.law = replace(desk.law, powers=powers)
    monkeypatch.setattr(request_law, "read_law", lambda: desk.law)
    (ticket,) = desk.sent()
    assert "destroy" not in desk.body(ticket)["limits"]  # the requester's own clock
    desk.do(request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground="A mistake.")
    ((due,),) = desk.world.run(
        "select due_at from lawful_requests_deadline where of_id = %s and kind = 'retention'",
        ticket.of_id,
    )  # fmt: skip
    assert 180 * DAY < due - desk.world.now() < 186 * DAY
