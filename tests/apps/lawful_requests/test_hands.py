"""Who wrote, changed, submitted or replied decides nothing about it, in the database neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from recoup.apps.lawful_requests import (
    decision_operations,
    file_operations,
    hands,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.decision_operations import Oral
from recoup.apps.lawful_requests.file_operations import Sent
from recoup.apps.lawful_requests.models import Request
from recoup.core.access import Actor
from support.requests import Desk

Refused = Callable[[Callable[[], object]], str]


def elsewhere(desk: Desk) -> dict[str, Any]:
    content = desk.content("heron", fields={"offence": "Another."})
    content["targets"][0]["identifiers"][0]["value"] = "198.51.100.99"
    return content


def edited(desk: Desk, found: Request, by: Actor, **given: Any) -> Request:
    given = {"content": elsewhere(desk), "version": found.version, "law": desk.law, **given}
    changed: Request = desk.do(request_operations.edit, by, request_id=found.id, **given)
    return changed


def oral(desk: Desk) -> Oral:
    assert desk.prosecutor.mandate_id
    return Oral(desk.prosecutor.mandate_id, desk.world.now())


@pytest.fixture
def third(desk: Desk) -> Actor:
    return desk.enrol("prosecutor", "prosecutor")


@pytest.fixture
def second(desk: Desk, third: Actor) -> Actor:
    """There is a third, so that somebody is left to decide."""
    return desk.enrol("prosecutor", "prosecutor")


def test_who_changed_a_colleagues_draft_does_not_decide_on_it(
    desk: Desk, second: Actor, third: Actor, refused: Refused
) -> None:
    found = edited(desk, desk.draft(by=desk.prosecutor), second)
    found = desk.submit(found, by=second)
    assert hands.of(desk.again(found)) == {desk.prosecutor.person_id, second.person_id}
    for wrote in (desk.prosecutor, second):
        assert refused(lambda by=wrote: desk.authorise(found, by=by)) == "same_person"
        with desk.world.acting(wrote):
            assert not request_queries.to_decide(wrote).filter(pk=found.id).exists()
    assert desk.authorise(found, by=third).person_id == third.person_id


def test_who_decides_asks_changes_and_replies_and_may_not_decide_any_more(
    desk: Desk, second: Actor, refused: Refused
) -> None:
    found = desk.submitted(by=desk.prosecutor)
    desk.do(decision_operations.ask, second, request_id=found.id, text="?", version=1)
    changed = edited(desk, found, second)
    replied = desk.do(
        request_operations.reply, second, request_id=found.id, text="!", version=changed.version
    )
    assert refused(lambda: desk.authorise(replied, by=second)) == "same_person"


def test_who_only_submits_or_only_replies_has_a_hand_in_it(
    desk: Desk, second: Actor, third: Actor, refused: Refused
) -> None:
    found = desk.submit(desk.draft(by=desk.prosecutor), by=second)
    assert refused(lambda: desk.authorise(found, by=second)) == "same_person"
    desk.do(decision_operations.ask, third, request_id=found.id, text="?", version=1)
    replied = desk.do(
        request_operations.reply, third, request_id=found.id, text="!", version=found.version
    )
    assert refused(lambda: desk.authorise(replied, by=third)) == "same_person"


def test_who_changed_it_neither_hears_nor_confirms(
    desk: Desk, second: Actor, third: Actor, refused: Refused
) -> None:
    found = desk.submit(edited(desk, desk.draft(), desk.duty), by=desk.duty)
    call = lambda: desk.authorise(found, by=desk.duty, oral=oral(desk))  # noqa: E731
    assert refused(call) == "same_person"
    told = {**elsewhere(desk), "danger_facts": "He is threatened."}
    asked = edited(desk, desk.draft(by=desk.prosecutor), second, danger="life", content=told)
    asked = desk.submit(asked, by=desk.prosecutor, confirmer="prosecutor")
    desk.authorise(asked, by=third)
    confirm = lambda: desk.do(  # noqa: E731
        decision_operations.confirm, second, request_id=asked.id, version=asked.version
    )
    assert refused(confirm) == "same_person"


def test_who_heard_an_emergency_does_not_confirm_it(
    desk: Desk, second: Actor, refused: Refused
) -> None:
    found = desk.submitted(danger="life", confirmer="prosecutor")
    desk.authorise(found, by=second, oral=oral(desk))
    confirm = lambda: desk.do(  # noqa: E731
        decision_operations.confirm, second, request_id=found.id, version=1
    )
    assert refused(confirm) == "same_person"


def test_who_added_a_file_has_a_hand_in_it(desk: Desk, second: Actor, refused: Refused) -> None:
    found = desk.draft(by=desk.prosecutor)
    file = Sent("list.txt", "text/plain", b"500 more names")
    desk.do(
        file_operations.add_to_request, second, request_id=found.id, kind="attachment", file=file
    )
    found = desk.submit(desk.again(found), by=desk.prosecutor)
    assert refused(lambda: desk.authorise(found, by=second)) == "same_person"


def test_the_database_refuses_a_decision_by_a_hand(desk: Desk, second: Actor) -> None:
    found = edited(desk, desk.draft(by=desk.prosecutor), second)
    found = desk.submit(found, by=desk.prosecutor)
    for given in ({}, {"person_id": desk.duty.person_id, "heard_by_id": second.person_id}):
        with pytest.raises(IntegrityError, match="by_another"), transaction.atomic():
            with desk.world.acting(second) as at:
                request_operations.note_decision(
                    desk.again(found), "authorised", by=second, at=at, content=found.content,
                    **given,
                )  # fmt: skip


def test_where_all_who_could_decide_wrote_in_it_nobody_is_asked(
    desk: Desk, refused: Refused
) -> None:
    assert refused(lambda: desk.submitted(by=desk.prosecutor)) == "nobody_decides_there"


def test_the_database_forgets_nobody_who_wrote(desk: Desk) -> None:
    from django.db import DatabaseError

    found = desk.draft()
    with pytest.raises(DatabaseError, match="stays known"), transaction.atomic():
        with desk.world.acting(desk.officer):
            Request.objects.filter(pk=found.id).update(hands=[])


def test_a_colleague_takes_over_a_draft(desk: Desk) -> None:
    found = desk.submit(edited(desk, desk.draft(), desk.duty), by=desk.duty)
    desk.authorise(found)
    desk.world.sweep()
    assert [ticket.state for ticket in desk.tickets(found)] == ["sent"]
    assert desk.again(found).submitter_id == desk.duty.person_id
