"""The list of who is on duty: noted, handed over, called off; seen by the organisation alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from recoup.apps.lawful_requests import duty_operations
from recoup.apps.lawful_requests.duty_operations import DutyRefused
from recoup.apps.members import duty_queries
from recoup.apps.members.models import Duty
from recoup.core.access import Actor
from support.requests import Desk
from support.roles import as_owner
from support.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def note(desk: Desk, who: Actor, *, by: Actor | None = None, **given: Any) -> Duty:
    at = desk.world.now()
    given = {"since": at, "until": at + 8 * HOUR, **given}
    duty: Duty = desk.do(
        duty_operations.note_duty, by or desk.prosecutor, mandate_id=who.mandate_id, **given
    )
    return duty


def listed(desk: Desk, who: Actor) -> list[str]:
    with desk.world.acting(who) as at:
        return [d.person.full_name for d in duty_queries.duties_of(who.organisation_id, at=at)]


def test_a_duty_is_noted_and_told(desk: Desk) -> None:
    duty = note(desk, desk.prosecutor)
    assert listed(desk, desk.prosecutor) == [desk.prosecutor.person_name]
    assert [line["what"] for line in desk.trail(duty.id, kind="duty")] == ["duty:noted"]


def test_it_is_the_organisation_s_own(desk: Desk) -> None:
    duty = note(desk, desk.prosecutor)
    with desk.world.acting(desk.head):
        assert not Duty.objects.exists()
    with pytest.raises(DutyRefused, match="no such duty"):
        desk.do(duty_operations.call_off, desk.head, duty_id=duty.id)


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [(2, 1, "ends after it begins"), (-3, -2, "over already"), (0, 63 * 24, "at most 62 days")],
)
def test_a_time_that_is_none(desk: Desk, since: int, until: int, said: str) -> None:
    at = desk.world.now()
    with pytest.raises(DutyRefused, match=said) as refused:
        note(desk, desk.prosecutor, since=at + since * HOUR, until=at + until * HOUR)
    assert refused.value.field == "until"


def test_nobody_of_another_organisation_is_put_on_the_list(desk: Desk) -> None:
    with pytest.raises(DutyRefused, match="no mandate of your organisation") as refused:
        note(desk, desk.head)
    assert refused.value.field == "person"


def test_nobody_stands_in_for_themselves(desk: Desk) -> None:
    with pytest.raises(DutyRefused, match="cannot stand in for themselves"):
        note(desk, desk.prosecutor, instead_of=desk.prosecutor.mandate_id)


def test_a_duty_ends_with_the_mandate(desk: Desk) -> None:
    other = desk.enrol("prosecutor", "prosecutor", name="Leaving One")
    desk.world.run(
        "update members_mandate set valid_until = now() + interval '1 hour' where id = %s",
        other.mandate_id,
    )
    with pytest.raises(DutyRefused, match="Leaving One ends before"):
        note(desk, other)


def test_what_was_handed_over_is_not_handed_over_again(desk: Desk) -> None:
    other = desk.enrol("prosecutor", "prosecutor", name="Other One")
    duty = note(desk, desk.prosecutor)
    hand_over = lambda: desk.do(  # noqa: E731
        duty_operations.hand_over, desk.prosecutor, duty_id=duty.id, to=other.mandate_id
    )
    hand_over()
    assert listed(desk, desk.prosecutor) == ["Other One"]
    with pytest.raises(DutyRefused, match="handed over or called off already"):
        hand_over()


def test_called_off_the_row_stays(desk: Desk) -> None:
    duty = note(desk, desk.prosecutor)
    desk.do(duty_operations.call_off, desk.prosecutor, duty_id=duty.id)
    assert listed(desk, desk.prosecutor) == []
    with as_owner():
        assert Duty.objects.get(pk=duty.pk).ended_by_id == desk.prosecutor.person_id


@pytest.mark.parametrize(
    "sql",
    [
        "delete from members_duty",
        "update members_duty set person_id = person_id",
        "update members_duty set until = until + interval '1 day'",
    ],
)
def test_the_database_takes_no_other_change(desk: Desk, sql: str) -> None:
    from django.db import connection

    note(desk, desk.prosecutor)
    with desk.world.acting(desk.prosecutor), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError), transaction.atomic():
            cursor.execute(sql)


def test_the_database_takes_nobody_of_another_organisation(desk: Desk) -> None:
    by, stranger = desk.prosecutor, desk.head
    with desk.world.acting(by) as at:
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            Duty.objects.create(
                organisation_id=by.organisation_id, mandate_id=stranger.mandate_id,
                person_id=stranger.person_id, since=at, until=at + HOUR,
                noted_by_id=by.person_id, noted_at=at,
            )  # fmt: skip
