"""The real application server on the test database, and a worker beside the test."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection, connections

from support.roles import as_planner
from support.world import World

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"
START_SECONDS = 30.0
SWEEP_SECONDS = 0.15


@dataclass(frozen=True)
class Served:
    """The server's address, without a slash at its end."""

    url: str
    log: Path


@contextlib.contextmanager
def serve(
    folder: Path, *, port: int = 0, more: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Start the application server and wait until it answers; end it afterwards.

    more: variables of the environment that this one is set up with.
    """
    log = folder / "served.log"
    port = port or free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "asginl", "--no-ws"),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
                "recoup.web.asgi:application",
            ],
            env={**environment(folder), **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        # Passkeys and cookies need a host name; see ALLOWED_HOSTS.
        url = f"http://localhost:{port}"
        wait_until_it_answers(process, url, log)
        yield Served(url, log)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def environment(folder: Path) -> dict[str, str]:
    """This process's, pointed at the test database with the log-ins of the pages and the worker."""
    paths = [str(SOURCE), str(TESTS), os.environ.get("PYTHONPATH", "")]
    urls = {
        name: in_test_database(os.environ[name])
        for name in ("DATABASE_URL", "DATABASE_PLANNER_URL", "DATABASE_OWNER_URL")
    }
    return {
        **os.environ,
        **urls,
        "RECOUP_ROLE": "app",
        "RECOUP_SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "support.settings_live",
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }


def in_test_database(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{connection.settings_dict['NAME']}"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/healthz", timeout=1).close()  # noqa: S310
            return
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"The application server did not start:\n{log.read_text()}")
        time.sleep(0.05)


class Worker:
    """Plans, sends and fires clocks in a thread, as the planner, until it is told to stop."""

    def __init__(self) -> None:
        self.trouble: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the sweep that runs; raises what went wrong in any of them."""
        self._stop.set()
        self._thread.join(30)
        if self.trouble is not None:
            raise self.trouble

    def _run(self) -> None:
        from recoup.apps.holds import clock

        try:
            while not self._stop.wait(SWEEP_SECONDS):
                with as_planner():
                    clock.sweep()
        except BaseException as trouble:  # noqa: BLE001
            self.trouble = trouble
        finally:
            connections.close_all()


@contextlib.contextmanager
def working() -> Iterator[Worker]:
    worker = Worker()
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@dataclass(frozen=True)
class Hub:
    """A running hub for one test. ``world`` speaks to the same database."""

    url: str
    world: World
    worker: Worker
