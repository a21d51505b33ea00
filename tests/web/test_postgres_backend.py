"""The database's own backend: moments in UTC, a lost connection is seen, which plans are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from recoup.apps.cases.models import Case, CaseLink, Task
from recoup.apps.holds.models import CaseTotal
from recoup.apps.members.models import Mandate
from recoup.apps.members.scope import scope
from support.world import World

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.django_db
def test_moments_are_read_in_utc():
    with connection.cursor() as cursor:
        cursor.execute("select '2026-03-29 03:30:00.123456+02'::timestamptz")
        (moment,) = cursor.fetchone()
    assert moment == datetime(2026, 3, 29, 1, 30, 0, 123456, UTC)
    assert moment.utcoffset() == UTC.utcoffset(None)
    assert moment.isoformat() == "2026-03-29T01:30:00.123456+00:00"


@pytest.mark.django_db(transaction=True)
def test_a_server_that_ended_the_session_is_seen_without_a_statement():
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert other.is_usable()
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        (role,) = cursor.fetchone()
        cursor.execute("reset role")
        cursor.execute("select pg_terminate_backend(%s, 5000)", [pid])
        cursor.execute(f'set role "{role}"')
    assert not other.is_usable()
    other.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("left", ["select 1", "select 1/0"])
def test_a_connection_with_an_open_transaction_is_not_used_again(left: str) -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    link = connection.connection.pgconn
    link.exec_(b"begin")
    link.exec_(left.encode())
    try:
        assert not connection.is_usable()
    finally:
        link.exec_(b"rollback")
    assert connection.is_usable()


@pytest.fixture
def prepared() -> Callable[[], set[str]]:
    """The statements that this connection has prepared so far."""

    def told() -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("select statement from pg_prepared_statements")
            return {row[0] for row in cursor.fetchall()}

    return told


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "is_kept"),
    [
        (Case.objects.filter(pk=ONE), True),
        (Case.objects.filter(pk__in=[ONE]), True),
        (Case.objects.filter(pk=ONE).select_related("owner"), True),
        (CaseTotal.objects.filter(case_id__in=[ONE], rule="fifo"), True),
        (Task.objects.filter(case_id=ONE, done_at=None), True),
        (Mandate.objects.filter(person_id=ONE), True),
        (CaseLink.objects.filter(Q(low_id=ONE) | Q(high_id=ONE)), True),
        (CaseLink.objects.filter(Q(low_id=ONE) | Q(reason="account")), False),
        (CaseLink.objects.exclude(Q(low_id=ONE) | Q(high_id=ONE)), False),
        (Case.objects.filter(pk__in=[ONE, TWO]), False),
        (Case.objects.filter(owner_id=7), False),
        (Case.objects.filter(Q(pk=ONE) | Q(owner_id=7)), False),
        (Case.objects.exclude(pk=ONE), False),
        (Case.objects.filter(report__reference="R-1"), False),
        (Case.objects.filter(pk=F("merged_into_id")), False),
        (Task.objects.filter(person_id=ONE), False),
        (Case.objects.filter(state="open").order_by("opened_at")[:50], False),
    ],
)
def test_only_what_is_found_by_a_key_keeps_its_plan(
    rows: QuerySet[Any], is_kept: bool, prepared: Callable[[], set[str]]
) -> None:
    """Any other plan depends on who asks: kept, it would serve the next organisation slowly."""
    before = prepared()
    list(rows.all())
    assert bool(prepared() - before) == is_kept


@pytest.mark.django_db
@pytest.mark.usefixtures("lived_in")
def test_a_kept_plan_shows_each_only_what_is_theirs(
    world: World, prepared: Callable[[], set[str]]
) -> None:
    """What rows are whose is asked anew with each statement, also when the plan is general."""
    with scope(world.actor("nada.police")):
        case = Case.objects.filter(owner__code="police").first()
    assert case is not None
    for _ in range(12):
        with scope(world.actor("nada.police")):
            assert Case.objects.filter(pk=case.pk).first() == case
        with scope(world.at_bank("walnut")):
            assert Case.objects.filter(pk=case.pk).first() is None
    assert any("cases_case" in statement for statement in prepared())


@pytest.mark.django_db
def test_what_is_asked_with_a_kept_plan_is_told_like_any_other() -> None:
    for _ in range(3):
        with CaptureQueriesContext(connection) as seen:
            Case.objects.filter(pk=ONE).first()
        (asked,) = seen.captured_queries
        assert asked["sql"].startswith("SELECT") and ONE.hex in asked["sql"].replace("-", "")
