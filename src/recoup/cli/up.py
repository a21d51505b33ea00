"""`./recoup`: start the hub with its database, worker and demo banks, and watch over them.

Each step says how long it took. A later start skips what is done already: the database carries a
note of what it was prepared from. Ctrl-C ends everything, in order.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from recoup.cli import environment, languages, log_place, postgres, prepare, progress, ready
from recoup.cli.environment import Databases, NoDatabase
from recoup.cli.keeper import Keeper, die_with_parent
from recoup.cli.postgres_place import NoPlace
from recoup.cli.supervisor import Child, Rank, Supervisor, ended_by_signals
from recoup.standards import tlog_witness

FIRST_PORT: Final = 8000
PORTS_TRIED: Final = 50
ANSWER_SECONDS: Final = 120.0
LOCK_FILE: Final = environment.VAR / "run" / "up.lock"
RECOUP: Final = (sys.executable, "-m", "recoup")
DATA: Final = environment.VAR / "pg"


class CannotStart(Exception):
    """The hub could not be started; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    port: int | None
    with_demo: bool


def main(argv: Sequence[str]) -> int:
    """Start everything and stay until Ctrl-C; returns an exit code."""
    options = read_options(argv)
    try:
        with the_only_one(), ended_by_signals():
            Hub(options).run()
    except AlreadyRunning as other:
        print(f"recoup: {other}", file=sys.stderr)
        return 1
    except (CannotStart, NoDatabase, NoPlace, postgres.CannotServe) as problem:
        print(f"\nrecoup: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.say("  everything has ended")
        return 0
    return 0


def read_options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="./recoup up", description=__doc__)
    parser.add_argument("--port", type=int, help="the port, instead of RECOUP_PORT or 8000")
    parser.add_argument("--without-demo", action="store_true", help="no demo country, no banks")
    given = parser.parse_args(argv)
    port = given.port or os.environ.get("RECOUP_PORT")
    try:
        return Options(int(port) if port else None, not given.without_demo)
    except ValueError:
        parser.error(f"RECOUP_PORT is {port!r}; it must be a number, for example 8000.")


class AlreadyRunning(Exception):
    """A hub runs in this checkout; the message says where."""


@contextlib.contextmanager
def the_only_one() -> Iterator[None]:
    """Be the only hub of this checkout; raises AlreadyRunning."""
    try:
        LOCK_FILE.parent.mkdir(parents=True, exist_ok=True)
        lock = LOCK_FILE.open("w")
    except OSError as problem:
        raise CannotStart(
            f"Recoup keeps its data in {environment.VAR} and cannot write there ({problem}). "
            "Was it started by another user before? Start it as that user, or set RECOUP_VAR "
            "to a folder of your own."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hub = environment.running_hub()
            where = (
                f"runs already at {hub['address']} (process {hub['pid']})" if hub else "is starting"
            )
            raise AlreadyRunning(f"the hub of this checkout {where}.") from None
        yield


class Hub:
    """One running hub: its database, its supervised children, and what it tells the user."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.keeper = Keeper()
        self.supervisor = Supervisor(
            self.keeper, environment.LOGS, say=report, changed=self.write_hub_file
        )
        self.server: postgres.Server | None = None
        self.databases: Databases | None = None
        self.port = 0
        self.held_port: socket.socket | None = None
        self.is_ready = False
        self.country: dict[str, Any] = {"banks": [], "sign_ins": []}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        try:
            check_witnessed_logs()
            self.port, self.held_port = reserve_port(self.options.port)
            self.databases = self.open_database()
            self.prepare_database()
            self.wait_for_answer()
            self.is_ready = True
            self.write_hub_file()
            self.greet()
            self.supervisor.run()
        finally:
            self.stop()

    def open_database(self) -> Databases:
        """Start the embedded server, or check the given one."""
        given = environment.given_databases(os.environ)
        with progress.step("database") as step:
            if given:
                step.note = f"given, PostgreSQL {postgres.check_version(given.owner)}"
                return given
            step.note = "embedded PostgreSQL"
            self.server = postgres.start(
                DATA, copy_of=ready.copied_from(), keeper=self.keeper,
                on_wait=lambda _: step.show(),
            )  # fmt: skip
        self.supervisor.adopt(
            Child(
                "postgres",
                Rank.DATABASE,
                self.server.launch,
                signal.SIGINT,
                self.server.log,
                self.server.process,
            )
        )
        return self.server.databases

    def prepare_database(self) -> None:
        """Tables and demo country, unless the database says that they are up to date.

        The pages start as soon as there are tables, what needs the country's law after it.
        """
        assert self.databases is not None  # noqa: S101  (opened just before)
        languages.compile_catalogues()
        wanted = prepare.fingerprint(with_demo=self.options.with_demo)
        if prepare.is_prepared(self.databases.owner, wanted):
            self.start_web()
        else:
            self.run_preparation([] if self.options.with_demo else ["--without-demo"])
        self.country = json.loads(prepare.COUNTRY_FILE.read_text())
        self.start_worker()
        self.start_log()
        if self.country["banks"]:
            self.start_banks()
        if folder := os.environ.get("RECOUP_BACKUP"):
            self.start_backup(folder)

    def run_preparation(self, arguments: list[str]) -> None:
        """Prepare in a process of its own, which tells through a pipe when it has migrated."""
        migrated, tell = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "recoup.cli.prepare", "--tell", str(tell), *arguments],
            env=self.part_environment("owner"),
            stdin=subprocess.DEVNULL,
            pass_fds=(tell,),
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        os.close(tell)
        self.keeper.watch(process.pid)
        try:
            if os.read(migrated, 8):
                self.start_web()
            while process.poll() is None:
                self.supervisor.tick()
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
            os.close(migrated)
            self.keeper.forget(process.pid)
        if process.returncode:
            raise CannotStart("The database could not be prepared; the reason stands above.")

    def part_environment(self, role: str) -> dict[str, str]:
        """What a part gets to know: the database, as whom it speaks to it, and the address."""
        assert self.databases is not None  # noqa: S101  (opened first)
        return environment.child_environment(
            self.databases,
            RECOUP_ROLE=role,
            RECOUP_PORT=str(self.port),
            RECOUP_URL=self.address,
            RECOUP_DEMO="1" if self.options.with_demo else "0",
        )

    def start_web(self) -> None:
        """If a part has to give way, holds are last: the pages run with a little less priority."""
        command = ["nice", "-n", "5", *environment.web_command(self.port)]
        variables = self.part_environment("app")
        if log_place.witnessed_logs():
            variables["RECOUP_WITNESS_SOCKET"] = str(log_place.witness_socket())
        self.supervisor.start("web", Rank.WEB, command, variables)

    def start_worker(self) -> None:
        worker = [*RECOUP, "worker"]
        self.supervisor.start("worker", Rank.WORKER, worker, self.part_environment("planner"))

    def start_log(self) -> None:
        """The signer knows no database; the keeper knows no key."""
        if self.options.with_demo:
            (environment.VAR / "witness").mkdir(parents=True, exist_ok=True)
        keeper = [*RECOUP, "log-keeper"]
        self.supervisor.start("log", Rank.WORKER, keeper, self.part_environment("planner"))
        if log_place.is_own_signer():
            signer = [*RECOUP, "log-signer"]
            self.supervisor.start("signer", Rank.WEB, signer, self.bank_environment())
        if log_place.is_own_cosigner():
            cosigner = [*RECOUP, "log-cosigner"]
            self.supervisor.start("cosigner", Rank.WEB, cosigner, self.bank_environment())

    def start_backup(self, folder: str) -> None:
        """Stream every change to a folder, and copy files there (docs/running.md)."""
        variables = self.part_environment("owner")
        if self.server:
            variables["DATABASE_BACKUP_URL"] = self.server.dsn("recoup_super", "postgres")
        command = [*RECOUP, "backup", "--follow", folder]
        self.supervisor.start("backup", Rank.WEB, command, variables)

    def start_banks(self) -> None:
        """Let the invented frauds have happened just now, and the banks open."""
        from recoup.demo import stories

        with contextlib.suppress(stories.TooEarly):  # started twice within a moment
            stories.ensure(prepare.LEDGERS, datetime.now(UTC))
        for code in self.country["banks"]:
            command = [*RECOUP, "demo-bank", *self.bank_arguments(code)]
            self.supervisor.start(f"bank-{code}", Rank.BANK, command, self.bank_environment())

    def bank_arguments(self, code: str) -> list[str]:
        key_file = str(prepare.key_file(code))
        delay = os.environ.get("RECOUP_BANK_DELAY", "1-5")
        where = ["--url", self.address, "--key-file", key_file, "--data", str(prepare.LEDGERS)]
        return [code, *where, "--delay", delay]

    def bank_environment(self) -> dict[str, str]:
        """A bank knows the hub's address only; the hub's database is none of its business."""
        secret = (environment.APP, environment.PLANNER, environment.OWNER, "RECOUP_ROLE")
        full = self.part_environment("app")
        return {name: value for name, value in full.items() if name not in secret}

    def wait_for_answer(self) -> None:
        """Wait until the hub says that it is healthy; raises CannotStart if it gives up."""
        parts = f"web, worker, {len(self.country['banks'])} demo banks"
        with progress.step(parts) as step:
            while not answers(f"{self.address}/healthz"):
                self.supervisor.tick()
                web = self.supervisor.children["web"]
                if web.restarts > 1 or step.seconds > ANSWER_SECONDS:
                    raise CannotStart(
                        f"The pages do not answer after {step.seconds:.0f} s. "
                        f"{web.log} ends:\n{web.last_words()}"
                    )
                step.show()
                time.sleep(0.05)

    def write_hub_file(self) -> None:
        """Tell other commands, and other terminals, what runs here."""
        if self.databases is None or not self.port:
            return
        processes = {name: child.pid for name, child in self.supervisor.children.items()}
        hub = {
            "pid": os.getpid(),
            "address": self.address,
            "is_ready": self.is_ready,
            "databases": dataclasses.asdict(self.databases),
            "processes": processes,
        }
        prepare.write_private(environment.HUB_FILE, json.dumps(hub, indent=1))

    def greet(self) -> None:
        started = float(os.environ.get("RECOUP_STARTED", time.time()))
        say = progress.say
        say(f"\nRecoup is running after {time.time() - started:.1f} s:  {self.address}\n")
        if self.country["banks"]:
            say("Invented frauds of the last half hour; report one as its victim, and watch:")
            for line in stories_table():
                say(f"  {line}")
            say("\nSign in as (invented people of an invented country):")
            headings = ["desk", "organisation", "user", "password"]
            for line in table([headings, *self.country["sign_ins"]]):
                say(f"  {line}")
        say(f"\nLogs: {environment.LOGS}    Stop: Ctrl-C")

    def stop(self) -> None:
        self.supervisor.stop()
        if self.held_port:
            self.held_port.close()
        if self.server:
            self.server.stop()
        with contextlib.suppress(FileNotFoundError):
            environment.HUB_FILE.unlink()
        self.keeper.close()


def report(line: str) -> None:
    progress.say(f"{time.strftime('%H:%M:%S')} {line}")


def check_witnessed_logs() -> None:
    """Raise CannotStart if one of the logs that are to be witnessed has no key that can be read."""
    try:
        tlog_witness.read_log_keys(log_place.witnessed_logs())
    except tlog_witness.BadKey as problem:
        raise CannotStart(f"RECOUP_WITNESSED_LOGS: {problem}") from None


def stories_table() -> list[str]:
    """What a victim types, one line a story."""
    from recoup.demo import stories

    headings = ["amount", "paid at", "from", "to", "reference"]
    facts = stories.facts(prepare.LEDGERS)
    keys = ("paid_at_shown", "payer_account", "payee_account", "reference")
    rows = [[f"{f['amount']} {f['currency']}", *(str(f[key]) for key in keys)] for f in facts]
    return table([headings, *rows])


def table(rows: list[list[str]]) -> list[str]:
    """Rows in aligned columns."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def reserve_port(wanted: int | None) -> tuple[int, socket.socket]:
    """Keep the port asked for, or the first free one from 8000 on; raises CannotStart.

    The web part listens on it much later, and again after a restart: nobody may slip in between.
    """
    if wanted is not None:
        held = hold_port(wanted)
        if held is None:
            raise CannotStart(
                f"Port {wanted} is taken by another program. Choose another one with "
                "RECOUP_PORT, or leave it out: then the next free one is taken."
            )
        return wanted, held
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if (held := hold_port(port)) is not None:
            return port, held
    raise CannotStart(f"The ports {FIRST_PORT} to {port} are all taken; set RECOUP_PORT.")


def hold_port(port: int) -> socket.socket | None:
    """A socket that keeps a port for our own children; None if somebody has it.

    It never listens. On Linux our web part, which asks to share, may bind beside it, and others
    may not; elsewhere a port can only be looked at, so it is let go again.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(("127.0.0.1", port))
    except (OSError, OverflowError):
        held.close()
        return None
    if sys.platform.startswith("linux"):
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    else:
        held.close()
    return held


def answers(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
