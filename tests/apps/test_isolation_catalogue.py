"""Which tables belong to somebody is asked of the database's catalogue, not of a list of ours.

A table belongs to an organisation or case if it has a column that says so, or leads to such a table
by foreign keys. Each must be under forced row-level security with policies that look at the scope.
A new table is found the day that it is made (SECURITY 6.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import connection

from support.roles import as_owner
from support.world import World

# Columns by which a row is an organisation's or a case's, also where no foreign key says so.
SAYS_WHOSE = re.compile(
    r"^(organisation|org|case|issuer|addressee|owner|authority|institution|competent|ticket|report)"
    r"(_id)?$|^visible_to$"
)
ROOTS = ("members_organisation", "cases_case")
# The directory and sign-in: read before anybody is known. What protects them are grants.
READ_BEFORE_ANYBODY_IS_KNOWN = {
    "members_organisation": "the directory is open to every desk",
    "members_hostedidentifier": "the directory is open to every desk",
    "members_mandate": "a right is looked up for each request",
    "members_apikey": "a key is looked up by its digest",
    "members_passkey": "a sign-in asks for it before anybody is known",
}
OF_PERSONS = {
    "members_person",
    "members_login",
    "members_codesecret",
}  # of no organisation; the same grants
COUNTED = {
    "members_login": {"last_login"}, "members_codesecret": {"last_step"},
    "members_passkey": {"last_used_at", "sign_count"},
}  # fmt: skip
# The law is public; its policies only keep others from writing.
OPEN_TO_READ = {"lawful_requests_packversion"}
WRITES = ("insert", "update", "delete", "truncate", "references", "trigger")


@dataclass(frozen=True)
class Finding:
    table: str
    problem: str


def ask(sql: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())


def tables() -> dict[str, tuple[bool, bool]]:
    """Each table of each schema of ours: is it guarded, and does that bind its owner too?"""
    rows = ask(
        "select c.relname, c.relrowsecurity, c.relforcerowsecurity from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') "
        "and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
    )
    return {str(name): (bool(has), bool(forced)) for name, has, forced in rows}


def columns() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, column in ask(
        "select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid "
        "where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')"
    ):
        found.setdefault(str(table), set()).add(str(column))
    return found


def leads_to() -> dict[str, set[str]]:
    """For each table the tables that its foreign keys lead to."""
    found: dict[str, set[str]] = {}
    for table, other in ask(
        "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint "
        "where contype = 'f'"
    ):
        found.setdefault(str(table), set()).add(str(other))
    return found


def belonging() -> set[str]:
    """Every table whose rows are an organisation's or a case's."""
    of, keys = columns(), leads_to()
    found = {t for t in tables() if any(SAYS_WHOSE.match(c) for c in of.get(t, ()))} | set(ROOTS)
    while more := {t for t, others in keys.items() if others & found} - found:
        found |= more
    return found


def policies() -> dict[str, list[tuple[str, str, str]]]:
    """For each table its policies: for which command, for whom, and on what condition."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for table, command, roles, using, check in ask(
        "select tablename, cmd, array_to_string(roles, ','), coalesce(qual, ''), "
        "coalesce(with_check, '') from pg_policies"
    ):
        found.setdefault(str(table), []).append((str(command), str(roles), f"{using} {check}"))
    return found


def findings() -> list[Finding]:
    """What is wrong with the tables that belong to somebody."""
    return list(_findings())


def _findings() -> Iterator[Finding]:
    of_whom, state, rules = belonging(), tables(), policies()
    for table in sorted(of_whom - set(READ_BEFORE_ANYBODY_IS_KNOWN)):
        has, forced = state[table]
        if not has:
            yield Finding(table, "no row-level security")
        elif not forced:
            yield Finding(table, "its owner is not bound")
        if not rules.get(table):
            yield Finding(table, "no policy")
        for command, roles, condition in rules.get(table, []):
            open_to_all = condition.strip() in ("true", "true true")
            if "recoup_app" in roles or "public" in roles.split(","):
                if open_to_all and not (table in OPEN_TO_READ and command == "SELECT"):
                    yield Finding(table, f"{command}: open to every organisation")


@pytest.mark.django_db
def test_every_table_of_somebody_is_under_forced_row_level_security() -> None:
    found = belonging()
    assert len(found) >= 50, sorted(found)
    assert findings() == []


@pytest.mark.django_db
def test_no_exception_is_named_that_is_not_there_or_not_needed() -> None:
    assert set(READ_BEFORE_ANYBODY_IS_KNOWN) <= belonging()
    guarded = {table for table, (has, _) in tables().items() if has}
    assert not set(READ_BEFORE_ANYBODY_IS_KNOWN) & guarded
    assert guarded >= OPEN_TO_READ


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted({*READ_BEFORE_ANYBODY_IS_KNOWN, *OF_PERSONS}))
def test_the_pages_cannot_write_what_is_read_before_anybody_is_known(table: str) -> None:
    """But for what a sign-in counts: when it was, which code, how often a passkey signed."""
    held = {p for p in WRITES if ask("select has_table_privilege('recoup_app', %s, %s)", table, p)
            == [(True,)]}  # fmt: skip
    written = {str(c) for (c,) in ask(
        "select column_name from information_schema.column_privileges where table_name = %s "
        "and grantee = 'recoup_app' and privilege_type = 'UPDATE'", table,
    )}  # fmt: skip
    assert held == set()
    assert written <= COUNTED.get(table, set())


@pytest.mark.django_db
def test_no_log_in_of_the_hub_stands_above_the_policies() -> None:
    rows = ask(
        "select rolname, rolsuper, rolbypassrls from pg_roles "
        "where rolname in ('recoup_app', 'recoup_planner', 'recoup_owner', 'recoup_policy')"
    )
    assert len(rows) == 4
    assert [name for name, is_super, bypasses in rows if is_super or name == "recoup_app"
            and bypasses] == []  # fmt: skip
    owned = ask("select distinct tableowner from pg_tables where schemaname = 'public'")
    assert owned == [("recoup_owner",)]


@pytest.mark.django_db
def test_what_looks_past_a_policy_cannot_be_led_elsewhere() -> None:
    """A function with its owner's rights names its schemas itself, and its owner is no log-in."""
    rows = ask(
        "select p.proname, r.rolname, r.rolcanlogin, coalesce(p.proconfig::text, '') "
        "from pg_proc p join pg_roles r on r.oid = p.proowner "
        "where p.prosecdef and p.pronamespace = 'public'::regnamespace"
    )
    assert rows
    loose = [name for name, _, _, config in rows if "search_path" not in str(config)]
    assert loose == []
    assert {str(owner) for _, owner, _, _ in rows} <= {"recoup_policy", "recoup_owner"}


@pytest.mark.django_db
def test_a_view_asks_with_the_rights_of_who_asks() -> None:
    rows = ask(
        "select relname, coalesce(reloptions::text, '') from pg_class "
        "where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"
    )
    assert [name for name, options in rows if "security_invoker=true" not in str(options)] == []


# The test is able to fail


@contextmanager
def planted(sql: str) -> Iterator[None]:
    """Change a table as the owner; the test's transaction takes it back."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)
    yield


PLANTED = {
    "create table mislaid (id integer primary key, case_id uuid)": ("mislaid", "no row-level"),
    "create table mislaid (id integer, about uuid references lawful_requests_ticket)": (
        "mislaid", "no policy",
    ),
    "alter table cases_case no force row level security": ("cases_case", "owner is not bound"),
    "alter table holds_claim disable row level security": ("holds_claim", "no row-level"),
    "create policy wide on reports_report for select to recoup_app using (true)": (
        "reports_report", "open to every",
    ),
}  # fmt: skip


@pytest.mark.breaks_invariants
@pytest.mark.parametrize("sql", PLANTED)
def test_a_hole_is_found(world: World, sql: str) -> None:
    table, problem = PLANTED[sql]
    with planted(sql):
        assert [f for f in findings() if f.table == table and problem in f.problem]
