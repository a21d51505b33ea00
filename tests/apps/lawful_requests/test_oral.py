"""An oral decision: the person named is asked, what can be undone leaves, and it stays owed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.guidelines.emergencies import emergencies_of
from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.decision_operations import Oral
from recoup.apps.lawful_requests.models import Request
from recoup.core.access import Actor
from support.requests import Desk, pass_time

Refused = Callable[[Callable[[], object]], str]


def heard(desk: Desk, found: Request, by: Actor | None = None, **given: Any) -> Any:
    mandate = desk.prosecutor.mandate_id
    assert mandate
    oral = Oral(mandate, given.pop("at", None) or desk.world.now())
    return desk.authorise(found, by=by or desk.duty, oral=oral, **given)


def keeping(desk: Desk, **given: Any) -> Request:
    """A request to preserve, which can be undone."""
    content = desk.content(data=["subscriber"])
    return desk.submitted(measure="preservation_domestic", content=content, **given)


def act(desk: Desk, operation: Any, by: Actor, found: Request, **given: Any) -> Any:
    return desk.do(operation, by, request_id=found.id, **given)


def states(desk: Desk, found: Request) -> list[str]:
    return [ticket.state for ticket in desk.tickets(found)]


def tasks(desk: Desk, kind: str) -> list[tuple[Any, ...]]:
    return desk.world.run(
        "select o.code, p.full_name, k.done_at is null from cases_task k "
        "join members_organisation o on o.id = k.owner_id "
        "left join members_person p on p.id = k.person_id where k.kind = %s",
        kind,
    )


# What leaves before it is in writing


def test_what_discloses_waits_for_the_writing(desk: Desk) -> None:
    found = desk.submitted()
    heard(desk, found)
    desk.world.sweep()
    assert states(desk, found) == []
    act(desk, decision_operations.put_in_writing, desk.prosecutor, found, version=1)
    desk.world.sweep()
    assert states(desk, found) == ["sent"]


def test_what_can_be_undone_leaves_at_once(desk: Desk) -> None:
    found = keeping(desk)
    heard(desk, found)
    desk.world.sweep()
    assert states(desk, found) == ["sent"]


def test_in_an_emergency_another_person_lets_it_leave(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = desk.submitted(danger="life", confirmer="prosecutor")
    heard(desk, found)
    desk.world.sweep()
    assert states(desk, found) == []
    act(desk, decision_operations.confirm, second, found, version=1)
    desk.world.sweep()
    assert states(desk, found) == ["sent"]


def test_only_who_gave_it_puts_it_in_writing(desk: Desk, refused: Refused) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = desk.submitted()
    heard(desk, found)
    write = lambda by: act(  # noqa: E731
        desk, decision_operations.put_in_writing, by, found, version=1
    )
    assert refused(lambda: write(second)) == "other_decider"
    assert write(desk.prosecutor).kind == "written"


# The person named is asked, and says no


def test_who_is_named_is_asked_at_once(desk: Desk) -> None:
    found = desk.submitted()
    heard(desk, found)
    desk.world.sweep()
    name = desk.prosecutor.person_name
    assert tasks(desk, "request_heard") == [("prosecutor", name, True)]
    act(desk, decision_operations.put_in_writing, desk.prosecutor, found, version=1)
    assert tasks(desk, "request_heard") == [("prosecutor", name, False)]


def test_i_did_not_say_this_takes_it_back_and_is_told(desk: Desk, refused: Refused) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = keeping(desk)
    heard(desk, found)
    desk.world.sweep()
    deny = lambda by: act(desk, decision_operations.not_said, by, found)  # noqa: E731
    assert refused(lambda: deny(second)) == "other_decider"
    assert deny(desk.prosecutor).kind == "not_said"
    desk.world.sweep()
    assert (desk.again(found).state, states(desk, found)) == ("refused", ["withdrawn"])
    assert [row[0] for row in tasks(desk, "request_not_said")] == ["police"]
    assert "request:not_said" in [line["what"] for line in desk.trail(found.id)]
    assert refused(lambda: deny(desk.prosecutor)) == "not_now"


def test_who_signed_does_not_deny(desk: Desk, refused: Refused) -> None:
    found = desk.submitted()
    desk.authorise(found)
    deny = lambda: act(desk, decision_operations.not_said, desk.prosecutor, found)  # noqa: E731
    assert refused(deny) == "other_decider"


def test_a_withdrawn_one_is_still_denied(desk: Desk) -> None:
    found = keeping(desk)
    heard(desk, found)
    desk.world.sweep()
    act(desk, request_operations.withdraw, desk.officer, found, ground="x")
    act(desk, decision_operations.not_said, desk.prosecutor, found)
    now = desk.again(found)
    assert (now.state, now.written_by) == ("withdrawn", None)


# Withdrawing ends nothing that is owed


def answered(desk: Desk, found: Request, code: str = "given", **fields: str) -> None:
    (ticket,) = desk.tickets(found)
    desk.do(
        addressee_operations.answer, desk.isp, ticket_id=ticket.id,
        given=Answered(uuid4(), code, fields=fields or {"name": "A"}),
    )  # fmt: skip


def emergency(desk: Desk) -> Request:
    found = desk.submitted(danger="life", confirmer="prosecutor")
    desk.authorise(found)
    desk.world.sweep()
    answered(desk, found)
    act(desk, request_operations.withdraw, desk.officer, found, ground="not needed")
    return found


def test_a_withdrawn_emergency_is_still_confirmed(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = emergency(desk)
    assert desk.again(found).confirm_by is not None
    with desk.world.acting(second):
        assert request_queries.to_confirm(second).filter(pk=found.id).exists()
    act(desk, decision_operations.confirm, second, found, version=1)
    now = desk.again(found)
    assert (now.state, now.confirm_by) == ("withdrawn", None)
    pass_time(desk.world, timedelta(days=5), kind="confirm")
    assert desk.again(found).never_confirmed_at is None


def test_a_withdrawn_emergency_that_nobody_confirms_was_never_confirmed(desk: Desk) -> None:
    found = emergency(desk)
    pass_time(desk.world, timedelta(days=5), kind="confirm")
    now = desk.again(found)
    assert now.state == "withdrawn" and now.never_confirmed_at is not None
    assert [row[0] for row in tasks(desk, "request_never_confirmed")] == ["prosecutor"]
    with desk.world.acting(desk.prosecutor) as at:
        told = request_queries.confirmations(desk.prosecutor, since=at - timedelta(days=90))
    assert told["never_confirmed"] == 1


def test_a_withdrawn_emergency_may_be_said_to_be_none(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = emergency(desk)
    said = act(desk, decision_operations.refuse, second, found, version=1, ground="No danger.")
    now = desk.again(found)
    assert (said.kind, now.state, now.confirm_by) == ("not_confirmed", "withdrawn", None)
    assert now.ended_ground == "not needed"


def test_what_lapses_after_it_left_was_never_confirmed_either(desk: Desk) -> None:
    found = keeping(desk)
    heard(desk, found)
    desk.world.sweep()
    pass_time(desk.world, timedelta(hours=49), kind="written")
    now = desk.again(found)
    assert now.state == "lapsed" and now.never_confirmed_at is not None


def test_nothing_is_owed_for_what_never_left(desk: Desk) -> None:
    found = desk.submitted()
    heard(desk, found)
    act(desk, request_operations.withdraw, desk.officer, found, ground="x")
    assert desk.again(found).written_by is None


# What was heard, and when


def earlier(desk: Desk, span: timedelta) -> None:
    """As if all had been submitted so long before."""
    desk.world.run(
        "update lawful_requests_request set submitted_at = submitted_at - %s, "
        "changed_at = changed_at - %s", span, span,
    )  # fmt: skip
    desk.world.run("update members_mandate set valid_from = valid_from - interval '9 days'")


def test_nothing_is_heard_before_this_version(desk: Desk, refused: Refused) -> None:
    found = desk.submitted()
    earlier(desk, timedelta(hours=3))
    early = desk.world.now() - timedelta(hours=2)
    act(desk, decision_operations.ask, desk.prosecutor, found, text="?", version=1)
    replied = act(desk, request_operations.reply, desk.officer, found, text="!", version=1)
    assert refused(lambda: heard(desk, replied, at=early)) == "not_yet"
    assert heard(desk, replied).kind == "authorised"


def test_what_was_heard_long_ago_is_asked_for_again(desk: Desk, refused: Refused) -> None:
    found = desk.submitted()
    earlier(desk, timedelta(hours=13))
    ago = desk.world.now() - timedelta(hours=12, minutes=1)
    assert refused(lambda: heard(desk, found, at=ago)) == "too_late"


def test_a_mandate_that_ended_meanwhile_decided_nothing(desk: Desk, refused: Refused) -> None:
    found = desk.submitted()
    at = desk.world.now()
    mandate = desk.prosecutor.mandate_id
    desk.world.run("update members_mandate set valid_until = now() where id = %s", mandate)
    call = lambda: desk.authorise(found, by=desk.duty, oral=Oral(mandate or uuid4(), at))  # noqa: E731
    assert refused(call) == "mandate_not_valid"


@pytest.mark.parametrize("moment", ["confirm", "written"])
def test_the_clock_of_what_is_owed_fires_once(desk: Desk, moment: str) -> None:
    found = emergency(desk)
    for _ in range(2):
        pass_time(desk.world, timedelta(days=5), kind=moment)
    assert len(tasks(desk, "request_never_confirmed")) == (moment == "confirm")
    assert desk.again(found).state == "withdrawn"


def test_the_figures_say_what_became_of_emergencies(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    confirmed, refused, never, waiting = (emergency(desk) for _ in range(4))
    act(desk, decision_operations.confirm, second, confirmed, version=1)
    act(desk, decision_operations.refuse, second, refused, version=1, ground="No danger.")
    desk.world.run(
        "update lawful_requests_request set never_confirmed_at = now(), confirm_by = null "
        "where id = %s", never.id,
    )  # fmt: skip
    with desk.world.acting(second) as at:
        found = emergencies_of(second, since=at - timedelta(days=90))
    assert (found.asked, found.confirmed, found.refused, found.ended, found.waiting) == (
        4, 1, 1, 1, 1
    )  # fmt: skip
    assert found.confirmed_by == (("prosecutor", 1),) and found.not_needed == 0
    elsewhere = desk.enrol("elsewhere", "prosecutor", kind="prosecutor")
    with desk.world.acting(elsewhere) as at:
        assert emergencies_of(elsewhere, since=at - timedelta(days=90)).asked == 0
