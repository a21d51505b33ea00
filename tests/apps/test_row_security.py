"""Row-level security: what the database shows whom, whatever the code above it forgets."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from recoup.apps.audit.models import AuditLeaf
from recoup.apps.reports.operations import Filed
from support import live
from support.roles import as_owner
from support.world import World

pytestmark = pytest.mark.usefixtures("lived_in")

# Without a policy, each for a reason.
EXCEPTIONS = {
    "django_migrations": "what was migrated; no personal data",
    "django_content_type": "names of models",
    "django_session": "looked up by a random key before anybody is known",
    "auth_permission": "names of permissions; not used",
    "auth_group": "not used",
    "auth_group_permissions": "not used",
    "account_emailaddress": "sign-in reads it before anybody is known",
    "account_emailconfirmation": "sign-in reads it before anybody is known",
    "members_organisation": "the directory is open to every desk",
    "members_hostedidentifier": "the directory is open to every desk",
    "members_person": "sign-in reads it before anybody is known",
    "members_mandate": "sign-in reads it before anybody is known",
    "members_login": "sign-in reads it before anybody is known; not its hashes",
    "members_cache": "counts of tries under digests",
    "members_apikey": "hashes only; a key is looked up before anybody is known",
    "members_passkey": "public keys only; one is looked up before anybody is known",
    "members_codesecret": "sealed; looked up before anybody is known",
    "procrastinate_jobs": "jobs are names without content",
    "procrastinate_events": "jobs are names without content",
    "procrastinate_periodic_defers": "jobs are names without content",
    "procrastinate_workers": "jobs are names without content",
}


def tables() -> dict[str, tuple[bool, bool]]:
    """Each table: whether it has row-level security, and whether that binds its owner too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname, relrowsecurity, relforcerowsecurity from pg_class "
            "where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        )
        return {name: (has, forced) for name, has, forced in cursor.fetchall()}


def guarded() -> list[str]:
    return sorted(name for name, (has, _) in tables().items() if has)


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'select count(*) from "{table}"')
        return int(cursor.fetchone()[0])


def may(table: str, privilege: str) -> bool:
    """Whether the pages hold a privilege on any column of a table."""
    with connection.cursor() as cursor:
        cursor.execute("select has_any_column_privilege('recoup_app', %s, %s)", [table, privilege])
        return bool(cursor.fetchone()[0])


def refused(sql: str, *values: Any) -> str:
    """The SQLSTATE with which the database refuses a statement; empty if it does not."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values or None)
    except ProgrammingError as problem:
        return str(getattr(problem.__cause__, "sqlstate", ""))
    return ""


def test_tests_run_as_the_pages_do(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole from pg_roles "
            "where rolname = current_user"
        )
        assert cursor.fetchone() == ("recoup_app", False, False, False)


def test_the_pages_make_no_temporary_table_as_in_a_hub(world: World) -> None:
    assert refused("create temporary table mine (n integer)") == "42501"


def test_the_pages_own_nothing_and_can_become_nobody_else(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relowner = 'recoup_app'::regrole")
        assert cursor.fetchall() == []
        cursor.execute(
            "select rolname from pg_roles where rolname <> 'recoup_app' "
            "and pg_has_role('recoup_app', oid, 'member')"
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("role", ["recoup_planner", "recoup_owner", "recoup_policy"])
def test_the_log_in_of_the_pages_cannot_change_its_role(world: World, role: str) -> None:
    import os

    url = live.in_test_database(os.environ["DATABASE_URL"])
    with psycopg.connect(url) as own, pytest.raises(psycopg.errors.InsufficientPrivilege):
        own.execute(f"set role {role}")


def test_every_table_is_guarded_or_is_an_exception_with_a_reason(world: World) -> None:
    found = tables()
    open_tables = {name for name, (has, _) in found.items() if not has}
    assert open_tables == set(EXCEPTIONS)
    assert [name for name, (has, forced) in found.items() if has and not forced] == []


def test_a_guarded_table_without_a_policy_for_the_pages_shows_nothing(world: World) -> None:
    hidden = [table for table in guarded() if not may(table, "select")]
    for table in hidden:
        assert refused(f'select 1 from "{table}"') == "42501", table


def seen_by(organisation: int | str) -> dict[str, int]:
    """Rows that the pages see of each guarded table in an organisation's scope."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('recoup.org', %s, true)", [str(organisation)])
    asked = [table for table in guarded() if table not in OF_EVERYBODY and may(table, "select")]
    return {table: count(table) for table in asked}


# Guarded against writing; its policy lets everybody read: the law is public.
OF_EVERYBODY = {"lawful_requests_packversion"}
OWN_LINES = {"audit_auditleaf", "audit_auditcommitment"}


def test_without_a_scope_nothing_is_seen(world: World) -> None:
    with as_owner():
        filled = {table for table in guarded() if count(table)}
    assert len(filled) >= 24, sorted(set(guarded()) - filled)
    assert {table: rows for table, rows in seen_by("").items() if rows} == {}


def test_an_organisation_that_has_no_part_in_it_sees_nothing(world: World) -> None:
    for code in ("heron", "firefly", "walnut"):
        organisation = world.organisation(code)
        seen = {table for table, rows in seen_by(organisation.id).items() if rows}
        assert seen <= OWN_LINES, code  # who of it was enrolled and got a key, and nothing else
        leaves = AuditLeaf.objects.values_list("organisation_id", "stream")
        assert {org for org, _ in leaves} <= {organisation.id}
        assert all(stream.startswith("person:") for _, stream in leaves)


def test_the_public_sees_no_report_and_no_case(world: World) -> None:
    seen = {table: rows for table, rows in seen_by(world.visitor.organisation_id).items() if rows}
    assert set(seen) <= {"audit_auditleaf", "audit_auditcommitment"}, seen


def test_an_addressee_sees_its_tickets_and_nothing_of_the_case(world: World) -> None:
    seen = {t for t, rows in seen_by(world.organisation("quince").id).items() if rows}
    assert "lawful_requests_ticket" in seen
    of_the_case = {
        "cases_case", "cases_casemember", "cases_caseevent", "cases_caselink", "holds_claim",
        "holds_trail", "holds_flow", "holds_casetotal", "reports_report", "reports_reportstory",
        "holds_allegedpayment",
    }  # fmt: skip
    assert seen & of_the_case == set()


def test_switching_the_scoping_of_the_code_off_leaks_nothing(world: World) -> None:
    """Every model, asked for everything, without any filter of ours."""
    heron = world.organisation("heron").id
    with connection.cursor() as cursor:
        cursor.execute("select set_config('recoup.org', %s, true)", [str(heron)])
    for model in apps.get_models():
        table = model._meta.db_table
        if table in {*EXCEPTIONS, *OF_EVERYBODY} or not may(table, "select"):
            continue
        rows = model._default_manager.all()
        if table in OWN_LINES:  # of the enrolment of its own people
            rows = rows.exclude(organisation_id=heron)
        assert list(rows[:5]) == [], table


def test_nothing_can_be_inserted_in_the_name_of_another(world: World) -> None:
    """A row that exists, inserted again by an organisation that has no part in it."""
    with as_owner(), connection.cursor() as cursor:
        rows = {}
        for table in guarded():
            cursor.execute(f'select to_jsonb(whole) from "{table}" whole limit 1')
            if (row := cursor.fetchone()) is not None:
                rows[table] = row[0]
    heron = world.organisation("heron").id
    with connection.cursor() as cursor:
        cursor.execute("select set_config('recoup.org', %s, true)", [str(heron)])
    tried = []
    for table, row in rows.items():
        sql = f'insert into "{table}" select (jsonb_populate_record(null::"{table}", %s)).*'
        text = row if isinstance(row, str) else json.dumps(row)
        assert refused(sql, text) == "42501", table
        tried.append(table)
    assert len(tried) >= 24


def test_no_row_of_another_can_be_changed_or_deleted(world: World) -> None:
    heron = world.organisation("heron").id
    with connection.cursor() as cursor:
        cursor.execute("select set_config('recoup.org', %s, true)", [str(heron)])
        cursor.execute(
            "select table_name, min(column_name) from information_schema.column_privileges "
            "where grantee = 'recoup_app' and privilege_type = 'UPDATE' "
            "and table_schema = 'public' group by 1"
        )
        updatable = [row for row in cursor.fetchall() if row[0] in guarded()]
        assert updatable
        for table, column in updatable:
            cursor.execute(f'update "{table}" set "{column}" = "{column}"')
            assert cursor.rowcount == 0, table
    for table in guarded():
        assert refused(f'delete from "{table}"') == "42501", table


@pytest.mark.parametrize("column", ["issuer_id", "addressee_id", "asked_minor", "body", "case_id"])
def test_an_addressee_cannot_rewrite_its_ticket(world: World, column: str) -> None:
    with connection.cursor() as cursor:
        quince = str(world.organisation("quince").id)
        cursor.execute("select set_config('recoup.org', %s, true)", [quince])
    assert refused(f"update lawful_requests_ticket set {column} = {column}") == "42501"


def test_members_of_a_case_are_kept_in_its_array(world: World, lived_in: Filed) -> None:
    filed = lived_in
    case = world.case_of(filed)
    police, fiu = world.organisation("police").id, world.organisation("fiu").id
    assert case.visible_to == [police]
    world.run(
        "insert into cases_casemember (id, case_id, organisation_id, since) "
        "values (gen_random_uuid(), %s, %s, now())",
        case.pk, fiu,
    )  # fmt: skip
    assert sorted(world.case_of(filed).visible_to) == sorted([police, fiu])
    world.run("delete from cases_casemember where organisation_id = %s", fiu)
    assert world.case_of(filed).visible_to == [police]
