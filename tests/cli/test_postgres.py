"""The embedded PostgreSQL: who owns it, what survives, and what is refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from recoup.cli import environment, postgres
from recoup.cli.environment import Databases, NoDatabase, given_databases

SOURCE = str(Path(postgres.__file__).resolve().parents[2])


@pytest.fixture
def data_dir(tmp_path):
    yield tmp_path / "pg"
    shutil.rmtree(tmp_path / "pg")  # root's data elsewhere goes with it, at the next start


@pytest.fixture
def server(data_dir):
    running = postgres.start(data_dir, "pytest-postgres", durable=False)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests that only look at it."""
    data_dir = tmp_path_factory.mktemp("shared") / "pg"
    running = postgres.start(data_dir, "pytest-postgres", durable=False)
    yield running
    running.stop()
    shutil.rmtree(data_dir)


def one(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition, seconds: float = 5.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("gibibytes", "kept"), [(0.5, "128MB"), (2, "256MB"), (8, "1024MB"), (64, "1024MB")]
)
def test_an_eighth_of_the_memory_keeps_pages_between_a_least_and_a_most(gibibytes, kept):
    assert postgres.shared_buffers(int(gibibytes * 2**30)) == kept


def test_the_run_time_log_ins_are_neither_superuser_nor_above_policies(shared):
    query = (
        "select string_agg(rolname, ',' order by rolname) from pg_roles "
        "where rolname like 'recoup%' and not rolsuper and not rolbypassrls and not rolcreaterole"
    )
    expected = "recoup_app,recoup_owner,recoup_planner,recoup_policy"
    assert one(shared.dsn_super, query) == expected


def test_each_address_is_its_own_log_in(shared):
    users = [one(dsn, "select current_user") for dsn in (shared.dsn_app, shared.dsn_planner)]
    assert users == ["recoup_app", "recoup_planner"]
    assert (
        one(shared.dsn_owner, "select pg_has_role('recoup_app', 'recoup_planner', 'set')") is False
    )
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(shared.dsn("recoup_policy"))


def test_the_application_may_not_make_tables(shared):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        one(shared.dsn_app, "create table public.mine (i int)")


def test_text_is_unicode_and_pages_have_checksums(shared):
    assert one(shared.dsn_app, "select upper('đšžč љ')") == "ĐŠŽČ Љ"
    assert one(shared.dsn_app, "show data_checksums") == "on"
    assert one(shared.dsn_app, "show listen_addresses") == ""


def test_nobody_else_can_enter_the_socket_folder(shared):
    assert shared.place.socket.stat().st_mode & 0o777 == 0o700


def test_a_second_start_shares_the_server_and_does_not_stop_it(server, data_dir):
    second = postgres.start(data_dir, "pytest-postgres")
    assert (second.pid, second.started_here) == (server.pid, False)
    second.stop()
    assert one(server.dsn_app, "select 1") == 1


def test_a_server_that_must_not_be_shared_is_refused_at_once(server, data_dir):
    with pytest.raises(postgres.InUse):
        postgres.start(data_dir, "pytest-postgres", share=False)


def test_what_was_committed_is_there_after_the_server_was_killed(data_dir):
    server = postgres.start(data_dir, "pytest-postgres")
    try:
        with psycopg.connect(server.dsn_owner) as connection:
            connection.execute("create table kept as select generate_series(1, 1000) n")
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait(5)
        wait_until(lambda: relaunch(server), 15)
        assert one(server.dsn_owner, "select count(*) from kept") == 1000
    finally:
        server.stop()


def relaunch(server: postgres.Server) -> bool:
    """A server may not start while a session of the dead one is still there: try again."""
    server.launch()
    try:
        server.wait_ready()
    except postgres.CannotServe:
        return False
    return True


def test_a_stopped_server_starts_again_with_its_data(data_dir):
    first = postgres.start(data_dir, "pytest-postgres")
    with psycopg.connect(first.dsn_owner) as connection:
        connection.execute("create table kept as select 1 as n")
    first.stop()
    assert is_gone(first.pid)
    second = postgres.start(data_dir, "pytest-postgres")
    try:
        assert one(second.dsn_owner, "select n from kept") == 1
    finally:
        second.stop()


def test_killing_whoever_started_it_ends_the_server(data_dir):
    program = f"""
        import pathlib, time
        from recoup.cli import postgres
        server = postgres.start(pathlib.Path({str(data_dir)!r}), "pytest-postgres")
        print(server.pid, flush=True)
        time.sleep(60)
    """
    starter = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.kill()
    starter.communicate()
    assert wait_until(lambda: is_gone(pid)), "the server outlived its owner by 5 s"


def test_a_server_without_an_owner_is_replaced(data_dir, server):
    server.lock.close()  # as if the owner had died, and neither kernel nor keeper had acted
    replacing = postgres.start(data_dir, "pytest-postgres", durable=False)
    try:
        assert replacing.started_here
        assert replacing.pid != server.pid
        assert one(replacing.dsn_app, "select 1") == 1
    finally:
        replacing.stop()


def test_a_half_made_cluster_is_made_afresh(data_dir):
    place = postgres.place_for(data_dir.resolve())
    (place.base / "data.new").mkdir()
    (place.base / "data.new" / "PG_VERSION").write_text("18")
    server = postgres.start(data_dir, "pytest-postgres", durable=False)
    server.stop()
    assert (place.data / "PG_VERSION").exists()


def test_the_end_of_the_log_is_told_when_it_does_not_start(data_dir, server):
    server.stop()
    (server.place.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(postgres.CannotServe, match="no_such_setting"):
        postgres.start(data_dir, "pytest-postgres", durable=False)


# A PostgreSQL of the user's own


def test_without_addresses_an_embedded_server_is_meant():
    assert given_databases({}) is None


def test_all_three_addresses_are_taken_as_they_are():
    three = {"DATABASE_URL": "a", "DATABASE_PLANNER_URL": "p", "DATABASE_OWNER_URL": "o"}
    assert given_databases(three) == Databases("a", "p", "o")


@pytest.mark.parametrize("missing", ["DATABASE_URL", "DATABASE_PLANNER_URL", "DATABASE_OWNER_URL"])
def test_a_missing_address_is_named(missing):
    three = {"DATABASE_URL": "a", "DATABASE_PLANNER_URL": "p", "DATABASE_OWNER_URL": "o"}
    with pytest.raises(NoDatabase, match=f"^{missing} is not set"):
        given_databases({**three, missing: ""})


def test_a_postgresql_that_is_too_old_is_refused(shared, monkeypatch):
    monkeypatch.setattr(environment, "OLDEST_POSTGRES", 99)
    with pytest.raises(NoDatabase, match="needs 99 or newer"):
        postgres.check_version(shared.dsn_owner)


def test_a_postgresql_that_does_not_answer_is_named(tmp_path):
    with pytest.raises(NoDatabase, match="DATABASE_OWNER_URL does not answer"):
        postgres.check_version(f"postgresql://x@/x?host={tmp_path}")
