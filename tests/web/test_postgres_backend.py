"""The database's own backend: moments are in UTC, and a connection that is gone is seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection


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
