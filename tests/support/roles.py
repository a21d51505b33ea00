"""Who a test is to the database: recoup_app as a rule, the planner or the owner where said."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations

# The country: loaded once, never emptied.
KEPT = {
    "django_migrations", "django_content_type", "auth_permission", "auth_group",
    "members_organisation", "members_hostedidentifier", "members_person", "members_mandate",
    "members_login", "members_apikey", "lawful_requests_packversion",
    "lawful_requests_standinginstruction",
}  # fmt: skip
# The law as it was loaded stays; what a test's ministry made of it goes.
MADE_BY_A_MINISTRY = """delete from lawful_requests_packversion v where number > (
  select min(number) from lawful_requests_packversion o where o.country = v.country)"""
REFUSING_TRIGGERS = (
    "audit_auditleaf", "audit_auditsequence", "audit_auditcheckpoint", "audit_auditwitnessed",
    "audit_foreigncheckpoint", "audit_foreignrefusal",
    "lawful_requests_decision",
    "lawful_requests_addresseeprofile", "lawful_requests_requestfile",
    "lawful_requests_ticketnote", "evidence_filepiece", "evidence_custodyevent",
    "evidence_filestamp", "evidence_bundle",
)  # fmt: skip


# Tables with pages on the disk, their size, and whether their owner is under their policies too.
WITH_PAGES = """select relname, pg_relation_size(oid), relforcerowsecurity from pg_class
  where relnamespace = 'public'::regnamespace and relname = any(%s) and relkind = 'r'
    and pg_relation_size(oid) > 0"""
MUCH = 4 * 1024 * 1024  # bytes
CHECKED_AT_ONCE = (
    "procrastinate_periodic_defers", "procrastinate_events", "procrastinate_jobs",
    "ledgers_reach", "ledgers_trace", "ledgers_account",
)  # fmt: skip
READ_AGAIN = 1024 * 1024  # bytes of evidence after each test


@contextlib.contextmanager
def acting_in_database_as(role: str) -> Iterator[None]:
    """Run a block under another role of this connection; the role before comes back."""
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        before = cursor.fetchone()[0]
        cursor.execute(f'set role "{role}"')
    try:
        yield
    finally:
        # After a failed statement the rollback of its savepoint brings the role back by itself.
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f'set role "{before}"')


def as_planner() -> contextlib.AbstractContextManager[None]:
    """For work that looks past organisations: planning, sending, clocks."""
    return acting_in_database_as("recoup_planner")


def as_owner() -> contextlib.AbstractContextManager[None]:
    """For arranging what no role of the hub may do, such as moving a clock."""
    return acting_in_database_as("recoup_owner")


def as_app() -> contextlib.AbstractContextManager[None]:
    return acting_in_database_as("recoup_app")


def become_app() -> None:
    connection.close()
    connection.settings_dict["OPTIONS"]["assume_role"] = "recoup_app"


def become_owner() -> None:
    connection.close()
    connection.settings_dict["OPTIONS"].pop("assume_role", None)


def grant_as_the_hub_does() -> None:
    """Leave the log-ins no more of this database than the hub does (cli/postgres.py, prepare)."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"revoke all on database {name} from public")
        cursor.execute(f"grant connect on database {name} to recoup_app, recoup_planner")


def load_country(folder: Path) -> None:
    """Enrol everybody of the invented country; keys and passwords go into the folder."""
    from recoup.cli import demo_country

    demo_country.DEMO = folder
    demo_country.KEYS = folder / "keys"
    demo_country.load()


def load_profiles() -> None:
    """What the addressees of the invented country say of themselves; tests begin without it."""
    from recoup.cli import demo_country

    with as_owner():
        demo_country.load_profiles()


def broken_invariants(*, vault_bytes: int = READ_AGAIN) -> list[str]:
    """What the invariants say now, one line for each that is broken.

    No worker runs beside most tests, so nothing is said of what waits.
    """
    from recoup.apps.invariants import check_all

    if connection.needs_rollback:
        return []
    with as_planner():
        return [
            line
            for verdict in check_all(asking(vault_bytes=vault_bytes))
            for line in verdict.lines()
        ]


def asking(**more: Any) -> Any:
    """How the invariants are asked in a test: over the one connection that sees its rows."""
    return _asking_prepared()(
        as_app=as_the_pages, **{"worker_runs": False, "vault_bytes": READ_AGAIN, **more}
    )


@functools.cache
def _asking_prepared() -> Any:
    """Ask, with statements that the server plans once and not after every test."""
    from recoup.apps.invariants import Ask

    class Prepared(Ask):
        __slots__ = ()

        def rows(self, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
            return rows_prepared(sql, values)

    return Prepared


def rows_prepared(sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    """The rows of a statement, which this connection keeps prepared beyond the transaction."""
    with connection.plans_kept(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@contextlib.contextmanager
def as_the_pages() -> Iterator[Any]:
    """Rows as recoup_app sees them in the name of an organisation."""
    with as_app(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select current_setting('recoup.org', true)")
        before = cursor.fetchone()[0]

        def seen_by(organisation: int, sql: str) -> list[tuple[Any, ...]]:
            cursor.execute("select set_config('recoup.org', %s, true)", [str(organisation)])
            return rows_prepared(sql)

        yield seen_by
        cursor.execute("select set_config('recoup.org', %s, true)", [before or ""])


@contextlib.contextmanager
def flushing_as_owner() -> Iterator[None]:
    """Replace Django's flush: the audit trail refuses it, and recoup_app has no right to it."""
    before = DatabaseOperations.execute_sql_flush

    def flush(self: Any, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("reset role")
        try:
            empty_tables()
        finally:
            with self.connection.cursor() as cursor:
                cursor.execute("set role recoup_app")

    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
    try:
        yield
    finally:
        DatabaseOperations.execute_sql_flush = before  # type: ignore[method-assign]


def empty_tables() -> None:
    """Empty every table but the country's, as the owner.

    Truncating builds all 358 indexes anew, 0.4 s; so what a usual test left is deleted, and only
    where much has gathered, dead rows included, everything is truncated.
    """
    tables = sorted(set(connection.introspection.table_names()) - KEPT)
    with connection.cursor() as cursor:
        cursor.execute(WITH_PAGES, [tables])
        filled = cursor.fetchall()
        if sum(size for _, size, _ in filled) > MUCH:
            acts = [f"truncate {', '.join(tables)}", MADE_BY_A_MINISTRY]
            guarded = [(table, False) for table in REFUSING_TRIGGERS]
        else:
            names = [name for name, _, _ in filled]
            acts = [f"delete from {name}" for name in sorted(names, key=_in_turn)]
            acts += [MADE_BY_A_MINISTRY, "set constraints all immediate"]
            guarded = [(name, is_forced) for name, _, is_forced in filled]
        cursor.execute("; ".join(["begin", *_let_owner(guarded, False), *acts,
                                  *_let_owner(guarded, True), "commit"]))  # fmt: skip


def _let_owner(tables: Sequence[tuple[str, bool]], guard: bool) -> Iterator[str]:
    """Statements that take what refuses the owner from tables, or (guard) put it back."""
    for table, is_forced in tables:
        yield f"alter table {table} {'enable' if guard else 'disable'} trigger user"
        if is_forced:
            yield f"alter table {table} {'force' if guard else 'no force'} row level security"


def _in_turn(table: str) -> int:
    """Before which others a table's rows go: its references are checked at once."""
    return CHECKED_AT_ONCE.index(table) if table in CHECKED_AT_ONCE else len(CHECKED_AT_ONCE)


def reset() -> None:
    """Empty the tables in the middle of a test that commits."""
    with as_owner():
        empty_tables()
