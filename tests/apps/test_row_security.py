"""Row-level security: what the database shows whom, whatever the code above it forgets."""

from __future__ import annotations

from django.db import connection

from support.world import World


def test_tests_run_as_the_pages_do(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user"
        )
        assert cursor.fetchone() == ("recoup_app", False, False)
