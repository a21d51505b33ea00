"""What the database itself refuses of a change of the law, whatever the pages would let through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from recoup.apps.lawful_requests.models import PackVersion
from support.law import Ministry
from support.roles import as_planner
from support.world import World


@pytest.fixture
def ministry(world: World) -> Ministry:
    return Ministry(world)


def refused_by_database(ministry: Ministry, by: Any, sql: str, *values: Any) -> str:
    try:
        with ministry.world.acting(by), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return "" if cursor.rowcount else "no rows"
    except (DatabaseError, IntegrityError) as problem:
        return str(problem).splitlines()[0]


def test_the_database_refuses_the_author_as_approver(ministry: Ministry) -> None:
    found = ministry.submitted()
    told = refused_by_database(
        ministry, ministry.officer,
        "update lawful_requests_packdraft set state = 'approved', approver_id = author_id, "
        "decided_at = now() where id = %s", found.id,
    )  # fmt: skip
    assert "draft_two_people" in told


def test_the_database_refuses_an_approval_in_another_name(ministry: Ministry) -> None:
    found, other = ministry.submitted(), ministry.minister
    told = refused_by_database(
        ministry, ministry.officer,
        "update lawful_requests_packdraft set state = 'approved', approver_id = %s, "
        "decided_at = now() where id = %s", other.person_id, found.id,
    )  # fmt: skip
    assert "row-level security" in told


def test_the_database_refuses_another_text_than_was_submitted(ministry: Ministry) -> None:
    found = ministry.submitted()
    told = refused_by_database(
        ministry, ministry.officer,
        "update lawful_requests_packdraft set digest = %s where id = %s", b"x" * 32, found.id,
    )  # fmt: skip
    assert "is not changed" in told


@pytest.mark.parametrize("days", [0, -1, -400])
def test_the_database_lets_no_law_begin_before_tomorrow(ministry: Ministry, days: int) -> None:
    found = ministry.changed()
    sql = (
        "update lawful_requests_packdraft set state = 'submitted', ground = 'Gazette', "
        "submitted_at = now(), comes_into_force_on = %s where id = %s"
    )
    day = ministry.today + timedelta(days=days)
    told = refused_by_database(ministry, ministry.officer, sql, day, found.id)
    assert "draft_from_tomorrow" in told
    tomorrow = ministry.today + timedelta(days=1)
    assert refused_by_database(ministry, ministry.officer, sql, tomorrow, found.id) == ""


def test_the_database_looks_again_at_the_approval(ministry: Ministry) -> None:
    found, by = ministry.submitted(), ministry.minister
    ministry.world.run("set constraints all immediate")
    ministry.world.run("alter table lawful_requests_packdraft disable trigger user")
    ministry.world.run(
        "update lawful_requests_packdraft set comes_into_force_on = %s where id = %s",
        ministry.today, found.id,
    )  # fmt: skip
    ministry.world.run("set constraints all immediate")
    ministry.world.run("alter table lawful_requests_packdraft enable trigger user")
    told = refused_by_database(
        ministry, by,
        "update lawful_requests_packdraft set state = 'approved', approver_id = %s, "
        "decided_at = now() where id = %s", by.person_id, found.id,
    )  # fmt: skip
    assert "draft_from_tomorrow" in told


def test_a_page_stores_no_version_and_brings_none_into_force(ministry: Ministry) -> None:
    found = ministry.approved()
    for sql in (
        "insert into lawful_requests_packversion (country, number, digest, body, loaded_at, "
        "in_force_from) select country, 9, digest, body, now(), now()::date "
        "from lawful_requests_packdraft where id = %s",
        "update lawful_requests_packdraft set became_id = based_on_id where id = %s",
    ):
        told = refused_by_database(ministry, ministry.minister, sql, found.id)
        assert "permission denied" in told


def test_the_planner_stores_only_the_bytes_that_were_approved(ministry: Ministry) -> None:
    found = ministry.submitted()
    with pytest.raises(DatabaseError, match="row-level security"), as_planner():
        with transaction.atomic():
            PackVersion.objects.create(
                country="RS", number=9, digest=found.digest, body=found.body,
                loaded_at=ministry.world.now(), in_force_from=ministry.today,
            )  # fmt: skip
