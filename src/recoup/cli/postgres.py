"""The embedded PostgreSQL: our own launcher for the server that comes inside a Python package.

The package's own launcher is not used: as root it opens the folders above the data to everybody.
Here root runs the server as a system user of its own, with its own copy of the programs, under
/var/lib/recouppg; anybody else runs it as themselves, in the data folder. No TCP, only a socket
in a folder that nobody else may enter. `postgres` is a direct child: whoever starts it knows it,
and stops it; a second start of the same data shares the running one and leaves it alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from recoup.cli import environment
from recoup.cli.keeper import Keeper, born, die_with_parent
from recoup.cli.postgres_place import Place, place_for

RECOVERY_SECONDS: Final = 120.0
# A server that was killed a moment ago leaves processes that still write, on a busy disk for long.
LEFTOVER_SECONDS: Final = 60.0
LEFTOVER: Final = "pre-existing shared memory block"
STOP_SECONDS: Final = 4.0

MEBIBYTE: Final = 2**20


def shared_buffers(memory: int) -> str:
    """How much of the memory (bytes) the server keeps pages in: an eighth, 128 to 1,024 MiB.

    The manual of PostgreSQL (20.4.1) advises a quarter for a server by itself; here the hub's other
    processes run beside it.
    """
    return f"{max(128, min(memory // 8 // MEBIBYTE, 1024))}MB"


SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": shared_buffers(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")),
    "synchronous_commit": "on",
    # A backup that stopped following may not fill the disk.
    "max_slot_wal_keep_size": "4GB",
    "log_min_duration_statement": "500ms",
    "log_line_prefix": "%m %u ",
    "timezone": "UTC",
}
# For tests only: what a power cut leaves of their data does not matter.
NOT_DURABLE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class CannotServe(Exception):
    """The embedded server did not start; the message holds the end of its log."""


class InUse(CannotServe):
    """Another process runs a server on this data, and it must not be shared."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"A server runs on {place.data} already.")


@dataclass(slots=True)
class Server:
    """One embedded server, running. Stop it with `stop`; it is stopped only if started here."""

    place: Place
    log: Path
    durable: bool = True
    process: subprocess.Popen[bytes] | None = None
    pid: int = 0
    keeper: Keeper | None = None
    owns_keeper: bool = False
    lock: IO[str] | None = field(default=None, repr=False)

    @property
    def started_here(self) -> bool:
        return self.lock is not None

    @property
    def dsn_owner(self) -> str:
        return self.dsn("recoup_owner")

    @property
    def dsn_app(self) -> str:
        return self.dsn("recoup_app")

    @property
    def dsn_planner(self) -> str:
        return self.dsn("recoup_planner")

    @property
    def dsn_super(self) -> str:
        return self.dsn("recoup_super")

    def dsn(self, user: str, database: str = "recoup") -> str:
        return f"postgresql://{user}@/{database}?host={self.place.socket}"

    @property
    def databases(self) -> environment.Databases:
        return environment.Databases(self.dsn_app, self.dsn_planner, self.dsn_owner)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server process; it may need a while before it answers, see `wait_ready`."""
        self.place.clear_stale_pid_file()
        settings = {**SETTINGS, **({} if self.durable else NOT_DURABLE)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [self.place.program("postgres"), "-D", str(self.place.data), *options]
                + ["-k", str(self.place.socket)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self.place.environment(),
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGQUIT),
                **self.place.identity(),
            )
        self.process, self.pid = process, process.pid
        if self.keeper:
            self.keeper.watch(process.pid, signal.SIGQUIT)
        return process

    def wait_ready(self, on_wait: Callable[[float], None] | None = None) -> None:
        """Wait until it takes connections: up to two minutes, a crash recovery may be long."""
        started = time.monotonic()
        while not self.place.is_ready(self.pid):
            waited = time.monotonic() - started
            if self.process is not None and self.process.poll() is not None:
                if waited < LEFTOVER_SECONDS and LEFTOVER in self.last_words():
                    time.sleep(0.5)
                    self.launch()
                    continue
                raise CannotServe(f"The embedded PostgreSQL ended at once. {self.last_words()}")
            if waited > RECOVERY_SECONDS:
                raise CannotServe(f"Not ready after {waited:.0f} s. {self.last_words()}")
            if on_wait:
                on_wait(waited)
            time.sleep(0.02)

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:] if self.log.exists() else []
        return f"Its log, {self.log}, ends:\n" + "\n".join(lines)

    def stop(self) -> None:
        """End the server, quickly but in order; does nothing if it was not started here."""
        if self.lock is None:
            return
        if self.process is not None:
            end_process(self.process)
            if self.keeper:
                self.keeper.forget(self.process.pid)
        if self.keeper and self.owns_keeper:
            self.keeper.close()
        self.lock.close()
        self.lock = None


def start(
    data_dir: Path,
    name: str = "postgres",
    *,
    durable: bool = True,
    for_tests: bool = False,
    share: bool = True,
    copy_of: Path | None = None,
    keeper: Keeper | None = None,
    on_wait: Callable[[float], None] | None = None,
) -> Server:
    """Start the server of a data folder, or share the one that runs; with roles and database.

    name: of its log in var/log. durable: false trades safety for speed, for tests only.
    for_tests: recoup_owner may make databases. share: whether one that runs will do.
    copy_of: the data folder of a stopped server that this one begins with.
    Raises CannotServe.
    """
    environment.LOGS.mkdir(parents=True, exist_ok=True)
    place = place_for(Path(data_dir).resolve())
    server = Server(place, environment.LOGS / f"{name}.log", durable)
    server.lock = take_lock(place)
    if server.lock is None and not share:
        raise InUse(place)
    if server.lock is None:
        server.pid = wait_for_other(place, on_wait)
    else:
        server.keeper, server.owns_keeper = keeper or Keeper(), keeper is None
    try:
        if server.started_here:
            end_leftover(place)
            if for_tests:
                shutil.rmtree(place.data, ignore_errors=True)  # of the run before; nobody needs it
            place.make_cluster(durable=durable, copy_of=copy_of)
            server.launch()
        server.wait_ready(on_wait)
        prepare(server, for_tests=for_tests)
    except BaseException:
        server.stop()
        raise
    return server


def take_lock(place: Place) -> IO[str] | None:
    """Own the data folder until this process ends; None if another process does."""
    lock = place.lock_file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def wait_for_other(place: Place, on_wait: Callable[[float], None] | None) -> int:
    """The process of the server that somebody else runs, once there is one."""
    started = time.monotonic()
    while not place.running_pid():
        waited = time.monotonic() - started
        if waited > RECOVERY_SECONDS:
            raise CannotServe(f"Another process holds {place.lock_file} but starts no server.")
        if on_wait:
            on_wait(waited)
        time.sleep(0.05)
    return place.running_pid()


def end_leftover(place: Place) -> None:
    """Stop a server whose owner is dead, so that ours is our own child."""
    pid = place.running_pid()
    if not pid:
        return
    since = born(pid)
    for number, seconds in ((signal.SIGINT, 5.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 2.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if place.running_pid() != pid or born(pid) != since:
                return
            time.sleep(0.05)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """SIGINT breaks off sessions and checkpoints; then immediate; then kill."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            process.wait(STOP_SECONDS if number == signal.SIGINT else 1.0)
            break
        except subprocess.TimeoutExpired:
            continue
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)


# Roles and the database

ROLES: Final = {
    "recoup_owner": "LOGIN",  # tables and migrations
    "recoup_app": "LOGIN",  # pages, API, jobs of one organisation
    "recoup_planner": "LOGIN",  # jobs that look past organisations
    "recoup_policy": "NOLOGIN",  # owns the few functions that policies call
}
RIGHTS: Final = "NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION"


def prepare(server: Server, *, for_tests: bool) -> None:
    """Make what is missing of the roles and the database; may be called at any time."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(server.dsn("recoup_super", "postgres"), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(7316)")
        there = {row[0] for row in connection.execute("select rolname from pg_roles")}
        for role, login in ROLES.items():
            if role not in there:
                made = sql.SQL(f"create role {{}} {login} {RIGHTS}").format(sql.Identifier(role))
                connection.execute(made)
        if "recoup_policy" not in there:
            connection.execute("grant recoup_policy to recoup_owner")
        if for_tests:
            connection.execute("alter role recoup_owner createdb")
            connection.execute("grant recoup_app, recoup_planner to recoup_owner")
        if not connection.execute("select 1 from pg_database where datname='recoup'").fetchone():
            connection.execute("create database recoup owner recoup_owner")
            connection.execute("revoke all on database recoup from public")
            connection.execute("grant connect on database recoup to recoup_app, recoup_planner")


def check_version(dsn: str) -> int:
    """The version of the user's own PostgreSQL; refuses one too old or out of reach."""
    import psycopg

    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
    except psycopg.OperationalError as problem:
        raise environment.NoDatabase(
            f"The database given in {environment.OWNER} does not answer: {problem}"
        ) from None
    if version < environment.OLDEST_POSTGRES:
        raise environment.NoDatabase(
            f"The given PostgreSQL is version {version}; Recoup needs "
            f"{environment.OLDEST_POSTGRES} or newer."
        )
    return version
